"""The event log: stored events, live events, and streams of any category."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from app.engine.access.policy import ANYONE, Policy
from app.engine.graphql.context import Context, Info, ResumePoint
from app.engine.graphql.errors import BadInput, ReplacedLog
from app.engine.graphql.event_access import owned_facts, readable_feed, readable_page
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.pagination import MAX_PAGE_SIZE, Connection, make_connection, page_size
from app.engine.graphql.scalars import Count, Position, clean_text
from app.engine.graphql.selection import selects_field
from app.engine.graphql.slices.history import Stream, find_stream
from app.engine.shares import ShortTurns
from app.engine.store import event_filter
from app.engine.store.event_filter import ALL_EVENTS
from app.engine.store.interests import filter_interests

MAX_NAMES = 100
EVENTS_PER_TURN, TURN_SECONDS = 100, 0.02
"""The most stored events that a subscriber gets in one turn while it is behind, and the longest turn."""

# Events are judged one by one, by the lines of their types.
POLICY = Policy(
    queries={"events": ANYONE, "stream": ANYONE, "position": ANYONE, "lag": ANYONE},
    subscriptions={"events": ANYONE},
)


@strawberry.input(description="Conditions on events; all that are given must hold.")
class EventFilter:
    streams: list[str] | None = strawberry.field(
        default=None, description="The categories of the streams; at most 100."
    )
    stream_id: UUID | None = strawberry.field(
        default=None,
        description="The id of the stream. With one category in `streams` it names one stream; alone, every stream of that id.",
    )
    types: list[str] | None = strawberry.field(
        default=None, description="The stored names of the event types; at most 100."
    )
    correlation_id: UUID | None = strawberry.field(
        default=None, description="The correlation id: the events that followed from one request."
    )
    command_id: UUID | None = strawberry.field(
        default=None, description="The id of the command: the events that it recorded."
    )


def _to_filter(filter: EventFilter | None) -> event_filter.EventFilter:
    if filter is None:
        return ALL_EVENTS
    return event_filter.EventFilter(
        categories=_names(filter.streams, "streams"),
        stream_id=filter.stream_id,
        types=_names(filter.types, "types"),
        correlation_id=filter.correlation_id,
        command_id=filter.command_id,
    )


def _names(names: list[str] | None, argument: str) -> frozenset[str] | None:
    if names is None:
        return None
    if len(names) > MAX_NAMES:
        raise BadInput(f"{argument} has {len(names)} names; the limit is {MAX_NAMES}.")
    return frozenset(clean_text(name, argument, 200) for name in names)


@strawberry.type(description="How far one projection is behind the log.")
class Lag:
    projection: str = strawberry.field(description="The name of the projection.")
    position: Position = strawberry.field(description="The newest event in it.")
    behind: Count = strawberry.field(description="The number of events that it has not processed.")
    seconds: float = strawberry.field(description="How long the oldest of them has waited, in seconds.")


@strawberry.type
class Query:
    @strawberry.field(description="The audit trail: events by position.")
    async def events(
        self,
        info: Info,
        first: Annotated[
            int, strawberry.argument(description=f"The maximum number of events: 0 to {MAX_PAGE_SIZE}.")
        ] = 50,
        after: Annotated[
            Position | None, strawberry.argument(description="Only events after this position.")
        ] = None,
        filter: EventFilter | None = None,
    ) -> Connection[EventInterface]:
        context: Context = info.context
        if after is not None:
            await context.reads.check_log()
        size, where = page_size(first), await readable_page(context, _to_filter(filter))
        reader = context.reader
        facts, has_next = await reader.read_page(after or 0, size, where)
        items = [(context.events.to_graphql(fact, context.access), str(fact.position)) for fact in facts]
        has_previous = (
            bool(after)
            and selects_field(info, "hasPreviousPage")
            and bool(await reader.read_all(0, 1, up_to=after, where=where))
        )
        return make_connection(
            items,
            has_next=has_next,
            has_previous=has_previous,
            count=partial(reader.count, where),
        )

    @strawberry.field(description="The stream of one aggregate or process; null if it has no events.")
    async def stream(
        self,
        info: Info,
        category: Annotated[str, strawberry.argument(description="The category of the stream.")],
        id: Annotated[UUID, strawberry.argument(description="The id of the stream.")],
    ) -> Stream | None:
        return await find_stream(info, category, id)

    @strawberry.field(description="The position of the newest event in the log.")
    async def position(self, info: Info) -> Position:
        return Position(await info.context.reader.head_position())

    @strawberry.field(
        description="How far each projection is behind the log.",
        deprecation_reason="Use projections { position lag lagSeconds }, or extensions.lag of any response.",
    )
    async def lag(self, info: Info) -> list[Lag]:
        projector = info.context.services.projector
        return [
            Lag(
                projection=name,
                position=Position(worker.state.position),
                behind=Count(behind),
                seconds=worker.lag_seconds(),
            )
            for (name, behind), worker in zip(
                projector.lag_events().items(), projector.workers.values(), strict=True
            )
        ]


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The events that match, first the stored ones, then the live ones, without gaps or repeats."
    )
    async def events(
        self,
        info: Info,
        after: Annotated[
            Position | None,
            strawberry.argument(description="Start after this position; without it at the head of the log."),
        ] = None,
        filter: EventFilter | None = None,
    ) -> AsyncIterator[EventInterface]:
        context: Context = info.context
        feed = context.services.feed
        where = readable_feed(context, _to_filter(filter))
        point = context.resume_point or ResumePoint()
        after = after if point.after is None else Position(point.after)
        if after is not None:
            if after > feed.latest_known and after > (head := await context.reader.head_position()):
                raise ReplacedLog(
                    f"after is {after}; the log ends at {head}. It was replaced, or the position is of another log."
                )
            await context.reads.check_log()
        epoch, interests = feed.epoch, filter_interests(where)
        cursor = feed.latest_known if after is None else after
        if after is None:
            # An EventSource that reconnects before the first event goes on from here.
            point.start = cursor
        point.listening.set()
        # Behind the head each subscriber is executed alone. At the head the socket's handler continues for the resolver.
        turns = ShortTurns(context.services.catch_up, context.share, TURN_SECONDS)
        try:
            while context.handover is None or cursor < feed.head:
                found = await feed.wait_for(cursor, interests, epoch=epoch)
                if found is None:
                    return
                if feed.head - found > EVENTS_PER_TURN:
                    await turns.next()
                facts, cursor = await feed.read_after(found, where, EVENTS_PER_TURN)
                for fact in await owned_facts(context, facts):
                    point.position = fact.position
                    context.reads.note_read(fact.position)
                    yield context.events.to_graphql(fact, context.access)
                # They are not kept while the subscriber waits.
                del facts
                turns.end()
        finally:
            turns.end()
        context.handover.begin(cursor, where, epoch, partial(owned_facts, context))
