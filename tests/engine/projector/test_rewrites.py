"""Rows that change without an event reach the live lists of every server at once.

They change by a retry, a skip, a swap or a new table.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.projector.live_lists import LiveLists
from app.engine.projector.live_rows import LiveRows
from app.engine.projector.parking.admin import RetryResult, skip, unskip, wait_for_retry
from app.engine.projector.projector import Projector
from app.engine.projector.rebuild.operation import start_operation
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.projector.rebuild.swap import promote, rollback
from app.engine.projector.rewrites import Rewrites, parse_notification
from app.engine.store.codec import EventCodec
from domain.kernel.decider import Recorded
from projections.kernel import Owner, Projection
from tests.support.toy_counter import Engine, TallyRow, engine, fold, tallies, tally, wait_until_owner
from tests.support.toy_parking import (
    BROKEN,
    POISON,
    BrokenFold,
    add,
    key_text,
    retried,
    wait_until_folded,
    with_fold,
)

CODEC = EventCodec([tally])
SECONDS = 20


class Follower:
    """One subscriber of all rows, who asks for no more than what comes by itself."""

    def __init__(self, running: Engine, projection: Projection[Any]) -> None:
        self.running = running
        lists = LiveLists(running.database, running.feed, running.projector, SECONDS)
        self.rows: LiveRows[TallyRow] = lists.find(
            projection, lambda columns: [], 100, None, running.database
        )
        self.sums: dict[UUID, int] = {}
        self._cursor = 0

    async def join(self, after: int | None = None) -> bool | None:
        """Whether the first message is the list; None if there is none."""
        head = await self.running.reader.head_position()
        first, self._cursor = await self.rows.join(head, after)
        if first is None:
            return None
        self.sums = {row.id: row.sum for row in first.upserted}
        return first.initial

    async def shows(self, sums: dict[UUID, int]) -> None:
        """Wait until the list is this one, by its messages alone."""
        async with asyncio.timeout(SECONDS):
            while self.sums != sums:
                change = await self.rows.next_after(self._cursor)
                assert change is not None
                self._cursor = change.cursor
                if change.initial:
                    self.sums = {}
                self.sums |= {row.id: row.sum for row in change.upserted}
                for (key,) in change.removed:
                    del self.sums[key]


@asynccontextmanager
async def followed(
    database: Database, projection: Projection[Any] = tallies
) -> AsyncGenerator[tuple[Engine, list[Follower]]]:
    """The owner of the table, with a follower of it and a follower of a server that owns nothing."""
    async with engine(database, projections=[projection]) as owner:
        await wait_until_owner(owner, projection.name)
        await wait_until_folded(owner, projection)
        async with engine(database, projections=[projection]) as other:
            await wait_until_folded(other, projection)
            followers = [Follower(owner, projection), Follower(other, projection)]
            for follower in followers:
                assert await follower.join() is True
            assert not other.projector.workers[projection.name].state.is_owner
            yield owner, followers


async def all_show(followers: Sequence[Follower], sums: dict[UUID, int]) -> None:
    await asyncio.gather(*(follower.shows(sums) for follower in followers))


async def poisoned(database: Database) -> UUID:
    """A stream whose key is parked: the row lacks 5 of 6."""
    stream = uuid4()
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, stream, 1)
        await add(running, stream, 5, note=POISON)
        await wait_until_folded(running, BROKEN)
    return stream


@pytest.fixture(params=["notified", "polled"])
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How servers that do not own the table learn of it. Each way is enough without the other."""
    if request.param == "polled":
        monkeypatch.setattr(Projector, "on_notified", lambda *arguments: None)
    else:
        monkeypatch.setattr(Rewrites, "on_parked_read", lambda *arguments: None)
        monkeypatch.setattr(Projector, "_poll_once", _once_only())


def _once_only() -> Any:
    """Polls while a caller waits, and not for the live table that others may have swapped."""
    poll = Projector._poll_once

    async def polled(self: Projector) -> None:
        if any(worker.rewrites._generation is None for worker in self.workers.values()):
            await poll(self)

    return polled


