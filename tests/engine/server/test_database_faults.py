"""External faults of a database pass. All components of two servers report them meanwhile, and go on by themselves."""

import asyncio
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.engine.application import Application
from app.engine.commands import CommandAccepted
from app.engine.database.connections import open_database
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from tests.support.databases import execute, run_in_thread, url_of
from tests.support.toy_counter import Add, request, tallies, tally
from tests.support.toy_process import Ring, errand


async def ring(call: Any, key: Any) -> None:
    """The port of the toy process. No test reaches it."""
    raise AssertionError(call, key)


TOY = Application(
    settings=EngineSettings,
    deciders=(tally, errand.stream_decider),
    processes=(errand,),
    projections=(tallies,),
    ports=lambda settings, database: {Ring: ring},
)


@dataclass(frozen=True)
class Operated:
    """A database with a role of its own, and two servers on it; `admin` is a connection to another database."""

    name: str
    url: str
    admin: asyncpg.Connection
    servers: tuple[Runtime, Runtime]

    async def terminate(self) -> None:
        """End all sessions of the database."""
        await self.admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", self.name
        )

    async def set_for_new_sessions(self, setting: str) -> None:
        await self.admin.execute(f"ALTER DATABASE {self.name} {setting}")
        await self.terminate()


@pytest.fixture(scope="module")
def owned_url(postgres: str) -> Iterator[str]:
    """A migrated database whose owner is an ordinary role of the same name."""
    name = f"faults_{uuid.uuid4().hex[:12]}"
    admin = url_of(postgres, "postgres")
    run_in_thread(execute(admin, f"CREATE ROLE {name} LOGIN", f"CREATE DATABASE {name} OWNER {name}"))
    url = make_url(url_of(postgres, name)).set(username=name).render_as_string(hide_password=False)

    async def migrate() -> None:
        async with open_database(EngineSettings(database_url=url)) as database:
            await database.migrate()

    run_in_thread(migrate())
    try:
        yield url
    finally:
        run_in_thread(execute(admin, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {name}"))


@pytest.fixture
async def operated(owned_url: str, postgres: str) -> AsyncIterator[Operated]:
    settings = EngineSettings(
        database_url=owned_url,
        pool_size=3,
        poll_seconds=0.05,
        seal_interval_seconds=0.05,
        ready_max_write_stall_seconds=0.5,
        ready_max_lag_seconds=0.5,
    )
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(connected(url_of(postgres, "postgres")))
        servers: list[Runtime] = []
        for _ in range(2):
            database = await stack.enter_async_context(open_database(settings))
            runtime = Runtime(TOY, settings, database)
            await stack.enter_async_context(runtime.run())
            servers.append(runtime)
        name = make_url(owned_url).database or ""
        yield Operated(name, owned_url, admin, (servers[0], servers[1]))


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[asyncpg.Connection]:
    connection: asyncpg.Connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def time_out_under_a_lock(operated: Operated) -> AsyncGenerator[None]:
    await operated.set_for_new_sessions("SET statement_timeout = '300ms'")
    try:
        async with connected(operated.url) as locker, locker.transaction():
            await locker.execute("SET LOCAL statement_timeout = 0")
            await locker.execute("LOCK TABLE es.events IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await operated.admin.execute(f"ALTER DATABASE {operated.name} RESET statement_timeout")


@asynccontextmanager
async def checkpoints_locked(operated: Operated) -> AsyncGenerator[None]:
    """No statement fails: the owner of a projection waits, and all reads get old."""
    async with connected(operated.url) as locker, locker.transaction():
        await locker.execute("LOCK TABLE es.checkpoints IN EXCLUSIVE MODE")
        yield


def changed(fault: str, end: str) -> Any:
    """A fault that the owner of the database makes, and its end."""

    @asynccontextmanager
    async def change(operated: Operated) -> AsyncGenerator[None]:
        async with connected(operated.url) as owner:
            await owner.execute(fault.format(role=operated.name))
            try:
                yield
            finally:
                await owner.execute(end.format(role=operated.name))

    return change


def away(fault: str, end: str) -> Any:
    """A fault that an administrator makes while no session is open, and its end."""

    @asynccontextmanager
    async def change(operated: Operated) -> AsyncGenerator[None]:
        names = {"name": operated.name}
        is_away = False
        while not is_away:
            await operated.terminate()
            with suppress(asyncpg.ObjectInUseError):
                await operated.admin.execute(fault.format(**names))
                is_away = True
        await operated.terminate()
        try:
            yield
        finally:
            await operated.admin.execute(end.format(**names))

    return change


def raises(code: str, *tables: str) -> Any:
    """A fault: PostgreSQL answers each write of these tables with this code, as it does for a full disk."""

    @asynccontextmanager
    async def fault(operated: Operated) -> AsyncGenerator[None]:
        async with connected(operated.url) as owner:
            await owner.execute(
                f"CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'the fault of the test' USING ERRCODE = '{code}'; END $$"
            )
            for table in tables:
                await owner.execute(
                    f"CREATE TRIGGER fault BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION public.fail()"
                )
            try:
                yield
            finally:
                await owner.execute("DROP FUNCTION public.fail() CASCADE")

    return fault


WORKER_TABLES = "es.checkpoints", "es.seals", "es.process_checkpoints"
FAULTS = {
    "57014": time_out_under_a_lock,
    "no error": checkpoints_locked,
    "42501": changed(
        "REVOKE ALL ON ALL TABLES IN SCHEMA es FROM {role}", "GRANT ALL ON ALL TABLES IN SCHEMA es TO {role}"
    ),
    "42P01": changed("ALTER SCHEMA es RENAME TO es_away", "ALTER SCHEMA es_away RENAME TO es"),
    "3D000": away(
        "ALTER DATABASE {name} RENAME TO {name}_away", "ALTER DATABASE {name}_away RENAME TO {name}"
    ),
    "28000": away("ALTER ROLE {name} NOLOGIN", "ALTER ROLE {name} LOGIN"),
    "53300": away("ALTER ROLE {name} CONNECTION LIMIT 0", "ALTER ROLE {name} CONNECTION LIMIT -1"),
    "53100": raises("53100", *WORKER_TABLES),
    "53100 for the log": raises("53100", "es.events"),
    "XX000": raises("XX000", *WORKER_TABLES),
    "40P01": raises("40P01", *WORKER_TABLES),
}
"""What is done to the database, by the code that its sessions get."""


async def knock(runtime: Runtime) -> None:
    """Send commands, and accept each kind of answer."""
    while True:
        with suppress(Exception):
            async with asyncio.timeout(0.5):
                await runtime.commands.execute(tally, uuid4(), Add(amount=1), request())
        await asyncio.sleep(0.02)


async def until_ready(runtime: Runtime, is_ready: bool) -> dict[str, Any]:
    """The first document at /readyz that says so."""
    while True:
        document = await runtime.health.document()
        if document["ready"] == is_ready:
            return document
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
async def test_a_fault_of_the_database_is_named_and_passes(fault: Any, operated: Operated) -> None:
    async with asyncio.timeout(40):
        for server in operated.servers:
            await until_ready(server, True)
        async with fault(operated):
            knocking = [asyncio.create_task(knock(server)) for server in operated.servers]
            for document in [await until_ready(server, False) for server in operated.servers]:
                assert all(line and not line.endswith(":") for line in document["errors"].values()), document
                assert all("\n" not in line and "SELECT" not in line for line in document["errors"].values())
            await asyncio.sleep(0.3)
            for task in knocking:
                task.cancel()
            await asyncio.gather(*knocking, return_exceptions=True)
        for server in operated.servers:
            # Ready again without a command: a balancer sends none to a server that is not ready.
            document = await until_ready(server, True)
            assert document["errors"] == {}
        outcomes = [
            await server.commands.execute(tally, uuid4(), Add(amount=1), request())
            for server in operated.servers
        ]
        assert all(isinstance(outcome, CommandAccepted) for outcome in outcomes)
        head = max(outcome.position for outcome in outcomes if isinstance(outcome, CommandAccepted))
        for server in operated.servers:
            await server.projector.wait_for_position("tallies", head, 10)
        while await operated_seal(operated) < head:  # noqa: ASYNC110 - a seal sends no notification
            await asyncio.sleep(0.05)
        assert [server.failed for server in operated.servers] == [None, None]


async def operated_seal(operated: Operated) -> int:
    """The newest position under a seal."""
    pool = operated.servers[0].database.pool
    return await pool.fetchval("SELECT coalesce(max(last_position), 0) FROM es.seals")
