"""The calls of one kind to the outside have places of their own. While their port fails, few go out at a time.

A call that hangs takes a place of its own kind only. After some failures in a row the port counts as down. Then one
call after the other probes it, and the first success lets all calls go that wait.
"""

import asyncio
import heapq
import logging
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from uuid import UUID

from app.engine.backoff import Backoff
from app.engine.processes.attempts import StepAttempts

log = logging.getLogger(__name__)

MAX_CONCURRENT_CALLS = 128
"""Of one kind."""
FAILURES_OF_OUTAGE = 5
"""After so many failures without a success the port counts as down."""


class CallKind:
    """All calls of one kind. `start` begins one attempt, which ends in `succeeded` or `failed`.

    `expired` gets the calls whose time is over while they wait for a port that is down.
    """

    def __init__(
        self,
        name: str,
        probe_pauses: Backoff,
        start: Callable[["CallKind", StepAttempts], object],
        expired: Callable[["CallKind", StepAttempts], object],
    ) -> None:
        self.name = name
        self.is_down = False
        self._probe_pauses = probe_pauses
        self._start = start
        self._expired = expired
        self._running = 0
        self._ready: deque[StepAttempts] = deque()
        self._delayed: list[tuple[float, int, StepAttempts]] = []
        """A heap by the time of the next attempt."""
        self._numbers = count()
        self._waiting: dict[UUID, StepAttempts] = {}
        """Those that are ready or delayed, by step."""
        self._failures = 0
        self._succeeded_at = float("-inf")
        self._next_probe_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def in_flight(self) -> int:
        """How many calls run or wait."""
        return self._running + len(self._waiting)

    def add(self, call: StepAttempts) -> None:
        """Make this call as soon as there is a place."""
        self._waiting[call.step.id] = call
        self._ready.append(call)
        self._pump()

    def retry(self, call: StepAttempts, pause: float) -> None:
        """Make this call again after `pause` seconds, or earlier if the port comes back."""
        self._waiting[call.step.id] = call
        heapq.heappush(self._delayed, (_now() + pause, next(self._numbers), call))
        self._pump()

    def withdraw(self, step: UUID) -> bool:
        """Forget a call that waits. False if it runs."""
        call = self._waiting.pop(step, None)
        if call is None:
            return False
        call.withdrawn = True
        return True

    def succeeded(self) -> None:
        """A call has been answered: its place is free, and the port works."""
        self._running -= 1
        self._failures, self._succeeded_at = 0, _now()
        if self.is_down:
            self.is_down = False
            log.warning("%s: the port answers again; %d calls wait", self.name, len(self._waiting))
            kept: list[tuple[float, int, StepAttempts]] = []
            for entry in sorted(self._delayed):
                if entry[2].is_own_fault:
                    kept.append(entry)
                else:
                    self._ready.append(entry[2])
            self._delayed = kept
        self._pump()

    def failed(self, call: StepAttempts, error: str) -> None:
        """An attempt has failed: its place is free.

        A call that fails while others succeed is at fault itself, and says nothing about the port.
        """
        self._running -= 1
        now = _now()
        call.is_own_fault = call.failed_at is not None and self._succeeded_at > call.failed_at
        call.failed_at, call.error = now, error
        if not call.is_own_fault:
            self._failures += 1
        if self._failures >= FAILURES_OF_OUTAGE and not self.is_down:
            self.is_down = True
            log.warning("%s: the port is down (%s); few calls probe it", self.name, error)
            self._probe_pauses.reset()
            self._next_probe_at = now + self._probe_pauses.next_pause()
        self._pump()

    def close(self) -> None:
        """Start no further call."""
        if self._timer is not None:
            self._timer.cancel()
        self._ready.clear()
        self._delayed.clear()
        self._waiting.clear()

    def _pump(self) -> None:
        """Start the calls whose time has come, and set the timer for the next one."""
        now = _now()
        if self.is_down:
            for call in self._take_expired(now):
                self._expired(self, call)
            if self._next_probe_at <= now and self._running < MAX_CONCURRENT_CALLS:
                # Calls without a failed attempt come first: the port may be down for some calls only.
                call = self._next_ready() or self._next_delayed()
                if call is not None:
                    self._begin(call)
                self._next_probe_at = now + self._probe_pauses.next_pause()
            # Without a free place the next attempt that ends calls this function.
            has_place = self._running < MAX_CONCURRENT_CALLS
            self._wake_at(self._next_probe_at if self._waiting and has_place else None)
            return
        while self._delayed and self._delayed[0][0] <= now:
            self._ready.append(heapq.heappop(self._delayed)[2])
        while self._running < MAX_CONCURRENT_CALLS and (call := self._next_ready()) is not None:
            self._begin(call)
        self._wake_at(self._delayed[0][0] if self._delayed else None)

    def _begin(self, call: StepAttempts) -> None:
        del self._waiting[call.step.id]
        self._running += 1
        self._start(self, call)

    def _next_ready(self) -> StepAttempts | None:
        while self._ready:
            if not (call := self._ready.popleft()).withdrawn:
                return call
        return None

    def _next_delayed(self) -> StepAttempts | None:
        while self._delayed:
            if not (call := heapq.heappop(self._delayed)[2]).withdrawn:
                return call
        return None

    def _take_expired(self, now: float) -> Sequence[StepAttempts]:
        expired = [call for call in self._waiting.values() if call.expires_at <= now]
        if expired:
            for call in expired:
                del self._waiting[call.step.id]
            self._ready = deque(call for call in self._ready if call.step.id in self._waiting)
            self._delayed = [entry for entry in self._delayed if entry[2].step.id in self._waiting]
            heapq.heapify(self._delayed)
        return expired

    def _wake_at(self, moment: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if moment is None else asyncio.get_running_loop().call_at(moment, self._pump)


def _now() -> float:
    return asyncio.get_running_loop().time()
