"""A state that is encoded and decoded is equal, with equal types, and folding continues from it without a difference."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.engine.store.snapshots.state_codec import NotSerializable, StateCodec
from domain import DECIDERS
from domain.kernel.decider import AnyDecider, Command, Decider, Event, Rejection, command, event, value
from tests.support.field_values import FEW, field_values
from tests.support.toy_counter import tally


def same(one: object, other: object) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other) or one != other:
        return False
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return list(one) == list(other) and all(
            same(left, right) for left, right in zip(one.items(), other.items(), strict=True)
        )
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return all(same(left, right) for left, right in zip(one, other, strict=True))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        # A set has no order of its own: its text depends on how it was built.
        return sorted(map(repr, one)) == sorted(map(repr, other))
    return repr(one) == repr(other)


def recorded(decider: AnyDecider, commands: Sequence[object]) -> Sequence[Event]:
    """The events that these commands record."""
    events: list[Event] = []
    state = decider.initial
    for item in commands:
        try:
            decided = decider.decide(item, state)
        except Rejection:
            continue
        events.extend(decided)
        state = decider.fold(decided, state, len(events) - len(decided))
    return events


def check_snapshots(decider: AnyDecider) -> None:
    """Fails if a state differs after decoding, or if the generated commands reach only the first state."""
    states = StateCodec(decider)
    reached: set[str] = set()
    some = st.one_of(*(field_values(command, FEW) for command in decider.command_types))

    @settings(max_examples=120, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(some, min_size=5, max_size=40))
    def holds(commands: Sequence[object]) -> None:
        events = recorded(decider, commands)
        end = decider.fold(events)
        for cut in range(len(events) + 1):
            state = decider.fold(events[:cut])
            back = states.decode(states.encode(state))
            assert same(back, state)
            assert same(decider.fold(events[cut:], back, cut), end)
            reached.add(type(state).__name__)

    holds()
    assert len(reached) > 1 or len(decider.state_types) == 1, (
        f"{decider.category}: no command of the generated values leads to a second state, so its snapshots are not tested:"
        " tests/strategies.py takes values for the types of its fields, and for a command as a whole"
    )


# --- An aggregate whose rules compare the fields of a command ---------------


@event("booking.made")
class BookingMade(Event):
    begins_at: datetime
    ends_at: datetime


@value
class Unbooked:
    pass


@value
class Booked:
    ends_at: datetime


@command("booking.make")
class MakeBooking(Command):
    begins_at: datetime
    ends_at: datetime
    first_day: date
    last_day: date
    least: int
    most: int
    cheapest: Decimal
    dearest: Decimal
    origin: str
    destination: str
    guest: UUID
    host: UUID


class BookingBackwards(Rejection):
    """A booking ends after it begins."""


def book(command: MakeBooking, booking: Unbooked | Booked) -> Sequence[BookingMade]:
    if (
        command.ends_at - command.begins_at < timedelta(hours=2)
        or command.last_day <= command.first_day
        or command.most < 2 * command.least
        or command.dearest <= command.cheapest
        or command.origin == command.destination
        or command.guest == command.host
    ):
        raise BookingBackwards
    return [BookingMade(begins_at=command.begins_at, ends_at=command.ends_at)]


def booked(booking: Unbooked | Booked, event: BookingMade) -> Unbooked | Booked:
    return Booked(ends_at=event.ends_at)


booking = Decider[MakeBooking, Unbooked | Booked, BookingMade](
    category="booking", initial=Unbooked(), decide=book, evolve=booked, rejections=(BookingBackwards,)
)


@pytest.mark.parametrize("decider", [*DECIDERS, tally, booking], ids=lambda decider: decider.category)
def test_fold_from_any_snapshot_equals_fold_from_the_start(decider: AnyDecider) -> None:
    check_snapshots(decider)


def refuse(command: MakeBooking, booking: Unbooked | Booked) -> Sequence[BookingMade]:
    raise BookingBackwards


def test_an_aggregate_whose_second_state_is_not_reached_is_named_with_what_to_do() -> None:
    with pytest.raises(
        AssertionError, match="booking: no command of the generated values leads to a second state"
    ):
        check_snapshots(replace(booking, decide=refuse))


# --- States that cannot be encoded ------------------------------------------


@event("toy.moved")
class Moved(Event):
    by: float


@value
class Here:
    at: Sequence[float] = ()


@value
class Away:
    to: Here | Moved


def here(state: Here, event: Moved) -> Here:
    return Here(at=(*state.at, event.by))


def away(state: Here | Away, event: Moved) -> Here | Away:
    return Away(to=Here())


def nothing(command: object, state: object) -> Sequence[Moved]:
    return []


def test_a_state_that_differs_after_decoding_is_refused() -> None:
    states = StateCodec(Decider(category="toy", initial=Here(), decide=nothing, evolve=here))
    with pytest.raises(
        NotSerializable,
        match="a Here differs after decoding: declare its fields with the exact types that they hold",
    ):
        states.encode(Here(at=(1.0,)))


@value
class Balanced:
    left: int = 0
    right: int = 0

    def __post_init__(self) -> None:
        assert self.left == self.right, "not balanced"


def balanced(state: Balanced, event: Moved) -> Balanced:
    return state


def test_a_state_that_its_class_refuses_after_decoding_is_refused() -> None:
    states, state = (
        StateCodec(Decider(category="toy", initial=Balanced(), decide=nothing, evolve=balanced)),
        Balanced(),
    )
    object.__setattr__(state, "left", 1)
    with pytest.raises(NotSerializable, match="AssertionError: not balanced"):
        states.encode(state)


def test_states_that_json_cannot_tell_apart_are_refused_at_start() -> None:
    with pytest.raises(NotSerializable, match="more than one dataclass"):
        StateCodec(Decider(category="toy", initial=Here(), decide=nothing, evolve=away))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", "null", '["Listed"]', '["Nobody", {}]', '["", "x"]', '["", 1, 2]', "[" * 100_000],
)
def test_text_that_is_no_state_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, RecursionError)):
        StateCodec(tally).decode(text)
