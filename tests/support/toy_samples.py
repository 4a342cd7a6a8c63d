"""Toy events of many types, for the tests of stored samples and shapes."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from typing import Any, Literal
from uuid import UUID

from app.engine.store.codec import EventCodec
from domain.kernel.decider import (
    AnyDecider,
    Command,
    Data,
    Decider,
    Event,
    Rejection,
    Upcast,
    command,
    event,
    value,
)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@value
class Part:
    weight: float
    made_of: frozenset[str] = frozenset()


@event("toy.made")
class Made(Event):
    name: str
    parts: tuple[Part, ...]
    colour: Colour | None
    size: Literal["small", "large"]
    where: tuple[int, str]
    stock: Mapping[UUID, int]
    lasts: timedelta


@event("toy.sold")
class Sold(Event):
    price: int


@command("toy.make")
class Make(Command):
    pass


class ToyBroken(Rejection):
    """The toy is broken."""


class ToyIsLost(Rejection, code="TOY_LOST"):
    """The toy is lost."""


def decide(command: Make, state: int) -> Sequence[Event]:
    return []


def toy_decider(*event_types: type[Event], upcasts: tuple[Upcast, ...] = ()) -> AnyDecider:
    def evolve(state: int, event: Event) -> int:
        return state

    union: Any = event_types[0]
    for event_type in event_types[1:]:
        union = union | event_type
    evolve.__annotations__["event"] = union
    return Decider(
        category="toy",
        initial=0,
        decide=decide,
        evolve=evolve,
        upcasts=upcasts,
        rejections=(ToyBroken, ToyIsLost),
    )


def toy_codec(*event_types: type[Event], upcasts: tuple[Upcast, ...] = ()) -> EventCodec:
    return EventCodec([toy_decider(*event_types, upcasts=upcasts)])


@event("toy.sold", version=2)
class SoldFor(Event):
    price: int
    currency: str


def in_euros(data: Data) -> Data:
    return data | {"currency": "EUR"}