@pytest.mark.usefixtures("told")
async def test_a_retry_that_brings_a_key_level_is_told_without_an_event(database: Database) -> None:
    stream = await poisoned(database)
    async with followed(database) as (owner, followers):
        await all_show(followers, {stream: 1})
        waiting = asyncio.ensure_future(all_show(followers, {stream: 6}))
        # Both wait in the feed before the retry.
        async with asyncio.timeout(SECONDS):
            while any(not follower.running.feed.waiting_subscribers for follower in followers):  # noqa: ASYNC110 - it is read each moment
                await asyncio.sleep(0)
        assert await retried(owner, tallies) == RetryResult(1, 0, 0)
        await waiting


@pytest.mark.usefixtures("told")
async def test_a_retry_that_goes_some_way_is_told_too(database: Database) -> None:
    def breaks_later(key: tuple[UUID], row: TallyRow | None, fact: Recorded[Any]) -> TallyRow | None:
        if fact.event.note == "later":
            raise BrokenFold
        return fold(key, row, fact)

    stream = await poisoned(database)
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, stream, 10, note="later")
        await wait_until_folded(running, BROKEN)
    async with followed(database, with_fold(breaks_later)) as (owner, followers):
        # What was parked is known to the server that polls.
        for follower in followers:
            worker = follower.running.projector.workers["tallies"]
            while not worker.state.parked:  # noqa: ASYNC110 - it is read each moment
                await asyncio.sleep(0.01)
        assert await retried(owner, tallies) == RetryResult(0, 1, 0)
        await all_show(followers, {stream: 6})


@pytest.mark.usefixtures("told")
async def test_a_skip_and_an_unskip_are_told(database: Database) -> None:
    stream = uuid4()
    async with engine(database, projections=[BROKEN]) as running:
        await add(running, stream, 1)
        at = await add(running, stream, 5, note=POISON)
        await add(running, stream, 10)
        await wait_until_folded(running, BROKEN)
    async with followed(database, BROKEN) as (_, followers):
        asked = await skip(database, BROKEN, key_text(stream), at, "a test", "me")
        await wait_for_retry(database, BROKEN, asked, 1, SECONDS)
        await all_show(followers, {stream: 11})
        asked = await unskip(database, BROKEN, key_text(stream), at)
        await wait_for_retry(database, BROKEN, asked, 1, SECONDS)
        await all_show(followers, {stream: 1})


@pytest.mark.usefixtures("told")
async def test_a_swap_to_a_table_with_other_rows_is_told_and_so_is_the_way_back(database: Database) -> None:
    stream, lost = uuid4(), uuid4()
    async with engine(database) as running:
        await add(running, stream, 3)
        await add(running, lost, 4)
        await wait_until_folded(running, tallies)
    await database.pool.execute("UPDATE read.tallies_v1 SET sum = 99 WHERE id = $1", stream)
    await database.pool.execute("DELETE FROM read.tallies_v1 WHERE id = $1", lost)
    async with followed(database) as (_, followers):
        await all_show(followers, {stream: 99})
        await rebuild(database, CODEC, [tallies])
        async with start_operation(database, CODEC, [tallies]) as operation:
            await promote(operation, tallies, accept_differences=True)
            await all_show(followers, {stream: 3, lost: 4})
            await rollback(operation, tallies)
            await all_show(followers, {stream: 99})


async def test_a_rewrite_that_is_notified_and_polled_counts_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = Projector._retry_requested

    async def polled_by_owner(self: Projector) -> None:
        if self.workers["tallies"].state.is_owner:
            await poll(self)

    stream = await poisoned(database)
    async with followed(database) as (owner, followers):
        for follower in followers:
            while not follower.running.projector.workers["tallies"].state.parked:  # noqa: ASYNC110 - it is read each moment
                await asyncio.sleep(0.01)
        # A poll between the commit and the notification would count, too.
        monkeypatch.setattr(Projector, "_retry_requested", polled_by_owner)
        await retried(owner, tallies)
        await all_show(followers, {stream: 6})
        for follower in followers:
            await poll(follower.running.projector)
            assert follower.rows._rewrites.count == 1


