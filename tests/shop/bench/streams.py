"""Reading what is there: a long stream with and without its snapshot, and the whole log as `events check` does."""

import time
from uuid import UUID

from app.composition import application
from app.engine.database.connections import Database, open_database
from app.engine.store.check_log import PAGE_SIZE, check_log
from app.engine.store.load import load_aggregate
from app.engine.store.reader import EventReader
from app.engine.store.snapshots.reader import SnapshotReader
from app.engine.store.snapshots.writer import SnapshotWriter
from app.settings import Settings
from domain.product import product, product_id
from tests.bench.rounds import Bench

LONG = 100_000
SHORT = 100
BEHIND = 50
"""Facts after the newest snapshot: half of what may be there by default."""
ROUNDS = 7
SECONDS = 0.5

# A product that is registered, and gets stock ever after.
FILL = """
    INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
    SELECT (SELECT coalesce(max(position), 0) FROM es.events) + n, 'product', $1, n,
           CASE n WHEN 1 THEN 'product.registered' ELSE 'product.stock-received' END, 1,
           CASE n WHEN 1 THEN '{"sku": "TEA", "name": "Tea", "price": {"amount": "3.50", "currency": "EUR"}}' ELSE '{"quantity": 3}' END::jsonb,
           gen_random_uuid(), gen_random_uuid(), 'bench', now(), now()
    FROM generate_series(1, $2::integer) n
"""


async def filled(database: Database, sku: str, facts: int) -> UUID:
    stream = product_id(sku)
    await database.pool.execute(FILL, stream, facts)
    await database.pool.execute("ANALYZE es.events")
    return stream


async def long_streams(bench: Bench, url: str) -> None:
    async with open_database(Settings(database_url=url)) as database:
        short, long = await filled(database, "SHORT", SHORT), await filled(database, "LONG", LONG)
        reader = EventReader(database.pool, application.codec)
        snapshots = SnapshotReader(database.pool, reader, [product])
        snapshots.request(product, long, await load_aggregate(reader, product, long, version=LONG - BEHIND))
        await SnapshotWriter(database.pool, reader, snapshots).flush()

        async def loads(stream: UUID, snapshots: SnapshotReader | None) -> float:
            began, loaded = time.perf_counter(), 0
            while loaded == 0 or time.perf_counter() < began + SECONDS:
                found = await load_aggregate(reader, product, stream, snapshots=snapshots)
                assert found.version in (SHORT, LONG)
                loaded += 1
            return loaded / (time.perf_counter() - began)

        found = await bench.rates(
            "long streams",
            {
                "long": lambda: loads(long, snapshots),
                "short": lambda: loads(short, snapshots),
                "bare": lambda: loads(short, None),
                "folded": lambda: loads(long, None),
            },
            ROUNDS,
        )
        bench.ratio(
            f"load of {LONG:,} facts with a snapshot {BEHIND} facts ago vs of {SHORT} facts",
            found["long"],
            found["short"],
            "loads/s",
        )
        bench.ratio(
            f"load of {LONG:,} facts with a snapshot vs without", found["long"], found["folded"], "loads/s"
        )
        bench.ratio(
            f"load of {SHORT} facts that looks for a snapshot vs one that does not",
            found["short"],
            found["bare"],
            "loads/s",
        )


async def whole_log(bench: Bench, url: str) -> None:
    async with open_database(Settings(database_url=url)) as database:
        await filled(database, "LONG", LONG)
        codec = application.codec

        async def check() -> float:
            found = await check_log(database, codec)
            assert not found.unreadable
            return found.head / found.seconds

        async def bare() -> float:
            """The same rows, and nothing done with them."""
            began, at = time.perf_counter(), 0
            while at < LONG:
                rows = await database.pool.fetch(
                    "SELECT position, type, type_version, data FROM es.events WHERE position > $1 ORDER BY position LIMIT $2",
                    at,
                    PAGE_SIZE,
                )
                at = rows[-1]["position"]
            return LONG / (time.perf_counter() - began)

        found = await bench.rates("events check", {"check": check, "bare": bare}, ROUNDS)
        bench.ratio("events check vs fetching the same rows", found["check"], found["bare"], "events/s")
