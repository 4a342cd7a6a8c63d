"""Behind a pooler the code works in session mode, and refuses to start in the other modes without a trace."""

import asyncio
from collections.abc import Iterator
from typing import Literal
from uuid import uuid4

import asyncpg
import pytest

from app.engine.database.connections import open_database
from app.engine.database.errors import DatabaseUnavailable
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, invoke
from tests.support.clusters import Cluster, cluster, pgbouncer
from tests.support.clusters.processes import wait_until
from tests.support.toy_counter import Add, engine, request, tally

LOCKS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"


@pytest.fixture(scope="module")
def primary() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


def through(pooler: str, database_url: str) -> str:
    """The URL of a database by way of a pooler."""
    return f"{pooler.rpartition('/')[0]}/{database_url.rpartition('/')[2]}"


@pytest.mark.parametrize(("mode", "size"), [("transaction", 20), ("transaction", 1), ("statement", 20)])
async def test_a_pooler_without_sessions_is_refused_in_one_line_and_keeps_nothing(
    primary: Cluster, mode: Literal["transaction", "statement"], size: int
) -> None:
    with pgbouncer(primary, mode, pool_size=size) as url:
        for _ in range(3):
            with pytest.raises(
                DatabaseUnavailable,
                match=rf"^the database at [^\n]* is behind a pooler in {mode} mode, [^\n]*$",
            ):
                async with open_database(EngineSettings(database_url=url)):
                    pass
        result = await asyncio.to_thread(invoke, "serve", "--migrate", "--port", "0", DATABASE_URL=url)
        assert_user_error(result, f"is behind a pooler in {mode} mode")
        assert primary.value(LOCKS) == 0
        # The next client of the same server processes finds the settings of the database.
        other: asyncpg.Connection = await asyncpg.connect(url, statement_cache_size=0)
        status: list[str] = []
        other.add_log_listener(lambda _, message: status.append(str(message)))
        await other.execute("DO $$ BEGIN RAISE INFO '%', current_setting('idle_session_timeout'); END $$")
        await other.close()
        assert status == ["PostgresLogMessage: 0"]


async def test_a_pooler_with_busy_transactions_of_others_is_refused_too(primary: Cluster) -> None:
    with pgbouncer(primary, "transaction") as url:
        others: list[asyncpg.Connection] = [
            await asyncpg.connect(url, statement_cache_size=0) for _ in range(3)
        ]
        for other in others:
            await other.execute("BEGIN")
        await others[0].execute("ROLLBACK")
        with pytest.raises(DatabaseUnavailable, match="in transaction mode"):
            async with open_database(EngineSettings(database_url=url)):
                pass
        for other in others:
            other.terminate()


async def test_a_pooler_in_session_mode_serves_leases_notifications_and_commands(primary: Cluster) -> None:
    direct = await asyncio.to_thread(primary.create_database)
    with pgbouncer(primary, "session") as pooler:
        settings = EngineSettings(database_url=through(pooler, direct), pool_size=2)
        # The second engine would poll after a minute; a notification reaches it sooner.
        async with (
            open_database(settings) as first,
            open_database(settings) as second,
            engine(first) as writing,
            engine(second, poll_interval=60) as reading,
            asyncio.timeout(10),
        ):
            await writing.projector.wait_for_position("tallies", 0, 5)
            identity = uuid4()
            for amount in range(1, 4):
                await writing.commands.execute(tally, identity, Add(amount=amount), request())
            while reading.feed.head < 3:
                await reading.feed.wait_past(reading.feed.head)
            await writing.projector.wait_for_position("tallies", 3, 5)
            assert await first.pool.fetchval("SELECT sum FROM read.tallies_v1") == 6
            assert await first.pool.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") > 0
    await asyncio.to_thread(
        wait_until, lambda: primary.value(LOCKS) == 0, "the sessions of the pooler have ended", 10
    )
