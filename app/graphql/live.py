"""A live view of one aggregate: its read model now, and again after each change to it or to what is shown with it."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.graphql.context import Context, Loaders
from app.graphql.errors import NotFound
from app.store.read import EVERYTHING, Fact, Filter
from projections.kernel import AnyProjection


class Versioned(Protocol):
    """A read model that shows the version of its stream."""

    version: int


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that is shown with the aggregate, and changes with facts of its own."""

    concerned: Callable[[Fact], bool]
    settled: Callable[[int], Awaitable[None]] | None = None
    """Waits, bounded, until what is read shows the fact at a position; where it is a projection's, reading it waits."""


async def live[R: Versioned](
    context: Context,
    projection: AnyProjection,
    category: str,
    stream_id: UUID,
    read: Callable[[Loaders], Awaitable[R | None]],
    unknown: str,
    beside: Sequence[Beside] = (),
) -> AsyncGenerator[R]:
    """Whatever `read` finds, with loaders of its own each time. Changes that come together are shown together: who cannot
    keep up misses versions, but never the newest. Raises `NotFound`, which says `unknown`, where there is nothing at first."""
    feed = context.room.feed
    cursor = feed.newest
    await context.reached(projection, cursor)
    found = await read(context.fresh())
    if found is None:
        raise NotFound(unknown)
    yield found
    seen = found.version
    where = EVERYTHING if beside else Filter(categories=frozenset({category}), stream_id=stream_id)
    async for facts in feed.follow(cursor, where, patient=True):
        newest = 0
        for each in beside:
            if concerned := [fact.position for fact in facts if each.concerned(fact)]:
                newest = max(newest, concerned[-1])
                if each.settled is not None:
                    await each.settled(concerned[-1])
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
            await context.reached(projection, newest)
            found = await read(context.fresh())
            if found is not None and (also or found.version > seen):
                seen = found.version
                yield found
