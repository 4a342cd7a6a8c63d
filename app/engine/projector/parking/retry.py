"""Folds parked keys again from their facts: whoever asks leaves word in es.parked, and who holds the seat does it beside its work.

The log is read and folded while the seat goes on with its batches; only the last facts are folded, and the rows written,
between two of them, in one transaction with what is parked and what is not any more.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import text

from app.engine.database.connections import Database
from app.engine.projector.parking.parked_keys import (
    ParkedEntry,
    ParkedItem,
    ParkedKeys,
    ParkedStream,
    load_skipped,
)
from app.engine.projector.row_history import RowChange
from app.engine.projector.table import bisect_failures, table_statements
from app.engine.projector.writer import TableWriter
from app.engine.store.reader import EventFilter, EventReader, Fact
from projections.kernel import AnyProjection, Key

MAX_KEYS_PER_PASS = 5_000
"""Keys that are folded again in one pass over the log."""
PAGE_SIZE = 500
MAX_FINAL_BATCH = 1_000
"""How many facts may be folded between two batches."""
MAX_CATCH_UP_ROUNDS = 10
"""How often to come near to a seat that moves on; then it waits."""
MAX_FACTS_IN_MEMORY = 100_000
"""Facts kept in memory to find those whose rows are refused."""

type ProgressCallback = Callable[[int, int], None]
"""Is told a position and the one to reach."""


def no_progress(position: int, target: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """What somebody wants folded again: where it is parked, and when they asked."""

    position: int
    at: datetime


async def retry(
    seat: TableWriter,
    projection: AnyProjection,
    slot: str,
    reader: EventReader,
    database: Database,
    told: ProgressCallback = no_progress,
) -> int:
    """Fold again what was asked for, `ROUND` keys at most. Returns how many; whoever is interrupted leaves everything as
    it was. Raises `Fenced`."""
    asked = await _asked(seat, database)
    if not asked:
        return 0
    again = _Replay(seat, projection, slot, reader, database, asked, told)
    while not await again.attempt():
        pass
    return len(asked)


class _Replay:
    """One pass over the log for some keys; where the keys of a stream were not known before, or a row is refused, another."""

    def __init__(
        self,
        seat: TableWriter,
        projection: AnyProjection,
        slot: str,
        reader: EventReader,
        database: Database,
        asked: Mapping[ParkedItem, RetryRequest],
        told: ProgressCallback,
    ) -> None:
        self._seat = seat
        self._projection = projection
        self._slot = slot
        self._reader = reader
        self._database = database
        self._asked = asked
        self._told = told
        self._position = 0
        self._trial = ParkedKeys(projection, slot)
        self._trial.parked = {
            what: position for what, position in seat.parked.parked.items() if what not in asked
        }
        self._rows: dict[Key, Any] = {what: None for what in asked if not isinstance(what, ParkedStream)}
        self._since = min(each.position for each in asked.values())
        """Nothing changes in the history before it."""
        self._steps: list[RowChange] = []
        self._left: set[Key] = set()
        """Keys whose rows stay as they are."""
        self._prepared = False

    async def attempt(self) -> bool:
        """Fold and write. False where it has to be done once more."""
        if not self._prepared:
            async with self._database.unpooled.connect() as connection:
                self._trial.skipped = await load_skipped(connection, self._projection)
            self._prepared = True
            await self._find_keys()
        for _ in range(MAX_CATCH_UP_ROUNDS):
            await self._fold_to(self._seat.position)
            if self._seat.position - self._position < MAX_FINAL_BATCH:
                break
        async with self._seat.write_lock:
            await self._fold_to(self._seat.position)
            if await self._find_keys():
                return False
            refused = await self._write()
        if refused:
            await self._find_failing_fact(refused)
        return not refused

    async def _find_keys(self) -> bool:
        """The keys of the streams that are to be freed: those that are new are folded from the beginning. Whether there were any."""
        new: set[Key] = set()
        self._trial.restricted_to = None
        for what, asked in self._asked.items():
            after = asked.position - 1
            while isinstance(what, ParkedStream):
                where = EventFilter(categories=frozenset([what.category]), stream_id=what.id)
                facts = await self._reader.read_all(after, PAGE_SIZE, up_to=self._seat.position, where=where)
                new |= self._trial.route(facts)[1]
                if len(facts) < PAGE_SIZE:
                    break
                after = facts[-1].position
        new -= self._rows.keys() | self._left
        if new:
            self._restart([*self._rows, *new])
        self._trial.restricted_to = self._rows.keys()
        return bool(new)

    async def _fold_to(self, position: int) -> None:
        while self._position < position:
            facts = await self._reader.read_all(self._position, PAGE_SIZE, up_to=position)
            self._take(facts)
            self._position = facts[-1].position
            self._told(self._position, position)
            await asyncio.sleep(0)

    def _take(self, facts: Sequence[Fact]) -> None:
        while True:
            concerned, wanted = self._trial.route(facts)
            before = {key: self._rows[key] for key in wanted}
            steps = self._seat.rows.new_history()
            if self._trial.fold_batch(concerned, self._rows, steps):
                self._steps += [step for step in steps or () if step[1] >= self._since]
                return
            self._rows.update(before)

    async def _write(self) -> Mapping[Key, Exception]:
        """Write rows, and what became of what was asked; where rows are refused nothing, but these."""
        connection = self._seat.connection
        try:
            refused = await bisect_failures(
                connection,
                list(self._rows),
                lambda keys: self._seat.rows.write(connection, {key: self._rows[key] for key in keys}),
            )
            if refused:
                await connection.rollback()
                return dict(refused)
            if self._seat.rows.history is not None:
                await self._seat.rows.history.delete_from(connection, list(self._rows), self._since)
                await self._seat.rows.write_history(connection, self._steps)
            settled = await self._store_results()
            await self._seat.assert_owned()
            await connection.commit()
        except BaseException:
            await connection.rollback()
            raise
        aside = self._seat.parked
        aside.parked = {what: at for what, at in aside.parked.items() if what not in settled}
        aside.parked.update(
            {
                what: each.position
                for what, each in self._trial.newly_parked.items()
                if what in settled or what not in self._asked
            }
        )
        aside.skipped = self._trial.skipped
        self._seat.cache_rows(self._rows)
        return {}

    async def _store_results(self) -> set[ParkedItem]:
        """Take what is level off the list, and write the new errors of what is not. ParkedItem was asked for once more meanwhile waits for the next round."""
        write, about, connection = self._trial.keys.write, self._trial.about, self._seat.connection
        settled: set[ParkedItem] = set()
        for statement, whats in (
            (_LEVEL, [what for what in self._asked if what not in self._trial.newly_parked]),
            (_FAILED, [what for what in self._asked if what in self._trial.newly_parked]),
        ):
            fresh: list[ParkedEntry | None] = [self._trial.newly_parked.get(what) for what in whats]
            given = about | {
                "keys": [write(what) for what in whats],
                "ats": [self._asked[what].at for what in whats],
            }
            if statement is _FAILED:
                given |= _columns([each for each in fresh if each is not None])
            done = {key for (key,) in await connection.execute(statement, given)} if whats else set[str]()
            settled |= {self._trial.keys.read(key) for key in done}
        also = [each for what, each in self._trial.newly_parked.items() if what not in self._asked]
        if also:
            await connection.execute(
                _ALSO, about | {"keys": [write(each.what) for each in also]} | _columns(also)
            )
        return settled

    async def _find_failing_fact(self, refused: Mapping[Key, Exception]) -> None:
        """Park each refused key at the first fact whose row is refused after one whose row was taken, and leave it the row before."""
        groups = await self._facts_by_key(set(refused))
        async with self._database.unpooled.connect() as connection:
            rows = table_statements(self._projection, self._slot)
            for key, problem in refused.items():
                if key not in groups:
                    self._keep_parked(key, problem)
                    continue
                good, bad = 0, len(groups[key])
                while bad - good > 1:
                    middle = (good + bad) // 2
                    row = {key: self._folded(key, groups[key][:middle])}
                    found = await bisect_failures(
                        connection, [key], lambda _, row=row: rows.write(connection, row)
                    )
                    if found:
                        bad, problem = middle, found[0][1]
                    else:
                        good = middle
                parked = groups[key][bad - 1][0]
                if self._trial.park(key, parked, problem):
                    self._rows[key] = self._folded(key, groups[key][:good])
                    self._steps = [
                        step for step in self._steps if step[0] != key or step[1] < parked.position
                    ]
                else:
                    # Its stream was put aside instead, which concerns other keys, too.
                    self._restart(self._rows)
            await connection.rollback()

    async def _facts_by_key(self, keys: set[Key]) -> Mapping[Key, Sequence[Sequence[Fact]]]:
        """The facts of each key, those of one position together; of as many keys as can be held, and of one at least."""
        held: dict[Key, list[Fact]] = {key: [] for key in keys}
        count = after = 0
        while after < self._position:
            facts = await self._reader.read_all(after, PAGE_SIZE, up_to=self._position)
            after = facts[-1].position
            for fact, concerned in self._trial.route(facts)[0]:
                for key in concerned:
                    if key in held:
                        held[key].append(fact)
                        count += 1
            while count > MAX_FACTS_IN_MEMORY and len(held) > 1:
                count -= len(held.popitem()[1])
        return {
            key: [list(group) for _, group in groupby(facts, key=lambda fact: fact.position)]
            for key, facts in held.items()
            if facts
        }

    def _keep_parked(self, key: Key, problem: Exception) -> None:
        """Keep it parked where it was: its turn to be looked at closely comes with the next retry."""
        self._trial.park_at(key, self._asked[key].position if key in self._asked else self._since, problem)
        del self._rows[key]
        self._steps = [step for step in self._steps if step[0] != key]
        self._left.add(key)
        self._trial.restricted_to = self._rows.keys()

    def _restart(self, keys: Iterable[Key]) -> None:
        self._rows, self._position, self._steps = dict.fromkeys(keys), 0, []

    def _folded(self, key: Key, groups: Sequence[Sequence[Fact]]) -> Any:
        row: Any = None
        for group in groups:
            for fact in group:
                row = self._projection.fold(key, row, fact)
        return row


async def _asked(seat: TableWriter, database: Database) -> dict[ParkedItem, RetryRequest]:
    about = seat.parked.about
    found = await database.pool.fetch(
        _ASKED, about["name"], about["version"], about["slot"], MAX_KEYS_PER_PASS
    )
    return {
        seat.parked.keys.read(row["key"]): RetryRequest(row["position"], row["asked_at"]) for row in found
    }


def _columns(parked: Sequence[ParkedEntry]) -> dict[str, Sequence[object]]:
    return {
        "positions": [each.position for each in parked],
        "errors": [each.error for each in parked],
        "tracebacks": [each.traceback for each in parked],
    }


_ASKED = """
    SELECT key::text, position, asked_at FROM es.parked
    WHERE projection = $1 AND version = $2 AND slot = $3 AND asked_at IS NOT NULL ORDER BY position LIMIT $4
