"""Sessions: what the code relies on in every connection, set and checked right after connect.

A pooler refuses start-up parameters that it does not know. A database or role may have defaults of its own. So a
session gets its settings by one statement after connect. The same statement tells whether the server takes writes.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import wraps
from typing import Any, Concatenate, cast

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS
from app.engine.outgoing import unacknowledged_bytes

MAX_APPLICATION_NAME_BYTES = 63
READ_LOCK_TIMEOUT_SECONDS = 15
READ_STATEMENT_TIMEOUT_SECONDS = 60
WORK_LOCK_TIMEOUT_SECONDS = 30
TASK_LOCK_TIMEOUT_SECONDS = 60
TRANSACTION_TIMEOUT_VERSION = 17
"""The first PostgreSQL that has `transaction_timeout`."""
PLANNER_SETTINGS = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
"""For a session that finds every row by its key. A plan made while the tables are small would scan them forever."""
CHECK_CLIENT_SQL = "SET client_connection_check_interval = {}"
"""How often PostgreSQL looks during a statement whether the client has gone, in milliseconds."""


class SessionKind(Enum):
    """What a session is for. It decides the limits of the session, and the servers that it accepts."""

    READ = "read"
    """A connection of the pool. It accepts a primary that is read-only, if no host takes writes."""
    WORK = "work"
    """A worker, an owner of a lease, the writer of the log, LISTEN. It ends if its process does not show signs of life."""
    TASK = "task"
    """One piece of work of an operator, such as a migration or an export. Its statements may take as long as they need."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The times that follow from `failover_seconds`: after that long, another owner works."""

    failover_seconds: float = 10.0

    @property
    def heartbeat_seconds(self) -> float:
        """How long a session of kind WORK is idle before it sends a statement."""
        return self.failover_seconds / 5

    @property
    def suspicion_seconds(self) -> float:
        """How long a statement runs before another connection asks the server about it."""
        return self.failover_seconds / 5

    @property
    def dead_seconds(self) -> float:
        """After that long without a sign of life both sides end the connection."""
        return self.failover_seconds * 0.7

    @property
    def host_timeout_seconds(self) -> float:
        """How long to wait for one host of several."""
        return max(1.0, self.failover_seconds / 4)

    @property
    def keepalive(self) -> Mapping[str, int]:
        """Idle time and interval in seconds, and count, of the probes of TCP."""
        return {
            "idle": max(1, round(self.failover_seconds / 5)),
            "interval": max(1, round(self.failover_seconds / 10)),
            "count": 5,
        }


class NotWritable(ConnectionError):
    """No host of DATABASE_URL takes writes."""


def session_settings(kind: SessionKind, limits: SessionLimits, version: int) -> Mapping[str, str]:
    """The settings of a session, on a server of this major version. Times are in milliseconds, those of TCP in seconds."""
    dead = str(round(limits.dead_seconds * 1000))
    is_work = kind is SessionKind.WORK
    lock_timeout, statement_timeout = {
        SessionKind.READ: (READ_LOCK_TIMEOUT_SECONDS, READ_STATEMENT_TIMEOUT_SECONDS),
        SessionKind.WORK: (WORK_LOCK_TIMEOUT_SECONDS, 0),
        SessionKind.TASK: (TASK_LOCK_TIMEOUT_SECONDS, 0),
    }[kind]
    return {
        "DateStyle": "ISO, MDY",
        "IntervalStyle": "postgres",
        "TimeZone": "UTC",
        "bytea_output": "hex",
        # A commit that did not wait for its standby is known by a warning alone.
        "client_min_messages": "warning",
        "default_transaction_deferrable": "off",
        "default_transaction_isolation": "read committed",
        "extra_float_digits": "1",
        "idle_in_transaction_session_timeout": dead
        if is_work
        else str(1000 * READ_STATEMENT_TIMEOUT_SECONDS)
        if kind is SessionKind.READ
        else "0",
        "idle_session_timeout": dead if is_work else "0",
        "jit": "off",
        "lock_timeout": str(1000 * lock_timeout),
        "search_path": "public",
        "statement_timeout": str(1000 * statement_timeout),
        "tcp_keepalives_count": str(limits.keepalive["count"]),
        "tcp_keepalives_idle": str(limits.keepalive["idle"]),
        "tcp_keepalives_interval": str(limits.keepalive["interval"]),
        "tcp_user_timeout": dead,
        "transform_null_equals": "off",
    } | ({"transaction_timeout": "0"} if version >= TRANSACTION_TIMEOUT_VERSION else {})


