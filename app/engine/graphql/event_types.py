"""Derives the GraphQL types of events from the domain's event classes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry
from strawberry.scalars import JSON
from strawberry.utils.str_converters import to_camel_case

from app.engine.access.access import Access
from app.engine.errors import ConfigurationError
from app.engine.graphql.scalars import Position
from app.engine.graphql.strawberry_internals import python_names
from app.engine.history.trace import origin_actors
from app.engine.store.event_filter import stored_name
from app.engine.store.reader import Fact
from domain.kernel.decider import AnyDecider, Event, SplitEvent, UnreadableEvent
from domain.kernel.process import StepStuck

HIDDEN_PROBLEM = "This version of the code cannot read the event."
"""What stands for the problem of an unreadable event if the caller is no operator."""
_HIDDEN_DATA = JSON("{}")
_DATA_DESCRIPTION = "The stored data as JSON text. Only operators read it; others read an empty object."


@strawberry.interface(
    name="Event",
    description="One event in the log. Every event type of the domain implements it and adds its own fields.",
)
class EventInterface:
    position: Position = strawberry.field(description="The position in the log.")
    stream: str = strawberry.field(description="The category of the stream.")
    stream_id: UUID = strawberry.field(description="The id of the stream.")
    version: int = strawberry.field(description="The version in the stream, from 1.")
    type: str = strawberry.field(description="The stored name of the event type.")
    recorded_at: datetime = strawberry.field(description="When the event was recorded in the log.")
    occurred_at: datetime = strawberry.field(description="When the event happened in the world.")
    actor: str = strawberry.field(description="Who sent the command.")
    command_id: UUID = strawberry.field(description="The id of the command that recorded the event.")
    correlation_id: UUID = strawberry.field(
        description="The id of the request that started it: shared by everything that followed from the request."
    )
    caused_by: Position | None = strawberry.field(
        description="The position of the event that led to the command; null if a client sent it."
    )

    @strawberry.field(
        description="The caller whose command led to it, if a process sent the command; null if a client sent it."
    )
    async def on_behalf_of(self, info: strawberry.Info[Any, None]) -> str | None:
        if self.caused_by is None:
            return None
        database = info.context.database

        async def read(positions: list[int]) -> Sequence[str | None]:
            actors = await origin_actors(database, positions)
            return [actors.get(position) for position in positions]

        return await info.context.loaders.load("origin actors", read, int(self.caused_by))


_INTERFACE_NAMES = {to_camel_case(name) for name in python_names(EventInterface)}
"""The names that no field of an event class may have."""


@strawberry.type(
    name="UnreadableEvent",
    description=(
        "An event that this version of the code cannot read: newer code stored it, or it is damaged. Only operators read"
        " its type, actor, cause, data and problem."
    ),
)
class UnreadableType(EventInterface):
    stored_version: int = strawberry.field(description="The version of the stored shape.")
    data: JSON = strawberry.field(description=_DATA_DESCRIPTION)
    problem: str = strawberry.field(
        description="Why the event cannot be read. Others read one fixed sentence."
    )


@strawberry.type(
    name="SplitEvent",
    description="A stored event that upcasts turned into several events, or into none. All of them have its position.",
)
class SplitType(EventInterface):
    stored_version: int = strawberry.field(description="The version of the stored shape.")
    data: JSON = strawberry.field(description=_DATA_DESCRIPTION)
    parts: list[EventInterface] = strawberry.field(
        description="The events that it was turned into, in order."
    )


_DESCRIPTIONS = {
    "undoes": "The version of the change that this event undoes; null if it undoes none.",
    "redoes": "The version of the change that this event redoes; null if it redoes none.",
}

_ERROR_DESCRIPTION = "Recorded as `error`. Callers who may not read it get one fixed sentence."


def _visible_error(root: Any, info: strawberry.Info[Any, None]) -> str:
    """The error of a stuck step, which the port or the database has raised."""
    return info.context.access.visible_error(root.stream, root.recorded_error)


type OutputMapping = tuple[Any, Callable[[Any], Any]]
"""The GraphQL type of a domain type, and the function that converts a value."""


class EventTypes:
    """The GraphQL types of all events of the deciders. `values` maps the domain types of their fields.

    Raises `ConfigurationError` if an event class has a field that every event has.
    """

    def __init__(self, deciders: Iterable[AnyDecider], values: Mapping[type, OutputMapping]) -> None:
        self._values = dict(values)
        self._converters: dict[type[Event], Callable[[Fact, Access], EventInterface]] = {
            UnreadableEvent: _to_unreadable,
            SplitEvent: self._to_split,
        }
        self.types: list[type[EventInterface]] = [UnreadableType, SplitType]
        for decider in deciders:
            for event_type in decider.event_types:
                self._derive(event_type)

    def to_graphql(self, fact: Fact, access: Access) -> EventInterface:
        """A recorded event as an object of its GraphQL type, as a caller with this access reads it."""
        return self._converters[type(fact.event)](fact, access)

    def _to_split(self, fact: Fact, access: Access) -> EventInterface:
        event = fact.event
        parts = [self.to_graphql(part, access) for part in fact.parts]
        # No line of a policy is about fields that upcasts remove.
        data = event.data if access.events.everything else _HIDDEN_DATA
        return SplitType(**_envelope(fact), stored_version=event.version, data=data, parts=parts)

    def _derive(self, event_type: type[Event]) -> None:
        for field in fields(cast("Any", event_type)):
            if to_camel_case(field.name) in _INTERFACE_NAMES:
                raise ConfigurationError(
                    f"{event_type.__qualname__} has the field {field.name}, as every event of the API has: rename the field"
                )
        hints = get_type_hints(event_type)
        mappings = {field.name: self._mapping(hints[field.name]) for field in fields(cast("Any", event_type))}
        name = "".join(part.capitalize() for part in event_type.stored.name.replace(".", "-").split("-"))
        described: dict[str, Any] = {
            key: strawberry.field(description=_DESCRIPTIONS.get(key, f"Recorded as `{key}`."))
            for key in mappings
        }
        annotations = {key: output_type for key, (output_type, _) in mappings.items()}
        attributes = {key: key for key in mappings}
        if issubclass(event_type, StepStuck):
            described["error"] = strawberry.field(resolver=_visible_error, description=_ERROR_DESCRIPTION)
            attributes["error"] = "recorded_error"
            annotations["recorded_error"] = strawberry.Private[str]
        plain_class: type[EventInterface] = type(
            name,
            (EventInterface,),
            {"__annotations__": annotations, "__module__": __name__, **described},
        )
        graphql_type = strawberry.type(plain_class, description=_description(event_type))
        converters = [(key, attributes[key], convert) for key, (_, convert) in mappings.items()]

        def to_object(fact: Fact, access: Access) -> EventInterface:
            del access
            event = fact.event
            values = {attribute: convert(getattr(event, key)) for key, attribute, convert in converters}
            return graphql_type(**_envelope(fact), **values)

        self._converters[event_type] = to_object
        self.types.append(graphql_type)

    def _mapping(self, hint: Any) -> OutputMapping:
        if hint in self._values:
            return self._values[hint]
        if get_origin(hint) is tuple:
            output_type, convert = self._mapping(get_args(hint)[0])
            return list[output_type], lambda values: [convert(value) for value in values]
        if type(None) in get_args(hint):
            (inner,) = (argument for argument in get_args(hint) if argument is not type(None))
            output_type, convert = self._mapping(inner)
            return output_type | None, lambda value: None if value is None else convert(value)
        return hint, lambda value: value


def _envelope(fact: Fact) -> dict[str, Any]:
    return {
        "position": fact.position,
        "stream": fact.category,
        "stream_id": fact.stream_id,
        "version": fact.version,
        "type": stored_name(fact),
        "recorded_at": fact.recorded_at,
        "occurred_at": fact.at,
        "actor": fact.actor,
        "command_id": fact.command_id,
        "correlation_id": fact.correlation_id,
        "caused_by": fact.caused_by,
    }


def _description(event_type: type[Event]) -> str:
    """The docstring of the class, if it has one, and the stored name."""
    stored = f"Stored as {event_type.stored.name}, version {event_type.stored.version}."
    written = " ".join((event_type.__doc__ or "").split())
    # A record without a docstring has its signature there.
    return stored if not written or written.startswith(f"{event_type.__name__}(") else f"{written} {stored}"


def _to_unreadable(fact: Fact, access: Access) -> EventInterface:
    event = fact.event
    shown = UnreadableType(
        **_envelope(fact), stored_version=event.version, data=event.data, problem=event.problem
    )
    if access.events.everything:
        return shown
    # Newer code may have a line for its type that allows less. The place in the stream stays visible.
    return replace(
        shown,
        type=UnreadableEvent.stored.name,
        actor="",
        caused_by=None,
        data=_HIDDEN_DATA,
        problem=HIDDEN_PROBLEM,
    )
