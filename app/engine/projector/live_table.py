"""Which live lists an event concerns: each batch of events is looked at once, for all lists of a projection.

A thousand customers follow a thousand lists, and an event is of one of them. So the lists do not follow the feed. The filter
of a list may ask for the value of a column (`column = value`). Such a list is told of a key if the row has that value now,
or if the list holds the key. Other lists are told of every key. Each list then reads the rows with its whole filter.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol
from uuid import UUID
from weakref import WeakSet

from sqlalchemy import BinaryExpression, BindParameter, Column, ColumnElement, and_, or_, select
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeDecorator

from app.engine.database.connections import Database, RowsLost
from app.engine.projector.parking.folding import route
from app.engine.projector.parking.parked_keys import ParkedKeys
from app.engine.projector.projector import ProjectionStale, Projector
from app.engine.read_models.queries import Columns, is_one_of
from app.engine.store.feed import Feed, LogReplaced
from app.engine.store.interests import WAKE_BATCH_SIZE
from app.engine.store.reader import Fact
from projections.kernel import AnyProjection, Key

BATCH_SIZE = 1_000
_COMPARABLE = (UUID, str, int, date)
"""Types of values that are equal in Python if they are equal in SQL."""

type Values = Mapping[str, Collection[object]]
"""The values that rows have, by column."""


class Follower(Protocol):
    """A list that follows a table."""

    equalities: Mapping[str, object]

    def may_concern(self, keys: Collection[Key], values: Values | None) -> bool:
        """Whether the list holds one of the keys, or a row with these values can match. Without values: perhaps."""
        ...

    def push(self, keys: Collection[Key]) -> None:
        """These keys have changed."""
        ...

    def wake(self) -> None:
        """The table was rewritten, or its events have ended."""
        ...

    def fail(self, error: Exception) -> None: ...


class LiveTable:
    """Follows the feed for all lists of a projection, in one epoch of the log, as long as there is one."""

    def __init__(
        self, database: Database, feed: Feed, projector: Projector, projection: AnyProjection, timeout: float
    ) -> None:
        self._database, self._feed, self._projector = database, feed, projector
        self._projection = projection
        self._timeout = timeout
        self._epoch = feed.epoch
        self._rewrites = projector.workers[projection.name].rewrites
        self._lists: WeakSet[Follower] = WeakSet()
        self._task: asyncio.Task[None] | None = None
        self._moved: list[asyncio.Future[None]] = []
        self.position = 0
        """The lists know of all events up to this one."""
        self.closed = False
        """Whether the feed has closed."""

    async def follow(self, rows: Follower, head: int) -> None:
        """Tell a list of all keys that change from now on. Returns when `position` is `head` or more, or when the list has
        failed. Raises `LogReplaced`."""
        await self._feed.wait_past(head - 1, epoch=self._epoch)
        self._lists.add(rows)
        if self._task is None:
            self.position = max(self.position, head)
            self._task = asyncio.create_task(self._run())
        while self.position < head and self._task is not None:
            moved = asyncio.get_running_loop().create_future()
            self._moved.append(moved)
            await moved

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
                keys = keys_of(self._projection, facts)
                values = await self._values(keys, reached) if keys else None
                # From here on no other task runs: a list that begins to read now is told of what follows `position`.
                self.position = reached
                for rows in list(self._lists):
                    if keys and rows.may_concern(keys, values):
                        rows.push(keys)
                    elif rewrites != known_rewrites:
                        rows.wake()
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

    async def _values(self, keys: Collection[Key], reached: int) -> Values | None:
        """What the rows of these keys have in the columns that lists ask for. None if that is not known."""
        columns = self._projection.table.c
        names = sorted({name for rows in self._lists for name in rows.equalities})
        if not names:
            return None
        try:
            await self._projector.wait_for_position(self._projection.name, reached, self._timeout)
        except ProjectionStale:
            # The lists wait, too, and tell their subscribers.
            return None
        query = select(*(columns[name] for name in names)).where(has_key(self._projection, columns, keys))
        try:
            records = await self._database.fetch(query)
        except RowsLost:
            return None
        return {name: {record[name] for record in records} for name in names}


def equalities_of(conditions: Iterable[ColumnElement[Any]]) -> Mapping[str, object]:
    """The columns that must have one value for the conditions to hold, as far as Python can compare as SQL does."""
    found: dict[str, object] = {}
    for condition in conditions:
        if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
            continue
        column, value = condition.left, condition.right
        if (
            isinstance(column, Column)
            and isinstance(value, BindParameter)
            and isinstance(value.value, _COMPARABLE)
            and not isinstance(column.type, TypeDecorator)
            and getattr(column.type, "collation", None) is None
        ):
            found[column.name] = value.value
    return found


def keys_of(projection: AnyProjection, facts: Sequence[Fact]) -> set[Key]:
    """The keys of the rows that facts concern, also of rows that are parked."""
    return set(route(facts, ParkedKeys(projection=projection)).keys)


def has_key(projection: AnyProjection, columns: Columns, keys: Collection[Key]) -> ColumnElement[bool]:
    """Whether a row has one of these keys."""
    names = projection.key
    if len(names) == 1:
        return is_one_of(columns[names[0]], [key[0] for key in keys])
    return or_(
        *(and_(*(columns[name] == part for name, part in zip(names, key, strict=True))) for key in keys)
    )


def wake_in_batches(waiters: Sequence[asyncio.Future[None]]) -> None:
    """Wake some tasks in each cycle of the event loop, as the feed does."""
    for waiter in waiters[:WAKE_BATCH_SIZE]:
        if not waiter.done():
            waiter.set_result(None)
    if rest := waiters[WAKE_BATCH_SIZE:]:
        asyncio.get_running_loop().call_soon(wake_in_batches, rest)
