"""A session has what the code relies on, also if the database and the role have other defaults."""

import logging
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.engine.database.connections import Database, open_database
from app.engine.database.errors import DatabaseUnavailable, is_connection_error
from app.engine.database.leases import Lease
from app.engine.database.migration_lock import MIGRATION_LOCK_ID, migration_lock
from app.engine.database.sessions import SessionKind, SessionLimits
from app.engine.database.watch import TERMINATE, blockers
from app.engine.settings import EngineSettings
from tests.support.databases import as_role, as_superuser, execute, run_in_thread, url_of
from tests.support.own_migration import copy_migrations, write_own_migration


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests change the database itself."""
    return as_superuser(database_url)


DEFAULTS = {
    "default_transaction_isolation": "repeatable read",
    "default_transaction_deferrable": "on",
    "statement_timeout": "2s",
    "lock_timeout": "1s",
    "idle_session_timeout": "2s",
    "synchronous_commit": "off",
    "search_path": "es",
    "timezone": "Asia/Tokyo",
    "DateStyle": "German",
    "IntervalStyle": "sql_standard",
    "bytea_output": "escape",
    "extra_float_digits": "-5",
    "jit": "on",
    "client_min_messages": "error",
}
"""What an operator may give a database. Each broke something when sessions took it over."""


@pytest.fixture
def changed_url(database_url: str) -> str:
    """A database with other defaults."""
    name = database_url.rpartition("/")[2].partition("?")[0]
    statements = [f"ALTER DATABASE {name} SET {key} = '{value}'" for key, value in DEFAULTS.items()]
    run_in_thread(execute(database_url, *statements))
    return database_url


LONG_NAME = "projection orders " + 40 * "é"


async def shown(connection: asyncpg.Connection | asyncpg.Pool, *names: str) -> list[Any]:
    return [await connection.fetchval("SELECT current_setting($1)", name) for name in names]


@pytest.mark.parametrize("kind", SessionKind)
async def test_defaults_of_the_database_do_not_reach_a_session(changed_url: str, kind: SessionKind) -> None:
    async with (
        open_database(EngineSettings(database_url=changed_url)) as database,
        database.connection(kind) as session,
    ):
        assert await shown(
            session,
            "default_transaction_isolation",
            "synchronous_commit",
            "search_path",
            "TimeZone",
            "DateStyle",
        ) == ["read committed", "on", "public", "UTC", "ISO, MDY"]
        taken = {name.lower(): value for name, value in DEFAULTS.items()}
        for name in taken:
            assert (await shown(session, name))[0] != taken[name], name
        assert await shown(database.pool, "default_transaction_isolation", "statement_timeout") == [
            "read committed",
            "1min",
        ]


async def test_a_stricter_commit_and_a_read_only_database_stay_as_the_operator_set_them(
    database_url: str,
) -> None:
    name = database_url.rpartition("/")[2].partition("?")[0]
    await execute(
        database_url,
        f"ALTER DATABASE {name} SET synchronous_commit = 'remote_apply'",
        f"ALTER DATABASE {name} SET default_transaction_read_only = on",
    )
    async with open_database(EngineSettings(database_url=database_url)) as database:
        assert await shown(database.pool, "synchronous_commit", "transaction_read_only") == [
            "remote_apply",
            "on",
        ]
        with pytest.raises(OSError, match=r"no host takes writes: .* is read-only") as refused:
            await database.connect()
        assert is_connection_error(refused.value)


async def test_only_a_workers_session_ends_with_its_process(database_url: str) -> None:
    settings = EngineSettings(database_url=database_url, failover_seconds=20)
    async with open_database(settings) as database:
        names = ("idle_session_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
        expected = {
            SessionKind.READ: ["0", "1min", "1min"],
            SessionKind.WORK: ["14s", "14s", "0"],
            SessionKind.TASK: ["0", "0", "0"],
        }
        for kind, values in expected.items():
            async with database.connection(kind) as session:
                assert await shown(session, *names) == values


async def test_postgresql_shows_what_each_session_does(database_url: str) -> None:
    settings = EngineSettings(database_url=database_url, application_name="billing")
    async with (
        open_database(settings) as database,
        database.connection(component="appender") as first,
        database.connection() as second,
    ):
        assert await shown(first, "application_name") == ["billing appender"]
        lease = Lease(second, LONG_NAME)
        assert await lease.try_acquire()
        [name] = await shown(second, "application_name")
        assert name.startswith("billing projection orders ??")
        assert await shown(database.pool, "application_name") == ["billing reads"]
        holder = await Lease(first, LONG_NAME).holder()
        assert holder is not None
        assert f"held by process {second.pid} (billing projection orders" in holder
        assert await Lease(first, "another").holder() is None


async def test_a_role_that_does_not_see_its_own_sessions_is_said_once(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    app, login = (f"{kind}_{uuid4().hex[:12]}" for kind in ("app", "login"))
    await execute(
        database_url,
        f"CREATE ROLE {app}",
        f"CREATE ROLE {login} LOGIN IN ROLE {app}",
        f"ALTER ROLE {login} SET role = '{app}'",
    )
    settings = EngineSettings(database_url=as_role(database_url, login))
    try:
        async with open_database(settings) as database, database.connection() as first, database.connection():
            assert (first.backend_start, await first.fetchval("SELECT current_user::text")) == (None, app)
        [line] = [line for line in caplog.messages if "does not see its own sessions" in line]
        grant = line.partition("Execute: ")[2]
        await execute(database_url, grant)
        caplog.clear()
        async with (
            open_database(settings) as database,
            database.connection() as first,
            database.connection() as second,
        ):
            assert await second.fetchval(TERMINATE, first.pid, first.backend_start) is True
        assert "does not see" not in caplog.text
    finally:
        await execute(database_url, f"DROP ROLE {login}", f"DROP ROLE {app}")


async def test_who_waits_for_a_lease_says_who_holds_it_once(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("app.engine.database.leases.REPORT_AFTER_SECONDS", 0.0)
    monkeypatch.setattr("app.engine.database.leases.ACQUIRE_INTERVAL_SECONDS", 0.01)
    left = iter([False] * 5)
    async with database.connection() as owner, database.connection() as waiting:
        assert await Lease(owner, "work").try_acquire()
        with caplog.at_level(logging.INFO, "app.engine.database.leases"):
            assert not await Lease(waiting, "work").acquire(lambda: next(left, True))
    [line] = caplog.messages
    assert f"work: waiting for the lease, held by process {owner.pid} (app work, from " in line


async def test_a_migration_that_another_holds_up_names_it_and_gives_up(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.database.migration_lock.FIRST_REPORT_SECONDS", 0.0)
    async with (
        database.connection(SessionKind.TASK, "migration lock") as owner,
        database.connection(SessionKind.TASK) as waiting,
    ):
        await migration_lock(owner, "it")
        with pytest.raises(
            DatabaseUnavailable, match=rf"for \d+ s: its lock is held by process {owner.pid} \(app migration"
        ):
            await migration_lock(waiting, "it", 0.5)
        assert re.search(
            r"waiting for another migration since \d+ s: its lock is held by process", caplog.text
        )
    async with database.connection() as free:
        assert await free.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK_ID)


@pytest.fixture
def change_of_checkpoints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that is missing in the database, and that locks a table."""
    folder = copy_migrations(tmp_path / "migrations")
    write_own_migration(folder, "ALTER TABLE es.checkpoints ADD own text")
    monkeypatch.setattr("app.engine.database.migrations.FOLDER", folder)


