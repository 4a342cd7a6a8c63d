"""Live rows: the rows of a projection that match a filter, and each change of that list, on any server.

The live table says which keys changed that may concern the list. The rows of these keys are read with the filter of the list.
A row that matches was upserted. A key that matched before and does not now has left. So the same SQL decides before and
after, and any server can do it. A rewrite has no facts: the list is read again after it.

Subscribers drive the evaluation: the first that wakes reads, for all. It ends with its last subscriber.
"""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import asyncpg
from sqlalchemy import Select, func, literal, select

from app.engine.database.connections import Database, RowsLost
from app.engine.projector.live_conditions import equalities_of, has_key
from app.engine.projector.live_table import LiveTable, wait_in, wake_in_batches
from app.engine.projector.projector import Projector
from app.engine.read_models.queries import Filter
from app.engine.sized_cache import SharedMemory, SharingCache, memory_size
from app.engine.turns import wait_for_turn
from projections.kernel import VALID_TO, AnyProjection, Key, Projection, rows_as_of

MAX_KEPT_CHANGES = 1_000
"""Changes of one list that are kept for subscribers that are slow. One that is slower gets the list again."""
MAX_KEPT_BYTES = 32 * 2**20
"""Bytes of the changes and of the whole lists that all lists keep."""
MAX_RESUMED_EVENTS = 20_000
"""The events after a position that are searched for changed keys. After more of them the list is sent again."""
_LIST = 0
"""The cursor at which a list begins. Its first change has the next one."""


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
    identity: object = field(default_factory=object)
    """Names these changes in caches, which do not keep the rows."""


