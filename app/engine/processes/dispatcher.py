"""Carries out steps: commands of one instance one after the other, in the order in which they were asked for; calls to
the outside beside them.

Everything may be carried out twice, after a crash or a change of owner: a command keeps its id, a call its idempotency
key, so that it has one effect.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

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
from app.engine.store.append import Overloaded, StoreTimeout
from domain.kernel.decider import AnyDecider, Command
from domain.kernel.process import AnyProcess, Call, Port, RecordLifecycleEvent, SendCommand

log = logging.getLogger(__name__)

MAX_CONCURRENT_COMMANDS = 256
MAX_CONCURRENT_CALLS = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How a step that fails is tried again: `attempts` times, with pauses in seconds that double from `first` to `most`.

    `call` is how many seconds one call to the outside may take.
    """

    max_attempts: int = 8
    initial_delay: float = 0.1
    max_delay: float = 30.0
    call_timeout: float = 10.0

    def delay(self, attempt: int) -> float:
        return min(self.initial_delay * 2**attempt, self.max_delay) * random.uniform(0.75, 1.0)


class Dispatcher:
    """The steps of one process that are under way in this, its owner. `settled` hears of each that has come to something."""

    def __init__(
        self,
        process: AnyProcess,
        codec: ProcessCodec,
        commands: CommandHandler,
        ports: Mapping[type, Port],
        retry_policy: RetryPolicy,
        settled: Callable[[StepResult], None],
    ) -> None:
        self._process = process
        self._codec = codec
        self._commands = commands
        self._ports = ports
        self._retry_policy = retry_policy
        self._settled = settled
        self._chains: dict[tuple[UUID, bool], deque[ProcessStep]] = {}
        self._calls: dict[UUID, set[UUID]] = {}
        self._cancelled: set[UUID] = set()
        """Steps under way that are not to be tried again."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._commanding = asyncio.Semaphore(MAX_CONCURRENT_COMMANDS)
        self._calling = asyncio.Semaphore(MAX_CONCURRENT_CALLS)

    @property
    def in_flight(self) -> int:
        """How many pieces of work are under way."""
        return len(self._tasks)

    def add(self, steps: Sequence[ProcessStep]) -> None:
        """Carry these out."""
        for step in steps:
            if step.kind == "effect":
                self._calls.setdefault(step.instance, set()).add(step.id)
                self._start(self._effect(step))
                continue
            # What is noted while commands are under way does not wait for them; the end is noted behind them.
            aside = step.kind == "note" and not self._codec.is_end(step)
            chain = self._chains.get((step.instance, aside))
            if chain is not None:
                chain.append(step)
                continue
            self._chains[step.instance, aside] = deque([step])
            self._start(self._run_queue((step.instance, aside)))

    def withdraw(self, instance: UUID) -> None:
        """Begin nothing more of what this instance asked for. What is under way comes to its end."""
        chain = self._chains.get((instance, False))
        if chain is not None:
            if chain[0].kind != "note":
                self._cancelled.add(chain[0].id)
            kept = [step for place, step in enumerate(chain) if place == 0 or step.kind == "note"]
            chain.clear()
            chain.extend(kept)
        self._cancelled.update(self._calls.get(instance, ()))

    async def stop(self) -> None:
        """Leave everything where it is: the next owner goes on."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("process %s: a step could not be carried out", self._process.category, exc_info=problem)

    async def _run_queue(self, key: tuple[UUID, bool]) -> None:
        chain = self._chains[key]
        try:
            while chain:
                self._settled(await self._command(chain[0]))
                self._cancelled.discard(chain.popleft().id)
        finally:
            del self._chains[key]

    async def _command(self, step: ProcessStep) -> StepResult:
        failed = step.attempts
        while True:
            try:
                asked = self._codec.decode_step(step)
                if step.kind == "note":
                    return await self._execute(
                        step,
                        failed,
                        step.id,
                        self._process.own,
                        step.instance,
                        RecordLifecycleEvent(event=asked),
                    )
                return await self._execute(
                    step, failed, step.id, self._codec.deciders[step.category], step.stream_id, asked
                )
            except Exception as error:
                # Whatever it is, the step is tried again, and stuck after the last try.
                failed += 1
                if (settled := await self._retry_or_give_up(step, failed, error)) is not None:
                    return settled

    async def _effect(self, step: ProcessStep) -> None:
        try:
            self._settled(await self._call(step))
        finally:
            self._cancelled.discard(step.id)
            calls = self._calls[step.instance]
            calls.discard(step.id)
            if not calls:
                del self._calls[step.instance]

    async def _call(self, step: ProcessStep) -> StepResult:
        failed = step.attempts
        while True:
            try:
                call = self._codec.decode_step(step)
                async with self._calling:
                    answer = await self._call_port(call, step.id)
                if answer is None:
                    return StepResult(step=step, outcome="done", attempts=failed)
                return await self._execute(
                    step, failed, uuid5(step.id, "answer"), answer.to, answer.stream_id, answer.command
                )
            except Exception as error:
                # Whatever it is, the outcome is not known, and the same key makes it safe to ask again.
                failed += 1
                if (settled := await self._retry_or_give_up(step, failed, error)) is not None:
                    return settled

    async def _call_port(self, call: Call, key: UUID) -> SendCommand | None:
        """What the port answers, within its time. Raises an `Exception`, whatever the port raises."""
        patience = asyncio.timeout(self._retry_policy.call_timeout)
        try:
            async with patience:
                return await self._ports[type(call)](call, key)
        except TimeoutError:
            if patience.expired():
                raise TimeoutError(f"no answer within {self._retry_policy.call_timeout:g} s") from None
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not we are cancelled but something that the port waited for.
            raise ConnectionError("the call was cancelled on the way") from None

    async def _execute(
        self,
        step: ProcessStep,
        failed: int,
        command_id: UUID,
        decider: AnyDecider,
        stream_id: UUID,
        command: Command,
    ) -> StepResult:
        request = CommandContext(
            actor=f"process:{self._process.category}",
            correlation_id=step.correlation_id,
            command_id=command_id,
            caused_by=step.caused_by,
        )
        while True:
            try:
                async with self._commanding:
                    outcome = await self._commands.execute(decider, stream_id, command, request)
            except (Overloaded, StoreTimeout, *DRIVER_ERRORS) as error:
                if not isinstance(error, Overloaded | StoreTimeout) and not is_connection_error(error):
                    raise
                # The database is away or has enough to do: that is no failure of the step.
                await asyncio.sleep(self._retry_policy.delay(3))
                continue
            match outcome:
                case CommandAccepted(facts=facts):
                    return StepResult(
                        step=step,
                        outcome="done",
                        position=facts[-1].position if facts else None,
                        attempts=failed,
                    )
                case CommandRejected(code=code, message=message):
                    return StepResult(step=step, outcome="refused", code=code, error=message, attempts=failed)
                case CommandConflict():
                    raise RuntimeError("other commands came first, again and again")
                case CommandPreview():
                    raise AssertionError(outcome)

    async def _retry_or_give_up(
        self, step: ProcessStep, failed: int, problem: Exception
    ) -> StepResult | None:
        """Wait before the next attempt; what the step is settled with where there is none."""
        error = error_summary(problem).splitlines()[0][:500]
        tried = failed - step.attempts
        if step.id in self._cancelled:
            return StepResult(step=step, outcome="withdrawn", error=error, attempts=failed)
        if tried >= self._retry_policy.max_attempts:
            log.error(
                "process %s: step %s of %s is stuck: %s",
                self._process.category,
                step.step,
                step.instance,
                error,
            )
            return StepResult(step=step, outcome="stuck", error=error, attempts=failed)
        log.warning(
            "process %s: step %s of %s failed (%s), attempt %d",
            self._process.category,
            step.step,
            step.instance,
            error,
            failed,
        )
        self._settled(StepResult(step=step, outcome="due", error=error, attempts=failed))
        await asyncio.sleep(self._retry_policy.delay(tried - 1))
        return None
