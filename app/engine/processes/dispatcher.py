"""Executes steps: the commands of one instance one after the other in the order asked for; calls at once.

After a crash or a change of owner a step may be executed twice. A command keeps its id and a call its idempotency key,
so it has one effect. A step that fails is attempted again until its time is over: `RetryPolicy` says when.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandHandler,
    CommandPreview,
    CommandRejected,
)
from app.engine.database.errors import DRIVER_ERRORS, is_connection_error
from app.engine.processes.attempts import RetryPolicy, StepAttempts, short_error
from app.engine.processes.calls import CallKind
from app.engine.processes.codec import ProcessCodec
from app.engine.processes.records import ProcessStep, StepResult, answer_id
from app.engine.store.append import Overloaded
from app.engine.store.append_request import CommandIdReused
from app.engine.store.append_session import StoreTimeout, StoreUnavailable
from domain.kernel.decider import AnyDecider, Command
from domain.kernel.process import AnyProcess, Call, Port, RecordLifecycleEvent, SendCommand

log = logging.getLogger(__name__)

MAX_CONCURRENT_COMMANDS = 256
MAX_RUNNING_QUEUES = 2_000
"""How many queues may run. A queue whose first command waits for its next attempt does not run."""
MAX_QUEUES_IN_FLIGHT = 10_000
"""Those that run and those that wait. A queue that waits takes about 4 KB (measured 2026-11-28)."""
MAX_CALLS_IN_FLIGHT = 50_000
"""A call that waits takes about 2 KB. So an outage of one port does not stop the process for a long time."""


class CommandIdTaken(Exception):
    """Another command was recorded under the id of a step. No further attempt can succeed."""


@dataclass(frozen=True, slots=True)
class _Queue:
    """The steps of one instance that wait for each other. The first one is in flight.

    A note does not wait for commands. The note that the process has ended does: it is recorded behind them.
    """

    instance: UUID
    notes_only: bool


class Dispatcher:
    """The steps of one process that are in flight in its owner. It calls `on_result` with the result of each attempt.

    `seconds_to_deadline` returns the seconds until the next deadline of an instance, or None if it has none.
    `describe_command` returns what was recorded under a command id.
    """

    def __init__(
        self,
        process: AnyProcess,
        codec: ProcessCodec,
        commands: CommandHandler,
        ports: Mapping[type, Port],
        retry_policy: RetryPolicy,
        on_result: Callable[[StepResult], None],
        seconds_to_deadline: Callable[[UUID], Awaitable[float | None]],
        describe_command: Callable[[UUID], Awaitable[str | None]],
    ) -> None:
        self._process = process
        self._codec = codec
        self._commands = commands
        self._ports = ports
        self._retry_policy = retry_policy
        self._on_result = on_result
        self._seconds_to_deadline = seconds_to_deadline
        self._describe_command = describe_command
        self._queues: dict[_Queue, deque[ProcessStep]] = {}
        self._waiting_queues = 0
        """How many queues wait for the next attempt of their first command."""
        self._recording: dict[UUID, asyncio.Task[None]] = {}
        """The tasks that record notes, by instance."""
        self._calls: dict[UUID, dict[UUID, CallKind]] = {}
        """The calls in flight, by instance and step."""
        self._kinds: dict[str, CallKind] = {}
        """By the stored name of the call."""
        self._cancelled: set[UUID] = set()
        """Steps in flight that are not to be retried."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._command_slots = asyncio.Semaphore(MAX_CONCURRENT_COMMANDS)
        self._stopped = False

    @property
    def has_room(self) -> bool:
        """Whether the process may ask for more. Without room its worker reads no new facts."""
        calls = sum(kind.in_flight for kind in self._kinds.values())
        queues = len(self._queues)
        return (
            queues - self._waiting_queues < MAX_RUNNING_QUEUES
            and queues < MAX_QUEUES_IN_FLIGHT
            and calls < MAX_CALLS_IN_FLIGHT
        )

    @property
    def is_idle(self) -> bool:
        """Whether no attempt runs, and no command waits for its next one."""
        return not self._tasks

    def add(self, steps: Sequence[ProcessStep]) -> None:
        """Start to execute these steps."""
        for step in steps:
            if step.kind == "effect":
                kind = self._kind(step.name)
                self._calls.setdefault(step.instance, {})[step.id] = kind
                kind.add(self._attempts(step))
                continue
            key = _Queue(step.instance, notes_only=step.kind == "note" and not self._codec.is_end(step))
            if (queue := self._queues.get(key)) is not None:
                queue.append(step)
                continue
            self._queues[key] = deque([step])
            task = self._start(self._run_queue(key))
            if key.notes_only:
                self._recording[step.instance] = task

    def withdraw(self, steps: Sequence[ProcessStep]) -> None:
        """Start none of these steps. Those in flight finish their attempt."""
        ids = {step.id for step in steps}
        for instance in {step.instance for step in steps}:
            queue = self._queues.get(_Queue(instance, notes_only=False))
            if queue is not None:
                if queue[0].id in ids:
                    self._cancelled.add(queue[0].id)
                kept = [step for place, step in enumerate(queue) if place == 0 or step.id not in ids]
                queue.clear()
                queue.extend(kept)
            for step, kind in list(self._calls.get(instance, {}).items()):
                if step not in ids:
                    continue
                if kind.withdraw(step):
                    self._forget_call(instance, step)
                else:
                    self._cancelled.add(step)

    async def stop(self) -> None:
        """Cancel all steps in flight. The next owner executes them again."""
        self._stopped = True
        for kind in self._kinds.values():
            kind.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _attempts(self, step: ProcessStep) -> StepAttempts:
        now = asyncio.get_running_loop().time()
        return self._retry_policy.attempts_of(step, self._codec.retry_seconds(step), now)

    def _kind(self, name: str) -> CallKind:
        kind = self._kinds.get(name)
        if kind is None:
            kind = self._kinds[name] = CallKind(
                f"process {self._process.category}: {name}",
                self._retry_policy.probe_pauses(),
                lambda kind, call: self._start(self._run_call(kind, call)),
                lambda kind, call: self._start(self._expire_call(kind, call)),
            )
        return kind

    def _forget_call(self, instance: UUID, step: UUID) -> None:
        self._cancelled.discard(step)
        calls = self._calls[instance]
        del calls[step]
        if not calls:
            del self._calls[instance]

    def _start(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        return task

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("process %s: a step could not be executed", self._process.category, exc_info=error)

    async def _run_queue(self, key: _Queue) -> None:
        queue = self._queues[key]
        try:
            while queue:
                if self._codec.is_end(queue[0]) and key.instance in self._recording:
                    # The log has the end of a process after its start, and after what happened to its steps.
                    await asyncio.wait([self._recording[key.instance]])
                self._on_result(await self._execute(queue[0]))
                self._cancelled.discard(queue.popleft().id)
        finally:
            del self._queues[key]
            if key.notes_only:
                del self._recording[key.instance]

    async def _execute(self, step: ProcessStep) -> StepResult:
        """Attempt a command or a note until it has a result.

        The attempts also end when the command is withdrawn, or when the retry policy gives up.
        """
        attempts = self._attempts(step)
        while True:
            try:
                return await self._attempt(step, attempts.count)
            except Exception as error:
                # The outcome of a failed attempt is not known. The same id makes it safe to repeat.
                result = await self._failed(attempts, error)
            if result.outcome != "due":
                return result
            self._on_result(result)
            self._waiting_queues += 1
            try:
                await attempts.backoff.sleep()
            finally:
                self._waiting_queues -= 1
            if step.id in self._cancelled:
                return replace(result, outcome="withdrawn")

    async def _run_call(self, kind: CallKind, call: StepAttempts) -> None:
        """One attempt of a call. Its place is free as soon as the port has answered."""
        step = call.step
        answered = False
        try:
            message = self._codec.decode_step(step)
            answer = await self._call_port(message, step.id)
            answered = True
            kind.succeeded()
            result = await self._send_answer(step, call.count, answer)
        except Exception as error:
            # The outcome of a failed attempt is not known. The same key makes it safe to repeat.
            if not answered:
                kind.failed(call, short_error(error))
            result = await self._failed(call, error)
        self._finish_call(kind, call, result)

    async def _expire_call(self, kind: CallKind, call: StepAttempts) -> None:
        """The time of a call is over while it waits for a port that is down."""
        result = await self._give_up(call, call.error or "the port is down")
        if result.outcome == "stuck":
            # To get stuck without an attempt counts as a failed one. The id of `StepStuck` comes from the count, and a step
            # that gets stuck again needs another id.
            result = replace(result, attempts=max(call.count, call.step.attempts + 1))
        self._finish_call(kind, call, result)

    def _finish_call(self, kind: CallKind, call: StepAttempts, result: StepResult) -> None:
        if result.outcome == "due" and call.step.id in self._cancelled:
            result = StepResult(
                step=call.step, outcome="withdrawn", error=result.error, attempts=result.attempts
            )
        self._on_result(result)
        if result.outcome != "due":
            self._forget_call(call.step.instance, call.step.id)
        elif not self._stopped:
            kind.retry(call, call.backoff.next_pause())

    async def _failed(self, attempts: StepAttempts, error: Exception) -> StepResult:
        """The result of a failed attempt: the step is due again, withdrawn, or stuck."""
        step, summary = attempts.step, short_error(error)
        attempts.count += 1
        if step.id in self._cancelled:
            return StepResult(step=step, outcome="withdrawn", error=summary, attempts=attempts.count)
        if isinstance(error, CommandIdTaken):
            match step.kind:
                case "command":
                    return self._stuck(attempts, str(error))
                case "note":
                    return self._drop_note(attempts, str(error))
                case "effect":
                    # The port may answer with another command the next time.
                    pass
        limit = self._retry_policy.max_attempts
        # No operator can retry a note, so it is attempted until it is recorded.
        if step.kind != "note":
            if limit and attempts.count - step.attempts >= limit:
                return self._stuck(attempts, summary)
            if asyncio.get_running_loop().time() >= attempts.expires_at:
                return await self._give_up(attempts, summary)
        log.warning(
            "process %s: step %s of %s failed (%s), attempt %d",
            self._process.category,
            step.step,
            step.instance,
            summary,
            attempts.count,
        )
        return StepResult(step=step, outcome="due", error=summary, attempts=attempts.count)

    async def _give_up(self, attempts: StepAttempts, error: str) -> StepResult:
        """Stuck, unless the instance has a deadline: then the step is attempted until that deadline."""
        if attempts.has_own_limit:
            return self._stuck(attempts, error)
        try:
            seconds = await self._seconds_to_deadline(attempts.step.instance)
        except DRIVER_ERRORS:
            # The database is away. Then the step has failed for that reason, too.
            seconds = self._retry_policy.longest_probe
        if seconds is None or seconds <= 0:
            return self._stuck(attempts, error)
        attempts.expires_at = asyncio.get_running_loop().time() + seconds
        return StepResult(step=attempts.step, outcome="due", error=error, attempts=attempts.count)

    def _stuck(self, attempts: StepAttempts, error: str) -> StepResult:
        step = attempts.step
        log.error(
            "process %s: step %s of %s is stuck: %s", self._process.category, step.step, step.instance, error
        )
        return StepResult(step=step, outcome="stuck", error=error, attempts=attempts.count)

    def _drop_note(self, attempts: StepAttempts, error: str) -> StepResult:
        """Give up a note that can never be recorded, so that those behind it are."""
        step = attempts.step
        log.error(
            "process %s: the event %s of %s is not recorded: %s",
            self._process.category,
            step.name,
            step.instance,
            error,
        )
        return StepResult(step=step, outcome="refused", error=error, attempts=attempts.count)

    async def _attempt(self, step: ProcessStep, attempts: int) -> StepResult:
        message = self._codec.decode_step(step)
        if step.kind == "note":
            decider = self._process.stream_decider
            note = RecordLifecycleEvent(event=message)
            return await self._send(step, attempts, step.id, decider, step.instance, note)
        decider = self._codec.deciders[step.category]
        return await self._send(step, attempts, step.id, decider, step.stream_id, message)

    async def _send_answer(self, step: ProcessStep, attempts: int, answer: SendCommand | None) -> StepResult:
        if answer is None:
            return StepResult(step=step, outcome="done", attempts=attempts)
        return await self._send(
            step, attempts, answer_id(step.id), answer.to, answer.stream_id, answer.command
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
            except (Overloaded, StoreTimeout, StoreUnavailable, *DRIVER_ERRORS) as error:
                is_store_away = isinstance(error, Overloaded | StoreTimeout | StoreUnavailable)
                if not is_store_away and not is_connection_error(error):
                    raise
                # The database is away or overloaded. That is not a failure of the step.
                await backoff.sleep()
                continue
            except CommandIdReused:
                owner = await self._describe_command(command_id) or "a command that the log has lost"
                raise CommandIdTaken(f"the command id {command_id} is taken by {owner}") from None
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
