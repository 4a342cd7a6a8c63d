"""The statements of a projection's table, made once from its columns: load the rows of many keys, write and remove many rows."""

import logging
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import Table, cast, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from app.projector.arrays import filled, table_of
from app.projector.history import RowHistory, Step
from app.projector.park import is_refused, said
from app.projector.slots import LIVE, history_in, table_in
from projections.kernel import AnyProjection, Key

log = logging.getLogger(__name__)


class Rows:
    """Reads and writes the rows of one projection's table. One statement each, whatever the number of rows: columns go as arrays."""

    def __init__(self, projection: AnyProjection, slot: str = LIVE) -> None:
        self._projection = projection
        self.table = table = table_in(projection, slot)
        keys = [table.c[name] for name in projection.key]
        wanted = table_of(keys)
        self._load = select(table).where(tuple_(*keys).in_(select(*(wanted.c[key.name] for key in keys))))
        self._remove = delete(table).where(tuple_(*keys).in_(select(*(wanted.c[key.name] for key in keys))))
        given = table_of(table.columns)
        written = insert(table).from_select(
            [each.name for each in table.columns], select(*(cast(given.c[each.name], each.type) for each in table.columns))
        )
        others = {each.name: written.excluded[each.name] for each in table.columns if each.name not in projection.key}
        self._write = written.on_conflict_do_update(index_elements=keys, set_=others)
        beside = history_in(projection, slot)
        self.history = None if beside is None else RowHistory(projection, beside)

    async def create(self, connection: AsyncConnection) -> None:
        """Make the table where it is missing."""
        await self.create_bare(connection)
        await self.create_indexes(connection)

    async def create_bare(self, connection: AsyncConnection) -> None:
        """Make the table where it is missing, and its history, without the indexes that are not keys."""
        for table in self.tables:
            await connection.execute(CreateTable(table, if_not_exists=True))

    async def create_indexes(self, connection: AsyncConnection) -> None:
        """Make the indexes that are missing."""
        for table in self.tables:
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                await connection.execute(CreateIndex(index, if_not_exists=True))

    @property
    def tables(self) -> Sequence[Table]:
        """The table, and its history where it has one."""
        return [self.table] if self.history is None else [self.table, self.history.table]

    async def load(self, connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Any]:
        """The rows that exist, by key."""
        result = await connection.execute(self._load, filled(dict(zip(self._projection.key, key, strict=True)) for key in keys))
        rows = [self._projection.read(each) for each in result.mappings()]
        return {self._projection.key_of(row): row for row in rows}

    async def write(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write each row that is one, remove each that is None. Raises `ValueError` for a row that is another key's."""
        self._check(rows)
        kept = [self._projection.write(row) for row in rows.values() if row is not None]
        gone = [dict(zip(self._projection.key, key, strict=True)) for key, row in rows.items() if row is None]
        if kept:
            await connection.execute(self._write, filled(kept))
        if gone:
            await connection.execute(self._remove, filled(gone))

    async def copy(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write rows that are new, in bulk. The connection has to be in a transaction."""
        self._check(rows)
        written = (self._projection.write(row) for row in rows.values())
        driver = typing.cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
        await driver.copy_records_to_table(
            self.table.name, schema_name=self.table.schema, columns=[each.name for each in self.table.columns],
            records=(tuple(row.values()) for row in written),
        )

    def steps(self) -> list[Step] | None:
        """A list to put in what rows become on the way; None where nobody asks for it."""
        return None if self.history is None else []

    async def remember(self, connection: AsyncConnection, steps: Sequence[Step]) -> None:
        """Keep what rows became on the way; but for what PostgreSQL refuses."""
        history = self.history
        if history is not None:
            for (key, position, _), problem in await sieve(connection, steps, lambda some: history.write(connection, some)):
                log.warning("the history of %s leaves out the row %s at position %d: %s", self.table.name, key, position, said(problem).splitlines()[0])

    def _check(self, rows: Mapping[Key, Any]) -> None:
        for key, row in rows.items():
            if row is not None and self._projection.key_of(row) != key:
                raise ValueError(f"the fold of key {key} gave the row of {self._projection.key_of(row)}")


async def sieve[T](connection: AsyncConnection, items: Sequence[T], attempt: Callable[[Sequence[T]], Awaitable[None]]) -> list[tuple[T, Exception]]:
    """Attempt all items at once and, where they are refused, ever smaller halves: what can be done is done, the rest is returned."""
    if not items:
        return []
    try:
        async with connection.begin_nested():
            await attempt(items)
    except Exception as problem:
        if not is_refused(problem):
            raise
        if len(items) == 1:
            return [(items[0], problem)]
        middle = len(items) // 2
        return [*await sieve(connection, items[:middle], attempt), *await sieve(connection, items[middle:], attempt)]
    return []
