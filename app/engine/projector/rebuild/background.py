"""Runs the operations of operators in a server.

A long operation continues after its caller has an answer, and ends with the server.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from app.engine.logs import error_line
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason

log = logging.getLogger(__name__)

MAX_OPERATIONS = 8
"""Operations at a time; each holds two connections."""


class BackgroundOperations:
    """The operations that run in this process. A cancelled one continues from its checkpoint when it is started again."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run[T](self, operation: Coroutine[Any, Any, T], seconds: float) -> T | None:
        """The result of the operation, or None if it still runs after `seconds`. Raises its errors, and `OperationRefused`."""
        if len(self._tasks) >= MAX_OPERATIONS:
            operation.close()
            raise OperationRefused(
                f"{MAX_OPERATIONS} operations are under way in this process: wait for one of them",
                RefusalReason.BUSY,
            )
        task = asyncio.create_task(operation)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        await asyncio.wait((task,), timeout=seconds)
        return task.result() if task.done() else None

    async def stop(self) -> None:
        """Cancel them all."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The caller may be gone; a rebuild stores its reason, which `projections` shows.
            log.warning("an operation has ended: %s", error_line(error))
