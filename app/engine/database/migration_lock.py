"""The lock that lets one process migrate at a time. Every wait has a limit, and names who holds the lock."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS, DatabaseUnavailable, first_line
from app.engine.database.lock_attempts import LOCK_ERRORS
from app.engine.database.watch import HOLDER_COLUMNS, blockers, format_holder

log = logging.getLogger(__name__)

MIGRATION_LOCK_ID = 7_305_813_093
WAIT_SECONDS = 600.0
"""How long to wait for another migration, which may build an index on a large table."""
RETRY_INTERVAL_SECONDS = 0.25
FIRST_REPORT_SECONDS = 1.0
REPORT_INTERVAL_SECONDS = 10.0
LOOK_INTERVAL_SECONDS = 0.25
"""How often to look for what the migration waits for. It waits for a second at a time."""


async def migration_lock(
    connection: asyncpg.Connection, name: str, wait_seconds: float = WAIT_SECONDS
) -> None:
    """Hold the lock until the connection ends. `name` names the database. Raises `DatabaseUnavailable` after the wait."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    next_report = began + FIRST_REPORT_SECONDS
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", MIGRATION_LOCK_ID):
        waited = loop.time() - began
        if waited >= wait_seconds:
            raise DatabaseUnavailable(
                f"the database at {name} has been migrated by another process for {waited:.0f} s: its lock is {await _holder(connection)}"
            )
        if loop.time() >= next_report:
            next_report = loop.time() + REPORT_INTERVAL_SECONDS
            log.warning(
                "waiting for another migration since %.0f s: its lock is %s",
                waited,
                await _holder(connection),
            )
        await asyncio.sleep(min(RETRY_INTERVAL_SECONDS, wait_seconds))


@asynccontextmanager
async def report_lock_waits(connection: asyncpg.Connection, name: str) -> AsyncGenerator[list[int]]:
    """Log what the migration waits for. The caller keeps the number of its server process in the list.

    Raises `DatabaseUnavailable`, with the last known holder, if a lock was not there in time.
    """
    pids: list[int] = []
    holder = ["held by an unknown process"]
    task = asyncio.create_task(_report(connection, pids, holder))
    try:
        yield pids
    except LOCK_ERRORS as error:
        raise DatabaseUnavailable(
            f"the database at {name} is not migrated: {first_line(error)}; the lock was {holder[0]}. Nothing has changed: end that, and migrate again"
        ) from error
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, *DRIVER_ERRORS):
            await task


async def _report(connection: asyncpg.Connection, pids: list[int], holder: list[str]) -> None:
    next_report = 0.0
    while True:
        await asyncio.sleep(LOOK_INTERVAL_SECONDS)
        waiting = await connection.fetchval(_SELECT_WAITING, pids)
        if waiting is not None:
            # The wait may end between the two statements. Then the holder of before is still the one to name.
            holder[0] = await blockers(connection, waiting) or holder[0]
            now = asyncio.get_running_loop().time()
            if now >= next_report:
                next_report = now + REPORT_INTERVAL_SECONDS
                log.warning("the migration waits for a lock: %s", holder[0])


async def _holder(connection: asyncpg.Connection) -> str:
    record = await connection.fetchrow(_SELECT_HOLDER, MIGRATION_LOCK_ID)
    return "free now" if record is None else format_holder(record)


_SELECT_WAITING = "SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1) AND wait_event_type = 'Lock' LIMIT 1"
_SELECT_HOLDER = f"""
    SELECT {HOLDER_COLUMNS} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = $1
    LIMIT 1
"""
