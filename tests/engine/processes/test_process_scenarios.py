"""The test language of processes sees what the engine would see, and says what it compared."""

from dataclasses import replace
from uuid import uuid4

import pytest

from domain.kernel.process import DeadlinePassed, Effect
from tests.support.scenarios import NOW, STREAM, ProcessScenario, fact
from tests.support.toy_counter import Added
from tests.support.toy_process import Ring, errand, till

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
