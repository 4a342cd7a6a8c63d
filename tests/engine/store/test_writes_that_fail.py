"""If a database refuses writes for a while, the caller learns whether the command was recorded.

Writes go on by themselves.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.store.append_session import RecordedBatch, StoreTimeout, StoreUnavailable
from tests.support.databases import as_superuser, execute, url_of
from tests.support.log_surgery import terminate_sessions, unguarded
from tests.support.toy_counter import Add, Engine, engine, request, tally


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests change the database itself."""
    return as_superuser(database_url)


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the state of a connection, which has no event of its own
            await asyncio.sleep(0.01)


WAITING = "FROM pg_locks WHERE relation = 'es.events'::regclass AND NOT granted"
"""The appends that wait for the table. In a transaction, pg_stat_activity shows no newer statement."""


@pytest.fixture
async def running(database: Database) -> AsyncIterator[Engine]:
    async with engine(database, projections=(), retry_timeout=0.6) as running:
        yield running


@pytest.fixture
async def patient(database: Database) -> AsyncIterator[Engine]:
    """For commands that have to outlast a lock."""
    async with engine(database, projections=(), retry_timeout=10) as running:
        yield running


async def make_read_only(database: Database, value: str) -> None:
    name = make_url(database.url).database
    await execute(
        url_of(database.url, "postgres"),
        f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}',
    )
    await terminate_sessions(database.url)


async def test_a_read_only_database_answers_no_conflict_and_says_that_nothing_was_recorded(
    running: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = uuid4()
    await running.commands.execute(tally, stream, Add(amount=1), request())
    await make_read_only(database, "on")
    # The session ends with this command, so it is not known whether it was recorded.
    with pytest.raises((StoreTimeout, StoreUnavailable)):
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    record, batches = running.appender.session.record, 0

    async def counted(*arguments: Any) -> RecordedBatch:
        nonlocal batches
        batches += 1
        return await record(*arguments)

    monkeypatch.setattr(running.appender.session, "record", counted)
    answers = await asyncio.gather(
        *(
            running.commands.execute(tally, stream if n % 2 else uuid4(), Add(amount=1), request())
            for n in range(40)
        ),
        return_exceptions=True,
    )
    assert {type(answer) for answer in answers} == {StoreUnavailable}, answers
    assert "not recorded" in str(answers[0])
    # No request is at fault, so no batch is halved until each is alone.
    assert batches < 40
    assert "read-only" in str(running.appender.session.trouble)
    await make_read_only(database, "off")
    # No command comes, and the appender finds out by itself.
    await wait_until(lambda: running.appender.session.trouble is None)
    outcome = await running.commands.execute(tally, stream, Add(amount=1), request())
    assert isinstance(outcome, CommandAccepted)
    assert outcome.version == 2


async def test_a_probe_that_fails_in_its_row_does_not_keep_writes_from_succeeding_again(
    running: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    probe, probed = running.appender.session.probe, asyncio.Event()

    async def noted() -> None:
        await probe()
        probed.set()

    monkeypatch.setattr(running.appender.session, "probe", noted)
    # As if the disk had room for the log of PostgreSQL, and none for the rows.
    await execute(
        database.url,
        """
        CREATE FUNCTION refuse_row() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full'; END $$;
        CREATE TRIGGER refuse_row BEFORE INSERT ON es.events FOR EACH ROW EXECUTE FUNCTION refuse_row()
        """,
    )
    with pytest.raises(StoreUnavailable, match="disk_full"):
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    await asyncio.wait_for(probed.wait(), 10)
    assert "disk_full" in str(running.appender.session.trouble)
    await execute(database.url, "DROP TRIGGER refuse_row ON es.events")
    await wait_until(lambda: running.appender.session.trouble is None)
    outcome = await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    assert isinstance(outcome, CommandAccepted)
    assert outcome.position == 2


async def test_a_cancelled_statement_is_sent_again_and_recorded_once(
    patient: Engine, database: Database
) -> None:
    await patient.commands.execute(tally, uuid4(), Add(amount=1), request())
    locking: asyncpg.Connection = await asyncpg.connect(database.url)
    try:
        async with locking.transaction():
            await locking.execute("LOCK TABLE es.events IN EXCLUSIVE MODE")
            work = asyncio.create_task(patient.commands.execute(tally, uuid4(), Add(amount=1), request()))
            cancelled = 0
            async with asyncio.timeout(5):
                while not cancelled:
                    cancelled = await locking.fetchval(f"SELECT count(pg_cancel_backend(pid)) {WAITING}")
            await wait_until(lambda: patient.appender.session.trouble is not None)
        outcome = await work
    finally:
        await locking.close()
    assert isinstance(outcome, CommandAccepted)
    assert outcome.position == 2
    assert not outcome.duplicate


async def test_an_answer_that_is_lost_at_the_end_may_have_been_recorded(
    running: Engine, database: Database
) -> None:
    locking: asyncpg.Connection = await asyncpg.connect(database.url)
    try:
        async with locking.transaction():
            await locking.execute("LOCK TABLE es.events IN EXCLUSIVE MODE")
            # The statement was sent, and its answer does not come within the limit.
            with pytest.raises(StoreTimeout, match="may have been recorded"):
                await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    finally:
        await locking.close()


async def test_a_command_whose_caller_left_before_it_was_sent_is_not_recorded(
    patient: Engine, database: Database
) -> None:
    locking: asyncpg.Connection = await asyncpg.connect(database.url)
    try:
        async with locking.transaction():
            await locking.execute("LOCK TABLE es.events IN EXCLUSIVE MODE")
            first = asyncio.create_task(patient.commands.execute(tally, uuid4(), Add(amount=1), request()))
            async with asyncio.timeout(5):
                while not await locking.fetchval(f"SELECT count(*) {WAITING}"):  # noqa: ASYNC110 - the database rings no bell
                    await asyncio.sleep(0.01)
            second = asyncio.create_task(patient.commands.execute(tally, uuid4(), Add(amount=2), request()))
            await wait_until(lambda: len(patient.appender._pending) == 1)  # pyright: ignore[reportPrivateUsage] - it waits for the first
            second.cancel()
            await asyncio.wait([second])
        await first
    finally:
        await locking.close()
    third = await patient.commands.execute(tally, uuid4(), Add(amount=3), request())
    assert isinstance(third, CommandAccepted)
    assert third.position == 2


async def test_recorded_at_never_decreases_and_a_lift_is_reported(
    running: Engine, database: Database
) -> None:
    await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    async with unguarded(database.url) as connection:
        # As if the clock of the database had been two days ahead for one write.
        await connection.execute("UPDATE es.events SET recorded_at = recorded_at + interval '2 days'")
    outcomes = [await running.commands.execute(tally, uuid4(), Add(amount=1), request()) for _ in range(2)]
    facts = await running.reader.read_all(0, 10)
    assert all(isinstance(outcome, CommandAccepted) for outcome in outcomes)
    # The lift does not grow: later events have the same moment until the clock has passed it.
    assert facts[0].recorded_at == facts[1].recorded_at == facts[2].recorded_at
    assert running.appender.session.clock_lift_seconds == pytest.approx(2 * 86_400, abs=30)