async def test_a_read_that_began_before_a_rewrite_was_counted_counts_nothing(database: Database) -> None:
    async with engine(database) as running:
        rewrites = Rewrites(running.feed)
        rewrites.on_table(1)
        rewrites.on_parked_read(1, None, known=0)
        rewrites.on_notified(1, is_owner=False)
        # The parked keys of before the rewrite, and then those of after it.
        rewrites.on_parked_read(1, None, known=0)
        rewrites.on_parked_read(0, None, known=1)
        assert rewrites.count == 1
        rewrites.on_notified(2, is_owner=False)
        # The table of before the swap, and then that of after it.
        rewrites.on_table_read(1, known=1)
        rewrites.on_table_read(2, known=2)
        assert rewrites.count == 2
        # With nothing new meanwhile a read counts.
        rewrites.on_table_read(3, known=2)
        rewrites.on_parked_read(2, None, known=3)
        rewrites.on_parked_read(1, None, known=3)
        assert rewrites.count == 4


async def test_a_table_that_is_made_again_is_told(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as running:
        await add(running, stream, 3)
        await wait_until_folded(running, tallies)
    await database.pool.execute("UPDATE read.tallies_v1 SET sum = 99")
    async with followed(database) as (_, followers):
        await all_show(followers, {stream: 99})
        await database.pool.execute("TRUNCATE read.tallies_v1")
        await all_show(followers, {stream: 3})


async def test_a_list_that_resumes_from_before_a_rewrite_is_sent_again(database: Database) -> None:
    stream = await poisoned(database)
    async with followed(database) as (owner, followers):
        position = await add(owner, uuid4(), 1)
        for follower in followers:
            assert await follower.join(after=position) is None
        await retried(owner, tallies)
        for follower in followers:
            follower.sums = {}
            async with asyncio.timeout(SECONDS):
                while not follower.rows._rewrites.count:  # noqa: ASYNC110 - it is told between two processes
                    await asyncio.sleep(0.01)
            assert await follower.join(after=position) is True
            assert follower.sums[stream] == 6
        later = await add(owner, stream, 1)
        for follower in followers:
            assert await follower.join(after=later - 1) is True
            await add(owner, stream, 1)
            assert await follower.join(after=later) is False


@pytest.mark.parametrize(
    "text",
    [
        "",
        "17",
        "rewritten",
        "rewritten tallies 1",
        "rewritten tallies one 2",
        "rewritten tallies 1 ²",
        "x y 1 2",
    ],
)
def test_a_notification_that_says_something_else_is_ignored(text: str) -> None:
    assert parse_notification(text) is None
    assert parse_notification("rewritten tallies 1 2") == ("tallies", 1, 2)


async def test_a_rewrite_of_the_rows_that_say_whose_others_are_reaches_the_lists_of_their_owner(
    database: Database,
) -> None:
    parents = replace(tallies, name="parents", owner=Owner("last"))
    children = replace(tallies, name="children", owner=Owner("id", of=parents))
    async with engine(database, projections=[replace(parents, fold=BROKEN.fold), children]) as running:
        await add(running, uuid4(), 3, note=POISON)
        for projection in (parents, children):
            await wait_until_folded(running, projection)
    async with engine(database, projections=[parents, children]) as running:
        await wait_until_owner(running, "parents")
        await wait_until_folded(running, children)
        lists = LiveLists(database, running.feed, running.projector, SECONDS)
        rows = lists.find(children, lambda columns: [], 10, POISON, database)
        first, cursor = await rows.join(1, None)
        assert first is not None
        assert not first.upserted
        assert await retried(running, parents) == RetryResult(1, 0, 0)
        async with asyncio.timeout(10):
            change = await rows.next_after(cursor)
        assert change is not None
        assert (change.initial, [row.sum for row in change.upserted]) == (True, [3])
