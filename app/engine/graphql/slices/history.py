"""The history of an aggregate: its events and states, who set each field, and its stream."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.engine.graphql.context import Context, Info
from app.engine.graphql.costs import declare_cost
from app.engine.graphql.cursors import decode_cursor, encode_cursor, invalid_cursor
from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.pagination import Connection, Page, make_connection, parse_page
from app.engine.graphql.scalars import Position, parse_datetime
from app.engine.graphql.selection import selects_field
from app.engine.graphql.stream_access import may_read_stream
from app.engine.history import aggregate_history
from app.engine.history.aggregate_history import AggregateHistory, FieldBlame
from app.engine.history.diff import to_document
from app.engine.store.load import LoadedState
from app.engine.text import normalize_text
from domain.kernel.decider import AnyDecider

MAX_BLAME_ENTRIES = 1_000
MAX_PATH_LENGTH = 1_000
BLAME, BLAME_OF_EVENT, TYPICAL_EVENTS = 450, 110, 5
"""The cost of a blame, of each event that it folds, and how many events are predicted."""
AS_OF, AS_OF_EVENT = 160, 100
"""The cost of the state at a point in time, and of each further event that it folds."""


@strawberry.type(
    description="One step in the life of an aggregate: the event, the state after it, and what it changed."
)
class HistoryEntry:
    event: EventInterface = strawberry.field(description="The event.")
    command: str | None = strawberry.field(description="The name of the command that recorded the event.")
    undone: bool = strawberry.field(description="Whether the change was undone later, and not redone.")
    entry: strawberry.Private[aggregate_history.HistoryEntry]

    @strawberry.field(
        description="The state after the event: its phase and its fields.", metadata=declare_cost(5)
    )
    def state(self) -> JSON:
        return self.entry.state

    @strawberry.field(
        description="The change of the state as a JSON Patch (RFC 6902). The first event changes an empty object.",
        metadata=declare_cost(110),
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


@strawberry.input(one_of=True, description="A point in the life of an aggregate. Exactly one.")
class PointInTime:
    version: int | None = strawberry.field(
        default=strawberry.UNSET, description="After the event with this version."
    )
    moment: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="After all events recorded up to this moment."
    )
    position: Position | None = strawberry.field(
        default=strawberry.UNSET, description="After all events up to this position in the log."
    )


DeprecatedVersion = Annotated[
    int | None,
    strawberry.argument(description="As of the event with this version.", deprecation_reason="Use at."),
]
DeprecatedMoment = Annotated[
    datetime | None,
    strawberry.argument(
        description="As of this moment: after all events recorded up to it.", deprecation_reason="Use at."
    ),
]
DeprecatedPosition = Annotated[
    Position | None,
    strawberry.argument(
        description="As of this position: after all events up to it.", deprecation_reason="Use at."
    ),
]


def point_in_time(
    at: PointInTime | None, version: int | None, moment: datetime | None, position: int | None
) -> aggregate_history.PointInTime:
    """The point that the arguments name; now if all are null. Raises `BadInput` for `at` together with another one."""
    if at is not None:
        if (version, moment, position) != (None, None, None):
            raise BadInput("Give the point as `at` alone.")
        version, moment, position = _given(at.version), _given(at.moment), _given(at.position)
    return aggregate_history.PointInTime(
        version=version,
        moment=None if moment is None else parse_datetime(moment, "moment"),
        position=position,
    )


def history_of(context: Context) -> AggregateHistory:
    """The history of aggregates, for one read of the log. The items of a list read it in the same statements."""
    context.reads.note_log_read()
    return context.loaders.history(context.services.history)


async def as_of(
    info: Info, decider: AnyDecider, stream_id: UUID, point: aggregate_history.PointInTime
) -> LoadedState[Any] | None:
    """The state at a point. None before the first event. Raises `BadInput` for now."""
    if point == aggregate_history.NOW:
        raise BadInput("at is required.")
    context: Context = info.context
    # What was charged in the meantime may be too much already.
    context.charge.add(0)
    loaded = await history_of(context).as_of(decider, stream_id, point)
    if loaded is not None:
        context.charge.add(AS_OF_EVENT * max(0, loaded.read - TYPICAL_EVENTS))
    return loaded


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
    point: aggregate_history.PointInTime,
) -> StreamSnapshot | None:
    """The state at a point as JSON. None before the first event. Raises `BadInput` for now."""
    loaded = await as_of(info, decider, stream_id, point)
    return None if loaded is None else StreamSnapshot(version=loaded.version, state=to_document(loaded.state))


@strawberry.type
class HistoryFields:
    """Fields of every type with a stream: derive the type from this class, and define `stream`.

    The stream of another is as one without events, if the scope of its events is `own`. That the caller may see the object
    says nothing about it.
    """

    def stream(self) -> tuple[AnyDecider, UUID]:
        raise NotImplementedError

    @strawberry.field(
        description="The history, event by event, from the first one.", metadata=declare_cost(250, item=60)
    )
    async def history(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> HistoryConnection:
        page = parse_page(first, after, last, before)
        decider, stream_id = self.stream()
        if not await may_read_stream(info.context, decider.category, stream_id):
            return _make_history([], has_next=False, has_previous=False, count=0)
        return await _history_page(info, decider, stream_id, page)

    @strawberry.field(
        description="The event that last set each field of the state, as of now or of a point in time.",
        metadata=declare_cost(BLAME + TYPICAL_EVENTS * BLAME_OF_EVENT, item=4, length=15),
    )
    async def blame(
        self,
        info: Info,
        path: Annotated[
            str | None,
            strawberry.argument(description="Only this field and the fields in it, as a JSON Pointer."),
        ] = None,
        at: PointInTime | None = None,
        version: DeprecatedVersion = None,
        moment: DeprecatedMoment = None,
        position: DeprecatedPosition = None,
    ) -> list[Blame]:
        context: Context = info.context
        if path is not None and len(path) > MAX_PATH_LENGTH:
            raise BadInput(f"path has {len(path)} characters; the limit is {MAX_PATH_LENGTH}.")
        decider, stream_id = self.stream()
        if not await may_read_stream(context, decider.category, stream_id):
            return []
        past = history_of(context)
        end = await past.version(decider, stream_id, point_in_time(at, version, moment, position))
        context.charge.add(BLAME_OF_EVENT * max(0, end - TYPICAL_EVENTS))
        all_fields = await past.blame(decider, stream_id, aggregate_history.PointInTime(version=end))
        wanted = None if path is None else normalize_text(path)
        selected = [field for field in all_fields if wanted is None or _is_within(field, wanted)]
        if len(selected) > MAX_BLAME_ENTRIES:
            raise BadInput(
                f"The state has {len(selected)} fields; the limit is {MAX_BLAME_ENTRIES}. Select some of them by path."
            )
        return [
            Blame(
                path=field.pointer,
                value=field.value,
                event=context.events.to_graphql(field.fact, context.access),
                command=field.command,
            )
            for field in selected
        ]


@strawberry.type(description="The events of one aggregate or process, of any category.")
class Stream(HistoryFields):
    category: str = strawberry.field(description="The category.")
    decider: strawberry.Private[AnyDecider]
    stream_id: UUID = strawberry.field(
        description="The id of the stream. It names the stream together with its category."
    )
    version: int = strawberry.field(description="The version: the number of events.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return self.decider, self.stream_id

    @strawberry.field(
        description="The state as of a point in time; null before the first event.",
        metadata=declare_cost(AS_OF),
    )
    async def as_of(
        self,
        info: Info,
        at: PointInTime | None = None,
        version: DeprecatedVersion = None,
        moment: DeprecatedMoment = None,
        position: DeprecatedPosition = None,
    ) -> StreamSnapshot | None:
        return await snapshot_as_of(info, *self.stream(), point_in_time(at, version, moment, position))


async def find_stream(info: Info, category: str, id: UUID) -> Stream | None:
    """The stream. None if it has no events, or if the caller may not see it.

    Raises `BadInput` if the category does not exist, and `AccessDenied` if the caller may read none of its streams.
    """
    context: Context = info.context
    deciders = {decider.category: decider for decider in context.services.application.deciders}
    decider = deciders.get(category)
    if decider is None:
        raise BadInput(f"category must be one of: {', '.join(sorted(deciders)) or 'none yet'}.")
    # Before the look at the owner: the stream may begin in the meantime. Without an owner the answer has nothing of it.
    context.reads.note_log_read()
    if not await may_read_stream(context, category, id):
        return None
    version = await history_of(context).version(decider, id, aggregate_history.NOW)
    return Stream(category=category, decider=decider, stream_id=id, version=version) if version else None


async def _history_page(info: Info, decider: AnyDecider, stream_id: UUID, page: Page) -> HistoryConnection:
    context: Context = info.context
    past = history_of(context)
    after = 0 if page.after is None else _version(page.after, "after")
    before = None if page.before is None else _version(page.before, "before")
    newest = 0
    if page.backward or selects_field(info, "totalCount"):
        # Before the page is read, so that the items of a list ask at the same time.
        newest = await past.version(decider, stream_id, aggregate_history.NOW)
    if page.backward:
        end = newest if before is None else min(newest, before - 1)
        entries = await past.history_before(decider, stream_id, end, min(page.size, max(0, end - after)))
        has_previous = (entries[0].fact.version if entries else end + 1) > 1
        has_next = end < newest
    else:
        size = page.size if before is None else min(page.size, max(0, before - 1 - after))
        entries, has_next = await past.history(decider, stream_id, after, size)
        has_previous = after > 0
    items = [
        (
            HistoryEntry(
                event=context.events.to_graphql(entry.fact, context.access),
                command=entry.command,
                undone=entry.undone,
                entry=entry,
            ),
            encode_cursor(entry.fact.version),
        )
        for entry in entries
    ]
    return _make_history(items, has_next=has_next, has_previous=has_previous, count=newest)


def _make_history(
    items: Sequence[tuple[HistoryEntry, str]], *, has_next: bool, has_previous: bool, count: int
) -> HistoryConnection:
    connection = make_connection(
        items, has_next=has_next, has_previous=has_previous, count=partial(_known_count, count)
    )
    return HistoryConnection(**vars(connection))


async def _known_count(count: int) -> int:
    return count


def _given[T](value: T | None) -> T | None:
    """The value of an input field; None if it is not given."""
    return None if value is strawberry.UNSET else value


def _is_within(field: FieldBlame, path: str) -> bool:
    pointer = normalize_text(field.pointer)
    return pointer == path or pointer.startswith(f"{path}/")


def _version(cursor: str, argument: str) -> int:
    (version,) = decode_cursor(cursor, int, argument=argument)
    if not 0 <= version < 2**31:
        raise invalid_cursor(argument)
    return version
