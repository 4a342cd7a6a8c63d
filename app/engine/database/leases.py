"""One owner for each piece of work among all processes: a lease is an advisory lock.

The connection that does the work holds the lock. A process that loses the connection loses the lock with it. The server
ends the connection of a process that is gone or frozen: see `app/engine/database/sessions.py`.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable

import asyncpg

from app.engine.database.sessions import Session, shorten
from app.engine.database.watch import HOLDER_COLUMNS, TERMINATE, format_holder

log = logging.getLogger(__name__)

LOCK_HASH_SEED = 7_305_813_094
"""The second half of every lock's name; the first is the name of the work."""

ACQUIRE_INTERVAL_SECONDS = 0.25
"""How often a process that does not own the work tries to acquire its lease."""

REPORT_AFTER_SECONDS = 5.0
"""After this long a process says in its log who owns the work that it waits for."""

_TRY_LOCK = f"SELECT pg_try_advisory_lock(hashtextextended($1, {LOCK_HASH_SEED}))"
_SET_NAME = "SELECT set_config('application_name', $1, false)"
_UNLOCK = f"SELECT pg_advisory_unlock(hashtextextended($1, {LOCK_HASH_SEED}))"


class LeaseLost(Exception):
    """Another process owns the work now."""


class Lease:
    """The ownership of one piece of work by one connection."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name
        self._silent: asyncpg.Record | None = None
        """The session that owned the work at the last look, if the server waited for its next message.

        The record also says how far a COPY of that session was.
        """
        self._silent_since = 0.0
        if isinstance(connection, Session):
            connection.lease = name

    async def acquire(self, closed: Callable[[], bool]) -> bool:
        """Wait until this connection owns the work. False if `closed` returns true first. The log names the owner once."""
        time = asyncio.get_running_loop().time
        report_at: float | None = time() + REPORT_AFTER_SECONDS
        look_at = 0.0
        while not closed():
            if await self.try_acquire():
                return True
            if isinstance(self._connection, Session) and time() >= look_at:
                look_at = time() + self._connection.dead_seconds / 4
                await self._end_silent_holder(self._connection)
            if report_at is not None and time() >= report_at:
                report_at = None
                log.info(
                    "%s: waiting for the lease, %s", self._name, await self.holder() or "which is free now"
                )
            await asyncio.sleep(ACQUIRE_INTERVAL_SECONDS)
        return False

    async def try_acquire(self) -> bool:
        """Own the work now, or return False. A connection may acquire a lease twice, and then has to release it twice."""
        is_owner = bool(await self._connection.fetchval(_TRY_LOCK, self._name))
        if is_owner and isinstance(self._connection, Session):
            # PostgreSQL shows who owns the work.
            await self._connection.execute(_SET_NAME, shorten(self._connection.label))
        return is_owner

    async def _end_silent_holder(self, session: Session) -> None:
        """End the session that owns the work, if the server has waited for its next message for too long.

        PostgreSQL does so itself between two statements. It sets no limit between the parse and the execution of a statement,
        or between the rows of a COPY.
        """
        now = asyncio.get_running_loop().time()
        record = await session.fetchrow(_SELECT_SILENT, self._name)
        if record is None or record != self._silent:
            self._silent, self._silent_since = record, now
        elif now - self._silent_since >= session.dead_seconds:
            log.warning(
                "%s: its owner is silent in the middle of a statement and its session is ended: %s",
                self._name,
                format_holder(record),
            )
            await session.execute(TERMINATE, record["pid"], record["backend_start"])

    async def holder(self) -> str | None:
        """The session that owns the work, as text; None if no session does."""
        record = await self._connection.fetchrow(_SELECT_HOLDER, self._name)
        return None if record is None else format_holder(record)

    async def release(self) -> None:
        """Let others own the work."""
        await self._connection.execute(_UNLOCK, self._name)


def process_name() -> str:
    """The name of this process as an owner. Not a constant: a process may fork after the import of this module."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_held_sql(name: str) -> str:
    """An SQL condition: whether some process owns the work whose name is the SQL expression `name`."""
    return f"EXISTS (SELECT FROM pg_locks l WHERE {_is_lease(name)})"


def _is_lease(name: str) -> str:
    return f"""
        l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended({name}, {LOCK_HASH_SEED})
    """


_SELECT_HOLDER = f"""
    SELECT {HOLDER_COLUMNS} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE {_is_lease("$1")} LIMIT 1
"""
_SELECT_SILENT = f"""
    SELECT {HOLDER_COLUMNS}, a.backend_start, a.state_change, c.bytes_processed
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_stat_progress_copy c ON c.pid = a.pid
    WHERE {_is_lease("$1")} AND a.state = 'active' AND a.wait_event = 'ClientRead' LIMIT 1
"""
