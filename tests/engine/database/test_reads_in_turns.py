"""The reads of one caller take turns. What happens while a read waits for its turn counts for it."""

import asyncio

import pytest

from app.engine.database.connections import Database, RowsLost
from app.engine.database.pool_reads import PoolReads


async def test_a_read_that_waits_for_its_turn_while_rows_are_lost_misses_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller, turn = database.for_caller("ann"), asyncio.Lock()
    monkeypatch.setattr(caller, "_reads", PoolReads(database.pool, turn, database.pool_waits))
    async with turn:
        read = asyncio.create_task(caller.fetch_sql("SELECT 1"))
        await asyncio.sleep(0)
        database.note_loss()
    with pytest.raises(RowsLost):
        await read
    assert len(await caller.fetch_sql("SELECT 1")) == 1
