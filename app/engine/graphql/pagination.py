"""Lists, a page at a time: Relay connections whose cursors name the last row's place in the order, not a count."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import strawberry
from sqlalchemy import ColumnElement, literal, select, tuple_

from app.engine.graphql.as_of import ResolvedAsOf
from app.engine.graphql.context import Context, fetch_rows, table_or_history
from app.engine.graphql.errors import BadInput
from projections.kernel import Projection

type Columns = Any
"""The columns of a projection, by name: of its table, or of that as it was."""

MAX_PAGE_SIZE = 100


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is something before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(
        description="Cursor of the last edge: `after` of the next page."
    )


@strawberry.type(description="One item of a list, and its place in it.")
class Edge[T]:
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place: give it as `after` to go on behind it.")


@strawberry.type(description="One page of a list.")
class Connection[T]:
    edges: list[Edge[T]] = strawberry.field(description="The items with their places.")
    nodes: list[T] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")


def make_connection[T](items: Sequence[tuple[T, str]], *, more: bool, after: object) -> Connection[T]:
    """A page of items with their cursors."""
    return Connection(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in items],
        nodes=[node for node, _ in items],
        page_info=PageInfo(
            has_next_page=more,
            has_previous_page=after is not None,
            start_cursor=items[0][1] if items else None,
            end_cursor=items[-1][1] if items else None,
        ),
    )


def page_size(first: int) -> int:
    if 0 <= first <= MAX_PAGE_SIZE:
        return first
    raise BadInput(f"first is a number from 0 to {MAX_PAGE_SIZE}, not {first}.")


async def paginate[R, T](
    context: Context,
    projection: Projection[R],
    make: Callable[[R], T],
    *,
    order: tuple[str, ...],
    descending: bool,
    first: int,
    after: str | None,
    where: Callable[[Columns], Sequence[ColumnElement[bool]]] = lambda columns: (),
    then: ResolvedAsOf | None = None,
    ahead: Callable[[Sequence[R]], Awaitable[None]] | None = None,
) -> Connection[T]:
    """One page of a projection's rows in the order of the columns `order`, which end in a unique one; as they were `then`.
    `ahead` reads what the rows lead to, before `make` is called."""
    size = page_size(first)
    table = table_or_history(projection, None if then is None else then.position)
    columns = [table.c[name] for name in order]
    mark = f"{'-' if descending else '+'}{','.join(order)}{'' if then is None else then.mark}"
    query = select(table).where(*where(table.c))
    if after is not None:
        place = tuple_(
            *(
                literal(value, column.type)
                for value, column in zip(_values(projection, order, mark, after), columns, strict=True)
            )
        )
        query = query.where(tuple_(*columns) < place if descending else tuple_(*columns) > place)
    query = query.order_by(*(column.desc() if descending else column for column in columns)).limit(size + 1)
    rows = await fetch_rows(context.services.database, projection, query)
    if ahead is not None:
        await ahead(rows[:size])
    items = [(make(row), _cursor(row, order, mark)) for row in rows[:size]]
    return make_connection(items, more=len(rows) > size, after=after)


def cursor_scope(cursor: str | None) -> str | None:
    """What the list was that gave this cursor; None where it cannot be told."""
    if cursor is None:
        return None
    try:
        mark = _decoded(cursor)[:1]
    except (ValueError, msgspec.MsgspecError):
        return None
    return mark[0] if mark and isinstance(mark[0], str) else None


def _cursor(row: object, order: tuple[str, ...], mark: str) -> str:
    place = [mark, *(getattr(row, name) for name in order)]
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _decoded(cursor: str) -> list[Any]:
    """What is in a cursor. Raises `ValueError` or `msgspec.MsgspecError`."""
    try:
        return msgspec.json.decode(
            base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True), type=list[Any]
        )
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _values(projection: Projection[Any], order: tuple[str, ...], mark: str, cursor: str) -> Sequence[Any]:
    bad = BadInput("after is not a cursor of this list: give one that it returned, in the same order.")
    try:
        place = _decoded(cursor)
        if place[:1] != [mark] or len(place) != len(order) + 1:
            raise bad
        kinds = [projection.table.c[name].type.python_type for name in order]
        values = [msgspec.convert(value, kind) for value, kind in zip(place[1:], kinds, strict=True)]
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise bad from None
    if not all(_is_valid_value(value) for value in values):
        raise bad
    return values


def _is_valid_value(value: object) -> bool:
    """Whether PostgreSQL has such a value: who forges a cursor may name others."""
    match value:
        case str():
            return "\0" not in value
        case Decimal():
            return value.is_finite() and abs(value.adjusted()) < 1_000
        case datetime():
            return value.tzinfo is not None and 1 < value.year < 9999
        case int():
            return -(2**63) <= value < 2**63
        case _:
            return True
