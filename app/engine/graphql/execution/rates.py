"""Limits what one caller spends: a token bucket for each, in units of cost."""

from math import ceil
from time import monotonic

from cachetools import LRUCache

from app.engine.graphql.errors import ServerOverloaded

BURST_SECONDS = 10.0
"""A caller that has spent nothing for so long can spend all of it at once."""
MAX_CALLERS = 10_000
"""Callers that are remembered, at about 200 bytes each. The one that asked least recently makes room."""


class RateLimiter:
    """What each caller may spend. `rate` is the cost per second; 0 sets no limit."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._capacity = rate * BURST_SECONDS
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(MAX_CALLERS)
        """For each caller what it may spend, and when that was so. A debt is negative."""

    def spend(self, caller: str, cost: float) -> None:
        """Charge an operation. Raises `ServerOverloaded` with `retryAfter`, in whole seconds, if it has to wait."""
        self.check(caller, cost)
        self.add(caller, cost)

    def check(self, caller: str, cost: float) -> None:
        """Charge nothing. Raises `ServerOverloaded`, as `spend` would."""
        if not self._rate:
            return
        level = self._level(caller)
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
            self._buckets[caller] = (self._level(caller) - cost, monotonic())

    def reserve(self, caller: str, cost: float) -> float:
        """Charge what the caller does next. Returns the seconds until it has paid its debt of before."""
        if not self._rate:
            return 0.0
        level = self._level(caller)
        self._buckets[caller] = (level - cost, monotonic())
        return max(0.0, -level / self._rate)

    def refund(self, caller: str, cost: float) -> None:
        """Take back a charge for what was not done."""
        if self._rate:
            self._buckets[caller] = (self._level(caller) + cost, monotonic())

    def _level(self, caller: str) -> float:
        level, since = self._buckets.get(caller, (self._capacity, 0.0))
        return min(self._capacity, level + (monotonic() - since) * self._rate)
