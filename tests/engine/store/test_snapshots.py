"""A snapshot saves folding, and is either correct or ignored: a damaged table never changes the state that is loaded."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.commands import CommandAccepted, CommandHandler
from app.engine.database.connections import Database
from app.engine.store.load import UnreadableStream, load_aggregate
from app.engine.store.log_identity import EventIdentity, identity_of
from app.engine.store.snapshots import writer
from app.engine.store.snapshots.reader import MAX_PENDING, LoadedState, SnapshotReader
from app.engine.store.snapshots.state_codec import StateCodec
from app.engine.store.snapshots.writer import SNAPSHOTS_PER_STREAM, SnapshotWriter
from domain.kernel.decider import AnyDecider, Upcast
from tests.support.databases import as_superuser
from tests.support.log_surgery import rewind, unguarded
from tests.support.toy_counter import Add, Added, Engine, Taken, engine, request, tally
from tests.support.toy_upcasts import (
    ADDED,
    BURNT,
    GROWN,
    LOOKED,
    MOVED,
    insert_events,
    tally_with_upcasts,
)


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests damage tables that a server cannot damage."""
    return as_superuser(database_url)


EVERY = 10


@pytest.fixture
async def running(database: Database) -> AsyncIterator[Engine]:
    async with engine(database, every=EVERY) as running:
        yield running


async def grow(running: Engine, stream: UUID, facts: int) -> int:
    """Record facts one by one, write the snapshots that they request, and return the sum."""
    for n in range(facts):
        assert isinstance(
            await running.commands.execute(tally, stream, Add(amount=n + 1), request()), CommandAccepted
        )
        await running.snapshotter.flush()
    return facts * (facts + 1) // 2


async def newest_fact(running: Engine, stream: UUID, decider: AnyDecider = tally) -> EventIdentity:
    return identity_of((await running.reader.read_stream(decider.category, stream, 0, 100))[-1])


async def versions(running: Engine, stream: UUID | None = None) -> list[int]:
    rows = await running.database.pool.fetch(
        "SELECT version FROM es.snapshots WHERE $1::uuid IS NULL OR stream_id = $1 ORDER BY version", stream
    )
    return [row["version"] for row in rows]


async def cold(
    running: Engine, stream: UUID, version: int | None = None, decider: AnyDecider = tally
) -> LoadedState[Any]:
    """The load of a process that has no state of the stream in memory."""
    return await load_aggregate(running.reader, decider, stream, version=version, snapshots=running.snapshots)


# --- Writing and loading ----------------------------------------------------


async def test_a_snapshot_is_written_at_every_tenth_fact(running: Engine) -> None:
    stream = uuid4()
    await grow(running, stream, 25)
    assert await versions(running) == [10, 20]
    assert await cold(running, stream) == LoadedState(325, 25, read=5)


async def test_a_command_that_records_several_facts_does_not_skip_a_snapshot(database: Database) -> None:
    async with engine(database, every=4) as running:
        stream = uuid4()
        await grow(running, stream, 3)
        running.snapshots.on_append(tally, stream, 2, 3)
        assert not running.snapshots.pending
        running.snapshots.on_append(tally, stream, 3, 9)
        assert list(running.snapshots.pending) == [("tally", stream)]


async def test_the_newest_snapshots_of_each_stream_are_kept(running: Engine) -> None:
    one, other = uuid4(), uuid4()
    await grow(running, one, 60)
    await grow(running, other, 10)
    assert len([20, 30, 40][-SNAPSHOTS_PER_STREAM:]) == SNAPSHOTS_PER_STREAM
    assert await versions(running, one) == [40, 50, 60]
    assert await versions(running, other) == [10]


async def test_a_long_stream_without_a_snapshot_gets_one_when_it_is_loaded(
    running: Engine,
) -> None:
    stream = uuid4()
    await grow(running, stream, 25)
    await running.database.pool.execute("TRUNCATE es.snapshots")
    assert await cold(running, stream) == LoadedState(325, 25, read=25)
    await running.snapshotter.flush()
    assert await versions(running) == [25]
    assert await cold(running, stream) == LoadedState(325, 25, read=0)


