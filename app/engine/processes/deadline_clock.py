"""Tells when a worker looks for deadlines, and notices that the clock of the database was set."""

import asyncio
import logging

log = logging.getLogger(__name__)

MAX_JUMP_SECONDS = 1.0
MAX_DRIFT = 0.001
"""Of the time between two readings: by so much a clock may run fast or slow."""
SETTLE_SECONDS = 5.0
"""For so long after a jump of the clock no deadline passes. A clock that is set wrong for a moment does no harm."""
CHECK_INTERVAL_SECONDS = 1.0
"""The longest time between two readings, because the clock may be set."""
MIN_INTERVAL_SECONDS = 0.1
"""The time until a deadline that was just set is looked at. So a burst of them costs few readings."""


class DeadlineClock:
    """The clock of the database as one server process sees it. The event loop's clock cannot be set, and is held against it."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._offset: float | None = None
        """The database's clock minus the event loop's, at the last reading."""
        self._read_at = 0.0
        self._steady_at = 0.0
        self._check_at: float | None = None

    def expect_deadline(self, within: float = MIN_INTERVAL_SECONDS) -> None:
        """There may be a deadline: look in `within` seconds or earlier."""
        moment = _now() + within
        self._check_at = moment if self._check_at is None else min(self._check_at, moment)

    @property
    def seconds_to_check(self) -> float | None:
        """Until the next look; None if there is no deadline."""
        return None if self._check_at is None else max(0.0, self._check_at - _now())

    @property
    def is_check_due(self) -> bool:
        return self._check_at is not None and self._check_at <= _now()

    def observe(self, asked_at: float, database_now: float, seconds: float | None) -> bool:
        """Take one reading, which was asked for at `asked_at` of the event loop's clock. Returns whether deadlines pass now.

        `database_now` is the database's clock in seconds, `seconds` the time until the next deadline by it.
        """
        now = _now()
        offset = database_now - (asked_at + now) / 2
        tolerance = MAX_JUMP_SECONDS + (now - asked_at) + MAX_DRIFT * (now - self._read_at)
        if self._offset is not None and abs(offset - self._offset) > tolerance:
            self._steady_at = now + SETTLE_SECONDS
            log.warning(
                "process %s: the database's clock was set by %+.1f s; no deadline passes for %.0f s",
                self._process,
                offset - self._offset,
                SETTLE_SECONDS,
            )
        self._offset, self._read_at = offset, now
        if seconds is None:
            self._check_at = None
            return False
        # The clock is read often while it settles: it may be set back.
        within = min(seconds, CHECK_INTERVAL_SECONDS) if seconds > 0 else CHECK_INTERVAL_SECONDS
        self._check_at = now + within
        return seconds <= 0 and now >= self._steady_at


def _now() -> float:
    return asyncio.get_running_loop().time()
