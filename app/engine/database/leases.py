"""One owner for each piece of work among all processes: a lease is an advisory lock, held by the connection that does the work.

A process that loses the connection loses the lock with it. So no time-out is needed to declare an owner dead.
"""

import asyncio
import os
import socket
from collections.abc import Callable

import asyncpg

LOCK_HASH_SEED = 7_305_813_094
"""The second half of every lock's name; the first is the name of the work."""

ACQUIRE_INTERVAL_SECONDS = 0.25
"""How often a process that does not own the work tries to acquire its lease."""

_TRY_LOCK = f"SELECT pg_try_advisory_lock(hashtextextended($1, {LOCK_HASH_SEED}))"
_UNLOCK = f"SELECT pg_advisory_unlock(hashtextextended($1, {LOCK_HASH_SEED}))"


class LeaseLost(Exception):
    """Another process owns the work now."""


class Lease:
    """The ownership of one piece of work by one connection."""

    def __init__(self, connection: asyncpg.Connection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def acquire(self, closed: Callable[[], bool]) -> bool:
        """Wait until this connection owns the work. False if `closed` returns true first."""
        while not closed():
            if await self.try_acquire():
                return True
            await asyncio.sleep(ACQUIRE_INTERVAL_SECONDS)
        return False

    async def try_acquire(self) -> bool:
        """Own the work now, or return False. A connection may acquire a lease twice, and then has to release it twice."""
        return bool(await self._connection.fetchval(_TRY_LOCK, self._name))

    async def release(self) -> None:
        """Let others own the work."""
        await self._connection.execute(_UNLOCK, self._name)


def process_name() -> str:
    """The name of this process as an owner. Not a constant: a process may fork after the import of this module."""
    return f"{socket.gethostname()}:{os.getpid()}"


def is_held_sql(name: str) -> str:
    """An SQL condition: whether some process owns the work whose name is the SQL expression `name`."""
    return f"""EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended({name}, {LOCK_HASH_SEED})
    )"""
