"""Live rows are evaluated once for all subscribers, on the rows before and after, by the SQL of the filter."""

import asyncio
import gc
import traceback
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select

import app.engine.projector.live_rows as module
from app.engine.database.connections import Database
from app.engine.projector.live_rows import ListTooLong
from app.engine.projector.live_table import Follower, LiveTable
from app.engine.projector.projector import ProjectionStale
from app.engine.sized_cache import ENTRY_BYTES, memory_size
from app.engine.store.feed import FeedStalled
from projections.kernel import Owner
from tests.support.toy_counter import Take, request, tallies, tally
from tests.support.toy_lists import above_two, found, idle, lists, next_after, started, sums
from tests.support.toy_parking import add, wait_until_folded


async def test_subscribers_of_the_same_filter_share_every_read(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(database) as running:
        live, reads = lists(running), list[str]()
        fetch = Database.fetch

        async def counted(self: Database, query: Select[Any]) -> Any:
            reads.append(str(query))
            return await fetch(self, query)

        monkeypatch.setattr(Database, "fetch", counted)
        subscribed = [live.find(tallies, above_two, 10, None, database) for _ in range(50)]
        await asyncio.gather(*(rows.join(1, None) for rows in subscribed))
        assert len(reads) == 1
        following = [asyncio.ensure_future(next_after(rows, 0)) for rows in subscribed]
        stream = uuid4()
        await add(running, stream, 3)
        changes = await asyncio.gather(*following)
        # The table has looked whether the row matches, and the list has read it.
        assert (len(reads), {sums(change)[1][0] for change in changes}) == (3, {3})
        # The list holds the row: the table does not look.
        following = [asyncio.ensure_future(next_after(rows, 1)) for rows in subscribed]
        await add(running, stream, 1)
        await asyncio.gather(*following)
        assert len(reads) == 4
        assert live.find(tallies, lambda columns: [columns.sum > 3], 10, None, database) is not subscribed[0]
        assert live.find(tallies, above_two, 11, None, database) is not subscribed[0]


async def test_a_row_that_enters_changes_and_leaves_is_upserted_twice_and_removed(database: Database) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        rows = live.find(tallies, above_two, 10, None, database)
        assert sums((await rows.join(1, None))[0]) == (True, [], [])
        # The row may be newer than the event that is looked at.
        await idle(running, await add(running, stream, 1), live)
        position = await add(running, stream, 2)
        assert sums(change := await next_after(rows, 0)) == (False, [3], [])
        assert change is not None
        assert (change.position, change.cursor) == (position, 1)
        await add(running, stream, 1)
        assert sums(await next_after(rows, 1)) == (False, [4], [])
        await running.commands.execute(tally, stream, Take(amount=4), request())
        assert sums(await next_after(rows, 2)) == (False, [], [(stream,)])


async def test_a_slow_subscriber_gets_the_list_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_KEPT_CHANGES", 2)
    async with started(database) as running:
        rows, stream = found(running), uuid4()
        await rows.join(1, None)
        for cursor in range(6):
            await add(running, stream, 3)
            change = await next_after(rows, cursor)
            assert change is not None
            assert change.cursor == cursor + 1
        assert sums(change := await next_after(rows, 1)) == (True, [18], [])
        assert change is not None
        assert change.cursor == 6
        assert sums(await next_after(rows, 5)) == (False, [18], [])


async def test_the_rows_that_all_lists_keep_have_one_bound_in_bytes(database: Database) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        live.memory.max_bytes = 10_000
        subscribed = [live.find(tallies, above_two, most, None, database) for most in range(10, 15)]
        for rows in subscribed:
            await rows.join(1, None)
        for cursor in range(4):
            await add(running, stream, 3)
            for rows in subscribed:
                assert sums(await next_after(rows, cursor)) == (False, [3 * (cursor + 1)], [])
            assert 0 < live.memory.used <= live.memory.max_bytes
        # The oldest are dropped. A subscriber that has not had them gets the list.
        for rows in subscribed:
            change = await next_after(rows, 0)
            assert sums(change) == (True, [12], [])
            assert change is not None
            assert change.cursor == 4
            del rows, change
        await add(running, stream, 3)
        while subscribed:
            assert sums(await next_after(subscribed.pop(), 4)) == (False, [15], [])
        gc.collect()
        assert live.memory.used == 0


async def test_the_whole_list_counts_once_in_memory_before_and_after_a_rewrite(database: Database) -> None:
    async with started(database) as running:
        live = lists(running)
        rows = live.find(tallies, above_two, 10, None, database)
        change, cursor = await rows.join(await add(running, uuid4(), 3), None)
        assert live.memory.used == ENTRY_BYTES + memory_size(change)
        running.projector.workers[tallies.name].rewrites.add()
        change = await next_after(rows, cursor)
        assert sums(change) == (True, [3], [])
        assert live.memory.used == ENTRY_BYTES + memory_size(change)
        # It is what a new subscriber gets.
        assert (await rows.join(2, None))[0] is change


async def test_a_subscriber_that_is_cancelled_while_it_reads_for_all_stops_no_other(
    database: Database,
) -> None:
    async with started(database) as running:
        rows = found(running)
        joining = asyncio.ensure_future(rows.join(1, None))
        await asyncio.sleep(0)
        joining.cancel()
        position = await add(running, uuid4(), 3)
        assert sums((await rows.join(position, None))[0]) == (True, [3], [])
        tasks = [asyncio.ensure_future(next_after(rows, 0)) for _ in range(3)]
        await asyncio.sleep(0)
        writer = running.projector.workers["tallies"].writer
        assert writer is not None
        async with writer.lock:
            await add(running, uuid4(), 5)
            while not rows._lock.locked():  # noqa: ASYNC110 - one of them reads now
                await asyncio.sleep(0)
            tasks[0].cancel()
        assert [sums(change) for change in await asyncio.gather(*tasks[1:])] == [(False, [5], [])] * 2


async def test_without_row_history_a_resumed_list_is_sent_again(database: Database) -> None:
    plain = replace(tallies, name="plain", history=False)
    async with started(database, projections=[plain]) as running:
        stream = uuid4()
        position = await add(running, stream, 3)
        rows = found(running, projection=plain)
        # What the client has was read by another server, or before the last subscriber left.
        for _ in range(2):
            assert sums((await rows.join(position, position))[0]) == (True, [3], [])
        await add(running, stream, 1)
        assert sums((await rows.join(position + 1, position))[0]) == (True, [4], [])


async def test_with_row_history_a_resumed_list_tells_what_left_even_if_it_came_after_the_position(
    database: Database,
) -> None:
    async with started(database) as running:
        old, brief, never = uuid4(), uuid4(), uuid4()
        position = await add(running, old, 3)
        for stream, amount in ((brief, 3), (never, 1)):
            await add(running, stream, amount)
            await running.commands.execute(tally, stream, Take(amount=amount), request())
        head = await add(running, old, 1)
        initial, upserted, removed = sums((await found(running).join(head, position))[0])
        assert (initial, upserted, removed) == (False, [4], [(brief,)])


async def test_a_projection_that_stands_ends_its_live_rows_and_a_new_list_begins_again(
    database: Database,
) -> None:
    async with started(database) as running:
        live = lists(running, timeout=0.05)
        rows = live.find(tallies, above_two, 10, None, database)
        await rows.join(1, None)
        await wait_until_folded(running, tallies)
        writer = running.projector.workers["tallies"].writer
        assert writer is not None
        async with writer.lock:
            await add(running, uuid4(), 3)
            with pytest.raises(ProjectionStale):
                await next_after(rows, 0)
            with pytest.raises(ProjectionStale):
                await next_after(rows, 0)
        await wait_until_folded(running, tallies)
        again = live.find(tallies, above_two, 10, None, database)
        assert again is not rows
        assert sums((await again.join(2, None))[0]) == (True, [3], [])


async def test_a_list_that_grows_beyond_its_limit_ends(database: Database) -> None:
    async with started(database) as running:
        rows = found(running, most=1)
        await rows.join(await add(running, uuid4(), 3), None)
        await add(running, uuid4(), 3)
        with pytest.raises(ListTooLong):
            await next_after(rows, 0)


async def test_after_a_rewrite_a_key_that_was_in_the_old_list_alone_is_not_removed_again(
    database: Database,
) -> None:
    async with started(database) as running:
        gone, stream = uuid4(), uuid4()
        await add(running, gone, 3)
        rows = found(running)
        _, cursor = await rows.join(await add(running, stream, 3), None)
        await wait_until_folded(running, tallies)
        await running.database.pool.execute("UPDATE read.tallies_v1 SET sum = 1 WHERE id = $1", gone)
        running.projector.workers[tallies.name].rewrites.add()
        assert sums(await next_after(rows, cursor)) == (True, [3], [])
        await running.commands.execute(tally, gone, Take(amount=1), request())
        await add(running, stream, 1)
        assert sums(await next_after(rows, cursor + 1)) == (False, [4], [])


async def test_a_resumed_list_is_sent_again_if_more_rows_matched_at_its_position_than_a_list_holds(
    database: Database,
) -> None:
    async with started(database) as running:
        streams = [uuid4() for _ in range(3)]
        position = [await add(running, stream, 3) for stream in streams][-1]
        await wait_until_folded(running, tallies)
        for stream in streams[1:]:
            await running.commands.execute(tally, stream, Take(amount=2), request())
        head = len(await wait_until_folded(running, tallies))
        rows = found(running, most=2)
        assert sums((await rows.join(head, None))[0]) == (True, [3], [])
        changes = await rows._changes_since(position, position)  # pyright: ignore[reportPrivateUsage] - a server that is behind
        assert sums(changes) == (True, [3], [])


async def test_the_error_of_a_list_shows_where_it_failed_to_each_subscriber(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(database) as running:
        rows = found(running)
        _, cursor = await rows.join(1, None)

        async def broken(*_: Any) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(rows, "_matching", broken)
        waiting = [asyncio.ensure_future(next_after(rows, cursor)) for _ in range(3)]
        await add(running, uuid4(), 3)
        for error in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(error, ZeroDivisionError)
            assert traceback.extract_tb(error.__traceback__)[-1].name == "broken"
            assert len(traceback.extract_tb(error.__traceback__)) < 12


async def test_subscribers_that_join_while_the_log_cannot_be_read_are_told_with_those_behind_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.store.feed.STALL_SECONDS", 0.0)
    follow, followed = LiveTable.follow, list[int]()

    async def counted(self: LiveTable, rows: Follower, head: int) -> None:
        followed.append(head)
        await follow(self, rows, head)

    monkeypatch.setattr(LiveTable, "follow", counted)
    async with started(database, poll_interval=0.02) as running:
        await running.database.pool.execute(
            "INSERT INTO es.events SELECT position + 2, category, stream_id, version + 1, type, type_version, data, command_id,"
            " correlation_id, caused_by, actor, occurred_at, recorded_at FROM es.events"
        )
        assert await running.reader.head_position() == 3
        live = lists(running)
        rows = live.find(tallies, above_two, 10, None, database)
        async with asyncio.timeout(20):
            errors = await asyncio.gather(*(rows.join(3, None) for _ in range(5)), return_exceptions=True)
        for error in errors:
            assert isinstance(error, FeedStalled)
            assert "position 2 is missing" in str(error)
            assert len(traceback.extract_tb(error.__traceback__)) < 12
        assert followed == [3]
        assert live.find(tallies, above_two, 10, None, database) is not rows


async def test_a_subscriber_that_joins_is_not_disturbed_by_a_wake_up_without_an_event(
    database: Database,
) -> None:
    async with started(database) as running:
        joining = asyncio.ensure_future(found(running).join(2, None))
        for _ in range(3):
            await asyncio.sleep(0)
            running.feed.wake_subscribers()
        await asyncio.sleep(0)
        assert not joining.done()
        await add(running, uuid4(), 3)
        assert sums((await joining)[0]) == (True, [3], [])


async def test_the_list_of_an_owner_waits_for_the_rows_that_say_whose_its_rows_are(
    database: Database,
) -> None:
    parents = replace(tallies, name="parents", owner=Owner("last"))
    children = replace(tallies, name="children", owner=Owner("id", of=parents))
    async with started(database, projections=[parents, children]) as running:
        live = lists(running, 30)
        rows = live.find(children, lambda columns: [columns.sum > 2], 10, "ann", database)
        assert sums((await rows.join(1, None))[0]) == (True, [], [])
        following = asyncio.ensure_future(next_after(rows, 0))
        parent = running.projector.workers["parents"]
        assert parent.writer is not None
        async with parent.writer.lock, asyncio.timeout(10):
            position = await add(running, uuid4(), 3, "ann")
            # The list does not look yet, and a new one does not read.
            await parent.state.has_waiters.wait()
            joining = asyncio.ensure_future(
                live.find(children, above_two, 9, "ann", database).join(position, None)
            )
            await running.projector.wait_for_position("children", position, 10)
            assert not following.done()
        assert sums(await following) == (False, [3], [])
        assert sums((await joining)[0]) == (True, [3], [])
