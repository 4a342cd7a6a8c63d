"""An operation may be killed at any moment: one whole table stays live, and the next command finishes the work."""

import asyncio
import itertools
import random
import time
from signal import SIGKILL
from uuid import uuid4

import pytest

from app.engine.database.connections import Database
from tests.support.server import FORKS
from tests.support.toy_counter import Add, engine, request, tally
from tests.support.toy_rebuild import (
    FACTS,
    INSERT_FACTS,
    MARK,
    run_operation,
    run_operation_in_fork,
    whole_live_table,
)


async def killed(url: str, kind: str, seconds: float) -> bool:
    """Start the operation, and kill it after so long. False where it was done by then."""
    began = FORKS.Event()
    process = FORKS.Process(target=run_operation_in_fork, args=(url, kind, began))
    process.start()
    assert await asyncio.to_thread(began.wait, 30)
    await asyncio.sleep(seconds)
    process.kill()
    await asyncio.to_thread(process.join)
    ended = process.exitcode
    process.close()
    assert ended in (0, -SIGKILL)
    return ended == -SIGKILL


async def kill_operations(
    database: Database, url: str, rounds: int, strikes: int, chance: random.Random
) -> None:
    """Kill operations in turn, for so many rounds and until so many were under way when they were killed."""
    await database.pool.execute(INSERT_FACTS)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        await database.pool.execute("UPDATE read.tallies_v1 SET last = $1", MARK)
        began = time.monotonic()
        await run_operation(database, "rebuild")
        long = time.monotonic() - began
        await database.pool.execute(
            "DROP TABLE read_staging.tallies_v1; DELETE FROM es.checkpoints WHERE slot = 'staging'"
        )
        live, struck = "first", 0
        for turn in itertools.count():
            if turn >= rounds and struck >= strikes:
                break
            kind = ("rebuild", "verify", "promote", "rollback")[turn % 4]
            struck += await killed(url, kind, chance.uniform(0, 1.5 * long if kind == "rebuild" else 0.15))
            now = await whole_live_table(running)
            moves = kind in ("promote", "rollback")
            assert moves or now == live
            if now == live:
                # The next command finishes the work.
                await run_operation(database, kind)
            now = await whole_live_table(running)
            assert now != live if moves else now == live
            live = now
            outcome = await running.commands.execute(tally, uuid4(), Add(amount=1), request())
            await running.projector.wait_for_position("tallies", outcome.position, 10)  # type: ignore[union-attr]


async def test_a_kill_leaves_one_whole_live_table_and_the_next_command_finishes(
    database: Database, database_url: str
) -> None:
    await kill_operations(database, database_url, 4, 2, random.Random(4))


@pytest.mark.soak
async def test_twenty_kills_at_random_leave_one_whole_live_table(
    database: Database, database_url: str
) -> None:
    await kill_operations(database, database_url, 20, 10, random.Random())
