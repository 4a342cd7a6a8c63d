"""A live query of one aggregate: its read model now, and again after each change."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from app.engine.graphql.context import Context
from app.engine.graphql.errors import NotFound
from app.engine.graphql.loaders import Loaders
from app.engine.store.interests import EVERYTHING, Interest, stream_interest
from app.engine.store.reader import Fact
from projections.kernel import AnyProjection


class Versioned(Protocol):
    """A read model with the version of its stream."""

    version: int


@dataclass(frozen=True, slots=True)
class RelatedChanges:
    """Events of other streams that change what the query shows."""

    matches: Callable[[Fact], bool]
    """An `Interest`, so that events of others cost nothing. Another function is called for every event of the log."""
    wait_until_visible: Callable[[int], Awaitable[None]] | None = None
    """Waits, with a limit, until reads show the event at a position. Not needed for projections: their reads wait."""
    read_first: Callable[[Loaders], Awaitable[int]] | None = None
    """Reads what changed, into the loaders, and returns the position up to which it has everything. The read models are
    then read at least as new: no result shows an effect without its cause."""


async def live_query[R: Versioned](
    context: Context,
    projection: AnyProjection,
    category: str,
    stream_id: UUID,
    read: Callable[[Loaders], Awaitable[R | None]],
    not_found: str,
    related: Sequence[RelatedChanges] = (),
) -> AsyncGenerator[R]:
    """What `read` returns: now, and after each change. Each read has new loaders.

    Changes that come together give one result: a slow subscriber skips versions, but never the newest. Raises `NotFound`
    with the message `not_found` if there is nothing to show at first.
    """
    feed = context.services.feed
    cursor, epoch = feed.latest_known, feed.epoch

    async def read_at(position: int) -> R | None:
        loaders = context.new_loaders()
        for changes in related:
            if changes.read_first is not None:
                position = max(position, await changes.read_first(loaders))
        await context.wait_for_projection(projection, position)
        return await read(loaders)

    row = await read_at(cursor)
    if row is None:
        raise NotFound(not_found)
    yield row
    shown_version = row.version
    interests = [stream_interest(category, stream_id)]
    for changes in related:
        interests += [changes.matches] if isinstance(changes.matches, Interest) else EVERYTHING
    while (found := await feed.wait_for(cursor, interests, epoch=epoch)) is not None:
        facts, cursor = await feed.read_after(found)
        related_position = 0
        for changes in related:
            if positions := [fact.position for fact in facts if changes.matches(fact)]:
                related_position = max(related_position, positions[-1])
                if changes.wait_until_visible is not None:
                    await changes.wait_until_visible(positions[-1])
        own_positions = (
            fact.position
            for fact in facts
            if fact.stream_id == stream_id and fact.category == category and fact.version > shown_version
        )
        position = max(related_position, *own_positions, 0)
        if position:
            row = await read_at(position)
            if row is not None and (related_position or row.version > shown_version):
                shown_version = row.version
                yield row
