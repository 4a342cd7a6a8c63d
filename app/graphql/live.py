"""A live view of one aggregate: its read model now, and again after each change to it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol
from uuid import UUID

from app.graphql.context import Context, Loaders
from app.graphql.errors import NotFound
from app.store.read import Filter
from projections.kernel import AnyProjection


class Versioned(Protocol):
    """A read model that shows the version of its stream."""

    version: int


async def live[R: Versioned](
    context: Context, projection: AnyProjection, category: str, stream_id: UUID, read: Callable[[Loaders], Awaitable[R | None]], unknown: str
) -> AsyncGenerator[R]:
    """Whatever `read` finds, with loaders of its own each time. Who cannot keep up misses versions, but never the newest.
    Raises `NotFound`, which says `unknown`, where there is nothing at first."""
    feed = context.room.feed
    cursor = feed.newest
    await context.reached(projection, cursor)
    found = await read(context.fresh())
    if found is None:
        raise NotFound(unknown)
    yield found
    seen = found.version
    async for facts in feed.follow(cursor, Filter(categories=frozenset({category}), stream_id=stream_id), patient=True):
        if facts[-1].version > seen:
            await context.reached(projection, facts[-1].position)
            found = await read(context.fresh())
            if found is not None and found.version > seen:
                seen = found.version
                yield found