@pytest.mark.usefixtures("change_of_checkpoints")
async def test_a_migration_that_meets_a_locked_table_names_the_holder(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.database.migration_lock.LOOK_INTERVAL_SECONDS", 0.05)
    monkeypatch.setattr("app.engine.database.lock_attempts.MAX_ATTEMPTS", 2)
    monkeypatch.setattr("app.engine.database.lock_attempts.PAUSE_SECONDS", 0)
    async with (
        database.connection(SessionKind.TASK, "backup") as holder,
        holder.transaction(),
    ):
        await holder.execute("LOCK TABLE es.checkpoints IN ACCESS SHARE MODE")
        with pytest.raises(
            DatabaseUnavailable,
            match=rf"lock timeout; the lock was held by process {holder.pid} \(app backup",
        ):
            await database.migrate()


@pytest.mark.usefixtures("change_of_checkpoints")
async def test_a_migration_whose_wait_ends_while_it_looks_names_the_holder_of_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    async def ended_meanwhile(connection: asyncpg.Connection, pid: int) -> str | None:
        nonlocal looks
        looks += 1
        # After the first look, the process is one that waits for nothing.
        return await blockers(connection, pid if looks == 1 else 0)

    monkeypatch.setattr("app.engine.database.migration_lock.blockers", ended_meanwhile)
    monkeypatch.setattr("app.engine.database.migration_lock.LOOK_INTERVAL_SECONDS", 0.02)
    monkeypatch.setattr("app.engine.database.lock_attempts.MAX_ATTEMPTS", 2)
    monkeypatch.setattr("app.engine.database.lock_attempts.PAUSE_SECONDS", 0)
    async with (
        database.connection(SessionKind.TASK, "backup") as holder,
        holder.transaction(),
    ):
        await holder.execute("LOCK TABLE es.checkpoints IN ACCESS SHARE MODE")
        with pytest.raises(DatabaseUnavailable, match=rf"the lock was held by process {holder.pid} "):
            await database.migrate()
    assert looks > 1


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_a_database_of_another_encoding_is_refused_in_one_line(postgres: str, encoding: str) -> None:
    name = f"test_{encoding.lower()}"
    admin = url_of(postgres, "postgres")
    await execute(
        admin,
        f"DROP DATABASE IF EXISTS {name}",
        f"CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0",
    )
    try:
        with pytest.raises(
            DatabaseUnavailable, match=rf"^the database at .* has the encoding {encoding}: [^\n]*$"
        ):
            async with open_database(EngineSettings(database_url=url_of(postgres, name))):
                pass
    finally:
        await execute(admin, f"DROP DATABASE {name}")


@pytest.mark.parametrize(
    ("state", "passes"),
    [("08006", True), ("25006", True), ("53300", True), ("57P01", True), ("57P02", True), ("57P03", True),
     ("57P05", True), ("57014", False), ("55P03", False), ("23505", False), ("40001", False)],
)  # fmt: skip
def test_a_new_connection_helps_against_errors_of_the_connection_and_of_a_server_that_takes_no_writes(
    state: str, passes: bool
) -> None:
    error = asyncpg.PostgresError.new({"C": state, "M": "message"})
    assert is_connection_error(error) is passes


def test_the_limits_of_a_session_end_it_within_the_time_of_a_fail_over() -> None:
    for seconds in (1.0, 3.0, 10.0, 600.0):
        limits = SessionLimits(seconds)
        assert 3 * limits.heartbeat_seconds < limits.dead_seconds < seconds
