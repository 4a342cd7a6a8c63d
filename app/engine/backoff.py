"""The pauses between attempts of a loop that must not end."""

import asyncio
import random


class Backoff:
    """Pauses in seconds that grow by `factor` from `first` to `longest`; `reset` after a success.

    Each pause is shortened at random by up to the share `jitter`. That keeps many loops from a retry at one moment.
    """

    def __init__(self, first: float, longest: float, factor: float = 2.0, jitter: float = 0.0) -> None:
        self._first = self._next = first
        self._longest = longest
        self._factor = factor
        self._jitter = jitter

    def reset(self) -> None:
        self._next = self._first

    def next_pause(self) -> float:
        """The next pause; the one after it is longer."""
        pause, self._next = self._next, min(self._next * self._factor, self._longest)
        return pause * random.uniform(1 - self._jitter, 1) if self._jitter else pause

    async def sleep(self) -> None:
        await asyncio.sleep(self.next_pause())
