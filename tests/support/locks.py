"""Locks on tables, for tests of operations that wait."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from tests.support.databases import as_superuser


class Lock:
    """A lock on a table, which readers of the table wait for."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def waiting(self) -> int:
        """How many reads of servers wait for a lock. Their projectors and processes may wait for it too, and do not count."""
        # The transaction would not see sessions that are newer than its first look.
        await self._connection.execute("SELECT pg_stat_clear_snapshot()")
        [record] = await self._connection.fetch(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock' AND application_name LIKE '% reads'"
        )
        return record["count"]

    async def until_waiting(self, number: int) -> None:
        async with asyncio.timeout(60):
            while await self.waiting() != number:  # noqa: ASYNC110 - PostgreSQL tells by being asked
                await asyncio.sleep(0.02)


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncGenerator[Lock]:
    """A lock on this table, by a superuser: the role of a server must not lock every table."""
    connection = await asyncpg.connect(as_superuser(url))
    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield Lock(connection)
    finally:
        await connection.close()
