"""Corrected code or a skipped event brings parked keys level, from any process, at any time."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.engine.database.connections import Database
from app.engine.projector.parking.admin import (
    RetryResult,
    list_parked_keys,
    list_skipped_events,
    parse_key,
    request_retry,
    skip,
    unskip,
    wait_for_retry,
)
from app.engine.projector.parking.parked_keys import ParkedItem
from app.engine.projector.parking.store import load_skipped
from app.engine.projector.rebuild.operation import OperationRefused, start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.rebuild.swap import promote
from app.engine.read_models.queries import Range
from app.engine.store.codec import EventCodec
from app.engine.store.reader import EventReader
from domain.kernel.decider import Recorded
from projections.kernel import Projection
from tests.support.scenarios import fold_all
from tests.support.toy_counter import (
    Engine,
    TallyRow,
    engine,
    fold,
    table_rows,
    tallies,
    tally,
    wait_until_owner,
)
from tests.support.toy_parking import (
    BROKEN,
    BROKEN_FOLD_NAME,
    POISON,
    BrokenFold,
    add,
    assert_nothing_parked,
    breaks_at_poison,
    key_text,
    retried,
    wait_until_folded,
    with_fold,
)

CODEC = EventCodec([tally])


async def test_corrected_code_and_a_retry_bring_a_key_level(database: Database) -> None:
    streams = [uuid4() for _ in range(1_000)]
    async with engine(database, projections=[BROKEN]) as running:
        await asyncio.gather(*(add(running, stream) for stream in streams))
        await add(running, streams[7], note=POISON)
        await asyncio.gather(*(add(running, stream, 2) for stream in streams))
        await wait_until_folded(running, BROKEN)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        assert len(await list_parked_keys(database, tallies, Range(10))) == 1
        assert await retried(running, tallies) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, tallies)
        await add(running, streams[7])
        await assert_nothing_parked(running, tallies)


async def test_a_retry_of_code_that_still_raises_says_so_and_changes_nothing(database: Database) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        await add(running, stream, 3)
        at = await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
        before = await table_rows(running, BROKEN)
        assert await retried(running, BROKEN, key_text(stream)) == RetryResult(0, 1, 0)
        [key] = await list_parked_keys(database, BROKEN, Range(10))
        assert (key.position, key.failed_retries, key.error) == (
            at,
            1,
            f"{BROKEN_FOLD_NAME}: {at}",
        )
        assert await table_rows(running, BROKEN) == before


async def test_a_retry_goes_as_far_as_it_can(database: Database) -> None:
    """The fold is right for the first fact, and raises at a later one.

    The key waits there now, and all facts before it count.
    """
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        first = await add(running, stream, note=POISON)
        await add(running, stream, 5)
        second = await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)

    def half_corrected(key: tuple[UUID], row: TallyRow | None, given: Recorded[Any]) -> TallyRow | None:
        return (fold if given.position == first else breaks_at_poison)(key, row, given)

    corrected = with_fold(half_corrected)
    async with engine(database, projections=[corrected]) as running:
        await wait_until_folded(running, corrected)
        assert await retried(running, corrected) == RetryResult(0, 1, 0)
        [key] = await list_parked_keys(database, corrected, Range(10))
        assert key.position == second
        assert (await table_rows(running, corrected))[(stream,)].sum == 6


async def test_a_fact_is_left_out_for_good_and_counted_again_when_that_is_taken_back(
    database: Database,
) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        await add(running, stream)
        at = await add(running, stream, note=POISON)
        await add(running, stream, 5)
        await wait_until_folded(running, BROKEN)
        key = key_text(stream)
        asked = await skip(database, BROKEN, key, at, " entered twice ", "olga")
        assert await wait_for_retry(database, BROKEN, asked, 1, 10, key=key) == RetryResult(1, 0, 0)
        [skipped] = await list_skipped_events(database, BROKEN, Range(10))
        assert (skipped.key, skipped.position, skipped.reason, skipped.actor) == (
            key,
            at,
            "entered twice",
            "olga",
        )
        assert (await table_rows(running, BROKEN))[(stream,)].sum == 6
    # For good: also for a table that is filled again.
    await database.pool.execute(
        "DROP TABLE read.tallies_v1, read.tallies_v1_history; DELETE FROM es.checkpoints"
    )
    async with engine(database) as running:
        await assert_nothing_parked(running, tallies, without=[at])
        asked = await unskip(database, tallies, key, at)
        assert await wait_for_retry(database, tallies, asked, 1, 10, key=key) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, tallies)
        assert await list_skipped_events(database, tallies, Range(10)) == []


async def test_what_cannot_be_skipped_or_retried_is_said(database: Database) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        at = await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
        key, other = key_text(stream), key_text(uuid4())
        with pytest.raises(OperationRefused, match="is not parked"):
            await request_retry(database, BROKEN, other)
        with pytest.raises(OperationRefused, match="only the event that parks a key"):
            await skip(database, BROKEN, other, at, "why", "me")
        with pytest.raises(OperationRefused, match=f"is parked at position {at}, not 99"):
            await skip(database, BROKEN, key, 99, "why", "me")
        for reason in ("", "  ", "a" * 1_001, "\0"):
            with pytest.raises(OperationRefused, match="a reason of 1 to"):
                await skip(database, BROKEN, key, at, reason, "me")
        with pytest.raises(OperationRefused, match="is not skipped"):
            await unskip(database, BROKEN, key, at)


@pytest.mark.parametrize(
    "given",
    ["", "x", "[", "{}", "[1]", '["a", "b"]', "null", "\0", "[" * 5_000, '{"category": "tally"}', '{"a": 1}'],
)
def test_what_is_no_key_is_said(given: str) -> None:
    with pytest.raises(OperationRefused, match="is no key of tallies"):
        parse_key(tallies, given)


def test_a_key_may_be_given_bare_or_as_it_is_listed() -> None:
    stream = uuid4()
    assert parse_key(tallies, str(stream)) == parse_key(tallies, f'[ "{stream}" ]') == key_text(stream)
    assert (
        parse_key(tallies, f'{{"stream": "{stream}", "category": "tally"}}')
        == f'{{"category":"tally","stream":"{stream}"}}'
    )


async def test_a_retry_that_is_asked_of_one_process_is_done_by_the_one_that_owns(database: Database) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
    async with engine(database) as owner:
        await wait_until_owner(owner)
        async with engine(database) as other:
            assert owner.projector.workers["tallies"].state.is_owner
            assert not other.projector.workers["tallies"].state.is_owner
            assert await retried(other, tallies) == RetryResult(1, 0, 0)
            await assert_nothing_parked(other, tallies)


async def test_a_command_answers_itself_if_no_process_owns_the_projection(database: Database) -> None:
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
    asked, concerned = await request_retry(database, tallies)
    assert await wait_for_retry(
        database, tallies, asked, concerned, 10, reader=running.reader
    ) == RetryResult(1, 0, 0)
    async with engine(database) as running:
        await assert_nothing_parked(running, tallies)


async def parked_without_a_server(database: Database) -> tuple[Engine, str]:
    """One key is parked. Gives the engine, which has ended, and the key."""
    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
    return running, key_text(stream)


BY_KEY = pytest.mark.parametrize("by_key", [True, False], ids=["of one key", "of all keys"])


@BY_KEY
async def test_a_key_that_fails_again_is_still_parked_although_the_clock_has_gone_back(
    database: Database, by_key: bool
) -> None:
    ended, parked = await parked_without_a_server(database)
    key = parked if by_key else None
    requested_at, count = await request_retry(database, BROKEN, key)
    # The clock was ahead when the key was parked and requested.
    requested_at += timedelta(hours=1)
    await database.pool.execute(
        "UPDATE es.parked_keys SET retry_requested_at = $1, parked_at = $2",
        requested_at,
        requested_at + timedelta(hours=1),
    )
    assert await wait_for_retry(
        database, BROKEN, requested_at, count, 10, key=key, reader=ended.reader
    ) == RetryResult(0, 1, 0)


@BY_KEY
async def test_a_key_that_is_requested_again_by_an_earlier_clock_is_not_yet_retried(
    database: Database, by_key: bool
) -> None:
    _, parked = await parked_without_a_server(database)
    key = parked if by_key else None
    requested_at, count = await request_retry(database, BROKEN, key)
    await database.pool.execute(
        "UPDATE es.parked_keys SET retry_requested_at = $1", requested_at - timedelta(hours=1)
    )
    assert await wait_for_retry(database, BROKEN, requested_at, count, 0, key=key) == RetryResult(0, 0, 1)


@BY_KEY
async def test_a_key_that_is_parked_in_the_table_that_becomes_live_during_its_retry_is_still_parked(
    database: Database, by_key: bool
) -> None:
    _, parked = await parked_without_a_server(database)
    key = parked if by_key else None
    if key is None:
        await rebuild(database, CODEC, [BROKEN], stage=True)
    requested_at, count = await request_retry(database, BROKEN, key)
    if key is not None:
        # One key is still parked however late it was parked in that table.
        await rebuild(database, CODEC, [BROKEN], stage=True)
    async with start_operation(database, CODEC, [BROKEN]) as operation:
        await promote(operation, BROKEN, accept_differences=True)
    assert await wait_for_retry(database, BROKEN, requested_at, count, 10, key=key) == RetryResult(0, 1, 0)


@pytest.mark.parametrize("wrong", ["raises", "another type"])
async def test_a_stream_that_was_parked_is_freed_with_all_keys_of_its_facts(
    database: Database, wrong: str
) -> None:
    """Keys that its facts share with other streams have to be folded again from the beginning."""

    def by_amount(given: Recorded[Any]) -> Any:
        if given.event.note == POISON:
            if wrong == "raises":
                raise BrokenFold
            return [("no uuid",)]
        return [(UUID(int=given.event.amount),)]

    def corrected_keys(given: Recorded[Any]) -> Any:
        return [(UUID(int=given.event.amount),)]

    broken, corrected = replace(tallies, keys=by_amount), replace(tallies, keys=corrected_keys)
    one, two = uuid4(), uuid4()
    async with engine(database, projections=[broken]) as running:
        for stream, amount, note in (
            (one, 1, ""),
            (two, 1, ""),
            (one, 2, POISON),
            (two, 2, ""),
            (one, 1, ""),
            (one, 3, ""),
            (two, 3, ""),
        ):
            await add(running, stream, amount, note)
        history = await wait_until_folded(running, broken)
        assert await table_rows(running, broken) == fold_all(
            corrected, [each for each in history if each.stream_id == two or each.position < 3]
        )
    async with engine(database, projections=[corrected]) as running:
        await wait_until_folded(running, corrected)
        assert await retried(running, corrected) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, corrected)


async def test_a_key_that_fails_when_its_stream_is_freed_is_parked_in_its_place(database: Database) -> None:
    def no_keys_of_poison(fact: Recorded[Any]) -> Any:
        if fact.event.note == POISON:
            raise BrokenFold
        return [(fact.stream_id,)]

    stream = uuid4()
    async with engine(database, projections=[replace(tallies, keys=no_keys_of_poison)]) as running:
        await add(running, stream)
        at = await add(running, stream, note=POISON)
        await wait_until_folded(running, tallies)
    async with engine(database, projections=[BROKEN]) as running:
        await wait_until_folded(running, BROKEN)
        assert await retried(running, BROKEN) == RetryResult(1, 0, 0)
        # It is in the memory of the owner, and stored.
        await add(running, stream, 5)
        await wait_until_folded(running, BROKEN)
        [parked] = await list_parked_keys(database, BROKEN, Range(10))
        assert (parked.key, parked.position) == (key_text(stream), at)
        assert (await table_rows(running, BROKEN))[(stream,)].sum == 1


async def test_a_key_that_a_parked_stream_comes_to_concern_meanwhile_is_folded_with_the_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_amount(given: Recorded[Any]) -> Any:
        if given.event.note == POISON:
            raise BrokenFold
        return [(UUID(int=given.event.amount),)]

    corrected = replace(tallies, keys=lambda given: [(UUID(int=given.event.amount),)])
    stream = uuid4()
    async with engine(database, projections=[replace(tallies, keys=by_amount)]) as running:
        await add(running, stream, 1, POISON)
        await wait_until_folded(running, corrected)
    read_all = EventReader.read_all

    async def read_after_an_addition(
        reader: EventReader, after: int, limit: int, **options: Any
    ) -> Sequence[Recorded[Any]]:
        # The keys of the stream are known when the retry begins to read the whole log.
        if after == 0 and "where" not in options:
            monkeypatch.setattr(EventReader, "read_all", read_all)
            await add(running, stream, 2)
            await wait_until_folded(running, corrected)
        return await read_all(reader, after, limit, **options)

    async with engine(database, projections=[corrected]) as running:
        await wait_until_folded(running, corrected)
        monkeypatch.setattr(EventReader, "read_all", read_after_an_addition)
        assert await retried(running, corrected) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, corrected)
        assert len(await table_rows(running, corrected)) == 2


async def test_a_row_that_is_still_refused_keeps_its_key_parked_at_the_fact_that_is_to_blame(
    database: Database,
) -> None:
    bad = 2**62

    def breaks(key: tuple[UUID], row: TallyRow | None, given: Recorded[Any]) -> TallyRow | None:
        if given.event.note == POISON:
            raise BrokenFold
        return fold(key, row, given)

    broken = with_fold(breaks)
    stream = uuid4()
    async with engine(database, projections=[broken]) as running:
        await add(running, stream, note=POISON)
        await add(running, stream, bad)
        at = await add(running, stream, bad)
        await add(running, stream)
        await wait_until_folded(running, broken)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        assert await retried(running, tallies) == RetryResult(0, 1, 0)
        [key] = await list_parked_keys(database, tallies, Range(10))
        assert key.position == at
        assert (await table_rows(running, tallies))[(stream,)].sum == bad + 1
        asked = await skip(database, tallies, key.key, at, "too much", "me")
        assert await wait_for_retry(database, tallies, asked, 1, 10) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, tallies, without=[at])


async def test_facts_go_on_being_folded_while_keys_are_retried(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.projector.parking.retry.PAGE_SIZE", 7)
    monkeypatch.setattr("app.engine.projector.parking.retry.MAX_FINAL_BATCH", 3)
    streams = [uuid4() for _ in range(20)]
    async with engine(database, projections=[BROKEN]) as running:
        await asyncio.gather(*(add(running, stream, note=POISON) for stream in streams))
        await wait_until_folded(running, BROKEN)
    async with engine(database) as running:

        async def write(stream: UUID) -> None:
            for _ in range(20):
                await add(running, stream)

        answer, *_ = await asyncio.gather(retried(running, tallies), *(write(stream) for stream in streams))
        assert answer == RetryResult(20, 0, 0)
        await assert_nothing_parked(running, tallies)


async def test_a_fact_that_is_left_out_while_its_key_is_folded_is_left_out(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The current round does not know of the skip, and keeps the key on the list. The next round removes it."""
    rounds: list[int] = []

    async def skip_meanwhile(
        connection: asyncpg.Connection, projection: Projection[Any]
    ) -> frozenset[tuple[ParkedItem, int]]:
        known = await load_skipped(connection, projection)
        rounds.append(len(known))
        if not known:
            await skip(database, tallies, key_text(stream), at, "why", "me")
        return known

    async with engine(database, projections=[BROKEN]) as running:
        stream = uuid4()
        await add(running, stream)
        at = await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
    monkeypatch.setattr("app.engine.projector.parking.retry.load_skipped", skip_meanwhile)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        assert await retried(running, tallies) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, tallies, without=[at])
        assert rounds == [0, 1]


