"""Fills tables from the log in bulk, in one pass for all of them.

Rows are folded in bounded memory, and written by COPY. Rows and checkpoint are written in one transaction every few
seconds, so an interrupted load continues from there.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence, Set
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from app.engine.database.errors import is_data_error
from app.engine.projector.newer_events import NewerEvent, facts_before_newer_event
from app.engine.projector.parking.folding import Folded, fold, route
from app.engine.projector.parking.parked_keys import ParkedKeys
from app.engine.projector.table import RowChange
from app.engine.projector.writer import TableWriter
from app.engine.store.codec import EventCodec
from app.engine.store.reader import EventReader, Fact
from projections.kernel import Key

PAGE_SIZE = 2_000
MAX_ROWS = 50_000
"""Rows in memory, of all tables together. Past it they are written, and read again when needed."""
FLUSH_INTERVAL_SECONDS = 5.0
"""How much work an interruption can cost."""


class BulkLoad:
    """The load of one table, from its writer's position on.

    If the table is empty at first, rows that are not in memory do not exist. So they are not looked up.
    """

    def __init__(self, writer: TableWriter, codec: EventCodec) -> None:
        self.writer, self.projection, self.slot = writer, writer.projection, writer.slot
        self._codec = codec
        self.position = writer.position
        """The position up to which facts are folded; the writer has the position up to which they are written."""
        self.target_position = self.position
        self._rows: dict[Key, Any] = {}
        self._parked: ParkedKeys | None = None
        self._all_rows_in_memory = self.position == 0
        self._changed: set[Key] = set()
        self._changes: list[RowChange] = []
        self._stored: set[Key] = set()

    @property
    def size(self) -> int:
        """The number of rows in memory, with those of the history."""
        return len(self._rows) + len(self._changes)

    async def fold(self, facts: Sequence[Fact]) -> None:
        """Fold the facts after `position`, up to `target_position`. Raises `NewerEvent` if one of them is of newer code,
        after it has folded those before it."""
        if facts[0].position <= self.position or facts[-1].position > self.target_position:
            facts = [fact for fact in facts if self.position < fact.position <= self.target_position]
            if not facts:
                return
        if self._parked is None:
            await self.writer.load_parked()
            self._parked = self.writer.parked
        facts, newer = await facts_before_newer_event(
            self.writer.connection, self._codec, facts, self._parked
        )
        if facts:
            await self._fold(facts, self._parked)
        if newer is not None:
            raise newer

    async def _fold(self, facts: Sequence[Fact], parked: ParkedKeys) -> None:
        routed = route(facts, parked)
        await self._load(routed.keys - self._rows.keys())
        folded = fold(routed, self._rows)
        self._rows.update(folded.rows)
        self._changed.update(folded.rows)
        if self.writer.table.history is not None:
            self._changes += folded.changes
        self._parked = folded.parked
        self.position = facts[-1].position

    async def flush(self) -> None:
        """Write what has changed, and the checkpoint. Raises the error of a refused row: then `replay` has to follow."""
        if self.position == self.writer.position or self._parked is None:
            return
        rows = {key: self._rows[key] for key in self._changed}
        changed = Folded(rows=rows, changes=self._changes, keyed=(), parked=self._parked)
        await self.writer.write_bulk(changed, self._stored, self.position)
        self._parked = self.writer.parked
        self._stored.update(key for key, row in rows.items() if row is not None)
        self._stored.difference_update(key for key, row in rows.items() if row is None)
        self._forget_changes()

    def evict_rows(self) -> None:
        """Free the memory of the rows, which must be written."""
        assert not self._changed
        self._rows.clear()
        self._stored.clear()
        self._all_rows_in_memory = False

    async def replay(self, reader: EventReader, since: int, up_to: int) -> NewerEvent | None:
        """Fold and write the facts after `since` again, up to `up_to`, in small batches that park what PostgreSQL refuses.
        Returns the error to raise after the commit if it ends before an event of newer code."""
        self.writer.checkpoint.position, newer = since, None
        await self.writer.load_parked()
        while newer is None and self.writer.position < up_to:
            facts = await reader.read_all(self.writer.position, PAGE_SIZE, up_to=up_to)
            facts, newer = await facts_before_newer_event(
                self.writer.connection, self._codec, facts, self.writer.parked
            )
            if facts:
                await self.writer.write_isolating(facts, facts[-1].position)
            elif newer is None:
                raise ConnectionError(f"the log ends at position {self.writer.position} now, before {up_to}")
        self.position, self._parked = self.writer.position, self.writer.parked
        self._forget_changes()
        self.evict_rows()
        return newer

    async def create_indexes(self) -> None:
        """Make the indexes that are missing, which rows are loaded without, and the statistics of the planner."""
        connection, table = self.writer.connection, self.writer.table
        async with connection.transaction():
            await table.create_indexes(connection)
            for part in table.tables:
                await connection.execute(f'ANALYZE {part.schema}."{part.name}"')

    def _forget_changes(self) -> None:
        self._changed.clear()
        self._changes = []

    async def _load(self, keys: Set[Key]) -> None:
        if self._all_rows_in_memory:
            self._rows.update(dict.fromkeys(keys))
        elif keys:
            loaded = await self.writer.table.load(self.writer.connection, keys)
            self._rows.update(loaded)
            self._stored.update(key for key, row in loaded.items() if row is not None)


async def run_bulk_load(
    connection: asyncpg.Connection,
    reader: EventReader,
    loads: Sequence[BulkLoad],
    *,
    page: int = PAGE_SIZE,
    on_page: Callable[[], Awaitable[None]],
) -> None:
    """Bring every table to its `target_position`, in one pass over the log. `connection` is the one of all writers, and
    has no transaction. Raises `NewerEvent`; what precedes that event is written."""
    cursor, end = min(load.position for load in loads), max(load.target_position for load in loads)
    if cursor >= end:
        return
    next_page = asyncio.ensure_future(reader.read_all(cursor, page, up_to=end))
    flushed_at = time.monotonic()
    try:
        while cursor < end:
            facts = await next_page
            if not facts:
                break
            cursor = facts[-1].position
            if cursor < end:
                # The database looks up the next page while this one is folded.
                next_page = asyncio.ensure_future(reader.read_all(cursor, page, up_to=end))
                await asyncio.sleep(0)
            try:
                await _fold_page(connection, reader, loads, facts, next_page)
            except NewerEvent:
                await _flush(connection, reader, loads, next_page)
                raise
            is_full = sum(load.size for load in loads) > MAX_ROWS
            if is_full or time.monotonic() - flushed_at > FLUSH_INTERVAL_SECONDS:
                await _flush(connection, reader, loads, next_page)
                flushed_at = time.monotonic()
                for load in loads:
                    if is_full and load.size > MAX_ROWS / (2 * len(loads)):
                        load.evict_rows()
            await on_page()
        await _flush(connection, reader, loads, next_page)
    finally:
        next_page.cancel()
        await asyncio.gather(next_page, return_exceptions=True)


async def _fold_page(
    connection: asyncpg.Connection,
    reader: EventReader,
    loads: Sequence[BulkLoad],
    facts: Sequence[Fact],
    next_page: asyncio.Future[Sequence[Fact]],
) -> None:
    for load in loads:
        try:
            await load.fold(facts)
        except Exception as error:
            if not is_data_error(error):
                raise
            await _wait_until_read(next_page)
            up_to = min(load.target_position, facts[-1].position)
            async with _transaction(connection, [load]):
                newer = await load.replay(reader, load.writer.position, up_to)
            if newer is not None:
                raise newer from None


async def _flush(
    connection: asyncpg.Connection,
    reader: EventReader,
    loads: Sequence[BulkLoad],
    next_page: asyncio.Future[Sequence[Fact]],
) -> None:
    positions = [load.writer.position for load in loads]
    try:
        async with _transaction(connection, loads):
            for load in loads:
                await load.flush()
    except Exception as error:
        if not is_data_error(error):
            raise
        await _wait_until_read(next_page)
        async with _transaction(connection, loads):
            met = [
                await load.replay(reader, position, load.position)
                for load, position in zip(loads, positions, strict=True)
            ]
        for newer in met:
            if newer is not None:
                raise newer from None


@asynccontextmanager
async def _transaction(connection: asyncpg.Connection, loads: Sequence[BulkLoad]) -> AsyncGenerator[None]:
    """A transaction that moves the checkpoints of these loads."""
    async with connection.transaction():
        yield
    for load in loads:
        load.writer.note_commit()


async def _wait_until_read(next_page: asyncio.Future[Sequence[Fact]]) -> None:
    """Wait for the page that is read ahead. The reader of an operation has one connection, and a replay needs it."""
    await asyncio.wait((next_page,))
