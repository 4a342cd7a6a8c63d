"""A deadline passes as a fact, soon after it is due, unless it was set again or cancelled."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.processes import admin
from app.engine.processes.storage import ProcessStore
from domain.kernel.decider import Recorded
from domain.kernel.process import Action, Deadline, DeadlinePassed
from tests.support.toy_counter import Engine, engine, request
from tests.support.toy_process import (
    Errand,
    at_rest,
    became,
    errand,
    kept,
    names,
    note,
    own,
    running,
    seen,
    until,
)


async def test_a_deadline_passes_as_a_fact_within_a_second_of_being_due(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the look at the moment at which it is due can find it.
    monkeypatch.setattr("app.engine.processes.deadline_clock.CHECK_INTERVAL_SECONDS", 3_600)
    delays: list[timedelta] = []
    async with running(database) as runtime:
        ids = [uuid4() for _ in range(10)]
        await asyncio.gather(
            *(note(runtime, identity, "wait", 150 + 40 * place) for place, identity in enumerate(ids))
        )
        for identity in ids:
            await until(lambda identity=identity: kept(runtime, identity))
            [passed] = [
                fact for fact in await own(runtime, identity) if isinstance(fact.event, DeadlinePassed)
            ]
            delays.append(passed.recorded_at - passed.event.due)
    assert min(delays) >= timedelta(0)
    # The machine may be busy now and then.
    assert sorted(delays)[len(delays) // 2] < timedelta(seconds=1)


async def test_a_deadline_that_passed_while_no_server_ran_passes_at_start(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the look at the start can find it.
    monkeypatch.setattr("app.engine.processes.deadline_clock.CHECK_INTERVAL_SECONDS", 3_600)
    one = uuid4()
    async with running(database) as runtime:
        await note(runtime, one, "wait", 60_000)
        await until(lambda: _deadline(runtime, one))
        await at_rest(runtime)
    await database.pool.execute("UPDATE es.process_deadlines SET due = clock_timestamp()")
    async with running(database) as runtime:
        await until(lambda: kept(runtime, one))


async def test_a_deadline_that_is_set_again_or_cancelled_does_not_pass(database: Database) -> None:
    again, off, other = uuid4(), uuid4(), uuid4()
    async with running(database) as runtime:
        # Long enough for the notes that follow, also on a busy machine.
        await asyncio.gather(*(note(runtime, identity, "wait", 3_000) for identity in (again, off)))
        for identity in (again, off):
            await until(lambda identity=identity: _deadline(runtime, identity))
        await asyncio.gather(note(runtime, again, "wait", 60_000), note(runtime, off, "off"))
        await note(runtime, other, "wait", 3_000)
        await until(lambda: kept(runtime, other))
        assert "errand.deadline-passed" not in names([*await own(runtime, again), *await own(runtime, off)])
        assert await _deadline(runtime, again)
        assert not await _deadline(runtime, off)


@pytest.mark.parametrize("batch_size", [500, 1])
async def test_a_deadline_that_was_set_again_or_cancelled_while_no_process_ran_does_not_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch, batch_size: int
) -> None:
    monkeypatch.setattr("app.engine.processes.worker.BATCH_SIZE", batch_size)
    off, again, other = uuid4(), uuid4(), uuid4()
    async with running(database) as runtime:
        for identity in (off, again, other):
            await note(runtime, identity, "wait", 30_000)
            await until(lambda identity=identity: _deadline(runtime, identity))
    async with engine(database, projections=()) as writing:
        # The events come in the reverse order of the deadlines. So a small batch lacks the event of the deadline that
        # is due first.
        await note(writing, again, "wait", 60_000)
        await note(writing, off, "off")
        # They are due right after these events.
        await database.pool.execute(
            "UPDATE es.process_deadlines SET due = (SELECT max(recorded_at) + interval '1 us' FROM es.events)"
        )
        await until(lambda: _due(database))
    async with running(database) as runtime:
        await until(lambda: kept(runtime, other))
        await at_rest(runtime)
        assert await database.pool.fetchval(
            "SELECT array_agg(stream_id) FROM es.events WHERE type = 'errand.deadline-passed'"
        ) == [other]


async def test_a_deadline_that_is_set_again_for_the_moment_at_which_it_passed_passes_again(
    database: Database,
) -> None:
    moment = datetime(2020, 1, 1, tzinfo=UTC)

    def fixed(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Sequence[Action]:
        if getattr(fact.event, "note", "") == "wait":
            return [Deadline(name="tea", at=moment)]
        return []

    one = uuid4()
    async with running(database, process=replace(errand, react=fixed)) as runtime:
        for times in (1, 2, 3):
            await note(runtime, one, "wait")
            await until(lambda times=times: _passed(runtime, one, times))
    # They are folded again: the last one passes again under its own id, which has no second effect.
    await database.pool.execute("DELETE FROM es.processes")
    async with running(database, process=replace(errand, react=fixed)) as runtime:
        await until(lambda: _no_deadline(database))
        await at_rest(runtime)
        assert await _passed(runtime, one, 3)


@pytest.mark.parametrize("word", ["off", "wait"])
async def test_a_deadline_that_a_waiting_event_of_a_parked_instance_sets_again_or_cancels_does_not_pass(
    database: Database, word: str
) -> None:
    one, other = uuid4(), uuid4()
    await _parked_with_overdue_deadline(database, one, other, word)
    async with running(database) as runtime:
        await admin.retry(database, runtime.commands, errand, one, None, request())
        await became(runtime, one, "running")
        # Another deadline passes after the retry.
        await note(runtime, other, "wait", 1)
        await until(lambda: _passed(runtime, other, 2))
        await at_rest(runtime)
        assert await _passed(runtime, one, 0)
        assert bool(await _deadline(runtime, one)) == (word == "wait")


async def test_a_deadline_of_a_parked_instance_passes_after_its_retry(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = uuid4()
    await _parked_with_overdue_deadline(database, one, uuid4(), "put")
    # Only the look after the retry can find it.
    monkeypatch.setattr("app.engine.processes.deadline_clock.CHECK_INTERVAL_SECONDS", 3_600)
    async with running(database) as runtime:
        await at_rest(runtime)
        await admin.retry(database, runtime.commands, errand, one, None, request())
        await until(lambda: _passed(runtime, one, 1))
        await at_rest(runtime)
        assert await kept(runtime, one) == [(1, ""), (10_000, "")]


async def _parked_with_overdue_deadline(database: Database, one: UUID, other: UUID, word: str) -> None:
    """Park `one` with a deadline that is overdue, and let an event with this word wait. The deadline of `other` passes."""

    def poisonous(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Sequence[Action]:
        if getattr(fact.event, "note", "") == "poison":
            raise ArithmeticError
        return errand.react(before, after, fact)

    async with running(database, process=replace(errand, react=poisonous)) as runtime:
        for identity in (one, other):
            await note(runtime, identity, "wait", 60_000)
            await until(lambda identity=identity: _deadline(runtime, identity))
        await note(runtime, one, "poison")
        await note(runtime, one, word, 60_000 if word == "wait" else 1)
        await became(runtime, one, "parked")
        await at_rest(runtime)
        await database.pool.execute(
            "UPDATE es.process_deadlines SET due = clock_timestamp() - CASE instance WHEN $1 THEN interval '1 s' ELSE '0' END",
            one,
        )
        await until(lambda: _passed(runtime, other, 1))
        await at_rest(runtime)
        assert await _passed(runtime, one, 0)
        async with database.connection() as connection:
            _, seconds = await ProcessStore(connection, errand.category).read_clock()
            assert seconds is None


async def _passed(runtime: Engine, one: UUID, times: int) -> bool:
    return names(await own(runtime, one)).count("errand.deadline-passed") == times


async def _no_deadline(database: Database) -> bool:
    return await database.pool.fetchval(
        "SELECT NOT EXISTS (SELECT FROM es.process_deadlines) AND count(*) = 1 FROM es.processes WHERE parked_position IS NULL"
    )


async def _due(database: Database) -> bool:
    return await database.pool.fetchval("SELECT count(*) = 3 FROM es.process_deadlines WHERE due < now()")


async def _deadline(runtime: Engine, one: UUID) -> Any:
    view = await seen(runtime, one)
    return view and view.deadline
