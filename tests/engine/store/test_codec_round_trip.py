"""Every event of every aggregate decodes to an equal event, for any field values."""

import json
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from app.engine.store.codec import EventCodec
from domain import DECIDERS
from domain.kernel.decider import AnyDecider, Event, UnreadableEvent, event, value
from tests.support.field_values import ANY, Strategies, field_values
from tests.support.toy_counter import tally
from tests.support.toy_samples import Made, Sold, toy_decider

ALL: tuple[AnyDecider, ...] = (*DECIDERS, tally, toy_decider(Made, Sold))
CODEC = EventCodec(ALL)
EVENTS: tuple[type[Event], ...] = tuple(event_type for decider in ALL for event_type in decider.event_types)


@pytest.mark.parametrize("event_type", EVENTS, ids=lambda event_type: event_type.stored.name)
def test_every_event_decodes_to_an_equal_event(event_type: type[Event]) -> None:
    @settings(max_examples=60)
    @given(field_values(event_type, ANY))
    def comes_back(event: Event) -> None:
        text = CODEC.encode(event)
        assert CODEC.decode(event.stored.name, event.stored.version, text) == event
        # PostgreSQL stores jsonb, which changes spaces and the order of keys.
        shuffled = json.dumps(dict(reversed(json.loads(text).items())), indent=1)
        assert CODEC.decode(event.stored.name, event.stored.version, shuffled) == event

    comes_back()


@value
class Percentage:
    number: int

    def __post_init__(self) -> None:
        if not 0 <= self.number <= 100:
            raise ValueError("a percentage is 0 to 100")


@event("toy.discounted")
class Discounted(Event):
    by: Percentage


def make_events(strategies: Strategies) -> None:
    # To explain a failure, Hypothesis watches each line, after which Python 3.13 runs the same code slower.
    @settings(database=None, max_examples=20, phases=[Phase.generate])
    @given(field_values(Discounted, strategies))
    def is_made(event: Event) -> None:
        assert isinstance(event, Discounted)

    is_made()


def test_a_value_that_its_class_refuses_is_named_with_where_to_give_others() -> None:
    with pytest.raises(
        TypeError,
        match=r"^Percentage refuses generated values \(a percentage is 0 to 100\): .* STRATEGIES in tests/strategies\.py\n",
    ):
        make_events(ANY)
    make_events({**ANY, Percentage: st.builds(Percentage, number=st.integers(0, 100))})


def test_a_stored_value_that_its_class_refuses_now_is_unreadable() -> None:
    codec = EventCodec([toy_decider(Discounted)])
    assert codec.decode("toy.discounted", 1, '{"by": {"number": 100}}') == Discounted(
        by=Percentage(number=100)
    )
    event = codec.decode("toy.discounted", 1, '{"by": {"number": 101}}')
    assert isinstance(event, UnreadableEvent)
    assert event.problem.startswith("a percentage is 0 to 100")


@settings(max_examples=200)
@given(
    st.sampled_from(EVENTS),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_any_other_json_decodes_to_the_event_or_to_an_unreadable_event(
    event_type: type[Event], stored: Any
) -> None:
    text = json.dumps(stored)
    event = CODEC.decode(event_type.stored.name, event_type.stored.version, text)
    assert isinstance(event, event_type) or (isinstance(event, UnreadableEvent) and event.data == text)


@given(st.text(), st.integers(-(2**15), 2**15 - 1), st.text())
def test_an_unknown_name_or_version_is_unreadable(name: str, version: int, data: str) -> None:
    event = CODEC.decode(f"unknown.{name}", version, data)
    assert isinstance(event, UnreadableEvent)
    assert (event.name, event.version, event.data) == (f"unknown.{name}", version, data)