def set_up_sql(names: Mapping[str, str]) -> str:
    """The statement that sets these names, from parameter $2 on, and the application name, $1. It returns where the session is."""
    settings = ", ".join(f"set_config('{name}', ${index}, false)" for index, name in enumerate(names, 2))
    return f"""
        WITH settings AS MATERIALIZED (
            SELECT set_config('application_name', $1, false), {settings},
                -- A commit of the log waits at least for its own disk. A stricter value of the operator stays.
                set_config('synchronous_commit',
                    CASE WHEN current_setting('synchronous_commit') IN ('off', 'local') THEN 'on'
                    ELSE current_setting('synchronous_commit') END, false)
        )
        SELECT a.pid, a.backend_start, pg_is_in_recovery() AS in_recovery,
            current_setting('transaction_read_only')::boolean AS read_only
        FROM settings, pg_stat_get_activity(pg_backend_pid()) a
    """


_HEARTBEAT = """
    SELECT pg_backend_pid() AS pid, pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS read_only
"""


def _tracked[**P, T](
    method: Callable[Concatenate[Any, P], Awaitable[T]],
) -> Callable[Concatenate["Session", P], Awaitable[T]]:
    """The driver's method; the session knows since when it runs."""

    @wraps(method)
    async def run(self: "Session", *args: P.args, **kwargs: P.kwargs) -> T:
        if self.heartbeat is not None:
            # The driver takes one statement at a time.
            await asyncio.wait([self.heartbeat])
        outer, now = self.busy_since, self.time()
        self.busy_since = now if outer is None else outer
        try:
            return await method(self, *args, **kwargs)
        except asyncpg.ReadOnlySQLTransactionError:
            self.is_read_only = True
            raise
        finally:
            self.busy_since, self.idle_since = outer, self.time()

    return run


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """How far a statement had come to the server when that was last asked, and since when. `statement` is its `waiting_since`."""

    statement: float | None = None
    copied_bytes: int | None = None
    """What the server had of a COPY. None if it is none."""
    unacknowledged_bytes: int = 0
    since: float = 0.0

    @property
    def progress(self) -> tuple[bool, int, int]:
        """Equal if it has come no further. Each part is false if nothing is on the way."""
        return self.copied_bytes is not None, self.copied_bytes or 0, self.unacknowledged_bytes


def _until_lost[**P, T](
    method: Callable[Concatenate[Any, P], Awaitable[T]],
) -> Callable[Concatenate["Session", P], Awaitable[T]]:
    """The driver's method, which ends with the connection. The driver's COPY waits for room in the buffer of the socket, also
    after the connection is lost."""

    @wraps(method)
    async def run(self: "Session", *args: P.args, **kwargs: P.kwargs) -> T:
        lost = asyncio.Event()

        def on_lost(_: object) -> None:
            lost.set()

        self.add_termination_listener(on_lost)
        running, losing = (
            asyncio.ensure_future(method(self, *args, **kwargs)),
            asyncio.ensure_future(lost.wait()),
        )
        try:
            await asyncio.wait((running, losing), return_when=asyncio.FIRST_COMPLETED)
        finally:
            running.cancel()
            losing.cancel()
            # A cancelled statement takes its leave of the server.
            await asyncio.wait((running, losing))
            self.remove_termination_listener(on_lost)
        if lost.is_set() and (running.cancelled() or running.exception() is not None):
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return running.result()

    return run


