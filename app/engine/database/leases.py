"""One owner for each piece of work among all processes: an advisory lock, held by the connection that does the work.

Whoever loses the connection loses the lock with it, so an owner that died needs no time to be declared dead.
"""

import asyncio
import os
import socket
from collections.abc import Callable

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

LOCK_HASH_SEED = 7_305_813_094
"""The second half of every lock's name; the first is the name of the work."""

ACQUIRE_INTERVAL_SECONDS = 0.25
"""How often a process that does not own a piece of work asks for it."""

_RELEASE = text(f"SELECT pg_advisory_unlock(hashtextextended(:name, {LOCK_HASH_SEED}))")
_TRY = text(f"SELECT pg_try_advisory_lock(hashtextextended(:name, {LOCK_HASH_SEED}))")


def process_name() -> str:
    """What this process is called where it owns a piece of work. A process may be forked when all of this is imported."""
    return f"{socket.gethostname()}:{os.getpid()}"


async def acquire(connection: AsyncConnection, name: str, closed: Callable[[], bool]) -> bool:
    """Wait until this connection owns the work. False where `closed` said so first."""
    while not closed():
        if await try_acquire(connection, name):
            return True
        await asyncio.sleep(ACQUIRE_INTERVAL_SECONDS)
    return False


async def try_acquire(connection: AsyncConnection, name: str) -> bool:
    """Own the work now, or not. A connection may own a piece of work twice over: it is its own once more."""
    owned = (await connection.execute(_TRY, {"name": name})).scalar_one()
    await connection.commit()
    return owned


async def release(connection: AsyncConnection, name: str) -> None:
    """Let others own the work."""
    await connection.execute(_RELEASE, {"name": name})
    await connection.commit()


async def acquire_asyncpg(connection: asyncpg.Connection, name: str, closed: Callable[[], bool]) -> bool:
    """`claim` over the driver's own connection."""
    while not closed():
        if await connection.fetchval(
            f"SELECT pg_try_advisory_lock(hashtextextended($1, {LOCK_HASH_SEED}))", name
        ):
            return True
        await asyncio.sleep(ACQUIRE_INTERVAL_SECONDS)
    return False


def is_held_sql(name: str) -> str:
    """An SQL condition: whether some process owns the work whose name is the SQL expression `name`."""
    return f"""EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended({name}, {LOCK_HASH_SEED})
    )"""
