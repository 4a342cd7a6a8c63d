"""Reads the tables of projections: single rows by key, pages and ranges. Resolvers hold no SQL.

Each read takes `owner`: the owner whose rows it reads, or None for all rows. The condition is added here and nowhere else.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    any_,
    bindparam,
    collate,
    false,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from app.engine.access.ownership import actor_uuid
from app.engine.access.policy import AccessDenied
from app.engine.database.collations import ICU
from app.engine.database.connections import Database
from app.engine.database.statements import CompiledStatement
from app.engine.read_models.text import base_letters
from projections.kernel import AnyProjection, Projection, rows_as_of

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
    alphabetical: frozenset[str] = frozenset()
    """The columns that are sorted as people sort text, for any language."""


@dataclass(frozen=True, slots=True)
class Range:
    """At most `limit` items of an ordered list, between the places `after` and `before`.

    A place has the values of an item. The items are read from the start of the range; `backward` from its end, the last
    item first. `inclusive`: with the items at the two places.
    """

    limit: int
    after: Sequence[Any] | None = None
    before: Sequence[Any] | None = None
    backward: bool = False
    inclusive: bool = False

    def sql(
        self, columns: Sequence[str], first_parameter: int, *, descending: bool = False
    ) -> tuple[str, list[object]]:
        """The condition, order and limit of a query on es tables, to write after its WHERE, and the arguments."""
        text, arguments = "", list[object]()
        for place, follows in ((self.after, True), (self.before, False)):
            if place is not None:
                numbers = range(
                    first_parameter + len(arguments), first_parameter + len(arguments) + len(place)
                )
                operator = f"{'>' if follows != descending else '<'}{'=' if self.inclusive else ''}"
                text += f" AND ({', '.join(columns)}) {operator} ({', '.join(f'${number}' for number in numbers)})"
                arguments.extend(place)
        direction = " DESC" if self.backward != descending else ""
        text += f" ORDER BY {', '.join(f'{column}{direction}' for column in columns)} LIMIT {int(self.limit)}"
        return text, arguments


_EMPTY: ColumnElement[Any] = literal_column("'[]'::text")
"""Stands for a sequence in jsonb that is not read."""


def no_filter(columns: Columns) -> Sequence[Condition]:
    """No condition: every row is in the list."""
    del columns
    return ()


def owned_by(projection: Projection[Any], columns: Columns, owner: str | None) -> Sequence[Condition]:
    """The conditions that the rows are those of this owner; none for all rows."""
    if owner is None:
        return ()
    value = owner_value(projection, owner)
    return (false(),) if value is None else (_owned(projection, columns, literal(value)),)


def owned_filter(projection: Projection[Any], where: Filter, owner: str | None) -> Filter:
    """A filter that also asks for this owner."""
    if owner is None:
        return where
    return lambda columns: (*where(columns), *owned_by(projection, columns, owner))


def owner_value(projection: Projection[Any], owner: str) -> object | None:
    """The owner as a value of the column that has it. None if the column cannot hold it, so that it owns no row."""
    if owner_column(projection).type.python_type is UUID:
        return actor_uuid(owner)
    return None if "\0" in owner else owner


def owner_column(projection: Projection[Any]) -> ColumnElement[Any]:
    """The column that holds the owner of the projection's rows, perhaps of another projection."""
    owner = projection.owner
    if owner is None:
        raise AccessDenied(f"You may not read {projection.name}: it does not say whose its rows are.")
    return projection.table.c[owner.column] if owner.of is None else owner_column(owner.of)


def owning_projections(projection: AnyProjection) -> Sequence[AnyProjection]:
    """The other projections whose rows say whose the rows of this one are."""
    owner = projection.owner
    return () if owner is None or owner.of is None else (owner.of, *owning_projections(owner.of))


def _owned(projection: Projection[Any], columns: Columns, value: ColumnElement[Any]) -> Condition:
    owner = projection.owner
    assert owner is not None
    if owner.of is None:
        return columns[owner.column] == value
    table = owner.of.table
    return columns[owner.column].in_(select(table.c[owner.of.key[0]]).where(_owned(owner.of, table.c, value)))


