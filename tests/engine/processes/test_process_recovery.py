"""At every take-over the tables of a process are compared with the log, and instances that differ are folded again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.processes import admin
from tests.support.databases import as_superuser
from tests.support.log_surgery import rewind, terminate_sessions, unguarded
from tests.support.toy_counter import Engine, engine, request
from tests.support.toy_process import (
    QUICK,
    Bell,
    Ring,
    at_rest,
    away,
    became,
    errand,
    kept,
    note,
    remembered,
    running,
    till,
    until,
)


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests change events."""
    return as_superuser(database_url)


STATES = "SELECT id, state, status, ended, began, position FROM es.processes ORDER BY id"
END_OWNER = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE '%process errand%'
"""
TABLES = ("es.process_checkpoints", "es.processes", "es.process_steps", "es.process_deadlines")


async def some_work(runtime: Engine, ids: Sequence[UUID]) -> None:
    """Two errands that go on, one of which has withdrawn a step, and one that has ended."""
    going, stopped, ended = ids
    await note(runtime, going, "put", 1)
    await note(runtime, going, "ring", 2)
    await note(runtime, stopped, "put", 3)
    await note(runtime, stopped, "stop")
    await note(runtime, stopped, "put", 4)
    await note(runtime, ended, "put", 5)
    await note(runtime, ended, "end")
    await at_rest(runtime)


async def folded_again(runtime: Engine) -> None:
    async def done() -> bool:
        return not await runtime.database.pool.fetchval(
            "SELECT count(*) FROM es.processes WHERE parked_position IS NOT NULL"
        )

    async def healthy() -> bool:
        return runtime.processes.workers["errand"].error is None

    await until(done)
    await until(healthy)
    await at_rest(runtime)


async def no_command_twice(database: Database) -> None:
    # Each of the toy's commands records one event.
    twice = await database.pool.fetch("SELECT command_id FROM es.events GROUP BY 1 HAVING count(*) > 1")
    assert twice == []


@pytest.mark.parametrize(
    "lost",
    [
        ("es.processes",),
        ("es.processes", "es.process_steps"),
        ("es.process_steps",),
        ("es.process_checkpoints",),
        ("es.process_checkpoints", "es.processes"),
    ],
    ids=" ".join,
)
async def test_tables_that_are_lost_are_folded_again_without_a_second_effect(
    database: Database, lost: tuple[str, ...]
) -> None:
    ids, bell = (uuid4(), uuid4(), uuid4()), Bell()
    async with running(database, bell) as runtime:
        await some_work(runtime, ids)
        before = [await kept(runtime, identity) for identity in ids]
    states = await database.pool.fetch(STATES)
    for table in lost:
        await database.pool.execute(f"DELETE FROM {table}")
    async with running(database, bell) as runtime:
        await folded_again(runtime)
        await note(runtime, ids[0], "put", 9)
        await at_rest(runtime)
        assert await kept(runtime, ids[0]) == [*before[0], (9, "")]
        assert [await kept(runtime, identity) for identity in ids[1:]] == before[1:]
        # The answer is in the ledger, so the call is not made again.
        assert len(bell.keys[till(ids[0])]) == 1
        assert [row["id"] for row in await database.pool.fetch(STATES)] == [row["id"] for row in states]
        assert (await remembered(runtime, ids[2])).ended == "done"
        await no_command_twice(database)


async def test_a_lost_instance_that_only_the_log_knows_is_folded_again(database: Database) -> None:
    """Neither its steps nor its own stream show where it began: the checkpoint goes back to its first event."""
    old, lost = uuid4(), uuid4()
    async with running(database) as runtime:
        await note(runtime, old, "put", 1)
        await at_rest(runtime)
    async with engine(database, projections=()) as writing:
        await note(writing, lost, "put", 2)
        head = await note(writing, old, "put", 3)
    async with running(database) as runtime:
        await at_rest(runtime)
    await database.pool.execute("UPDATE es.process_checkpoints SET position = position")
    for statement in ("processes WHERE id", "process_steps WHERE instance"):
        await database.pool.execute(f"DELETE FROM es.{statement} = $1", lost)
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute(
            "UPDATE es.events SET caused_by = NULL WHERE category = 'errand' AND stream_id = $1", lost
        )
    async with running(database) as runtime:
        await folded_again(runtime)
        await at_rest(runtime)
        assert runtime.processes.workers["errand"].position >= head
        assert (await kept(runtime, old), await kept(runtime, lost)) == ([(1, ""), (3, "")], [(2, "")])
        assert await remembered(runtime, lost)


async def test_a_skipped_step_stays_skipped_when_its_instance_is_folded_again(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        await admin.skip(runtime.commands, errand, one, "ring", "by hand", request())
        await became(runtime, one, "running")
        await at_rest(runtime)
        made = len(bell.keys[till(one)])
    for table in ("es.processes", "es.process_steps"):
        await database.pool.execute(f"DELETE FROM {table}")
    async with running(database, bell) as runtime:
        await folded_again(runtime)
        assert len(bell.keys[till(one)]) == made


async def test_a_due_step_that_was_asked_for_after_a_withdrawal_is_executed_after_its_instance_is_folded_again(
    database: Database,
) -> None:
    one, bell, patient = uuid4(), Bell(away), replace(QUICK, max_attempts=0)
    async with running(database, bell, steps=patient) as runtime:
        await note(runtime, one, "stop")
        await note(runtime, one, "ring", 2)
        await until(lambda: _is_rung(bell, one))
    await database.pool.execute("DELETE FROM es.processes")
    async with running(database, bell, steps=patient) as runtime:
        # The step is due, so there is no rest yet.
        await until(lambda: _is_folded(database))
        bell.answers = None
        await at_rest(runtime)
        assert await kept(runtime, one) == [(2, "rung")]


async def _is_rung(bell: Bell, one: UUID) -> bool:
    return bool(bell.keys[till(one)])


async def _is_folded(database: Database) -> bool:
    return await database.pool.fetchval("SELECT count(*) = 1 FROM es.processes WHERE parked_position IS NULL")


@pytest.mark.parametrize("replaced", [True, False], ids=["with other events since", "without"])
async def test_when_the_log_lacks_events_the_process_goes_back_to_what_it_has_and_says_so(
    database: Database, caplog: pytest.LogCaptureFixture, replaced: bool
) -> None:
    one, new, other = uuid4(), uuid4(), uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "put", 1)
        await at_rest(runtime)
        proven = await runtime.reader.head_position()
        await note(runtime, one, "stop")
        await note(runtime, one, "put", 2)
        await note(runtime, new, "put", 3)
        await at_rest(runtime)
    await rewind(database.url, proven)
    async with engine(database, projections=()) as writing:
        for amount in range(12) if replaced else ():
            await note(writing, other, "put", amount + 1)
    async with running(database) as runtime:
        await folded_again(runtime)
        await note(runtime, one, "put", 6)
        await note(runtime, new, "put", 7)
        await at_rest(runtime)
        assert await kept(runtime, one) == [(1, ""), (6, "")]
        assert await kept(runtime, new) == [(7, "")]
        assert await kept(runtime, other) == [(n + 1, "") for n in range(12) if replaced]
        assert [note for _, note in (await remembered(runtime, one)).seen] == ["put", "put"]
    assert "the log lacks events that it has folded" in caplog.text


async def test_a_step_whose_event_is_lost_is_executed_again_although_its_instance_folded_no_lost_event(
    database: Database,
) -> None:
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "put", 1)
        await at_rest(runtime)
        # The events of the till do not concern the errand.
        at = await note(runtime, one, "several", 3)
        await at_rest(runtime)
        await until(lambda: _checkpoint_is_at(database, at + 3))
    await rewind(database.url, at + 1)
    async with running(database) as runtime:
        await folded_again(runtime)
        assert await kept(runtime, one) == [(1, ""), (1, ""), (2, ""), (3, "")]
        await no_command_twice(database)


@pytest.mark.parametrize("answer", ["lost", "recorded"])
async def test_a_call_is_made_again_only_if_the_log_lacks_its_answer(database: Database, answer: str) -> None:
    one, other, answered = uuid4(), uuid4(), asyncio.Event()

    async def slowly(call: Ring, attempt: int) -> None:
        await answered.wait()

    bell, patient = Bell(slowly), replace(QUICK, call_timeout=30)
    async with running(database, bell, steps=patient) as runtime:
        await note(runtime, one, "ring", 2)
        await until(lambda: _is_rung(bell, one))
        # The newest event of a step that the log has is behind all that the errand has folded.
        await note(runtime, other, "put", 3)
        await until(lambda: _only_calls_are_due(database))
        answered.set()
        await at_rest(runtime)
        at = await runtime.reader.head_position()
        await note(runtime, uuid4(), "", 1)
        await until(lambda: _checkpoint_is_at(database, at + 1))
    await rewind(database.url, at - 1 if answer == "lost" else at)
    async with running(database, bell, steps=patient) as runtime:
        await folded_again(runtime)
        assert await kept(runtime, one) == [(2, "rung")]
        assert len(bell.keys[till(one)]) == (2 if answer == "lost" else 1)
        assert len(set(bell.keys[till(one)])) == 1


async def _checkpoint_is_at(database: Database, position: int) -> bool:
    return await database.pool.fetchval("SELECT position = $1 FROM es.process_checkpoints", position)


async def _only_calls_are_due(database: Database) -> bool:
    return await database.pool.fetchval(
        "SELECT count(*) FILTER (WHERE outcome = 'due' AND kind <> 'effect') = 0"
        " AND count(*) FILTER (WHERE step = 'put' AND outcome = 'done') = 1 FROM es.process_steps"
    )


async def test_tables_of_another_log_stop_the_process_with_what_to_do(database: Database) -> None:
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "put", 1)
        await at_rest(runtime)
    await rewind(database.url, 0)
    async with engine(database, projections=()) as writing:
        await note(writing, uuid4(), "", 1)
    async with running(database) as runtime:
        worker = runtime.processes.workers["errand"]

        async def said() -> Any:
            return worker.error

        assert "Restore all tables of schema es from one moment" in await until(said)
        for table in reversed(TABLES):
            await database.pool.execute(f"DELETE FROM {table}")
        await until(lambda: _owns(runtime))
        await note(runtime, one, "put", 2)
        await at_rest(runtime)
        assert await kept(runtime, one) == [(2, "")]
        assert worker.error is None


async def test_a_running_worker_goes_back_with_a_log_that_lost_events(database: Database) -> None:
    one, new = uuid4(), uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "put", 1)
        await at_rest(runtime)
        proven = await runtime.reader.head_position()
        await note(runtime, one, "put", 2)
        # An attempt that "stop" finds under way would go on after the rewind.
        await at_rest(runtime)
        await note(runtime, one, "stop")
        await at_rest(runtime)
        await rewind(database.url, proven)
        await terminate_sessions(database.url)

        async def noticed() -> bool:
            return runtime.feed.epoch > 0

        await until(noticed)
        await until(lambda: _owns(runtime))
        await folded_again(runtime)
        await note(runtime, one, "put", 6)
        await note(runtime, new, "put", 7)
        await at_rest(runtime)
        assert (await kept(runtime, one), await kept(runtime, new)) == ([(1, ""), (6, "")], [(7, "")])


async def test_a_fail_over_that_lost_an_event_makes_no_call_for_it_although_the_feed_still_has_it(
    database: Database,
) -> None:
    one, bell = uuid4(), Bell()
    # The worker reconnects before the feed reads again.
    async with engine(
        database, projections=(), processes=[errand], ports={Ring: bell}, steps=QUICK, poll_interval=5
    ) as runtime:
        await note(runtime, one, "put", 1)
        # A worker that looks at its clock notices that its session has ended.
        await note(runtime, one, "wait", 3_600_000)
        await at_rest(runtime)
        proven = await runtime.reader.head_position()
        for table in TABLES:
            await database.pool.execute(f"CREATE TABLE {table}_then AS TABLE {table}")
        await note(runtime, one, "ring", 2)
        await at_rest(runtime)
        async with unguarded(database.url) as connection, connection.transaction():
            for table in TABLES:
                await connection.execute(f"DELETE FROM {table}")
                await connection.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {table}_then")
        await rewind(database.url, proven)
        assert await database.pool.fetchval(END_OWNER)
        await until(lambda: _went_back(runtime))
        await note(runtime, one, "put", 3)
        await at_rest(runtime)
        assert len(bell.keys[till(one)]) == 1
        assert await kept(runtime, one) == [(1, ""), (3, "")]


async def _went_back(runtime: Engine) -> bool:
    return runtime.feed.epoch > 0 and await _owns(runtime)


async def _owns(runtime: Engine) -> bool:
    """Whether the worker owns the process, and stands in the log as it is now."""
    worker = runtime.processes.workers["errand"]
    return worker.owns and worker.position <= runtime.feed.head
