"""A clock of the database that jumps ahead is believed once the jump has lasted."""

import logging
from datetime import UTC, datetime, timedelta
from time import CLOCK_MONOTONIC

import pytest

from app.engine.store.clock_bound import CONFIRM_SECONDS, TOLERANCE, ClockBound, elapsed_seconds

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)


class Time:
    """The monotonic clock of the process, and the right time of the database."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    @property
    def right(self) -> datetime:
        return BEGIN + timedelta(seconds=self.seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def bound(time: Time) -> ClockBound:
    bound = ClockBound(time)
    bound.note(time.right, time())
    return bound


def test_before_anything_is_known_there_is_no_bound(time: Time) -> None:
    assert ClockBound(time).latest() > BEGIN + timedelta(days=1_000_000)


def test_the_bound_goes_with_the_time_however_long_nothing_is_recorded(time: Time, bound: ClockBound) -> None:
    time.seconds += 86_400
    assert bound.latest() == time.right + TOLERANCE


def test_a_jump_is_not_believed_and_reported_once(
    time: Time, bound: ClockBound, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            time.seconds += 1
            bound.note(time.right + TWO_DAYS, time())
            assert bound.latest() == time.right + TOLERANCE
    assert [record.getMessage().partition(".")[0] for record in caplog.records] == [
        "the clock of the database has jumped 172800 s ahead"
    ]
    bound.note(time.right, time())
    assert bound.latest() == time.right + TOLERANCE


def test_a_jump_that_lasts_is_believed(time: Time, bound: ClockBound) -> None:
    bound.note(time.right + TWO_DAYS, time())
    time.seconds += CONFIRM_SECONDS
    bound.note(time.right + TWO_DAYS, time())
    assert bound.latest() == time.right + TWO_DAYS + TOLERANCE


def test_a_jump_that_has_lasted_bounds_nothing_even_before_the_clock_is_seen_again(
    time: Time, bound: ClockBound
) -> None:
    bound.note(time.right + TWO_DAYS, time())
    time.seconds += CONFIRM_SECONDS
    assert bound.latest() > time.right + TWO_DAYS + TOLERANCE


def test_an_answer_that_took_long_makes_the_bound_wider_and_never_narrower(
    time: Time, bound: ClockBound
) -> None:
    asked, clock = time(), time.right
    time.seconds += 3
    bound.note(clock, asked)
    assert bound.latest() == time.right + TOLERANCE


def test_the_bound_goes_on_while_the_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    # Linux counts the time of sleep in this clock alone; other systems do not have it.
    clocks = {7: 1_000.0, CLOCK_MONOTONIC: 10.0}
    monkeypatch.setattr("time.CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr("time.clock_gettime", clocks.__getitem__)
    assert elapsed_seconds() == 1_000.0


def test_two_jumps_for_one_write_each_are_not_one_that_lasts(time: Time, bound: ClockBound) -> None:
    bound.note(time.right + TWO_DAYS, time())
    time.seconds += 1
    bound.note(time.right, time())
    time.seconds += CONFIRM_SECONDS
    bound.note(time.right + TWO_DAYS, time())
    assert bound.latest() == time.right + TOLERANCE


def test_a_clock_that_goes_back_is_believed_at_once(time: Time, bound: ClockBound) -> None:
    bound.note(time.right - TWO_DAYS, time())
    assert bound.latest() == time.right - TWO_DAYS + TOLERANCE