class Session(asyncpg.Connection):
    """A connection with the settings of its kind. It knows how long its statement has run."""

    kind = SessionKind.TASK
    application_name = ""
    """What PostgreSQL shows of this session, without the lease that it holds."""
    lease = ""
    """The work that this session owns or waits for."""
    pid = 0
    """The server process behind the session; a pooler reports another number to the driver."""
    backend_start: datetime | None = None
    dead_seconds = 0.0
    """After that long without a sign of life the session ends."""
    in_recovery = False
    is_read_only = False
    """Whether the server took no writes when it was last asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time = asyncio.get_running_loop().time
        self.busy_since: float | None = None
        """When the statement began that runs now."""
        self.idle_since = self.time()
        self.heartbeat: asyncio.Task[None] | None = None
        self.reported_lock_of: float | None = None
        """The `waiting_since` of the statement whose wait for a lock was logged."""
        self.on_the_way = OnTheWay()

    execute = cast("Any", _tracked(asyncpg.Connection.execute))
    executemany = cast("Any", _tracked(asyncpg.Connection.executemany))
    fetch = cast("Any", _tracked(asyncpg.Connection.fetch))
    fetchmany = cast("Any", _tracked(asyncpg.Connection.fetchmany))
    fetchrow = cast("Any", _tracked(asyncpg.Connection.fetchrow))
    fetchval = cast("Any", _tracked(asyncpg.Connection.fetchval))
    copy_records_to_table = cast("Any", _tracked(_until_lost(asyncpg.Connection.copy_records_to_table)))

    @property
    def label(self) -> str:
        """The session, for the log."""
        return f"{self.application_name} {self.lease}".strip()

    @property
    def waiting_since(self) -> float | None:
        """Since when the session waits for an answer; None if it does not.

        The answer is to its statement, or to the cancellation of a statement that was given up.
        """
        if self.busy_since is not None:
            return self.busy_since
        is_cancelling = not self.is_closed() and self._protocol._is_cancelling()  # pyright: ignore[reportOptionalMemberAccess] - the driver has no public way to see this
        return self.idle_since if is_cancelling else None

    async def set_up(self, kind: SessionKind, limits: SessionLimits, application_name: str) -> None:
        """Make it a session of this kind."""
        self.kind, self.application_name = kind, application_name
        self.dead_seconds = limits.dead_seconds
        version = self.get_server_version().major
        settings = session_settings(kind, limits, version)
        self._keep_socket_alive(limits)
        [record] = await self.fetch(set_up_sql(settings), shorten(application_name), *settings.values())
        self.pid, self.backend_start = record["pid"], record["backend_start"]
        self.in_recovery = record["in_recovery"]
        self.is_read_only = record["read_only"] or self.in_recovery
        if kind is not SessionKind.READ:
            # Else the leases and locks of a process that is gone last until its statement ends.
            # PostgreSQL refuses the setting on platforms that cannot do this, such as Windows.
            with suppress(asyncpg.InvalidParameterValueError):
                await self.execute(CHECK_CLIENT_SQL.format(round(limits.heartbeat_seconds * 1000)))

    def start_heartbeat(self) -> None:
        """Send a statement, so that the server sees this process alive, and the process sees the server."""
        if self.heartbeat is None and not self.is_closed():
            self.heartbeat = asyncio.get_running_loop().create_task(self._beat())

    def has_become_read_only(self) -> bool:
        """What the server reported by itself, or answered last. False for a session that has ended."""
        if self.is_closed():
            return False
        reported = self.get_settings()
        return self.is_read_only or "on" in (
            getattr(reported, "in_hot_standby", "off"),
            getattr(reported, "default_transaction_read_only", "off"),
        )

    async def _beat(self) -> None:
        self.busy_since = self.time()
        try:
            record = await super().fetchrow(_HEARTBEAT)
            if record is not None:
                self.is_read_only = record["read_only"]
                if record["pid"] != self.pid:
                    # A pooler in transaction mode came between: what this session holds belongs to others.
                    self.terminate()
        except DRIVER_ERRORS:
            # A statement that fails inside a failed transaction is an answer; a broken connection tells its user.
            pass
        finally:
            self.heartbeat, self.busy_since, self.idle_since = None, None, self.time()

    def unacknowledged_bytes(self) -> int:
        """How much of what was sent has not arrived on the other side."""
        return unacknowledged_bytes(cast("asyncio.Transport", self._transport))

    def _keep_socket_alive(self, limits: SessionLimits) -> None:
        """The client's side of what `session_settings` asks of the server. An unacknowledged byte ends the connection, too."""
        sock = self._transport.get_extra_info("socket")  # pyright: ignore[reportAttributeAccessIssue] - the driver has no public way to its socket
        if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        options = {
            "TCP_KEEPIDLE": limits.keepalive["idle"],
            "TCP_KEEPINTVL": limits.keepalive["interval"],
            "TCP_KEEPCNT": limits.keepalive["count"],
            "TCP_USER_TIMEOUT": round(limits.dead_seconds * 1000),
        }
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in options.items():
                if hasattr(socket, name):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def shorten(name: str) -> str:
    """The name as PostgreSQL stores it: ASCII, and not longer than its limit."""
    return name.encode("ascii", "replace")[:MAX_APPLICATION_NAME_BYTES].decode()
