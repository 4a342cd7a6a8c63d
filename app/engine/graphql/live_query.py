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
    """Events of other streams, and rows of another projection, that change what the query shows."""

    matches: Callable[[Fact], bool]
    """An `Interest`, so that events of others cost nothing. Another function is called for every event of the log."""
    wait_until_visible: Callable[[int], Awaitable[None]] | None = None
    """Waits, with a limit, until reads show the event at a position. Not needed for projections: their reads wait."""
    read_first: Callable[[Loaders], Awaitable[int]] | None = None
    """Reads what changed, into the loaders, and returns the position up to which it has everything. The read models are
    then read at least as new: no result shows an effect without its cause."""
    projection: AnyProjection | None = None
    """The read model of these events. Its rewrites change what the query shows, too."""


async def live_query[R: Versioned](
    context: Context,
    projection: AnyProjection,
    category: str,
    stream_id: UUID,
    read: Callable[[Loaders], Awaitable[R | None]],
    not_found: str,
    related: Sequence[RelatedChanges] = (),
) -> AsyncGenerator[R]:
    """What `read` returns: now, and after each change, also after a rewrite of a read model. Each read has new loaders.

    Changes that come together give one result: a slow subscriber skips versions, but never the newest. Raises `NotFound`
    with the message `not_found` if there is nothing to show at first.
    """
    feed = context.services.feed
    cursor, epoch = feed.latest_known, feed.epoch
    read_models = {projection, *(changes.projection for changes in related if changes.projection is not None)}
    rewrites_of = [context.services.projector.workers[read_model.name].rewrites for read_model in read_models]

    def count_rewrites() -> int:
        return sum(rewrites.count for rewrites in rewrites_of)

    known_rewrites = count_rewrites()

    async def read_at(position: int) -> R | None:
        # Whose the stream is says a row of this projection: what is read first may ask for that.
        context.reads.require(position)
        await context.reads.wait_for_projection(projection, None)
        loaders = context.new_loaders()
        for changes in related:
            if changes.read_first is not None:
                position = max(position, await changes.read_first(loaders))
        context.reads.require(position)
        await context.reads.wait_for_projection(projection, None)
        return await read(loaders)

    row = await read_at(cursor)
    if row is None:
        raise NotFound(not_found)
    yield row
    shown_version = row.version
    interests = [stream_interest(category, stream_id)]
    for changes in related:
        interests += [changes.matches] if isinstance(changes.matches, Interest) else EVERYTHING
    while True:
        facts: Sequence[Fact] = ()
        # No task runs between this look and the wait, so no rewrite is missed.
        if known_rewrites == count_rewrites():
            found = await feed.wait_for(cursor, interests, epoch=epoch)
            if found is None:
                return
            facts, cursor = await feed.read_after(found)
        is_rewritten = known_rewrites != count_rewrites()
        known_rewrites = count_rewrites()
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
        if position or is_rewritten:
            row = await read_at(position)
            if row is not None and (related_position or is_rewritten or row.version > shown_version):
                shown_version = row.version
                yield row
