"""A log of one toy projection and the operations on it, as tests of interrupted rebuilds run them."""

import asyncio
from multiprocessing.synchronize import Event

from app.engine.database.connections import Database, open_database
from app.engine.projector.rebuild import bulk_load
from app.engine.projector.rebuild.compare import verify
from app.engine.projector.rebuild.operation import start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.rebuild.swap import promote, rollback
from app.engine.projector.slots import RETIRING, SCHEMAS
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from tests.support.scenarios import fold_all
from tests.support.toy_counter import Engine, TallyRow, tallies, tally

STREAMS = 300
FACTS = 6_000
PAGE_SIZE = 150
MARK = "the table that was live at first"
codec = EventCodec([tally])

INSERT_FACTS = f"""
    INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
    SELECT n, 'tally', lpad(to_hex(n % {STREAMS}), 32, '0')::uuid, n / {STREAMS} + 1, 'tally.added', 1, '{{"amount": 1}}',
           gen_random_uuid(), gen_random_uuid(), 'x', now(), now()
    FROM generate_series(1, {FACTS}) AS n
"""


async def run_operation(database: Database, kind: str) -> None:
    """One operation, as the command line does it."""
    if kind == "rebuild":
        await rebuild(database, codec, [tallies], stage=True, page=PAGE_SIZE)
        return
    async with start_operation(database, codec, [tallies]) as work:
        match kind:
            case "verify":
                await verify(work, tallies)
            case "promote":
                await promote(work, tallies, accept_differences=True)
            case _:
                await rollback(work, tallies)


def run_operation_in_fork(url: str, kind: str, began: Event) -> None:
    """The same in a process of its own, with a checkpoint after every page."""

    async def run() -> None:
        async with open_database(EngineSettings(database_url=url, pool_size=1)) as database:
            began.set()
            await run_operation(database, kind)

    bulk_load.FLUSH_INTERVAL_SECONDS = 0
    asyncio.run(run())


async def whole_live_table(running: Engine) -> str:
    """Checks that the live table is whole, and one of the two. Says which."""
    async with (
        running.database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read"),
    ):
        rows = await connection.fetch("SELECT * FROM read.tallies_v1")
        slots = dict(await connection.fetch("SELECT slot, position FROM es.checkpoints"))
        tables = {
            row["schemaname"]
            for row in await connection.fetch(
                "SELECT schemaname FROM pg_tables WHERE tablename = 'tallies_v1'"
            )
        }
        facts = await running.reader.read_all(0, 100_000, up_to=slots["live"])
        # A table that left for good has no checkpoint any more; the next swap removes it.
        assert tables - {SCHEMAS[RETIRING]} == {SCHEMAS[slot] for slot in slots}
    found = {
        (row["id"],): TallyRow(id=row["id"], sum=row["sum"], facts=row["facts"], notes=(), last=None)
        for row in rows
    }
    assert found == fold_all(tallies, facts)
    marked = sum(row["last"] == MARK for row in rows)
    assert marked in (0, STREAMS), "the live table is a mix of two"
    return "first" if marked else "second"
