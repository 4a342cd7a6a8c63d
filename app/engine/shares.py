"""Fair shares of a resource with few slots: no caller holds all of them, and callers that wait take turns."""

import asyncio
from collections import Counter, OrderedDict, deque
from contextlib import AbstractAsyncContextManager
from typing import override


class FairSlots:
    """At most `total` holders at once, and at most `per_caller` of one caller.

    A free slot goes to the caller that has waited longest since its last turn. The number of its waiting tasks does not
    count.
    """

    def __init__(self, total: int, per_caller: int) -> None:
        self._free = total
        self._per_caller = per_caller
        self._held: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def of(self, caller: str) -> AbstractAsyncContextManager[None]:
        """The slots as one caller sees them. Each `async with` holds one; it can be entered several times at once."""
        return _Share(self, caller)

    def is_awaited_by(self, caller: str) -> bool:
        """Whether a task of this caller waits for a slot."""
        return caller in self._waiting

    async def acquire(self, caller: str) -> None:
        """Take a slot, or wait for one."""
        # While a slot is free, every caller that waits has its maximum.
        if self._free and self._held[caller] < self._per_caller:
            self._take(caller)
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(caller, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # A turn that was cancelled is passed over when it comes.
            if not turn.cancelled():
                self.release(caller)
            raise

    def release(self, caller: str) -> None:
        """Give a slot back."""
        self._free += 1
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]
        while self._free and (following := self._next_caller()) is not None:
            turn = self._waiting[following].popleft()
            is_last = not self._waiting[following]
            if is_last:
                del self._waiting[following]
            if not turn.cancelled():
                if not is_last:
                    self._waiting.move_to_end(following)
                self._take(following)
                turn.set_result(None)

    def _next_caller(self) -> str | None:
        return next((caller for caller in self._waiting if self._held[caller] < self._per_caller), None)

    def _take(self, caller: str) -> None:
        self._free -= 1
        self._held[caller] += 1


class ShortTurns:
    """Slots for one task, one after the other, each for `seconds` at most. A holder that waits for a peer keeps none."""

    def __init__(self, slots: FairSlots, caller: str, seconds: float) -> None:
        self._slots = slots
        self._caller = caller
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None

    async def next(self) -> None:
        """Give the slot back, and wait for another one."""
        self.end()
        await self._slots.acquire(self._caller)
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self.end)

    def end(self) -> None:
        """Give the slot back, if there is one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._slots.release(self._caller)


class _Share(AbstractAsyncContextManager[None]):
    def __init__(self, slots: FairSlots, caller: str) -> None:
        self._slots = slots
        self._caller = caller

    @override
    async def __aenter__(self) -> None:
        await self._slots.acquire(self._caller)

    @override
    async def __aexit__(self, *_: object) -> None:
        self._slots.release(self._caller)