async def test_a_table_that_was_built_in_staging_parks_skips_and_keeps_its_keys_when_it_is_promoted(
    database: Database,
) -> None:
    """The former table is kept current for the way back. A key that recovers in the live table recovers in both."""
    skipped, bad = uuid4(), uuid4()
    async with engine(database, projections=[BROKEN]) as running:
        at = {stream: await add(running, stream, note=POISON) for stream in (skipped, bad)}
        for stream in (skipped, bad, uuid4()):
            await add(running, stream, 3)
        await wait_until_folded(running, BROKEN)
        asked = await skip(database, BROKEN, key_text(skipped), at[skipped], "why", "me")
        await wait_for_retry(database, BROKEN, asked, 1, 10)
        [rebuilt] = await rebuild(database, CODEC, [BROKEN])
        assert rebuilt.comparison.equal
        assert [
            tuple(row)
            for row in await database.pool.fetch(
                "SELECT slot, key::text, position FROM es.parked_keys ORDER BY slot"
            )
        ] == [(slot, key_text(bad), at[bad]) for slot in ("former", "live")]
        asked = await skip(database, BROKEN, key_text(bad), at[bad], "why", "me")
        assert await wait_for_retry(database, BROKEN, asked, 1, 10) == RetryResult(1, 0, 0)
        await assert_nothing_parked(running, BROKEN, without=list(at.values()))
        async with asyncio.timeout(10):
            while await database.pool.fetchval("SELECT count(*) FROM es.parked_keys"):  # noqa: ASYNC110 - the keeper of the former table looks now and then
                await asyncio.sleep(0.05)
        same = "SELECT count(*) FROM read.tallies_v1 l FULL JOIN read_former.tallies_v1 f USING (id) WHERE (l.sum, l.facts) IS DISTINCT FROM (f.sum, f.facts)"
        assert await database.pool.fetchval(same) == 0


