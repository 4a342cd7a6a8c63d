"""Each fact has its effect once, on a real database: steps, their order, their ids, and what is refused."""

import asyncio
import random
from collections.abc import Collection
from dataclasses import replace
from uuid import UUID, uuid4, uuid5

import pytest

import app.engine.processes.dispatcher as process_dispatcher
from app.engine.commands import CommandContext, CommandOutcome
from app.engine.database.connections import Database
from app.engine.processes import admin
from domain.kernel.decider import AnyDecider, Command
from domain.kernel.process import (
    Ended,
    ProcessLifecycle,
    RecordLifecycleEvent,
    Started,
    StepRefused,
)
from tests.support.toy_counter import Add, Engine, engine, request, tally
from tests.support.toy_process import (
    QUICK,
    Bell,
    Ring,
    at_rest,
    became,
    box,
    errand,
    kept,
    names,
    note,
    own,
    running,
    seen,
    till,
    until,
)


async def test_commands_of_one_instance_are_executed_in_the_order_of_their_steps(
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


async def test_the_end_of_a_process_is_recorded_after_its_start_however_long_that_takes(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other, may_start = uuid4(), uuid4(), asyncio.Event()
    async with running(database) as runtime:
        execute = runtime.commands.execute

        async def start_late(
            decider: AnyDecider, stream_id: UUID, command: Command, context: CommandContext
        ) -> CommandOutcome:
            if isinstance(command, RecordLifecycleEvent) and isinstance(command.event, Started):
                await may_start.wait()
            return await execute(decider, stream_id, command, context)

        monkeypatch.setattr(runtime.commands, "execute", start_late)
        await note(runtime, one, "put")
        await note(runtime, one, "end")
        await until(lambda: kept(runtime, one))
        # An end that does not wait is recorded by now.
        for _ in range(20):
            await note(runtime, other, "rung")
        may_start.set()
        await at_rest(runtime)
        assert names(await own(runtime, one)) == ["errand.started", "errand.ended"]


def test_a_process_whose_end_was_recorded_before_its_start_has_ended() -> None:
    folded = errand.stream_decider.fold([Ended(outcome="done"), Started()], ProcessLifecycle(), 0)
    assert folded == ProcessLifecycle(known=True, ended=True)


async def test_each_fact_has_its_effect_once_although_the_worker_is_stopped_many_times(
    database: Database,
) -> None:
    ids = [uuid4() for _ in range(5)]
    asked = dict.fromkeys(ids, 0)
    chance = random.Random(5)
    for _ in range(8):
        async with running(database) as runtime:
            for identity in ids:
                amount = chance.randint(1, 50)
                await note(runtime, identity, chance.choice(("put", "ring")), amount)
                asked[identity] += amount
            # Stop at a random moment of its work.
            await asyncio.sleep(chance.uniform(0, 0.03))
    async with running(database) as runtime:
        await at_rest(runtime)
        for identity in ids:
            assert sum(amount for amount, _ in await kept(runtime, identity)) == asked[identity]
        twice = await database.pool.fetch("SELECT command_id FROM es.events GROUP BY 1 HAVING count(*) > 1")
        assert twice == []


async def test_folding_the_same_facts_again_gives_the_same_steps_which_have_no_second_effect(
    database: Database,
) -> None:
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "several", 3)
        await note(runtime, one, "ring", 4)
        await at_rest(runtime)
        before = await kept(runtime, one)
    ids = await database.pool.fetch("SELECT id FROM es.process_steps ORDER BY id")
    # The database has lost the last transactions of the process, and no others.
    for table in ("process_steps", "processes", "process_deadlines"):
        await database.pool.execute(f"DELETE FROM es.{table}")
    await database.pool.execute("UPDATE es.process_checkpoints SET position = 0")
    async with running(database) as runtime:
        await at_rest(runtime)
        assert await kept(runtime, one) == before
        assert await database.pool.fetch("SELECT id FROM es.process_steps ORDER BY id") == ids


async def test_a_process_that_is_new_to_a_database_starts_at_the_end_of_the_log(database: Database) -> None:
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


async def test_a_slow_call_delays_neither_other_instances_nor_commands_of_its_own(database: Database) -> None:
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


async def test_ids_of_commands_are_derived_from_process_instance_fact_and_place(database: Database) -> None:
    one = uuid4()
    async with running(database) as runtime:
        at = await note(runtime, one, "several", 2)
        await at_rest(runtime)
        facts = await runtime.reader.read_stream("tally", till(one))
        assert [fact.command_id for fact in facts] == [uuid5(one, f"errand {at} {place}") for place in (0, 1)]
        assert {(fact.actor, fact.caused_by) for fact in facts} == {("process:errand", at)}


async def test_a_refused_command_comes_back_as_a_fact_that_the_process_reacts_to(
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


PATIENT = replace(QUICK, max_attempts=0)


async def taken(runtime: Engine, command_id: UUID) -> str:
    """Let a client record a command under this id, at position 1; how operators read of it."""
    client = uuid4()
    await runtime.commands.execute(tally, client, Add(amount=1), request(command_id=command_id))
    return f"the command id {command_id} is taken by tally.add of tally {client}"


async def test_a_command_whose_id_another_command_has_is_stuck_at_once_and_can_be_skipped(
    database: Database,
) -> None:
    one = uuid4()
    async with running(database, steps=PATIENT) as runtime:
        error = await taken(runtime, uuid5(one, "errand 2 0"))
        assert await note(runtime, one, "put") == 2
        view = await became(runtime, one, "stuck")
        assert [(step.outcome, step.attempts, step.error) for step in view.steps if step.name == "put"] == [
            ("stuck", 1, error)
        ]
        await until(lambda: kept(runtime, one))
        await admin.skip(runtime.commands, errand, one, "put", "by hand", request())
        await became(runtime, one, "running")
        await at_rest(runtime)
        assert await kept(runtime, one) == [(10_000, ""), (100, "")]


async def test_a_note_whose_id_another_command_has_is_given_up_and_those_behind_it_are_recorded(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    one = uuid4()
    async with running(database, steps=PATIENT) as runtime:
        error = await taken(runtime, uuid5(one, "errand started 2"))
        assert await note(runtime, one, "take", 5) == 2
        await at_rest(runtime)
        assert names(await own(runtime, one)) == ["errand.step-refused"]
        assert f"process errand: the event errand.started of {one} is not recorded: {error}" in caplog.text
    caplog.clear()
    async with running(database, steps=PATIENT) as runtime:
        await note(runtime, one, "put")
        await at_rest(runtime)
        assert error not in caplog.text


def fail_commands(monkeypatch: pytest.MonkeyPatch, runtime: Engine, errands: Collection[UUID]) -> None:
    """Let each command for the till of one of these errands fail, as a bug of its decider does."""
    execute = runtime.commands.execute

    async def fail_some(
        decider: AnyDecider, stream_id: UUID, command: Command, context: CommandContext
    ) -> CommandOutcome:
        if stream_id in map(till, errands):
            raise ZeroDivisionError
        return await execute(decider, stream_id, command, context)

    monkeypatch.setattr(runtime.commands, "execute", fail_some)


async def test_commands_that_wait_for_their_next_attempt_do_not_stop_the_process(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_dispatcher, "MAX_RUNNING_QUEUES", 2)
    failing, healthy = [uuid4() for _ in range(3)], uuid4()
    async with running(database, steps=PATIENT) as runtime:
        fail_commands(monkeypatch, runtime, failing)
        for identity in failing:
            await note(runtime, identity, "put")
        await note(runtime, healthy, "put", 2)
        await until(lambda: kept(runtime, healthy))
        await note(runtime, failing[0], "stop")
        await until(lambda: _is_withdrawn(database, failing[0]))


async def _is_withdrawn(database: Database, errand_id: UUID) -> bool:
    return await database.pool.fetchval(
        "SELECT outcome = 'withdrawn' FROM es.process_steps WHERE instance = $1 AND step = 'put'", errand_id
    )


async def test_a_process_reads_no_further_events_while_too_many_commands_fail(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_dispatcher, "MAX_QUEUES_IN_FLIGHT", 2)
    failing, healthy = [uuid4(), uuid4()], uuid4()
    async with running(database, steps=PATIENT) as runtime:

        async def attempts_of_both() -> int:
            counts = await database.pool.fetch("SELECT attempts FROM es.process_steps WHERE step = 'put'")
            return min(row["attempts"] for row in counts) if len(counts) == 2 else 0

        fail_commands(monkeypatch, runtime, failing)
        for identity in failing:
            await note(runtime, identity, "put")
        await until(attempts_of_both)
        at = await note(runtime, healthy, "put", 2)

        async def feed_has_it() -> bool:
            return runtime.feed.head >= at

        await until(feed_has_it)
        before = await attempts_of_both()

        async def attempted_twice_more() -> bool:
            return await attempts_of_both() >= before + 2

        # The worker writes each failed attempt in a cycle, and a cycle reads the next events.
        await until(attempted_twice_more)
        assert runtime.processes.workers["errand"].position < at
        failing.clear()
        await at_rest(runtime)
        assert await kept(runtime, healthy) == [(2, "")]
