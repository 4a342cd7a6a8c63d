"""An owner of older code stops before an event that newer code wrote, and leaves its table to newer code."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.projector.newer_events import NewerEvent
from app.engine.projector.parking import admin
from app.engine.projector.rebuild.catch_up import fold_remaining
from app.engine.projector.rebuild.operation import OperationRefused, start_operation
from app.engine.projector.rebuild.rebuild import build, prepare_table, rebuild
from app.engine.projector.slots import STAGING
from app.engine.read_models.queries import Range
from app.engine.store.codec import EventCodec
from app.engine.store.event_shapes import changed_events
from app.engine.store.reader import EventReader
from domain.kernel.decider import Decider, Event, Recorded, StoredName, Upcast, event
from projections.kernel import Key, Projection, by_stream
from tests.support.toy_counter import (
    Add,
    Engine,
    Take,
    Taken,
    TallyCommand,
    TallyRow,
    assert_table_equals_log,
    engine,
    request,
    table_rows,
    tallies,
    tally,
    wait_until_owner,
)
from tests.support.toy_lists import above_two, lists, next_after, sums
from tests.support.toy_parking import BrokenFold
from tests.support.toy_upcasts import insert_events


@event("tally.added", version=2)
class AddedInUnits(Event):
    units: int


type NewTallyEvent = AddedInUnits | Taken


def decide(command: TallyCommand, state: int) -> Sequence[NewTallyEvent]:
    return (
        [Taken(amount=command.amount)] if isinstance(command, Take) else [AddedInUnits(units=command.amount)]
    )


def evolve(state: int, event: NewTallyEvent) -> int:
    return state + event.units if isinstance(event, AddedInUnits) else state - event.amount


new_tally: Decider[TallyCommand, int, NewTallyEvent] = Decider(
    category="tally",
    initial=0,
    decide=decide,
    evolve=evolve,
    upcasts=(
        Upcast("tally.added", 1, lambda data: {"units": data["amount"]}, into=StoredName("tally.added", 2)),
    ),
)


def fold(key: tuple[UUID], row: TallyRow | None, fact: Recorded[Any]) -> TallyRow:
    row = row or TallyRow(id=key[0], sum=0, facts=0, notes=(), last=None)
    match fact.event:
        case AddedInUnits(units=units):
            return replace(row, sum=row.sum + units, facts=row.facts + 1)
        case Taken(amount=amount):
            return replace(row, sum=row.sum - amount, facts=row.facts + 1)
        case _:
            raise AssertionError(fact)


new_tallies: Projection[TallyRow] = replace(tallies, fold=fold)
new_codec, old_codec = EventCodec([new_tally]), EventCodec([tally])


async def register(database: Database) -> None:
    """What a server does at its start."""
    await changed_events(database.pool, old_codec)
    await changed_events(database.pool, new_codec)


def new_code(database: Database) -> Any:
    return engine(database, decider=new_tally, projections=[new_tallies])


async def until_it_stands(running: Engine) -> str:
    worker = running.projector.workers["tallies"]
    async with asyncio.timeout(10):
        while worker.state.error is None:  # noqa: ASYNC110 - an error wakes no waiter
            await asyncio.sleep(0.02)
    return worker.state.error


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.projector.worker.NEWER_EVENT_PAUSE_SECONDS", 0.6)


async def test_an_older_owner_leaves_its_table_to_newer_code_which_folds_every_event(
    database: Database,
) -> None:
    await register(database)
    stream = uuid4()
    async with engine(database) as old:
        await old.commands.execute(tally, stream, Add(amount=1), request())
        await assert_table_equals_log(old)
        assert old.projector.workers["tallies"].state.is_owner
        async with new_code(database) as new:
            for amount in (10, 100):
                await new.commands.execute(new_tally, stream, Add(amount=amount), request())
            for each in (new, old):
                await each.projector.wait_for_position("tallies", 3, 10)
            assert new.projector.workers["tallies"].state.is_owner
            [row] = (await table_rows(new, new_tallies)).values()
            assert (row.sum, row.facts) == (111, 3)
            # The older server says that it is well again: it serves what newer code projects.
            assert old.projector.workers["tallies"].state.error is None
            assert await database.pool.fetchval("SELECT count(*) FROM es.parked_keys") == 0
            assert await database.pool.fetchval("SELECT unread::text FROM es.checkpoints") == "{}"
            [rebuilt] = await rebuild(database, new_codec, [new_tallies], stage=True)
            assert rebuilt.comparison.equal


async def test_without_newer_code_the_projection_stands_before_the_event_and_says_so(
    database: Database,
) -> None:
    await register(database)
    stream = uuid4()
    await insert_events(
        database,
        stream,
        ("tally.added", 1, {"amount": 1}),
        ("tally.added", 2, {"units": 5}),
        ("tally.taken", 1, {"amount": 1}),
    )
    async with engine(database) as old:
        error = await until_it_stands(old)
        assert error.startswith(
            "event tally.added v2 at position 2 is of newer code: run that code, or skip the event"
        )
        await old.projector.wait_for_position("tallies", 1, 10)
        [row] = (await table_rows(old)).values()
        assert (row.sum, row.facts) == (1, 1)
        with pytest.raises(OperationRefused, match=r"event tally.added v2 at position 2 is of newer code"):
            await rebuild(database, old_codec, [replace(tallies, version=2)])
        # An operator may skip the event.
        key = admin.parse_key(tallies, error.split("'")[1])
        with pytest.raises(OperationRefused, match="is not parked"):
            await admin.skip(database, tallies, key, 3, "not this one", "olga")
        await admin.skip(database, tallies, key, 2, "the release was taken back", "olga")
        await old.projector.wait_for_position("tallies", 3, 10)
        # Taken down to nothing.
        assert await table_rows(old) == {}


async def test_a_bulk_load_stops_before_the_event_and_keeps_what_precedes_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", 2)
    await register(database)
    stored = [("tally.added", 1, {"amount": 1})] * 5 + [("tally.added", 2, {"units": 1})] * 2
    await insert_events(database, uuid4(), *stored)
    async with engine(database) as old:
        assert "at position 6" in await until_it_stands(old)
        assert await database.pool.fetchval("SELECT position FROM es.checkpoints") == 5
        [row] = (await table_rows(old)).values()
        assert (row.sum, row.facts) == (5, 5)
    async with new_code(database) as new:
        await new.projector.wait_for_position("tallies", 7, 10)
        [row] = (await table_rows(new, new_tallies)).values()
        assert (row.sum, row.facts) == (7, 7)


async def test_events_that_no_code_has_registered_are_passed_over_and_counted(database: Database) -> None:
    await register(database)
    only_added = replace(
        tallies, keys=lambda fact: [(fact.stream_id,)] if isinstance(fact.event, tally.event_types) else []
    )
    await insert_events(database, uuid4(), ("tally.lost", 9, {}), ("tally.added", 1, {"amount": 1}))
    async with engine(database, projections=[only_added]) as old:
        await old.projector.wait_for_position("tallies", 2, 10)
        assert old.projector.workers["tallies"].state.error is None
        assert "tally.lost v9" in await database.pool.fetchval("SELECT unread::text FROM es.checkpoints")


async def test_events_of_a_category_that_older_code_lacks_concern_none_of_its_projections(
    database: Database,
) -> None:
    await register(database)
    await database.pool.execute(
        "INSERT INTO es.event_shapes (name, version, shape) VALUES ('invoice.sent', 1, '{}')"
    )
    await insert_events(database, uuid4(), ("tally.added", 1, {"amount": 1}))
    await database.pool.execute("""
        INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id,
                               actor, occurred_at, recorded_at)
        VALUES (2, 'invoice', gen_random_uuid(), 1, 'invoice.sent', 1, '{}', gen_random_uuid(), gen_random_uuid(), 'x', now(), now())
    """)
    async with engine(database) as old:
        await old.projector.wait_for_position("tallies", 2, 10)
        assert old.projector.workers["tallies"].state.error is None


async def test_the_live_lists_of_an_older_server_show_the_rows_that_newer_code_folded(
    database: Database,
) -> None:
    await register(database)
    known, unknown = uuid4(), uuid4()
    older = replace(tallies, keys=by_stream(tally))
    newer = replace(new_tallies, keys=by_stream(new_tally))
    async with engine(database, projections=[older]) as old:
        await old.commands.execute(tally, known, Add(amount=5), request())
        rows = lists(old, 30).find(older, above_two, 10, None, database)
        first, cursor = await rows.join(1, None)
        assert sums(first) == (True, [5], [])
        async with engine(database, decider=new_tally, projections=[newer]) as new:
            await new.commands.execute(new_tally, unknown, Add(amount=10), request())
            await new.commands.execute(new_tally, known, Take(amount=1), request())
            shown, position = {known: 5}, 1
            while position < 3:
                change = await next_after(rows, cursor)
                assert change is not None
                cursor, position = change.cursor, change.position
                shown = ({} if change.initial else shown) | {row.id: row.sum for row in change.upserted}
            # A client that has everything up to here lacks nothing, on any server.
            assert shown == {known: 4, unknown: 10}
    async with engine(database, projections=[older]) as other:
        # This server had no list at that time.
        resumed, _ = await lists(other, 30).find(older, above_two, 10, None, database).join(3, 1)
        assert sums(resumed) == (True, [4, 10], [])


async def test_a_retry_of_older_code_leaves_its_keys_to_newer_code_which_has_folded_their_events(
    database: Database,
) -> None:
    def fold_no_taken(key: tuple[UUID], row: TallyRow | None, fact: Recorded[Any]) -> TallyRow:
        if isinstance(fact.event, Taken):
            raise BrokenFold
        return fold(key, row, fact)

    await register(database)
    older = replace(tallies, keys=by_stream(tally))
    newer = replace(new_tallies, keys=by_stream(new_tally))
    await insert_events(
        database,
        uuid4(),
        ("tally.added", 1, {"amount": 1}),
        ("tally.added", 2, {"units": 5}),
        ("tally.taken", 1, {"amount": 1}),
    )
    async with engine(
        database, decider=new_tally, projections=[replace(newer, fold=fold_no_taken)]
    ) as running:
        await running.projector.wait_for_position("tallies", 3, 10)
    async with engine(database, projections=[older]) as old:
        await wait_until_owner(old)
        asked, count = await admin.request_retry(database, older)
        assert count == 1
        for _ in range(2):
            await old.projector.workers["tallies"].retry_parked()
            [parked] = await admin.list_parked_keys(database, older, Range(10))
            assert (parked.position, parked.retry_requested_at) == (3, asked)
        [row] = (await table_rows(old, older)).values()
        assert row.sum == 6
    reader = EventReader(database.pool, old_codec)
    with pytest.raises(OperationRefused, match=r"event tally.added v2 at position 2 is of newer code: run"):
        await admin.wait_for_retry(database, older, asked, 1, 10, reader=reader)
    async with engine(database, decider=new_tally, projections=[newer]) as new:
        assert await admin.wait_for_retry(database, newer, asked, 1, 30) == admin.RetryResult(1, 0, 0)
        [row] = (await table_rows(new, newer)).values()
        assert (row.sum, row.facts) == (5, 3)


def keys_with_an_unusable_one(fact: Recorded[Any]) -> Sequence[Key]:
    if isinstance(fact.event, Taken):
        return [("no uuid",)]
    return by_stream(tally)(fact)


UNUSABLE_AND_NEWER = (
    ("tally.added", 1, {"amount": 1}),
    ("tally.taken", 1, {"amount": 1}),
    ("tally.added", 2, {"units": 5}),
    ("tally.added", 1, {"amount": 1}),
)


async def test_a_bulk_load_that_isolates_an_unusable_key_stops_before_the_event(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", 2)
    await register(database)
    projection = replace(tallies, keys=keys_with_an_unusable_one)
    async with engine(database, projections=[projection]) as old:
        await old.commands.execute(tally, uuid4(), Add(amount=1), request())
        # Rows that are written already are looked up by their keys.
        await old.projector.wait_for_position("tallies", 1, 10)
    await insert_events(database, uuid4(), *UNUSABLE_AND_NEWER)
    async with engine(database, projections=[projection]) as old:
        assert "v2 at position 4 is of newer code" in await until_it_stands(old)
        assert await database.pool.fetchval("SELECT position FROM es.checkpoints") == 3
        assert len(await table_rows(old, projection)) == 2
        assert len(await admin.list_parked_keys(database, projection, Range(10))) == 1


async def test_the_last_events_before_a_comparison_or_a_swap_hold_none_of_newer_code(
    database: Database,
) -> None:
    await register(database)
    projection = replace(tallies, keys=keys_with_an_unusable_one)
    await insert_events(database, uuid4(), *UNUSABLE_AND_NEWER)
    async with start_operation(database, old_codec, [projection]) as operation:
        await build(operation, [await prepare_table(operation, projection, STAGING)], 100, up_to=1)
        load = await operation.open_bulk_load(projection, STAGING)
        assert load is not None
        with pytest.raises(NewerEvent):
            async with operation.connection.transaction():
                await fold_remaining(operation, load, 4)
