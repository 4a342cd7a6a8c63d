"""Carries out steps: commands of one instance one after the other, in the order in which they were asked for; calls to
the outside beside them.

Everything may be carried out twice, after a crash or a change of owner: a command keeps its id, a call its idempotency
key, so that it has one effect.
"""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from app.commands import Accepted, Commands, Conflicted, Previewed, Refused, Request
from app.database import DRIVER_ERRORS, is_broken
from app.processes.codec import Codec
from app.processes.records import Settled, Step
from app.projector.park import said
from app.store.append import Overloaded, Unreachable
from domain.kernel import AnyDecider, Command
from domain.process import AnyProcess, Call, Record, Send

log = logging.getLogger(__name__)

type Port = Callable[[Any, UUID], Awaitable[Send | None]]
"""Makes one kind of call to the outside, under its idempotency key, and says which command records the answer.

Whatever it raises means that the outcome is not known: it is called again, with the same key.
"""

COMMANDS_AT_ONCE = 256
CALLS_AT_ONCE = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How a step that fails is tried again: `attempts` times, with pauses in seconds that double from `first` to `most`.

    `call` is how many seconds one call to the outside may take.
    """

    attempts: int = 8
    first: float = 0.1
    most: float = 30.0
    call: float = 10.0

    def pause(self, attempt: int) -> float:
        return min(self.first * 2**attempt, self.most) * random.uniform(0.75, 1.0)


class Dispatcher:
    """The steps of one process that are under way in this, its owner. `settled` hears of each that has come to something."""

    def __init__(
        self,
        process: AnyProcess,
        codec: Codec,
        commands: Commands,
        ports: Mapping[type, Port],
        patience: Patience,
        settled: Callable[[Settled], None],
    ) -> None:
        self._process = process
        self._codec = codec
        self._commands = commands
        self._ports = ports
        self._patience = patience
        self._settled = settled
        self._chains: dict[tuple[UUID, bool], deque[Step]] = {}
        self._calls: dict[UUID, set[UUID]] = {}
        self._unwanted: set[UUID] = set()
        """Steps under way that are not to be tried again."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._commanding = asyncio.Semaphore(COMMANDS_AT_ONCE)
        self._calling = asyncio.Semaphore(CALLS_AT_ONCE)

    @property
    def busy(self) -> int:
        """How many pieces of work are under way."""
        return len(self._tasks)

    def add(self, steps: Sequence[Step]) -> None:
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
            self._start(self._chain((step.instance, aside)))

    def withdraw(self, instance: UUID) -> None:
        """Begin nothing more of what this instance asked for. What is under way comes to its end."""
        chain = self._chains.get((instance, False))
        if chain is not None:
            if chain[0].kind != "note":
                self._unwanted.add(chain[0].id)
            kept = [step for place, step in enumerate(chain) if place == 0 or step.kind == "note"]
            chain.clear()
            chain.extend(kept)
        self._unwanted.update(self._calls.get(instance, ()))

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

    async def _chain(self, key: tuple[UUID, bool]) -> None:
        chain = self._chains[key]
        try:
            while chain:
                self._settled(await self._command(chain[0]))
                self._unwanted.discard(chain.popleft().id)
        finally:
            del self._chains[key]

    async def _command(self, step: Step) -> Settled:
        failed = step.attempts
        while True:
            try:
                asked = self._codec.asked(step)
                if step.kind == "note":
                    return await self._execute(
                        step, failed, step.id, self._process.own, step.instance, Record(event=asked)
                    )
                return await self._execute(
                    step, failed, step.id, self._codec.deciders[step.category], step.stream_id, asked
                )
            except Exception as problem:
                # Whatever it is, the step is tried again, and stuck after the last try.
                failed += 1
                if (settled := await self._again(step, failed, problem)) is not None:
                    return settled

    async def _effect(self, step: Step) -> None:
        try:
            self._settled(await self._call(step))
        finally:
            self._unwanted.discard(step.id)
            calls = self._calls[step.instance]
            calls.discard(step.id)
            if not calls:
                del self._calls[step.instance]

    async def _call(self, step: Step) -> Settled:
        failed = step.attempts
        while True:
            try:
                call = self._codec.asked(step)
                async with self._calling:
                    answer = await self._asked(call, step.id)
                if answer is None:
                    return Settled(step=step, outcome="done", attempts=failed)
                return await self._execute(
                    step, failed, uuid5(step.id, "answer"), answer.to, answer.stream_id, answer.command
                )
            except Exception as problem:
                # Whatever it is, the outcome is not known, and the same key makes it safe to ask again.
                failed += 1
                if (settled := await self._again(step, failed, problem)) is not None:
                    return settled

    async def _asked(self, call: Call, key: UUID) -> Send | None:
        """What the port answers, within its time. Raises an `Exception`, whatever the port raises."""
        patience = asyncio.timeout(self._patience.call)
        try:
            async with patience:
                return await self._ports[type(call)](call, key)
        except TimeoutError:
            if patience.expired():
                raise TimeoutError(f"no answer within {self._patience.call:g} s") from None
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not we are cancelled but something that the port waited for.
            raise ConnectionError("the call was cancelled on the way") from None

    async def _execute(
        self,
        step: Step,
        failed: int,
        command_id: UUID,
        decider: AnyDecider,
        stream_id: UUID,
        command: Command,
    ) -> Settled:
        request = Request(
            actor=f"process:{self._process.category}",
            correlation_id=step.correlation_id,
            command_id=command_id,
            caused_by=step.caused_by,
        )
        while True:
            try:
                async with self._commanding:
                    outcome = await self._commands.execute(decider, stream_id, command, request)
            except (Overloaded, Unreachable, *DRIVER_ERRORS) as problem:
                if not isinstance(problem, Overloaded | Unreachable) and not is_broken(problem):
                    raise
                # The database is away or has enough to do: that is no failure of the step.
                await asyncio.sleep(self._patience.pause(3))
                continue
            match outcome:
                case Accepted(facts=facts):
                    return Settled(
                        step=step,
                        outcome="done",
                        position=facts[-1].position if facts else None,
                        attempts=failed,
                    )
                case Refused(code=code, message=message):
                    return Settled(step=step, outcome="refused", code=code, error=message, attempts=failed)
                case Conflicted():
                    raise RuntimeError("other commands came first, again and again")
                case Previewed():
                    raise AssertionError(outcome)

    async def _again(self, step: Step, failed: int, problem: Exception) -> Settled | None:
        """Wait before the next attempt; what the step is settled with where there is none."""
        error = said(problem).splitlines()[0][:500]
        tried = failed - step.attempts
        if step.id in self._unwanted:
            return Settled(step=step, outcome="withdrawn", error=error, attempts=failed)
        if tried >= self._patience.attempts:
            log.error(
                "process %s: step %s of %s is stuck: %s",
                self._process.category,
                step.step,
                step.instance,
                error,
            )
            return Settled(step=step, outcome="stuck", error=error, attempts=failed)
        log.warning(
            "process %s: step %s of %s failed (%s), attempt %d",
            self._process.category,
            step.step,
            step.instance,
            error,
            failed,
        )
        self._settled(Settled(step=step, outcome="due", error=error, attempts=failed))
        await asyncio.sleep(self._patience.pause(tried - 1))
        return None
