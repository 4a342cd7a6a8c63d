"""An operation may be killed at any moment: there is always one whole live table, and the next command finishes the work."""

import asyncio
import random
import time
from typing import Any
from uuid import uuid4

import pytest

from app.engine.database.connections import Database, open_database
from app.engine.projector.rebuild import bulk_load as bulk
from app.engine.projector.rebuild.compare import verify
from app.engine.projector.rebuild.operation import start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.rebuild.swap import promote, rollback
from app.engine.projector.slots import RETIRING, SCHEMAS
from app.engine.store.codec import EventCodec
from app.settings import Settings
from tests.conftest import FORKS
from tests.support.scenarios import fold_all
from tests.support.toy_counter import Add, Engine, TallyRow, engine, request, tallies, tally

STREAMS = 300
FACTS = 6_000
PAGE = 150
MARK = "the table that was live at first"
codec = EventCodec([tally])

STORED = f"""
    INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
    SELECT n, 'tally', lpad(to_hex(n % {STREAMS}), 32, '0')::uuid, n / {STREAMS} + 1, 'tally.added', 1, '{{"amount": 1}}',
           gen_random_uuid(), gen_random_uuid(), 'x', now(), now()
    FROM generate_series(1, {FACTS}) AS n
"""


async def operate(database: Database, kind: str) -> None:
    """One operation, as the command line does it."""
    if kind == "rebuild":
        await rebuild(database, codec, [tallies], stage=True, page=PAGE)
        return
    async with start_operation(database, codec, [tallies]) as work:
        match kind:
            case "verify":
                await verify(work, tallies)
            case "promote":
                await promote(work, tallies, accept_differences=True)
            case _:
                await rollback(work, tallies)


def child(url: str, kind: str, began: Any) -> None:
    """The same in a process of its own, with a checkpoint after every page."""

    async def run() -> None:
        async with open_database(Settings(database_url=url, pool_size=1)) as database:
            began.set()
            await operate(database, kind)

    bulk.FLUSH_INTERVAL_SECONDS = 0
    asyncio.run(run())


async def killed(url: str, kind: str, seconds: float) -> bool:
    """Start the operation, and kill it after so long. False where it was done by then."""
    began = FORKS.Event()
    process = FORKS.Process(target=child, args=(url, kind, began))
    process.start()
    assert await asyncio.to_thread(began.wait, 30)
    await asyncio.sleep(seconds)
    process.kill()
    await asyncio.to_thread(process.join)
    ended = process.exitcode
    process.close()
    return ended != 0


async def whole(running: Engine) -> str:
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


async def survives(database: Database, url: str, rounds: int, chance: random.Random) -> int:
    """Kill operations in turn; gives how many were under way when they were killed."""
    await database.pool.execute(STORED)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        await database.pool.execute("UPDATE read.tallies_v1 SET last = $1", MARK)
        began = time.monotonic()
        await operate(database, "rebuild")
        long = time.monotonic() - began
        await database.pool.execute(
            "DROP TABLE read_staging.tallies_v1; DELETE FROM es.checkpoints WHERE slot = 'staging'"
        )
        live, struck = "first", 0
        for turn in range(rounds):
            kind = ("rebuild", "verify", "promote", "rollback")[turn % 4]
            struck += await killed(url, kind, chance.uniform(0, 1.5 * long if kind == "rebuild" else 0.15))
            now = await whole(running)
            moves = kind in ("promote", "rollback")
            assert moves or now == live
            if now == live:
                # The next command finishes the work.
                await operate(database, kind)
            now = await whole(running)
            assert now != live if moves else now == live
            live = now
            outcome = await running.commands.execute(tally, uuid4(), Add(amount=1), request())
            await running.projector.wait_for_position("tallies", outcome.position, 10)  # type: ignore[union-attr]
        return struck


async def test_a_kill_leaves_one_whole_live_table_and_the_next_command_finishes(
    database: Database, database_url: str
) -> None:
    assert await survives(database, database_url, 4, random.Random(4)) >= 2


@pytest.mark.soak
async def test_twenty_kills_at_random_leave_one_whole_live_table(
    database: Database, database_url: str
) -> None:
    assert await survives(database, database_url, 20, random.Random()) >= 10