async def promoted(running: Engine, projection: Projection[Any]) -> None:
    """Promote the staging table, and wait until its owner has folded what was requested."""
    async with start_operation(running.database, CODEC, [projection]) as operation:
        await promote(operation, projection, accept_differences=True)
    async with asyncio.timeout(10):
        while await list_parked_keys(running.database, projection, Range(1)):  # noqa: ASYNC110 - the owner looks now and then
            await asyncio.sleep(0.05)


async def skipped_poison(database: Database, stream: UUID) -> int:
    """Skip an event in the middle of a stream; its position. The table is folded without it."""
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, stream)
        at = await add(running, stream, note=POISON)
        await add(running, stream, 5)
        await wait_until_folded(running, BROKEN)
        asked = await skip(database, BROKEN, key_text(stream), at, "why", "me")
        assert await wait_for_retry(database, BROKEN, asked, 1, 10) == RetryResult(1, 0, 0)
    return at


async def test_a_staging_table_that_was_built_before_an_unskip_has_the_event_after_its_promotion(
    database: Database,
) -> None:
    stream = uuid4()
    at = await skipped_poison(database, stream)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        [staged] = await rebuild(database, CODEC, [tallies], stage=True)
        assert staged.comparison.equal
        asked = await unskip(database, tallies, key_text(stream), at)
        assert await wait_for_retry(database, tallies, asked, 1, 10) == RetryResult(1, 0, 0)
        await add(running, stream, 7)
        await promoted(running, tallies)
        await assert_nothing_parked(running, tallies)


