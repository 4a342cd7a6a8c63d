"""A checkpoint counts only with the table that it moved with: otherwise the table is made again from the log."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Set
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from app.engine.database.connections import Database, open_database
from app.engine.database.leases import Lease
from app.engine.projector.parking.admin import list_parked_keys, request_retry, wait_for_retry
from app.engine.projector.projector import ProjectionStale
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason, start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.slots import FORMER, LIVE, lease_name
from app.engine.projector.worker import ProjectionWorker
from app.engine.projector.writer import TableWriter
from app.engine.read_models.queries import Range
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from tests.support.databases import as_superuser
from tests.support.log_surgery import unguarded
from tests.support.toy_counter import (
    Add,
    Engine,
    Take,
    assert_table_equals_log,
    engine,
    request,
    tallies,
    tally,
    wait_until_owner,
)
from tests.support.toy_parking import BROKEN, POISON, add, assert_nothing_parked, wait_until_folded
from tests.support.toy_upcasts import ADDED, insert_events


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests damage tables that a server cannot damage."""
    return as_superuser(database_url)


codec = EventCodec([tally])

DAMAGES = {
    "the table is dropped": "DROP TABLE read.tallies_v1",
    "its history is dropped": "DROP TABLE read.tallies_v1_history",
    "the table is emptied": "TRUNCATE read.tallies_v1",
    "its history is emptied": "TRUNCATE read.tallies_v1_history",
    "the table is copied and replaced": """
        ALTER TABLE read.tallies_v1 RENAME TO old;
        CREATE TABLE read.tallies_v1 (LIKE read.old INCLUDING ALL);
        INSERT INTO read.tallies_v1 SELECT * FROM read.old LIMIT 1;
        DROP TABLE read.old
    """,
    "its schema is dropped": "DROP SCHEMA read CASCADE",
    "all schemas of tables are dropped": """
        DROP SCHEMA read CASCADE; DROP SCHEMA read_staging CASCADE;
        DROP SCHEMA read_former CASCADE; DROP SCHEMA read_leaving CASCADE
    """,
    "the checkpoint is deleted": "DELETE FROM es.checkpoints",
    "all checkpoints are lost without a trace": "TRUNCATE es.checkpoints",
    "the second checkpoint is deleted": "DELETE FROM read.table_checkpoints",
    "all second checkpoints are dropped": "DROP TABLE read.table_checkpoints",
    "the table is of an earlier moment": "UPDATE read.table_checkpoints SET position = position - 1",
    "the table is of an earlier life": "UPDATE read.table_checkpoints SET generation = generation + 7",
    "the checkpoint is restored at another position": """
        CREATE TEMPORARY TABLE kept AS SELECT * FROM es.checkpoints;
        DELETE FROM es.checkpoints;
        INSERT INTO es.checkpoints OVERRIDING SYSTEM VALUE SELECT * FROM kept
    """,
    "the log has another event there": "UPDATE es.checkpoints SET command_id = gen_random_uuid()",
    "the log does not have the event": "UPDATE es.checkpoints SET position = position + 100",
}


@pytest.fixture(autouse=True)
def frequent_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.projector.worker.CHECK_INTERVAL_SECONDS", 0.05)


async def fill(running: Engine) -> None:
    for command in (Add(amount=3, note="a"), Add(amount=4), Take(amount=5)):
        streams = [uuid4() for _ in range(5)]
        for stream in streams:
            await running.commands.execute(tally, stream, Add(amount=9), request())
            await running.commands.execute(tally, stream, command, request())
    await assert_table_equals_log(running)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await condition():  # noqa: ASYNC110 - the database rings no bell
            await asyncio.sleep(0.02)


async def made_again(database: Database, generation: int) -> None:
    """Wait until the live table is another one, and may be read."""
    select = """
        SELECT count(*) FROM es.checkpoints WHERE slot = 'live' AND build <> $1
        AND NOT EXISTS (SELECT FROM es.rebuilds WHERE slot = 'live')
    """

    async def is_made() -> bool:
        return await database.pool.fetchval(select, generation) == 1

    await until(is_made)


async def live_generation(database: Database) -> int:
    return await database.pool.fetchval("SELECT build FROM es.checkpoints WHERE slot = 'live'")


