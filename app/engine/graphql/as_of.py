"""Lists as they were: at a position, or at a moment."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import strawberry

from app.engine.graphql.context import Context
from app.engine.graphql.errors import BadInput
from app.engine.graphql.scalars import Position, parse_datetime
from projections.kernel import Projection


@strawberry.input(description="A point in the life of the log. Exactly one of the two.")
class AsOf:
    position: Position | None = strawberry.field(
        default=None, description="After the fact at this position; 0 is before the first."
    )
    moment: datetime | None = strawberry.field(
        default=None, description="After all that was recorded up to this moment."
    )


@dataclass(frozen=True, slots=True)
class ResolvedAsOf:
    """A position, and what the cursors of a list as of it are marked with: one of another point is not taken for one of this."""

    position: int
    mark: str


async def resolve_as_of(
    context: Context, projection: Projection[Any], as_of: AsOf | None, marked: str | None
) -> ResolvedAsOf | None:
    """The point that is meant, which the projection has reached; None for now. `marked` is the mark of the cursor that
    the page begins behind. Raises `BadInput`, `Stale`."""
    if as_of is None:
        return None
    if (as_of.position is None) == (as_of.moment is None):
        raise BadInput("asOf takes exactly one of position and moment.")
    if as_of.moment is not None:
        found = await _at_moment(context, parse_datetime(as_of.moment, "asOf.moment"), marked)
    else:
        found = await _at_position(context, as_of.position or Position(0))
    await context.wait_for_projection(projection, found.position)
    return found


async def _at_position(context: Context, position: int) -> ResolvedAsOf:
    if position > context.services.feed.latest_known and position > (
        head := await context.services.reader.head_position()
    ):
        raise BadInput(f"asOf.position is {position}, and the log ends at {head}.")
    return ResolvedAsOf(position, f"@{position}")


async def _at_moment(context: Context, at: datetime, marked: str | None) -> ResolvedAsOf:
    """Facts may still be recorded under a moment that has only just passed: the pages that follow keep to the position of the first."""
    if at > datetime.now(UTC) + timedelta(seconds=1):
        raise BadInput(f"asOf.moment is {at.isoformat()}, which is in the future.")
    position = await context.services.reader.position_at(at)
    name = f"@{at.isoformat()}@"
    first = (marked or "").partition(name)[2]
    if first.isdecimal() and len(first) < 20:
        position = min(position, int(first))
    return ResolvedAsOf(position, f"{name}{position}")
