"""The statements of a projection's table, made once from its columns: load the rows of many keys, write and remove many rows."""

import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy import ARRAY, Text, bindparam, cast, column, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from app.projector.park import is_refused
from app.projector.slots import LIVE, table_in
from projections.kernel import AnyProjection, Key


class Rows:
    """Reads and writes the rows of one projection's table. One statement each, whatever the number of rows: columns go as arrays."""

    def __init__(self, projection: AnyProjection, slot: str = LIVE) -> None:
        self._projection = projection
        self.table = table = table_in(projection, slot)
        keys = [table.c[name] for name in projection.key]
        wanted = _arrays(keys)
        self._load = select(table).where(tuple_(*keys).in_(select(*(wanted.c[key.name] for key in keys))))
        self._remove = delete(table).where(tuple_(*keys).in_(select(*(wanted.c[key.name] for key in keys))))
        given = _arrays(table.columns)
        written = insert(table).from_select(
            [each.name for each in table.columns], select(*(cast(given.c[each.name], each.type) for each in table.columns))
        )
        others = {each.name: written.excluded[each.name] for each in table.columns if each.name not in projection.key}
        self._write = written.on_conflict_do_update(index_elements=keys, set_=others)

    async def create(self, connection: AsyncConnection) -> None:
        """Make the table where it is missing."""
        await self.create_bare(connection)
        await self.create_indexes(connection)

    async def create_bare(self, connection: AsyncConnection) -> None:
        """Make the table where it is missing, without the indexes that are not its key."""
        await connection.execute(CreateTable(self.table, if_not_exists=True))

    async def create_indexes(self, connection: AsyncConnection) -> None:
        """Make the indexes that are missing."""
        for index in sorted(self.table.indexes, key=lambda each: str(each.name)):
            await connection.execute(CreateIndex(index, if_not_exists=True))

    async def load(self, connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Any]:
        """The rows that exist, by key."""
        result = await connection.execute(self._load, self._columns(dict(zip(self._projection.key, key, strict=True)) for key in keys))
        rows = [self._projection.read(each) for each in result.mappings()]
        return {self._projection.key_of(row): row for row in rows}

    async def write(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write each row that is one, remove each that is None. Raises `ValueError` for a row that is another key's."""
        self._check(rows)
        kept = [self._projection.write(row) for row in rows.values() if row is not None]
        gone = [dict(zip(self._projection.key, key, strict=True)) for key, row in rows.items() if row is None]
        if kept:
            await connection.execute(self._write, self._columns(kept))
        if gone:
            await connection.execute(self._remove, self._columns(gone))

    async def copy(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write rows that are new, in bulk. The connection has to be in a transaction."""
        self._check(rows)
        written = (self._projection.write(row) for row in rows.values())
        driver = typing.cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
        await driver.copy_records_to_table(
            self.table.name, schema_name=self.table.schema, columns=[each.name for each in self.table.columns],
            records=(tuple(row.values()) for row in written),
        )

    def _check(self, rows: Mapping[Key, Any]) -> None:
        for key, row in rows.items():
            if row is not None and self._projection.key_of(row) != key:
                raise ValueError(f"the fold of key {key} gave the row of {self._projection.key_of(row)}")

    def _columns(self, rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        for row in rows:
            for name, value in row.items():
                columns.setdefault(f"all_{name}", []).append(value)
        return columns


def _arrays(parts: Iterable[Any]) -> Any:
    """The columns as one derived table, each filled from an array parameter named all_<column>; jsonb comes as text."""
    parts = list(parts)
    types = {each.name: ARRAY(Text() if isinstance(each.type, JSONB) else each.type, dimensions=1) for each in parts}
    arrays = [cast(bindparam(f"all_{name}", type_=kind), kind) for name, kind in types.items()]
    columns = [column(name, kind.item_type) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name="given").render_derived()


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