async def rows_by_column[R](
    database: Database,
    projection: Projection[R],
    column: str,
    values: Sequence[Any],
    position: int | None,
    owner: str | None,
) -> list[R | None]:
    """The row for each value of a unique column, in the order of the values. None if no row has the value.

    With `position` the rows are read as of that position.
    """
    params: dict[str, Any] = (
        {"values": values} if position is None else {"values": values, "position": position}
    )
    if owner is not None:
        params["owner"] = owner_value(projection, owner)
        if params["owner"] is None:
            return [None] * len(values)
    statement = _select_by_column(projection, column, past=position is not None, owned=owner is not None)
    arguments = statement.params(**params)
    records = await database.fetch_sql(statement.sql, *arguments)
    rows = {record[column]: projection.row_from_record(record) for record in records}
    return [rows.get(value) for value in values]


async def keyset_page[R](
    database: Database,
    projection: Projection[R],
    order: RowOrder,
    part: Range,
    *,
    owner: str | None,
    where: Filter = no_filter,
    position: int | None = None,
    without: Collection[str] = (),
) -> list[R]:
    """The rows of a range of an order. The places of the range have a value for each column of the order.

    With `position` the rows are read as of that position. Columns in `without`, which hold sequences, are not read: the
    rows have empty ones.
    """
    table = table_or_history(projection, position)
    columns = [_EMPTY.label(column.name) if column.name in without else column for column in table.c]
    keys = _sort_keys(order, database, [table.c[name] for name in order.columns])
    query = select(*columns).where(*where(table.c), *owned_by(projection, table.c, owner))
    for place, follows in ((part.after, True), (part.before, False)):
        if place is not None:
            values = [
                literal(value, table.c[name].type) for name, value in zip(order.columns, place, strict=True)
            ]
            above = follows != order.descending
            query = query.where(_beyond(keys, _sort_keys(order, database, values), above, part.inclusive))
    descending = order.descending != part.backward
    query = query.order_by(*(key.desc() if descending else key for key in keys))
    return await fetch_rows(database, projection, query.limit(part.limit))


def _sort_keys(
    order: RowOrder, database: Database, values: Sequence[ColumnElement[Any]]
) -> Sequence[ColumnElement[Any]]:
    """What rows are sorted by, from the columns of an order or from the values of a place."""
    keys: list[ColumnElement[Any]] = []
    for name, value in zip(order.columns, values, strict=True):
        if name not in order.alphabetical:
            keys.append(value)
        elif database.collations.icu:
            keys.append(collate(value, ICU))
        else:
            keys.extend((base_letters(value), value))
    return keys


def _beyond(
    keys: Sequence[ColumnElement[Any]], place: Sequence[ColumnElement[Any]], above: bool, inclusive: bool
) -> Condition:
    """Whether the keys together are above the place, or below it."""
    if above:
        return tuple_(*keys) >= tuple_(*place) if inclusive else tuple_(*keys) > tuple_(*place)
    return tuple_(*keys) <= tuple_(*place) if inclusive else tuple_(*keys) < tuple_(*place)


async def count_rows(
    database: Database,
    projection: Projection[Any],
    where: Filter = no_filter,
    position: int | None = None,
    *,
    owner: str | None,
) -> int:
    """The number of rows that meet the conditions, now or as of a position."""
    table = table_or_history(projection, position)
    query = select(func.count()).select_from(table)
    [record] = await database.fetch(query.where(*where(table.c), *owned_by(projection, table.c, owner)))
    return record[0]


async def rows_between[R](
    database: Database,
    projection: Projection[R],
    order: tuple[str, ...],
    first: object,
    last: object,
    *,
    owner: str | None,
) -> list[R]:
    """The rows whose first column of `order` is from `first` to `last`, both included, in that order."""
    table = projection.table
    columns = [table.c[name] for name in order]
    query = select(table).where(columns[0].between(first, last), *owned_by(projection, table.c, owner))
    return await fetch_rows(database, projection, query.order_by(*columns))


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
def _select_by_column(
    projection: Projection[Any], column: str, *, past: bool, owned: bool
) -> CompiledStatement:
    """The rows whose column has one of the `values`, now or as of a `position`.

    If `owned`, only the rows of an `owner`.
    """
    source = table_or_history(projection, bindparam("position", type_=BigInteger()) if past else None)
    values = bindparam("values", type_=ARRAY(source.c[column].type, dimensions=1))
    query = select(source).where(source.c[column] == any_(values))
    if owned:
        owner = bindparam("owner", type_=owner_column(projection).type)
        query = query.where(_owned(projection, source.c, owner))
    return CompiledStatement(query)
