"""The database: the embedded server or the one that DATABASE_URL names, its connections, and its migrations."""

import logging
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import Select

from app.engine.database.collations import Collations, find_collations
from app.engine.database.connector import Connector
from app.engine.database.embedded import embedded_server
from app.engine.database.errors import (
    DRIVER_ERRORS,
    DatabaseUnavailable,
    first_line,
    is_connection_error,
    is_database_failure,
)
from app.engine.database.migration_lock import migration_lock, report_lock_waits
from app.engine.database.migrations import (
    Revisions,
    current_revisions,
    head_revisions,
    revision_names,
    unknown_revisions,
    upgrade,
)
from app.engine.database.pool_reads import PoolReads, PoolWaits
from app.engine.database.sessions import Session, SessionKind, SessionLimits
from app.engine.database.statements import StatementCache
from app.engine.database.url import DatabaseUrl
from app.engine.database.watch import SessionWatch
from app.engine.settings import EngineSettings
from app.engine.shares import FairSlots

log = logging.getLogger(__name__)

type Connect = Callable[[], Awaitable[asyncpg.Connection]]
type AnyConnection = asyncpg.Connection | PoolConnectionProxy

MIN_POSTGRES_VERSION = 16
MAX_READ_ATTEMPTS = 4
"""A read is attempted this often before the error of its broken connection is raised."""
CLOSE_TIMEOUT_SECONDS = 2.0
DEFAULT_APPLICATION_NAME = "app"


class RowsLost(ConnectionError):
    """The database has crashed and lost the newest rows of read models; they are folded again."""


async def retry_read[T](read: Callable[[], Awaitable[T]]) -> T:
    """The result of a read, repeated if its connection breaks: a read has no effect that could happen twice."""
    for _ in range(MAX_READ_ATTEMPTS - 1):
        try:
            return await read()
        except DRIVER_ERRORS as error:
            if not is_connection_error(error) or isinstance(error, TimeoutError):
                raise
    return await read()


@dataclass(slots=True)
class _Losses:
    count: int = 0


