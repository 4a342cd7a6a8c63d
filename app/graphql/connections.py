"""Lists, a page at a time: Relay connections whose cursors name the last row's place in the order, not a count."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import strawberry
from sqlalchemy import ColumnElement, literal, select, tuple_

from app.graphql.context import Context, fetch
from app.graphql.errors import BadInput
from projections.kernel import Projection

MOST = 100


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there is something before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge: `after` of the next page.")


@strawberry.type(description="One item of a list, and its place in it.")
class Edge[T]:
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="Its place: give it as `after` to go on behind it.")


@strawberry.type(description="One page of a list.")
class Connection[T]:
    edges: list[Edge[T]] = strawberry.field(description="The items with their places.")
    nodes: list[T] = strawberry.field(description="The items alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")


def page[T](items: Sequence[tuple[T, str]], *, more: bool, after: object) -> Connection[T]:
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
    if 0 <= first <= MOST:
        return first
    raise BadInput(f"first is a number from 0 to {MOST}, not {first}.")


async def keyset[R, T](
    context: Context,
    projection: Projection[R],
    make: Callable[[R], T],
    *,
    order: tuple[str, ...],
    descending: bool,
    first: int,
    after: str | None,
    where: Sequence[ColumnElement[bool]] = (),
) -> Connection[T]:
    """One page of a projection's rows in the order of the columns `order`, which end in a unique one."""
    size = page_size(first)
    table = projection.table
    columns = [table.c[name] for name in order]
    query = select(table).where(*where)
    if after is not None:
        place = tuple_(*(literal(value, column.type) for value, column in zip(_values(projection, order, descending, after), columns, strict=True)))
        query = query.where(tuple_(*columns) < place if descending else tuple_(*columns) > place)
    query = query.order_by(*(column.desc() if descending else column for column in columns)).limit(size + 1)
    rows = await fetch(context.room.database, projection, query)
    items = [(make(row), _cursor(row, order, descending)) for row in rows[:size]]
    return page(items, more=len(rows) > size, after=after)


def _cursor(row: object, order: tuple[str, ...], descending: bool) -> str:
    place = [_mark(order, descending), *(getattr(row, name) for name in order)]
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode()


def _values(projection: Projection[Any], order: tuple[str, ...], descending: bool, cursor: str) -> Sequence[Any]:
    bad = BadInput("after is not a cursor of this list: give one that it returned, in the same order.")
    try:
        place = msgspec.json.decode(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True), type=list[Any])
        if place[:1] != [_mark(order, descending)] or len(place) != len(order) + 1:
            raise bad
        kinds = [projection.table.c[name].type.python_type for name in order]
        values = [msgspec.convert(value, kind) for value, kind in zip(place[1:], kinds, strict=True)]
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise bad from None
    if any(isinstance(value, str) and "\0" in value for value in values):
        raise bad
    return values


def _mark(order: tuple[str, ...], descending: bool) -> str:
    return f"{'-' if descending else '+'}{','.join(order)}"
