"""Takes locks of tables that servers use. All later reads and appends of a table wait behind one that waits for its lock.

So an attempt waits for a short time only. Then it is rolled back, the others have the table, and it begins again.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

LOCK_TIMEOUT_SECONDS = 2.0
"""How long an attempt waits for a lock, and others behind it. PostgreSQL ends a vacuum that is in the way only after its
`deadlock_timeout`, which is 1 s."""
PAUSE_SECONDS = 3.0
"""How long the others have the tables before the next attempt."""
MAX_ATTEMPTS = 12
"""How many times it is tried: for a minute, if an attempt does nothing but wait."""
LOCK_ERRORS = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""Others hold what is to be locked: a new attempt may succeed."""


def lock_timeout_sql() -> str:
    """The statement with which the transaction of an attempt begins."""
    return f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"


async def retry_locked(attempt: Callable[[], Awaitable[None]]) -> None:
    """Make attempts, each a transaction, until one gets its locks. Raises one of `LOCK_ERRORS` after `MAX_ATTEMPTS`."""
    for _ in range(MAX_ATTEMPTS - 1):
        try:
            await attempt()
        except LOCK_ERRORS:
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return
    await attempt()
