"""A staging table equals the live table, takes its place in a moment, and gives it back."""

import asyncio
from uuid import uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.database.leases import process_name
from app.engine.projector.projector import Projector
from app.engine.projector.rebuild.compare import verify
from app.engine.projector.rebuild.operation import OperationRefused, start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.rebuild.swap import promote, rollback
from app.engine.projector.slots import FORMER
from app.engine.store.codec import EventCodec
from tests.support.row_history import same_at_every_position
from tests.support.toy_counter import (
    Add,
    Engine,
    Take,
    assert_table_equals_log,
    engine,
    request,
    table_rows,
    tallies,
    tally,
)

codec = EventCodec([tally])


async def some(running: Engine, streams: int = 20) -> None:
    commands = [Add(amount=3, note="a"), Add(amount=4), Take(amount=5)]
    given = [uuid4() for _ in range(streams)]
    for command in commands:
        await asyncio.gather(*(running.commands.execute(tally, each, command, request()) for each in given))
    await assert_table_equals_log(running)


async def test_a_rebuilt_table_equals_the_live_one_and_takes_its_place(database: Database) -> None:
    async with engine(database) as running:
        await some(running)
        before = await table_rows(running)
        [rebuilt] = await rebuild(database, codec, [tallies])
        comparison = rebuilt.comparison
        assert (comparison.equal, comparison.rows, comparison.position) == (True, 20, 60)
        assert await table_rows(running) == before
        # The owner of the live table keeps the new one current, too, also while there is nothing to write.
        owners = await database.pool.fetch(
            "SELECT slot, owner FROM es.checkpoints WHERE projection = 'tallies' AND slot IN ('live', 'former')"
        )
        assert dict(owners) == {"live": process_name(), "former": None}
        await assert_table_equals_log(running)
        await some(running)
        assert len(await table_rows(running)) == 40


async def test_a_difference_is_counted_and_shown_with_its_column(database: Database) -> None:
    async with engine(database) as running:
        await some(running, 5)
        broken = await database.pool.fetchval(
            "UPDATE read.tallies_v1 SET facts = 99 WHERE id = (SELECT id FROM read.tallies_v1 LIMIT 1) RETURNING id"
        )
        gone = await database.pool.fetchval(
            "DELETE FROM read.tallies_v1 WHERE id = (SELECT id FROM read.tallies_v1 WHERE facts = 3 LIMIT 1) RETURNING id"
        )
        [rebuilt] = await rebuild(database, codec, [tallies])
        comparison = rebuilt.comparison
        assert (
            comparison.equal,
            comparison.rows,
            comparison.differing,
            comparison.missing,
            comparison.extra,
        ) == (False, 5, 1, 0, 1)
        shown = {example.key["id"]: example for example in comparison.examples}
        assert shown[str(broken)].column == "facts"
        assert (shown[str(broken)].live or {})["facts"] == "99"
        assert (shown[str(broken)].staging or {})["facts"] == "3"
        assert (shown[str(gone)].column, shown[str(gone)].live) == (None, None)
        async with start_operation(database, codec, [tallies]) as work:
            with pytest.raises(OperationRefused, match=r"staging differs from live .*1 rows differ"):
                await promote(work, tallies)
            await promote(work, tallies, accept_differences=True)
        await assert_table_equals_log(running)


async def test_rollback_brings_the_former_table_back_current(database: Database) -> None:
    async with engine(database) as running:
        await some(running, 3)
        await rebuild(database, codec, [tallies])
        await some(running, 3)
        async with start_operation(database, codec, [tallies]) as work:
            await rollback(work, tallies)
        await assert_table_equals_log(running)
        await some(running, 3)
        async with start_operation(database, codec, [tallies]) as work:
            await rollback(work, tallies)
            await assert_table_equals_log(running)
            with pytest.raises(OperationRefused, match="no staging table"):
                await verify(work, tallies)
            with pytest.raises(OperationRefused, match="no verified staging table"):
                await promote(work, tallies)


async def test_the_former_table_is_kept_current(database: Database) -> None:
    async with engine(database) as running:
        await some(running, 3)
        await rebuild(database, codec, [tallies])
        await some(running, 3)
        async with asyncio.timeout(10):
            while await database.pool.fetchval("SELECT min(position) FROM es.checkpoints") < 18:  # noqa: ASYNC110 - the database rings no bell
                await asyncio.sleep(0.02)
        await same_at_every_position(database, tallies, await running.reader.read_all(0, 100), FORMER)
        former = await database.pool.fetch("SELECT * FROM read_former.tallies_v1 ORDER BY id")
        assert former == await database.pool.fetch("SELECT * FROM read.tallies_v1 ORDER BY id")
        assert len(former) == 6


async def test_a_table_far_behind_is_filled_in_bulk_before_it_is_owned(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        await some(running)
    await database.pool.execute("DROP TABLE read.tallies_v1, read.tallies_v1_history")
    await database.pool.execute("DELETE FROM es.checkpoints")
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", 10)
    monkeypatch.setattr("app.engine.projector.rebuild.bulk_load.MAX_ROWS", 7)
    async with engine(database) as running:
        await assert_table_equals_log(running)
        await some(running)
        assert (
            await database.pool.fetchval("SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'tallies%'")
            == 4
        )


async def test_a_table_that_other_code_made_is_reported(database: Database) -> None:
    async with engine(database) as running:
        await some(running, 1)
        assert running.projector.workers["tallies"].state.stale_fingerprint is None
    await database.pool.execute("UPDATE es.checkpoints SET fingerprint = 'other'")
    async with engine(database) as running:
        await assert_table_equals_log(running)
        assert running.projector.workers["tallies"].state.stale_fingerprint == "other"
        await rebuild(database, codec, [tallies])
        await some(running, 1)
        assert running.projector.workers["tallies"].state.stale_fingerprint is None


async def test_a_promotion_that_gives_way_to_a_read_leaves_the_staging_table_verified(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        await some(running, 3)
        await rebuild(database, codec, [tallies], stage=True)
        # More than a swap folds within its transaction.
        await some(running, 100)
        async with database.pool.acquire() as reading, reading.transaction():
            await reading.fetch("SELECT FROM read.tallies_v1")
            with monkeypatch.context() as patch:
                patch.setattr("app.engine.projector.rebuild.swap.MAX_TRIES", 2)
                with pytest.raises(OperationRefused, match="long reads of the live table"):
                    async with start_operation(database, codec, [tallies]) as work:
                        await promote(work, tallies)
        async with start_operation(database, codec, [tallies]) as work:
            await promote(work, tallies)
        await assert_table_equals_log(running)


async def test_a_rollback_that_folds_many_events_leaves_no_trace_of_a_rebuild(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Projector, "_maintain_former", lambda *arguments: None)
    async with engine(database) as running:
        await some(running, 3)
        await rebuild(database, codec, [tallies])
        await some(running, 100)
        async with start_operation(database, codec, [tallies]) as work:
            await rollback(work, tallies)
        await assert_table_equals_log(running)
        assert [row["slot"] for row in await database.pool.fetch("SELECT slot FROM es.rebuilds")] == [
            "staging"
        ]
