"""Supervises the components of a server: one that fails is logged, named in health, and started again."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.backoff import Backoff
from app.engine.database.errors import DRIVER_ERRORS
from app.engine.logs import error_line, leaf_error

log = logging.getLogger(__name__)

MAX_FAILURES = 10
"""A needed component ends the process after this many failures in a row, not counting those of the database."""
STABLE_SECONDS = 5.0
"""A component that has run this long has recovered from its last failure."""
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.05, 5.0


@dataclass(frozen=True, slots=True)
class Component:
    """One background task.

    `stop` asks it to end by itself; without one it is cancelled. `stop_share` is a share of the time for the shutdown.
    When it has passed, the supervisor no longer waits for the end of the component. `is_needed` is false if the server
    is right without it: its failures are warnings, and never end the process.
    """

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    stop: Callable[[], None] | None = None
    stop_share: float = 0.0
    is_needed: bool = True


class Supervisor:
    """Runs components until `stop`.

    An error of the database never ends a component for good. Other errors are bugs. If a needed component fails
    `max_failures` times in a row, the supervisor sets `failed` and calls `on_give_up`. Then only a new process may
    help.
    """

    def __init__(
        self,
        components: Sequence[Component],
        on_give_up: Callable[[], None],
        *,
        max_failures: int = MAX_FAILURES,
        max_pause: float = MAX_PAUSE_SECONDS,
        stable_seconds: float = STABLE_SECONDS,
    ) -> None:
        self.components = components
        self.errors: dict[str, str] = {}
        """The last failure of each component that has not recovered, in one line."""
        self.restarts: Counter[str] = Counter({component.name: 0 for component in components})
        self.failed: str | None = None
        """The component for which only a new process may help, with its error."""
        self._on_give_up = on_give_up
        self._max_failures = max_failures
        self._max_pause = max_pause
        self._stable_seconds = stable_seconds
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._is_stopping = False

    def start(self) -> None:
        """Start every component."""
        for component in self.components:
            self._tasks[component.name] = asyncio.create_task(self._supervise(component), name=component.name)

    async def stop(self, seconds: float) -> Sequence[str]:
        """Stop the components one after the other, within `seconds`.

        Returns the names of components that did not stop, or that could end by themselves but had to be cancelled.
        """
        self._is_stopping = True
        loop = asyncio.get_running_loop()
        began = loop.time()
        late: list[str] = []
        for component in self.components:
            task = self._tasks[component.name]
            if component.stop is None:
                task.cancel()
            else:
                component.stop()
            if component.stop_share:
                await asyncio.wait([task], timeout=began + component.stop_share * seconds - loop.time())
                if component.stop is not None and not task.done():
                    late.append(component.name)
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=max(0.0, began + seconds - loop.time()))
        late += [name for name, task in self._tasks.items() if not task.done() and name not in late]
        return late

    async def _supervise(self, component: Component) -> None:
        backoff = Backoff(FIRST_PAUSE_SECONDS, self._max_pause)
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            recovery = loop.call_later(self._stable_seconds, self.errors.pop, component.name, None)
            try:
                await component.run()
                return
            except asyncio.CancelledError as error:
                task = asyncio.current_task()
                if self._is_stopping or task is None or task.cancelling():
                    raise
                # This task is not cancelled: something that the component waited for is.
                failure: BaseException = error
            except Exception as error:
                # No error ends a component: it is recorded, and the component starts again.
                failure = error
            finally:
                recovery.cancel()
            if self._is_stopping:
                return
            if loop.time() - began >= self._stable_seconds:
                failures = 0
                backoff.reset()
            if not isinstance(leaf_error(failure), (*DRIVER_ERRORS, asyncio.CancelledError)):
                failures += 1
            self._record(component, failure)
            if component.is_needed and failures >= self._max_failures:
                self._give_up(component, failure)
                return
            await backoff.sleep()

    def _record(self, component: Component, failure: BaseException) -> None:
        self.errors[component.name] = error_line(failure)
        self.restarts[component.name] += 1
        log.error(
            "component %s failed and starts again: %s",
            component.name,
            error_line(failure),
            exc_info=failure,
        )

    def _give_up(self, component: Component, failure: BaseException) -> None:
        self.failed = f"{component.name}: {error_line(failure)}"
        log.critical(
            "component %s failed %d times in a row, the process ends: %s",
            component.name,
            self._max_failures,
            error_line(failure),
        )
        self._on_give_up()
