"""Executes steps: commands of one instance one after the other, in the order in which they were asked for; calls at once.

After a crash or a change of owner a step may be executed twice. A command keeps its id and a call its idempotency key,
so it has one effect.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from app.engine.backoff import Backoff
from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandHandler,
    CommandPreview,
    CommandRejected,
)
from app.engine.database.errors import DRIVER_ERRORS, error_summary, is_connection_error
from app.engine.processes.codec import ProcessCodec
from app.engine.processes.storage import ProcessStep, StepResult
from app.engine.store.append import Overloaded
from app.engine.store.append_session import StoreTimeout
from domain.kernel.decider import AnyDecider, Command
from domain.kernel.process import AnyProcess, Call, Port, RecordLifecycleEvent, SendCommand

log = logging.getLogger(__name__)

MAX_CONCURRENT_COMMANDS = 256
MAX_CONCURRENT_CALLS = 128
MAX_ERROR_LENGTH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """A step that fails is retried up to `max_attempts` times, with pauses from `initial_delay` to `max_delay` seconds.

    `call_timeout` is how many seconds one call to the outside may take.
    """

    max_attempts: int = 8
    initial_delay: float = 0.1
    max_delay: float = 30.0
    call_timeout: float = 10.0

    def backoff(self) -> Backoff:
        return Backoff(self.initial_delay, self.max_delay, jitter=0.25)


@dataclass(frozen=True, slots=True)
class _Queue:
    """The steps of one instance that wait for each other. The first one is in flight.

    A note does not wait for commands. The note that the process has ended does: it is recorded behind them.
    """

    instance: UUID
    notes_only: bool


class Dispatcher:
    """The steps of one process that are in flight in its owner. It calls `on_result` with the result of each attempt."""

    def __init__(
        self,
        process: AnyProcess,
        codec: ProcessCodec,
        commands: CommandHandler,
        ports: Mapping[type, Port],
        retry_policy: RetryPolicy,
        on_result: Callable[[StepResult], None],
    ) -> None:
        self._process = process
        self._codec = codec
        self._commands = commands
        self._ports = ports
        self._retry_policy = retry_policy
        self._on_result = on_result
        self._queues: dict[_Queue, deque[ProcessStep]] = {}
        self._calls: dict[UUID, set[UUID]] = {}
        """The effects in flight, by instance."""
        self._cancelled: set[UUID] = set()
        """Steps in flight that are not to be retried."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._command_slots = asyncio.Semaphore(MAX_CONCURRENT_COMMANDS)
        self._call_slots = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

    @property
    def in_flight(self) -> int:
        """How many queues and calls are in flight."""
        return len(self._tasks)

    def add(self, steps: Sequence[ProcessStep]) -> None:
        """Start to execute these steps."""
        for step in steps:
            if step.kind == "effect":
                self._calls.setdefault(step.instance, set()).add(step.id)
                self._start(self._run_call(step))
                continue
            key = _Queue(step.instance, notes_only=step.kind == "note" and not self._codec.is_end(step))
            if (queue := self._queues.get(key)) is not None:
                queue.append(step)
                continue
            self._queues[key] = deque([step])
            self._start(self._run_queue(key))

    def withdraw(self, instance: UUID) -> None:
        """Start no further step of this instance. Steps in flight finish their attempt."""
        queue = self._queues.get(_Queue(instance, notes_only=False))
        if queue is not None:
            if queue[0].kind != "note":
                self._cancelled.add(queue[0].id)
            kept = [step for place, step in enumerate(queue) if place == 0 or step.kind == "note"]
            queue.clear()
            queue.extend(kept)
        self._cancelled.update(self._calls.get(instance, ()))

    async def stop(self) -> None:
        """Cancel all steps in flight. The next owner executes them again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("process %s: a step could not be executed", self._process.category, exc_info=error)

    async def _run_queue(self, key: _Queue) -> None:
        queue = self._queues[key]
        try:
            while queue:
                self._on_result(await self._execute(queue[0]))
                self._cancelled.discard(queue.popleft().id)
        finally:
            del self._queues[key]

    async def _run_call(self, step: ProcessStep) -> None:
        try:
            self._on_result(await self._execute(step))
        finally:
            self._cancelled.discard(step.id)
            calls = self._calls[step.instance]
            calls.discard(step.id)
            if not calls:
                del self._calls[step.instance]

    async def _execute(self, step: ProcessStep) -> StepResult:
        """Attempt the step until it has a result, or until the retry policy gives up."""
        backoff = self._retry_policy.backoff()
        attempts = step.attempts
        while True:
            try:
                return await self._attempt(step, attempts)
            except Exception as error:
                # The outcome of a failed attempt is not known. The same id makes it safe to repeat.
                attempts += 1
                result = self._failed(step, attempts, error)
            if result.outcome != "due":
                return result
            self._on_result(result)
            await backoff.sleep()

    def _failed(self, step: ProcessStep, attempts: int, error: Exception) -> StepResult:
        summary = error_summary(error).splitlines()[0][:MAX_ERROR_LENGTH]
        if step.id in self._cancelled:
            return StepResult(step=step, outcome="withdrawn", error=summary, attempts=attempts)
        if attempts - step.attempts >= self._retry_policy.max_attempts:
            log.error(
                "process %s: step %s of %s is stuck: %s",
                self._process.category,
                step.step,
                step.instance,
                summary,
            )
            return StepResult(step=step, outcome="stuck", error=summary, attempts=attempts)
        log.warning(
            "process %s: step %s of %s failed (%s), attempt %d",
            self._process.category,
            step.step,
            step.instance,
            summary,
            attempts,
        )
        return StepResult(step=step, outcome="due", error=summary, attempts=attempts)

    async def _attempt(self, step: ProcessStep, attempts: int) -> StepResult:
        message = self._codec.decode_step(step)
        match step.kind:
            case "note":
                decider = self._process.stream_decider
                return await self._send(
                    step, attempts, step.id, decider, step.instance, RecordLifecycleEvent(event=message)
                )
            case "command":
                decider = self._codec.deciders[step.category]
                return await self._send(step, attempts, step.id, decider, step.stream_id, message)
            case "effect":
                async with self._call_slots:
                    answer = await self._call_port(message, step.id)
                if answer is None:
                    return StepResult(step=step, outcome="done", attempts=attempts)
                answer_id = uuid5(step.id, "answer")
                return await self._send(
                    step, attempts, answer_id, answer.to, answer.stream_id, answer.command
                )

    async def _call_port(self, call: Call, key: UUID) -> SendCommand | None:
        """The answer of the port. Raises an `Exception` if the port fails, is cancelled, or takes too long."""
        timeout = asyncio.timeout(self._retry_policy.call_timeout)
        try:
            async with timeout:
                return await self._ports[type(call)](call, key)
        except TimeoutError:
            if timeout.expired():
                raise TimeoutError(f"no answer within {self._retry_policy.call_timeout:g} s") from None
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # This task is not cancelled: something that the port waited for is.
            raise ConnectionError("the call was cancelled on the way") from None

    async def _send(
        self,
        step: ProcessStep,
        attempts: int,
        command_id: UUID,
        decider: AnyDecider,
        stream_id: UUID,
        command: Command,
    ) -> StepResult:
        context = CommandContext(
            actor=f"process:{self._process.category}",
            correlation_id=step.correlation_id,
            command_id=command_id,
            caused_by=step.caused_by,
        )
        backoff = self._retry_policy.backoff()
        while True:
            try:
                async with self._command_slots:
                    outcome = await self._commands.execute(decider, stream_id, command, context)
            except (Overloaded, StoreTimeout, *DRIVER_ERRORS) as error:
                if not isinstance(error, Overloaded | StoreTimeout) and not is_connection_error(error):
                    raise
                # The database is away or overloaded. That is not a failure of the step.
                await backoff.sleep()
                continue
            match outcome:
                case CommandAccepted(facts=facts):
                    return StepResult(
                        step=step,
                        outcome="done",
                        position=facts[-1].position if facts else None,
                        attempts=attempts,
                    )
                case CommandRejected(code=code, message=message):
                    return StepResult(
                        step=step, outcome="refused", code=code, error=message, attempts=attempts
                    )
                case CommandConflict():
                    raise RuntimeError("other commands came first in every attempt")
                case CommandPreview():
                    raise AssertionError(outcome)
