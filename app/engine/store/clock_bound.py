"""The latest moment that an event may get: a clock of the database that jumps ahead is not believed at once."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic

log = logging.getLogger(__name__)

TOLERANCE = timedelta(seconds=5)
"""How far the clock of the database may be ahead of where it is expected."""
CONFIRM_SECONDS = 60.0
"""How long a jump ahead has to last before it is believed."""
_NEVER = datetime.max.replace(tzinfo=UTC)


class ClockBound:
    """Follows the clock of the database, by the monotonic clock of this process.

    `recorded_at` never decreases. So one event of a moment two days ahead would keep all events of the next two days at that
    moment. The clock of the database is expected to go as the monotonic clock does, from where it was last seen. If it is
    further ahead than `TOLERANCE`, for less than `CONFIRM_SECONDS`, events get the expected moment. What it shows first is
    believed, and so is a clock that goes back: the clock of this process may be the wrong one.
    """

    def __init__(self, elapsed: Callable[[], float] = monotonic) -> None:
        self._elapsed = elapsed
        self._clock, self._at = _NEVER, 0.0
        self._ahead_since: float | None = None

    def latest(self) -> datetime:
        """The latest moment for events that are recorded now."""
        return _NEVER if self._clock is _NEVER else self._expected() + TOLERANCE

    def note(self, clock: datetime) -> None:
        """The clock of the database has shown `clock` a moment ago."""
        at = self._elapsed()
        if self._clock is not _NEVER and (lead := clock - self._expected()) > TOLERANCE:
            if self._ahead_since is None:
                self._ahead_since = at
                log.warning(
                    "the clock of the database has jumped %.0f s ahead; events get the moment of before until it has"
                    " lasted %.0f s",
                    lead.total_seconds(),
                    CONFIRM_SECONDS,
                )
            if at - self._ahead_since < CONFIRM_SECONDS:
                return
        self._clock, self._at, self._ahead_since = clock, at, None

    def _expected(self) -> datetime:
        return self._clock + timedelta(seconds=self._elapsed() - self._at)
