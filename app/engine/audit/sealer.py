"""Seals the log in the background: what was recorded is chained by hash, range after range, off the write path.

One process does it, the owner of the lease. It only reads what is committed, and never again touches a seal it made.
"""

import asyncio
import logging

import asyncpg

from app.engine.audit.canonical import (
    COLUMNS,
    GENESIS,
    SEALS,
    Seal,
    fact_from_row,
    fact_hash,
    leaf_prefixes,
    seal_hash,
    seal_of,
    timestamp_sql,
)
from app.engine.audit.merkle import root_of
from app.engine.backoff import Backoff
from app.engine.database.connections import Database
from app.engine.database.errors import error_summary, is_connection_error
from app.engine.database.leases import Lease, LeaseLost
from app.engine.store.feed import Feed, LogReplaced

log = logging.getLogger(__name__)

PAGE_SIZE = 500
"""Facts that are hashed without a pause: everything else in the process waits that long, 3 ms."""
MAX_PAUSE_SECONDS = 10.0
CHECK_INTERVAL_SECONDS = 5.0
"""How often an idle sealer checks that its newest seal still ends within the log."""


class Unsealable(Exception):
    """The log has a hole, or ends before its newest seal, so that something was removed."""


class Sealer:
    """Seals `facts` facts at a time; nothing if that is 0.

    It seals fewer when `seconds` have passed since it saw the first of them.
    """

    def __init__(self, database: Database, feed: Feed, *, facts: int = 1_000, seconds: float = 10.0) -> None:
        self.sealed = 0
        """The newest position that this process knows to be sealed."""
        self.error: str | None = None
        """Why this process, which owns the work, seals nothing. None if it does, or if it is not the owner."""
        self._database = database
        self._feed = feed
        self._facts = facts
        self._seconds = seconds

    async def run(self) -> None:
        """Own, hash, write; after a failure again, until the feed closes."""
        backoff = Backoff(0.05, MAX_PAUSE_SECONDS)
        while self._facts and not self._feed.closed:
            try:
                async with self._database.connection() as connection:
                    lease = Lease(connection, "seal")
                    if not await lease.try_acquire():
                        self.error = None
                        if not await lease.acquire(lambda: self._feed.closed):
                            return
                    last = await newest(connection)
                    while await self._due(connection, last):
                        last = await self.seal(connection, last)
                        backoff.reset()
                        self.error = None
            except Exception as error:
                # After any error nothing later is sealed. `audit verify` names it, and the log continues.
                summary = error_summary(error).splitlines()[0]
                if isinstance(error, LeaseLost | LogReplaced) or is_connection_error(error):
                    log.warning("seal: %s; trying again", summary)
                elif (stopped := _reason(error)) != self.error:
                    self.error = stopped
                    log.error(
                        "the log cannot be sealed: %s",
                        error,
                        exc_info=None if isinstance(error, Unsealable) else error,
                    )
                await backoff.sleep()

    async def _due(self, connection: asyncpg.Connection, last: Seal | None) -> bool:
        """Wait until a range above the seal `last` is full, or old enough. False if the feed has closed.

        Raises `Unsealable` if the log ends before the seal.
        """
        sealed = self.sealed = 0 if last is None else last.last
        while True:
            await _check_end(connection, sealed)
            self.error = None
            if await self._wait_past(sealed, CHECK_INTERVAL_SECONDS):
                break
        if not self._feed.closed:
            await self._wait_past(sealed + self._facts - 1, self._seconds)
        return not self._feed.closed

    async def _wait_past(self, position: int, seconds: float) -> bool:
        """Whether the log passes the position, or the feed closes, within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                await self._feed.wait_past(position)
        except TimeoutError:
            return False
        return True

    async def seal(self, connection: asyncpg.Connection, last: Seal | None) -> Seal:
        """Seal what follows the seal `last`, up to a full range. Raises `Unsealable` if a position is missing."""
        after, previous, number = (0, GENESIS, 1) if last is None else (last.last, last.hash, last.number + 1)
        upto = min(after + self._facts, self._feed.head)
        hashes: list[bytes] = []
        while (place := after + len(hashes)) < upto:
            rows = await connection.fetch(_SELECT_EVENTS, place, min(place + PAGE_SIZE, upto))
            for row in rows:
                place += 1
                if row["position"] != place:
                    break
                hashes.append(fact_hash(fact_from_row(row)))
            if not rows or rows[-1]["position"] != place:
                raise Unsealable(f"position {after + len(hashes) + 1} is missing")
        [[now]] = await connection.fetch(f"SELECT {timestamp_sql('clock_timestamp()')}")
        root = root_of(hashes)
        made = Seal(
            number=number,
            first=after + 1,
            last=upto,
            root=root,
            marks=leaf_prefixes(hashes),
            sealed_at=now,
            hash=seal_hash(previous, number, after + 1, upto, root, now),
        )
        done = await connection.fetchval(
            _INSERT_SEAL,
            made.number,
            made.first,
            made.last,
            made.root,
            made.marks,
            made.sealed_at,
            made.hash,
            None if last is None else last.hash,
        )
        if done is None:
            raise LeaseLost("another process has sealed in the meantime")
        return made


_SELECT_EVENTS = f"SELECT {COLUMNS} FROM es.events WHERE position > $1 AND position <= $2 ORDER BY position"

# Only after the seal that it was made to follow.
_INSERT_SEAL = """
    INSERT INTO es.seals (number, first_position, last_position, root, marks, sealed_at, hash)
    SELECT $1, $2, $3, $4, $5, $6::text::timestamptz, $7
    WHERE (SELECT hash FROM es.seals ORDER BY number DESC LIMIT 1) IS NOT DISTINCT FROM $8::bytea
    RETURNING number
"""


_SELECT_HEAD = "SELECT coalesce(max(position), 0) FROM es.events"


async def _check_end(connection: asyncpg.Connection, sealed: int) -> None:
    """Raises `Unsealable` if the log ends before position `sealed`."""
    [[head]] = await connection.fetch(_SELECT_HEAD)
    if head < sealed:
        raise Unsealable(
            f"the newest seal ends at position {sealed}, but the log ends at {head}. It was replaced by an older one: see python -m app audit verify"
        )


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, Unsealable) else error_summary(error).splitlines()[0]


async def newest(connection: asyncpg.Connection) -> Seal | None:
    """The newest seal."""
    row = await connection.fetchrow(f"SELECT {SEALS} FROM es.seals ORDER BY number DESC LIMIT 1")
    return None if row is None else seal_of(row)