async def test_a_load_requests_a_snapshot_if_it_has_read_more_events_than_lie_between_two(
    running: Engine, database: Database
) -> None:
    async with engine(database, every=0) as off:
        off.snapshots.on_load(tally, uuid4(), LoadedState(0, 1, read=1))
        assert not off.snapshots.pending
    loaded, based = uuid4(), uuid4()
    running.snapshots.on_load(tally, loaded, LoadedState(0, EVERY, read=EVERY))
    assert not running.snapshots.pending
    state = LoadedState(0, EVERY + 1, read=EVERY + 1)
    running.snapshots.on_load(tally, loaded, state)
    running.snapshots.on_load(tally, based, state, is_stored=False)
    assert running.snapshots.pending == {("tally", loaded): state, ("tally", based): None}


async def test_any_version_is_loaded_from_the_nearest_snapshot_at_or_below_it(running: Engine) -> None:
    stream = uuid4()
    await grow(running, stream, 42)
    for version in range(43):
        loaded = await cold(running, stream, version)
        assert (loaded.state, loaded.version) == (version * (version + 1) // 2, version)
        nearest = max([0] + [item for item in (20, 30, 40) if item <= version])
        assert loaded.read == version - nearest
    assert (await cold(running, stream, 1_000)).version == 42


async def test_a_command_on_a_stream_that_is_not_in_memory_is_decided_on_a_snapshot(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    total = await grow(running, stream, 25)
    fresh = CommandHandler(running.appender, running.reader, running.snapshots)
    accepted = await fresh.execute(tally, stream, Add(amount=1), request())
    assert isinstance(accepted, CommandAccepted)
    assert accepted.version == 26
    assert await fresh.current_state(tally, stream) == total + 1


async def test_pending_snapshots_are_bounded_and_each_stream_counts_once(running: Engine) -> None:
    streams = [uuid4() for _ in range(MAX_PENDING)]
    for version in (10, 20):
        for stream in streams:
            running.snapshots.request(tally, stream, LoadedState(version, version))
    running.snapshots.request(tally, uuid4(), LoadedState(1, 10))
    assert len(running.snapshots.pending) == MAX_PENDING
    assert set(running.snapshots.pending.values()) == {LoadedState(20, 20)}


async def test_a_requested_state_that_is_not_in_the_log_is_not_written(running: Engine) -> None:
    running.snapshots.request(tally, uuid4(), LoadedState(1, 10, newest=EventIdentity(1, uuid4())))
    running.snapshots.request(tally, uuid4())
    await running.snapshotter.flush()
    assert await versions(running) == []


async def test_a_requested_state_whose_newest_fact_was_replaced_is_not_written(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    await grow(running, stream, EVERY + 2)
    await database.pool.execute("TRUNCATE es.snapshots")
    state = await cold(running, stream)
    await rewind(database.url, EVERY + 1)
    async with engine(database) as other:
        await other.commands.execute(tally, stream, Add(amount=1_000), request())
    assert running.snapshots.pending["tally", stream] == state
    await running.snapshotter.flush()
    assert await versions(running) == []


async def test_a_requested_state_whose_newest_command_was_repeated_is_not_written(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    await grow(running, stream, EVERY + 2)
    await database.pool.execute("TRUNCATE es.snapshots")
    await cold(running, stream)
    async with unguarded(database.url) as connection:
        await connection.execute(
            "UPDATE es.events SET recorded_at = recorded_at + interval '1 us' WHERE version = $1", EVERY + 2
        )
    await running.snapshotter.flush()
    assert await versions(running) == []


async def test_a_snapshot_is_folded_from_the_log_and_not_from_the_state_in_memory(
    running: Engine,
) -> None:
    stream = uuid4()
    await grow(running, stream, 9)
    known: Any = running.commands
    known._aggregates["tally", stream].speculative_state += 1
    await running.commands.execute(tally, stream, Add(amount=10), request())
    await running.snapshotter.flush()
    assert await cold(running, stream) == LoadedState(55, 10, read=0)


async def test_without_snapshots_none_is_written_and_none_is_read(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    await grow(running, stream, 12)
    async with engine(database, every=0) as off:
        assert (await cold(off, stream)).read == 12
        await grow(off, uuid4(), 12)
        assert await versions(off) == [10]


async def test_from_any_snapshot_of_a_stream_with_renamed_split_and_dropped_events_the_state_is_the_fold(
    database: Database,
) -> None:
    kinds = [GROWN, MOVED, LOOKED, ADDED]
    stream = uuid4()
    drawn = [kinds[n * n % 7 % 4] for n in range(30)]
    await insert_events(database, stream, *drawn)
    async with engine(database, decider=tally_with_upcasts, every=EVERY) as running:
        for cut in range(31):
            await database.pool.execute("TRUNCATE es.snapshots")
            running.snapshots.request(
                tally_with_upcasts,
                stream,
                await load_aggregate(running.reader, tally_with_upcasts, stream, version=cut),
            )
            await running.snapshotter.flush()
            assert await versions(running) == ([cut] if cut else [])
            for version in range(31):
                loaded = await cold(running, stream, version, tally_with_upcasts)
                full = await load_aggregate(running.reader, tally_with_upcasts, stream, version=version)
                assert (loaded.state, loaded.version) == (full.state, full.version)
                assert loaded.read == version - (cut if 1 < cut <= version else 0)


# --- Damaged tables ---------------------------------------------------------

DAMAGE = {
    "garbage for a state": "UPDATE es.snapshots SET state = '}{ garbage'",
    "a state of another shape": """UPDATE es.snapshots SET state = '["Open", {"lines": []}]'""",
    "another amount": "UPDATE es.snapshots SET state = regexp_replace(state, '[0-9]', '7')",
    "no state": "UPDATE es.snapshots SET state = ''",
    "another version": "UPDATE es.snapshots SET version = version - 1, position = position - 1",
    "a version that is not in the log": "UPDATE es.snapshots SET version = version + 1000",
    "another position": "UPDATE es.snapshots SET position = position + 1",
    "another stream's": "UPDATE es.snapshots SET stream_id = '{other}', position = position + 1000",
    "another category's": "UPDATE es.snapshots SET category = 'order'",
    "another mark": "UPDATE es.snapshots SET mark = 'another process'",
    "another digest": "UPDATE es.snapshots SET digest = digest || '0'",
    "no rows": "DELETE FROM es.snapshots",
    "an emptied table": "TRUNCATE es.snapshots",
    "no table": "DROP TABLE es.snapshots",
    "a table of another shape": "ALTER TABLE es.snapshots RENAME COLUMN state TO status",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
async def test_a_damaged_table_does_not_change_the_loaded_state(
    running: Engine, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    stream, other = uuid4(), uuid4()
    await grow(running, stream, 25)
    await grow(running, other, 25)
    await running.database.pool.execute("DELETE FROM es.snapshots WHERE stream_id = $1", other)
    before = await cold(running, stream)
    assert before.read == 5
    await running.database.pool.execute(damage.replace("{other}", str(other)))
    for _ in range(2):
        assert replace(await cold(running, stream), read=0) == LoadedState(325, 25)
        assert replace(await cold(running, other), read=0) == LoadedState(325, 25)
    warnings = [
        record
        for record in caplog.records
        if record.name.startswith("app.engine.store.snapshot") and record.levelno >= logging.WARNING
    ]
    assert len({record.getMessage() for record in warnings}) == len(warnings)
    assert isinstance(
        await running.commands.execute(tally, stream, Add(amount=1), request()), CommandAccepted
    )


@pytest.mark.parametrize("error", [AssertionError(), AttributeError("amount")])
async def test_a_snapshot_whose_state_its_class_refuses_is_ignored_and_removed(
    running: Engine, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The class may check it with code that the fingerprint does not cover, such as a library."""

    def refuse(states: StateCodec[Any], text: str) -> object:
        raise error

    stream = uuid4()
    await grow(running, stream, 15)
    monkeypatch.setattr(StateCodec, "decode", refuse)
    assert await cold(running, stream) == LoadedState(120, 15, read=15)
    running.snapshots.pending.clear()
    await running.snapshotter.flush()
    assert await versions(running) == []


@pytest.mark.parametrize(
    "damage",
    [
        DAMAGE["another amount"],
        DAMAGE["garbage for a state"],
        DAMAGE["another digest"],
        DAMAGE["another version"],
    ],
)
async def test_a_damaged_snapshot_is_removed_and_reported_once(
    running: Engine, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    stream = uuid4()
    await grow(running, stream, 15)
    await running.database.pool.execute(damage)
    running.snapshots.pending.clear()
    await cold(running, stream)
    await cold(running, stream)
    running.snapshots.pending.clear()
    await running.snapshotter.flush()
    assert await versions(running) == []
    assert running.snapshotter.counts.removed == 1
    [message] = [
        record.getMessage() for record in caplog.records if record.name == "app.engine.store.snapshots.reader"
    ]
    assert f"the snapshot of tally {stream} at version" in message
    assert "is damaged" in message


async def test_a_snapshot_whose_fact_is_not_in_the_log_does_not_replace_others(running: Engine) -> None:
    """The log was restored from a backup that is tally_with_upcasts than the snapshots."""
    stream = uuid4()
    await grow(running, stream, 35)
    await running.database.pool.execute("UPDATE es.snapshots SET version = version + 1000")
    await grow(running, stream, 5)
    assert await versions(running) == [40]
    assert (await cold(running, stream)).read == 0


async def test_a_restored_log_that_continues_differently_is_not_loaded_from_old_snapshots(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    await grow(running, stream, 20)
    async with database.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("DELETE FROM es.events WHERE version > 15")
        await connection.execute(
            "UPDATE es.events SET data = jsonb_set(data, '{amount}', '100'), command_id = gen_random_uuid() WHERE version = 10"
        )
    full = await load_aggregate(running.reader, tally, stream)
    assert replace(await cold(running, stream), read=0) == replace(full, read=0)
    assert full.version == 15


async def test_snapshots_of_other_code_stay_for_a_day_and_are_not_read(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    await grow(running, stream, 10)
    await database.pool.execute(
        "INSERT INTO es.snapshots SELECT stream_id, category, 'tally_with_upcasts', version, position, 'x', digest, now() - interval '25 hours' FROM es.snapshots"
    )
    await database.pool.execute(
        "INSERT INTO es.snapshots SELECT stream_id, category, 'newer', version, position, 'y', digest, now() - interval '23 hours' FROM es.snapshots WHERE mark <> 'tally_with_upcasts'"
    )
    await grow(running, stream, 10)
    assert {row["mark"] for row in await database.pool.fetch("SELECT mark FROM es.snapshots")} == {
        "newer",
        running.snapshots.fingerprints[0],
    }
    other = replace(tally, upcasts=(Upcast("tally.gone", 1, into=()),))
    async with engine(database, decider=other, every=EVERY) as newer:
        assert (await cold(newer, stream, decider=other)).read == 20


# --- Checks against the fold ------------------------------------------------


async def test_a_snapshot_that_equals_the_fold_passes_the_check(running: Engine) -> None:
    assert await running.snapshotter.check_random_snapshot() is None
    await grow(running, uuid4(), 25)
    for _ in range(5):
        assert await running.snapshotter.check_random_snapshot() is True
    assert (running.snapshotter.counts.checked, running.snapshotter.counts.different) == (5, 0)


async def test_a_snapshot_that_is_not_the_fold_is_reported_and_removed(
    running: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    """A fold that is not pure makes such a snapshot, and so does a forger who knows the digest."""
    stream = uuid4()
    await grow(running, stream, 5)
    running.snapshots.request(tally, stream, LoadedState(16, 5, newest=await newest_fact(running, stream)))
    await running.snapshotter.flush()
    assert (await cold(running, stream)).state == 16
    assert await running.snapshotter.check_random_snapshot() is False
    [message] = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("app.") and record.levelno == logging.ERROR
    ]
    assert (
        message
        == f"the snapshot of tally {stream} at version 5 is wrong, and removed: it is not the fold of the events before it"
    )
    assert running.snapshotter.counts.different == 1
    assert await versions(running) == []
    assert (await cold(running, stream)).state == 15


async def test_a_snapshot_whose_facts_cannot_be_read_any_more_is_reported_and_removed(
    database: Database,
) -> None:
    stream = uuid4()
    await insert_events(database, stream, ADDED, BURNT, ADDED)
    async with engine(database, decider=tally_with_upcasts, every=EVERY) as running:
        newest = await newest_fact(running, stream, tally_with_upcasts)
        running.snapshots.request(tally_with_upcasts, stream, LoadedState(2, 3, newest=newest))
        await running.snapshotter.flush()
        assert await running.snapshotter.check_random_snapshot() is False
        with pytest.raises(UnreadableStream):
            await cold(running, stream, decider=tally_with_upcasts)


async def test_a_random_snapshot_is_checked_also_while_snapshots_are_requested_all_the_time(
    running: Engine, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grow(running, uuid4(), EVERY)
    monkeypatch.setattr(writer, "WRITE_INTERVAL_SECONDS", 0)
    busy = SnapshotWriter(database.pool, running.reader, running.snapshots, seconds=0.01)

    async def flush() -> None:
        """Another request has come before the round ends."""
        running.snapshots.wakeup.set()

    monkeypatch.setattr(busy, "flush", flush)
    running.snapshots.wakeup.set()
    writing = asyncio.create_task(busy.run())
    async with asyncio.timeout(10):
        while not busy.counts.checked:  # noqa: ASYNC110 - a counter, which has no event of its own
            await asyncio.sleep(0)
    writing.cancel()


async def test_the_random_check_removes_a_damaged_snapshot(running: Engine) -> None:
    await grow(running, uuid4(), 10)
    await running.database.pool.execute(DAMAGE["another amount"])
    assert await running.snapshotter.check_random_snapshot() is False
    assert await versions(running) == []
    assert running.snapshotter.counts.different == 0


async def test_the_writer_continues_after_the_table_was_missing(database: Database) -> None:
    async with engine(database, every=EVERY) as running:
        worker = asyncio.create_task(
            SnapshotWriter(database.pool, running.reader, running.snapshots, seconds=0.05).run()
        )
        try:
            await database.pool.execute("ALTER TABLE es.snapshots RENAME TO away")
            stream = uuid4()
            for _ in range(10):
                await running.commands.execute(tally, stream, Add(amount=1), request())
            async with asyncio.timeout(10):
                while running.snapshots.pending:
                    await database.pool.fetchval("SELECT 1")
                await database.pool.execute("ALTER TABLE es.away RENAME TO snapshots")
                while not await versions(running):
                    await running.commands.execute(tally, stream, Add(amount=1), request())
            assert not worker.done()
        finally:
            worker.cancel()


async def test_a_state_that_cannot_be_encoded_turns_its_snapshots_off(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    lying: AnyDecider = replace(tally, initial=0.0)
    async with engine(database, decider=lying, every=EVERY) as running:
        stream = uuid4()
        for _ in range(12):
            await running.commands.execute(lying, stream, Add(amount=1), request())
        await running.snapshotter.flush()
        assert await versions(running) == []
        assert "tally" not in running.snapshots.codecs
        assert (await cold(running, stream, decider=lying)).state == 12.0
    [message] = [
        record.getMessage() for record in caplog.records if record.name == "app.engine.store.snapshots.reader"
    ]
    assert message.startswith("snapshots of tally are off: ")


def test_snapshots_of_a_decider_without_source_are_off_from_the_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made: dict[str, Any] = {"TallyEvent": Added | Taken, "__name__": "nowhere"}
    # A file name of its own: an interpreter that was started with -c knows the source of "<string>".
    exec(
        compile("def evolve(state: int, event: TallyEvent) -> int:\n    return state", "<nowhere>", "exec"),
        made,
    )
    nowhere: Any = None
    snapshots = SnapshotReader(nowhere, nowhere, [replace(tally, evolve=made["evolve"])])
    assert "tally" not in snapshots.codecs
    assert "snapshots of tally are off" in caplog.text
