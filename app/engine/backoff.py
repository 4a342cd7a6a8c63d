"""The pauses between attempts of a loop that must not end."""

import asyncio


class Backoff:
    """Pauses in seconds that grow by `factor` from `first` to `longest`; `reset` after a success."""

    def __init__(self, first: float, longest: float, factor: float = 2.0) -> None:
        self._first = self._next = first
        self._longest = longest
        self._factor = factor

    def reset(self) -> None:
        self._next = self._first

    def next_pause(self) -> float:
        """The next pause; the one after it is longer."""
        pause, self._next = self._next, min(self._next * self._factor, self._longest)
        return pause

    async def sleep(self) -> None:
        await asyncio.sleep(self.next_pause())
