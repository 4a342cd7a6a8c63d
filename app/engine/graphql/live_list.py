"""Live lists: a subscription to the rows that match a filter. First the list, then what was upserted and what left it."""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Annotated, Any, Protocol

import strawberry

from app.engine.graphql.context import Context, Info, LiveMessage
from app.engine.graphql.errors import BadInput, ReplacedLog
from app.engine.graphql.scalars import Position
from app.engine.projector.live_rows import LiveRows, RowChanges
from app.engine.read_models.queries import Columns, Condition
from projections.kernel import Projection

DEFAULT_ROWS, MAX_LIVE_ROWS = 200, 1_000


def plain_id(value: object) -> strawberry.ID:
    """The id of an item whose type has no prefix."""
    return strawberry.ID(str(value))


class RowType[R](Protocol):
    """A GraphQL type that is made of one row."""

    def of(self, row: R, /) -> Any: ...


@strawberry.type(description="What changed in a list: apply it to the list, by id.")
class Changes[T]:
    position: Position = strawberry.field(
        description="Everything up to this position is in the list now. Pass it as `after` to resume."
    )
    initial: bool = strawberry.field(
        description="Whether `upserted` is the whole list: drop the list before it."
    )
    upserted: list[T] = strawberry.field(description="The items that are new in the list, or have changed.")
    removed: list[strawberry.ID] = strawberry.field(description="The ids of those that left the list.")
    part: strawberry.Private[float] = 1.0
    """The part of the items that the operation was predicted to have."""


def live_list[R, F](
    projection: Projection[R],
    row_type: RowType[R],
    filter_type: type[F],
    conditions: Callable[[F | None, Columns], Sequence[Condition]],
    description: str,
    id_of: Callable[[Any], strawberry.ID] = plain_id,
) -> Any:
    """The subscription field of a live list: `orders(filter, most, after)` of the rows of a projection.

    `row_type` is the GraphQL type of a row, `conditions` gives the SQL of the filter. `id_of` makes the id of an
    item from the value of the first key column. Give `partial(prefixed_id, PREFIX)` if the ids of the type have a prefix.
    A projection with `history=True` can resume. Of others the list is sent again.
    """

    async def resolve(
        self: Any, info: Any, filter: Any = None, most: int = DEFAULT_ROWS, after: int | None = None
    ) -> AsyncGenerator[object]:
        del self
        context: Context = info.context
        rows, head = await _find(
            context, projection, lambda columns: conditions(filter, columns), most, after
        )
        first, cursor = await rows.join(head, after)
        messages = LiveListMessages(rows, row_type, id_of)
        if context.handover is not None:
            message = None if first is None else messages.message(first)
            context.handover.begin_messages(cursor, messages.next_after, message, context.services.feed.epoch)
            return
        if first is not None:
            context.reads.note_answer(first.position)
            yield messages.message(first).make_root()
        # It has all rows of the list.
        del first
        while (message := await messages.next_after(cursor)) is not None:
            cursor = message.cursor
            context.reads.note_answer(message.position)
            yield message.make_root()

    resolve.__annotations__ = {
        "info": Info,
        "filter": filter_type | None,
        "most": Annotated[
            int,
            strawberry.argument(
                description=f"How many items the list may have: 1 to {MAX_LIVE_ROWS}. A longer one is BAD_USER_INPUT."
            ),
        ],
        "after": Annotated[
            Position | None,
            strawberry.argument(
                description="The position of the last message. The first message then has the changes since, or the whole list if they are no longer known."
            ),
        ],
        "return": AsyncGenerator[Changes[row_type]],  # pyright: ignore[reportInvalidTypeForm] - derived
    }
    return strawberry.subscription(resolve, description=description)


class LiveListMessages[R]:
    """The messages of a live list, each as the root value of its execution."""

    def __init__(
        self, rows: LiveRows[R], row_type: RowType[R], id_of: Callable[[Any], strawberry.ID] = plain_id
    ) -> None:
        self._rows = rows
        self._row_type = row_type
        self._id_of = id_of

    async def next_after(self, cursor: int) -> LiveMessage | None:
        """The next message after a cursor; None if the feed has closed."""
        changes = await self._rows.next_after(cursor)
        return None if changes is None else self.message(changes)

    def message(self, changes: RowChanges[R]) -> LiveMessage:
        return LiveMessage(
            changes.position,
            changes.cursor,
            changes.identity,
            lambda: self._to_graphql(changes),
            self._part(changes),
        )

    def _part(self, changes: RowChanges[R]) -> float:
        return min(1.0, (len(changes.upserted) + len(changes.removed)) / self._rows.most)

    def _to_graphql(self, changes: RowChanges[R]) -> Changes[Any]:
        return Changes(
            position=Position(changes.position),
            initial=changes.initial,
            upserted=[self._row_type.of(row) for row in changes.upserted],
            removed=[self._id_of(key[0]) for key in changes.removed],
            part=self._part(changes),
        )


async def _find[R](
    context: Context,
    projection: Projection[R],
    where: Callable[[Columns], Sequence[Condition]],
    most: int,
    after: int | None,
) -> tuple[LiveRows[R], int]:
    """The rows, and the end of the log that the first message has to have. Raises `BadInput`, `ReplacedLog`, `AccessDenied`."""
    if not 1 <= most <= MAX_LIVE_ROWS:
        raise BadInput(f"most must be from 1 to {MAX_LIVE_ROWS}, not {most}.")
    head = await context.reader.head_position()
    if after is not None:
        if after > head:
            raise ReplacedLog(
                f"after is {after}; the log ends at {head}. It was replaced, or the position is of another log."
            )
        await context.reads.check_log()
    owner = context.access.row_owner(projection)
    rows = context.services.live_lists.find(projection, where, most, owner, context.database)
    return rows, head
