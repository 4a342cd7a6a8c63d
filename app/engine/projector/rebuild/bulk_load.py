"""Fills tables from the log in bulk: one pass for all of them, rows folded in memory within a bound, and written by COPY.

Rows and checkpoint are written in one transaction every few seconds, so that whoever is interrupted goes on from there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.projector.parking.parked_keys import ParkedKeys, is_data_error
from app.engine.projector.row_history import RowChange
from app.engine.projector.table import table_statements
from app.engine.projector.writer import LeaseLost, TableWriter
from app.engine.store.reader import EventReader, Fact
from projections.kernel import AnyProjection, Key

PAGE_SIZE = 2_000
MAX_ROWS = 50_000
"""How many rows of all the tables together are kept in memory; past it they are written, and read again when needed."""
FLUSH_INTERVAL_SECONDS = 5.0
"""How much work an interruption can cost."""
CHUNK_SIZE = 10_000


class Moved(Exception):
    """Somebody else has moved the checkpoint."""


class BulkLoad:
    """One table that is being filled, from `position` on. Where nothing was ever folded into it, rows that are not in memory are not there at all."""

    def __init__(self, projection: AnyProjection, slot: str, position: int, build: int) -> None:
        self.projection = projection
        self.slot = slot
        self.position = position
        self.target_position = position
        """Where to stop."""
        self.rows: dict[Key, Any] = {}
        self.table = table_statements(projection, slot)
        self.written = position
        """What is committed, or will be with the transaction under way."""
        self.aside = ParkedKeys(projection, slot)
        self._loaded = False
        self._build = build
        self._all_rows_in_memory = position == 0
        self._changed: set[Key] = set()
        self._steps: list[RowChange] = []
        self._stored: set[Key] = set()

    async def fold(self, connection: AsyncConnection, facts: Sequence[Fact]) -> None:
        """Fold those of the facts that lie between `position` and `up_to`."""
        if facts[0].position <= self.position or facts[-1].position > self.target_position:
            facts = [fact for fact in facts if self.position < fact.position <= self.target_position]
            if not facts:
                return
        if not self._loaded:
            await self.aside.load(connection)
            self._loaded = True
        while True:
            concerned, wanted = self.aside.route(facts)
            unknown = wanted.difference(self.rows)
            if self._all_rows_in_memory:
                self.rows.update(dict.fromkeys(unknown))
            else:
                await self._load(connection, unknown)
            before = {key: self.rows[key] for key in wanted}
            steps = self.table.new_history()
            if self.aside.fold_batch(concerned, self.rows, steps):
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
        for first in range(0, len(old), CHUNK_SIZE):
            await self.table.write(connection, {key: changed[key] for key in old[first : first + CHUNK_SIZE]})
        self._stored.update(new)
        self._stored.difference_update(key for key in old if changed[key] is None)
        self._changed.clear()
        self.written = self.position

    @property
    def size(self) -> int:
        """How many rows are kept in memory, those of the history among them."""
        return len(self.rows) + len(self._steps)

    def evict_rows(self) -> None:
        """Let go of every row in memory; they have to be written."""
        assert not self._changed
        self.rows.clear()
        self._stored.clear()
        self._all_rows_in_memory = False

    async def replay_isolating_failures(
        self, connection: AsyncConnection, reader: EventReader, since: int
    ) -> None:
        """Take what was folded after `since`, and refused when it was written, in once more: in small batches, whose keys
        and rows are parked where they are refused. The caller commits."""
        seat = TableWriter(self.projection, self.slot, connection, since, self._build)
        await seat.parked.load(connection)
        try:
            while seat.position < self.position:
                facts = await reader.read_all(seat.position, PAGE_SIZE, up_to=self.position)
                await seat.write_batch_isolating_failures(facts, facts[-1].position)
        except LeaseLost as error:
            raise Moved(str(error)) from error
        self.aside, self.written = seat.parked, seat.position
        self._changed.clear()
        self._steps.clear()
        self.evict_rows()

    async def _load(self, connection: AsyncConnection, unknown: set[Key]) -> None:
        if not unknown:
            return
        found = await self.table.load(connection, list(unknown))
        for key in unknown:
            self.rows[key] = found.get(key)
        self._stored.update(found)


async def run_bulk_load(
    connection: AsyncConnection,
    reader: EventReader,
    tables: Sequence[BulkLoad],
    *,
    page: int = PAGE_SIZE,
    moved: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Bring every table to its `up_to`, in one pass over the log; `moved` is called after each page. What is written is committed."""
    cursor, end = min(table.position for table in tables), max(table.target_position for table in tables)
    if cursor >= end:
        return
    ahead = asyncio.ensure_future(reader.read_all(cursor, page, up_to=end))
    flushed_position = time.monotonic()
    try:
        while cursor < end:
            facts = await ahead
            if not facts:
                break
            cursor = facts[-1].position
            if cursor < end:
                # The database looks up the next page while this one is folded.
                ahead = asyncio.ensure_future(reader.read_all(cursor, page, up_to=end))
                await asyncio.sleep(0)
            await _take(connection, reader, tables, facts)
            full = sum(table.size for table in tables) > MAX_ROWS
            if full or time.monotonic() - flushed_position > FLUSH_INTERVAL_SECONDS:
                await _write(connection, reader, tables)
                flushed_position = time.monotonic()
                for each in tables:
                    if full and len(each.rows) > MAX_ROWS / (2 * len(tables)):
                        each.evict_rows()
            if moved is not None:
                await moved()
        await _write(connection, reader, tables)
    finally:
        ahead.cancel()
        await asyncio.gather(ahead, return_exceptions=True)


async def _take(
    connection: AsyncConnection, reader: EventReader, tables: Sequence[BulkLoad], facts: Sequence[Fact]
) -> None:
    for table in tables:
        try:
            await table.fold(connection, facts)
        except Exception as error:
            if not is_data_error(error):
                raise
            await connection.rollback()
            table.position = min(table.target_position, facts[-1].position)
            await table.replay_isolating_failures(connection, reader, table.written)
            await connection.commit()


async def _write(connection: AsyncConnection, reader: EventReader, tables: Sequence[BulkLoad]) -> None:
    since = [table.written for table in tables]
    try:
        for table in tables:
            await table.flush(connection)
    except Exception as error:
        if not is_data_error(error):
            raise
        await connection.rollback()
        for table, position in zip(tables, since, strict=True):
            await table.replay_isolating_failures(connection, reader, position)
    await connection.commit()


_MOVE = text(
    "UPDATE es.checkpoints SET position = :to, moved_at = clock_timestamp()"
    " WHERE projection = :name AND version = :version AND slot = :slot AND build = :build AND position = :at"
)
