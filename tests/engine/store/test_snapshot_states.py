"""A state that is encoded and decoded is equal, with equal types, and folding continues from it without a difference."""

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
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


# --- The fingerprint --------------------------------------------------------

AGGREGATE = '''
"""A jar."""

from collections.abc import Sequence

from domain.kernel.decider import Data, Decider, Event, Upcast, event, value
from jars.words import MOST, less


@event("jar.filled", version=2)
class Filled(Event):
    by: int

    @property
    def twice(self) -> int:
        return self.by * 2


@value
class Jar:
    """What is in it."""

    full: int = 0


class Fill:
    pass


def evolve(jar: Jar, event: Filled) -> Jar:
    """More is in it."""
    # Less than one thinks.
    return Jar(full=min(jar.full + more(event), MOST))


def more(event: Filled) -> int:
    return less(event.twice)


def decide(command: Fill, jar: Jar) -> Sequence[Filled]:
    return [Filled(by=1)]


def grown(data: Data) -> Data:
    return data | {"by": FIRST}


FIRST = 1
jar: Decider[Fill, Jar, Filled] = Decider(category="jar", initial=Jar(full=0), decide=decide, evolve=evolve, upcasts=(Upcast("jar.filled", 1, grown),))
'''
WORDS = '''
"""Words."""

MOST = 10


def less(by: int) -> int:
    return by - 1
'''


@pytest.fixture
def fingerprint_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The fingerprint of the aggregate after replacements in its two files."""
    monkeypatch.syspath_prepend(str(tmp_path))
    number = 0

    def fingerprint(*changes: tuple[str, str]) -> str:
        nonlocal number
        number += 1
        aggregate, words = AGGREGATE, WORDS
        for old, new in changes:
            assert old in aggregate + words
            aggregate, words = aggregate.replace(old, new), words.replace(old, new)
        package = tmp_path / f"jars{number}"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "jar.py").write_text(aggregate.replace("from jars.", f"from jars{number}."))
        (package / "words.py").write_text(words)
        importlib.invalidate_caches()
        return StateCodec(importlib.import_module(f"jars{number}.jar").jar).fingerprint

    yield fingerprint
    for name in [name for name in sys.modules if name.startswith("jars")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # Less than one thinks.\n", ""),
        ('    """More is in it."""\n', '    """Much more is in it."""\n'),
        (
            "return Jar(full=min(jar.full + more(event), MOST))",
            "return Jar(\n        full=min(jar.full + more(event), MOST),\n    )",
        ),
        ("return [Filled(by=1)]", "return [Filled(by=2)]"),
    ],
    ids=["a comment", "a docstring", "the layout", "what is decided"],
)
def test_the_fingerprint_stays_if_the_fold_stays(fingerprint_of: Any, old: str, new: str) -> None:
    assert fingerprint_of((old, new)) == fingerprint_of()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("full + more", "full - more"),
        ("return less(event.twice)", "return less(event.by)"),
        ("return by - 1", "return by - 2"),
        ("MOST = 10", "MOST = 11"),
        ("self.by * 2", "self.by * 3"),
        ("full: int = 0", "full: int = 1"),
        ("full: int = 0", "full: int = 0\n    name: str = ''"),
        ("    by: int\n", "    by: int\n    name: str = ''\n"),
        ("Jar(full=0)", "Jar(full=5)"),
        ("FIRST = 1", "FIRST = 2"),
        ('{"by": FIRST}', '{"by": FIRST + 1}'),
        ('Upcast("jar.filled", 1, grown)', 'Upcast("jar.filled", 1)'),
        ('Upcast("jar.filled", 1, grown)', 'Upcast("jar.filled", 1, lambda data: {"by": 7})'),
    ],
)
def test_the_fingerprint_changes_with_the_state_the_fold_and_the_upcasts_and_the_functions_they_call(
    fingerprint_of: Any, old: str, new: str
) -> None:
    assert fingerprint_of((old, new)) != fingerprint_of()


def test_the_fingerprint_tells_two_lambda_upcasts_apart(fingerprint_of: Any) -> None:
    plain = 'Upcast("jar.filled", 1, grown)'
    one, other = (
        fingerprint_of((plain, f'Upcast("jar.filled", 1, lambda data: {{"by": {n}}})')) for n in (7, 8)
    )
    assert one != other
