"""The database: the embedded server or the one that DATABASE_URL names, its connections, and its migrations."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import Select, make_url
from sqlalchemy.exc import ArgumentError

from app.engine.database.embedded import embedded_server
from app.engine.database.errors import DRIVER_ERRORS, DatabaseUnavailable, first_line, is_connection_error
from app.engine.database.migrations import (
    Revisions,
    current_revisions,
    head_revisions,
    revision_names,
    unknown_revisions,
    upgrade,
)
from app.engine.database.statements import StatementCache
from app.engine.settings import EngineSettings

type Connect = Callable[[], Awaitable[asyncpg.Connection]]
type AnyConnection = asyncpg.Connection | PoolConnectionProxy

MIN_POSTGRES_VERSION = 16
MAX_READ_ATTEMPTS = 4
"""A read is attempted this often before the error of its broken connection is raised."""
CLOSE_TIMEOUT_SECONDS = 2.0
_MIGRATION_LOCK_ID = 7_305_813_093
_SESSION = {"application_name": "shop", "jit": "off", "timezone": "UTC"}


async def retry_read[T](read: Callable[[], Awaitable[T]]) -> T:
    """The result of a read, repeated if its connection breaks: a read has no effect that could happen twice."""
    for _ in range(MAX_READ_ATTEMPTS - 1):
        try:
            return await read()
        except DRIVER_ERRORS as error:
            if not is_connection_error(error) or isinstance(error, TimeoutError):
                raise
    return await read()


class Database:
    """Connections to one PostgreSQL database: a pool for reads, and single ones for workers."""

    def __init__(self, url: str, *, pool: int = 8) -> None:
        self.url = url
        self._pool_size = pool
        self._pool: asyncpg.Pool | None = None
        self._statements = StatementCache()

    async def connect(self) -> asyncpg.Connection:
        """A new connection; the caller closes it."""
        return await asyncpg.connect(self.url, timeout=5, server_settings=_SESSION)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[asyncpg.Connection]:
        """A connection outside the pool, for a worker that holds a lease or settings of its own."""
        connection = await self.connect()
        try:
            yield connection
        finally:
            # The server releases the leases of the connection before it confirms the end.
            await _close(connection)

    @property
    def pool(self) -> asyncpg.Pool:
        """For reads, each a statement on its own: a transaction around one costs two more round trips."""
        assert self._pool is not None, "the database is not open"
        return self._pool

    async def fetch(self, query: Select[Any]) -> Sequence[asyncpg.Record]:
        """The records of a query; jsonb columns are text."""
        sql, params = self._statements.render(query)
        return await retry_read(partial(self.pool.fetch, sql, *params))

    async def open(self) -> None:
        """Connect, and check the server's version. Raises `DatabaseUnavailable`."""
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
                f"the database at {redact_password(self.url)} does not answer: {first_line(error)}"
            ) from error
        if version < MIN_POSTGRES_VERSION:
            await self.close()
            raise DatabaseUnavailable(
                f"the database at {redact_password(self.url)} is PostgreSQL {version}; {MIN_POSTGRES_VERSION} or newer is needed"
            )

    async def close(self) -> None:
        """End the connections of the pool."""
        if self._pool is not None:
            self._pool.terminate()

    async def migrate(self) -> tuple[Revisions, Revisions]:
        """Bring the schema to the newest revisions. Several processes may do so at once. Returns (before, after)."""
        with self._translate_permission_errors():
            async with self.connection() as connection:
                await connection.execute(f"SELECT pg_advisory_lock({_MIGRATION_LOCK_ID})")
                await connection.execute("CREATE SCHEMA IF NOT EXISTS es")
                before = await current_revisions(connection)
                if unknown := unknown_revisions(before):
                    raise self._migrated_by_newer_code(unknown)
                if before == head_revisions():
                    return before, before
                await upgrade(self.connect)
                return before, await current_revisions(connection)

    async def check_migrated(self) -> None:
        """Raises `DatabaseUnavailable` if migrations are missing, or if newer code has added some."""
        with self._translate_permission_errors():
            async with self.connection() as connection:
                current = await current_revisions(connection)
        if unknown := unknown_revisions(current):
            raise self._migrated_by_newer_code(unknown)
        if current != head_revisions():
            raise DatabaseUnavailable(
                f"the database at {redact_password(self.url)} is at migration {revision_names(current)}, the code at {revision_names(head_revisions())}: run python -m app migrate"
            )

    @contextmanager
    def _translate_permission_errors(self) -> Generator[None]:
        """A missing right is for an administrator of the database to grant. Raises `DatabaseUnavailable`."""
        try:
            yield
        except (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError) as error:
            raise DatabaseUnavailable(
                f"the database at {redact_password(self.url)} does not let this role go on: {error}"
            ) from error

    def _migrated_by_newer_code(self, unknown: Revisions) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"the database at {redact_password(self.url)} is at migration {revision_names(unknown)}, which this code does not have: it was migrated by newer code, so run that"
        )


async def _skip_reset(connection: object) -> None:
    """Reads change nothing in their session. To reset it would cost each read a second round trip."""
    del connection


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_SECONDS)
    except DRIVER_ERRORS:
        connection.terminate()


def redact_password(url: str) -> str:
    """The URL without its password, for messages."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return "DATABASE_URL"


@asynccontextmanager
async def open_database(settings: EngineSettings) -> AsyncGenerator[Database]:
    """The database of the settings, open. The embedded server starts with it and stops after it."""
    if settings.database_url is None:
        async with (
            embedded_server(settings.data_dir / "postgres") as url,
            _open(url, settings.pool_size) as database,
        ):
            yield database
        return
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable(
            "DATABASE_URL is not a URL like postgresql://user:password@host:5432/name"
        ) from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise DatabaseUnavailable(f"DATABASE_URL names {url.get_backend_name()}; only postgresql:// will do")
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with _open(plain, settings.pool_size) as database:
        yield database


@asynccontextmanager
async def _open(url: str, pool_size: int) -> AsyncGenerator[Database]:
    database = Database(url, pool=pool_size)
    await database.open()
    try:
        yield database
    finally:
        await database.close()