async def assert_sound(running: Engine) -> None:
    """The table equals the log and a rebuild, and no key was parked on the way."""
    await assert_table_equals_log(running)
    assert await running.database.pool.fetchval("SELECT count(*) FROM es.parked_keys") == 0
    [rebuilt] = await rebuild(running.database, codec, [tallies])
    assert rebuilt.comparison.equal
    assert rebuilt.comparison.rows > 0
    await running.commands.execute(tally, uuid4(), Add(amount=1), request())
    await assert_table_equals_log(running)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_running_owner_makes_an_unusable_table_again_without_a_new_event(
    database: Database, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with engine(database) as running:
        await fill(running)
        generation = await live_generation(database)
        await database.pool.execute(DAMAGES[damage])
        await made_again(database, generation)
        await assert_sound(running)
        worker = running.projector.workers["tallies"]
        assert worker.state.problem is None
    lines = [line for line in caplog.messages if "it is made again from the log" in line]
    assert len(lines) == 1, caplog.messages


@pytest.mark.parametrize("damage", DAMAGES)
async def test_the_next_owner_makes_an_unusable_table_again(database: Database, damage: str) -> None:
    async with engine(database) as running:
        await fill(running)
    await database.pool.execute(DAMAGES[damage])
    async with engine(database) as running:
        await assert_sound(running)


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_rebuild_works_in_each_state_without_a_server(database: Database, damage: str) -> None:
    async with engine(database) as running:
        await fill(running)
    await database.pool.execute(DAMAGES[damage])
    [rebuilt] = await rebuild(database, codec, [tallies])
    assert rebuilt.swapped is not None
    async with engine(database) as running:
        assert await live_generation(database) == await database.pool.fetchval(
            "SELECT max(build) FROM es.checkpoints"
        )
        await assert_sound(running)


@asynccontextmanager
async def held_rebuild(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[asyncio.Event]:
    """A table that is made again stays empty until the event is set."""
    released, catch_up = asyncio.Event(), ProjectionWorker._catch_up  # pyright: ignore[reportPrivateUsage]

    async def held(self: ProjectionWorker, writer: object) -> None:
        await released.wait()
        await catch_up(self, writer)  # type: ignore[arg-type]

    monkeypatch.setattr(ProjectionWorker, "_catch_up", held)
    yield released
    released.set()


async def test_no_read_is_answered_from_a_table_that_is_made_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running, engine(database) as other:
        await fill(running)
        async with held_rebuild(monkeypatch) as released:
            await database.pool.execute("DROP TABLE read.tallies_v1")
            for each in (running, other):
                worker = each.projector.workers["tallies"]

                async def is_known(worker: ProjectionWorker = worker) -> bool:
                    return worker.state.rebuilding is not None and worker.state.position == 0

                await until(is_known)
                assert (
                    worker.state.problem == "it is made again from the log: table read.tallies_v1 is missing"
                )
                with pytest.raises(
                    ProjectionStale,
                    match=r"tallies is made again from the log, at position",
                ):
                    await each.projector.wait_for_position("tallies", 0, 0.05)
            released.set()
            for each in (running, other):
                await each.projector.wait_for_position("tallies", 0, 10)
                assert each.projector.workers["tallies"].state.problem is None
        await assert_sound(running)


async def test_no_read_is_answered_from_a_table_that_is_made_again_while_another_process_looks_at_it(
    database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        open_database(EngineSettings(database_url=database_url, pool_size=2)) as its_own,
        engine(database) as running,
        engine(its_own) as other,
    ):
        await fill(running)
        looks, made, looked = asyncio.Event(), asyncio.Event(), asyncio.Event()
        find_problems = other.projector._find_problems  # pyright: ignore[reportPrivateUsage] - the race is inside of one poll

        async def held_look(have_checkpoints: Set[str]) -> Mapping[str, str]:
            looks.set()
            await made.wait()
            return await find_problems(have_checkpoints)

        poll_once = other.projector._poll_once  # pyright: ignore[reportPrivateUsage] - as above

        async def noted_poll() -> None:
            await poll_once()
            if made.is_set():
                looked.set()

        monkeypatch.setattr(other.projector, "_find_problems", held_look)
        monkeypatch.setattr(other.projector, "_poll_once", noted_poll)
        async with asyncio.timeout(20), held_rebuild(monkeypatch) as released:
            await looks.wait()
            generation = await live_generation(database)
            await database.pool.execute("TRUNCATE read.tallies_v1")

            async def is_made() -> bool:
                return await live_generation(database) != generation

            await until(is_made)
            made.set()
            await looked.wait()
            with pytest.raises(ProjectionStale):
                await other.projector.wait_for_position("tallies", 0, 0)
            released.set()
            await other.projector.wait_for_position("tallies", 0, 10)
        await assert_sound(other)


async def test_an_interrupted_rebuild_is_not_read_before_its_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        await fill(running)
        async with held_rebuild(monkeypatch):
            await database.pool.execute("TRUNCATE read.tallies_v1")

            async def is_known() -> bool:
                return running.projector.workers["tallies"].state.rebuilding is not None

            await until(is_known)
            # The process ends here: `held_rebuild` never lets it go on.
            for task in asyncio.all_tasks():
                if "ProjectionWorker.run" in str(task.get_coro()):
                    task.cancel()
    async with engine(database) as running:
        await running.projector.wait_for_position("tallies", 1, 10)
        assert await live_rebuilds(database) == 0
        await assert_sound(running)


async def test_a_table_that_is_made_again_is_read_from_the_end_of_the_log_on_also_if_its_owner_expects_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database, poll_interval=60) as running:
        await fill(running)
        generation = await live_generation(database)
        # As after the restore of an earlier backup that the feed has not noticed.
        monkeypatch.setattr(running.feed, "latest_known", running.feed.head + 40)
        await database.pool.execute("TRUNCATE read.tallies_v1")
        await made_again(database, generation)
        await running.projector.wait_for_position("tallies", 0, 10)


async def test_a_claim_that_makes_a_table_again_reads_the_end_of_the_log_itself(database: Database) -> None:
    async with engine(database) as running:
        await fill(running)
        head = running.feed.head
    await database.pool.execute("TRUNCATE read.tallies_v1")
    async with database.connection() as connection:
        writer = TableWriter(tallies, LIVE, connection)
        assert await writer.acquire(lambda: False)
        assert writer.rebuild == (writer.remade_because, head)


@pytest.mark.parametrize(
    "damage", ["TRUNCATE read.tallies_v1", "DROP TABLE read.tallies_v1; DELETE FROM es.checkpoints"]
)
async def test_a_retry_without_a_server_is_refused_if_the_table_has_to_be_made_again(
    database: Database, damage: str
) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, uuid4())
        await add(running, uuid4(), note=POISON)
        await wait_until_folded(running, BROKEN)
    await database.pool.execute(damage)
    requested_at, count = await request_retry(database, BROKEN)
    assert count == 1
    with pytest.raises(
        OperationRefused, match=r"tallies: .*Start a server: it makes the table again from the log"
    ) as refused:
        await wait_for_retry(database, BROKEN, requested_at, count, 10, reader=running.reader)
    assert refused.value.why == RefusalReason.MISSING
    async with engine(database, projections=[BROKEN]) as running:
        await wait_until_folded(running, BROKEN)
        assert len(await list_parked_keys(database, BROKEN, Range(10))) == 1
    async with engine(database) as running:
        requested_at, count = await request_retry(database, tallies)
        await wait_for_retry(database, tallies, requested_at, count, 10)
        await assert_nothing_parked(running, tallies)


