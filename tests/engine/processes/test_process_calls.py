"""Calls to the outside: retried with the same key, withdrawn, and never harmful to other steps."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandContext, CommandOutcome
from app.engine.database.connections import Database
from app.engine.processes import calls
from app.engine.processes.attempts import StepAttempts
from app.engine.processes.calls import CallKind
from app.engine.processes.dispatcher import Dispatcher
from app.engine.processes.records import ProcessStep
from domain.kernel.decider import AnyDecider, Command
from tests.support.toy_counter import Add, Engine, engine
from tests.support.toy_process import (
    QUICK,
    Bell,
    Ring,
    at_rest,
    away,
    became,
    kept,
    names,
    note,
    own,
    running,
    seen,
    till,
    until,
)


async def test_a_call_is_retried_with_the_same_key_until_it_is_answered(database: Database) -> None:
    async def at_the_third(call: Ring, attempt: int) -> None:
        if attempt == 1:
            await asyncio.sleep(30)
        if attempt == 2:
            raise ConnectionError("no answer")

    one, bell = uuid4(), Bell(at_the_third)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await at_rest(runtime)
        keys = bell.keys[till(one)]
        assert (len(keys), len(set(keys))) == (3, 1)
        assert await kept(runtime, one) == [(7, "rung")]
        view = await seen(runtime, one)
        assert view is not None
        assert [(step.outcome, step.attempts, step.error) for step in view.steps] == [("done", 2, None)]


async def test_a_call_that_a_stop_interrupts_is_retried_with_the_same_key(database: Database) -> None:
    async def hangs(call: Ring, attempt: int) -> None:
        ringing.set()
        await asyncio.sleep(30)

    one, ringing, cut, bell = uuid4(), asyncio.Event(), Bell(), Bell()
    cut.answers = hangs
    async with running(database, cut, steps=replace(QUICK, call_timeout=30)) as runtime:
        await note(runtime, one, "ring", 7)
        await ringing.wait()
    async with running(database, bell) as runtime:
        await at_rest(runtime)
        assert cut.keys == bell.keys
        assert await kept(runtime, one) == [(7, "rung")]


async def test_of_attempts_without_a_pause_the_last_outcome_is_stored(database: Database) -> None:
    async def at_the_third(call: Ring, attempt: int) -> None:
        if attempt < 3 or call.till in lost:
            raise ConnectionError("no answer")

    ids, bell = [uuid4() for _ in range(20)], Bell(at_the_third)
    lost = {till(identity) for identity in ids[:10]}
    async with running(database, bell, steps=replace(QUICK, initial_delay=0, max_delay=0)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring", 7) for identity in ids))
        await at_rest(runtime)
        views = [await seen(runtime, identity) for identity in ids]
        assert [view.state for view in views if view is not None] == ["stuck"] * 10 + ["running"] * 10
        assert [view.steps[0].attempts for view in views if view is not None] == [3] * 10 + [2] * 10


async def test_a_withdrawn_step_is_not_executed(database: Database) -> None:
    """The call is between two attempts when it is withdrawn."""
    one, bell = uuid4(), Bell(away)
    async with running(
        database, bell, steps=replace(QUICK, max_attempts=50, initial_delay=0.05, max_delay=0.05)
    ) as runtime:
        await note(runtime, one, "ring", 7)
        await until(lambda: _rang(bell, one))
        await note(runtime, one, "stop")
        await until(lambda: _outcome(runtime, one, "ring", "withdrawn"))
        await at_rest(runtime)
        rang = len(bell.keys[till(one)])
        await note(runtime, one, "put", 2)
        await at_rest(runtime)
        # An attempt that was in flight at the withdrawal has ended by now, and no other follows.
        await asyncio.sleep(0.12)
        assert len(bell.keys[till(one)]) <= rang + 1
        assert await kept(runtime, one) == [(2, "")]
        assert "errand.step-stuck" not in names(await own(runtime, one))


async def test_a_command_that_is_withdrawn_in_the_pause_after_an_attempt_is_not_attempted_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, failed, attempts, made = uuid4(), asyncio.Event(), 0, 0
    withdraw = Dispatcher.withdraw

    def count_attempts(dispatcher: Dispatcher, steps: Sequence[ProcessStep]) -> None:
        nonlocal made
        withdraw(dispatcher, steps)
        made = made or (attempts if steps else 0)

    monkeypatch.setattr(Dispatcher, "withdraw", count_attempts)
    steps = replace(QUICK, max_attempts=0, initial_delay=0.05, max_delay=0.05)
    async with running(database, steps=steps) as runtime:
        execute = runtime.commands.execute

        async def fail(
            decider: AnyDecider, stream_id: UUID, command: Command, context: CommandContext
        ) -> CommandOutcome:
            nonlocal attempts
            if command == Add(amount=1) and stream_id == till(one):
                attempts += 1
                failed.set()
                raise RuntimeError("a fault")
            return await execute(decider, stream_id, command, context)

        monkeypatch.setattr(runtime.commands, "execute", fail)
        await note(runtime, one, "put", 1)
        await failed.wait()
        await note(runtime, one, "stop")
        # This command waits for the one that was withdrawn.
        await note(runtime, one, "put", 2)
        await at_rest(runtime)
        assert await kept(runtime, one) == [(2, "")]
        assert attempts == made > 0


async def test_a_step_that_is_asked_for_and_withdrawn_at_once_is_never_started(database: Database) -> None:
    one, bell = uuid4(), Bell()
    async with running(database):
        pass
    async with engine(database, projections=()) as writing:
        for word in ("several", "ring", "stop", "put"):
            await note(writing, one, word, 3)
    async with running(database, bell) as runtime:
        await at_rest(runtime)
        assert await kept(runtime, one) == [(3, "")]
        assert bell.keys == {}


async def _rang(bell: Bell, one: UUID) -> bool:
    return len(bell.keys[till(one)]) > 1


async def _outcome(runtime: Engine, one: UUID, step: str, outcome: str) -> bool:
    view = await seen(runtime, one)
    return view is not None and any(
        (view_step.name, view_step.outcome) == (step, outcome) for view_step in view.steps
    )


@pytest.mark.parametrize("message", ["\0 \ud800", "", "long " * 10_000])
async def test_any_error_of_a_port_fails_its_own_step_only(database: Database, message: str) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            if not message:
                raise RuntimeError("no words")
            return message

    bad, good = uuid4(), uuid4()

    async def breaks(call: Ring, attempt: int) -> None:
        if call.till == till(bad):
            raise Unspeakable

    async with running(database, Bell(breaks)) as runtime:
        await note(runtime, bad, "ring")
        await note(runtime, good, "ring")
        await became(runtime, bad, "stuck")
        await until(lambda: kept(runtime, good))
        await at_rest(runtime)
        assert runtime.processes.workers["errand"].error is None


async def test_a_port_whose_own_task_was_cancelled_is_called_again(database: Database) -> None:
    async def cancels(call: Ring, attempt: int) -> None:
        if attempt == 1:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future

    one, bell = uuid4(), Bell(cancels)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await at_rest(runtime)
        assert await kept(runtime, one) == [(7, "rung")]


async def test_a_port_that_is_down_is_not_looked_at_while_calls_that_hang_have_all_places(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class CountingKind(CallKind):
        pumps = 0

        def _pump(self) -> None:
            self.pumps += 1
            super()._pump()

    monkeypatch.setattr(calls, "MAX_CONCURRENT_CALLS", 8)
    policy, started = replace(QUICK, initial_delay=0, max_delay=0), list[StepAttempts]()
    kind = CountingKind(
        "ring", policy.probe_pauses(), lambda _, call: started.append(call), lambda _, call: None
    )
    for number in range(100):
        kind.add(policy.attempts_of(_step(number), 60.0, asyncio.get_running_loop().time()))
    for call in started[: calls.FAILURES_OF_OUTAGE]:
        kind.failed(call, "no answer")
    # The first probe takes the last place.
    assert len(started) == calls.FAILURES_OF_OUTAGE + 8
    pumps = kind.pumps
    for _ in range(100):
        await asyncio.sleep(0)
    assert (kind.is_down, kind.pumps) == (True, pumps)
    kind.failed(started[-1], "no answer")
    assert len(started) == calls.FAILURES_OF_OUTAGE + 9
    kind.succeeded()
    assert not kind.is_down
    kind.close()


def _step(number: int) -> ProcessStep:
    one = UUID(int=number)
    return ProcessStep(
        id=one,
        instance=one,
        step="ring",
        kind="effect",
        category="",
        stream_id=one,
        name="errand.ring",
        body="{}",
        correlation_id=one,
        caused_by=1,
    )
