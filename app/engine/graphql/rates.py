"""Limits what one caller spends, in units of cost. Each has two token buckets: one for operations, one with events, too.

Events are charged to the second one alone, and wait for it. So a backlog of events refuses no operation.
"""

from math import ceil
from time import monotonic

from cachetools import LRUCache

from app.engine.graphql.errors import ServerOverloaded

BURST_SECONDS = 10.0
"""A caller that has spent nothing for so long can spend all of it at once."""
MAX_CALLERS = 10_000
"""Callers that are remembered, at about 300 bytes each. The one that asked least recently makes room."""


class RateLimiter:
    """What each caller may spend. `rate` is the cost per second; 0 sets no limit."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._capacity = rate * BURST_SECONDS
        self._buckets: LRUCache[str, tuple[float, float, float]] = LRUCache(MAX_CALLERS)
        """For each caller the levels of both, and when they were so. A debt is negative."""

    def spend(self, caller: str, cost: float) -> None:
        """Charge an operation. Raises `ServerOverloaded` with `retryAfter`, in whole seconds, if it has to wait."""
        self.check(caller, cost)
        self.add(caller, cost)

    def check(self, caller: str, cost: float) -> None:
        """Charge nothing. Raises `ServerOverloaded`, as `spend` would."""
        if not self._rate:
            return
        level, _ = self._levels(caller)
        # One operation may cost more than a burst: it leaves a debt.
        missing = min(cost, self._capacity) - level
        if missing > 0:
            seconds = max(1, ceil(missing / self._rate))
            raise ServerOverloaded(
                f"This caller has spent its share: at most a cost of {self._rate:,.0f} per second. Repeat in {seconds} s.",
                retryAfter=seconds,
            )

    def add(self, caller: str, cost: float) -> None:
        """Charge without a check, such as what an operation has cost more than was predicted."""
        if self._rate and cost > 0:
            self._charge(caller, cost, cost)

    def reserve(self, caller: str, cost: float) -> float:
        """Charge an event that comes next. Returns the seconds until the caller has paid its debt of before."""
        if not self._rate:
            return 0.0
        return max(0.0, -self._charge(caller, 0.0, cost) / self._rate)

    def refund(self, caller: str, cost: float) -> None:
        """Take back the charge of an event that was not executed."""
        if self._rate:
            self._charge(caller, 0.0, -cost)

    def _charge(self, caller: str, first: float, second: float) -> float:
        """Charge both buckets. Returns the level of the second one before."""
        operations, events = self._levels(caller)
        self._buckets[caller] = (operations - first, events - second, monotonic())
        return events

    def _levels(self, caller: str) -> tuple[float, float]:
        operations, events, since = self._buckets.get(caller, (self._capacity, self._capacity, 0.0))
        earned = (monotonic() - since) * self._rate
        return min(self._capacity, operations + earned), min(self._capacity, events + earned)
