"""Sessions that write are on a server that takes writes, and leave it by themselves when another does."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from uuid import uuid4

import pytest

from app.engine.application import Application
from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database, open_database, retry_read
from app.engine.database.errors import DatabaseUnavailable
from app.engine.database.leases import Lease
from app.engine.database.sessions import NotWritable, SessionKind
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, invoke
from tests.support.clusters import Cluster, cluster, standby_of
from tests.support.toy_counter import Add, Engine, assert_table_equals_log, engine, request, tallies, tally
from tests.support.toy_process import errand

FAILOVER_SECONDS = 2.0
NOBODY = "00000000-0000-0000-0000-000000000000"


type Pair = tuple[Cluster, Cluster, str]
"""A primary, its standby, and the name of a migrated database on both."""


@contextmanager
def primary_and_standby() -> Generator[Pair]:
    with cluster() as primary:
        name = primary.create_database().rpartition("/")[2]
        with standby_of(primary) as standby:
            standby.wait_replayed(primary)
            yield primary, standby, name


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with primary_and_standby() as made:
        yield made


@pytest.fixture
def own_pair() -> Iterator[Pair]:
    """For tests that change the roles."""
    with primary_and_standby() as made:
        yield made


def url(*hosts: Cluster, name: str) -> str:
    return f"postgresql://postgres@{','.join(f'127.0.0.1:{host.port}' for host in hosts)}/{name}"


def settings(database_url: str) -> EngineSettings:
    return EngineSettings(database_url=database_url, pool_size=2, failover_seconds=FAILOVER_SECONDS)


async def port_of(database: Database) -> int:
    return await database.pool.fetchval("SELECT inet_server_port()")


async def test_the_host_that_takes_writes_is_found_wherever_it_stands(
    pair: Pair,
) -> None:
    primary, standby, name = pair
    for hosts in ((primary, standby), (standby, primary)):
        async with (
            open_database(settings(url(*hosts, name=name))) as database,
            database.connection() as session,
        ):
            assert await port_of(database) == primary.port
            assert await session.fetchval("SELECT inet_server_port()") == primary.port


async def test_a_standby_alone_serves_only_what_is_asked_to_accept_it(
    pair: Pair,
) -> None:
    _, standby, name = pair
    alone = settings(url(standby, name=name))
    with pytest.raises(DatabaseUnavailable, match=r"no host takes writes: 127.0.0.1:\d+ is a standby$"):
        async with open_database(alone):
            pass
    async with open_database(alone, accept_standby=True) as database:
        assert await port_of(database) == standby.port
        async with database.connection(SessionKind.TASK) as session:
            assert await session.fetchval("SELECT pg_is_in_recovery()")
        with pytest.raises(NotWritable):
            await database.connect()


@pytest.mark.parametrize(
    "arguments",
    [
        ("projections", "rebuild", "tallies"),
        ("projections", "verify", "tallies"),
        ("projections", "promote", "tallies"),
        ("projections", "rollback", "tallies"),
        ("projections", "drop", "tallies"),
        ("projections", "retry", "tallies"),
        ("projections", "skip", "tallies", NOBODY, "--position", "1", "--reason", "a test"),
        ("projections", "unskip", "tallies", NOBODY, "--position", "1"),
        ("processes", "retry", "errand", NOBODY),
        ("processes", "retry", "--state", "stuck"),
        ("processes", "skip", "errand", NOBODY, "a step", "--reason", "a test"),
        ("processes", "compensate", "errand", NOBODY, "--reason", "a test"),
    ],
)
def test_a_command_that_writes_does_not_begin_on_a_standby(pair: Pair, arguments: Sequence[str]) -> None:
    _, standby, name = pair
    deciders = (tally, errand.stream_decider)
    toy = Application(settings=EngineSettings, deciders=deciders, processes=(errand,), projections=(tallies,))
    result = invoke(*arguments, application=toy, DATABASE_URL=url(standby, name=name))
    assert_user_error(result, "no host takes writes: 127.0.0.1:")


async def until_written(running: Engine, seconds: float) -> int:
    """Send commands until one is recorded; its position."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                result = await running.commands.execute(tally, uuid4(), Add(amount=1), request())
            except Exception:
                # Each kind of failure is met on the way to the new primary.
                await asyncio.sleep(0.05)
            else:
                assert isinstance(result, CommandAccepted)
                return result.position


@asynccontextmanager
async def running_on(pair: Pair) -> AsyncGenerator[tuple[Database, Engine]]:
    """The engine on both hosts."""
    primary, standby, name = pair
    async with (
        open_database(settings(url(primary, standby, name=name))) as database,
        engine(database, retry_timeout=15) as running,
    ):
        await assert_all_on(database, running, primary)
        yield database, running


async def assert_all_on(database: Database, running: Engine, server: Cluster) -> None:
    """Writes, read models and reads are on this server soon."""
    async with asyncio.timeout(15):
        position = await until_written(running, 15)
        await running.projector.wait_for_position("tallies", position, 15)
        await eventually(lambda: retry_read(partial(port_of, database)), server.port)


async def eventually[T](read: Callable[[], Awaitable[T]], expected: T) -> None:
    """Return when the value is the expected one."""
    async with asyncio.timeout(10):
        while True:
            if await read() == expected:
                return
            await asyncio.sleep(0.05)


async def sessions_of(server: Cluster, name: str) -> int:
    """The sessions of the engine on a server."""
    sql = "SELECT count(*) FROM pg_stat_activity WHERE starts_with(application_name, 'app ') AND datname = %s"
    return await asyncio.to_thread(server.value, sql, name)


async def test_all_sessions_leave_a_server_that_has_become_read_only(own_pair: Pair) -> None:
    """The planned switch-over that leaves all connections open."""
    primary, standby, name = own_pair
    async with running_on(own_pair) as (database, running), database.connection() as idle:
        assert await Lease(idle, "idle work").try_acquire()
        await asyncio.to_thread(primary.configure, default_transaction_read_only="on")
        await asyncio.to_thread(standby.wait_replayed, primary)
        # No host takes writes now. Reads go on, and find what was written.
        assert await port_of(database) == primary.port
        await asyncio.to_thread(standby.promote)
        await assert_all_on(database, running, standby)
        await eventually(lambda: sessions_of(primary, name), 0)


async def test_a_server_that_comes_back_as_a_standby_is_left(own_pair: Pair) -> None:
    """The planned switch-over that restarts the primary as a standby, and the one back."""
    primary, standby, name = own_pair
    async with running_on(own_pair) as (database, running):
        for old, new in ((primary, standby), (standby, primary)):
            await asyncio.to_thread(old.stop)
            await asyncio.to_thread(new.promote)
            await asyncio.to_thread(old.demote, new)
            await assert_all_on(database, running, new)
            assert await sessions_of(old, name) == 0
        assert await database.pool.fetchval("SELECT count(*) FROM es.events") >= 3
        await assert_table_equals_log(running)
