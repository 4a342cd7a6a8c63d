"""A process on a real database: each fact has its effect once, whatever is restarted, killed, late, refused or broken."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest

from app.engine.commands import CommandAccepted, CommandOutcome, CommandRejected
from app.engine.database.connections import Database
from app.engine.processes import admin as operate
from app.engine.processes.dispatcher import RetryPolicy
from domain.kernel.decider import Recorded, Upcast
from domain.kernel.process import (
    AnyProcess,
    Deadline,
    DeadlinePassed,
    SendCommand,
    StepRefused,
    StepStuck,
    StepWithdrawn,
    send,
)
from tests.support.toy_counter import Add, Added, Engine, engine, request, tally
from tests.support.toy_process import (
    Bell,
    Errand,
    Ring,
    at_rest,
    became,
    box,
    errand,
    kept,
    note,
    own,
    remembered,
    seen,
    till,
    until,
)
from tests.support.toy_process import react as reacts

QUICK = RetryPolicy(max_attempts=3, initial_delay=0.005, max_delay=0.02, call_timeout=0.1)


@asynccontextmanager
async def running(
    database: Database, bell: Bell | None = None, process: AnyProcess = errand, steps: RetryPolicy = QUICK
) -> AsyncGenerator[Engine]:
    async with engine(
        database, projections=(), processes=[process], ports={Ring: bell or Bell()}, steps=steps
    ) as runtime:
        yield runtime


async def away(call: Ring, attempt: int) -> None:
    raise ConnectionError("nobody is there")


def names(facts: Any) -> list[str]:
    return [fact.event.stored.name for fact in facts]


# --- Once ---------------------------------------------------------------------


async def test_commands_of_one_instance_are_carried_out_in_the_order_in_which_they_were_asked_for(
    database: Database,
) -> None:
    async with running(database) as runtime:
        ids = [uuid4() for _ in range(20)]
        await asyncio.gather(
            *(note(runtime, identity, word, 6) for identity in ids for word in ("several", "spread"))
        )
        await at_rest(runtime)
        places = {fact.stream_id: fact.position for fact in await runtime.reader.read_all(0, 1_000)}
        for identity in ids:
            assert await kept(runtime, identity) == [(n, "") for n in range(1, 7)]
            spread = [places[box(till(identity), n)] for n in range(1, 7)]
            assert spread == sorted(spread)


async def test_each_fact_has_its_effect_once_however_often_the_worker_is_stopped(database: Database) -> None:
    ids = [uuid4() for _ in range(5)]
    asked = dict.fromkeys(ids, 0)
    chance = random.Random(5)
    for _ in range(8):
        async with running(database) as runtime:
            for identity in ids:
                amount = chance.randint(1, 50)
                await note(runtime, identity, chance.choice(("put", "ring")), amount)
                asked[identity] += amount
            # Somewhere in the midst of its work.
            await asyncio.sleep(chance.uniform(0, 0.03))
    async with running(database) as runtime:
        await at_rest(runtime)
        for identity in ids:
            assert sum(amount for amount, _ in await kept(runtime, identity)) == asked[identity]
        twice = await database.pool.fetch("SELECT command_id FROM es.events GROUP BY 1 HAVING count(*) > 1")
        assert twice == []


async def test_folding_the_same_facts_again_asks_for_the_same_commands_which_have_no_second_effect(
    database: Database,
) -> None:
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "several", 3)
        await note(runtime, one, "ring", 4)
        await at_rest(runtime)
        before = await kept(runtime, one)
    ids = await database.pool.fetch("SELECT id FROM es.process_steps ORDER BY id")
    # As if the database had lost the last transactions of the process, and of the process alone.
    for table in ("process_steps", "processes", "process_deadlines"):
        await database.pool.execute(f"DELETE FROM es.{table}")
    await database.pool.execute("UPDATE es.process_checkpoints SET position = 0")
    async with running(database) as runtime:
        await at_rest(runtime)
        assert await kept(runtime, one) == before
        assert await database.pool.fetch("SELECT id FROM es.process_steps ORDER BY id") == ids


async def test_a_process_that_is_new_to_a_database_begins_where_the_log_ends(database: Database) -> None:
    before, after = uuid4(), uuid4()
    async with engine(database, projections=()) as writing:
        await note(writing, before, "put")
    async with running(database) as runtime:
        await note(runtime, after, "put")
        await at_rest(runtime)
        assert (await kept(runtime, before), await kept(runtime, after)) == ([], [(1, "")])
        await note(runtime, before, "put", 2)
        await at_rest(runtime)
        assert await kept(runtime, before) == [(2, "")]


async def test_a_slow_call_holds_no_other_instance_up_nor_its_own_commands(database: Database) -> None:
    slow, quick = uuid4(), uuid4()
    ringing, answered = asyncio.Event(), asyncio.Event()

    async def slowly(call: Ring, attempt: int) -> None:
        if call.till == till(slow):
            ringing.set()
            await answered.wait()

    async with running(database, Bell(slowly), steps=replace(QUICK, call_timeout=30)) as runtime:
        await note(runtime, slow, "ring")
        await ringing.wait()
        await note(runtime, slow, "put", 2)
        await note(runtime, quick, "ring", 3)
        await until(lambda: kept(runtime, quick))
        await until(lambda: kept(runtime, slow))
        assert (await kept(runtime, quick), await kept(runtime, slow)) == ([(3, "rung")], [(2, "")])
        answered.set()
        await at_rest(runtime)
        assert await kept(runtime, slow) == [(2, ""), (1, "rung")]


# --- Refusals and deadlines -----------------------------------------------------


async def test_what_an_aggregate_refuses_comes_back_as_a_fact_that_the_process_reacts_to(
    database: Database,
) -> None:
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "take", 5)
        await at_rest(runtime)
        [refused] = [fact.event for fact in await own(runtime, one) if isinstance(fact.event, StepRefused)]
        assert (refused.step, refused.code, refused.message) == (
            "take",
            "TOO_LITTLE",
            "There is not that much to take.",
        )
        assert await kept(runtime, one) == [(10_000, "")]
        view = await seen(runtime, one)
        assert view is not None
        assert [(step.name, step.outcome, step.error) for step in view.steps] == [
            ("take", "refused", "There is not that much to take."),
            ("told", "done", None),
        ]


async def test_a_deadline_passes_as_a_fact_within_a_second_of_being_due(database: Database) -> None:
    async with running(database) as runtime:
        ids = [uuid4() for _ in range(10)]
        await asyncio.gather(
            *(note(runtime, each, "wait", 150 + 40 * place) for place, each in enumerate(ids))
        )
        for identity in ids:
            await until(lambda each=identity: kept(runtime, each))
            [passed] = [
                fact for fact in await own(runtime, identity) if isinstance(fact.event, DeadlinePassed)
            ]
            assert timedelta(0) <= passed.recorded_at - passed.event.due < timedelta(seconds=1)


async def test_a_deadline_that_passed_while_no_server_ran_is_told_at_start(database: Database) -> None:
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "wait", 300)
        await until(lambda: _deadline(runtime, one))
    await asyncio.sleep(0.3)
    async with running(database) as runtime:
        began = asyncio.get_running_loop().time()
        await until(lambda: kept(runtime, one))
        assert asyncio.get_running_loop().time() - began < 1


async def test_a_deadline_that_is_set_anew_or_called_off_does_not_pass(database: Database) -> None:
    anew, off, other = uuid4(), uuid4(), uuid4()
    async with running(database) as runtime:
        for item in (anew, off):
            await note(runtime, item, "wait", 1_500)
            await until(lambda each=item: _deadline(runtime, each))
        await note(runtime, anew, "wait", 60_000)
        await note(runtime, off, "off")
        await note(runtime, other, "wait", 1_500)
        await until(lambda: kept(runtime, other))
        assert "errand.deadline-passed" not in names([*await own(runtime, anew), *await own(runtime, off)])
        assert await _deadline(runtime, anew)
        assert not await _deadline(runtime, off)


async def test_a_deadline_that_was_called_off_or_set_anew_while_it_passed_and_no_process_ran_is_not_told(
    database: Database,
) -> None:
    off, anew, other = uuid4(), uuid4(), uuid4()
    async with running(database) as runtime:
        for item in (off, anew, other):
            await note(runtime, item, "wait", 300)
            await until(lambda each=item: _deadline(runtime, each))
    async with engine(database, projections=()) as writing:
        await note(writing, off, "off")
        await note(writing, anew, "wait", 60_000)
        await until(lambda: _due(database))
    async with running(database) as runtime:
        await until(lambda: kept(runtime, other))
        assert await database.pool.fetchval(
            "SELECT array_agg(stream_id) FROM es.events WHERE type = 'errand.deadline-passed'"
        ) == [other]


async def _due(database: Database) -> bool:
    return await database.pool.fetchval("SELECT count(*) = 3 FROM es.process_deadlines WHERE due < now()")


async def _deadline(runtime: Engine, one: UUID) -> Any:
    view = await seen(runtime, one)
    return view and view.deadline


# --- Calls to the outside -------------------------------------------------------


async def test_a_call_is_made_again_with_the_same_key_until_it_is_answered(database: Database) -> None:
    async def at_the_third(call: Ring, attempt: int) -> None:
        if attempt == 1:
            await asyncio.sleep(30)
        if attempt == 2:
            raise ConnectionError("nobody is there")

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


async def test_a_call_that_is_cut_off_by_a_stop_is_made_again_with_the_same_key(database: Database) -> None:
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


async def test_after_the_last_attempt_a_step_is_stuck_and_a_retry_goes_on_with_the_same_key(
    database: Database,
) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        view = await became(runtime, one, "stuck")
        assert [(step.name, step.outcome, step.attempts, step.error) for step in view.steps[:1]] == [
            ("ring", "stuck", 3, "ConnectionError: nobody is there")
        ]
        await at_rest(runtime)
        # The process was told, and reacted.
        assert await kept(runtime, one) == [(10_000, "")]
        bell.answers = None
        assert isinstance(
            await operate.retry(database, runtime.commands, errand, one, None, request()), CommandAccepted
        )
        await became(runtime, one, "running")
        await until(lambda: _rung(runtime, one))
        keys = bell.keys[till(one)]
        assert (len(keys), len(set(keys))) == (4, 1)


async def _rung(runtime: Engine, one: UUID) -> bool:
    return (7, "rung") in await kept(runtime, one)


async def test_attempts_that_follow_each_other_at_once_leave_the_last_outcome(database: Database) -> None:
    async def at_the_third(call: Ring, attempt: int) -> None:
        if attempt < 3 or call.till in lost:
            raise ConnectionError("nobody is there")

    ids, bell = [uuid4() for _ in range(20)], Bell(at_the_third)
    lost = {till(identity) for identity in ids[:10]}
    async with running(database, bell, steps=replace(QUICK, initial_delay=0, max_delay=0)) as runtime:
        await asyncio.gather(*(note(runtime, identity, "ring", 7) for identity in ids))
        await at_rest(runtime)
        views = [await seen(runtime, identity) for identity in ids]
        assert [view.state for view in views if view is not None] == ["stuck"] * 10 + ["running"] * 10
        assert [view.steps[0].attempts for view in views if view is not None] == [3] * 10 + [2] * 10


async def test_a_retry_that_fails_again_is_stuck_again(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        for times in (1, 2, 3):
            if times > 1:
                assert isinstance(
                    await operate.retry(database, runtime.commands, errand, one, "ring", request()),
                    CommandAccepted,
                )
            await until(lambda times=times: _stuck_again(runtime, one, times))
            assert len(bell.keys[till(one)]) == 3 * times
        assert len(set(bell.keys[till(one)])) == 1


async def _stuck_again(runtime: Engine, one: UUID, times: int) -> bool:
    view = await seen(runtime, one)
    told = [fact for fact in await own(runtime, one) if isinstance(fact.event, StepStuck)]
    return view is not None and view.state == "stuck" and len(told) == times


async def test_a_skipped_step_is_taken_for_done_with_the_reason(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        outcome = await operate.skip(runtime.commands, errand, one, "ring", "they have moved", request())
        assert isinstance(outcome, CommandAccepted)
        assert outcome.facts[0].event.reason == "they have moved"
        await became(runtime, one, "running")
        await at_rest(runtime)
        view = await seen(runtime, one)
        assert view is not None
        assert [(step.name, step.outcome) for step in view.steps] == [
            ("ring", "skipped"),
            ("told", "done"),
            ("instead", "done"),
        ]
        assert len(bell.keys[till(one)]) == 3


async def test_forced_compensation_withdraws_what_is_stuck_and_ends_the_process(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        assert isinstance(
            await operate.compensate(runtime.commands, errand, one, "enough", request()), CommandAccepted
        )
        view = await became(runtime, one, "ended")
        await at_rest(runtime)
        assert [(step.name, step.outcome) for step in view.steps] == [
            ("ring", "withdrawn"),
            ("told", "done"),
            ("undo", "done"),
        ]
        assert [type(fact.event) for fact in await own(runtime, one) if isinstance(fact.event, StepWithdrawn)]
        assert await kept(runtime, one) == [(10_000, ""), (1_000, "")]


async def test_commands_to_a_process_that_is_unknown_has_ended_or_is_not_stuck_are_refused_and_change_nothing(
    database: Database,
) -> None:
    done, well = uuid4(), uuid4()
    async with running(database) as runtime:
        await note(runtime, done, "put")
        await note(runtime, done, "end")
        await note(runtime, well, "put")
        await became(runtime, done, "ended")
        await at_rest(runtime)
        head = await runtime.reader.head_position()

        async def refused(outcome: CommandOutcome) -> str:
            assert isinstance(outcome, CommandRejected)
            return outcome.code

        for process, one, code in (
            (None, well, "PROCESS_UNKNOWN"),
            (errand, uuid4(), "PROCESS_UNKNOWN"),
            (errand, done, "PROCESS_ENDED"),
            (errand, well, "STEP_NOT_STUCK"),
        ):
            assert (
                await refused(await operate.retry(database, runtime.commands, process, one, None, request()))
                == code
            )
            assert (
                await refused(await operate.retry(database, runtime.commands, process, one, "put", request()))
                == code
            )
            assert (
                await refused(await operate.skip(runtime.commands, process, one, "put", "why not", request()))
                == code
            )
            if one != well:
                assert (
                    await refused(
                        await operate.compensate(runtime.commands, process, one, "why not", request())
                    )
                    == code
                )
        assert await runtime.reader.head_position() == head


async def test_what_is_withdrawn_is_not_carried_out_any_more(database: Database) -> None:
    """One command is under way, held up by the gate, with others behind it; a call is between two attempts."""
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
        # Whatever was under way when it was withdrawn has come to its end by now, and is not begun again.
        await asyncio.sleep(0.12)
        assert len(bell.keys[till(one)]) <= rang + 1
        assert await kept(runtime, one) == [(2, "")]
        assert "errand.step-stuck" not in names(await own(runtime, one))


async def test_what_is_asked_for_and_withdrawn_at_once_is_never_begun(database: Database) -> None:
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
    return view is not None and any((each.name, each.outcome) == (step, outcome) for each in view.steps)


@pytest.mark.parametrize("said", ["\0 \ud800", "", "long " * 10_000])
async def test_whatever_a_port_raises_fails_its_own_step_only(database: Database, said: str) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            if not said:
                raise RuntimeError("no words")
            return said

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
        assert runtime.processes.workers["errand"].problem is None


async def test_a_port_whose_own_task_was_cancelled_is_asked_again(database: Database) -> None:
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


# --- Poison, and other shapes ---------------------------------------------------


def breaking(raises: Callable[[Recorded[Any]], object]) -> AnyProcess:
    """The errand, whose code breaks at the word poison while `raises` says so."""

    def react(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") == "poison" and (found := raises(fact)) is not None:
            return found
        return reacts(before, after, fact)

    return replace(errand, react=react)


def poisonous(fact: Recorded[Any]) -> object:
    raise ArithmeticError(f"poison at {fact.position}")


async def test_a_poison_fact_parks_its_instance_alone_and_a_retry_after_mending_folds_all_that_waited_once(
    database: Database,
) -> None:
    bad, good = uuid4(), uuid4()
    async with running(database, process=breaking(poisonous)) as runtime:
        await note(runtime, bad, "put", 1)
        at = await note(runtime, bad, "poison")
        await note(runtime, bad, "put", 2)
        await note(runtime, bad, "ring", 3)
        await note(runtime, good, "put", 4)
        view = await became(runtime, bad, "parked")
        await at_rest(runtime)
        assert (view.parked_position, "ArithmeticError" in (view.error or "")) == (at, True)
        assert (await kept(runtime, bad), await kept(runtime, good)) == ([(1, "")], [(4, "")])
        # Nothing has been mended: it is parked again, at the same fact.
        assert isinstance(
            await operate.retry(database, runtime.commands, errand, bad, None, request()), CommandAccepted
        )
        await until(lambda: _tried(database, bad))
        await at_rest(runtime)
        view = await became(runtime, bad, "parked")
        assert view.parked_position == at
    async with running(database) as runtime:
        await note(runtime, bad, "put", 5)
        await at_rest(runtime)
        assert await kept(runtime, bad) == [(1, "")]
        assert isinstance(
            await operate.retry(database, runtime.commands, errand, bad, None, request()), CommandAccepted
        )
        await became(runtime, bad, "running")
        await at_rest(runtime)
        assert sorted(await kept(runtime, bad)) == [(1, ""), (2, ""), (3, "rung"), (5, "")]
        await note(runtime, bad, "put", 6)
        await at_rest(runtime)
        assert (6, "") in await kept(runtime, bad)


async def _tried(database: Database, one: UUID) -> bool:
    return not await database.pool.fetchval("SELECT retry FROM es.processes WHERE id = $1", one)


async def test_a_first_fact_that_is_poison_parks_an_instance_that_begins_when_it_is_mended(
    database: Database,
) -> None:
    bad = uuid4()
    async with running(database, process=breaking(poisonous)) as runtime:
        await note(runtime, bad, "poison")
        await note(runtime, bad, "put", 2)
        await became(runtime, bad, "parked")
    async with running(database) as runtime:
        await operate.retry(database, runtime.commands, errand, bad, None, request())
        await became(runtime, bad, "running")
        await at_rest(runtime)
        assert names(await own(runtime, bad)) == ["errand.started"]
        assert await kept(runtime, bad) == [(2, "")]


@pytest.mark.parametrize(
    "wrong", ["nothing", "no action", "zero byte", "surrogate", "no moment", "not encodable", "no aggregate"]
)
async def test_whatever_a_process_gives_that_cannot_be_kept_parks_its_instance_alone(
    database: Database, wrong: str
) -> None:
    def gives(fact: Recorded[Any]) -> object:
        match wrong:
            case "nothing":
                return 7
            case "no action":
                return ["what"]
            case "zero byte":
                return [send("put", tally, fact.stream_id, Add(amount=1, note="\0"))]
            case "surrogate":
                return [send("put", tally, fact.stream_id, Add(amount=1, note="\ud800"))]
            case "no moment":
                return [Deadline(name="tea", at="soon")]  # pyright: ignore[reportArgumentType]
            case "not encodable":
                return [SendCommand(step="put", to=tally, stream_id=fact.stream_id, command=object())]  # pyright: ignore[reportArgumentType]
            case _:
                return [SendCommand(step="put", to=tally, stream_id="nobody", command=Add(amount=1))]  # pyright: ignore[reportArgumentType]

    await _parks_alone(database, breaking(gives))


@pytest.mark.parametrize("wrong", ["state", "zero byte", "status", "outcome"])
async def test_a_state_that_cannot_be_kept_parks_its_instance_alone(database: Database, wrong: str) -> None:
    def evolve(state: Errand | None, fact: Recorded[Any]) -> Any:
        after: Any = errand.evolve(state, fact)
        if getattr(fact.event, "note", "") != "poison":
            return after
        match wrong:
            case "state":
                return replace(after, seen=object())
            case "zero byte":
                return replace(after, ended="\0")
            case _:
                return replace(after, seen=((7, wrong),))

    def status(state: Errand) -> Any:
        return 7 if state.seen[-1:] == ((7, "status"),) else errand.status(state)

    def outcome(state: Errand) -> Any:
        return "\ud800" if state.seen[-1:] == ((7, "outcome"),) else errand.outcome(state)

    await _parks_alone(database, replace(errand, evolve=evolve, status=status, outcome=outcome))


async def _parks_alone(database: Database, process: AnyProcess) -> None:
    bad, good = uuid4(), uuid4()
    async with running(database, process=process) as runtime:
        await note(runtime, bad, "poison")
        await note(runtime, good, "put", 2)
        await became(runtime, bad, "parked")
        await until(lambda: kept(runtime, good))
        await at_rest(runtime)
        assert runtime.processes.workers["errand"].problem is None


@pytest.mark.parametrize("wrong", ["raises", "no id", "unhashable"])
async def test_a_fact_whose_instance_cannot_be_told_is_passed_over(database: Database, wrong: str) -> None:
    def key(fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") != "poison":
            return errand.correlate(fact)
        if wrong == "raises":
            raise ArithmeticError
        return "nobody" if wrong == "no id" else []

    good = uuid4()
    async with running(database, process=replace(errand, correlate=key)) as runtime:
        await note(runtime, good, "poison")
        await note(runtime, good, "put", 2)
        await until(lambda: kept(runtime, good))
        assert runtime.processes.workers["errand"].problem is None


async def test_a_state_whose_shape_has_changed_is_folded_anew_from_its_facts(database: Database) -> None:
    """Also where it could still be read: what has a default now was something else before."""
    ids = [uuid4() for _ in range(4)]
    async with running(database) as runtime:
        for word in ("put", "take", "ring"):
            await asyncio.gather(*(note(runtime, identity, word) for identity in ids))
        await at_rest(runtime)
    for one, stored in zip(
        ids,
        ('["Errand", "", {"seen": "another shape"}]', '["Chore", "", {}]', '["Errand", "older", {}]', "{}"),
        strict=True,
    ):
        await database.pool.execute("UPDATE es.processes SET state = $2 WHERE id = $1", one, stored)
    async with running(database) as runtime:
        await asyncio.gather(*(note(runtime, identity, "put", 9) for identity in ids))
        await at_rest(runtime)
        log = await runtime.reader.read_all(0, 1_000)
        for identity in ids:
            assert await remembered(runtime, identity) == folded(
                [fact for fact in log if errand.instance_id(fact) == identity]
            )
            assert [amount for amount, _ in await kept(runtime, identity)].count(9) == 1


async def test_a_past_that_does_not_fold_any_more_parks_the_instance_and_once_it_does_nothing_is_done_twice(
    database: Database,
) -> None:
    one, other, bell = uuid4(), uuid4(), Bell(away)

    def evolve(state: Errand | None, fact: Recorded[Any]) -> Any:
        if getattr(fact.event, "note", "") == "put":
            raise ArithmeticError
        return errand.evolve(state, fact)

    async with running(database, bell) as runtime:
        await note(runtime, one, "put", 1)
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await operate.skip(runtime.commands, errand, one, "ring", "they have moved", request())
        await became(runtime, one, "running")
        await at_rest(runtime)
        before = await kept(runtime, one)
    await database.pool.execute("""UPDATE es.processes SET state = '["Chore", "", {}]'""")
    async with running(database, bell, process=replace(errand, evolve=evolve)) as runtime:
        await note(runtime, one, "several", 2)
        await note(runtime, other, "several", 2)
        await became(runtime, one, "parked")
        await until(lambda: kept(runtime, other))
        await at_rest(runtime)
        assert await kept(runtime, one) == before
    async with running(database, bell) as runtime:
        await operate.retry(database, runtime.commands, errand, one, None, request())
        await until(lambda: _tried(database, one))
        await at_rest(runtime)
        assert await kept(runtime, one) == [*before, (1, ""), (2, "")]
        log = await runtime.reader.read_all(0, 1_000)
        assert await remembered(runtime, one) == folded(
            [fact for fact in log if errand.instance_id(fact) == one]
        )
    assert len(bell.keys[till(one)]) == QUICK.max_attempts


async def test_a_fact_that_was_split_is_folded_part_by_part_and_whole_or_not_at_all(
    database: Database,
) -> None:
    one, bad = uuid4(), uuid4()
    both = Upcast(
        "tally.both",
        1,
        lambda data: ({"amount": 1, "note": "put"}, {"amount": 2, "note": data["then"]}),
        (Added.stored, Added.stored),
    )
    splitting = replace(tally, upcasts=(both,))
    async with engine(
        database, projections=(), processes=[breaking(poisonous)], ports={Ring: Bell()}, decider=splitting
    ) as runtime:
        await note(runtime, one, "put", 5)
        await note(runtime, bad, "put", 5)
        await at_rest(runtime)
        for stream, then in ((one, "several"), (bad, "poison")):
            await _split(runtime, stream, then)
        await became(runtime, bad, "parked")
        await at_rest(runtime)
        assert await kept(runtime, one) == [(5, ""), (1, ""), (1, ""), (2, "")]
        assert await kept(runtime, bad) == [(5, "")]


async def _split(runtime: Engine, stream: UUID, then: str) -> None:
    position = await runtime.reader.head_position() + 1
    await runtime.database.pool.execute(
        "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor,"
        " occurred_at, recorded_at) VALUES ($1, 'tally', $2, 2, 'tally.both', 1, $3, gen_random_uuid(), $2, 'older', now(), now())",
        position,
        stream,
        f'{{"then": "{then}"}}',
    )
    runtime.feed.notify(position)
    await at_rest(runtime)


def folded(facts: Sequence[Recorded[Any]]) -> Errand | None:
    """The state as the process's own fold has it."""
    state: Errand | None = None
    for fact in facts:
        state = errand.evolve(state, fact)
    return state


