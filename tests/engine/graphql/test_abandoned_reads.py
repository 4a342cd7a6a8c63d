"""A read of a loader ends with the last task that waits for it, and not before."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from app.engine.access.access import Access
from app.engine.database.connections import Database
from app.engine.graphql.loaders import Loaders


class SlowRead:
    """A read that does not end by itself."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def __call__(self, keys: list[int]) -> Sequence[int]:
        self.begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return keys


async def test_a_read_ends_when_all_that_wait_for_it_are_cancelled() -> None:
    loaders, read = Loaders(cast("Database", None), cast("Access", None), cast("Any", None)), SlowRead()
    tasks = [asyncio.create_task(loaders.load("slow", read, key)) for key in range(2)]
    await read.begun.wait()
    await cancel(tasks[0])
    assert not read.cancelled.is_set()
    await cancel(tasks[1])
    async with asyncio.timeout(30):
        await read.cancelled.wait()


async def test_a_read_that_another_task_waits_for_too_goes_on_when_one_is_cancelled() -> None:
    loaders, answer = (
        Loaders(cast("Database", None), cast("Access", None), cast("Any", None)),
        asyncio.Event(),
    )

    async def read(keys: list[int]) -> Sequence[int]:
        await answer.wait()
        return keys

    tasks = [asyncio.create_task(loaders.load("shared", read, 7)) for _ in range(3)]
    await asyncio.sleep(0)
    await cancel(tasks[0])
    answer.set()
    assert await asyncio.gather(*tasks[1:]) == [7, 7]
    assert await loaders.load("shared", read, 7) == 7


async def cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait((task,))
    # The read has its turn to end.
    await asyncio.sleep(0)
