"""The latest moment that an event may get. A clock of the database that jumps ahead is not believed at once."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

log = logging.getLogger(__name__)

TOLERANCE = timedelta(seconds=5)
"""How far the clock of the database may be ahead of where it is expected."""
CONFIRM_SECONDS = 60.0
"""How long a jump ahead has to last before it is believed."""
_NEVER = datetime.max.replace(tzinfo=UTC)


def elapsed_seconds() -> float:
    """The seconds of a clock that is never set. It goes on while the machine sleeps, which `time.monotonic` does not on Linux."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class ClockBound:
    """Follows the clock of the database, by a clock of this machine that is never set.

    `recorded_at` never decreases. So one event two days ahead would keep all events of the next two days at its moment.
    The clock of the database is expected to go on from where it was last seen. While it is ahead of the expected moment
    by more than `TOLERANCE`, events get at most that moment plus `TOLERANCE`. After `CONFIRM_SECONDS` the jump is
    believed. The first reading is believed, and so is a clock that goes back. The clock of this machine may be the
    wrong one.
    """

    def __init__(self, elapsed: Callable[[], float] = elapsed_seconds) -> None:
        self.elapsed = elapsed
        self._clock, self._at = _NEVER, 0.0
        self._ahead_since: float | None = None

    def latest(self) -> datetime:
        """The latest moment for events that are recorded now."""
        if self._clock is _NEVER or self._has_lasted():
            return _NEVER
        return self._expected() + TOLERANCE

    def note(self, clock: datetime, asked: float) -> None:
        """The database has shown `clock` after the time `asked` of `elapsed`, and before now."""
        if self._clock is not _NEVER and (lead := clock - self._expected()) > TOLERANCE:
            if self._ahead_since is None:
                self._ahead_since = self.elapsed()
                log.warning(
                    "the clock of the database has jumped %.0f s ahead. For %.0f s events get at most %.0f s more than the moment"
                    " without the jump",
                    lead.total_seconds(),
                    CONFIRM_SECONDS,
                    TOLERANCE.total_seconds(),
                )
            if not self._has_lasted():
                return
        # The database may have looked at its clock early. So the bound is too wide by the time of the answer, never too narrow.
        self._clock, self._at, self._ahead_since = clock, asked, None

    def _has_lasted(self) -> bool:
        return self._ahead_since is not None and self.elapsed() - self._ahead_since >= CONFIRM_SECONDS

    def _expected(self) -> datetime:
        return self._clock + timedelta(seconds=self.elapsed() - self._at)
