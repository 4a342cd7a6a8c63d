"""Which live lists an event concerns: each batch of events is looked at once, for all lists of a projection.

A thousand clients follow a thousand lists, and an event concerns few of them. So the lists do not follow the feed. A list is
told of the keys of a batch if it holds one of them. It is also told if a row with one of these keys meets its conditions.
Statements find that for all lists together. Only the lists that are told read rows.

A list that is not told misses nothing. The rows are looked at when the projection has all events of the batch. An event that
changes them after that is in a later batch. A row that met the conditions in between and does not meet them any more was never
in the list. If it was, because the list read it, the list holds its key. The list is asked for its keys after the look, and
while it reads it is told of everything.

In a rolling deploy the owner may fold an event of newer code, which this code cannot read. Then all lists read again.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from sqlalchemy import Select, select

from app.engine.database.connections import Database, RowsLost
from app.engine.database.errors import DRIVER_ERRORS
from app.engine.projector.live_conditions import (
    ConditionShape,
    ConditionShapes,
    Fetch,
    has_key,
)
from app.engine.projector.parking.folding import route
from app.engine.projector.parking.parked_keys import ParkedKeys
from app.engine.projector.projector import ProjectionStale, Projector
from app.engine.read_models.queries import owning_projections
from app.engine.store.feed import Feed, LogReplaced
from app.engine.store.interests import WAKE_BATCH_SIZE
from app.engine.store.reader import Fact
from domain.kernel.decider import UnreadableEvent
from projections.kernel import AnyProjection, Key

if TYPE_CHECKING:
    from app.engine.projector.live_rows import LiveRows

type Follower = LiveRows[Any]
"""A list that follows a table."""

BATCH_SIZE = 1_000

LISTS_PER_TURN = 1_000
"""How many lists are looked at in one turn of the event loop: about a millisecond."""


class LiveTable:
    """Follows the feed for all lists of a projection in one epoch of the log, while there are lists."""

    def __init__(
        self, database: Database, feed: Feed, projector: Projector, projection: AnyProjection, timeout: float
    ) -> None:
        self._database, self._feed, self._projector = database, feed, projector
        self._projection = projection
        self._timeout = timeout
        self._epoch = feed.epoch
        self._rewrites = projector.rewrites_of(projection, owning_projections(projection))
        self._lists: WeakSet[Follower] = WeakSet()
        self.shapes = ConditionShapes(projection)
        self._task: asyncio.Task[None] | None = None
        self._moved: list[asyncio.Future[None]] = []
        self.position = 0
        """The lists know of all events up to this one."""
        self.closed = False
        """Whether the feed has closed."""

    async def follow(self, rows: Follower, head: int) -> None:
        """Tell a list of all keys that change from now on. Returns when `position` is `head` or more, or when the list has
        failed. Raises `LogReplaced` and `FeedStalled`."""
        while (
            await self._feed.wait_past(head - 1, epoch=self._epoch, low_priority=True)
            and self._feed.head < head
        ):
            # It was woken without an event.
            pass
        self._lists.add(rows)
        if self._task is None:
            self.position = max(self.position, head)
            self._task = asyncio.create_task(self._run())
        while self.position < head and self._task is not None:
            moved = asyncio.get_running_loop().create_future()
            self._moved.append(moved)
            await moved

    async def keys_between(self, after: int, position: int) -> Set[Key] | None:
        """The keys of the rows that the events in (after, position] concern. None if this code cannot read one of them."""
        keys: set[Key] = set()
        while after < position:
            facts, after = await self._feed.read_after(after, limit=BATCH_SIZE)
            if self._feed.epoch != self._epoch:
                raise LogReplaced(self._feed.replacement)
            found, is_complete = self._keys_of(facts)
            if not is_complete:
                return None
            keys |= found
        return keys

    def _keys_of(self, facts: Sequence[Fact]) -> tuple[Set[Key], bool]:
        """The keys of the rows that facts concern, also of rows that are parked, and whether these are all. Newer code may
        know rows that this code does not find."""
        categories = self._feed.reader.codec.commands
        is_readable = not any(
            isinstance(fact.event, UnreadableEvent) and fact.category in categories for fact in facts
        )
        routed = route(facts, ParkedKeys(projection=self._projection))
        # A stream is parked if `keys` raises. If this process owns the table, no other code has found its keys.
        is_owner = self._projector.workers[self._projection.name].state.is_owner
        return routed.keys, is_readable and (is_owner or not routed.parked.positions)

    def _has_reached(self, rows: Follower, position: int) -> bool:
        """Whether the rows that say whose those of a list are have reached a position."""
        return all(self._projector.workers[owning.name].state.has_reached(position) for owning in rows.owning)

    async def wait_for_rows(self, owning: Iterable[AnyProjection], position: int) -> None:
        """Wait until the rows, and those that say whose they are, have reached a position. Raises `ProjectionStale`."""
        names = [self._projection.name, *(projection.name for projection in owning)]
        await self._projector.wait_for_all(names, position, self._timeout)

    def forget(self, rows: Follower) -> None:
        """Tell a list nothing more: it has failed."""
        self._lists.discard(rows)

    async def _run(self) -> None:
        known_rewrites = self._rewrites.count
        try:
            while self._lists:
                # No task runs between the look at the rewrites and the wait, so none is missed.
                if self._rewrites.count == known_rewrites and not await self._feed.wait_past(
                    self.position, epoch=self._epoch, low_priority=True
                ):
                    self.closed = True
                    break
                rewrites = self._rewrites.count
                facts, reached = await self._feed.read_after(self.position, limit=BATCH_SIZE)
                if self._feed.epoch != self._epoch:
                    raise LogReplaced(self._feed.replacement)
                keys, is_complete = self._keys_of(facts)
                matches = await self._look(keys, reached) if keys else {}
                # From here on no other task runs: a list that begins to read now is told of what follows `position`.
                self.position = reached
                if not is_complete:
                    # Newer code may fold these events. The next turn tells all lists to read again.
                    self._rewrites.add()
                self._tell(keys, matches, is_rewritten=rewrites != known_rewrites)
                del matches
                known_rewrites = rewrites
                self._report()
        except Exception as error:
            # Each subscriber is told; the next list begins again.
            for rows in list(self._lists):
                rows.fail(error)
        finally:
            self._task = None
            for rows in list(self._lists):
                rows.wake()
            self._report()

    def _report(self) -> None:
        moved, self._moved = self._moved, []
        wake_in_batches(moved)

    def _tell(self, keys: Collection[Key], matches: Mapping[Follower, bool], *, is_rewritten: bool) -> None:
        """Tell the lists that the keys may concern, and all of a rewrite."""
        waiters: list[asyncio.Future[None]] = []
        for rows in list(self._lists):
            if keys and rows.may_concern(keys, matches.get(rows)):
                waiters += rows.push(keys)
            elif is_rewritten:
                rows.wake()
        wake_in_batches(waiters)

    async def _look(self, keys: Collection[Key], reached: int) -> Mapping[Follower, bool]:
        """The lists for which it is known whether a row with one of these keys matches, at `reached` or later.

        A list whose owning rows are behind is not among them: it waits for them, and no other list does.
        """
        lists = [
            rows
            for rows in self._lists
            if (rows.equalities or rows.conditions)
            and not rows.holds(keys)
            and self._has_reached(rows, reached)
        ]
        if not lists:
            return {}

        async def fetch(query: Select[Any]) -> Sequence[Any]:
            # Before each statement: a crash of the database may have taken rows back since the last one.
            await self.wait_for_rows((), reached)
            return await self._database.fetch(query)

        try:
            matches = await self._matches(fetch, keys, lists)
            # A crash of the database may have taken owning rows back.
            return {rows: found for rows, found in matches.items() if self._has_reached(rows, reached)}
        except (ProjectionStale, RowsLost):
            # The lists wait, too, and tell their subscribers.
            return {}

    async def _matches(
        self, fetch: Fetch, keys: Collection[Key], lists: Sequence[Follower]
    ) -> Mapping[Follower, bool]:
        matches: dict[Follower, bool] = {}
        shapes: dict[ConditionShape, list[tuple[Follower, bytes]]] = {}
        values = await self._values(fetch, keys, sorted({name for rows in lists for name in rows.equalities}))
        for number, rows in enumerate(lists, 1):
            if not all(value in values[name] for name, value in rows.equalities.items()):
                matches[rows] = False
            elif (conditions := rows.conditions) is not None:
                shapes.setdefault(conditions.shape, []).append((rows, conditions.parameters))
            if number % LISTS_PER_TURN == 0:
                await asyncio.sleep(0)
        for shape, followers in shapes.items():
            try:
                found = await shape.matching(fetch, keys, [item for _, item in followers])
            except DRIVER_ERRORS:
                # The parameters of one list are perhaps the cause: each of them reads for itself.
                continue
            matches.update((rows, number in found) for number, (rows, _) in enumerate(followers))
        return matches

    async def _values(
        self, fetch: Fetch, keys: Collection[Key], names: Sequence[str]
    ) -> Mapping[str, Collection[object]]:
        """The values that the rows with these keys have in these columns."""
        if not names:
            return {}
        columns = self._projection.table.c
        query = select(*(columns[name] for name in names)).where(has_key(self._projection, columns, keys))
        records = await fetch(query)
        return {name: {record[name] for record in records} for name in names}


async def wait_in(waiters: dict[asyncio.Future[None], None]) -> None:
    """Wait until the waiters are woken."""
    waiter = asyncio.get_running_loop().create_future()
    waiters[waiter] = None
    try:
        await waiter
    except asyncio.CancelledError:
        waiters.pop(waiter, None)
        raise


def wake_in_batches(waiters: Sequence[asyncio.Future[None]]) -> None:
    """Wake some tasks in each cycle of the event loop, as the feed does."""
    for waiter in waiters[:WAKE_BATCH_SIZE]:
        if not waiter.done():
            waiter.set_result(None)
    if rest := waiters[WAKE_BATCH_SIZE:]:
        asyncio.get_running_loop().call_soon(wake_in_batches, rest)