class LiveRows[R]:
    """The rows that match one filter. All subscribers of it share the reads."""

    def __init__(
        self,
        database: Database,
        projector: Projector,
        table: LiveTable,
        projection: Projection[R],
        where: Filter,
        most: int,
        owning: Sequence[AnyProjection],
        memory: SharedMemory,
    ) -> None:
        self.database = database
        """Whose turns the reads take."""
        self._table = table
        self.projection = projection
        conditions = where(projection.table.c)
        self.equalities = equalities_of(conditions)
        """The columns that must have one value in each row of the list."""
        self.conditions = table.shapes.find(conditions) if len(self.equalities) < len(conditions) else None
        """All conditions. None if the equalities are all, or if no statement can compare them: then only the equalities count."""
        self._where = where
        self.most = most
        self.owning = owning
        """The other projections whose rows say which rows are in the list."""
        self._lock = asyncio.Lock()
        """Held while rows are read. No subscriber joins between the facts and the rows of a batch."""
        self._until_change: dict[asyncio.Future[None], None] = {}
        """Subscribers that wait for a change."""
        self._until_read: dict[asyncio.Future[None], None] = {}
        """Subscribers that wait for the end of a read."""
        self._told = 0
        """The cursor at which those that wait for a change were woken last."""
        self._position: int | None = None
        """What was evaluated last. The rows are those of the table's position if no key is pending."""
        self._pending: set[Key] = set()
        """Keys that have changed since."""
        self._held: set[Key] = set()
        """The keys that some subscriber may have in its list."""
        self._completed_at: int | None = None
        """The position at which `_held` got all keys that matched then, for clients that had the list of another server."""
        self._cursor = _LIST
        """The cursor of the newest change."""
        self._changes: SharingCache[int, RowChanges[R]] = SharingCache(memory)
        """The newest changes by their cursors. At `_LIST` the whole list, as long as nothing changes."""
        self._rewrites = projector.rewrites_of(projection, owning)
        self._rewrites_known = self._rewrites.count
        """The number of rewrites that the changes include."""
        self.failed: Exception | None = None
        self._failed_at: TracebackType | None = None
        """Where it failed, for the log."""

    async def join(self, head: int, after: int | None) -> tuple[RowChanges[R] | None, int]:
        """What a new subscriber gets first, and the cursor to go on from. It has everything up to `head`.

        Without `after` that is the list. With `after` it is what changed since then, and None if nothing did. It is the list
        if the rows of then are not known, or may have been rewritten. Raises `ListTooLong`, `ProjectionStale`,
        `LogReplaced` and `FeedStalled`.
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
                self._fail(error)
                raise
            finally:
                self._end_read()

    async def next_after(self, cursor: int) -> RowChanges[R] | None:
        """The next change after a cursor, as soon as there is one; the list if the subscriber is too slow. None if the
        feed has closed. Raises `ListTooLong`, `ProjectionStale`, `LogReplaced` and `FeedStalled`."""
        while True:
            self._raise_failure()
            if cursor < self._cursor:
                if (change := self._changes.get(cursor + 1)) is not None:
                    return change
                async with self._lock:
                    try:
                        return await self._whole_list()
                    finally:
                        self._end_read()
            if not self._is_behind:
                if self._table.closed:
                    return None
                await wait_in(self._until_change)
                continue
            await self._evaluate()

    async def _evaluate(self) -> None:
        """Evaluate the keys that have changed, or a rewrite. While another subscriber reads, wait until it has."""
        if self._lock.locked():
            # The lock wakes one waiter in each cycle of the event loop. That is a cycle for each of 1,000 subscribers, and
            # for each of their messages a write to the network.
            await wait_in(self._until_read)
            return
        async with self._lock:
            try:
                if self.failed is None and self._is_behind:
                    await self._advance()
            except Exception as error:
                # As in `join`; each subscriber finds it before it waits again.
                self._fail(error)
            finally:
                self._end_read()

    @property
    def _is_behind(self) -> bool:
        return bool(self._pending) or self._rewrites_known < self._rewrites.count

    def _end_read(self) -> None:
        """Let those go on that wait for the end of a read; and all, if there is something for them."""
        waiters, self._until_read = list(self._until_read), {}
        wake_in_batches(waiters)
        if self.failed is not None or self._is_behind or self._told != self._cursor:
            self.wake()

    def _fail(self, error: Exception) -> None:
        if self.failed is None:
            self.failed, self._failed_at = error, error.__traceback__
        self._table.forget(self)

    def _raise_failure(self) -> None:
        if self.failed is not None:
            # Many subscribers raise this error. Its traceback would keep the frames of all.
            raise self.failed.with_traceback(self._failed_at)

    # --- What the table calls, without waiting ---

    def holds(self, keys: Collection[Key]) -> bool:
        """Whether some subscriber may have a row with one of these keys."""
        return not self._held.isdisjoint(keys)

    def may_concern(self, keys: Collection[Key], matches: bool | None) -> bool:
        """Whether the list holds one of the keys, or one of their rows matches. With None that is not known."""
        # While rows are read, it is not known yet which keys the list holds.
        return matches is not False or self._lock.locked() or self.holds(keys)

    def push(self, keys: Collection[Key]) -> Sequence[asyncio.Future[None]]:
        """These keys have changed. Returns the subscribers to wake."""
        self._pending.update(keys)
        return self._take_waiters()

    def fail(self, error: Exception) -> None:
        """End the list with this error."""
        self._fail(error)
        self.wake()

    def wake(self) -> None:
        """Let the subscribers look again: the table was rewritten, its events have ended, or a read has."""
        wake_in_batches(self._take_waiters())

    def _take_waiters(self) -> Sequence[asyncio.Future[None]]:
        self._told = self._cursor
        waiters, self._until_change = list(self._until_change), {}
        return waiters

    # --- Reads, under the lock ---

    async def _reach(self, head: int) -> None:
        # It may have failed while this subscriber waited for the lock.
        self._raise_failure()
        await self._table.follow(self, head)
        if self._position is None:
            position, self._rewrites_known = self._table.position, self._rewrites.count
            # What was told before is in the rows that are read now.
            self._pending.clear()
            self._keep(await self._read_list(position, _LIST))
            self._position = position
        while self.failed is None and self._is_behind:
            await self._advance()
        self._raise_failure()
        self._position = self._table.position

    async def _advance(self) -> None:
        """Evaluate the keys that have changed, or a rewrite."""
        # Before the rows are read: what comes in the meantime is evaluated after this.
        rewrites, reached = self._rewrites.count, self._table.position
        keys, self._pending = self._pending, set()
        try:
            await self._apply(keys, reached, is_rewritten=rewrites != self._rewrites_known)
        except BaseException:
            # The subscriber that reads for all has left: another one does it.
            self._pending |= keys
            raise
        self._position, self._rewrites_known = reached, rewrites

    async def _apply(self, keys: Collection[Key], reached: int, *, is_rewritten: bool) -> None:
        if is_rewritten:
            change = await self._read_list(reached, self._cursor + 1)
            # All subscribers get this list.
            self._held = {self.projection.key_of(row) for row in change.upserted}
            self._keep(change)
        elif keys:
            rows = await self._matching(keys, reached)
            found = {self.projection.key_of(row) for row in rows}
            removed = [key for key in keys if key in self._held and key not in found]
            if rows or removed:
                if len(self._held | found) - len(removed) > self.most:
                    await self._read_list(reached, self._cursor)
                self._keep(RowChanges(reached, self._cursor + 1, rows, removed))
            self._held.difference_update(removed)
            self._held |= found

    def _keep(self, change: RowChanges[R]) -> None:
        self._changes.drop(_LIST)
        self._cursor = change.cursor
        self._changes.keep(change.cursor, change, memory_size(change))
        self._changes.drop(change.cursor - MAX_KEPT_CHANGES)

    async def _whole_list(self) -> RowChanges[R]:
        assert self._position is not None
        # After a rewrite the newest change is the whole list.
        for cursor in (self._cursor, _LIST):
            if (known := self._changes.get(cursor)) is not None and known.initial:
                return known
        change = await self._read_list(self._position, self._cursor)
        self._changes.keep(_LIST, change, memory_size(change))
        return change

    async def _read_list(self, position: int, cursor: int) -> RowChanges[R]:
        """The rows that match now, as the list at a position and a cursor. Raises `ListTooLong`."""
        table = self.projection.table
        query = select(table).where(*self._where(table.c)).limit(self.most + 1)
        rows = await self._fetch_rows(query, position)
        if len(rows) > self.most:
            raise ListTooLong(f"More than {self.most} rows match. Use a narrower filter, or raise `most`.")
        # A row may be newer than the position. It stays known until its fact is evaluated.
        self._held |= {self.projection.key_of(row) for row in rows}
        return RowChanges(position, cursor, rows, initial=True)

    async def _changes_since(self, after: int, position: int) -> RowChanges[R] | None:
        """What changed in (after, position]. A key has left if it matched at `after` or later, and does not match now.

        The rows that this list has read may be newer than `position`. A key that the client has, and that has left since, is
        in the history of the rows alone. Without a history the client gets the whole list.
        """
        if not self.projection.history or (self._rewrites.count and after <= self._rewrites.position):
            return await self._whole_list()
        if position - after > MAX_RESUMED_EVENTS or not await self._hold_matched_at(position):
            return await self._whole_list()
        if after >= position:
            return None
        keys = await self._table.keys_between(after, position)
        if keys is None:
            return await self._whole_list()
        rows = await self._matching(keys, position) if keys else []
        found = {self.projection.key_of(row) for row in rows}
        removed = await self._matched_since(keys - found, after, position)
        self._held |= found
        return RowChanges(position, self._cursor, rows, removed) if rows or removed else None

    async def _matching(self, keys: Collection[Key], position: int) -> Sequence[R]:
        """The rows of these keys that match now, at `position` or later."""
        # One event wakes many lists, and a statement takes 0.2 ms to build.
        await wait_for_turn()
        table = self.projection.table
        query = select(table).where(has_key(self.projection, table.c, keys), *self._where(table.c))
        return await self._fetch_rows(query, position)

    async def _hold_matched_at(self, position: int) -> bool:
        """Add the keys that matched at a position to `_held`, from the history of the rows. False if they are too many."""
        if self._completed_at == position:
            return True
        rows = rows_as_of(self.projection.history_table, position)
        query: Select[*tuple[Any, ...]] = (
            select(*(rows.c[name] for name in self.projection.key))
            .where(*self._where(rows.c))
            .limit(self.most + 1)
        )
        found = await self._fetch(query, position)
        if len(found) > self.most:
            return False
        self._held.update(tuple(record) for record in found)
        self._completed_at = position
        return True

    async def _matched_since(self, keys: Collection[Key], after: int, position: int) -> Sequence[Key]:
        """Those of these keys that matched at `after` or later, from the history of the rows at `position`."""
        if not keys:
            return []
        history = self.projection.history_table
        query = (
            select(*(history.c[name] for name in self.projection.key))
            .where(
                has_key(self.projection, history.c, keys),
                func.coalesce(history.c[VALID_TO] > literal(after), True),
                *self._where(history.c),
            )
            .distinct()
        )
        return [tuple(record) for record in await self._fetch(query, position)]

    async def _fetch_rows(self, query: Select[Any], position: int) -> Sequence[R]:
        return [self.projection.row_from_record(record) for record in await self._fetch(query, position)]

    async def _fetch(self, query: Select[Any], position: int) -> Sequence[asyncpg.Record]:
        """The records of a statement, at `position` or later. After a loss of rows it waits for them, and reads again."""
        while True:
            await self._table.wait_for_rows(self.owning, position)
            with suppress(RowsLost):
                return await self.database.fetch(query)
