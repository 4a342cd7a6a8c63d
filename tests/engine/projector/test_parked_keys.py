"""A fact that raises parks its own key and nothing else. The parked key is named, and all other keys go on."""

import asyncio
import random
import string
from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.engine.database.connections import Database
from app.engine.projector.parking.parked_keys import KeyCodec, ParkedStream
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.store.codec import EventCodec
from domain.kernel.decider import Recorded
from projections.kernel import AnyProjection, Key
from tests.support.scenarios import fold_all
from tests.support.toy_counter import (
    TallyRow,
    engine,
    fold,
    keys,
    table_rows,
    tallies,
    tally,
)
from tests.support.toy_parking import (
    BROKEN_FOLD_NAME,
    POISON,
    BrokenFold,
    add,
    breaks_at_poison,
    wait_until_folded,
    with_fold,
)


async def parked(database: Database) -> list[asyncpg.Record]:
    return await database.pool.fetch("SELECT *, key::text AS what FROM es.parked_keys ORDER BY position")


async def test_one_key_of_a_thousand_is_parked_and_the_others_are_current(database: Database) -> None:
    broken = with_fold(breaks_at_poison)
    async with engine(database, projections=[broken]) as running:
        streams = [uuid4() for _ in range(1_000)]
        await asyncio.gather(*(add(running, stream) for stream in streams))
        bad = streams[500]
        at = await add(running, bad, note=POISON)
        await asyncio.gather(*(add(running, stream, 2) for stream in streams))
        history = await wait_until_folded(running, broken)
        waiting = {(bad,)}
        expected = fold_all(
            tallies, [each for each in history if each.stream_id != bad or each.position < at]
        )
        found = await table_rows(running, broken)
        assert found == expected
        assert {key for key, row in found.items() if row.sum == 3} == {
            (stream,) for stream in streams
        } - waiting
        [row] = await parked(database)
        assert (row["projection"], row["version"], row["slot"], row["position"]) == ("tallies", 1, "live", at)
        assert row["what"] == f'["{bad}"]'
        assert row["error"] == f"{BROKEN_FOLD_NAME}: {at}"
        assert "breaks_at_poison" in row["traceback"]
        assert running.projector.workers["tallies"].state.error is None


async def test_a_fact_raises_in_the_midst_of_a_batch_and_the_facts_around_it_count(
    database: Database,
) -> None:
    """All at once: what comes before the bad fact in its own batch counts, what comes after it waits."""
    good, bad = uuid4(), uuid4()
    async with engine(database, projections=[]) as writing:
        for stream, note in ((bad, ""), (good, ""), (bad, POISON), (bad, "after"), (good, "after")):
            await add(writing, stream, note=note)
    broken = with_fold(breaks_at_poison)
    async with engine(database, projections=[broken]) as running:
        await wait_until_folded(running, broken)
        found = await table_rows(running, broken)
        assert (found[(bad,)].facts, found[(bad,)].notes) == (1, ())
        assert (found[(good,)].facts, found[(good,)].notes) == (2, ("after",))


async def test_a_parked_key_stays_parked_for_the_next_owner(database: Database) -> None:
    broken = with_fold(breaks_at_poison)
    stream, other = uuid4(), uuid4()
    async with engine(database, projections=[broken]) as first:
        at = await add(first, stream, note=POISON)
        await wait_until_folded(first, broken)
    async with engine(database, projections=[broken]) as second:
        await add(second, stream)
        await add(second, other)
        await wait_until_folded(second, broken)
        assert set(await table_rows(second, broken)) == {(other,)}
        assert [row["position"] for row in await parked(database)] == [at]


@pytest.mark.parametrize("error", [AssertionError(), RuntimeError("amount")])
async def test_a_stored_row_that_its_class_refuses_parks_its_stream_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    good, bad = uuid4(), uuid4()
    async with engine(database, projections=[tallies]) as older:
        for stream in (good, bad):
            await add(older, stream)
        await wait_until_folded(older, tallies)
    from_record = type(tallies).row_from_record

    def refuse(projection: AnyProjection, columns: Iterable[Any]) -> Any:
        if bad in (values := tuple(columns)):
            raise error
        return from_record(projection, values)

    monkeypatch.setattr(type(tallies), "row_from_record", refuse)
    async with engine(database, projections=[tallies]) as running:
        for stream in (good, bad):
            await add(running, stream, 2)
        await wait_until_folded(running, tallies)
        [row] = await parked(database)
        assert (row["what"], running.projector.workers["tallies"].state.error) == (
            f'{{"stream": "{bad}", "category": "tally"}}',
            None,
        )
        monkeypatch.setattr(type(tallies), "row_from_record", from_record)
        assert {key: row.sum for key, row in (await table_rows(running)).items()} == {(good,): 3, (bad,): 1}


