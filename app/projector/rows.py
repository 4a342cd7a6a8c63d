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

from app.projector.arrays import ALL, filled, table_of
from app.projector.history import RowHistory, Step
from app.projector.park import is_refused, said
from app.projector.slots import LIVE, history_in, table_in
from projections.kernel import AnyProjection, Key

log = logging.getLogger(__name__)


@cache
def rows_of(projection: AnyProjection, slot: str = LIVE) -> "Rows":
    """The statements of the table in this slot, made once."""
    return Rows(projection, slot)


class Rows:
    """Reads and writes the rows of one projection's table. One statement each, whatever the number of rows: columns go as arrays."""

    def __init__(self, projection: AnyProjection, slot: str) -> None:
        self._projection = projection
        self.table = table = table_in(projection, slot)
        self._keys = [table.c[name] for name in projection.key]
        self._load = self.loading()
        self._write = self.writing()
        self._remove = self.removing()
        beside = history_in(projection, slot)
        self.history = None if beside is None else RowHistory(projection, beside)

    def loading(self) -> Select[Any]:
        """The rows of the keys in `all_<key>`."""
        return select(self.table).where(self._among(ALL))

    def writing(self, given: str = ALL, *where: ColumnElement[bool]) -> Insert:
        """Write the rows in `<given>_<column>`."""
        rows, columns = table_of(self.table.columns, given), self.table.columns
        insertion = insert(self.table).from_select(
            [each.name for each in columns],
            select(*(cast(rows.c[each.name], each.type) for each in columns)).where(*where),
        )
        others = {
            each.name: insertion.excluded[each.name]
            for each in columns
            if each.name not in self._projection.key
        }
        return insertion.on_conflict_do_update(index_elements=self._keys, set_=others)

    def removing(self, given: str = ALL, *where: ColumnElement[bool]) -> Delete:
        """Remove the rows of the keys in `<given>_<key>`."""
        return delete(self.table).where(self._among(given), *where)

    def _among(self, given: str) -> ColumnElement[bool]:
        wanted = table_of(self._keys, given)
        return tuple_(*self._keys).in_(select(*(wanted.c[key.name] for key in self._keys)))

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
        result = await connection.execute(
            self._load, filled(dict(zip(self._projection.key, key, strict=True)) for key in keys)
        )
        rows = [self._projection.read(each) for each in result.mappings()]
        return {self._projection.key_of(row): row for row in rows}

    async def write(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write each row that is one, remove each that is None. Raises `ValueError` for a row that is another key's."""
        kept, gone = self.columns(rows)
        if kept:
            await connection.execute(self._write, filled(kept))
        if gone:
            await connection.execute(self._remove, filled(gone))

    def columns(self, rows: Mapping[Key, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The columns of the rows to be written, and the keys of those to be removed. Raises `ValueError` for a row that is another key's."""
        self._check(rows)
        kept = [self._projection.write(row) for row in rows.values() if row is not None]
        return kept, [
            dict(zip(self._projection.key, key, strict=True)) for key, row in rows.items() if row is None
        ]

    async def copy(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> None:
        """Write rows that are new, in bulk. The connection has to be in a transaction."""
        self._check(rows)
        written = (self._projection.write(row) for row in rows.values())
        driver = typing.cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
        await driver.copy_records_to_table(
            self.table.name,
            schema_name=self.table.schema,
            columns=[each.name for each in self.table.columns],
            records=(tuple(row.values()) for row in written),
        )

    def steps(self) -> list[Step] | None:
        """A list to put in what rows become on the way; None where nobody asks for it."""
        return None if self.history is None else []

    async def remember(self, connection: AsyncConnection, steps: Sequence[Step]) -> None:
        """Keep what rows became on the way; but for what PostgreSQL refuses."""
        history = self.history
        if history is not None:
            for (key, position, _), problem in await sieve(
                connection, steps, lambda some: history.write(connection, some)
            ):
                log.warning(
                    "the history of %s leaves out the row %s at position %d: %s",
                    self.table.name,
                    key,
                    position,
                    said(problem).splitlines()[0],
                )

    def _check(self, rows: Mapping[Key, Any]) -> None:
        for key, row in rows.items():
            if row is not None and self._projection.key_of(row) != key:
                raise ValueError(f"the fold of key {key} gave the row of {self._projection.key_of(row)}")


async def sieve[T](
    connection: AsyncConnection, items: Sequence[T], attempt: Callable[[Sequence[T]], Awaitable[None]]
) -> list[tuple[T, Exception]]:
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
        return [
            *await sieve(connection, items[:middle], attempt),
            *await sieve(connection, items[middle:], attempt),
        ]
    return []
