"""Reads the tables of projections: single rows by key, pages and ranges. Resolvers hold no SQL."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    any_,
    bindparam,
    literal,
    select,
    tuple_,
)

from app.engine.database.connections import Database, retry_read
from app.engine.database.statements import CompiledStatement
from projections.kernel import Projection, rows_as_of

type Columns = Any
"""The columns of a projection by name, of the live table or of its rows as of a position."""

type Condition = ColumnElement[bool]
"""One condition on a row."""

type Filter = Callable[[Columns], Sequence[Condition]]
"""Gives the conditions that a row has to meet; all of them must hold."""


@dataclass(frozen=True, slots=True)
class RowOrder:
    """The order of a list. The last column is unique, so that every row has a place of its own."""

    columns: tuple[str, ...]
    descending: bool = False


def no_filter(columns: Columns) -> Sequence[Condition]:
    """No condition: every row is in the list."""
    del columns
    return ()


async def rows_by_column[R](
    database: Database, projection: Projection[R], column: str, values: Sequence[Any], position: int | None
) -> list[R | None]:
    """The row for each value of a unique column, in the order of the values. None if no row has the value.

    With `position` the rows are read as of that position.
    """
    statement = _select_by_column(projection, column, past=position is not None)
    params = statement.params(values=values, **({} if position is None else {"position": position}))
    records = await retry_read(partial(database.pool.fetch, statement.sql, *params))
    rows = {record[column]: projection.row_from_record(record) for record in records}
    return [rows.get(value) for value in values]


async def keyset_page[R](
    database: Database,
    projection: Projection[R],
    order: RowOrder,
    limit: int,
    *,
    after: Sequence[Any] | None = None,
    where: Filter = no_filter,
    position: int | None = None,
) -> list[R]:
    """The first rows in an order, or the first rows after a place.

    `after` has a value for each column of the order. With `position` the rows are read as of that position.
    """
    table = table_or_history(projection, position)
    columns = [table.c[name] for name in order.columns]
    query = select(table).where(*where(table.c))
    if after is not None:
        place = tuple_(*(literal(value, column.type) for value, column in zip(after, columns, strict=True)))
        query = query.where(tuple_(*columns) < place if order.descending else tuple_(*columns) > place)
    query = query.order_by(*(column.desc() if order.descending else column for column in columns))
    return await fetch_rows(database, projection, query.limit(limit))


async def rows_between[R](
    database: Database, projection: Projection[R], order: tuple[str, ...], first: object, last: object
) -> list[R]:
    """The rows whose first column of `order` is from `first` to `last`, both included, in that order."""
    columns = [projection.table.c[name] for name in order]
    query = select(projection.table).where(columns[0].between(first, last)).order_by(*columns)
    return await fetch_rows(database, projection, query)


def is_one_of(column: ColumnElement[Any], values: Sequence[Any]) -> Condition:
    """Whether the column has one of the values. The SQL text is the same for any number of them, unlike that of `IN`."""
    return column == any_(literal(list(values), ARRAY(column.type, dimensions=1)))


def table_or_history(projection: Projection[Any], position: Any) -> FromClause:
    """The live table, or its rows as of a position."""
    return projection.table if position is None else rows_as_of(projection.history_table, position)


async def fetch_rows[R](database: Database, projection: Projection[R], query: Select[Any]) -> list[R]:
    """The rows of a query on the projection's table."""
    return [projection.row_from_record(record) for record in await database.fetch(query)]


@cache
def _select_by_column(projection: Projection[Any], column: str, *, past: bool) -> CompiledStatement:
    """The rows whose column has one of the `values`, now or as of a `position`."""
    source = table_or_history(projection, bindparam("position", type_=BigInteger()) if past else None)
    values = bindparam("values", type_=ARRAY(source.c[column].type, dimensions=1))
    return CompiledStatement(select(source).where(source.c[column] == any_(values)))
