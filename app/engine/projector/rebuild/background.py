"""Runs what operators ask of a server: what takes long goes on when its caller has been answered, and ends with the server."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason

log = logging.getLogger(__name__)

MAX_OPERATIONS = 8
"""Operations at a time; each holds two connections."""


class BackgroundOperations:
    """Those that are under way in this process. What is cut off is gone on with when it is asked for again."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run[T](self, work: Coroutine[Any, Any, T], seconds: float) -> T | None:
        """What came of it, or None where it goes on after so many seconds. Raises what it raises, `NotPossible` among it."""
        if len(self._tasks) >= MAX_OPERATIONS:
            work.close()
            raise OperationRefused(
                f"{MAX_OPERATIONS} operations are under way in this process: wait for one of them",
                RefusalReason.BUSY,
            )
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait((task,), timeout=seconds)
        return task.result() if task.done() else None

    async def stop(self) -> None:
        """Cut them off."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            # Who asked may be gone; a rebuild keeps the reason where `projections` shows it.
            log.warning("an operation has ended: %s", problem)
