"""While a port fails or hangs, steps are attempted by time and other work goes on.

All goes on when the port comes back.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.processes import admin, calls
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.counts import step_counts
from domain.kernel.decider import Recorded
from domain.kernel.process import Action, AnyProcess, Call, Effect, SendCommand, StepStuck, call, send
from tests.support.toy_counter import Add, Engine, engine, request, tally
from tests.support.toy_process import (
    QUICK,
    Bell,
    Errand,
    Ring,
    at_rest,
    away,
    became,
    errand,
    kept,
    names,
    note,
    own,
    react,
    running,
    seen,
    till,
    until,
)

BY_TIME = replace(QUICK, max_attempts=0)


async def rung(runtime: Engine, ids: Sequence[UUID]) -> int:
    return await runtime.database.pool.fetchval(
        "SELECT count(*) FROM es.process_steps WHERE kind = 'effect' AND outcome = 'done' AND instance = ANY($1::uuid[])",
        ids,
    )


async def all_rung(runtime: Engine, ids: Sequence[UUID]) -> None:
    async def done() -> bool:
        return await rung(runtime, ids) == len(ids)

    await until(done)


async def test_after_an_outage_nothing_is_stuck_all_calls_go_at_once_and_few_were_made_meanwhile(
    database: Database,
) -> None:
    """The pauses are those of a real server. By its own pauses a step would wait for another four seconds."""
    down = True

    async def outage(call: Ring, attempt: int) -> None:
        if down:
            raise ConnectionError("no answer")

    bell, ids = Bell(outage), [uuid4() for _ in range(400)]
    loop = asyncio.get_running_loop()
    async with running(database, bell, steps=RetryPolicy()) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in ids[:200]))
        await until(lambda: _rings(bell, calls.FAILURES_OF_OUTAGE))
        made = _count(bell)
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in ids[200:]))
        # The outage has to last: the pauses of the steps and of the probes grow.
        await asyncio.sleep(3)
        assert _count(bell) - made <= 140
        await until(lambda: _all_due(database, 400))
        down, began = False, loop.time()
        await all_rung(runtime, ids)
        recovered = loop.time() - began
        others, began = [uuid4() for _ in range(400)], loop.time()
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in others))
        await all_rung(runtime, others)
        # The longest pause of a probe, and the time that so many calls take on this machine now.
        assert recovered < 2.5 + 2 * (loop.time() - began)
        assert len({key for keys in bell.keys.values() for key in keys}) == 800


async def _all_due(database: Database, number: int) -> bool:
    """Whether there are so many steps, which are all due. The notes of the steps are recorded in the meantime."""
    return [(count.state, count.count) for count in await step_counts(database.pool)] == [("due", number)]


def _count(bell: Bell) -> int:
    return sum(len(keys) for keys in bell.keys.values())


async def _rings(bell: Bell, number: int) -> bool:
    return _count(bell) >= number


async def test_calls_that_always_fail_do_not_hold_up_those_that_the_port_answers(database: Database) -> None:
    """They fail while others succeed. So the port is not down, and each of them waits for itself."""
    bad = {till(identity): identity for identity in (uuid4() for _ in range(20))}

    async def answers(call: Ring, attempt: int) -> None:
        if call.till in bad:
            raise ConnectionError("this card is broken")

    bell = Bell(answers)
    async with running(database, bell, steps=RetryPolicy(max_delay=0.5)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in bad.values()))
        seconds: list[float] = []
        for _ in range(20):
            one, began = uuid4(), asyncio.get_running_loop().time()
            await note(runtime, one, "ring")
            await until(lambda one=one: kept(runtime, one))
            seconds.append(asyncio.get_running_loop().time() - began)
        # The first calls may meet a port that seems to be down. The machine may be busy now and then.
        assert min(seconds[10:]) < 0.4
        assert await rung(runtime, list(bad.values())) == 0


async def test_a_call_that_probes_a_port_that_is_down_does_not_wait_for_its_own_pause_and_counts_as_an_attempt(
    database: Database,
) -> None:
    bell, ids = Bell(away), [uuid4() for _ in range(calls.FAILURES_OF_OUTAGE)]
    hours = RetryPolicy(
        max_attempts=3, initial_delay=3_600, max_delay=3_600, first_probe=0.005, longest_probe=0.02
    )
    async with running(database, bell, steps=hours) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in ids))
        for identity in ids:
            view = await became(runtime, identity, "stuck")
            assert (view.steps[0].attempts, len(bell.keys[till(identity)])) == (3, 3)


async def test_a_step_is_attempted_for_the_time_of_the_policy_and_then_stuck(database: Database) -> None:
    one, bell, loop = uuid4(), Bell(away), asyncio.get_running_loop()
    async with running(database, bell, steps=replace(BY_TIME, retry_seconds=0.5)) as runtime:
        began = loop.time()
        await note(runtime, one, "ring", 7)
        view = await became(runtime, one, "stuck")
        assert loop.time() - began >= 0.5
        assert view.steps[0].attempts > 1


async def test_a_step_is_attempted_until_the_deadline_of_its_instance_at_least(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell, steps=replace(BY_TIME, retry_seconds=0)) as runtime:
        await note(runtime, one, "wait", 700)
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        facts = {name: fact for fact in await own(runtime, one) if (name := fact.event.stored.name)}
        assert facts["errand.step-stuck"].recorded_at >= facts["errand.deadline-passed"].event.due
        assert (await seen(runtime, one)).steps[0].attempts > 1  # pyright: ignore[reportOptionalMemberAccess] - `became` has seen it


async def test_a_call_with_a_time_of_its_own_is_stuck_after_it_before_the_settings_and_deadlines_say_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ring, "retry_seconds", 0.5)
    one, bell, loop = uuid4(), Bell(away), asyncio.get_running_loop()
    async with running(database, bell, steps=replace(BY_TIME, retry_seconds=3600)) as runtime:
        await note(runtime, one, "wait", 3_600_000)
        began = loop.time()
        await note(runtime, one, "ring", 7)
        view = await became(runtime, one, "stuck")
        assert loop.time() - began >= 0.5
        assert view.deadline is not None


def test_a_call_declares_its_time() -> None:
    @call("errand.buzz", retry_seconds=60)
    class Buzz(Call):
        pass

    assert (Buzz.retry_seconds, Ring.retry_seconds) == (60, None)


async def test_a_call_that_waits_for_a_port_that_is_down_gets_stuck_when_its_time_is_over(
    database: Database,
) -> None:
    bell, ids = Bell(away), [uuid4() for _ in range(30)]
    # Long enough for the first step to fail as often as makes an outage, also on a busy machine.
    policy = RetryPolicy(retry_seconds=3, initial_delay=0.01, first_probe=0.2, longest_probe=0.3)
    async with running(database, bell, steps=policy) as runtime:
        await note(runtime, ids[0], "ring")
        await until(lambda: _rings(bell, calls.FAILURES_OF_OUTAGE))
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in ids[1:]))
        for identity in ids:
            view = await became(runtime, identity, "stuck")
            assert view.steps[0].error in ("ConnectionError: no answer", "the port is down")
        assert _count(bell) < 30


async def test_a_call_that_gets_stuck_again_without_an_attempt_can_be_retried_again(
    database: Database,
) -> None:
    bell, first, others = Bell(away), [uuid4() for _ in range(10)], [uuid4() for _ in range(10)]
    policy = RetryPolicy(retry_seconds=0.5, first_probe=0.2, longest_probe=0.2)
    async with running(database, bell, steps=policy) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in first))
        await until(lambda: _rings(bell, calls.FAILURES_OF_OUTAGE))
        # Nearly all of these expire without an attempt: the probes are few.
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in others))
        for times in (1, 2):
            for identity in others:
                await until(lambda identity=identity, times=times: _stuck_again(runtime, identity, times))
            outcomes = [
                await admin.retry(database, runtime.commands, errand, identity, "ring", request())
                for identity in others
            ]
            assert {type(outcome) for outcome in outcomes} == {CommandAccepted}


async def _stuck_again(runtime: Engine, one: UUID, times: int) -> bool:
    """Whether the step is stuck, and its stream has recorded that so often."""
    view = await seen(runtime, one)
    stuck = [fact for fact in await own(runtime, one) if isinstance(fact.event, StepStuck)]
    return view is not None and view.state == "stuck" and len(stuck) == times


async def test_a_call_that_waits_for_a_port_that_is_down_is_withdrawn_without_an_attempt(
    database: Database,
) -> None:
    bell, one, ids = Bell(away), uuid4(), [uuid4() for _ in range(10)]
    async with running(database, bell, steps=RetryPolicy(first_probe=5, longest_probe=5)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in ids))
        await until(lambda: _rings(bell, calls.FAILURES_OF_OUTAGE))
        await note(runtime, one, "ring")
        await note(runtime, one, "stop")
        bell.answers = None

        async def withdrawn() -> bool:
            view = await seen(runtime, one)
            return view is not None and view.steps[0].outcome == "withdrawn"

        await until(withdrawn)
        assert bell.keys[till(one)] == []
        assert "errand.step-stuck" not in names(await own(runtime, one))


@call("errand.knock")
class Knock(Call):
    till: UUID


def knocking(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Sequence[Action]:
    if getattr(fact.event, "note", "") == "knock":
        return [Effect(step="knock", call=Knock(till=till(fact.stream_id)))]
    return react(before, after, fact)


two_kinds: AnyProcess = replace(errand, react=knocking, calls=(Ring, Knock))


async def knock(call: Knock, key: UUID) -> SendCommand:
    await asyncio.sleep(0.01)
    return send("rung", tally, call.till, Add(amount=1, note="rung"))


async def test_calls_that_hang_leave_commands_and_calls_of_another_kind_their_places(
    database: Database,
) -> None:
    async def hangs(call: Ring, attempt: int) -> None:
        await asyncio.sleep(3600)

    bell = Bell(hangs)
    async with engine(
        database,
        projections=(),
        processes=[two_kinds],
        ports={Ring: bell, Knock: knock},
        steps=RetryPolicy(call_timeout=3600),
    ) as runtime:
        hanging, others = (
            [uuid4() for _ in range(calls.MAX_CONCURRENT_CALLS + 50)],
            [uuid4() for _ in range(5)],
        )
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in hanging))
        await until(lambda: _rings(bell, calls.MAX_CONCURRENT_CALLS))
        await asyncio.gather(*(note(runtime, identity, "knock") for identity in others))
        await all_rung(runtime, others)
        assert _count(bell) == calls.MAX_CONCURRENT_CALLS


@pytest.mark.soak
async def test_calls_that_hang_take_neither_places_nor_speed_from_calls_of_another_kind_and_from_commands(
    database: Database,
) -> None:
    async def hangs(call: Ring, attempt: int) -> None:
        await asyncio.sleep(3600)

    bell = Bell(hangs)
    async with engine(
        database,
        projections=(),
        processes=[two_kinds],
        ports={Ring: bell, Knock: knock},
        steps=RetryPolicy(call_timeout=3600),
    ) as runtime:

        async def rate(word: str, outcome: Callable[[Sequence[UUID]], Awaitable[None]]) -> float:
            ids, began = [uuid4() for _ in range(300)], asyncio.get_running_loop().time()
            await asyncio.gather(*(note(runtime, identity, word) for identity in ids))
            await outcome(ids)
            return len(ids) / (asyncio.get_running_loop().time() - began)

        async def knocked(ids: Sequence[UUID]) -> None:
            await all_rung(runtime, ids)

        async def put(ids: Sequence[UUID]) -> None:
            async def done() -> bool:
                return len(ids) == await database.pool.fetchval(
                    "SELECT count(*) FROM es.process_steps WHERE kind = 'command' AND outcome = 'done' AND instance = ANY($1::uuid[])",
                    ids,
                )

            await until(done)

        await rate("knock", knocked)
        before = max([await rate("knock", knocked) for _ in range(2)]), await rate("put", put)
        hanging = [uuid4() for _ in range(calls.MAX_CONCURRENT_CALLS + 50)]
        await asyncio.gather(*(note(runtime, identity, "ring") for identity in hanging))
        await until(lambda: _rings(bell, calls.MAX_CONCURRENT_CALLS))
        after = (
            max([await rate("knock", knocked) for _ in range(2)]),
            max([await rate("put", put) for _ in range(2)]),
        )
        assert _count(bell) == calls.MAX_CONCURRENT_CALLS
        assert all(now > then / 2 for now, then in zip(after, before, strict=True)), (before, after)
