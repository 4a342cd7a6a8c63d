"""Pages of lists: Relay connections with keyset cursors. A cursor names one row's place in the order."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from app.engine.graphql.as_of import ResolvedAsOf
from app.engine.graphql.context import Context, Info
from app.engine.graphql.costs import declare_cost
from app.engine.graphql.cursors import cursor_scope, decode_cursor, encode_cursor, invalid_cursor
from app.engine.graphql.errors import BadInput
from app.engine.graphql.scalars import Count
from app.engine.graphql.selection import selects_field
from app.engine.read_models.queries import Filter, Range, RowOrder, count_rows, keyset_page, no_filter
from projections.kernel import Projection

MAX_PAGE_SIZE = 100
DEFAULT_PAGE_SIZE = 20


@strawberry.type(description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether the list has items after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the list has items before this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge: pass it as `before` to get the page before."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge: pass it as `after` to get the next page."
    )


@strawberry.type(description="One item of a list with its cursor.")
class Edge[T]:
    node: T = strawberry.field(description="The item.")
    cursor: str = strawberry.field(
        description="The item's cursor: pass it as `after` to continue after it, as `before` to get what is before it."
    )


@strawberry.type(description="One page of a list.")
class Connection[T]:
    edges: list[Edge[T]] = strawberry.field(description="The items with their cursors.")
    nodes: list[T] = strawberry.field(description="The items.")
    page_info: PageInfo = strawberry.field(description="The position of this page in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(
        description="The number of items in the whole list. They are counted only if this field is selected.",
        metadata=declare_cost(500),
    )
    async def total_count(self) -> Count:
        return Count(await self.count())


# --- The request ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """A page that a client asks for: its size, and the cursors between which it lies. Made by `parse_page`."""

    size: int
    after: str | None = None
    before: str | None = None
    backward: bool = False

    @property
    def scopes(self) -> Sequence[str]:
        """The scopes of the cursors that have one."""
        return [scope for cursor in (self.after, self.before) if (scope := cursor_scope(cursor)) is not None]


def parse_page(first: int | None, after: str | None, last: int | None, before: str | None) -> Page:
    """The page that the arguments of a connection ask for: forward by `first`, backward by `last`.

    Without both the page has `DEFAULT_PAGE_SIZE` items; `before` alone asks for those before it. Raises `BadInput`.
    """
    if first is not None and last is not None:
        raise BadInput("Give first or last, not both.")
    backward = last is not None or (first is None and before is not None and after is None)
    return Page(page_size(last, "last") if backward else page_size(first), after, before, backward)


def page_size(value: int | None, argument: str = "first") -> int:
    """The number of items on a page. Raises `BadInput`."""
    if value is None:
        return DEFAULT_PAGE_SIZE
    if 0 <= value <= MAX_PAGE_SIZE:
        return value
    raise BadInput(f"{argument} must be from 0 to {MAX_PAGE_SIZE}, not {value}.")


# --- The answer -------------------------------------------------------------


def make_connection[T](
    items: Sequence[tuple[T, str]],
    *,
    has_next: bool,
    has_previous: bool,
    count: Callable[[], Awaitable[int]],
) -> Connection[T]:
    """A page of items with their cursors."""
    return Connection(
        edges=[Edge(node=node, cursor=cursor) for node, cursor in items],
        nodes=[node for node, _ in items],
        page_info=PageInfo(
            has_next_page=has_next,
            has_previous_page=has_previous,
            start_cursor=items[0][1] if items else None,
            end_cursor=items[-1][1] if items else None,
        ),
        count=count,
    )


async def read_page[R, T](
    info: Info,
    page: Page,
    read: Callable[[Range], Awaitable[Sequence[R]]],
    make: Callable[[R], T],
    *,
    place: Callable[[R], Sequence[object]],
    types: Sequence[type],
    count: Callable[[], Awaitable[int]],
    scope: str | None = None,
    prefetch: Callable[[Sequence[R]], Awaitable[None]] | None = None,
) -> Connection[T]:
    """One page of any list whose items have a unique place in its order.

    `read` gives the items of a range. `place` gives the values of an item's cursor, which are of `types`. A cursor of
    another `scope` is not one of this list. `prefetch` runs before `make`, with the items of the page. Raises `BadInput`.
    """
    after = None if page.after is None else _decode(page.after, "after", scope, types)
    before = None if page.before is None else _decode(page.before, "before", scope, types)
    found = list(await read(Range(page.size + 1, after, before, backward=page.backward)))
    more, rows = len(found) > page.size, found[: page.size]
    if page.backward:
        rows.reverse()
    # The first item of a page follows `after`, and its last one precedes `before`. Only the items outside are unknown.
    has_previous, has_next = page.backward and more, not page.backward and more
    if not has_previous and after is not None and selects_field(info, "hasPreviousPage"):
        has_previous = bool(await read(Range(1, before=after, backward=True, inclusive=True)))
    if not has_next and before is not None and selects_field(info, "hasNextPage"):
        has_next = bool(await read(Range(1, after=before, inclusive=True)))
    if prefetch is not None:
        await prefetch(rows)
    prefix = () if scope is None else (scope,)
    items = [(make(row), encode_cursor(*prefix, *place(row))) for row in rows]
    return make_connection(items, has_next=has_next, has_previous=has_previous, count=count)


async def paginate[R, T](
    info: Info,
    projection: Projection[R],
    make: Callable[[R], T],
    *,
    order: tuple[str, ...],
    descending: bool,
    page: Page,
    alphabetical: Collection[str] = (),
    where: Filter = no_filter,
    as_of: ResolvedAsOf | None = None,
    prefetch: Callable[[Sequence[R]], Awaitable[None]] | None = None,
    optional_columns: Mapping[str, str] | None = None,
) -> Connection[T]:
    """One page of a projection's rows, each as `make` gives it. The last column of `order` must be unique.

    Columns in `alphabetical` are sorted as people sort text. With `as_of` the rows are as they were. `prefetch` runs
    before `make`, with the rows of the page. `optional_columns` names sequences that are read only if the client
    selects the GraphQL field. Without it the rows have empty ones. Raises `BadInput` and `AccessDenied`. Raises
    `TypeError` if a column of `order` may be null: a cursor has no place for null.
    """
    if nullable := [name for name in order if projection.table.c[name].nullable]:
        raise TypeError(
            f"{projection.name} cannot be paged by {', '.join(nullable)}: the column may be null."
            " Give the row a field that is never null, such as a date far in the future."
        )
    context: Context = info.context
    owner = context.access.row_owner(projection)
    if as_of is not None:
        context.reads.note_read(as_of.position)
    database = context.database
    # `resolve_as_of` has waited for it.
    position = None if as_of is None else as_of.position
    without = [column for column, name in (optional_columns or {}).items() if not selects_field(info, name)]
    row_order = RowOrder(order, descending, frozenset(alphabetical))

    async def read(part: Range) -> Sequence[R]:
        await context.reads.wait_for_projection(projection, None)
        return await keyset_page(
            database,
            projection,
            row_order,
            part,
            owner=owner,
            where=where,
            position=position,
            without=without,
        )

    async def count() -> int:
        await context.reads.wait_for_projection(projection, None)
        return await count_rows(database, projection, where, position, owner=owner)

    return await read_page(
        info,
        page,
        read,
        make,
        place=lambda row: [getattr(row, name) for name in order],
        types=[projection.table.c[name].type.python_type for name in order],
        count=count,
        scope=f"{'-' if descending else '+'}{','.join(order)}{'' if as_of is None else as_of.cursor_scope}",
        prefetch=prefetch,
    )


def _decode(cursor: str, argument: str, scope: str | None, types: Sequence[type]) -> Sequence[Any]:
    if scope is None:
        return decode_cursor(cursor, *types, argument=argument)
    actual_scope, *values = decode_cursor(cursor, str, *types, argument=argument)
    if actual_scope != scope:
        raise invalid_cursor(argument)
    return values