# --- Several servers ------------------------------------------------------------


async def test_of_two_servers_one_owns_and_the_other_takes_over_when_its_connection_is_cut(
    database: Database,
) -> None:
    one = uuid4()
    bells = (Bell(), Bell())
    async with running(database, bells[0]) as first, running(database, bells[1]) as second:
        owners: list[str] = []
        for amount in range(1, 6):
            await until(lambda: _owned(first, second))
            assert not (_owns(first) and _owns(second))
            owners.append("first" if _owns(first) else "second")
            await note(first, one, "put", amount)
            await note(second, one, "ring", amount)
            began = asyncio.get_running_loop().time()
            assert (
                await database.pool.fetchval(
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"
                    " AND (classid::bigint << 32 | objid::bigint) = hashtextextended('process errand', 7305813094)"
                )
                == 1
            )
            await until(lambda amount=amount: _all_there(first, one, amount))
            assert asyncio.get_running_loop().time() - began < 2
        assert sorted(await kept(first, one)) == sorted(
            [*((n, "") for n in range(1, 6)), *((n, "rung") for n in range(1, 6))]
        )
        keys = [key for bell in bells for key in bell.keys[till(one)]]
        assert len(set(keys)) == 5


def _owns(runtime: Engine) -> bool:
    return runtime.processes.workers["errand"].owns


