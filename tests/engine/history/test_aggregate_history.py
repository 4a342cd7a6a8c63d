"""The past of any aggregate: points that are there and points that are not, pages, and documents of any shape."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import thread_time
from typing import Any
from uuid import uuid4

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.history.aggregate_history import AggregateHistory, InvalidPointInTime, PointInTime
from app.engine.history.diff import EMPTY_DOCUMENT, blame_entries, changes, update_blame
from app.engine.sized_cache import memory_size
from app.engine.store.load import UnreadableStream
from app.engine.store.snapshots.reader import LoadedState
from domain.kernel.decider import Upcast, event
from domain.kernel.undo import Undoable
from tests.support.log_surgery import rewind, unguarded
from tests.support.scenarios import STREAM
from tests.support.toy_counter import Add, Take, engine, request, tally
from tests.support.toy_upcasts import insert_events

anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "b/c", "d~e"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["", "a", "b/c", "d~e"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(anything, anything)
def test_a_patch_between_any_two_documents_gives_the_second(before: Any, after: Any) -> None:
    assert jsonpatch.apply_patch(before, list(changes(before, after))) == after


@given(st.lists(anything, min_size=1, max_size=6))
def test_every_value_of_any_document_has_a_mark_that_stays_while_it_does(states: Sequence[Any]) -> None:
    marks, before = None, EMPTY_DOCUMENT
    for number, state in enumerate(states):
        marks, before = update_blame(before, marks, state, number), state
        for pointer, value, mark in blame_entries(state, marks):
            assert jsonpatch.JsonPointer(pointer).resolve(state) == value
            assert 0 <= mark <= number


def test_an_item_keeps_its_mark_wherever_it_goes() -> None:
    def after(*states: Any) -> dict[str, int]:
        marks, before = None, EMPTY_DOCUMENT
        for number, state in enumerate(states, start=1):
            marks, before = update_blame(before, marks, state, number), state
        assert marks is not None
        return {pointer: mark for pointer, _, mark in blame_entries(states[-1], marks)}

    tea, jam, pie = {"sku": "TEA", "pieces": 1}, {"sku": "JAM", "pieces": 1}, {"sku": "PIE", "pieces": 1}
    assert after([tea, jam], [jam, pie]) == {"/0/sku": 1, "/0/pieces": 1, "/1/sku": 2, "/1/pieces": 2}
    assert after([tea, jam, pie], [jam, pie | {"pieces": 2}]) == {
        "/0/sku": 1,
        "/0/pieces": 1,
        "/1/sku": 1,
        "/1/pieces": 2,
    }
    assert after([tea, jam], [pie, tea, jam]) == {
        "/0/sku": 2,
        "/0/pieces": 2,
        "/1/sku": 1,
        "/1/pieces": 1,
        "/2/sku": 1,
        "/2/pieces": 1,
    }
    assert after([tea], [], [tea]) == {"/0/sku": 3, "/0/pieces": 3}


async def test_a_state_that_is_no_record_is_shown_as_it_is(database: Database) -> None:
    async with engine(database) as running:
        for command in (Add(amount=5), Take(amount=2)):
            await running.commands.execute(tally, STREAM, command, request())
        entries, more = await AggregateHistory(running.reader).history(tally, STREAM, 0, 10)
        assert [(entry.state, entry.command, entry.undone) for entry in entries] == [
            (5, "tally.add", False),
            (3, "tally.take", False),
        ]
        assert entries[1].changes() == [{"op": "replace", "path": "", "value": 3}]
        assert not more


async def test_blame_of_a_stream_that_becomes_shorter_ends(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        for _ in range(3):
            await running.commands.execute(tally, STREAM, Add(amount=1), request())
        version_before = await running.reader.stream_version("tally", STREAM)
        await rewind(database.url, 2)
        past = AggregateHistory(running.reader)

        async def version(*_: object) -> int:
            return version_before

        monkeypatch.setattr(past, "version", version)
        async with asyncio.timeout(10):
            [entry] = await past.blame(tally, STREAM)
        assert (entry.fact.version, entry.value) == (2, 2)


async def test_a_point_is_a_version_a_moment_or_a_position(database: Database) -> None:
    async with engine(database) as running:
        past = AggregateHistory(running.reader)
        outcomes = [
            await running.commands.execute(tally, stream, Add(amount=1), request())
            for stream in (STREAM, uuid4(), STREAM)
        ]
        moments = [
            outcome.facts[0].recorded_at for outcome in outcomes if isinstance(outcome, CommandAccepted)
        ]

        async def sum_at(**point: Any) -> int | None:
            was = await past.as_of(tally, STREAM, PointInTime(**point))
            return None if was is None else was.state

        assert [await sum_at(version=version) for version in (0, 1, 2)] == [None, 1, 2]
        assert [await sum_at(position=position) for position in (0, 1, 2, 3)] == [None, 1, 1, 2]
        tick = timedelta(microseconds=1)
        assert [
            await sum_at(moment=moment)
            for moment in (moments[0] - tick, moments[0], moments[2] - tick, moments[2])
        ] == [None, 1, 1, 2]
        assert await sum_at(moment=datetime.now(UTC)) == 2
        assert await sum_at() == 2


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (PointInTime(version=3), "there is no version 3"),
        (PointInTime(version=-1), "there is no version -1"),
        (PointInTime(position=9), "the log ends at position 2"),
        (PointInTime(position=-1), "there is no position -1"),
        (PointInTime(moment=datetime.now(UTC) + timedelta(days=1)), "is in the future"),
        (PointInTime(version=1, position=1), "version and position are given"),
    ],
)
async def test_a_point_that_is_none_is_said(database: Database, point: PointInTime, said: str) -> None:
    async with engine(database) as running:
        for _ in range(2):
            await running.commands.execute(tally, STREAM, Add(amount=1), request())
        with pytest.raises(InvalidPointInTime, match=said):
            await AggregateHistory(running.reader).as_of(tally, STREAM, point)


async def test_the_moment_of_an_event_is_not_in_the_future_although_the_clock_of_the_server_is_behind(
    database: Database,
) -> None:
    async with engine(database) as running:
        await running.commands.execute(tally, STREAM, Add(amount=1), request())
        async with unguarded(database.url) as connection:
            ahead: datetime = await connection.fetchval(  # pyright: ignore[reportAssignmentType] - the one event
                "UPDATE es.events SET recorded_at = recorded_at + interval '1 hour' RETURNING recorded_at"
            )
        past = AggregateHistory(running.reader)
        assert await past.as_of(tally, STREAM, PointInTime(moment=ahead)) == LoadedState(1, 1, 1)
        assert not await running.reader.is_future(ahead, tolerance=timedelta(0))
        assert await running.reader.is_future(ahead + timedelta(seconds=2))
        assert await running.reader.now() == ahead


async def test_what_cannot_be_read_hides_nothing_before_it(database: Database) -> None:
    async with engine(database) as running:
        for _ in range(2):
            await running.commands.execute(tally, STREAM, Add(amount=1), request())
        await database.pool.execute(
            "INSERT INTO es.events SELECT position + 2, category, stream_id, version + 2, 'tally.of-tomorrow', type_version, data, command_id,"
            " correlation_id, caused_by, actor, occurred_at, recorded_at FROM es.events"
        )
        past = AggregateHistory(running.reader)
        entries, more = await past.history(tally, STREAM, 0, 10)
        assert [entry.state for entry in entries] == [1, 2]
        assert more
        was = await past.as_of(tally, STREAM, PointInTime(version=2))
        assert was is not None
        for looking in (
            past.history(tally, STREAM, 2, 10),
            past.as_of(tally, STREAM, PointInTime(version=3)),
            past.blame(tally, STREAM),
        ):
            with pytest.raises(UnreadableStream, match=r"tally\.of-tomorrow"):
                await looking


@event("tally.marked")
class Marked(Undoable):
    amount: int


def evolve_marked(state: int, event: Marked) -> int:
    return state + event.amount


async def test_a_change_that_an_upcast_splits_is_shown_as_undone(database: Database) -> None:
    split = Upcast("tally.pair", 1, lambda data: (data, data), into=(Marked.stored, Marked.stored))
    marked = replace(tally, evolve=evolve_marked, upcasts=(split,))
    pair = ("tally.pair", 1, {"amount": 1})
    undo = ("tally.marked", 1, {"amount": -2, "undoes": 1})
    async with engine(database, decider=marked, projections=()) as running:
        await insert_events(database, STREAM, pair, undo, pair)
        entries, _ = await AggregateHistory(running.reader).history(marked, STREAM, 0, 10)
        assert [(entry.state, entry.undone) for entry in entries] == [(2, True), (0, False), (2, False)]


async def test_a_page_of_large_states_ends_early(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.history.aggregate_history.MAX_STATE_BYTES", 3)
    async with engine(database) as running:
        for _ in range(5):
            await running.commands.execute(tally, STREAM, Add(amount=60), request())
        past, found = AggregateHistory(running.reader), list[int]()
        more = True
        while more:
            part, more = await past.history(tally, STREAM, len(found), 10)
            assert len(part) < 5
            found += [each.state for each in part]
        assert found == [60, 120, 180, 240, 300]


async def test_the_next_page_of_a_long_history_does_not_begin_at_the_first_fact(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(database) as running:
        await asyncio.gather(
            *(running.commands.execute(tally, STREAM, Add(amount=1), request()) for _ in range(300))
        )
        past, folded = AggregateHistory(running.reader), list[int]()
        fold = tally.fold
        counting = replace(
            tally, evolve=lambda state, event: (folded.append(1), tally.evolve(state, event))[1]
        )
        assert fold([]) == 0
        for after in range(0, 300, 50):
            await past.history(counting, STREAM, after, 50)
        assert len(folded) == 300


async def test_states_of_a_stream_are_measured_when_the_version_has_doubled_or_halved(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[object] = []

    def measure(state: object) -> int:
        measured.append(state)
        return memory_size(state)

    monkeypatch.setattr("app.engine.history.aggregate_history.memory_size", measure)
    async with engine(database) as running:
        for amount in range(1, 41):
            await running.commands.execute(tally, STREAM, Add(amount=amount), request())
        history = AggregateHistory(running.reader)
        for version in (40, 30, 20, 38, 21):
            loaded = await history.as_of(tally, STREAM, PointInTime(version=version))
            assert loaded is not None
            assert loaded.version == version
        assert len(measured) == 1
        await history.as_of(tally, STREAM, PointInTime(version=19))
        assert len(measured) == 2


@pytest.mark.parametrize("seconds", [0.0, 0.0002])
async def test_states_that_are_decoded_and_folded_at_the_same_time_let_other_tasks_run(
    database: Database, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    turn = 0.002
    monkeypatch.setattr("app.engine.turns.TURN_SECONDS", turn)

    def evolve(state: int, event: Any) -> int:
        until = thread_time() + seconds
        while thread_time() < until:
            pass
        return tally.evolve(state, event)

    async with engine(database) as running:
        for amount in range(1, 121):
            await running.commands.execute(tally, STREAM, Add(amount=amount), request())
        decider, history = (
            replace(tally, evolve=evolve),
            AggregateHistory(running.reader).batched(database.reads),
        )
        began = thread_time()
        reads = [
            asyncio.ensure_future(history.as_of(decider, STREAM, PointInTime(version=120 - number)))
            for number in range(10 if seconds else 50)
        ]
        gathered = asyncio.gather(*reads)
        longest, before = 0.0, thread_time()
        while not gathered.done():
            await asyncio.sleep(0)
            longest, before = max(longest, thread_time() - before), thread_time()
        spent = thread_time() - began
        assert spent > 10 * turn
        assert longest < spent / 2
