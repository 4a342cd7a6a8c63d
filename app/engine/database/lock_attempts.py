"""Takes locks of tables that servers use. All later reads and appends of a table wait behind one that waits for its lock.

So an attempt waits for a short time only. Then it is rolled back, the others have the table, and it begins again.
"""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

LOCK_TIMEOUT_SECONDS = 1.0
"""How long an attempt waits for a lock, and others behind it."""
PAUSE_SECONDS = 2.0
"""How long the others have the tables before the next attempt."""
MAX_WAIT_SECONDS = 60.0
"""How long it is tried again."""
LOCK_ERRORS = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError)
"""Others hold what is to be locked: a new attempt may succeed."""


def lock_timeout_sql() -> str:
    """The statement with which the transaction of an attempt begins."""
    return f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS}s'"


async def retry_locked(attempt: Callable[[], Awaitable[None]]) -> None:
    """Make attempts, each a transaction, until one gets its locks. Raises one of `LOCK_ERRORS` after `MAX_WAIT_SECONDS`."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + MAX_WAIT_SECONDS
    while True:
        try:
            await attempt()
        except LOCK_ERRORS:
            if loop.time() + PAUSE_SECONDS > deadline:
                raise
        else:
            return
        await asyncio.sleep(PAUSE_SECONDS)