"""
_MINE = (
    "p.projection = :name AND p.version = :version AND p.slot = :slot AND p.key = CAST(given.key AS jsonb)"
)
_LEVEL = text(
    "DELETE FROM es.parked p USING unnest(CAST(:keys AS text[]), CAST(:ats AS timestamptz[])) AS given (key, at)"
    f" WHERE {_MINE} AND p.asked_at = given.at RETURNING p.key::text"
)
_FAILED = text(
    "UPDATE es.parked p SET position = given.position, error = given.error, traceback = given.traceback, asked_at = NULL,"
    " tried_at = clock_timestamp(), tries = tries + 1"
    " FROM unnest(CAST(:keys AS text[]), CAST(:ats AS timestamptz[]), CAST(:positions AS bigint[]), CAST(:errors AS text[]), CAST(:tracebacks AS text[]))"
    f" AS given (key, at, position, error, traceback) WHERE {_MINE} AND p.asked_at = given.at RETURNING p.key::text"
)
_ALSO = text(
    "INSERT INTO es.parked (projection, version, slot, key, position, error, traceback)"
    " SELECT :name, :version, :slot, CAST(key AS jsonb), position, error, traceback"
    " FROM unnest(CAST(:keys AS text[]), CAST(:positions AS bigint[]), CAST(:errors AS text[]), CAST(:tracebacks AS text[]))"
    " AS given (key, position, error, traceback)"
    " ON CONFLICT (projection, version, slot, key) DO UPDATE SET position = excluded.position, error = excluded.error,"
    " traceback = excluded.traceback"
)
