"""A full disk or a lost connection ends an operation with one clear line.

The line says which table is live, and the next run goes on.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.engine.database.connections import Database
from app.engine.database.errors import is_data_error
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.compare import Comparison
from app.engine.projector.rebuild.operation import (
    Operation,
    OperationRefused,
    RebuildProgress,
    start_operation,
)
from app.engine.projector.rebuild.point_in_time import rebuild_as_of
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.status import table_statuses
from app.engine.store.reader import EventReader, Fact
from tests.support.databases import as_superuser
from tests.support.log_surgery import unguarded
from tests.support.toy_counter import Engine, assert_table_equals_log, engine, tallies
from tests.support.toy_rebuild import (
    FACTS,
    INSERT_FACTS,
    PAGE_SIZE,
    codec,
    run_operation,
    whole_live_table,
)
from tests.support.toy_upcasts import ADDED, insert_events


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests change the database itself."""
    return as_superuser(database_url)


# A disk that is full as soon as the staging table holds half of the facts.
FULL = f"""
    CREATE FUNCTION es.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF (SELECT position FROM es.checkpoints WHERE slot = 'staging') > {FACTS // 2} THEN
            RAISE EXCEPTION 'could not extend file "base/5/16384": No space left on device' USING ERRCODE = 'disk_full';
        END IF;
        RETURN NEW;
    END
    $$;
    CREATE FUNCTION es.fill_disk() RETURNS event_trigger LANGUAGE plpgsql AS $$
    BEGIN
        CREATE OR REPLACE TRIGGER full_disk BEFORE INSERT OR UPDATE ON read_staging.tallies_v1 FOR EACH ROW EXECUTE FUNCTION es.full_disk();
    END
    $$;
    CREATE EVENT TRIGGER fill_disk ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION es.fill_disk();
"""


@pytest.fixture(autouse=True)
def a_checkpoint_after_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.projector.rebuild.bulk_load.FLUSH_INTERVAL_SECONDS", 0)
    monkeypatch.setattr("app.engine.projector.rebuild.operation.PROGRESS_INTERVAL_SECONDS", 0)


async def resumed(database: Database) -> int:
    """Where the next run begins; it is run to its end."""
    begun: list[int] = []

    def on_progress(progress: RebuildProgress) -> None:
        begun.append(progress.position)

    [rebuilt] = await rebuild(database, codec, [tallies], page=PAGE_SIZE, on_progress=on_progress)
    assert rebuilt.comparison.equal
    assert rebuilt.swapped is not None
    assert rebuilt.swapped.position == FACTS
    return begun[0]


async def test_a_full_disk_is_one_line_and_the_rebuild_goes_on_when_there_is_room(database: Database) -> None:
    await database.pool.execute(INSERT_FACTS)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        await database.pool.execute(FULL)
        with pytest.raises(OperationRefused) as full:
            await rebuild(database, codec, [tallies], page=PAGE_SIZE)
        assert str(full.value) == (
            'could not extend file "base/5/16384": No space left on device. The live table is as it was. Correct the cause, and run the same command again'
            ": it resumes at the last checkpoint"
        )
        assert await whole_live_table(running) == "second"
        [staging] = [
            status for status in await table_statuses(database, [tallies]) if status.slot == "staging"
        ]
        assert staging.rebuild is not None
        assert (staging.rebuild.state, staging.owner) == ("failed", None)
        assert "No space left on device" in (staging.rebuild.error or "")
        await database.pool.execute(
            "DROP EVENT TRIGGER fill_disk; DROP TRIGGER full_disk ON read_staging.tallies_v1"
        )
        assert await resumed(database) == FACTS // 2
        assert await whole_live_table(running) == "second"


@pytest.mark.parametrize("whose", ["that writes", "that reads the log"])
async def test_a_lost_connection_is_one_line_and_the_rebuild_goes_on(database: Database, whose: str) -> None:
    await database.pool.execute(INSERT_FACTS)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        killer = await database.connect()
        killing: list[asyncio.Task[object]] = []

        def on_progress(progress: RebuildProgress) -> None:
            if progress.position > FACTS // 3 and not killing:
                lease = "EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('tallies_v1/staging', 7305813094))"
                log = "query LIKE '%FROM es.events WHERE position > $1 AND position <= $2%'"
                chosen = lease if whose == "that writes" else log
                killing.append(
                    asyncio.ensure_future(
                        killer.execute(
                            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity a WHERE pid <> pg_backend_pid() AND datname = current_database() AND {chosen}"
                        )
                    )
                )

        with pytest.raises(
            OperationRefused,
            match=r"The live table is as it was\. Correct the cause, and run the same command again: it resumes at the last checkpoint",
        ):
            await rebuild(database, codec, [tallies], page=PAGE_SIZE, on_progress=on_progress)
        assert await whole_live_table(running) == "second"
        await asyncio.gather(*killing)
        await killer.close()
        assert await resumed(database) >= FACTS // 3
        assert await whole_live_table(running) == "second"


