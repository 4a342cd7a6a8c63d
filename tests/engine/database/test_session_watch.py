"""A connection that no server works for ends within seconds; a slow statement does not."""

import asyncio
import errno
import logging
import signal
import socket
import ssl
import sys
from collections.abc import AsyncGenerator, Awaitable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any

import asyncpg
import pytest

from app.engine.database import sessions
from app.engine.database.connections import Database, open_database, retry_read
from app.engine.database.errors import DRIVER_ERRORS, is_connection_error
from app.engine.database.leases import Lease
from app.engine.database.sessions import Session, SessionKind
from app.engine.settings import ROOT, EngineSettings
from tests.support.clusters import Cluster, DeadLink, cluster

FAILOVER_SECONDS = 1.5
MARGIN_SECONDS = 1.5
"""For a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def link(server: Cluster) -> Iterator[DeadLink]:
    with DeadLink(server.port) as made:
        yield made


@asynccontextmanager
async def opened(url: str, seconds: float = FAILOVER_SECONDS) -> AsyncGenerator[Database]:
    async with open_database(EngineSettings(database_url=url, failover_seconds=seconds)) as database:
        yield database


async def assert_broken(statement: Awaitable[Any], began: float) -> None:
    with pytest.raises(DRIVER_ERRORS) as broken:
        async with asyncio.timeout(20):
            await statement
    assert is_connection_error(broken.value)
    assert monotonic() - began < FAILOVER_SECONDS + MARGIN_SECONDS


@pytest.mark.parametrize("kind", [SessionKind.READ, SessionKind.WORK])
async def test_a_statement_ends_whose_connection_is_silent_while_new_ones_work(
    link: DeadLink, server: Cluster, kind: SessionKind, caplog: pytest.LogCaptureFixture
) -> None:
    """The address moved: the old connection stays open and silent."""
    async with opened(link.url()) as database, database.connection(kind) as session:
        assert await session.fetchval("SELECT 1") == 1
        await asyncio.to_thread(link.redirect, server.port)
        await assert_broken(session.fetchval("SELECT 2"), monotonic())
        assert session.is_closed()
        assert await retry_read(partial(database.pool.fetchval, "SELECT 3")) == 3
    assert "connection ended: the answer was lost" in caplog.text


@pytest.mark.parametrize("kind", [SessionKind.READ, SessionKind.WORK])
async def test_a_statement_ends_whose_connection_was_lost_between_its_parse_and_its_execution(
    link: DeadLink, kind: SessionKind, caplog: pytest.LogCaptureFixture
) -> None:
    """For PostgreSQL the session is active then, and no limit on idle ones ends it."""
    async with opened(link.url()) as database, database.connection(kind) as session:
        link.lose_from(b"B", b"asked")
        await assert_broken(session.fetchval("SELECT $1::text", "asked"), monotonic())
    assert "connection ended: the answer was lost" in caplog.text


async def test_a_copy_ends_whose_connection_was_lost_on_the_way(link: DeadLink) -> None:
    async with opened(link.url()) as database, database.connection() as session:
        await session.execute("CREATE TEMPORARY TABLE copied (line text)")
        link.lose_from(b"d")
        await assert_broken(copy(session, seconds=60), monotonic())


async def test_a_copy_that_waits_for_the_network_ends_with_its_connection(link: DeadLink) -> None:
    """The driver would wait forever."""
    async with opened(link.url()) as database, database.connection() as session:
        await session.execute("CREATE TEMPORARY TABLE copied (line text)")
        copying = asyncio.ensure_future(copy(session, seconds=60))
        link.lose_from(b"d")
        while not session._transport.get_write_buffer_size():  # noqa: ASYNC110 - it is looked at in each moment
            await asyncio.sleep(0.01)
        began = monotonic()
        await asyncio.to_thread(link.sever)
        await assert_broken(copying, began)


async def test_a_long_copy_lives_on(server: Cluster) -> None:
    async with opened(server.url()) as database, database.connection() as session:
        await session.execute("CREATE TEMPORARY TABLE copied (line text)")
        await copy(session, seconds=3 * database.limits.dead_seconds)
        assert await session.fetchval("SELECT count(*) > 10 FROM copied")


async def copy(session: Session, seconds: float) -> None:
    """A COPY of large lines that takes this long."""
    end = monotonic() + seconds

    async def lines() -> AsyncGenerator[tuple[str]]:
        while monotonic() < end:
            yield ("x" * 600_000,)
            await asyncio.sleep(0.1)

    await session.copy_records_to_table("copied", records=lines())


async def test_a_large_statement_on_a_slow_link_lives_on(server: Cluster) -> None:
    """PostgreSQL waits for it longer than it may be silent."""
    with DeadLink(server.port, bytes_per_second=5_000_000) as link:
        async with opened(link.url()) as database, database.connection() as session:
            size, began = 15_000_000, monotonic()
            assert await session.fetchval("SELECT length($1::text)", "x" * size) == size
            assert monotonic() - began > 2 * database.limits.dead_seconds


async def test_a_read_that_is_given_up_does_not_wait_for_a_silent_connection(
    link: DeadLink, server: Cluster
) -> None:
    async with opened(link.url()) as database:
        assert await database.pool.fetchval("SELECT 1") == 1
        await asyncio.to_thread(link.redirect, server.port)

        async def give_up() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await database.pool.fetchval("SELECT 2")

        reading = asyncio.create_task(give_up())
        done, _ = await asyncio.wait((reading,), timeout=FAILOVER_SECONDS + MARGIN_SECONDS)
        assert done
        await reading
        # It is not in the pool any more.
        assert await database.pool.fetchval("SELECT 3") == 3


async def test_statements_end_if_the_server_answers_nothing_at_all(
    server: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{server.url()}?connect_timeout=1"
    async with opened(url) as database, database.connection() as session:
        await asyncio.to_thread(server.freeze)
        try:
            await assert_broken(session.fetchval("SELECT 1"), monotonic())
        finally:
            await asyncio.to_thread(server.thaw)
        assert "the server does not answer new connections either" in caplog.text
        async with database.connection() as again:
            assert await again.fetchval("SELECT 1") == 1


LOCAL_FAILURES = [
    socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
    ssl.SSLCertVerificationError(1, "certificate verify failed"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.ENFILE, "Too many open files in system"),
    OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"),
    FileNotFoundError(errno.ENOENT, "No such file or directory", "ca.pem"),
    ConnectionError("PostgreSQL server rejected SSL upgrade"),
]
UNANSWERED = [
    TimeoutError(),
    ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"),
    OSError(errno.EHOSTUNREACH, "No route to host"),
    OSError("Multiple exceptions: [Errno 111] Connect call failed, [Errno 101] Connect call failed"),
]


@pytest.mark.parametrize("error", [*LOCAL_FAILURES, *UNANSWERED], ids=repr)
async def test_a_probe_that_fails_ends_a_statement_only_if_no_server_answers(
    server: Cluster, error: OSError, monkeypatch: pytest.MonkeyPatch
) -> None:
    probed = asyncio.Semaphore(0)

    async def connect() -> Session:
        probed.release()
        raise error

    async with (
        opened(server.url()) as database,
        database.connection() as other,
        database.connection() as session,
    ):
        monkeypatch.setattr(database._watch, "_connect", connect)
        running = asyncio.create_task(session.execute("SELECT pg_sleep(60)"))
        async with asyncio.timeout(10):
            await probed.acquire()
        if error in UNANSWERED:
            await assert_broken(running, monotonic())
            return
        async with asyncio.timeout(10):
            await probed.acquire()
        await other.execute("SELECT pg_cancel_backend($1)", session.pid)
        with pytest.raises(asyncpg.QueryCanceledError):
            await running


async def test_a_name_server_without_an_answer_ends_no_statement(
    server: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lookups = 0

    async def getaddrinfo(*_: Any, **__: Any) -> Any:
        nonlocal lookups
        lookups += 1
        await asyncio.Event().wait()

    url = f"{server.url().replace('127.0.0.1', 'localhost')}?connect_timeout=1"
    async with (
        opened(url) as database,
        database.connection() as other,
        database.connection() as session,
    ):
        running = asyncio.create_task(session.execute("SELECT pg_sleep(60)"))
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        async with asyncio.timeout(10):
            while caplog.text.count("the name server does not answer") < 2 and not running.done():  # noqa: ASYNC110 - the log tells it
                await asyncio.sleep(0.01)
        await other.execute("SELECT pg_cancel_backend($1)", session.pid)
        with pytest.raises(asyncpg.QueryCanceledError):
            await running
    # Each would hold a thread.
    assert lookups == 1


@pytest.mark.parametrize("sslmode", ["prefer", "disable"])
async def test_statements_end_if_a_proxy_closes_new_connections(
    link: DeadLink, sslmode: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1_000)
        writer.close()

    async with (
        opened(f"{link.url()}?sslmode={sslmode}") as database,
        database.connection() as session,
        await asyncio.start_server(close, "127.0.0.1") as proxy,
    ):
        await asyncio.to_thread(link.redirect, proxy.sockets[0].getsockname()[1])
        await assert_broken(session.fetchval("SELECT 1"), monotonic())
    assert "the server does not answer new connections either" in caplog.text


async def test_a_session_whose_process_is_gone_from_the_server_ends(link: DeadLink, server: Cluster) -> None:
    async with opened(link.url()) as database, database.connection() as session:
        await asyncio.to_thread(link.redirect, server.port)
        began = monotonic()
        waiting = asyncio.create_task(session.fetchval("SELECT 1"))
        await asyncio.sleep(0)
        await asyncio.to_thread(server.execute, "SELECT pg_terminate_backend(%s)", session.pid)
        await assert_broken(waiting, began)


async def test_a_session_that_has_ended_can_be_judged(server: Cluster) -> None:
    async with opened(server.url()) as database, database.connection() as session:
        session.terminate()
        # The driver forgets the settings when the connection is lost, in the next turn of the loop.
        while session.is_closed() and hasattr(session._protocol, "get_settings"):  # noqa: ASYNC110 - it is looked at in each turn
            await asyncio.sleep(0)
        assert session.has_become_read_only() is False


async def test_long_statements_and_long_idle_sessions_live_on(server: Cluster) -> None:
    async with opened(server.url()) as database, database.connection() as idle:
        assert await Lease(idle, "idle").try_acquire()
        async with database.connection() as busy, database.connection() as in_transaction:
            transaction = in_transaction.transaction()
            await transaction.start()
            # Twice as long as a dead session lives.
            seconds = 2 * database.limits.dead_seconds
            assert await busy.fetchval("SELECT 1 FROM pg_sleep($1)", seconds) == 1
            with pytest.raises(asyncpg.DivisionByZeroError):
                await in_transaction.execute("SELECT 1/0")
            await busy.execute("SELECT pg_sleep($1)", seconds)
            with pytest.raises(asyncpg.InFailedSQLTransactionError):
                await in_transaction.execute("SELECT 1")
            await transaction.rollback()
            assert not await Lease(busy, "idle").try_acquire()
        assert await Lease(idle, "idle").holder() is not None


async def test_a_heartbeat_and_a_statement_do_not_disturb_each_other(server: Cluster) -> None:
    async with opened(server.url()) as database, database.connection() as session:
        for number in range(200):
            session.start_heartbeat()
            if number % 3:
                await asyncio.sleep(0)
            assert await session.fetchval("SELECT $1::int", number) == number
            async with session.transaction():
                session.start_heartbeat()
                await session.execute("SELECT 1")


async def test_a_wait_for_a_lock_names_the_holder_in_the_log_and_has_a_limit(
    server: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.engine.database.sessions.WORK_LOCK_TIMEOUT_SECONDS", 5)
    async with (
        opened(server.url()) as database,
        database.connection(component="holder") as holder,
        database.connection(component="waiting") as waiting,
    ):
        await holder.execute("SELECT pg_advisory_lock(1)")
        with caplog.at_level(logging.WARNING), pytest.raises(asyncpg.LockNotAvailableError):
            await waiting.execute("SELECT pg_advisory_lock(1)")
    [line] = caplog.messages
    assert line.startswith("app waiting: has waited")
    assert f"for a lock: held by process {holder.pid} (app holder, from 127.0.0.1, idle since" in line


OWNER = """
import asyncio, sys
from app.engine.database.connections import Database
from app.engine.database.errors import is_connection_error
from app.engine.database.leases import Lease
from app.engine.database.sessions import SessionLimits

