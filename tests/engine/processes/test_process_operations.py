"""What operators do about a process: retry, skip, compensate."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
)
from app.engine.database.connections import Database
from app.engine.processes import admin
from app.engine.store.append_request import CommandIdReused
from domain.kernel.decider import Recorded
from domain.kernel.process import (
    Action,
    AnyProcess,
    Effect,
    RetryStep,
    StepRetried,
    StepStuck,
    StepWithdrawn,
)
from tests.support.toy_counter import Engine, request
from tests.support.toy_process import (
    Bell,
    Errand,
    Ring,
    at_rest,
    away,
    became,
    errand,
    kept,
    note,
    own,
    react,
    running,
    seen,
    till,
    until,
)


async def test_after_the_last_attempt_a_step_is_stuck_and_a_retry_uses_the_same_key(
    database: Database,
) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        view = await became(runtime, one, "stuck")
        assert [(step.name, step.outcome, step.attempts, step.error) for step in view.steps[:1]] == [
            ("ring", "stuck", 3, "ConnectionError: no answer")
        ]
        await at_rest(runtime)
        # The process has recorded it and reacted.
        assert await kept(runtime, one) == [(10_000, "")]
        bell.answers = None
        assert isinstance(
            await admin.retry(database, runtime.commands, errand, one, None, request()), CommandAccepted
        )
        await became(runtime, one, "running")
        await until(lambda: _rung(runtime, one))
        keys = bell.keys[till(one)]
        assert (len(keys), len(set(keys))) == (4, 1)


async def _rung(runtime: Engine, one: UUID) -> bool:
    return (7, "rung") in await kept(runtime, one)


async def test_a_retry_that_fails_again_is_stuck_again(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        for times in (1, 2, 3):
            if times > 1:
                assert isinstance(
                    await admin.retry(database, runtime.commands, errand, one, "ring", request()),
                    CommandAccepted,
                )
            await until(lambda times=times: _stuck_again(runtime, one, times))
            assert len(bell.keys[till(one)]) == 3 * times
        assert len(set(bell.keys[till(one)])) == 1


async def _stuck_again(runtime: Engine, one: UUID, times: int) -> bool:
    view = await seen(runtime, one)
    stuck = [fact for fact in await own(runtime, one) if isinstance(fact.event, StepStuck)]
    return view is not None and view.state == "stuck" and len(stuck) == times


def ring_twice(before: Errand | None, after: Errand, fact: Recorded[Any]) -> Sequence[Action]:
    if getattr(fact.event, "note", "") == "twice":
        return [
            Effect(step=step, call=Ring(till=till(fact.stream_id), amount=7)) for step in ("ring", "chime")
        ]
    return react(before, after, fact)


two_calls: AnyProcess = replace(errand, react=ring_twice)


@asynccontextmanager
async def two_stuck_steps(database: Database, one: UUID) -> AsyncGenerator[Engine]:
    async with running(database, Bell(away), two_calls) as runtime:
        await note(runtime, one, "twice")
        await until(lambda: _stuck_again(runtime, one, 2))
        await at_rest(runtime)
        yield runtime


async def _retried(runtime: Engine, one: UUID) -> list[str]:
    return [fact.event.step for fact in await own(runtime, one) if isinstance(fact.event, StepRetried)]


def _steps(outcome: CommandOutcome) -> list[str]:
    assert isinstance(outcome, CommandAccepted | CommandPreview)
    return [fact.event.step for fact in outcome.facts]


async def test_a_retry_of_all_steps_that_expects_a_version_compares_it_once(database: Database) -> None:
    one = uuid4()
    async with two_stuck_steps(database, one) as runtime:
        version = len(await own(runtime, one))
        wrong = request(expected_version=version - 1)
        outcome = await admin.retry(database, runtime.commands, two_calls, one, None, wrong)
        assert isinstance(outcome, CommandConflict)
        assert await _retried(runtime, one) == []
        right = request(expected_version=version)
        outcome = await admin.retry(database, runtime.commands, two_calls, one, None, right)
        assert _steps(outcome) == ["ring", "chime"] == await _retried(runtime, one)


async def test_a_retry_of_all_steps_under_one_command_id_retries_each_of_them_once(
    database: Database,
) -> None:
    one, only = uuid4(), request(command_id=uuid4())
    async with two_stuck_steps(database, one) as runtime:
        # The first attempt was interrupted after its first step.
        await runtime.commands.execute(two_calls.stream_decider, one, RetryStep(step="ring"), only)
        for _ in range(2):
            await admin.retry(database, runtime.commands, two_calls, one, None, only)
        assert await _retried(runtime, one) == ["ring", "chime"]


async def test_a_dry_run_of_a_retry_previews_all_steps_and_records_nothing(database: Database) -> None:
    one = uuid4()
    async with two_stuck_steps(database, one) as runtime:
        head = await runtime.reader.head_position()
        dry = request(dry_run=True)
        outcome = await admin.retry(database, runtime.commands, two_calls, one, None, dry)
        assert isinstance(outcome, CommandPreview)
        assert [(fact.event.step, fact.position) for fact in outcome.facts] == [
            ("ring", head + 1),
            ("chime", head + 2),
        ]
        assert await runtime.reader.head_position() == head


PARK = "UPDATE es.processes SET parked_position = 1, parked_error = 'poison'"


@asynccontextmanager
async def parked(database: Database, one: UUID) -> AsyncGenerator[Engine]:
    """An errand that is parked, and that its worker does not retry. The worker learns of it at its next take-over."""
    async with running(database) as runtime:
        await note(runtime, one, "put")
        await at_rest(runtime)
        await database.pool.execute(PARK)
        yield runtime


async def _is_requested(database: Database) -> bool:
    return await database.pool.fetchval("SELECT retry FROM es.processes")


async def test_a_dry_run_of_the_retry_of_a_parked_instance_is_a_preview_and_requests_nothing(
    database: Database,
) -> None:
    one = uuid4()
    async with parked(database, one) as runtime:
        dry = request(dry_run=True)
        outcome = await admin.retry(database, runtime.commands, errand, one, None, dry)
        assert isinstance(outcome, CommandPreview)
        assert not outcome.facts
        assert not await _is_requested(database)


async def test_the_retry_of_a_parked_instance_compares_the_version_and_answers_with_it(
    database: Database,
) -> None:
    one = uuid4()
    async with parked(database, one) as runtime:
        version, head = len(await own(runtime, one)), await runtime.reader.head_position()
        for dry_run in (True, False):
            wrong = request(expected_version=version + 1, dry_run=dry_run)
            outcome = await admin.retry(database, runtime.commands, errand, one, None, wrong)
            assert outcome == CommandConflict(expected=version + 1, actual=version)
        assert not await _is_requested(database)
        right = request(expected_version=version)
        outcome = await admin.retry(database, runtime.commands, errand, one, None, right)
        assert isinstance(outcome, CommandAccepted)
        assert (outcome.position, outcome.version, list(outcome.facts)) == (head, version, [])
        assert await _is_requested(database)


async def test_a_command_id_that_has_retried_a_step_does_not_retry_the_event_that_parks_later(
    database: Database,
) -> None:
    one, only = uuid4(), request(command_id=uuid4())
    async with running(database, Bell(away)) as runtime:
        await note(runtime, one, "ring")
        await until(lambda: _stuck_again(runtime, one, 1))
        first = await admin.retry(database, runtime.commands, errand, one, None, only)
        assert isinstance(first, CommandAccepted)
        await until(lambda: _stuck_again(runtime, one, 2))
        await at_rest(runtime)
        await database.pool.execute(PARK)
        again = await admin.retry(database, runtime.commands, errand, one, None, only)
        assert again == replace(first, duplicate=True)
        assert not await _is_requested(database)


async def test_a_command_id_that_has_retried_a_parked_instance_retries_no_step_that_is_stuck_later(
    database: Database,
) -> None:
    one, only = uuid4(), request(command_id=uuid4())
    async with two_stuck_steps(database, one) as runtime:
        await database.pool.execute(PARK)
        first = await admin.retry(database, runtime.commands, two_calls, one, None, only)
        assert isinstance(first, CommandAccepted)
        await database.pool.execute("UPDATE es.processes SET parked_position = NULL")
        again = await admin.retry(database, runtime.commands, two_calls, one, None, only)
        assert again == replace(first, duplicate=True)
        assert await _retried(runtime, one) == []
        with pytest.raises(CommandIdReused):
            await admin.skip(runtime.commands, two_calls, one, "ring", "moved away", only)


async def test_the_repeat_of_a_retry_of_a_parked_instance_that_was_interrupted_requests_it(
    database: Database,
) -> None:
    one, only = uuid4(), request(command_id=uuid4())
    async with parked(database, one) as runtime:
        await admin.retry(database, runtime.commands, errand, one, None, only)
        await database.pool.execute("UPDATE es.processes SET retry = false")
        outcome = await admin.retry(database, runtime.commands, errand, one, None, only)
        assert isinstance(outcome, CommandAccepted)
        assert outcome.duplicate
        assert await _is_requested(database)


async def test_a_skipped_step_is_not_executed_and_its_reason_is_recorded(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        outcome = await admin.skip(runtime.commands, errand, one, "ring", "moved away", request())
        assert isinstance(outcome, CommandAccepted)
        assert outcome.facts[0].event.reason == "moved away"
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


async def test_forced_compensation_withdraws_stuck_steps_and_ends_the_process(database: Database) -> None:
    one, bell = uuid4(), Bell(away)
    async with running(database, bell) as runtime:
        await note(runtime, one, "ring", 7)
        await became(runtime, one, "stuck")
        await at_rest(runtime)
        assert isinstance(
            await admin.compensate(runtime.commands, errand, one, "enough", request()), CommandAccepted
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


async def test_operations_on_a_process_that_is_unknown_ended_or_not_stuck_are_refused_and_change_nothing(
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
                await refused(await admin.retry(database, runtime.commands, process, one, None, request()))
                == code
            )
            assert (
                await refused(await admin.retry(database, runtime.commands, process, one, "put", request()))
                == code
            )
            assert (
                await refused(await admin.skip(runtime.commands, process, one, "put", "why not", request()))
                == code
            )
            if one != well:
                assert (
                    await refused(
                        await admin.compensate(runtime.commands, process, one, "why not", request())
                    )
                    == code
                )
        assert await runtime.reader.head_position() == head