class Database:
    """Connections to one PostgreSQL database: a pool for reads, and single ones for workers.

    `limits` says how fast a dead connection ends. `application_name` is what PostgreSQL shows of each session, followed by
    its component. With `accept_standby`, sessions that do not write may be on a standby.
    """

    def __init__(
        self,
        url: str,
        *,
        pool: int = 8,
        limits: SessionLimits | None = None,
        application_name: str = DEFAULT_APPLICATION_NAME,
        accept_standby: bool = False,
    ) -> None:
        self.url = url
        self.limits = limits or SessionLimits()
        self._connector = Connector(
            DatabaseUrl.parse(url), self.limits, application_name, accept_standby=accept_standby
        )
        self._watch = SessionWatch(
            self.limits,
            partial(self._connector.connect, SessionKind.WORK, "watch"),
            self._connector.url.hosts,
        )
        self._pool_size = pool
        self._pool: asyncpg.Pool | None = None
        self._statements = StatementCache()
        self.collations = Collations()
        """The collations of the server, known once the database is open."""
        self.on_read_connection: Callable[[Session], Awaitable[None]] | None = None
        """Called with each new connection of the pool, before it is used."""
        self._losses = _Losses()
        self.lost_sessions: Counter[str] = Counter()
        """How often work was interrupted because its session was lost, by its lease or component."""
        # One connection stays for reads of no caller. A caller has at most half, so that it holds up no other one.
        self._all_slots = FairSlots(max(1, pool - 1), max(1, pool // 2))
        self.pool_waits = PoolWaits()
        """The waits of `reads`, of all callers."""
        self._reads: PoolReads | None = None
        self.caller = ""
        """Whose turns its reads take. Empty if they take none."""

    def for_caller(self, caller: str) -> "Database":
        """The same database, whose reads take turns with those of other callers."""
        database = copy(self)
        database.caller = caller
        database._reads = PoolReads(self.pool, self._all_slots.of(caller), self.pool_waits)
        return database

    @property
    def waits_for_turn(self) -> bool:
        """Whether a read of this caller waits for its turn."""
        return self._all_slots.is_awaited_by(self.caller)

    @property
    def losses(self) -> int:
        """How often the database was found to have lost committed rows of read models."""
        return self._losses.count

    def note_loss(self) -> None:
        """The database has lost committed rows of read models. Reads that have begun raise `RowsLost`."""
        self._losses.count += 1

    async def connect(self, kind: SessionKind = SessionKind.WORK, component: str = "") -> Session:
        """A new session; the caller closes it. Its statements end if the server does not work for it any more.

        Raises `NotWritable`, an OSError, if no host takes writes, and the driver's errors.
        """
        session = await self._connector.connect(kind, component)
        if kind is not SessionKind.TASK:
            self._watch.add(session)
        return session

    @asynccontextmanager
    async def connection(
        self, kind: SessionKind = SessionKind.WORK, component: str = ""
    ) -> AsyncGenerator[Session]:
        """A connection outside the pool, for a worker that holds a lease or settings of its own."""
        connection = await self.connect(kind, component)
        try:
            with self.count_loss(connection, component):
                yield connection
        finally:
            # The server releases the leases of the connection before it confirms the end.
            await _close(connection)

    @contextmanager
    def count_loss(self, session: Session, component: str = "") -> Generator[None]:
        """Count the session in `lost_sessions` if its work ends because it is lost."""
        try:
            yield
        except DRIVER_ERRORS as error:
            if is_connection_error(error) and (name := session.lease or component):
                self.lost_sessions[name] += 1
            raise

    @property
    def pool(self) -> asyncpg.Pool:
        """For reads, each a statement on its own: a transaction around one costs two more round trips."""
        assert self._pool is not None, "the database is not open"
        return self._pool

    @property
    def reads(self) -> PoolReads:
        """The pool with the turns of this caller, for each read that a caller waits for. A database of no caller has no turns."""
        assert self._reads is not None, "the database is not open"
        return self._reads

    def render(self, query: Select[Any]) -> tuple[str, Sequence[Any]]:
        """The SQL text of a query, and the values of its parameters."""
        sql, params = self._statements.render(query)
        return self.collations.adapt(sql), params

    async def fetch(self, query: Select[Any]) -> Sequence[asyncpg.Record]:
        """The records of a query; jsonb columns are text."""
        sql, params = self.render(query)
        return await self.fetch_sql(sql, *params)

    async def fetch_sql(self, sql: str, *params: object) -> Sequence[asyncpg.Record]:
        """The records of a statement that reads read models. Raises `RowsLost`."""
        # Before the turn: the caller has waited for rows that may be lost until then.
        losses = self.losses
        records = await retry_read(partial(self.reads.fetch, sql, *params))
        if self.losses != losses:
            raise RowsLost(RowsLost.__doc__)
        return records

    async def open(self) -> None:
        """Connect, and check the server: its sessions, encoding and version. Raises `DatabaseUnavailable`."""
        try:
            await self._connector.prove_session()
            self._pool = await asyncpg.create_pool(
                min_size=1,
                max_size=self._pool_size,
                connect=self._connect_for_pool,
                connection_class=Session,
                reset=_skip_reset,
            )
            self._reads = PoolReads(self._pool, nullcontext(), self.pool_waits)
            version = int(await self._pool.fetchval("SHOW server_version_num")) // 10_000
            self.collations = await find_collations(self._pool)
        except (*DRIVER_ERRORS, ValueError) as error:
            await self.close()
            raise DatabaseUnavailable(
                f"the database at {self._connector.url.redacted()} does not answer: {first_line(error)}"
            ) from error
        if version < MIN_POSTGRES_VERSION:
            await self.close()
            raise DatabaseUnavailable(
                f"the database at {self._connector.url.redacted()} is PostgreSQL {version}; {MIN_POSTGRES_VERSION} or newer is needed"
            )

    async def _connect_for_pool(self, *_: object, **__: object) -> Session:
        session = await self.connect(SessionKind.READ, "reads")
        if self.on_read_connection is not None:
            try:
                await self.on_read_connection(session)
            except BaseException:
                session.terminate()
                raise
        return session

    async def close(self) -> None:
        """End the connections of the pool. Other connections are not watched any more."""
        await self._watch.stop()
        if self._pool is not None:
            self._pool.terminate()

    async def migrate(self) -> tuple[Revisions, Revisions]:
        """Bring the schema to the newest revisions. Several processes may do so at once. Returns (before, after)."""
        with self.translate_errors():
            async with self.connection(SessionKind.TASK, "migration lock") as connection:
                await migration_lock(connection, self._connector.url.redacted())
                before = await current_revisions(connection)
                if unknown := unknown_revisions(before):
                    raise self._migrated_by_newer_code(unknown)
                if before == head_revisions():
                    return before, before
                await connection.execute("CREATE SCHEMA IF NOT EXISTS es")
                async with report_lock_waits(connection, self._connector.url.redacted()) as watched:

                    async def connect() -> Session:
                        session = await self.connect(SessionKind.TASK, "migration")
                        watched[:] = [session.pid]
                        return session

                    await upgrade(connect)
                return before, await current_revisions(connection)

    async def check_migrated(self) -> None:
        """Raises `DatabaseUnavailable` if migrations are missing, or if newer code has added some."""
        with self.translate_errors():
            async with self.connection(SessionKind.READ, "check of the migrations") as connection:
                current = await current_revisions(connection)
        if unknown := unknown_revisions(current):
            raise self._migrated_by_newer_code(unknown)
        if current != head_revisions():
            raise DatabaseUnavailable(
                f"the database at {self._connector.url.redacted()} is at migration {revision_names(current)}, the code at {revision_names(head_revisions())}: run python -m app migrate"
            )

    @contextmanager
    def translate_errors(self) -> Generator[None]:
        """For what a start depends on: a missing right, or a database that fails, raises `DatabaseUnavailable`."""
        try:
            yield
        except (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError) as error:
            raise DatabaseUnavailable(
                f"the database at {self._connector.url.redacted()} refuses this role: {error}"
            ) from error
        except DRIVER_ERRORS as error:
            if not is_database_failure(error):
                raise
            raise DatabaseUnavailable(
                f"the database at {self._connector.url.redacted()} fails: {first_line(error)}"
            ) from error

    def _migrated_by_newer_code(self, unknown: Revisions) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"the database at {self._connector.url.redacted()} is at migration {revision_names(unknown)}, which this code does not have. Newer code migrated it: run that"
        )


async def _skip_reset(connection: object) -> None:
    """Reads change nothing in their session. To reset it would cost each read a second round trip."""
    del connection


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_SECONDS)
    except DRIVER_ERRORS:
        connection.terminate()


@asynccontextmanager
async def open_database(
    settings: EngineSettings, *, accept_standby: bool = False
) -> AsyncGenerator[Database]:
    """The database of the settings, open. The embedded server starts with it and stops after it."""
    if settings.database_url is None:
        async with (
            embedded_server(settings.data_dir / "postgres") as url,
            _open(url, settings, accept_standby=accept_standby) as database,
        ):
            yield database
        return
    async with _open(settings.database_url, settings, accept_standby=accept_standby) as database:
        yield database


@asynccontextmanager
async def _open(url: str, settings: EngineSettings, *, accept_standby: bool) -> AsyncGenerator[Database]:
    database = Database(
        url,
        pool=settings.pool_size,
        limits=SessionLimits(settings.failover_seconds),
        application_name=settings.application_name,
        accept_standby=accept_standby,
    )
    await database.open()
    try:
        yield database
    finally:
        await database.close()
