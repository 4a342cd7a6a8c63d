"""Lists as of a position or a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from app.engine.graphql.context import Context
from app.engine.graphql.errors import BadInput
from app.engine.graphql.scalars import Position, parse_datetime
from projections.kernel import Projection


@strawberry.input(one_of=True, description="A point in the log, for lists. Exactly one.")
class AsOf:
    position: Position | None = strawberry.field(
        default=strawberry.UNSET,
        description="The state after the event at this position; 0 is before the first event.",
    )
    moment: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="The state after all events recorded up to this moment."
    )


@dataclass(frozen=True, slots=True)
class ResolvedAsOf:
    """A position, and the scope of the list's cursors: a list rejects cursors of another point."""

    position: int
    cursor_scope: str


async def resolve_as_of(
    context: Context, projection: Projection[Any], as_of: AsOf | None, scopes: Sequence[str]
) -> ResolvedAsOf | None:
    """The position of `as_of`, once the projection has reached it. None if the list is as of now.

    `scopes` are those of the page's cursors (`Page.scopes`). Raises `BadInput`, `ProjectionStale`, `ReplacedLog`.
    """
    if as_of is None:
        return None
    if isinstance(as_of.moment, datetime):
        resolved = await _at_moment(context, parse_datetime(as_of.moment, "asOf.moment"), scopes)
    else:
        resolved = await _at_position(context, as_of.position or Position(0))
    context.reads.require(resolved.position)
    await context.reads.wait_for_projection(projection, None)
    return resolved


async def _at_position(context: Context, position: int) -> ResolvedAsOf:
    # First: a log that was replaced may end before the position.
    await context.reads.check_log()
    if position > context.services.feed.latest_known and position > (
        head := await context.reader.head_position()
    ):
        raise BadInput(f"asOf.position is {position}; the log ends at {head}.")
    return ResolvedAsOf(position, f"@{position}")


async def _at_moment(context: Context, moment: datetime, scopes: Sequence[str]) -> ResolvedAsOf:
    """The position of a moment.

    Events may still be recorded for a moment that has just passed. So later pages keep the position of the first page.
    """
    if await context.reader.is_future(moment):
        raise BadInput(f"asOf.moment is {moment.isoformat()}, which is in the future.")
    position = await context.reader.position_at(moment)
    prefix = f"@{moment.isoformat()}@"
    for scope in scopes:
        first_page = scope.partition(prefix)[2]
        if first_page.isdecimal() and len(first_page) < 20:
            # This position is the client's.
            await context.reads.check_log()
            position = min(position, int(first_page))
    return ResolvedAsOf(position, f"{prefix}{position}")