async def test_a_fold_that_is_broken_for_every_key_parks_each_and_still_moves_on(database: Database) -> None:
    def breaks_always(key: Key, row: Any, given: Recorded[Any]) -> Any:
        raise AssertionError(given)

    broken = with_fold(breaks_always)
    async with engine(database, projections=[broken]) as running:
        await asyncio.gather(*(add(running, uuid4()) for _ in range(300)))
        await wait_until_folded(running, broken)
        found = await parked(database)
        assert (len(found), await table_rows(running, broken)) == (300, {})
        assert all(row["error"].startswith("AssertionError: Recorded(") for row in found)


@pytest.mark.parametrize(
    "wrong", ["raises", "unhashable", "another length", "another type", "none", "unstorable"]
)
async def test_where_no_key_is_known_the_stream_is_parked(database: Database, wrong: str) -> None:
    """And with it what follows in the stream, whose other facts would be counted without the one that is missing."""

    def keys_break(given: Recorded[Any]) -> Any:
        if given.event.note != POISON:
            return keys(given)
        match wrong:
            case "raises":
                raise BrokenFold
            case "unhashable":
                return [[given.stream_id]]
            case "another length":
                return [(given.stream_id, 1)]
            case "another type":
                return [("no uuid",)]
            case "none":
                return None
            case _:
                return [("\0" * 5_000,)]

    broken = replace(tallies, keys=keys_break)
    bad, good = uuid4(), uuid4()
    async with engine(database, projections=[broken]) as running:
        await add(running, bad)
        at = await add(running, bad, note=POISON)
        await add(running, bad)
        await asyncio.gather(*(add(running, uuid4()) for _ in range(50)))
        await add(running, good, note="good")
        history = await wait_until_folded(running, broken)
        [row] = await parked(database)
        assert (row["position"], KeyCodec(tallies).read(row["what"])) == (at, ParkedStream("tally", bad))
        assert await table_rows(running, broken) == fold_all(
            tallies, [each for each in history if each.stream_id != bad or each.position < at]
        )


@pytest.mark.parametrize("wrong", ["zero byte", "too large", "null", "no row", "another's row"])
async def test_a_row_that_postgresql_refuses_parks_its_key(database: Database, wrong: str) -> None:
    other = uuid4()

    def unwritable(key: tuple[UUID], row: TallyRow | None, given: Recorded[Any]) -> Any:
        after: Any = fold(key, row, given)
        if given.event.note != POISON:
            return after
        match wrong:
            case "zero byte":
                return replace(after, notes=("a\0b",))
            case "too large":
                return replace(after, sum=2**63)
            case "null":
                return replace(after, facts=None)
            case "no row":
                return "what"
            case _:
                return replace(after, id=other)

    broken = with_fold(unwritable)
    bad = uuid4()
    async with engine(database, projections=[]) as writing:
        await asyncio.gather(*(add(writing, uuid4()) for _ in range(100)))
        await add(writing, bad)
        at = await add(writing, bad, note=POISON)
        await add(writing, bad)
        await asyncio.gather(*(add(writing, uuid4()) for _ in range(100)))
    async with engine(database, projections=[broken]) as running:
        history = await wait_until_folded(running, broken)
        [row] = await parked(database)
        assert (row["what"], row["position"]) == (f'["{bad}"]', at)
        assert "INSERT" not in row["error"]
        assert await table_rows(running, broken) == fold_all(
            tallies, [each for each in history if each.stream_id != bad or each.position < at]
        )
        await add(running, bad)
        await add(running, other)
        await wait_until_folded(running, broken)
        assert (other,) in await table_rows(running, broken)
        assert len(await parked(database)) == 1