async def lines():
    while True:
        yield ("x" * 600_000,)
        await asyncio.sleep(0.01)

async def main() -> None:
    database = Database(sys.argv[1], limits=SessionLimits(float(sys.argv[2])))
    async with database.connection() as session:
        assert await Lease(session, "work").try_acquire()
        if sys.argv[3] == "in a transaction":
            await session.execute("BEGIN; SELECT 1")
        print("owned", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        try:
            if sys.argv[3] == "in a COPY":
                await session.execute("CREATE TEMPORARY TABLE copied (line text)")
                await session.copy_records_to_table("copied", records=lines())
            if sys.argv[3] == "in a statement":
                await session.execute("SELECT pg_sleep(60)")
            await session.fetchval("SELECT $1::text", "asked")
        except Exception as error:
            print("session ended" if is_connection_error(error) else repr(error), flush=True)

asyncio.run(main())
"""


@dataclass(frozen=True)
class Owner:
    """A process that owns "work"; it asks for something when it gets a line."""

    process: asyncio.subprocess.Process
    lines: asyncio.StreamReader
    input: asyncio.StreamWriter


@asynccontextmanager
async def owner_in(state: str, url: str, seconds: float = FAILOVER_SECONDS) -> AsyncGenerator[Owner]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, url, str(seconds), state,
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"owned\n"
        yield Owner(process, process.stdout, process.stdin)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_an_owner_that_is_killed_during_a_statement_is_replaced(server: Cluster) -> None:
    async with (
        owner_in("in a statement", server.url()) as owner,
        opened(server.url()) as database,
        database.connection() as session,
    ):
        owner.input.write(b"\n")
        async with asyncio.timeout(10):
            while not await session.fetchval(ASLEEP):  # noqa: ASYNC110 - another process comes to it
                await asyncio.sleep(0.01)
        owner.process.kill()
        async with asyncio.timeout(FAILOVER_SECONDS + MARGIN_SECONDS):
            assert await Lease(session, "work").acquire(lambda: False)


@pytest.mark.parametrize("kind", [SessionKind.WORK, SessionKind.TASK])
async def test_a_server_that_cannot_look_at_its_clients_is_taken(
    server: Cluster, kind: SessionKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = "SHOW client_connection_check_interval"
    async with opened(server.url()) as database:
        async with database.connection(kind) as session:
            assert await session.fetchval(shown) == "300ms"
        # PostgreSQL refuses each value but 0 on some platforms, and this one everywhere.
        monkeypatch.setattr(sessions, "CHECK_CLIENT_SQL", "SET client_connection_check_interval = -{}")
        async with database.connection(kind) as session:
            assert await session.fetchval(shown) == "0"


@pytest.mark.parametrize("state", ["idle", "in a transaction"])
async def test_a_frozen_owner_is_replaced_and_finds_its_session_ended(server: Cluster, state: str) -> None:
    # Its heartbeats have to be in time also on a busy machine.
    seconds = 2 * FAILOVER_SECONDS
    async with owner_in(state, server.url(), seconds) as owner:
        async with opened(server.url(), seconds) as database, database.connection() as session:
            lease = Lease(session, "work")
            # It lives longer than a session without heartbeats would.
            async with asyncio.timeout(2 * seconds):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(1.2 * seconds):
                        await lease.acquire(lambda: False)
            owner.process.send_signal(signal.SIGSTOP)
            async with asyncio.timeout(seconds + MARGIN_SECONDS):
                assert await lease.acquire(lambda: False)
        owner.process.send_signal(signal.SIGCONT)
        owner.input.write(b"\n")
        assert await owner.lines.readline() == b"session ended\n"


@pytest.mark.parametrize(
    ("state", "message", "content"), [("after a parse", b"B", b"asked"), ("in a COPY", b"d", b"xxx")]
)
async def test_an_owner_that_freezes_in_the_middle_of_a_statement_is_replaced(
    server: Cluster,
    link: DeadLink,
    state: str,
    message: bytes,
    content: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with (
        owner_in(state, link.url()) as owner,
        opened(server.url()) as database,
        database.connection() as session,
    ):
        link.lose_from(message, content)
        owner.input.write(b"\n")
        async with asyncio.timeout(10):
            while not await session.fetchval(SILENT):  # noqa: ASYNC110 - another process comes to it
                await asyncio.sleep(0.01)
        owner.process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(FAILOVER_SECONDS + MARGIN_SECONDS):
            assert await Lease(session, "work").acquire(lambda: False)
    assert "work: its owner is silent in the middle of a statement" in caplog.text


ASLEEP = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'"
SILENT = """
    SELECT count(*) FROM pg_stat_activity
    WHERE state = 'active' AND wait_event = 'ClientRead' AND (query LIKE 'SELECT $1::text' OR query LIKE 'COPY %')
"""


async def test_the_sockets_of_both_sides_ask_a_silent_peer(server: Cluster) -> None:
    async with opened(server.url()) as database, database.connection() as session:
        assert isinstance(session, Session)
        names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
        assert [await session.fetchval("SELECT current_setting($1)", name) for name in names] == [
            "1",
            "1",
            "5",
            "1050",
        ]
        sock = session._transport.get_extra_info("socket")
        read = {
            name: sock.getsockopt(level, option)
            for name, (level, option) in {
                "keepalive": (1, 9),
                "idle": (6, 4),
                "interval": (6, 5),
                "count": (6, 6),
                "user timeout": (6, 18),
            }.items()
        }
        assert read == {"keepalive": 1, "idle": 1, "interval": 1, "count": 5, "user timeout": 1050}
