"""A crash takes the newest rows of read models back. Reads that may have seen either state fail, and later ones wait."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

import app.engine.projector.worker as module
from app.engine.database.connections import Database, RowsLost
from app.engine.database.pool_reads import PoolReads
from app.engine.projector.checkpoint import Checkpoint
from app.engine.projector.live_table import LiveTable
from app.engine.projector.projector import ProjectionStale, Projector
from app.engine.projector.slots import FORMER
from app.engine.projector.table import ProjectionTable
from app.engine.projector.worker import ProjectionWorker
from app.engine.read_models.queries import Columns, Condition
from projections.kernel import Key
from tests.support.toy_counter import Engine, engine, tallies, wait_until_owner
from tests.support.toy_lists import lists
from tests.support.toy_parking import add, wait_until_folded

LOCK = 20_251


@asynccontextmanager
async def with_two_rows(database: Database) -> AsyncGenerator[tuple[Engine, ProjectionWorker, UUID]]:
    """The engine with two rows; the worker of their table, and the key of the newer row."""
    async with engine(database) as running:
        await add(running, uuid4(), 1)
        await add(running, stream := uuid4(), 1)
        await wait_until_folded(running, tallies)
        yield running, running.projector.workers[tallies.name], stream


async def lose(database: Database, stream: UUID) -> None:
    """What a crash leaves: the newest row is gone, and the checkpoint is that of before."""
    for table in (tallies.table, tallies.history_table):
        await database.pool.execute(f"DELETE FROM {table.fullname} WHERE id = $1", stream)
    await database.pool.execute("UPDATE es.checkpoints SET position = 1 WHERE projection = 'tallies'")


@asynccontextmanager
async def held_read(database: Database) -> AsyncGenerator[asyncio.Task[Sequence[object]]]:
    """A read that has begun, and that ends after the block."""
    async with database.connection() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        reading = asyncio.ensure_future(database.fetch_sql("SELECT pg_advisory_xact_lock_shared($1)", LOCK))
        waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted"
        while not await connection.fetchval(waits, LOCK):
            pass
        yield reading
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)


async def test_a_read_that_began_before_the_owner_found_the_loss_fails(database: Database) -> None:
    async with with_two_rows(database) as (running, worker, stream):
        async with held_read(database) as reading:
            writer = worker.writer
            assert writer is not None
            async with writer.lock:
                await lose(database, stream)
            # The owner finds that its checkpoint is another one, and folds from there.
            await add(running, uuid4(), 1)
            await wait_until_folded(running, tallies)
        with pytest.raises(RowsLost):
            await reading
        assert database.losses == 1
        assert worker.state.has_reached(3)


async def test_a_server_that_is_not_the_owner_finds_the_loss_when_it_reads_the_checkpoints(
    database: Database,
) -> None:
    async with with_two_rows(database) as (running, worker, stream):
        other = Projector([tallies], database, running.feed)
        await other._poll_once()  # pyright: ignore[reportPrivateUsage] - without the pauses between
        assert other.workers[tallies.name].state.has_reached(2)
        async with held_read(database) as reading:
            writer = worker.writer
            assert writer is not None
            async with writer.lock:
                await lose(database, stream)
                await other._poll_once()  # pyright: ignore[reportPrivateUsage] - as above
            assert other.workers[tallies.name].state.position == 1
        with pytest.raises(RowsLost):
            await reading


async def test_checkpoints_that_were_read_before_a_loss_was_found_do_not_end_the_wait_for_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_two_rows(database) as (running, worker, stream):
        other = Projector([tallies], database, running.feed)
        await other._poll_once()  # pyright: ignore[reportPrivateUsage] - without the pauses between
        writer = worker.writer
        assert writer is not None
        fetch, polling, reads = asyncpg.Pool.fetch, asyncio.current_task(), 0

        async def fetch_before_the_crash(pool: asyncpg.Pool, query: str, *arguments: Any) -> Sequence[Any]:
            nonlocal reads
            rows = await fetch(pool, query, *arguments)
            if "es.checkpoints" in query and asyncio.current_task() is polling:
                reads += 1
                if reads == 2:
                    await lose(database, stream)
                    async with database.connection() as connection:
                        await other.check_new_connection(connection)
            return rows

        monkeypatch.setattr(asyncpg.Pool, "fetch", fetch_before_the_crash)
        monkeypatch.setattr(other, "_polled_at", 0.0)
        async with writer.lock:
            await other._poll_once()  # pyright: ignore[reportPrivateUsage] - as above
            assert reads == 2
            # The worker that runs may have found it as well.
            assert database.losses >= 1
            assert not other.workers[tallies.name].state.has_reached(2)


def no_keys(fact: object) -> Sequence[Key]:
    del fact
    return []


OF_NO_ROW = replace(tallies, keys=no_keys)


@asynccontextmanager
async def late_checkpoint(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Engine, ProjectionWorker]]:
    """An owner at position 1 that has not stored this checkpoint."""
    monkeypatch.setattr(module, "CHECKPOINT_DELAY_SECONDS", 3_600)
    async with engine(database, projections=[OF_NO_ROW]) as running:
        await add(running, uuid4(), 1)
        await wait_until_folded(running, OF_NO_ROW)
        yield running, running.projector.workers[OF_NO_ROW.name]


async def test_a_checkpoint_that_its_owner_had_not_stored_yet_is_no_loss(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with late_checkpoint(database, monkeypatch) as (running, worker):
        assert (worker.state.position, worker.stored_position) == (1, 0)
        worker._leave()  # pyright: ignore[reportPrivateUsage] - as it does after an error
        async with database.connection() as connection:
            await running.projector.check_new_connection(connection)
        assert database.losses == 0


async def test_a_checkpoint_that_its_owner_has_stored_late_is_known(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with late_checkpoint(database, monkeypatch) as (_, worker):
        writer = worker.writer
        assert writer is not None
        async with writer.lock:
            await writer.flush_checkpoint(1)
        assert worker.stored_position == 1


async def test_an_owner_knows_the_checkpoint_that_it_has_taken_over(database: Database) -> None:
    async with with_two_rows(database):
        pass
    async with engine(database) as running:
        await wait_until_owner(running)
        assert running.projector.workers[tallies.name].stored_position == 2


@pytest.mark.parametrize("amount", [1, 2**62], ids=["rows that fit", "a refused row"])
@pytest.mark.parametrize("threshold", [1, 1_000], ids=["a bulk load", "a batch"])
async def test_a_checkpoint_that_its_owner_has_moved_but_not_committed_is_no_loss(
    database: Database, monkeypatch: pytest.MonkeyPatch, threshold: int, amount: int
) -> None:
    monkeypatch.setattr(module, "BULK_LOAD_THRESHOLD", threshold)
    async with engine(database, projections=[]) as running:
        for stream in (uuid4(), refused := uuid4(), refused):
            await add(running, stream, amount)
    move, looked = Checkpoint.move, asyncio.Event()

    async def move_and_look(checkpoint: Checkpoint, connection: asyncpg.Connection, position: int) -> None:
        await move(checkpoint, connection, position)
        async with database.connection() as other:
            await running.projector.check_new_connection(other)
        looked.set()

    monkeypatch.setattr(Checkpoint, "move", move_and_look)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        assert database.losses == 0
        assert running.projector.workers[tallies.name].stored_position == 3
        # The one statement of a batch without a refused row moves the checkpoint in the database alone.
        assert looked.is_set() == (threshold == 1 or amount > 1)


async def test_a_bulk_load_that_is_rolled_back_is_no_loss(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BULK_LOAD_THRESHOLD", 1)
    async with engine(database, projections=[]) as running:
        await add(running, uuid4(), 1)
    copy = ProjectionTable.copy

    async def copy_to_a_full_disk(*arguments: Any) -> None:
        monkeypatch.setattr(ProjectionTable, "copy", copy)
        await copy(*arguments)
        raise asyncpg.DiskFullError

    monkeypatch.setattr(ProjectionTable, "copy", copy_to_a_full_disk)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        assert ProjectionTable.copy is copy
        assert database.losses == 0


def of_sum_one(columns: Columns) -> Sequence[Condition]:
    return [columns.sum == 1]


async def test_live_lists_outlive_a_loss(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with with_two_rows(database) as (running, _, _):
        table = LiveTable(database, running.feed, running.projector, tallies, 5)

        async def lost(*_: object) -> None:
            raise RowsLost

        rows = lists(running).find(tallies, of_sum_one, 10, None, database)
        table._lists.add(rows)  # pyright: ignore[reportPrivateUsage] - without a task that follows the feed
        assert await table._look([(uuid4(),)], 2) == {rows: False}  # pyright: ignore[reportPrivateUsage] - as above
        monkeypatch.setattr(database, "fetch", lost)
        assert await table._look([(uuid4(),)], 2) == {}  # pyright: ignore[reportPrivateUsage] - as above


async def test_a_live_list_reads_again_after_a_loss_that_its_read_may_have_met(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_two_rows(database) as (running, worker, stream):
        rows = lists(running).find(tallies, of_sum_one, 10, None, database)
        fetch, lost = PoolReads.fetch, False

        async def fetch_during_a_loss(pool: PoolReads, query: str, *arguments: Any) -> Sequence[Any]:
            nonlocal lost
            if tallies.table.fullname in query and not lost:
                lost = True
                writer = worker.writer
                assert writer is not None
                async with writer.lock:
                    await lose(database, stream)
                records = await fetch(pool, query, *arguments)
                assert len(records) == 1
                await add(running, uuid4(), 7)
                while not database.losses:
                    await worker.state.wait_for_progress()
                return records
            return await fetch(pool, query, *arguments)

        monkeypatch.setattr(PoolReads, "fetch", fetch_during_a_loss)
        first, _ = await rows.join(2, None)
        assert first is not None
        assert stream in {row.id for row in first.upserted}
        assert database.losses == 1


async def test_projections_that_are_read_together_have_reached_the_position_at_one_moment(
    database: Database,
) -> None:
    others = replace(tallies, name="others")
    async with engine(database, projections=[tallies, others]) as running:
        await add(running, uuid4(), 1)
        for projection in (tallies, others):
            await wait_until_folded(running, projection)
        first, second = (running.projector.workers[name].state for name in ("tallies", "others"))
        second.update(is_uncertain=True)
        waiting = asyncio.ensure_future(running.projector.wait_for_all(["tallies", "others"], 1, 10))
        await asyncio.sleep(0)
        # The first one has reached the position, until the crash is found.
        first.update(is_uncertain=True)
        second.update(is_uncertain=False)
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        first.update(is_uncertain=False)
        await waiting


@pytest.mark.parametrize("step", ["_hold_matched_at", "_matching"])
async def test_a_loss_between_two_reads_of_a_resumed_list_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    async with with_two_rows(database) as (running, worker, stream):
        await add(running, stream, 1)
        await wait_until_folded(running, tallies)
        rows = lists(running, 0.2).find(tallies, of_sum_one, 10, None, database)
        await rows.join(3, None)
        read = getattr(rows, step)

        async def read_and_lose(*arguments: object) -> object:
            found = await read(*arguments)
            worker.state.update(is_uncertain=True)
            return found

        monkeypatch.setattr(rows, step, read_and_lose)
        # The owner looks each second, which would end the doubt.
        monkeypatch.setattr(worker, "_next_check", float("inf"))
        with pytest.raises(ProjectionStale):
            await rows.join(3, 0)


async def test_a_loss_between_two_looks_at_the_rows_of_lists_is_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with with_two_rows(database) as (running, worker, _):
        table = LiveTable(database, running.feed, running.projector, tallies, 0.2)

        def larger(columns: Columns) -> Sequence[Condition]:
            return [columns.sum == 1, columns.facts > 5]

        rows = lists(running).find(tallies, larger, 10, None, database)
        table._lists.add(rows)  # pyright: ignore[reportPrivateUsage] - without a task that follows the feed
        assert len(await table._look([(uuid4(),)], 2)) == 1  # pyright: ignore[reportPrivateUsage] - as above
        values = table._values  # pyright: ignore[reportPrivateUsage] - the first of the looks

        async def look_and_lose(*arguments: Any) -> Any:
            found = await values(*arguments)
            worker.state.update(is_uncertain=True)
            return {name: {1} for name in found}

        monkeypatch.setattr(table, "_values", look_and_lose)
        monkeypatch.setattr(worker, "_next_check", float("inf"))
        assert await table._look([(uuid4(),)], 2) == {}  # pyright: ignore[reportPrivateUsage] - as above


async def test_a_former_table_that_is_behind_the_one_before_it_is_no_loss(database: Database) -> None:
    """After a rollback the former table is the one that was live, which may have been behind."""
    async with engine(database) as running:
        former = ProjectionWorker(tallies, database, running.feed, FORMER)
        former.note_stored(3, known=5)
        assert (database.losses, former.state.is_uncertain) == (0, False)
        live = ProjectionWorker(tallies, database, running.feed)
        live.note_stored(3, known=5)
        assert (database.losses, live.state.is_uncertain) == (1, True)
