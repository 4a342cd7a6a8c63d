"""Turns of the event loop: work that takes long lets other tasks run in between."""

import asyncio
from time import perf_counter
from weakref import WeakKeyDictionary

TURN_SECONDS = 0.02
"""How long the operations of a process run before the event loop takes in requests, answers and timers."""


class LoopTurn:
    """The time that operations have used since the event loop last looked at its sockets and timers.

    All tasks that are ready run in one cycle of the loop. A hundred lists of a hundred items would hold it for seconds.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._end: float | None = None

    def is_over(self) -> bool:
        """Whether the rest has to wait for the next cycle. The first call of a cycle starts the turn."""
        if self._end is None:
            self._end = perf_counter() + TURN_SECONDS
            # What is scheduled now runs in the next cycle.
            self._loop.call_soon(self._begin)
            return False
        return perf_counter() > self._end

    async def wait_for_next(self) -> None:
        """Let other tasks run, until there is time again."""
        while self.is_over():  # noqa: ASYNC110 - the next cycle is what it waits for
            await asyncio.sleep(0)

    def _begin(self) -> None:
        self._end = None


_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopTurn] = WeakKeyDictionary()


def turn_of_loop() -> LoopTurn:
    """The turn of the running event loop: all operations share it."""
    loop = asyncio.get_running_loop()
    turn = _turns.get(loop)
    if turn is None:
        turn = _turns[loop] = LoopTurn(loop)
    return turn


async def wait_for_turn() -> None:
    """Let other tasks run if the operations of this cycle have used their time."""
    turn = turn_of_loop()
    if turn.is_over():
        await turn.wait_for_next()
