"""The log itself: the audit trail, and the live events."""

from collections.abc import AsyncIterator
from uuid import UUID

import strawberry

from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.pagination import Connection, make_connection, page_size
from app.engine.graphql.scalars import Position, clean_text
from app.engine.graphql.slices.history import Stream, stream
from app.engine.store import reader as read
from app.engine.store.reader import ALL_EVENTS

MAX_NAMES = 100


@strawberry.input(description="Which facts are wanted; every condition that is given must hold.")
class EventFilter:
    streams: list[str] | None = strawberry.field(
        default=None, description="Of these categories: order, product, …"
    )
    stream_id: UUID | None = strawberry.field(default=None, description="Of this stream.")
    types: list[str] | None = strawberry.field(
        default=None, description="Stored under these names: order.placed, …"
    )
    correlation_id: UUID | None = strawberry.field(
        default=None, description="That followed from this request."
    )


def _filter(wanted: EventFilter | None) -> read.EventFilter:
    if wanted is None:
        return ALL_EVENTS
    return read.EventFilter(
        categories=_names(wanted.streams, "streams"),
        stream_id=wanted.stream_id,
        types=_names(wanted.types, "types"),
        correlation_id=wanted.correlation_id,
    )


def _names(names: list[str] | None, argument: str) -> frozenset[str] | None:
    if names is None:
        return None
    if len(names) > MAX_NAMES:
        raise BadInput(f"{argument} has {len(names)} names; at most {MAX_NAMES} will do.")
    return frozenset(clean_text(name, argument, 200) for name in names)


@strawberry.type(description="How far one read model has come.")
class Lag:
    projection: str = strawberry.field(description="The projection.")
    position: Position = strawberry.field(description="The newest fact in it.")
    behind: int = strawberry.field(description="Facts that it has yet to take in.")
    seconds: float = strawberry.field(description="How long the first of them has waited.")


@strawberry.type
class Query:
    @strawberry.field(description="The audit trail: facts in log order.")
    async def events(
        self, info: Info, first: int = 50, after: Position | None = None, filter: EventFilter | None = None
    ) -> Connection[EventInterface]:
        context: Context = info.context
        size = page_size(first)
        facts = await context.services.reader.read_all(after or 0, size + 1, where=_filter(filter))
        items = [(context.events.to_graphql(fact), str(fact.position)) for fact in facts[:size]]
        return make_connection(items, more=len(facts) > size, after=after)

    @strawberry.field(description="One aggregate of any category; null where nothing was recorded of it.")
    async def stream(self, info: Info, category: str, id: UUID) -> Stream | None:
        return await stream(info, category, id)

    @strawberry.field(description="Where the log stands.")
    async def position(self, info: Info) -> Position:
        return Position(await info.context.services.reader.head_position())

    @strawberry.field(description="How far each read model has come.")
    async def lag(self, info: Info) -> list[Lag]:
        projector = info.context.services.projector
        return [
            Lag(projection=name, position=Position(worker.position), behind=behind, seconds=worker.seconds())
            for (name, behind), worker in zip(
                projector.lag_events().items(), projector.workers.values(), strict=True
            )
        ]


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="Every matching fact after the given position, first those already stored, then live, without a gap or a repeat. Without `after`: from now on."
    )
    async def events(
        self, info: Info, after: Position | None = None, filter: EventFilter | None = None
    ) -> AsyncIterator[EventInterface]:
        context: Context = info.context
        feed = context.services.feed
        wanted = _filter(filter)
        if (
            after is not None
            and after > feed.latest_known
            and after > (head := await context.services.reader.head_position())
        ):
            raise BadInput(
                f"after is {after}, and the log ends at {head}: give the position of an event that you have seen."
            )
        cursor = feed.latest_known if after is None else after
        # Behind the head each subscriber goes its own way; from there on they may share.
        while context.handover is None or cursor < feed.head:
            if not await feed.wait_past(cursor, patient=True):
                return
            facts, cursor = await feed.read_after(cursor, wanted)
            for fact in facts:
                yield context.events.to_graphql(fact)
        context.handover.begin(cursor, wanted)