@pytest.mark.parametrize("way", ["raises", "refused"])
async def test_what_is_filled_in_bulk_parks_the_same_keys(
    database: Database, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def sometimes(key: tuple[UUID], row: TallyRow | None, given: Recorded[Any]) -> TallyRow | None:
        after = fold(key, row, given)
        if given.event.note == POISON and way == "raises":
            raise BrokenFold
        return replace(after, sum=2**70) if after is not None and given.event.note == POISON else after

    broken = with_fold(sometimes)
    streams = [uuid4() for _ in range(40)]
    bad = streams[::9]
    async with engine(database, projections=[]) as writing:
        for note in ("", POISON, "after"):
            await asyncio.gather(
                *(add(writing, stream, note=note if stream in bad else "") for stream in streams)
            )
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", 10)
    monkeypatch.setattr("app.engine.projector.worker.BATCH_SIZE", 25)
    monkeypatch.setattr("app.engine.projector.rebuild.bulk_load.MAX_ROWS", 30)
    async with engine(database, projections=[broken]) as running:
        history = await wait_until_folded(running, broken)
        at = {each.stream_id: each.position for each in history if each.event.note == POISON}
        assert {row["what"]: row["position"] for row in await parked(database)} == {
            f'["{stream}"]': at[stream] for stream in bad
        }
        assert await table_rows(running, broken) == fold_all(
            tallies, [each for each in history if each.position < at.get(each.stream_id, len(history) + 1)]
        )


async def test_errors_that_cannot_be_kept_as_they_are_still_are(database: Database) -> None:
    class Unspeakable(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    raised: list[Exception] = [
        BrokenFold("\0 \ud800"),
        Unspeakable(),
        BrokenFold("long " * 100_000),
        RecursionError("deep"),
    ]

    def breaks(key: Key, row: Any, given: Recorded[Any]) -> Any:
        raise raised[given.event.amount - 1]

    broken = with_fold(breaks)
    async with engine(database, projections=[broken]) as running:
        for amount in range(1, len(raised) + 1):
            await add(running, uuid4(), amount)
        await wait_until_folded(running, broken)
        errors = [row["error"] for row in await parked(database)]
        assert errors[0].endswith("\\0 \\ud800")
        assert "Unspeakable" in errors[1]
        assert len(errors[2]) == 1_000
        assert errors[3] == "RecursionError: deep"


async def put_unreadable(
    database: Database, stream: UUID, position: int, category: str = "tally", version: int = 1
) -> None:
    await database.pool.execute(
        "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor,"
        " occurred_at, recorded_at) VALUES ($1, $2, $3, $4, $5, 7, '{}', $3, $3, 'x', now(), now())",
        position,
        category,
        stream,
        version,
        f"{category}.melted",
    )


async def test_an_unknown_event_type_stops_nothing_that_it_does_not_concern_and_is_named(
    database: Database,
) -> None:
    async with engine(database) as running:
        position = await add(running, uuid4())
        for offset in (1, 2, 3):
            await put_unreadable(database, uuid4(), position + offset, "elsewhere")
        stream = uuid4()
        await put_unreadable(database, stream, position + 4)
        await running.projector.wait_for_position("tallies", position + 4, 10)
        await add(running, uuid4())
        await wait_until_folded(running, tallies)
        assert len(await table_rows(running)) == 2
        # The toy's keys take any fact of their category: this one's key waits.
        assert [row["what"] for row in await parked(database)] == [f'["{stream}"]']
        unread = await database.pool.fetchval("SELECT unread::text FROM es.checkpoints")
        assert unread == '{"elsewhere.melted v7": {"last": 4, "count": 3, "first": 2}}'


def test_what_is_parked_comes_back_from_its_json_as_it_was() -> None:
    kept = KeyCodec(tallies)
    for what in ((uuid4(),), ParkedStream("tally", uuid4())):
        assert kept.read(kept.write(what) or "") == what
    assert kept.write(("\0",)) is None
    assert kept.write((object(),)) is None
    assert kept.write(("é" * 1_000,)) is None


@pytest.mark.parametrize("threshold", [2, 10_000])
async def test_a_value_that_is_too_long_for_an_index_parks_its_key_also_in_bulk(
    database: Database, monkeypatch: pytest.MonkeyPatch, threshold: int
) -> None:
    monkeypatch.setattr("app.engine.projector.worker.BULK_LOAD_THRESHOLD", threshold)
    indexed = replace(tallies, indexes=(("last",), ("sum", "id")))
    # PostgreSQL would compress a text that repeats.
    note = "".join(random.Random(4).choices(string.ascii_letters, k=5_000))
    bad, good = uuid4(), uuid4()
    async with engine(database, projections=[]) as running:
        for stream, text in ((bad, "short"), (good, "short"), (bad, note), (good, "")):
            await add(running, stream, note=text)
    async with engine(database, projections=[indexed]) as running:
        await wait_until_folded(running, indexed)
        assert {key: row.sum for key, row in (await table_rows(running, indexed)).items()} == {
            (bad,): 1,
            (good,): 2,
        }
        [row] = await parked(database)
        assert (row["what"], row["position"]) == (f'["{bad}"]', 3)
        [rebuilt] = await rebuild(database, EventCodec([tally]), [indexed])
        assert (rebuilt.comparison.equal, rebuilt.comparison.rows) == (True, 2)
        assert rebuilt.swapped is not None
