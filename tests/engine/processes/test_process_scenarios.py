"""The test language of processes sees what the engine would see, and says what it compared."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from domain.kernel.decider import Recorded, SplitEvent
from domain.kernel.process import DeadlinePassed, Effect, send
from tests.support.scenarios import NOW, STREAM, ProcessScenario, Scenario, fact
from tests.support.toy_counter import Add, Added, TallyEvent, tally
from tests.support.toy_process import Errand, Ring, errand, evolve, till

scenario = ProcessScenario(errand)
put = fact(Added(amount=1, note="put"))


def test_a_fact_that_is_of_no_instance_makes_the_process_send_nothing() -> None:
    with pytest.raises(AssertionError):
        scenario.given(put).then_sends_nothing()
    deaf = replace(errand, correlate=lambda _: None)
    ProcessScenario(deaf).given(put).then_sends_nothing()


def test_facts_of_several_instances_fail_the_test() -> None:
    passed = scenario.own_fact(DeadlinePassed(deadline="end", due=NOW), stream=uuid4())
    for check in (
        scenario.given(put, passed).then_sends_nothing,
        lambda: scenario.given(passed, put).then_is(None),
    ):
        with pytest.raises(AssertionError, match="the facts are of several instances"):
            check()


def test_a_failure_shows_what_was_expected_and_what_came() -> None:
    with pytest.raises(AssertionError, match=r"SendCommand\(.* == \(\)"):
        scenario.given(put).then_sends_nothing()


def test_a_call_that_the_process_does_not_list_fails_the_test() -> None:
    ring = fact(Added(amount=1, note="ring"))
    rung = Effect(step="ring", call=Ring(till=till(STREAM), amount=1))
    scenario.given(ring).then_sends(rung)
    forgetful = ProcessScenario(replace(errand, calls=()))
    with pytest.raises(AssertionError, match="errand does not list its calls: add Ring to `calls`"):
        forgetful.given(ring).then_sends(rung)


def test_an_instance_that_evolves_to_nothing_keeps_its_state() -> None:
    def forget(state: Errand | None, fact: Recorded[Any]) -> Errand | None:
        return evolve(state, fact) if state is None else None

    forgetful = ProcessScenario(replace(errand, evolve=forget))
    later = fact(Added(amount=2, note="put"), version=2, position=2)
    forgetful.given(put, later).then_is(Errand(seen=((1, "put"),)))
    forgetful.given(put, later).then_sends_nothing()


def test_a_process_sees_the_parts_of_a_split_event() -> None:
    split = SplitEvent(
        name="tally.moved",
        version=1,
        data="{}",
        events=(Added(amount=1, note="put"), Added(amount=2, note="end")),
    )
    assert fact(split).category == "tally"
    into = till(STREAM)
    scenario.given(fact(split)).then_sends(send("put", tally, into, Add(amount=1)))
    scenario.given(fact(split)).then_is(Errand(seen=((1, "put"), (1, "end")), ended="done"))
    dropped = SplitEvent(name="tally.looked-at", version=1, data="{}", events=())
    scenario.given(put, fact(dropped, version=2, position=2)).then_sends_nothing()


def test_events_that_the_aggregate_cannot_evolve_on_fail_the_test_of_its_command() -> None:
    def evolve_none(state: int, event: TallyEvent) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Scenario(replace(tally, evolve=evolve_none)).when(Add(amount=1)).then(Added(amount=1))
