"""The checker accepts every true history, and finds each kind of fault that is put into one."""

import inspect
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.chaos import checker
from tests.chaos.checker import check
from tests.chaos.false_history import FAULTS
from tests.chaos.history import Accepted, History
from tests.chaos.true_history import true_history


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.integers(1, 6))
def test_a_true_history_is_accepted(seed: int, clients: int) -> None:
    history = true_history(seed, clients=clients, steps=60 // clients)
    assert check(history) == []


@pytest.mark.parametrize("seed", range(20))
def test_a_fail_over_that_loses_events_is_accepted_if_just_these_are_known_to_be_lost(seed: int) -> None:
    history = true_history(seed)
    last = history.log[-4].command_id
    lost = [fact for fact in history.log if fact.position > len(history.log) - 4 or fact.command_id == last]
    told = {write.command_id for write in history.writes if isinstance(write.outcome, Accepted)}
    history.log = [fact for fact in history.log if fact not in lost]
    assert told.isdisjoint(fact.command_id for fact in lost) != bool(check(history))
    history.lost = frozenset(lost)
    assert check(history) == []


def test_an_event_that_was_lost_and_recorded_again_at_its_position_was_delivered() -> None:
    history = true_history(1)
    history.lost = frozenset(history.log[-3:])
    assert check(history) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_a_fault_in_a_true_history_is_found(fault: Callable[[History], None], seed: int) -> None:
    history = true_history(seed)
    fault(history)
    assert FAULTS[fault] in {violation.rule for violation in check(history)}


def test_every_rule_is_broken_by_a_fault() -> None:
    """A rule without a fault that breaks it may be one that never fires."""
    rules = set(re.findall(r'Violation\(\s*"([^"]+)"', inspect.getsource(checker))) | {
        "stale read",
        "stale position",
    }
    assert set(FAULTS.values()) == rules
