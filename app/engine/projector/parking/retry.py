"""Retries parked keys: folds them again from their facts. A request is a mark on the parked key; the table's owner serves it.

The log is read and folded while the owner continues with its batches. Only the last facts are folded between two
batches. The rows are written there, too, in one transaction with the keys that are parked now or have recovered.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from app.engine.database.connections import Database
from app.engine.projector.newer_events import facts_before_newer_event
from app.engine.projector.parking.folding import KeyedFact, fold, fold_key, route
from app.engine.projector.parking.isolation import bisect_failures
from app.engine.projector.parking.parked_keys import ParkedItem, ParkedKeys, ParkedStream
from app.engine.projector.parking.store import RetryRequest, load_skipped
from app.engine.projector.rewrites import notify_rewrite
from app.engine.projector.slots import LIVE
from app.engine.projector.table import RowChange
from app.engine.projector.writer import TableWriter
from app.engine.store.event_filter import EventFilter
from app.engine.store.reader import EventReader, Fact
from projections.kernel import Key

MAX_KEYS_PER_PASS = 5_000
"""Keys that are folded again in one pass over the log."""
PAGE_SIZE = 500
MAX_FINAL_BATCH = 1_000
"""How many facts may be folded between two batches."""
MAX_CATCH_UP_ROUNDS = 10
"""Attempts to come near an owner that continues in the meantime; after them the owner waits."""
MAX_FACTS_IN_MEMORY = 100_000
"""Facts in memory to find those whose rows are refused."""

type ProgressCallback = Callable[[int, int], None]
"""Is called with a position and the one to reach."""


def no_progress(position: int, target: int) -> None:
    """Report nothing."""


async def retry(
    writer: TableWriter,
    reader: EventReader,
    database: Database,
    on_progress: ProgressCallback = no_progress,
) -> int:
    """Retry what is requested, at most `MAX_KEYS_PER_PASS` keys. Returns the number. An interruption leaves everything as
    it was. Raises `LeaseLost`, and `NewerEvent` if the table has an event of newer code: then the requests stay."""
    requests = await writer.store.requests(database.pool, MAX_KEYS_PER_PASS)
    if not requests:
        return 0
    replay = _Replay(writer, reader, database, requests, on_progress)
    while not await replay.attempt():
        pass
    return len(requests)


class _Replay:
    """One pass over the log for some keys. If more keys of a stream are found, or a row is refused, another pass follows."""

    def __init__(
        self,
        writer: TableWriter,
        reader: EventReader,
        database: Database,
        requests: Mapping[ParkedItem, RetryRequest],
        on_progress: ProgressCallback,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._database = database
        self._requests = requests
        self._on_progress = on_progress
        self._position = 0
        self._trial = ParkedKeys(
            projection=writer.projection,
            positions={
                item: position for item, position in writer.parked.positions.items() if item not in requests
            },
        )
        self._rows: dict[Key, Any] = {item: None for item in requests if not isinstance(item, ParkedStream)}
        self._since = min(request.position for request in requests.values())
        """The history before it does not change."""
        self._changes: list[RowChange] = []
        self._kept: set[Key] = set()
        """Keys whose rows stay as they are."""
        self._is_prepared = False

    async def attempt(self) -> bool:
        """Fold and write. False if another attempt has to follow."""
        if not self._is_prepared:
            async with self._database.connection() as connection:
                self._trial.skipped = await load_skipped(connection, self._writer.projection)
            self._is_prepared = True
            await self._find_keys()
        for _ in range(MAX_CATCH_UP_ROUNDS):
            await self._fold_to(self._writer.position)
            if self._writer.position - self._position < MAX_FINAL_BATCH:
                break
        async with self._writer.lock:
            await self._fold_to(self._writer.position)
            if await self._find_keys():
                return False
            refused = await self._write()
        if refused:
            await self._find_failing_facts(refused)
        return not refused

    async def _find_keys(self) -> bool:
        """Find the keys of the streams to free; new ones are folded from the beginning. Returns whether there are any."""
        new: set[Key] = set()
        self._trial.restricted_to = None
        for item, request in self._requests.items():
            after = request.position - 1
            while isinstance(item, ParkedStream):
                of_stream = EventFilter(categories=frozenset([item.category]), stream_id=item.id)
                facts = await self._reader.read_all(
                    after, PAGE_SIZE, up_to=self._writer.position, where=of_stream
                )
                routed = route(facts, self._trial)
                self._trial = routed.parked
                new |= routed.keys
                if len(facts) < PAGE_SIZE:
                    break
                after = facts[-1].position
        new -= self._rows.keys() | self._kept
        if new:
            self._restart([*self._rows, *new])
        self._trial.restricted_to = self._rows.keys()
        return bool(new)

    async def _fold_to(self, position: int) -> None:
        while self._position < position:
            facts = await self._reader.read_all(self._position, PAGE_SIZE, up_to=position)
            _, newer = await facts_before_newer_event(
                self._database.pool, self._reader.codec, facts, self._trial
            )
            if newer is not None:
                # Newer code has folded this event: this code would take it out of the rows.
                raise newer
            folded = fold(route(facts, self._trial), self._rows)
            self._trial = folded.parked
            self._rows.update(folded.rows)
            self._changes += [change for change in folded.changes if change[1] >= self._since]
            self._position = facts[-1].position
            self._on_progress(self._position, position)
            await asyncio.sleep(0)

    async def _write(self) -> Mapping[Key, Exception]:
        """Write the rows and the results of the retry. If rows are refused, write nothing and return their errors."""
        writer = self._writer
        refused = await writer.write_retry(
            self._rows, self._changes, self._since, self._requests, self._trial
        )
        if not refused and writer.slot == LIVE:
            await notify_rewrite(writer.connection, writer.projection, writer.checkpoint.generation)
        return refused

    async def _find_failing_facts(self, refused: Mapping[Key, Exception]) -> None:
        """Park each refused key from its failing fact on, and keep the row before that fact.

        The row after the failing fact is refused, and the row after the fact before it is accepted.
        """
        groups_of = await self._facts_by_key(set(refused))
        projection, table = self._writer.projection, self._writer.table
        async with self._database.connection() as connection:
            probe = connection.transaction()
            await probe.start()
            for key, error in refused.items():
                groups = groups_of.get(key)
                if not groups:
                    self._keep_parked(key, error)
                    continue

                async def write(row: Any, key: Key = key) -> Exception | None:
                    failures = await bisect_failures(
                        connection, [key], lambda keys: table.write(connection, {keys[0]: row})
                    )
                    return failures[0][1] if failures else None

                accepted, failing = 0, len(groups)
                while failing - accepted > 1:
                    middle = (accepted + failing) // 2
                    failure = await write(fold_key(projection, key, None, _join(groups[:middle])))
                    if failure is None:
                        accepted = middle
                    else:
                        failing, error = middle, failure
                fact = groups[failing - 1][0][0]
                trial = self._trial = self._trial.copy()
                if trial.park(key, fact, error):
                    self._rows[key] = fold_key(projection, key, None, _join(groups[:accepted]))
                    self._changes = [
                        change for change in self._changes if change[0] != key or change[1] < fact.position
                    ]
                else:
                    # Its stream is parked instead, which concerns other keys, too.
                    self._restart(self._rows)
            await probe.rollback()

    async def _facts_by_key(self, keys: set[Key]) -> Mapping[Key, Sequence[Sequence[KeyedFact]]]:
        """The facts of each key, grouped by position, for as many keys as fit in memory, but at least one."""
        facts_of: dict[Key, list[KeyedFact]] = {key: [] for key in keys}
        count = after = 0
        while after < self._position:
            facts: Sequence[Fact] = await self._reader.read_all(after, PAGE_SIZE, up_to=self._position)
            after = facts[-1].position
            for fact, concerned in route(facts, self._trial).keyed:
                for key in set(concerned) & facts_of.keys():
                    facts_of[key].append((fact, concerned))
                    count += 1
            while count > MAX_FACTS_IN_MEMORY and len(facts_of) > 1:
                count -= len(facts_of.popitem()[1])
        return {
            key: [list(group) for _, group in groupby(keyed, key=lambda one: one[0].position)]
            for key, keyed in facts_of.items()
        }

    def _keep_parked(self, key: Key, error: Exception) -> None:
        """Leave the key parked as it is. The next retry looks for its failing fact."""
        request = self._requests.get(key)
        self._trial = self._trial.copy()
        self._trial.park_at(key, self._since if request is None else request.position, error)
        del self._rows[key]
        self._changes = [change for change in self._changes if change[0] != key]
        self._kept.add(key)
        self._trial.restricted_to = self._rows.keys()

    def _restart(self, keys: Iterable[Key]) -> None:
        self._rows, self._position, self._changes = dict.fromkeys(keys), 0, []


def _join(groups: Sequence[Sequence[KeyedFact]]) -> Sequence[KeyedFact]:
    return [keyed for group in groups for keyed in group]
