"""After a burst a caller spends at most its rate.

Other callers are not concerned, and the memory of callers is bounded.
"""

import asyncio

import pytest

from app.engine.graphql import rates
from app.engine.graphql.costs import OPERATION, ROOT, OperationCharge
from app.engine.graphql.errors import ServerOverloaded
from app.engine.graphql.rates import BURST_SECONDS, RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rates, "monotonic", clock)
    return clock


def refused(limiter: RateLimiter, caller: str, cost: float) -> int:
    """After how many seconds the caller may repeat."""
    with pytest.raises(ServerOverloaded) as error:
        limiter.spend(caller, cost)
    seconds = error.value.extensions["retryAfter"]
    assert isinstance(seconds, int)
    return seconds


def test_a_caller_may_spend_a_burst_and_then_its_rate(clock: Clock) -> None:
    limiter = RateLimiter(100)
    for _ in range(10):
        limiter.spend("a", 100)
    assert refused(limiter, "a", 250) == 3
    limiter.spend("b", 1_000)
    clock.now += 2
    assert refused(limiter, "a", 250) == 1
    clock.now += 1
    limiter.spend("a", 250)
    clock.now += 1_000
    limiter.spend("a", 100 * BURST_SECONDS)
    assert refused(limiter, "a", 1) == 1


def test_an_operation_that_costs_more_than_a_burst_leaves_a_debt(clock: Clock) -> None:
    limiter = RateLimiter(100)
    limiter.spend("a", 3_000)
    clock.now += 20
    assert refused(limiter, "a", 1) == 1
    clock.now += 1
    limiter.spend("a", 1)


def test_what_was_not_predicted_is_charged_later(clock: Clock) -> None:
    del clock
    limiter = RateLimiter(100)
    limiter.spend("a", 1)
    limiter.add("a", 1_299)
    assert refused(limiter, "a", 100) == 4


def test_a_backlog_of_events_refuses_no_operation_and_waits_for_what_operations_spend(clock: Clock) -> None:
    limiter = RateLimiter(100)
    assert limiter.reserve("a", 2_000) == 0
    assert limiter.reserve("a", 0) == 10
    limiter.spend("a", 1_000)
    assert limiter.reserve("a", 0) == 20
    seconds = refused(limiter, "a", 400)
    for _ in range(seconds):
        limiter.reserve("a", 500)
        clock.now += 1
    limiter.spend("a", 400)


def test_the_callers_that_are_remembered_are_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    del clock
    monkeypatch.setattr(rates, "MAX_CALLERS", 3)
    limiter = RateLimiter(1)
    for caller in "abcad":
        limiter.add(caller, 1)
    assert {*limiter._buckets} == {"c", "a", "d"}  # pyright: ignore[reportPrivateUsage] - a look by `check` would be a use


def test_a_rate_of_zero_sets_no_limit() -> None:
    limiter = RateLimiter(0)
    limiter.spend("a", 1e12)
    limiter.spend("a", 1e12)


async def test_a_debt_is_waited_for_in_order_and_what_is_not_executed_is_taken_back(clock: Clock) -> None:
    del clock
    limiter, operation = RateLimiter(100), OperationCharge()
    operation.begin(1_200, 2_000, lambda *_: 0.0, limiter, "a")
    # The charge of the operation includes the first event. An event is no operation of its own.
    limiter.spend("a", 1_000)
    assert operation.for_event().reserve() == 0
    assert operation.for_event().reserve() == 0
    third, fourth = operation.for_event(), operation.for_event()
    assert (third.reserve(), third.reserve(), fourth.reserve()) == (9, 0, 18)
    leaves = asyncio.ensure_future(fourth.wait(18))
    await asyncio.sleep(0)
    leaves.cancel()
    await asyncio.wait([leaves])
    # What the execution costs more is charged, too. A part of the items costs a part.
    third.add(100)
    part = operation.for_event(0.5)
    assert part.reserve() == 19
    assert operation.for_event().reserve() == 19 + (ROOT + 0.5 * (1_200 - OPERATION - ROOT)) / 100
    assert RateLimiter(0).reserve("a", 1e12) == 0


def test_what_an_event_costs_more_than_predicted_refuses_an_operation_only_if_it_is_the_first_event(
    clock: Clock,
) -> None:
    del clock
    limiter, operation = RateLimiter(100), OperationCharge()
    operation.begin(500, 5_000, lambda *_: 0.0, limiter, "a")
    first, second = operation.for_event(), operation.for_event()
    assert second.reserve() == 0
    second.add(3_000)
    limiter.check("a", 1_000)
    assert limiter.reserve("a", 0) > 0
    first.add(1_000)
    with pytest.raises(ServerOverloaded):
        limiter.check("a", 1)
