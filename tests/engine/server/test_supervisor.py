"""A component that fails is logged, named and started again; a bug that repeats ends the process."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest

from app.engine.server.supervisor import Component, Supervisor

type Run = Callable[[], Coroutine[Any, Any, None]]


class Failing:
    """A component that raises the given errors, one a start, and then works until it is cancelled."""

    def __init__(self, *errors: BaseException) -> None:
        self._errors = list(errors)
        self.works = asyncio.Event()

    async def run(self) -> None:
        if self._errors:
            raise self._errors.pop(0)
        self.works.set()
        await asyncio.Event().wait()


def supervise(run: Run, *, is_needed: bool = True, **limits: Any) -> tuple[Supervisor, asyncio.Event]:
    gave_up = asyncio.Event()
    component = Component("sealer", run, is_needed=is_needed)
    limits = {"max_pause": 0.01, "stable_seconds": 60.0, "max_failures": 3} | limits
    return Supervisor([component], gave_up.set, **limits), gave_up


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.QueryCanceledError("canceling statement due to statement timeout"),
        asyncpg.InsufficientPrivilegeError("permission denied for table events"),
        ConnectionRefusedError(111, "Connection refused"),
        TimeoutError(),
        ExceptionGroup("two", [asyncpg.DiskFullError("no space left"), ValueError("later")]),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_no_error_of_the_database_ends_a_component(error: Exception) -> None:
    failing = Failing(*[error] * 10)
    supervisor, gave_up = supervise(failing.run)
    supervisor.start()
    async with asyncio.timeout(10):
        await failing.works.wait()
    assert supervisor.restarts["sealer"] == 10
    assert not gave_up.is_set()
    assert supervisor.errors["sealer"]
    await supervisor.stop(5)


async def test_a_cancellation_from_within_is_a_failure_and_not_an_end() -> None:
    failing = Failing(asyncio.CancelledError())
    supervisor, _ = supervise(failing.run)
    supervisor.start()
    async with asyncio.timeout(10):
        await failing.works.wait()
    assert supervisor.errors == {"sealer": "CancelledError"}
    await supervisor.stop(5)


async def test_a_component_that_works_again_has_no_error_any_more() -> None:
    failing = Failing(TimeoutError("no answer"))
    supervisor, _ = supervise(failing.run, stable_seconds=0.05)
    supervisor.start()
    async with asyncio.timeout(10):
        await failing.works.wait()
        assert supervisor.errors == {"sealer": "TimeoutError: no answer"}
        while supervisor.errors:  # noqa: ASYNC110 - it recovers by a timer of the event loop
            await asyncio.sleep(0.01)
    await supervisor.stop(5)


async def test_a_bug_that_repeats_gives_up_so_that_the_process_ends(caplog: pytest.LogCaptureFixture) -> None:
    failing = Failing(*[ZeroDivisionError("no seal")] * 3)
    supervisor, gave_up = supervise(failing.run)
    supervisor.start()
    async with asyncio.timeout(10):
        await gave_up.wait()
    assert supervisor.failed == "sealer: ZeroDivisionError: no seal"
    [line] = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert line == "component sealer failed 3 times in a row, the process ends: ZeroDivisionError: no seal"
    await supervisor.stop(5)


async def test_a_bug_in_a_component_that_is_not_needed_never_ends_the_process() -> None:
    failing = Failing(*[ZeroDivisionError()] * 5)
    supervisor, gave_up = supervise(failing.run, is_needed=False)
    supervisor.start()
    async with asyncio.timeout(10):
        await failing.works.wait()
    assert not gave_up.is_set()
    assert supervisor.errors == {"sealer": "ZeroDivisionError"}
    await supervisor.stop(5)


async def test_a_component_that_does_not_stop_in_time_is_named() -> None:
    released, running = asyncio.Event(), asyncio.Event()

    async def stubborn() -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        finally:
            await released.wait()

    supervisor, _ = supervise(stubborn)
    supervisor.start()
    await running.wait()
    assert await supervisor.stop(0.1) == ["sealer"]
    released.set()
    assert await supervisor.stop(5) == []
