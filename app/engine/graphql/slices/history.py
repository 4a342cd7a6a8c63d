"""The history of an aggregate: its events and states, who set each field, and its stream."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
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
from app.engine.history import aggregate_history
from app.engine.history.aggregate_history import FieldBlame, PointInTime
from app.engine.history.diff import to_document
from app.engine.store.load import LoadedState
from domain.kernel.decider import AnyDecider

MAX_BLAME_ENTRIES = 1_000


@strawberry.type(
    description="One step in the life of an aggregate: the event, the state after it, and what it changed."
)
class HistoryEntry:
    event: EventInterface = strawberry.field(description="The event.")
    command: str | None = strawberry.field(description="The name of the command that recorded the event.")
    undone: bool = strawberry.field(description="Whether the change was undone later, and not redone.")
    entry: strawberry.Private[aggregate_history.HistoryEntry]

    @strawberry.field(description="The state after the event: its phase and its fields.")
    def state(self) -> JSON:
        return self.entry.state

    @strawberry.field(
        description="The change of the state as a JSON Patch (RFC 6902). The first event changes an empty object."
    )
    async def changes(self) -> JSON:
        # The comparison of large states takes milliseconds: other tasks run in between.
        await asyncio.sleep(0)
        return JSON(self.entry.changes())


@strawberry.type(description="One page of a history. It is shorter than requested if the states are large.")
class HistoryConnection(Connection[HistoryEntry]):
    pass


@strawberry.type(description="The event that last set a field of a state.")
class Blame:
    path: str = strawberry.field(description="The field, as a JSON Pointer (RFC 6901).")
    value: JSON | None = strawberry.field(description="The value of the field.")
    event: EventInterface = strawberry.field(description="The event that last set the field.")
    command: str | None = strawberry.field(description="The name of the command that recorded the event.")


def point_in_time(version: int | None, moment: datetime | None, position: int | None) -> PointInTime:
    """The point that the arguments name; now if all are null."""
    return PointInTime(
        version=version,
        moment=None if moment is None else parse_datetime(moment, "moment"),
        position=position,
    )


async def as_of(
    info: Info,
    decider: AnyDecider,
    stream_id: UUID,
    version: int | None,
    moment: datetime | None,
    position: int | None,
) -> LoadedState[Any] | None:
    """The state at a point. None before the first event. Raises `BadInput`."""
    point = point_in_time(version, moment, position)
    if point == PointInTime():
        raise BadInput("One of version, moment and position is required.")
    context: Context = info.context
    context.reads.note_log_read()
    return await context.services.history.as_of(decider, stream_id, point)


@strawberry.type(description="The state of a stream at a version.")
class StreamSnapshot:
    version: int = strawberry.field(description="The version of the stream.")
    state: JSON = strawberry.field(
        description="The state after the event with this version: its phase and its fields."
    )


async def snapshot_as_of(
    info: Info,
    decider: AnyDecider,
    stream_id: UUID,
    version: int | None,
    moment: datetime | None,
    position: int | None,
) -> StreamSnapshot | None:
    """The state at a point as JSON. None before the first event. Raises `BadInput`."""
    loaded = await as_of(info, decider, stream_id, version, moment, position)
    return None if loaded is None else StreamSnapshot(version=loaded.version, state=to_document(loaded.state))


@strawberry.type
class HistoryFields:
    """Fields of every type with a stream: derive the type from this class, and define `stream`."""

    def stream(self) -> tuple[AnyDecider, UUID]:
        raise NotImplementedError

    @strawberry.field(description="The history, event by event, from the first one.")
    async def history(self, info: Info, first: int = 50, after: str | None = None) -> HistoryConnection:
        context: Context = info.context
        size, after_version = page_size(first), 0 if after is None else _version(after)
        context.reads.note_log_read()
        entries, more = await context.services.history.history(*self.stream(), after_version, size)
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
        page = make_connection(items, more=more, after=after)
        return HistoryConnection(edges=page.edges, nodes=page.nodes, page_info=page.page_info)

    @strawberry.field(
        description="The event that last set each field of the state, as of now or of a point in time."
    )
    async def blame(
        self,
        info: Info,
        path: Annotated[
            str | None,
            strawberry.argument(description="Only this field and the fields in it, as a JSON Pointer."),
        ] = None,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> list[Blame]:
        context: Context = info.context
        context.reads.note_log_read()
        all_fields = await context.services.history.blame(
            *self.stream(), point_in_time(version, moment, position)
        )
        selected = [field for field in all_fields if path is None or _is_within(field, path)]
        if len(selected) > MAX_BLAME_ENTRIES:
            raise BadInput(
                f"The state has {len(selected)} fields; the limit is {MAX_BLAME_ENTRIES}. Select some of them by path."
            )
        return [
            Blame(
                path=field.pointer,
                value=field.value,
                event=context.events.to_graphql(field.fact),
                command=field.command,
            )
            for field in selected
        ]


@strawberry.type(description="The events of one aggregate or process, of any category.")
class Stream(HistoryFields):
    category: str = strawberry.field(description="The category.")
    decider: strawberry.Private[AnyDecider]
    id: UUID = strawberry.field(description="The id.")
    version: int = strawberry.field(description="The version: the number of events.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return self.decider, self.id

    @strawberry.field(
        description="The state as of a point in time; null before the first event. Exactly one argument."
    )
    async def as_of(
        self,
        info: Info,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> StreamSnapshot | None:
        return await snapshot_as_of(info, *self.stream(), version, moment, position)


async def find_stream(info: Info, category: str, id: UUID) -> Stream | None:
    """The stream. None if it has no events. Raises `BadInput` if the category does not exist."""
    context: Context = info.context
    deciders = {decider.category: decider for decider in context.services.application.deciders}
    decider = deciders.get(category)
    if decider is None:
        raise BadInput(f"category must be one of: {', '.join(sorted(deciders)) or 'none yet'}.")
    context.reads.note_log_read()
    version = await context.services.history.version(decider, id, PointInTime())
    return Stream(category=category, decider=decider, id=id, version=version) if version else None


def _is_within(field: FieldBlame, path: str) -> bool:
    return field.pointer == path or field.pointer.startswith(f"{path}/")


def _version(cursor: str) -> int:
    (version,) = decode_cursor(cursor, int)
    if not 0 <= version < 2**31:
        raise invalid_cursor()
    return version
