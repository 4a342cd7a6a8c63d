"""The table is the fold of the log for any mix of broken, corrected and skipped events."""

import asyncio
from collections.abc import Sequence
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from app.engine.database.connections import open_database
from app.engine.projector.parking.admin import list_parked_keys, skip, wait_for_retry
from app.engine.read_models.queries import Range
from app.engine.settings import EngineSettings
from tests.support.scenarios import fold_all
from tests.support.toy_counter import engine, table_rows, tallies
from tests.support.toy_parking import (
    BROKEN,
    POISON,
    add,
    assert_nothing_parked,
    key_text,
    retried,
    wait_until_folded,
)

plans = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["", "", POISON]), st.integers(1, 9)),
    min_size=1,
    max_size=30,
)


def test_after_parking_retries_and_skips_the_table_is_the_fold_of_what_counts(database_url: str) -> None:
    """Any facts come in any order, some of them poison.

    For half of the parked keys the fact is skipped, one at a time. The rest is corrected.
    """

    with asyncio.Runner() as runner:
        opening = open_database(EngineSettings(database_url=database_url, pool_size=4))
        database = runner.run(opening.__aenter__())

        async def play(plan: Sequence[tuple[int, str, int]]) -> None:
            streams = [uuid4() for _ in range(4)]
            skipped: set[int] = set()
            async with engine(database, projections=[BROKEN]) as running:
                for stream, note, amount in plan:
                    await add(running, streams[stream], amount, note)
                history = await wait_until_folded(running, BROKEN)
                parked = await list_parked_keys(database, BROKEN, Range(100))
                expected = {key.key: key.position for key in parked}
                counted = [
                    fact
                    for fact in history
                    if fact.position < expected.get(key_text(fact.stream_id), len(history) + 1)
                ]
                shown = [fact for fact in counted if fact.position not in all_skipped]
                assert await table_rows(running, BROKEN) == fold_all(tallies, shown)
                for key in parked[::2]:
                    asked = await skip(database, BROKEN, key.key, key.position, "why", "me")
                    skipped.add(key.position)
                    await wait_for_retry(database, BROKEN, asked, 1, 10, key=key.key)
            all_skipped.update(skipped)
            async with engine(database) as running:
                await wait_until_folded(running, tallies)
                assert (await retried(running, tallies)).waiting == 0
                await assert_nothing_parked(running, tallies, without=sorted(all_skipped))

        all_skipped: set[int] = set()

        @settings(max_examples=8, derandomize=True)
        @given(plans)
        def holds(plan: Sequence[tuple[int, str, int]]) -> None:
            runner.run(play(plan))

        try:
            holds()
            assert all_skipped
        finally:
            runner.run(opening.__aexit__(None, None, None))
