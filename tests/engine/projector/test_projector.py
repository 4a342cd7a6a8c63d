"""What the projector promises: each fact has its effect once, one owner, and an answer to who waits."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.dialects import postgresql

from app.engine.database.connections import Database
from app.engine.projector.projector import ProjectionStale, Projector
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.worker import CHECKPOINT_DELAY_SECONDS
from app.engine.store.codec import EventCodec
from domain.kernel.decider import Recorded, value
from projections.kernel import Projection
from tests.support.databases import as_superuser, execute
from tests.support.row_history import same_at_every_position
from tests.support.toy_counter import (
    Add,
    Added,
    Take,
    Taken,
    assert_table_equals_log,
    engine,
    keys,
    request,
    table_rows,
    tallies,
    tally,
    wait_until_owner,
)

COUNT_MOVES = """
    CREATE SEQUENCE public.moves;
    CREATE FUNCTION public.count_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        PERFORM nextval('public.moves');
        RETURN NULL;
    END $$;
    CREATE TRIGGER count_move AFTER UPDATE OF position ON es.checkpoints
        FOR EACH ROW EXECUTE FUNCTION public.count_move();
    GRANT SELECT ON SEQUENCE public.moves TO public
"""
SELECT_MOVES = "SELECT last_value FROM public.moves"


async def test_the_table_equals_the_fold_of_the_log(database: Database) -> None:
    async with engine(database) as running:
        streams = [uuid4() for _ in range(20)]
        for n in range(1, 8):
            commands = [
                Add(amount=n, note=f"'{n}' – \"ünïcode\" {{}} [,]"),
                Take(amount=n),
                Add(amount=0),
                Add(amount=2 * n),
            ]
            await asyncio.gather(
                *(
                    running.commands.execute(tally, s, commands[(i + n) % 4], request())
                    for i, s in enumerate(streams)
                )
            )
        await assert_table_equals_log(running)


async def test_a_lost_connection_in_the_midst_of_work_loses_and_repeats_nothing(database: Database) -> None:
    async with engine(database) as running:
        streams = [uuid4() for _ in range(10)]
        breaker = await database.connect()
        for _ in range(10):
            await asyncio.gather(
                *(running.commands.execute(tally, s, Add(amount=1), request()) for s in streams)
            )
            await breaker.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND query LIKE '%checkpoints%'"
            )
        await breaker.close()
        await assert_table_equals_log(running)


async def test_a_takeover_does_not_wait_for_a_vacuum_of_the_tables(database: Database) -> None:
    async with engine(database) as running:
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await assert_table_equals_log(running)
    async with database.pool.acquire() as vacuum, vacuum.transaction():
        # The lock of VACUUM, of ANALYZE, and of REINDEX CONCURRENTLY.
        await vacuum.execute(
            "LOCK TABLE read.tallies_v1, read.tallies_v1_history IN SHARE UPDATE EXCLUSIVE MODE"
        )
        async with engine(database) as running:
            await running.commands.execute(tally, uuid4(), Add(amount=1), request())
            await running.projector.wait_for_position("tallies", 2, 5)


async def test_a_takeover_makes_the_indexes_that_are_missing(database: Database) -> None:
    select = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'read' AND tablename LIKE 'tallies%' ORDER BY indexdef"
    async with engine(database) as running:
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await assert_table_equals_log(running)
        indexes = await database.pool.fetch(select)
    await database.pool.execute("DROP INDEX read.tallies_v1_sum_id")
    async with engine(database) as running:
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await assert_table_equals_log(running)
        assert await database.pool.fetch(select) == indexes


async def test_one_process_owns_a_projection_and_the_other_takes_over_when_it_is_gone(
    database: Database,
) -> None:
    async with engine(database) as second:
        async with engine(database) as first:
            await first.commands.execute(tally, uuid4(), Add(amount=1), request())
            await first.projector.wait_for_position("tallies", 1, 5)
            await second.projector.wait_for_position("tallies", 1, 5)
            assert [
                first.projector.workers["tallies"].state.is_owner,
                second.projector.workers["tallies"].state.is_owner,
            ].count(True) == 1
        await second.commands.execute(tally, uuid4(), Add(amount=1), request())
        await second.projector.wait_for_position("tallies", 2, 5)
        assert second.projector.workers["tallies"].state.is_owner
        await assert_table_equals_log(second)


async def test_who_waits_too_long_is_told_how_far_behind_it_is(database: Database) -> None:
    async with engine(database) as running:
        with pytest.raises(
            ProjectionStale, match=r"tallies is at position 0, 7 behind 7\. The log ends at 0\."
        ):
            await running.projector.wait_for_position("tallies", 7, 0.05)
        await wait_until_owner(running)
        async with running.projector.workers["tallies"].writer.lock:  # type: ignore[union-attr]
            await running.commands.execute(tally, uuid4(), Add(amount=1), request())
            with pytest.raises(
                ProjectionStale,
                match=r"tallies is at position 0, 1 behind 1, the oldest event has waited \d+\.\d s",
            ) as stale:
                await running.projector.wait_for_position("tallies", 1, 0.1)
            assert stale.value.seconds is not None
            assert stale.value.seconds > 0.1
            assert running.projector.lag_events() == {"tallies": 1}
            assert running.projector.lag_seconds()["tallies"] > 0.1
        await running.projector.wait_for_position("tallies", 1, 5)
        assert running.projector.lag_seconds() == {"tallies": 0.0}


async def test_a_checkpoint_that_another_process_moved_fences_the_worker_off(database: Database) -> None:
    async with engine(database) as running:
        stream = uuid4()
        await running.commands.execute(tally, stream, Add(amount=1), request())
        await running.projector.wait_for_position("tallies", 1, 5)
        # Another owner has folded this worker's next fact already. Its sum tells from whose row the worker goes on.
        async with running.projector.workers["tallies"].writer.lock:  # type: ignore[union-attr]
            await running.commands.execute(tally, stream, Add(amount=5), request())
            async with database.pool.acquire() as connection, connection.transaction():
                await connection.execute("UPDATE es.checkpoints SET position = 2")
                await connection.execute("UPDATE read.tallies_v1 SET sum = 106, facts = 2")
        await running.commands.execute(tally, stream, Add(amount=1), request())
        await running.projector.wait_for_position("tallies", 3, 5)
        [row] = (await table_rows(running)).values()
        assert (row.sum, row.facts) == (107, 3)


async def test_facts_that_concern_no_row_cost_no_write_of_their_own_and_the_checkpoint_follows(
    database: Database,
) -> None:
    await execute(as_superuser(database.url), COUNT_MOVES)
    added = replace(tallies, keys=lambda fact: [] if isinstance(fact.event, Taken) else keys(fact))
    async with engine(database, projections=[added]) as running:
        stream = uuid4()
        await running.commands.execute(tally, stream, Add(amount=100), request())
        await running.projector.wait_for_position("tallies", 1, 5)
        began, moves = asyncio.get_running_loop().time(), await database.pool.fetchval(SELECT_MOVES)
        for position in range(2, 102):
            await running.commands.execute(tally, stream, Take(amount=1), request())
            await running.projector.wait_for_position("tallies", position, 5)
        taken = asyncio.get_running_loop().time() - began
        moves = await database.pool.fetchval(SELECT_MOVES) - moves
        assert moves <= taken / CHECKPOINT_DELAY_SECONDS + 1
        async with asyncio.timeout(10):
            while True:
                if await database.pool.fetchval("SELECT position FROM es.checkpoints") == 101:
                    break
                await asyncio.sleep(0.01)
        await running.commands.execute(tally, stream, Take(amount=0), request())
        await running.commands.execute(tally, stream, Add(amount=1), request())
        await running.projector.wait_for_position("tallies", await running.reader.head_position(), 5)
        [row] = (await table_rows(running)).values()
        assert (row.sum, row.facts) == (101, 2)
    async with engine(database, projections=[added]) as running:
        await running.projector.wait_for_position("tallies", await running.reader.head_position(), 5)
        [row] = (await table_rows(running)).values()
        assert (row.sum, row.facts) == (101, 2)


async def test_a_table_rests_between_batches_until_a_reader_waits_for_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.projector.worker.WRITE_DEBOUNCE_SECONDS", 60)
    async with engine(database) as running:
        stream, worker = uuid4(), running.projector.workers["tallies"]
        for position in (1, 4, 7):
            for _ in range(1 if position == 1 else 3):
                await running.commands.execute(tally, stream, Add(amount=1), request())
            assert worker.state.position == max(0, position - 3)
            await running.projector.wait_for_position("tallies", position, 10)
        await assert_table_equals_log(running)


async def test_what_no_key_is_to_blame_for_stops_the_checkpoint_and_is_shown(database: Database) -> None:
    async with engine(database) as running:
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await running.projector.wait_for_position("tallies", 1, 5)
        await database.pool.execute("ALTER TABLE read.tallies_v1 RENAME COLUMN sum TO total")
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        with pytest.raises(ProjectionStale):
            await running.projector.wait_for_position("tallies", 2, 0.5)
        assert "UndefinedColumn" in (running.projector.workers["tallies"].state.error or "")
        await database.pool.execute("ALTER TABLE read.tallies_v1 RENAME COLUMN total TO sum")
        await assert_table_equals_log(running)


def test_the_row_class_is_the_table() -> None:
    columns = {
        c.name: (c.type.compile(dialect=postgresql.dialect()), c.nullable, c.primary_key)
        for c in tallies.table.columns
    }
    assert columns == {
        "id": ("UUID", False, True),
        "sum": ("BIGINT", False, False),
        "facts": ("BIGINT", False, False),
        "notes": ("JSONB", False, False),
        "last": ("TEXT", True, False),
    }
    assert tallies.table.fullname == "read.tallies_v1"
    assert Added(amount=1).stored.name == "tally.added"


async def test_checkpoints_that_cannot_be_read_are_named_once_and_read_again(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        projector = Projector([replace(tallies, name="others")], database, running.feed)
        poll, attempts = projector._poll_once, 0

        async def fail_at_first() -> None:
            nonlocal attempts
            attempts += 1
            if attempts <= 5:
                raise OSError("no route")
            await poll()

        monkeypatch.setattr(projector, "_poll_once", fail_at_first)
        polling = asyncio.create_task(projector.poll_checkpoints())
        with pytest.raises(ProjectionStale):
            # A reader that waits makes the poll fast, and it is repeated until it succeeds.
            await projector.wait_for_position("others", 1, 3)
        assert attempts > 6
        polling.cancel()
    lines = [record.message for record in caplog.records if "checkpoints cannot be read" in record.message]
    assert lines == ["checkpoints cannot be read: OSError: no route; trying again"]


@value
class SeenRow:
    id: UUID


@pytest.mark.parametrize("threshold", [2, 10_000])
async def test_a_row_may_have_key_columns_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch, threshold: int
) -> None:
    """Written one by one, in bulk, and by a rebuild."""
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", threshold)

    def fold_seen(key: tuple[UUID], row: SeenRow | None, fact: Recorded[Any]) -> SeenRow | None:
        return None if isinstance(fact.event, Taken) else SeenRow(id=key[0])

    seen: Projection[Any] = replace(tallies, name="seen", row=SeenRow, fold=fold_seen, indexes=())
    one, two, gone = (uuid4() for _ in range(3))
    async with engine(database, projections=[]) as running:
        for stream in (one, one, two, gone):
            await running.commands.execute(tally, stream, Add(amount=1), request())
    async with engine(database, projections=[seen]) as running:
        await running.projector.wait_for_position("seen", 4, 10)
        for stream, command in ((one, Add(amount=1)), (gone, Take(amount=1))):
            await running.commands.execute(tally, stream, command, request())
        await running.projector.wait_for_position("seen", 6, 10)
        assert await table_rows(running, seen) == {(id,): SeenRow(id=id) for id in (one, two)}
        await same_at_every_position(database, seen, await running.reader.read_all(0, 10))
        [rebuilt] = await rebuild(database, EventCodec([tally]), [seen])
        assert (rebuilt.comparison.equal, rebuilt.comparison.rows) == (True, 2)
        assert await table_rows(running, seen) == {(id,): SeenRow(id=id) for id in (one, two)}