@pytest.mark.parametrize(
    ("error", "raised", "state"),
    [
        (asyncpg.DiskFullError("No space left on device"), OperationRefused, "failed"),
        (asyncio.CancelledError(), asyncio.CancelledError, "built"),
    ],
    ids=["error", "end of the process"],
)
async def test_a_rebuild_that_ends_while_it_compares_goes_on_with_the_whole_table(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    raised: type[BaseException],
    state: str,
) -> None:
    async def ended(*arguments: Any) -> Comparison:
        raise error

    await database.pool.execute(INSERT_FACTS)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        with monkeypatch.context() as patch:
            patch.setattr("app.engine.projector.rebuild.compare.compare", ended)
            with pytest.raises(raised):
                await rebuild(database, codec, [tallies], page=PAGE_SIZE)
        [staging] = [
            status for status in await table_statuses(database, [tallies]) if status.slot == "staging"
        ]
        assert staging.rebuild is not None
        assert staging.rebuild.state == state
        assert str(error) in (staging.rebuild.error or "")
        assert await resumed(database) == FACTS


async def test_a_hole_in_the_log_is_one_line_and_the_reason_is_stored(
    database: Database, database_url: str
) -> None:
    await database.pool.execute(INSERT_FACTS)
    async with unguarded(database_url) as connection:
        await connection.execute("DELETE FROM es.events WHERE position = $1", FACTS // 2)
    with pytest.raises(OperationRefused, match=f"the log has a hole: position {FACTS // 2} is missing"):
        await rebuild(database, codec, [tallies], page=PAGE_SIZE)
    [staging] = [status for status in await table_statuses(database, [tallies]) if status.slot == "staging"]
    assert staging.rebuild is not None
    assert staging.rebuild.state == "failed"
    assert "the log has a hole" in (staging.rebuild.error or "")


async def test_a_point_in_time_table_stays_built_if_its_name_is_given_again(database: Database) -> None:
    await insert_events(database, uuid4(), ADDED, ADDED)
    await rebuild_as_of(database, codec, tallies, 1, "early")
    with pytest.raises(OperationRefused, match="early is there already"):
        await rebuild_as_of(database, codec, tallies, 1, "early")
    [early] = [status for status in await table_statuses(database, [tallies]) if status.slot == "early"]
    assert early.rebuild is not None
    assert (early.rebuild.state, early.rebuild.error) == ("built", None)


async def test_an_interrupted_rebuild_that_is_verified_and_promoted_has_all_indexes(
    database: Database,
) -> None:
    await database.pool.execute(INSERT_FACTS)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        before = await live_indexes(database)

        def on_progress(progress: RebuildProgress) -> None:
            if progress.position > FACTS // 2:
                rebuilding.cancel()

        rebuilding = asyncio.ensure_future(
            rebuild(database, codec, [tallies], page=PAGE_SIZE, on_progress=on_progress)
        )
        with pytest.raises(asyncio.CancelledError):
            await rebuilding
        await run_operation(database, "verify")
        await run_operation(database, "promote")
        assert await whole_live_table(running) == "second"
        assert await live_indexes(database) == before


async def live_indexes(database: Database) -> set[str]:
    records = await database.pool.fetch("SELECT indexdef FROM pg_indexes WHERE schemaname = 'read'")
    return {record["indexdef"] for record in records}


async def test_two_rebuilds_of_one_projection_are_refused_with_the_name_of_the_first(
    database: Database,
) -> None:
    await database.pool.execute(INSERT_FACTS)
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", FACTS, 30)
        met: list[str] = []
        trying: list[asyncio.Task[None]] = []

        async def second() -> None:
            with pytest.raises(OperationRefused) as refused:
                async with start_operation(database, codec, [tallies]):
                    raise AssertionError("two at once")
            met.append(str(refused.value))

        def on_progress(progress: RebuildProgress) -> None:
            if not trying:
                trying.append(asyncio.ensure_future(second()))

        await rebuild(database, codec, [tallies], page=PAGE_SIZE, on_progress=on_progress)
        await asyncio.gather(*trying)
        assert len(met) == 1
        assert met[0].startswith("tallies v1 is being worked on by ")
        assert met[0].endswith(": wait for it, or stop it")


async def test_a_refused_row_is_isolated_after_the_page_that_is_read_ahead(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_much = ("tally.added", 1, {"amount": 2**62})
    await insert_events(database, uuid4(), too_much, too_much, ADDED, ADDED)
    refused = asyncio.Event()
    read_all = EventReader.read_all

    async def read_ahead(reader: EventReader, after: int, limit: int, **options: Any) -> Sequence[Fact]:
        if after == 2:
            await refused.wait()
        return await read_all(reader, after, limit, **options)

    def note_error(error: BaseException) -> bool:
        refused.set()
        return is_data_error(error)

    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", 4, 10)
        monkeypatch.setattr(EventReader, "read_all", read_ahead)
        monkeypatch.setattr("app.engine.projector.rebuild.bulk_load.is_data_error", note_error)
        [rebuilt] = await rebuild(database, codec, [tallies], page=2)
        assert refused.is_set()
        assert (rebuilt.comparison.equal, rebuilt.comparison.rows) == (True, 1)


async def build_of_live(database: Database) -> int:
    return await database.pool.fetchval("SELECT build FROM es.checkpoints WHERE slot = 'live'")


@asynccontextmanager
async def with_former_table(database: Database) -> AsyncGenerator[Engine]:
    async with engine(database) as running:
        await insert_events(database, uuid4(), ADDED, ADDED)
        await running.projector.wait_for_position("tallies", 2, 10)
        await rebuild(database, codec, [tallies])
        yield running


async def roll_back(database: Database) -> None:
    async with start_operation(database, codec, [tallies]) as operation:
        await swap.rollback(operation, tallies)


async def kill(database: Database, connection: asyncpg.Connection) -> None:
    await database.pool.execute("SELECT pg_terminate_backend($1, 10000)", connection.get_server_pid())


@pytest.mark.parametrize("moment", ["before the commit", "at the commit", "after the commit"])
async def test_a_connection_that_is_lost_at_a_swap_does_not_hide_which_table_is_live(
    database: Database, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    in_transaction, notify_rewrite = swap._swap_in_transaction, swap.notify_rewrite

    async def lost_at_the_commit(operation: Operation, *arguments: Any) -> Any:
        swapped = await in_transaction(operation, *arguments)
        if moment == "at the commit":
            # The commit succeeds, and its answer is lost.
            await operation.connection.execute("COMMIT")
        await kill(database, operation.connection)
        return swapped

    async def lost_after_the_commit(connection: asyncpg.Connection, *arguments: Any) -> None:
        monkeypatch.setattr(swap, "notify_rewrite", notify_rewrite)
        await kill(database, connection)

    async with with_former_table(database) as running:
        before = await build_of_live(database)
        if moment == "after the commit":
            monkeypatch.setattr(swap, "notify_rewrite", lost_after_the_commit)
        else:
            monkeypatch.setattr(swap, "_swap_in_transaction", lost_at_the_commit)
        if moment == "before the commit":
            with pytest.raises(OperationRefused, match="The live table is as it was"):
                await roll_back(database)
            assert await build_of_live(database) == before
        else:
            await roll_back(database)
            assert await build_of_live(database) != before
        await assert_table_equals_log(running)


async def test_it_is_said_if_it_is_not_known_which_table_is_live(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_transaction = swap._swap_in_transaction

    async def lost(operation: Operation, *arguments: Any) -> Any:
        swapped = await in_transaction(operation, *arguments)
        await kill(database, operation.connection)
        monkeypatch.setattr(Database, "connection", unreachable)
        return swapped

    def unreachable(self: Database) -> Any:
        raise ConnectionRefusedError

    async with with_former_table(database):
        monkeypatch.setattr(swap, "_swap_in_transaction", lost)
        with pytest.raises(OperationRefused, match="tallies v1 may be swapped or not: look with projections"):
            await roll_back(database)


async def test_a_table_that_is_left_and_cannot_be_dropped_does_not_swap_the_tables_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drop_retiring, in_transaction, swaps = swap._drop_retiring, swap._swap_in_transaction, list[Any]()

    async def swapped(*arguments: Any) -> Any:
        swaps.append(await in_transaction(*arguments))
        return swaps[-1]

    async def refused(*arguments: Any) -> None:
        # The swap drops one, too.
        if swaps:
            raise asyncpg.LockNotAvailableError("canceling statement due to lock timeout")
        await drop_retiring(*arguments)

    async with with_former_table(database) as running:
        before = await build_of_live(database)
        monkeypatch.setattr(swap, "_drop_retiring", refused)
        monkeypatch.setattr(swap, "_swap_in_transaction", swapped)
        await roll_back(database)
        assert len(swaps) == 1
        assert await build_of_live(database) != before
        assert "the table that is left is dropped by the next swap" in caplog.text
        await assert_table_equals_log(running)
