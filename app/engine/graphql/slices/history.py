"""What has become of a thing, for whatever has a stream: its history, who set each field, and the stream itself."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.pagination import (
    Connection,
    decode_cursor,
    encode_cursor,
    invalid_cursor,
    make_connection,
    page_size,
)
from app.engine.graphql.scalars import Position, parse_datetime
from app.engine.history import aggregate_history as past
from app.engine.history.aggregate_history import FieldBlame, PointInTime
from app.engine.history.diff import to_document
from app.engine.store.load import LoadedState
from domain.kernel.decider import AnyDecider

MAX_BLAME_ENTRIES = 1_000


@strawberry.type(
    description="One step in the life of an aggregate: the fact, the state after it, and what it changed."
)
class HistoryEntry:
    event: EventInterface = strawberry.field(
        description="The fact: who, when, and why (commandId, correlationId, causedBy)."
    )
    command: str | None = strawberry.field(description="What the command that recorded it is called.")
    undone: bool = strawberry.field(
        description="Whether its change was taken back since, and not made again after that."
    )
    entry: strawberry.Private[past.HistoryEntry]

    @strawberry.field(description="The state after it: its phase, and its fields.")
    def state(self) -> JSON:
        return self.entry.state

    @strawberry.field(
        description="What it changed in the state: a JSON Patch (RFC 6902). The first fact changes an empty object."
    )
    async def changes(self) -> JSON:
        # Comparing large states takes milliseconds: others get their turn before each.
        await asyncio.sleep(0)
        return JSON(self.entry.changes())


@strawberry.type(
    description="One page of a history. It may be shorter than asked for where the states are large."
)
class HistoryConnection(Connection[HistoryEntry]):
    pass


@strawberry.type(description="Who set a field of a state.")
class Blame:
    path: str = strawberry.field(description="Which field: a JSON Pointer (RFC 6901).")
    value: JSON | None = strawberry.field(description="What it is set to.")
    event: EventInterface = strawberry.field(description="The fact that last set it: who, when, and why.")
    command: str | None = strawberry.field(description="What the command that recorded the fact is called.")


def point_in_time(version: int | None, at: datetime | None, position: int | None) -> PointInTime:
    """The point that is meant, or now where nothing is given."""
    return PointInTime(
        version=version, moment=None if at is None else parse_datetime(at, "moment"), position=position
    )


async def as_of(
    info: Info,
    decider: AnyDecider,
    stream_id: UUID,
    version: int | None,
    at: datetime | None,
    position: int | None,
) -> LoadedState[Any] | None:
    """The state at the one point that is given; None before the first fact. Raises `BadInput`."""
    when = point_in_time(version, at, position)
    if when == PointInTime():
        raise BadInput("Say when: give one of version, moment and position.")
    context: Context = info.context
    return await context.services.history.as_of(decider, stream_id, when)


@strawberry.type(description="A state as it was.")
class StreamState:
    version: int = strawberry.field(description="The version of the stream then.")
    state: JSON = strawberry.field(
        description="The state after the fact at this version: its phase, and its fields."
    )


async def state_as_of(
    info: Info,
    decider: AnyDecider,
    stream_id: UUID,
    version: int | None,
    at: datetime | None,
    position: int | None,
) -> StreamState | None:
    """The same, as a document."""
    was = await as_of(info, decider, stream_id, version, at, position)
    return None if was is None else StreamState(version=was.version, state=to_document(was.state))


@strawberry.type
class HistoryFields:
    """Fields of every type that has a stream: derive from it, and say which."""

    def stream(self) -> tuple[AnyDecider, UUID]:
        raise NotImplementedError

    @strawberry.field(description="What has become of it, fact by fact, from the first one on.")
    async def history(self, info: Info, first: int = 50, after: str | None = None) -> HistoryConnection:
        context: Context = info.context
        size, cursor = page_size(first), 0 if after is None else _version(after)
        entries, more = await context.services.history.history(*self.stream(), cursor, size)
        items = [
            (
                HistoryEntry(
                    event=context.events.to_graphql(entry.fact),
                    command=entry.command,
                    undone=entry.undone,
                    entry=entry,
                ),
                encode_cursor(entry.fact.version),
            )
            for entry in entries
        ]
        found = make_connection(items, more=more, after=after)
        return HistoryConnection(edges=found.edges, nodes=found.nodes, page_info=found.page_info)

    @strawberry.field(
        description="Which fact last set each field of its state, now or at the point that is given; `path` asks for one field and what is in it."
    )
    async def blame(
        self,
        info: Info,
        path: str | None = None,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> list[Blame]:
        context: Context = info.context
        settings = await context.services.history.blame(
            *self.stream(), point_in_time(version, moment, position)
        )
        wanted = [setting for setting in settings if path is None or _inside(setting, path)]
        if len(wanted) > MAX_BLAME_ENTRIES:
            raise BadInput(
                f"The state has {len(wanted)} fields; at most {MAX_BLAME_ENTRIES} will do: give the path of those you mean."
            )
        return [
            Blame(
                path=each.pointer,
                value=each.value,
                event=context.events.to_graphql(each.fact),
                command=each.command,
            )
            for each in wanted
        ]


@strawberry.type(description="Everything that was recorded of one aggregate, whatever it is.")
class Stream(HistoryFields):
    category: str = strawberry.field(description="What it is: order, product, …")
    decider: strawberry.Private[AnyDecider]
    id: UUID = strawberry.field(description="Which one.")
    version: int = strawberry.field(description="How many facts it has.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return self.decider, self.id

    @strawberry.field(
        description="Its state as it was. Exactly one argument; null before its first fact. A moment counts what was recorded by then."
    )
    async def as_of(
        self,
        info: Info,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> StreamState | None:
        return await state_as_of(info, *self.stream(), version, moment, position)


async def stream(info: Info, category: str, id: UUID) -> Stream | None:
    """The stream; None where nothing was recorded. Raises `BadInput` for a category that there is not."""
    context: Context = info.context
    deciders = {decider.category: decider for decider in context.services.application.deciders}
    decider = deciders.get(category)
    if decider is None:
        raise BadInput(f"category is one of {', '.join(sorted(deciders)) or 'none yet'}.")
    version = await context.services.history.version(decider, id, PointInTime())
    return Stream(category=category, decider=decider, id=id, version=version) if version else None


def _inside(setting: FieldBlame, path: str) -> bool:
    return setting.pointer == path or setting.pointer.startswith(f"{path}/")


def _version(cursor: str) -> int:
    (version,) = decode_cursor(cursor, int)
    if not 0 <= version < 2**31:
        raise invalid_cursor()
    return version