@pytest.mark.parametrize("code", [BROKEN, tallies], ids=["by code that parks the key", "by corrected code"])
async def test_a_staging_table_that_was_built_before_a_skip_leaves_the_event_out_after_its_promotion(
    database: Database, code: Projection[TallyRow]
) -> None:
    stream = uuid4()
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, stream)
        at = await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
    async with engine(database, projections=[code]) as running:
        await rebuild(database, CODEC, [code], stage=True)
        asked = await skip(database, code, key_text(stream), at, "why", "me")
        assert await wait_for_retry(database, code, asked, 1, 10) == RetryResult(1, 0, 0)
        await add(running, stream, 7)
        await promoted(running, code)
        await assert_nothing_parked(running, code, without=[at])


@pytest.mark.parametrize("names_the_key", [True, False])
async def test_a_retry_of_live_keys_concerns_no_staging_table_so_that_an_interrupted_rebuild_resumes(
    database: Database, names_the_key: bool
) -> None:
    stream = uuid4()
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, stream, note=POISON)
        await wait_until_folded(running, BROKEN)
        await rebuild(database, CODEC, [BROKEN], stage=True)
        asked, _ = await request_retry(database, BROKEN, key_text(stream) if names_the_key else None)
        assert await wait_for_retry(database, BROKEN, asked, 1, 10) == RetryResult(0, 1, 0)
        requested = await database.pool.fetch(
            "SELECT last_retried_at, retry_requested_at FROM es.parked_keys WHERE slot = 'staging'"
        )
        assert [tuple(row) for row in requested] == [(None, None)]


async def test_an_interrupted_rebuild_begins_again_after_an_unskip(database: Database) -> None:
    stream = uuid4()
    at = await skipped_poison(database, stream)
    async with engine(database) as running:
        await wait_until_folded(running, tallies)
        await rebuild(database, CODEC, [tallies], stage=True)
        await database.pool.execute("UPDATE es.rebuilds SET state = 'building' WHERE slot = 'staging'")
        asked = await unskip(database, tallies, key_text(stream), at)
        assert await wait_for_retry(database, tallies, asked, 1, 10) == RetryResult(1, 0, 0)
        [rebuilt] = await rebuild(database, CODEC, [tallies])
        assert rebuilt.comparison.equal
        assert rebuilt.swapped is not None
        await assert_nothing_parked(running, tallies)
