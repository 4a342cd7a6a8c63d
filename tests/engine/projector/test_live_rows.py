"""Live rows are evaluated once for all subscribers, on the rows before and after, by the SQL of the filter."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Select

import app.engine.projector.live_rows as module
from app.engine.database.connections import Database
from app.engine.projector.live_rows import ListTooLong
from app.engine.projector.projector import ProjectionStale
from tests.support.toy_counter import Take, request, tallies, tally
from tests.support.toy_lists import above_two, found, lists, next_after, started, sums
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
        subscribed = [live.find(tallies, above_two, 10, None) for _ in range(50)]
        await asyncio.gather(*(rows.join(1, None) for rows in subscribed))
        assert len(reads) == 1
        following = [asyncio.ensure_future(next_after(rows, 0)) for rows in subscribed]
        await add(running, uuid4(), 3)
        changes = await asyncio.gather(*following)
        assert (len(reads), {sums(change)[1][0] for change in changes}) == (2, {3})
        assert live.find(tallies, lambda columns: [columns.sum > 3], 10, None) is not subscribed[0]
        assert live.find(tallies, above_two, 11, None) is not subscribed[0]


async def test_a_row_that_enters_changes_and_leaves_is_upserted_twice_and_removed(database: Database) -> None:
    async with started(database) as running:
        rows, stream = found(running), uuid4()
        assert sums((await rows.join(1, None))[0]) == (True, [], [])
        await add(running, stream, 1)
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
        assert sums((await rows.join(position, position))[0]) == (True, [3], [])
        assert (await rows.join(position, position))[0] is None
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
        rows = live.find(tallies, above_two, 10, None)
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
        again = live.find(tallies, above_two, 10, None)
        assert again is not rows
        assert sums((await again.join(2, None))[0]) == (True, [3], [])


async def test_a_list_that_grows_beyond_its_limit_ends(database: Database) -> None:
    async with started(database) as running:
        rows = found(running, most=1)
        await rows.join(await add(running, uuid4(), 3), None)
        await add(running, uuid4(), 3)
        with pytest.raises(ListTooLong):
            await next_after(rows, 0)
