"""Fills tables from the log in bulk: one pass for all of them, rows folded in memory within a bound, and written by COPY.

Rows and checkpoint are written in one transaction every few seconds, so that whoever is interrupted goes on from there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.projector.history import Step
from app.projector.park import Aside, is_refused
from app.projector.rows import rows_of
from app.projector.seat import Fenced, Seat
from app.store.read import Fact, Reader
from projections.kernel import AnyProjection, Key

PAGE = 2_000
MOST_ROWS = 50_000
"""How many rows of all the tables together are kept in memory; past it they are written, and read again when needed."""
SECONDS = 5.0
"""How much work an interruption can cost."""
CHUNK = 10_000


class Moved(Exception):
    """Somebody else has moved the checkpoint."""


class Filling:
    """One table that is being filled, from `position` on. Where nothing was ever folded into it, rows that are not in memory are not there at all."""

    def __init__(self, projection: AnyProjection, slot: str, position: int, build: int) -> None:
        self.projection = projection
        self.slot = slot
        self.position = position
        self.up_to = position
        """Where to stop."""
        self.rows: dict[Key, Any] = {}
        self.table = rows_of(projection, slot)
        self.written = position
        """What is committed, or will be with the transaction under way."""
        self.aside = Aside(projection, slot)
        self._loaded = False
        self._build = build
        self._whole = position == 0
        self._changed: set[Key] = set()
        self._steps: list[Step] = []
        self._stored: set[Key] = set()

    async def take(self, connection: AsyncConnection, facts: Sequence[Fact]) -> None:
        """Fold those of the facts that lie between `position` and `up_to`."""
        if facts[0].position <= self.position or facts[-1].position > self.up_to:
            facts = [fact for fact in facts if self.position < fact.position <= self.up_to]
            if not facts:
                return
        if not self._loaded:
            await self.aside.load(connection)
            self._loaded = True
        while True:
            concerned, wanted = self.aside.sort(facts)
            unknown = wanted.difference(self.rows)
            if self._whole:
                self.rows.update(dict.fromkeys(unknown))
            else:
                await self._load(connection, unknown)
            before = {key: self.rows[key] for key in wanted}
            steps = self.table.steps()
            if self.aside.fold(concerned, self.rows, steps):
                break
            self.rows.update(before)
        self._steps += steps or ()
        self._changed.update(wanted)
        self.position = facts[-1].position

    async def flush(self, connection: AsyncConnection) -> None:
        """Write what has changed, and the checkpoint; the caller commits."""
        if self.position == self.written:
            return
        # First, so that the COPY finds a transaction.
        moved = await connection.execute(
            _MOVE,
            {
                "to": self.position,
                "at": self.written,
                "build": self._build,
                "name": self.projection.name,
                "version": self.projection.version,
                "slot": self.slot,
            },
        )
        if moved.rowcount != 1:
            raise Moved(
                f"{self.projection.name} v{self.projection.version}: another process has moved the {self.slot} table"
            )
        await self.aside.save(connection)
        changed = {key: self.rows[key] for key in self._changed}
        new = {key: row for key, row in changed.items() if row is not None and key not in self._stored}
        old = [key for key in changed if key in self._stored]
        if self._steps and self.table.history is not None:
            await self.table.history.copy(connection, self._steps, self._stored)
            self._steps = []
        if new:
            await self.table.copy(connection, new)
        for first in range(0, len(old), CHUNK):
            await self.table.write(connection, {key: changed[key] for key in old[first : first + CHUNK]})
        self._stored.update(new)
        self._stored.difference_update(key for key in old if changed[key] is None)
        self._changed.clear()
        self.written = self.position

    @property
    def size(self) -> int:
        """How many rows are kept in memory, those of the history among them."""
        return len(self.rows) + len(self._steps)

    def forget(self) -> None:
        """Let go of every row in memory; they have to be written."""
        assert not self._changed
        self.rows.clear()
        self._stored.clear()
        self._whole = False

    async def again(self, connection: AsyncConnection, reader: Reader, since: int) -> None:
        """Take what was folded after `since`, and refused when it was written, in once more: in small batches, whose keys
        and rows are parked where they are refused. The caller commits."""
        seat = Seat(self.projection, self.slot, connection, since, self._build)
        await seat.aside.load(connection)
        try:
            while seat.position < self.position:
                facts = await reader.log(seat.position, PAGE, up_to=self.position)
                await seat.sift(facts, facts[-1].position)
        except Fenced as problem:
            raise Moved(str(problem)) from problem
        self.aside, self.written = seat.aside, seat.position
        self._changed.clear()
        self._steps.clear()
        self.forget()

    async def _load(self, connection: AsyncConnection, unknown: set[Key]) -> None:
        if not unknown:
            return
        found = await self.table.load(connection, list(unknown))
        for key in unknown:
            self.rows[key] = found.get(key)
        self._stored.update(found)


async def fill(
    connection: AsyncConnection,
    reader: Reader,
    tables: Sequence[Filling],
    *,
    page: int = PAGE,
    moved: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Bring every table to its `up_to`, in one pass over the log; `moved` is called after each page. What is written is committed."""
    cursor, end = min(each.position for each in tables), max(each.up_to for each in tables)
    if cursor >= end:
        return
    ahead = asyncio.ensure_future(reader.log(cursor, page, up_to=end))
    written = time.monotonic()
    try:
        while cursor < end:
            facts = await ahead
            if not facts:
                break
            cursor = facts[-1].position
            if cursor < end:
                # The database looks up the next page while this one is folded.
                ahead = asyncio.ensure_future(reader.log(cursor, page, up_to=end))
                await asyncio.sleep(0)
            await _take(connection, reader, tables, facts)
            full = sum(each.size for each in tables) > MOST_ROWS
            if full or time.monotonic() - written > SECONDS:
                await _write(connection, reader, tables)
                written = time.monotonic()
                for each in tables:
                    if full and len(each.rows) > MOST_ROWS / (2 * len(tables)):
                        each.forget()
            if moved is not None:
                await moved()
        await _write(connection, reader, tables)
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


async def _take(
    connection: AsyncConnection, reader: Reader, tables: Sequence[Filling], facts: Sequence[Fact]
) -> None:
    for each in tables:
        try:
            await each.take(connection, facts)
        except Exception as problem:
            if not is_refused(problem):
                raise
            await connection.rollback()
            each.position = min(each.up_to, facts[-1].position)
            await each.again(connection, reader, each.written)
            await connection.commit()


async def _write(connection: AsyncConnection, reader: Reader, tables: Sequence[Filling]) -> None:
    since = [each.written for each in tables]
    try:
        for each in tables:
            await each.flush(connection)
    except Exception as problem:
        if not is_refused(problem):
            raise
        await connection.rollback()
        for each, position in zip(tables, since, strict=True):
            await each.again(connection, reader, position)
    await connection.commit()


_MOVE = text(
    "UPDATE es.checkpoints SET position = :to, moved_at = clock_timestamp()"
    " WHERE projection = :name AND version = :version AND slot = :slot AND build = :build AND position = :at"
)
