"""How long the event loop is held."""

import asyncio
import gc
from time import thread_time


class LongestWait:
    """The longest time, of the CPU of this thread, for which another task had to wait for the event loop."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.cycles = 0

    async def watch(self) -> None:
        # A server does this at its start. To collect all that a process of tests has takes 0.2 s, which is no turn.
        gc.collect()
        gc.freeze()
        try:
            while True:
                before = thread_time()
                await asyncio.sleep(0)
                self.seconds = max(self.seconds, thread_time() - before)
                self.cycles += 1
        finally:
            gc.unfreeze()


def work_for(seconds: float) -> None:
    """Use so much time of the CPU, and let no other task run."""
    end = thread_time() + seconds
    while thread_time() < end:
        pass