async def test_a_retry_without_a_server_is_refused_at_a_hole_in_the_log(
    database: Database, database_url: str
) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, uuid4())
        await add(running, uuid4(), note=POISON)
        await wait_until_folded(running, BROKEN)
    async with unguarded(database_url) as connection:
        await connection.execute("DELETE FROM es.events WHERE position = 1")
    requested_at, count = await request_retry(database, tallies)
    with pytest.raises(OperationRefused, match="the log has a hole: position 1 is missing"):
        await wait_for_retry(database, tallies, requested_at, count, 10, reader=running.reader)


async def remake_live_table_in_part(database: Database) -> int:
    """The state in which a server ends that makes the live table again. Returns the position that it has to reach."""
    await insert_events(database, uuid4(), *[ADDED] * (2 * swap.MAX_FOLD_IN_SWAP))
    target = await database.pool.fetchval("SELECT max(position) FROM es.events")
    await database.pool.execute(
        "INSERT INTO es.rebuilds (projection, version, slot, state, target, owner, error) VALUES ('tallies', 1, 'live', 'building', $1, 'x', 'damaged')",
        target,
    )
    return target


async def live_rebuilds(database: Database) -> int:
    return await database.pool.fetchval("SELECT count(*) FROM es.rebuilds WHERE slot = 'live'")


@pytest.mark.parametrize("way", ["rebuild", "promotion"])
async def test_a_table_that_replaces_one_that_is_made_again_has_the_whole_log(
    database: Database, way: str
) -> None:
    async with engine(database) as running:
        await fill(running)
    if way == "promotion":
        await rebuild(database, codec, [tallies], stage=True)
    target = await remake_live_table_in_part(database)
    if way == "promotion":
        async with start_operation(database, codec, [tallies]) as operation:
            swapped = await swap.promote(operation, tallies)
    else:
        [rebuilt] = await rebuild(database, codec, [tallies])
        assert rebuilt.swapped is not None
        swapped = rebuilt.swapped
    assert swapped.position == target
    assert await live_rebuilds(database) == 0
    async with engine(database) as running:
        await assert_sound(running)


async def test_a_former_table_that_is_behind_is_not_read_before_it_is_where_the_other_one_was_going(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        await fill(running)
    await rebuild(database, codec, [tallies])
    target = await remake_live_table_in_part(database)
    async with database.connection() as owner, start_operation(database, codec, [tallies]) as operation:
        # Another process keeps the former table, and is slow.
        assert await Lease(owner, lease_name("tallies", 1, FORMER)).try_acquire()
        swapped = await swap.rollback(operation, tallies)
    assert swapped.position < target
    async with held_rebuild(monkeypatch) as released, engine(database) as running:
        await wait_until_owner(running)
        with pytest.raises(ProjectionStale):
            await running.projector.wait_for_position("tallies", 0, 0.05)
        released.set()
        await running.projector.wait_for_position("tallies", 0, 10)
        assert running.projector.workers["tallies"].state.position >= target
        assert await live_rebuilds(database) == 0
        await assert_table_equals_log(running)


async def test_a_sound_table_is_never_made_again(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with engine(database) as running, engine(database):
        await fill(running)
        for _ in range(5):
            await rebuild(database, codec, [tallies])
            await fill(running)
    async with engine(database) as running:
        await fill(running)
    assert not [line for line in caplog.messages if "made again" in line]
