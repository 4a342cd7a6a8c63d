"""Row history: what each row of a table was after each fact, kept beside it where the projection asks for it.

A row is valid from the position of the fact that made it, and ends where the next fact of its key changed it. A row that
PostgreSQL refuses is not kept; the one before it then lasts until the next.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, cast

import asyncpg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    Update,
    and_,
    bindparam,
    column,
    delete,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.database.arrays import ALL, array_parameters, unnest_table
from projections.kernel import VALID_FROM, VALID_TO, AnyProjection, Key

log = logging.getLogger(__name__)

CHUNK_SIZE = 10_000

type RowChange = tuple[Key, int, Any]
"""A key, the position of a fact, and the row after it: None for no row."""


class RowHistory:
    """Writes the history beside one table. Its statements take any number of rows."""

    def __init__(self, projection: AnyProjection, table: Table) -> None:
        self.table = table
        self._projection = projection
        self._keys = keys = [table.c[name] for name in projection.key]
        self._end = self.close_rows()
        self._add = self.insert_rows()
        wanted = unnest_table(keys)
        concerned = tuple_(*keys).in_(select(*(wanted.c[key.name] for key in keys)))
        since = bindparam("since", type_=BigInteger)
        self._remove = delete(table).where(concerned, table.c[VALID_FROM] >= since)
        self._reopen = (
            update(table).values({VALID_TO: None}).where(and_(concerned, table.c[VALID_TO] >= since))
        )

    def close_rows(self, given: str = ALL, *where: ColumnElement[bool]) -> Update:
        """End the open row of each key in `<given>_<key>` at the position in `<given>_at`."""
        table, ending, newest = (
            self.table,
            unnest_table([*self._keys, column("at", BigInteger)], given),
            self.table.alias("newest"),
        )
        # Looked up key by key: a hot row has very many versions, of which only the newest can be open.
        last = (
            select(newest.c[VALID_FROM])
            .where(*(newest.c[key.name] == ending.c[key.name] for key in self._keys))
            .order_by(newest.c[VALID_FROM].desc())
            .limit(1)
            .lateral("last")
        )
        same = (key == ending.c[key.name] for key in self._keys)
        return (
            update(table)
            .values({VALID_TO: ending.c.at})
            .where(*same, table.c[VALID_FROM] == last.c[VALID_FROM], table.c[VALID_TO].is_(None), *where)
        )

    def insert_rows(self, given: str = ALL, *where: ColumnElement[bool]) -> Insert:
        """Add the rows in `<given>_<column>`."""
        rows, columns = unnest_table(self.table.columns, given), self.table.columns
        return insert(self.table).from_select(
            [column.name for column in columns],
            select(*(as_type(rows.c[column.name], column.type) for column in columns)).where(*where),
        )

    async def write(self, connection: AsyncConnection, steps: Sequence[RowChange]) -> None:
        """Add what the rows became, to what they were before."""
        ends, rows = self.changes_to_rows(steps)
        if ends:
            await connection.execute(self._end, array_parameters(ends))
        if rows:
            await connection.execute(self._add, array_parameters(rows))

    async def copy(
        self, connection: AsyncConnection, steps: Sequence[RowChange], open_: Iterable[Key]
    ) -> None:
        """The same in bulk; `open_` are the keys that have a row already. The connection has to be in a transaction."""
        ends, rows = self.changes_to_rows(steps)
        known = set(open_)
        ends = [end for end in ends if tuple(end[name] for name in self._projection.key) in known]
        for first in range(0, len(ends), CHUNK_SIZE):
            await connection.execute(self._end, array_parameters(ends[first : first + CHUNK_SIZE]))
        driver = cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
        await driver.copy_records_to_table(
            self.table.name,
            schema_name=self.table.schema,
            columns=[column.name for column in self.table.columns],
            records=(tuple(row.values()) for row in rows),
        )

    async def delete_from(self, connection: AsyncConnection, keys: Sequence[Key], since: int) -> None:
        """Forget what became of these keys from position `since` on."""
        given = array_parameters(dict(zip(self._projection.key, key, strict=True)) for key in keys) | {
            "since": since
        }
        await connection.execute(self._remove, given)
        await connection.execute(self._reopen, given)

    def changes_to_rows(
        self, steps: Sequence[RowChange]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Where the open row of each key ends, and the rows that follow. A fact that was split makes one row of a key."""
        by_key: dict[Key, dict[int, Any]] = {}
        for key, position, row in steps:
            by_key.setdefault(key, {})[position] = row
        ends: list[dict[str, Any]] = []
        rows: list[dict[str, Any]] = []
        for key, became in by_key.items():
            positions = list(became)
            ends.append(dict(zip(self._projection.key, key, strict=True)) | {"at": positions[0]})
            for position, until in zip(positions, [*positions[1:], None], strict=True):
                if became[position] is not None:
                    rows.append(
                        self._projection.columns_of(became[position])
                        | {VALID_FROM: position, VALID_TO: until}
                    )
        return ends, rows


def rows_as_of(table: Table, position: Any) -> Any:
    """The rows of a history table as they were at a position, as a table of the row's own columns."""
    columns = [column for column in table.columns if column.name not in (VALID_FROM, VALID_TO)]
    ended = table.c[VALID_TO]
    return (
        select(*columns)
        .where(table.c[VALID_FROM] <= position, func.coalesce(ended > position, True))
        .subquery("as_of")
    )
