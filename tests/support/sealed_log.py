"""A log with seals for the tests of the audit"""

from uuid import UUID

from app.engine.audit.canonical import Seal
from app.engine.audit.sealer import Sealer, newest
from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader

STREAMS = 3
FILL = """
    INSERT INTO es.events
    SELECT n, 'tally', ('00000000-0000-0000-0000-0000000000' || to_char(n % $2, 'FM00'))::uuid, (n - 1) / $2 + 1, 'tally.added', 1,
           jsonb_build_object('amount', n, 'note', 'née "' || n || '"', 'price', 1.50, 'parts', jsonb_build_array(n, NULL, true)),
           ('00000000-0000-0000-0001-' || to_char(n, 'FM000000000000'))::uuid,
           ('00000000-0000-0000-0002-' || to_char(n / 4, 'FM000000000000'))::uuid,
           CASE WHEN n % 3 = 0 THEN n - 1 END, 'ann', timestamptz '2026-01-01 10:00Z' + n * interval '1.000001 s', timestamptz '2026-01-01 11:00Z' + n * interval '1 s'
    FROM generate_series((SELECT coalesce(max(position), 0) + 1 FROM es.events), $1::bigint) AS n
"""


def stream(number: int) -> UUID:
    return UUID(int=number)


def correlation(number: int) -> UUID:
    return UUID(f"00000000-0000-0000-0002-{number:012}")


async def fill(database: Database, upto: int) -> None:
    """Facts up to a position, dealt out to three streams."""
    await database.pool.execute(FILL, upto, STREAMS)


async def seal(database: Database, *, facts: int = 10, upto: int | None = None) -> Seal:
    """Seals over everything, or up to a position, as the sealer makes them."""
    feed = Feed(EventReader(database.pool, EventCodec([])))
    await feed.start()
    if upto is not None:
        feed.head = upto
    sealer = Sealer(database, feed, facts=facts)
    async with database.connection() as connection:
        last = await newest(connection)
        while last is None or last.last < feed.head:
            last = await sealer.seal(connection, last)
    return last


UNGUARD = "ALTER TABLE es.events DISABLE TRIGGER events_immutable; ALTER TABLE es.seals DISABLE TRIGGER seals_immutable"
GUARD = "ALTER TABLE es.events ENABLE TRIGGER events_immutable; ALTER TABLE es.seals ENABLE TRIGGER seals_immutable"


async def tamper(database: Database, change: str) -> None:
    """As a superuser does who changes what was recorded, and puts everything back in its place."""
    await database.pool.execute(f"{UNGUARD}; {change}; {GUARD}")
