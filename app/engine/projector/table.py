"""The statements of a projection's table, made once from its columns: load the rows of many keys, write and remove many rows."""

import logging
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import ColumnElement, Delete, Select, Table, cast, delete, select, tuple_
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateTable

from app.engine.database.arrays import ALL, array_parameters, unnest_table
from app.engine.projector.parking.parked_keys import error_summary, is_data_error
from app.engine.projector.row_history import RowChange, RowHistory
from app.engine.projector.slots import LIVE, history_in, table_in
from projections.kernel import AnyProjection, Key

log = logging.getLogger(__name__)


@cache
def table_statements(projection: AnyProjection, slot: str = LIVE) -> "TableStatements":
    """The statements of the table in this slot, made once."""
    return TableStatements(projection, slot)


class TableStatements:
    """Reads and writes the rows of one projection's table. One statement each, whatever the number of rows: columns go as arrays."""

    def __init__(self, projection: AnyProjection, slot: str) -> None:
        self._projection = projection
        self.table = table = table_in(projection, slot)
        self._keys = [table.c[name] for name in projection.key]
        self._load = self.select_by_keys()
        self._write = self.upsert()
        self._remove = self.delete()
        beside = history_in(projection, slot)
        self.history = None if beside is None else RowHistory(projection, beside)

    def select_by_keys(self) -> Select[Any]:
        """The rows of the keys in `all_<key>`."""
        return select(self.table).where(self._key_in(ALL))

    def upsert(self, given: str = ALL, *where: ColumnElement[bool]) -> Insert:
        """Write the rows in `<given>_<column>`."""
        rows, columns = unnest_table(self.table.columns, given), self.table.columns
        insertion = insert(self.table).from_select(
            [column.name for column in columns],
            select(*(cast(rows.c[column.name], column.type) for column in columns)).where(*where),
        )
        others = {
            column.name: insertion.excluded[column.name]
            for column in columns
            if column.name not in self._projection.key
        }
        return insertion.on_conflict_do_update(index_elements=self._keys, set_=others)

    def delete(self, given: str = ALL, *where: ColumnElement[bool]) -> Delete:
        """Remove the rows of the keys in `<given>_<key>`."""
        return delete(self.table).where(self._key_in(given), *where)

    def _key_in(self, given: str) -> ColumnElement[bool]:
        wanted = unnest_table(self._keys, given)
        return tuple_(*self._keys).in_(select(*(wanted.c[key.name] for key in self._keys)))

    async def create_table(self, connection: AsyncConnection) -> None:
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
        result = await connection.execute(
            self._load, array_parameters(dict(zip(self._projection.key, key, strict=True)) for key in keys)
        )
        rows = [self._projection.row_from_mapping(record) for record in result.mappings()]
        return {self._projection.key_of(row): row for row in rows}

    async def write(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write each row that is one, remove each that is None. Raises `ValueError` for a row that is another key's."""
        kept, gone = self.columns(rows)
        if kept:
            await connection.execute(self._write, array_parameters(kept))
        if gone:
            await connection.execute(self._remove, array_parameters(gone))

    def columns(self, rows: Mapping[Key, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The columns of the rows to be written, and the keys of those to be removed. Raises `ValueError` for a row that is another key's."""
        self._check(rows)
        kept = [self._projection.columns_of(row) for row in rows.values() if row is not None]
        return kept, [
            dict(zip(self._projection.key, key, strict=True)) for key, row in rows.items() if row is None
        ]

    async def copy(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write rows that are new, in bulk. The connection has to be in a transaction."""
        self._check(rows)
        written = (self._projection.columns_of(row) for row in rows.values())
        driver = typing.cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
        await driver.copy_records_to_table(
            self.table.name,
            schema_name=self.table.schema,
            columns=[column.name for column in self.table.columns],
            records=(tuple(row.values()) for row in written),
        )

    def new_history(self) -> list[RowChange] | None:
        """A list to put in what rows become on the way; None where nobody asks for it."""
        return None if self.history is None else []

    async def write_history(self, connection: AsyncConnection, steps: Sequence[RowChange]) -> None:
        """Keep what rows became on the way; but for what PostgreSQL refuses."""
        history = self.history
        if history is not None:
            for (key, position, _), problem in await bisect_failures(
                connection, steps, lambda some: history.write(connection, some)
            ):
                log.warning(
                    "the history of %s leaves out the row %s at position %d: %s",
                    self.table.name,
                    key,
                    position,
                    error_summary(problem).splitlines()[0],
                )

    def _check(self, rows: Mapping[Key, Any]) -> None:
        for key, row in rows.items():
            if row is not None and self._projection.key_of(row) != key:
                raise ValueError(f"the fold of key {key} gave the row of {self._projection.key_of(row)}")


async def bisect_failures[T](
    connection: AsyncConnection, items: Sequence[T], attempt: Callable[[Sequence[T]], Awaitable[None]]
) -> list[tuple[T, Exception]]:
    """Attempt all items at once and, where they are refused, ever smaller halves: what can be done is done, the rest is returned."""
    if not items:
        return []
    try:
        async with connection.begin_nested():
            await attempt(items)
    except Exception as error:
        if not is_data_error(error):
            raise
        if len(items) == 1:
            return [(items[0], error)]
        middle = len(items) // 2
        return [
            *await bisect_failures(connection, items[:middle], attempt),
            *await bisect_failures(connection, items[middle:], attempt),
        ]
    return []
