"""Live rows: the rows of a projection that match a filter, and each change of that list, on any server.

The feed says which keys changed. When the projection has reached their facts, the rows of these keys are read with the
filter of the list: a row that matches was upserted, a key that matched before and does not now has left. So the filter is
the SQL of the list, before and after, and the server need not own the projection. After a rewrite, which has no facts, the
list is read again.

Subscribers drive the evaluation: the first that wakes reads, for all. It ends with its last subscriber.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select

from app.engine.database.connections import Database
from app.engine.projector.parking.folding import route
from app.engine.projector.parking.parked_keys import ParkedKeys
from app.engine.projector.projector import Projector
from app.engine.read_models.queries import Columns, Filter, fetch_rows, is_one_of, owned_filter
from app.engine.store.feed import Feed, LogReplaced
from app.engine.store.interests import WAKE_BATCH_SIZE
from app.engine.store.reader import Fact
from projections.kernel import VALID_TO, Key, Projection

BATCH_SIZE = 1_000
MAX_KEPT_CHANGES = 1_000
"""Changes of one list that are kept for subscribers that are slow. One that is slower gets the list again."""
MAX_RESUMED_EVENTS = 20_000
"""The events after a position that are searched for changed keys. After more of them the list is sent again."""


class ListTooLong(Exception):
    """More rows match than the subscriber takes."""


@dataclass(frozen=True, slots=True, eq=False)
class RowChanges[R]:
    """What changed in a list up to `position`: the rows that were upserted, and the keys that left. With `initial` the rows
    are the whole list. `cursor` counts the changes of the list: a rewrite of rows has no position of its own."""

    position: int
    cursor: int
    upserted: Sequence[R]
    removed: Sequence[Key] = ()
    initial: bool = False


class LiveRows[R]:
    """The rows that match one filter. All subscribers of it share the reads."""

    def __init__(
        self,
        database: Database,
        feed: Feed,
        projector: Projector,
        projection: Projection[R],
        where: Filter,
        most: int,
        timeout: float,
    ) -> None:
        self._database, self._feed, self._projector = database, feed, projector
        self.projection = projection
        self._where = where
        self._most = most
        self._timeout = timeout
        self._lock = asyncio.Lock()
        """Held while rows are read. No subscriber joins between the facts and the rows of a batch."""
        self._waiters: list[asyncio.Future[None]] = []
        """Subscribers that wait for the end of a read."""
        self._epoch = feed.epoch
        self._position: int | None = None
        self._held: set[Key] = set()
        """The keys that some subscriber may have in its list."""
        self._list: RowChanges[R] | None = None
        """The whole list, as long as nothing changes."""
        self._changes: list[RowChanges[R]] = []
        self._dropped = 0
        """The number of changes that are not kept any more: those before the first of `_changes`."""
        self._rewrites = projector.workers[projection.name].rewrites
        self._rewrites_known = self._rewrites.count
        """The number of rewrites that the changes include."""
        self.failed: Exception | None = None

    async def join(self, head: int, after: int | None) -> tuple[RowChanges[R] | None, int]:
        """What a new subscriber gets first, and the cursor to go on from. It has everything up to `head`.

        Without `after` that is the list. With `after` it is what changed since then; None if nothing did, the list if the
        rows of then are not known, or may have been rewritten. Raises `ListTooLong`, `ProjectionStale`, `LogReplaced`.
        """
        async with self._lock:
            try:
                await self._reach(head)
                assert self._position is not None
                if after is None:
                    return await self._whole_list(), self._cursor
                return await self._changes_since(after, self._position), self._cursor
            except Exception as error:
                # Its rows are not known any more: all subscribers get this error, and the next one begins again.
                self.failed = error
                raise
            finally:
                self._wake()

    @property
    def _cursor(self) -> int:
        """The cursor of the newest change."""
        return self._dropped + len(self._changes)

    async def next_after(self, cursor: int) -> RowChanges[R] | None:
        """The next change after a cursor, as soon as there is one; the list if the subscriber is too slow. None if the
        feed has closed. Raises `ListTooLong`, `ProjectionStale`, `LogReplaced`."""
        while True:
            if self.failed is not None:
                raise self.failed
            if cursor < self._dropped:
                async with self._lock:
                    try:
                        return await self._whole_list()
                    finally:
                        self._wake()
            if cursor < self._cursor:
                return self._changes[cursor - self._dropped]
            assert self._position is not None
            # No task runs between the look at the rewrites and the wait, so none is missed.
            if self._rewrites.count == self._rewrites_known and not await self._feed.wait_past(
                self._position, epoch=self._epoch, low_priority=True
            ):
                return None
            await self._evaluate()

    async def _evaluate(self) -> None:
        """Evaluate the next facts, or a rewrite. While another subscriber reads, wait until it has."""
        if self._lock.locked():
            # The lock wakes one waiter in each cycle of the event loop: a cycle for each of 1,000 subscribers, and for each
            # of their messages a write to the network.
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
            return
        async with self._lock:
            try:
                if self.failed is None and self._position is not None and self._is_behind:
                    await self._advance(self._position)
            except Exception as error:
                # As in `join`; each subscriber finds it before it waits again.
                self.failed = error
            finally:
                self._wake()

    @property
    def _is_behind(self) -> bool:
        assert self._position is not None
        return self._position < self._feed.head or self._rewrites_known < self._rewrites.count

    def _wake(self) -> None:
        """Let those that wait go on, some in each cycle of the event loop, as the feed does."""
        waiters, self._waiters = self._waiters, []
        _wake_in_batches(waiters)

    async def _reach(self, head: int) -> None:
        await self._feed.wait_past(head - 1, epoch=self._epoch)
        if self._position is None:
            self._rewrites_known = self._rewrites.count
            await self._wait_for_projection(head)
            self._list = await self._read_list(head, self._cursor)
            self._position = head
        while self._position < head:
            await self._advance(self._position)

    async def _advance(self, position: int) -> None:
        """Evaluate the next facts, or a rewrite."""
        # Before the rows are read: a rewrite that comes meanwhile is evaluated after this.
        rewrites = self._rewrites.count
        facts, reached = await self._feed.read_after(position, limit=BATCH_SIZE)
        if self._feed.epoch != self._epoch:
            raise LogReplaced(self._feed.replacement)
        if rewrites != self._rewrites_known:
            await self._wait_for_projection(reached)
            self._keep(await self._read_list(reached, self._cursor + 1))
        elif keys := self._keys_of(facts):
            await self._wait_for_projection(reached)
            rows = await self._matching(keys)
            found = {self.projection.key_of(row) for row in rows}
            removed = [key for key in keys if key in self._held and key not in found]
            if rows or removed:
                if len(self._held | found) - len(removed) > self._most:
                    await self._read_list(reached, self._cursor)
                self._keep(RowChanges(reached, self._cursor + 1, rows, removed))
            self._held.difference_update(removed)
            self._held |= found
        self._position, self._rewrites_known = reached, rewrites

    def _keep(self, change: RowChanges[R]) -> None:
        self._list = change if change.initial else None
        self._changes.append(change)
        if len(self._changes) > 2 * MAX_KEPT_CHANGES:
            self._dropped += len(self._changes) - MAX_KEPT_CHANGES
            del self._changes[:-MAX_KEPT_CHANGES]

    async def _whole_list(self) -> RowChanges[R]:
        assert self._position is not None
        if self._list is None:
            self._list = await self._read_list(self._position, self._cursor)
        return self._list

    async def _read_list(self, position: int, cursor: int) -> RowChanges[R]:
        """The rows that match now, as the list at a position and a cursor. Raises `ListTooLong`."""
        table = self.projection.table
        query = select(table).where(*self._where(table.c)).limit(self._most + 1)
        rows = await fetch_rows(self._database, self.projection, query)
        if len(rows) > self._most:
            raise ListTooLong(f"More than {self._most} rows match. Use a narrower filter, or raise `most`.")
        # A row may be newer than the position. It stays known until its fact is evaluated.
        self._held |= {self.projection.key_of(row) for row in rows}
        return RowChanges(position, cursor, rows, initial=True)

    async def _changes_since(self, after: int, position: int) -> RowChanges[R] | None:
        """What changed in (after, position]. A key has left if it matched at `after` or later, and does not match now."""
        if self._rewrites.count and after <= self._rewrites.position:
            return await self._whole_list()
        if after >= position:
            return None
        if not self.projection.history or position - after > MAX_RESUMED_EVENTS:
            return await self._whole_list()
        keys: set[Key] = set()
        reached = after
        while reached < position:
            facts, reached = await self._feed.read_after(reached, limit=BATCH_SIZE)
            keys |= self._keys_of(facts)
        rows = await self._matching(keys) if keys else []
        found = {self.projection.key_of(row) for row in rows}
        removed = [key for key in await self._matched_since(keys - found, after) if key not in found]
        self._held |= found
        return RowChanges(position, self._cursor, rows, removed) if rows or removed else None

    def _keys_of(self, facts: Sequence[Fact]) -> set[Key]:
        """The keys of the rows that facts concern, also of rows that are parked."""
        return set(route(facts, ParkedKeys(projection=self.projection)).keys)

    async def _matching(self, keys: Collection[Key]) -> Sequence[R]:
        """The rows of these keys that match now."""
        table = self.projection.table
        query = select(table).where(self._has_key(table.c, keys), *self._where(table.c))
        return await fetch_rows(self._database, self.projection, query)

    async def _matched_since(self, keys: Collection[Key], position: int) -> Sequence[Key]:
        """Those of these keys that matched at a position or later, from the history of the rows."""
        if not keys:
            return []
        history = self.projection.history_table
        query = (
            select(*(history.c[name] for name in self.projection.key))
            .where(
                self._has_key(history.c, keys),
                func.coalesce(history.c[VALID_TO] > literal(position), True),
                *self._where(history.c),
            )
            .distinct()
        )
        return [tuple(record) for record in await self._database.fetch(query)]

    def _has_key(self, columns: Columns, keys: Collection[Key]) -> ColumnElement[bool]:
        names = self.projection.key
        if len(names) == 1:
            return is_one_of(columns[names[0]], [key[0] for key in keys])
        return or_(
            *(and_(*(columns[name] == part for name, part in zip(names, key, strict=True))) for key in keys)
        )

    async def _wait_for_projection(self, position: int) -> None:
        await self._projector.wait_for_position(self.projection.name, position, self._timeout)


def _wake_in_batches(waiters: Sequence[asyncio.Future[None]]) -> None:
    for waiter in waiters[:WAKE_BATCH_SIZE]:
        if not waiter.done():
            waiter.set_result(None)
    if rest := waiters[WAKE_BATCH_SIZE:]:
        asyncio.get_running_loop().call_soon(_wake_in_batches, rest)


class LiveLists:
    """The live rows of this process: one evaluation for all subscribers of the same filter."""

    def __init__(self, database: Database, feed: Feed, projector: Projector, timeout: float) -> None:
        self._database, self._feed, self._projector = database, feed, projector
        self._timeout = timeout
        self._lists: WeakValueDictionary[tuple[Any, ...], LiveRows[Any]] = WeakValueDictionary()

    def find[R](self, projection: Projection[R], where: Filter, most: int, owner: str | None) -> LiveRows[R]:
        """The rows that match, up to `most` of them; only those of `owner`, unless it is None."""
        where = owned_filter(projection, where, owner)
        query: Select[Any] = select(projection.table).where(*where(projection.table.c))
        sql, values = self._database.render(query)
        # Another epoch of the log has other events at the same positions.
        key = (projection, sql, repr(values), most, self._feed.epoch)
        rows = self._lists.get(key)
        if rows is None or rows.failed is not None:
            rows = self._lists[key] = LiveRows(
                self._database, self._feed, self._projector, projection, where, most, self._timeout
            )
        return rows
