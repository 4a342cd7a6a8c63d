"""What operators do about a process: retry, skip, compensate."""

from uuid import UUID, uuid4

from app.engine.commands import CommandAccepted, CommandOutcome, CommandRejected
from app.engine.database.connections import Database
from app.engine.processes import admin
from domain.kernel.process import (
    StepStuck,
    StepWithdrawn,
)
from tests.support.toy_counter import Engine, request
from tests.support.toy_process import (
    Bell,
    at_rest,
    away,
    became,
    errand,
    kept,
    note,
    own,
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
