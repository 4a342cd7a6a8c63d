"""Measures how long a reader has been behind the log, with the clock of this process alone."""

import time
from bisect import bisect_right

MAX_SAMPLES = 4_000
MIN_SAMPLE_SECONDS = 0.1


class LagClock:
    """Remembers when this process first knew that the log had reached a position.

    Events that are older than the process count from its start.
    """

    def __init__(self) -> None:
        self._heads: list[int] = []
        self._times: list[float] = []

    def tick(self, head: int) -> None:
        """The log has reached `head` now. A log that went back begins again."""
        if self._heads and head < self._heads[-1]:
            self._heads.clear()
            self._times.clear()
        now = time.monotonic()
        if self._heads and (head == self._heads[-1] or now - self._times[-1] < MIN_SAMPLE_SECONDS):
            return
        self._heads.append(head)
        self._times.append(now)
        if len(self._heads) > MAX_SAMPLES:
            # Every second sample goes. The first and the newest one stay.
            del self._heads[1:-1:2], self._times[1:-1:2]

    def seconds_behind(self, position: int) -> float:
        """How long the first event above `position` has been known; 0 if there is none."""
        index = bisect_right(self._heads, position)
        return time.monotonic() - self._times[index] if index < len(self._heads) else 0.0

    def forget(self, position: int) -> None:
        """No reader is behind `position` any more."""
        index = bisect_right(self._heads, position)
        del self._heads[:index], self._times[:index]
