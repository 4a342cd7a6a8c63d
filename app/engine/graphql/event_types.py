"""The facts of the log as GraphQL types, derived from the domain's event classes."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from app.engine.graphql.scalars import Position
from app.engine.store.reader import Fact, stored_name
from domain.kernel.decider import AnyDecider, Event, SplitEvent, UnreadableEvent


@strawberry.interface(
    name="Event",
    description="One fact in the log. Every event type of the domain implements it and adds its own fields.",
)
class EventInterface:
    position: Position = strawberry.field(description="Its place in the log.")
    stream: str = strawberry.field(description="The category of its stream: order, product, …")
    stream_id: UUID = strawberry.field(description="Its stream.")
    version: int = strawberry.field(description="Its place in its stream, from 1.")
    type: str = strawberry.field(description="The name under which it is stored, like order.placed.")
    recorded_at: datetime = strawberry.field(description="When it entered the log.")
    occurred_at: datetime = strawberry.field(description="When it happened in the world.")
    actor: str = strawberry.field(description="Who caused it.")
    command_id: UUID = strawberry.field(description="The command that recorded it.")
    correlation_id: UUID = strawberry.field(
        description="What was asked for first: shared by all that followed from it."
    )
    caused_by: Position | None = strawberry.field(description="The fact that led to the command, if one did.")


@strawberry.type(
    name="UnreadableEvent",
    description="A fact that this version of the code cannot read: stored by newer code, or damaged.",
)
class UnreadableType(EventInterface):
    stored_version: int = strawberry.field(description="The version of the shape it is stored in.")
    data: JSON = strawberry.field(description="What is stored, as JSON text.")
    problem: str = strawberry.field(description="Why it cannot be read.")


@strawberry.type(
    name="SplitEvent",
    description="A fact stored by older code that counts as several events today, or as none any more. It keeps its one place in the log.",
)
class SplitType(EventInterface):
    stored_version: int = strawberry.field(description="The version of the shape it is stored in.")
    data: JSON = strawberry.field(description="What is stored, as JSON text.")
    parts: list[EventInterface] = strawberry.field(
        description="The events that it counts as, in order, each at its position."
    )


_DESCRIPTIONS = {
    "undoes": "The version of the change in this stream that this fact takes back, if it does.",
    "redoes": "The version of the change in this stream that this fact makes again, if it does.",
}

type OutputMapping = tuple[Any, Callable[[Any], Any]]
"""How a domain type appears in GraphQL: the type there, and how a value gets there."""


class EventTypes:
    """The GraphQL types of all events of the deciders. `values` says how the values in their fields appear."""

    def __init__(self, deciders: Iterable[AnyDecider], values: Mapping[type, OutputMapping]) -> None:
        self._values = dict(values)
        self._makers: dict[type[Event], Callable[[Fact], EventInterface]] = {}
        self.types: list[type[EventInterface]] = [UnreadableType, SplitType]
        self._makers[UnreadableEvent] = _unreadable
        self._makers[SplitEvent] = self._split
        for decider in deciders:
            for event_type in decider.event_types:
                self._derive(event_type)

    def to_graphql(self, fact: Fact) -> EventInterface:
        """The fact as GraphQL shows it."""
        return self._makers[type(fact.event)](fact)

    def _split(self, fact: Fact) -> EventInterface:
        event = fact.event
        parts = [self.to_graphql(part) for part in fact.parts]
        return SplitType(**_envelope(fact), stored_version=event.version, data=event.data, parts=parts)

    def _derive(self, event_type: type[Event]) -> None:
        hints = get_type_hints(event_type)
        shapes = {f.name: self._shape(hints[f.name]) for f in fields(cast("Any", event_type))}
        name = "".join(part.capitalize() for part in event_type.stored.name.replace(".", "-").split("-"))
        described: dict[str, Any] = {
            key: strawberry.field(
                description=_DESCRIPTIONS.get(key, f"The {key.replace('_', ' ')} that was recorded.")
            )
            for key in shapes
        }
        made: type[EventInterface] = type(
            name,
            (EventInterface,),
            {
                "__annotations__": {key: kind for key, (kind, _) in shapes.items()},
                "__module__": __name__,
                **described,
            },
        )
        made = strawberry.type(
            made, description=f"Stored as {event_type.stored.name}, version {event_type.stored.version}."
        )
        converters = [(key, convert) for key, (_, convert) in shapes.items()]

        def make(fact: Fact) -> EventInterface:
            event = fact.event
            return made(
                **_envelope(fact), **{key: convert(getattr(event, key)) for key, convert in converters}
            )

        self._makers[event_type] = make
        self.types.append(made)

    def _shape(self, hint: Any) -> OutputMapping:
        if hint in self._values:
            return self._values[hint]
        if get_origin(hint) is tuple:
            kind, convert = self._shape(get_args(hint)[0])
            return list[kind], lambda values: [convert(value) for value in values]
        if type(None) in get_args(hint):
            (inner,) = (argument for argument in get_args(hint) if argument is not type(None))
            kind, convert = self._shape(inner)
            return kind | None, lambda value: None if value is None else convert(value)
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


def _unreadable(fact: Fact) -> EventInterface:
    event = fact.event
    return UnreadableType(
        **_envelope(fact), stored_version=event.version, data=event.data, problem=event.problem
    )
