"""Pages of lists: Relay connections with keyset cursors. A cursor names the last row's place in the order."""

import base64
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import strawberry

from app.engine.graphql.as_of import ResolvedAsOf
from app.engine.graphql.context import Context
from app.engine.graphql.errors import BadInput
from app.engine.read_models.queries import Filter, RowOrder, keyset_page, no_filter
from projections.kernel import Projection

MAX_PAGE_SIZE = 100


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list has items after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has items before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first edge.")
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge: pass it as `after` to get the next page."
    )


@strawberry.type(description="One item of a list with its cursor.")
class Edge[T]:
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(description="The item's cursor: pass it as `after` to continue after it.")


@strawberry.type(description="One page of a list.")
class Connection[T]:
    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items.")
    page_info: PageInfo = strawberry.field(description="The position of this page in its list.")


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
    """The number of items on a page. Raises `BadInput`."""
    if 0 <= first <= MAX_PAGE_SIZE:
        return first
    raise BadInput(f"first must be from 0 to {MAX_PAGE_SIZE}, not {first}.")


async def paginate[R, T](
    context: Context,
    projection: Projection[R],
    make: Callable[[R], T],
    *,
    order: tuple[str, ...],
    descending: bool,
    first: int,
    after: str | None,
    where: Filter = no_filter,
    as_of: ResolvedAsOf | None = None,
    prefetch: Callable[[Sequence[R]], Awaitable[None]] | None = None,
) -> Connection[T]:
    """One page of a projection's rows, each as `make` gives it. The last column of `order` must be unique.

    With `as_of` the rows are as they were. `prefetch` runs before `make`, with the rows of the page. Raises `BadInput`.
    """
    size = page_size(first)
    scope = f"{'-' if descending else '+'}{','.join(order)}{'' if as_of is None else as_of.cursor_scope}"
    if as_of is None:
        await context.wait_for_projection(projection, None)
    else:
        context.reads.note_read(as_of.position)
    rows = await keyset_page(
        context.services.database,
        projection,
        RowOrder(order, descending),
        size + 1,
        after=None if after is None else _place(projection, order, scope, after),
        where=where,
        position=None if as_of is None else as_of.position,
    )
    if prefetch is not None:
        await prefetch(rows[:size])
    items = [
        (make(row), encode_cursor(scope, *(getattr(row, name) for name in order))) for row in rows[:size]
    ]
    return make_connection(items, more=len(rows) > size, after=after)


# --- Cursors ----------------------------------------------------------------


def encode_cursor(*values: object) -> str:
    """The values as an opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


def decode_cursor(cursor: str, *types: type) -> tuple[Any, ...]:
    """The values of a cursor. Raises `BadInput` if the cursor does not have values of these types."""
    try:
        values = _decode(cursor)
        if len(values) != len(types):
            raise invalid_cursor()
        converted = tuple(
            msgspec.convert(value, expected) for value, expected in zip(values, types, strict=True)
        )
    except (ValueError, msgspec.MsgspecError):
        raise invalid_cursor() from None
    if not all(_is_storable(value) for value in converted):
        raise invalid_cursor()
    return converted


def invalid_cursor() -> BadInput:
    """The error for an `after` that this list has not returned."""
    return BadInput("after is not a cursor of this list: pass a cursor that this list returned.")


def cursor_scope(cursor: str | None) -> str | None:
    """The order and point in time of the list that returned this cursor. None if the cursor does not say it."""
    if cursor is None:
        return None
    try:
        values = _decode(cursor)
    except (ValueError, msgspec.MsgspecError):
        return None
    return values[0] if values and isinstance(values[0], str) else None


def _place(projection: Projection[Any], order: tuple[str, ...], scope: str, cursor: str) -> Sequence[Any]:
    types = [projection.table.c[name].type.python_type for name in order]
    actual_scope, *values = decode_cursor(cursor, str, *types)
    if actual_scope != scope:
        raise invalid_cursor()
    return values


def _decode(cursor: str) -> list[Any]:
    """The JSON values of a cursor. Raises `ValueError` or `msgspec.MsgspecError`."""
    try:
        return msgspec.json.decode(
            base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True), type=list[Any]
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _is_storable(value: object) -> bool:
    """Whether PostgreSQL can store the value. A forged cursor may have one that it cannot."""
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
