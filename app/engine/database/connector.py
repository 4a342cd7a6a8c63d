"""Opens sessions: finds the host that takes writes, and proves that what it opens is a session."""

import asyncio
import logging
from typing import Any

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS, DatabaseUnavailable, first_line
from app.engine.database.sessions import NotWritable, Session, SessionKind, SessionLimits
from app.engine.database.url import DatabaseUrl

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECONDS = 5.0
ENCODING = "UTF8"
_BLIND = (
    "the database role %s does not see its own sessions: lost answers and silent owners of leases are not found."
    " The login is another role. Execute: GRANT pg_read_all_stats, pg_signal_backend TO %s"
)


class Connector:
    """Opens sessions on the hosts of one URL. It begins with the host that took writes last."""

    def __init__(
        self, url: DatabaseUrl, limits: SessionLimits, application_name: str, *, accept_standby: bool = False
    ) -> None:
        self.url = url
        self.limits = limits
        self.application_name = url.params.get("application_name") or application_name
        self._accept_standby = accept_standby
        """Whether sessions that do not write may be on a standby, if no host takes writes."""
        self._dsn = url.dsn()
        self._first_host = 0
        seconds = float(url.params.get("connect_timeout", "0"))
        self._timeout = seconds or (
            CONNECT_TIMEOUT_SECONDS if len(url.hosts) == 1 else limits.host_timeout_seconds
        )
        """For one host, in seconds."""
        self._is_blind = False
        """Whether the log says that the role does not see its own sessions."""

    async def connect(self, kind: SessionKind, component: str = "") -> Session:
        """A new session; the caller closes it. Raises `NotWritable`, and the driver's errors.

        A session of kind WORK is on a server that takes writes. The others are, too, unless no host takes writes.
        """
        spare: Session | None = None
        refused: list[str] = []
        failure: BaseException | None = None
        count = len(self.url.hosts)
        for index in (offset % count for offset in range(self._first_host, self._first_host + count)):
            host, port = self.url.hosts[index]
            try:
                session = await self._connect_to(index, kind, component)
            except DRIVER_ERRORS as error:
                failure = error
                refused.append(f"{host}:{port} {first_line(error)}")
                continue
            if not session.is_read_only:
                self._first_host = index
                if spare is not None:
                    spare.terminate()
                return session
            refused.append(f"{host}:{port} is {'a standby' if session.in_recovery else 'read-only'}")
            accepted = kind is not SessionKind.WORK and (self._accept_standby or not session.in_recovery)
            if accepted and spare is None:
                spare = session
            else:
                session.terminate()
        if spare is not None:
            return spare
        if failure is not None and count == 1:
            raise failure
        raise NotWritable(f"no host takes writes: {', '.join(refused)}")

    async def prove_session(self) -> None:
        """Check that two transactions in a row are in the same session, and that the encoding is right.

        It sets nothing and holds nothing: behind a pooler all of that would stay on connections of others. Raises
        `DatabaseUnavailable`, and the driver's errors.
        """
        first = await self._plain()
        second: asyncpg.Connection | None = None
        try:
            encoding = first.get_settings().server_encoding
            if encoding != ENCODING:
                raise DatabaseUnavailable(
                    f"the database at {self.url.redacted()} has the encoding {encoding}: create it with ENCODING '{ENCODING}'"
                )
            pid = await self._pid_in_transaction(first)
            if pid == first.get_server_pid():
                # The driver was told the number of this very process at connect, so nothing is between.
                return
            second = await self._plain()
            # While a second transaction is open, a pooler in transaction mode gives the first client another process.
            await self._begin(second)
            other = await second.fetchval("SELECT pg_backend_pid()")
            if other == pid or await self._pid_in_transaction(first) != pid:
                raise self._pooled("transaction")
        finally:
            first.terminate()
            if second is not None:
                second.terminate()

    async def _connect_to(self, index: int, kind: SessionKind, component: str) -> Session:
        session = await self._open(index, Session)
        try:
            async with asyncio.timeout(self._timeout):
                await session.set_up(kind, self.limits, f"{self.application_name} {component}".strip())
                if session.backend_start is None and not self._is_blind:
                    self._is_blind = True
                    role = await session.fetchval("SELECT quote_ident(current_user)")
                    log.warning(_BLIND, role, role)
        except BaseException:
            session.terminate()
            raise
        return session

    async def _plain(self) -> asyncpg.Connection:
        """A connection without settings, on the first host that answers."""
        failure: BaseException | None = None
        for index in range(len(self.url.hosts)):
            try:
                return await self._open(index, asyncpg.Connection, statement_cache_size=0)
            except DRIVER_ERRORS as error:
                failure = error
        assert failure is not None
        raise failure

    async def _open[C: asyncpg.Connection](
        self, index: int, connection_class: type[C], *, statement_cache_size: int = 100
    ) -> C:
        host, port = self.url.hosts[index]
        connect: Any = asyncpg.connect
        return await connect(
            self._dsn,
            host=host,
            port=port,
            timeout=self._timeout,
            target_session_attrs="any",
            connection_class=connection_class,
            statement_cache_size=statement_cache_size,
        )

    async def _begin(self, connection: asyncpg.Connection) -> None:
        try:
            await connection.execute("BEGIN", timeout=self._timeout)
        except (asyncpg.ProtocolViolationError, asyncpg.ConnectionDoesNotExistError) as error:
            # PgBouncer ends the connection with these words; PostgreSQL always begins a transaction.
            if "statement pooling" not in str(error):
                raise
            raise self._pooled("statement") from error

    async def _pid_in_transaction(self, connection: asyncpg.Connection) -> int:
        await self._begin(connection)
        pid: Any = await connection.fetchval("SELECT pg_backend_pid()", timeout=self._timeout)
        await connection.execute("ROLLBACK", timeout=self._timeout)
        return pid

    def _pooled(self, mode: str) -> DatabaseUnavailable:
        return DatabaseUnavailable(
            f"the database at {self.url.redacted()} is behind a pooler in {mode} mode, but leases and notifications need sessions."
            " Name the database itself, or use session mode"
        )
