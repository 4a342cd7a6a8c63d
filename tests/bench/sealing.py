"""The sealed log: what sealing costs those who append, and how fast a log is checked."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from statistics import median
from uuid import uuid4

from app.engine.audit.canonical import COLUMNS
from app.engine.audit.sealer import Sealer, newest
from app.engine.audit.verify_log import PAGE_SIZE, verify
from app.engine.commands import CommandHandler, open_command_handler
from app.engine.database.connections import Database, open_database
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader
from app.settings import Settings
from tests.bench.appends import CALLERS, execute, meter
from tests.bench.rounds import Bench

ROUNDS = 9
FACTS = 100_000

FILL = """
    INSERT INTO es.events
    SELECT n, 'order', ('00000000-0000-0000-0000-' || to_char(n % 5000, 'FM000000000000'))::uuid, n / 5000 + 1, 'order.line-added', 1,
           jsonb_build_object('sku', 'SKU-' || n % 900, 'quantity', n % 7 + 1, 'unit_price', jsonb_build_object('amount', '9.50', 'currency', 'EUR')),
           gen_random_uuid(), gen_random_uuid(), NULL, 'bench', now(), now()
    FROM generate_series(1, $1::integer) AS n
"""


@asynccontextmanager
async def engine(database: Database) -> AsyncGenerator[tuple[CommandHandler, Feed]]:
    """As a server has it: an appender, and a feed that reads what was appended."""
    codec = EventCodec((meter,))
    feed = Feed(EventReader(database.pool, codec))
    await feed.start()
    running = asyncio.create_task(feed.run())
    try:
        async with open_command_handler(database, codec, feed.publish) as commands:
            yield commands, feed
    finally:
        feed.close()
        await running


async def sealed_up(database: Database, feed: Feed) -> int:
    """Seal everything there is; how many facts that were."""
    sealer = Sealer(database, feed)
    async with database.connection() as connection:
        last = await newest(connection)
        began = reached = 0 if last is None else last.last
        while reached < feed.head:
            last = await sealer.seal(connection, last)
            reached = last.last
    return reached - began


async def during_appends(bench: Bench, url: str) -> None:
    """The same appends with the sealer running and without; what was not sealed in a round is sealed between rounds."""
    streams = [uuid4() for _ in range(CALLERS)]
    behind: list[int] = []
    async with open_database(Settings(database_url=url)) as database, engine(database) as (commands, feed):

        async def on() -> float:
            await sealed_up(database, feed)
            sealer = Sealer(database, feed)
            running = asyncio.create_task(sealer.run())
            rate = await execute(commands, streams)
            behind.append(feed.head - sealer.sealed)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return rate

        found = await bench.rates("sealing", {"on": on, "off": lambda: execute(commands, streams)}, ROUNDS)
    bench.ratio(f"append by {CALLERS} callers, sealing on vs off", found["on"], found["off"], "events/s")
    bench.say(f"    at the end of a round {median(behind[1:]):,.0f} facts were not sealed yet")


async def verifying(bench: Bench, url: str) -> None:
    async with open_database(Settings(database_url=url)) as database:
        await database.pool.execute(FILL, FACTS, timeout=120)
        feed = Feed(EventReader(database.pool, EventCodec(())))
        await feed.start()
        began = time.perf_counter()
        assert await sealed_up(database, feed) == FACTS
        sealing = FACTS / (time.perf_counter() - began)

        async def check() -> float:
            began = time.perf_counter()
            report = await verify(database)
            assert (report.facts, report.findings) == (FACTS, [])
            return FACTS / (time.perf_counter() - began)

        async def read() -> float:
            began = time.perf_counter()
            connection = await database.connect()
            async with connection.transaction():
                cursor = await connection.cursor(f"SELECT {COLUMNS} FROM es.events ORDER BY position")
                while await cursor.fetch(PAGE_SIZE):
                    pass
            await connection.close()
            return FACTS / (time.perf_counter() - began)

        found = await bench.rates("verify", {"verify": check, "read": read}, 3)
    bench.ratio("audit verify vs reading the same rows alone", found["verify"], found["read"], "events/s")
    bench.say(f"    a log that was never sealed is sealed at {sealing:,.0f} events/s")
