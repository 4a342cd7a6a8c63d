"""A command is acknowledged only when the synchronous standby has it, also if the wait for the standby was cancelled."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest

from app.engine.commands import CommandAccepted
from app.engine.database.connections import open_database
from app.engine.settings import EngineSettings
from tests.support.clusters import Cluster, cluster, standby_of
from tests.support.toy_counter import Add, engine, request, tally

WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE $1"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    with cluster() as primary, standby_of(primary, synchronous=True) as standby:
        yield primary, standby


async def waiting(connection: asyncpg.Connection, query: str) -> int:
    async with asyncio.timeout(10):
        while (pid := await connection.fetchval(WAITING, f"%{query}%")) is None:  # noqa: ASYNC110 - a row of a view
            await asyncio.sleep(0.01)
    return pid


async def test_a_cancelled_wait_for_the_standby_is_no_acknowledgement(pair: tuple[Cluster, Cluster]) -> None:
    primary, standby = pair
    url = primary.create_database()
    watching: asyncpg.Connection = await asyncpg.connect(url)
    # A warning of PostgreSQL is all that tells it, and an operator may turn warnings off.
    name = await watching.fetchval("SELECT current_database()")
    await watching.execute(f"ALTER DATABASE {name} SET client_min_messages = 'error'")
    async with (
        open_database(EngineSettings(database_url=url)) as database,
        engine(database, projections=()) as running,
    ):
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        standby.stop_receiving()
        command = asyncio.create_task(running.commands.execute(tally, uuid4(), Add(amount=1), request()))
        pid = await waiting(watching, "append_batch")
        # PostgreSQL answers with success and a warning: the transaction is committed, and no standby has it.
        await watching.execute("SELECT pg_cancel_backend($1)", pid)
        await waiting(watching, "pg_logical_emit_message")
        assert not command.done()
        standby.start_receiving(primary)
        outcome = await asyncio.wait_for(command, 15)
        assert isinstance(outcome, CommandAccepted)
        assert (outcome.position, outcome.duplicate) == (2, False)
    await watching.close()
