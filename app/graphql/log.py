"""The log itself: the audit trail, and the live events."""

from collections.abc import AsyncIterator
from uuid import UUID

import strawberry

from app.graphql.connections import Connection, page, page_size
from app.graphql.context import Context, Info
from app.graphql.errors import BadInput
from app.graphql.events import EventInterface
from app.graphql.history import Stream, stream
from app.graphql.scalars import Position, text
from app.store import read
from app.store.read import EVERYTHING

MOST_NAMES = 100


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


def _filter(wanted: EventFilter | None) -> read.Filter:
    if wanted is None:
        return EVERYTHING
    return read.Filter(
        categories=_names(wanted.streams, "streams"),
        stream_id=wanted.stream_id,
        types=_names(wanted.types, "types"),
        correlation_id=wanted.correlation_id,
    )


def _names(names: list[str] | None, argument: str) -> frozenset[str] | None:
    if names is None:
        return None
    if len(names) > MOST_NAMES:
        raise BadInput(f"{argument} has {len(names)} names; at most {MOST_NAMES} will do.")
    return frozenset(text(name, argument, 200) for name in names)


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
        facts = await context.room.reader.log(after or 0, size + 1, where=_filter(filter))
        items = [(context.events.show(fact), str(fact.position)) for fact in facts[:size]]
        return page(items, more=len(facts) > size, after=after)

    @strawberry.field(description="One aggregate of any category; null where nothing was recorded of it.")
    async def stream(self, info: Info, category: str, id: UUID) -> Stream | None:
        return await stream(info, category, id)

    @strawberry.field(description="Where the log stands.")
    async def position(self, info: Info) -> Position:
        return Position(await info.context.room.reader.head())

    @strawberry.field(description="How far each read model has come.")
    async def lag(self, info: Info) -> list[Lag]:
        projector = info.context.room.projector
        return [
            Lag(projection=name, position=Position(worker.position), behind=behind, seconds=worker.seconds())
            for (name, behind), worker in zip(
                projector.behind().items(), projector.workers.values(), strict=True
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
        feed = context.room.feed
        wanted = _filter(filter)
        if after is not None and after > feed.newest and after > (head := await context.room.reader.head()):
            raise BadInput(
                f"after is {after}, and the log ends at {head}: give the position of an event that you have seen."
            )
        cursor = feed.newest if after is None else after
        # Behind the head each subscriber goes its own way; from there on they may share.
        while context.tail is None or cursor < feed.head:
            if not await feed.beyond(cursor, patient=True):
                return
            facts, cursor = await feed.take(cursor, wanted)
            for fact in facts:
                yield context.events.show(fact)
        context.tail.begin(cursor, wanted)