async def _owned(*rooms: Engine) -> bool:
    return any(_owns(runtime) for runtime in rooms)


async def _all_there(runtime: Engine, one: UUID, amount: int) -> bool:
    return len(await kept(runtime, one)) == 2 * amount


async def test_an_owner_whose_checkpoint_was_moved_writes_nothing_and_begins_from_there(
    database: Database,
) -> None:
    one, other = uuid4(), uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "put")
        await at_rest(runtime)
        await database.pool.execute("DELETE FROM es.processes")
        await database.pool.execute("UPDATE es.process_checkpoints SET position = 0")
        await note(runtime, other, "put", 2)
        await until(lambda: seen(runtime, one))
        await at_rest(runtime)
        assert (await kept(runtime, one), await kept(runtime, other)) == ([(1, "")], [(2, "")])


async def test_ids_of_commands_are_derived_from_process_instance_fact_and_place(database: Database) -> None:
    one = uuid4()
    async with running(database) as runtime:
        at = await note(runtime, one, "several", 2)
        await at_rest(runtime)
        facts = await runtime.reader.read_stream("tally", till(one))
        assert [fact.command_id for fact in facts] == [uuid5(one, f"errand {at} {place}") for place in (0, 1)]
        assert {(fact.actor, fact.caused_by) for fact in facts} == {("process:errand", at)}
