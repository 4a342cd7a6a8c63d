"""A live view of one aggregate: its read model now, and again after each change to it or to what is shown with it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.engine.graphql.context import Context
from app.engine.graphql.errors import NotFound
from app.engine.graphql.loaders import Loaders
from app.engine.store.reader import ALL_EVENTS, EventFilter, Fact
from projections.kernel import AnyProjection


class Versioned(Protocol):
    """A read model that shows the version of its stream."""

    version: int


@dataclass(frozen=True, slots=True)
class RelatedChanges:
    """Something that is shown with the aggregate, and changes with facts of its own."""

    concerned: Callable[[Fact], bool]
    wait_until_visible: Callable[[int], Awaitable[None]] | None = None
    """Waits, bounded, until what is read shows the fact at a position; where it is a projection's, reading it waits."""


async def live_query[R: Versioned](
    context: Context,
    projection: AnyProjection,
    category: str,
    stream_id: UUID,
    read: Callable[[Loaders], Awaitable[R | None]],
    unknown: str,
    beside: Sequence[RelatedChanges] = (),
) -> AsyncGenerator[R]:
    """Whatever `read` finds, with loaders of its own each time. Changes that come together are shown together: who cannot
    keep up misses versions, but never the newest. Raises `NotFound`, which says `unknown`, where there is nothing at first."""
    feed = context.services.feed
    cursor = feed.latest_known
    await context.wait_for_projection(projection, cursor)
    found = await read(context.new_loaders())
    if found is None:
        raise NotFound(unknown)
    yield found
    seen = found.version
    where = ALL_EVENTS if beside else EventFilter(categories=frozenset({category}), stream_id=stream_id)
    async for facts in feed.follow(cursor, where, patient=True):
        newest = 0
        for each in beside:
            if concerned := [fact.position for fact in facts if each.concerned(fact)]:
                newest = max(newest, concerned[-1])
                if each.wait_until_visible is not None:
                    await each.wait_until_visible(concerned[-1])
        also = newest > 0
        newest = max(
            [
                newest,
                *(
                    fact.position
                    for fact in facts
                    if fact.stream_id == stream_id and fact.category == category and fact.version > seen
                ),
            ]
        )
        if newest:
            await context.wait_for_projection(projection, newest)
            found = await read(context.new_loaders())
            if found is not None and (also or found.version > seen):
                seen = found.version
                yield found
