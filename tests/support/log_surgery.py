"""Does to the log what the engine never does: takes back, removes or damages events, as fail-over and restores do."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from tests.support.databases import as_superuser


@asynccontextmanager
async def unguarded(url: str) -> AsyncGenerator[asyncpg.Connection]:
    """A connection on which the triggers that guard the log do not fire."""
    connection: asyncpg.Connection = await asyncpg.connect(as_superuser(url))
    try:
        await connection.execute("SET session_replication_role = replica")
        yield connection
    finally:
        await connection.close()


async def rewind(url: str, position: int) -> None:
    """Take the log back to `position`, as a fail-over to a standby that lacked the events after it does."""
    async with unguarded(url) as connection, connection.transaction():
        await connection.execute("DELETE FROM es.events WHERE position > $1", position)
        await connection.execute("DELETE FROM es.commands WHERE last_position > $1", position)


async def terminate_sessions(url: str) -> None:
    """End all other sessions of the database, as a fail-over does, and return when they are gone."""
    connection: asyncpg.Connection = await asyncpg.connect(as_superuser(url))
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
