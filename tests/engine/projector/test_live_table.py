"""An event costs the live lists that it concerns, however many other lists there are."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from asyncpg.pgproto.pgproto import UUID as DriverUUID  # pyright: ignore[reportMissingTypeStubs] - it has none
from sqlalchemy import Column, Integer, MetaData, Select, String, Table, Text, TypeDecorator, Uuid, or_

from app.engine.database.connections import Database
from app.engine.projector.live_conditions import equalities_of
from app.engine.projector.live_lists import LiveLists
from app.engine.projector.live_rows import LiveRows, RowChanges
from app.engine.read_models.queries import Columns, Condition
from domain.kernel.decider import Recorded
from projections.kernel import Key
from tests.support.toy_counter import TallyRow, engine, tallies, wait_until_owner
from tests.support.toy_lists import idle, lists, next_after, started, sums
from tests.support.toy_parking import POISON, BrokenFold, add

LISTS = 20


FILTERS: Sequence[Callable[[Columns, int], Sequence[Condition]]] = (
    lambda columns, number: [columns.sum == number],
    lambda columns, number: [columns.sum.between(number, number)],
)
"""Of the first one Python knows the value. The second one is left to statements."""


def with_sum(database: Database, live: LiveLists, number: int, filter: int = 0) -> LiveRows[TallyRow]:
    return live.find(tallies, lambda columns: FILTERS[filter](columns, number), 10, None, database)


def is_look(query: Select[Any]) -> bool:
    """Whether the table reads what the changed rows are, for all lists."""
    return str(query).startswith(("SELECT read.tallies_v1.sum \n", "SELECT live_lists.number"))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that were read."""
    found, fetch = list[str](), Database.fetch

    async def counted(self: Database, query: Select[Any]) -> Any:
        found.append(str(query))
        return await fetch(self, query)

    monkeypatch.setattr(Database, "fetch", counted)
    return found


@pytest.mark.parametrize("filter", [0, 1])
async def test_an_event_is_told_to_the_lists_whose_rows_it_changes_and_costs_the_others_no_read(
    database: Database, reads: list[str], filter: int
) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        followed = [with_sum(database, live, number, filter) for number in range(100, 100 + LISTS)]
        for rows in followed:
            await rows.join(1, None)
        waiting = [asyncio.ensure_future(next_after(rows, 0)) for rows in followed]
        reads.clear()
        # Of none of the lists: one read for all of them.
        await idle(running, await add(running, uuid4(), 5), live)
        assert len(reads) == 1
        assert not any(task.done() for task in waiting)
        # It enters one list: that list reads its rows.
        await add(running, stream, 103)
        assert sums(await waiting[3]) == (False, [103], [])
        # It leaves that list, and enters another.
        await add(running, stream, 4)
        assert sums(await next_after(followed[3], 1)) == (False, [], [(stream,)])
        assert sums(await waiting[7]) == (False, [107], [])
        assert len(reads) == 1 + 2 + 3
        assert sum(task.done() for task in waiting) == 2
        for task in waiting:
            task.cancel()


@pytest.mark.parametrize("filter", [0, 1])
async def test_an_event_that_comes_while_a_list_reads_its_rows_is_in_the_list(
    database: Database, monkeypatch: pytest.MonkeyPatch, filter: int
) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        position = await add(running, stream, 103)
        other, rows = with_sum(database, live, 1_000, filter), with_sum(database, live, 103, filter)
        await other.join(position, None)
        fetch, begun, go_on = Database.fetch, asyncio.Event(), asyncio.Event()

        async def slow(self: Database, query: Select[Any]) -> Any:
            found = await fetch(self, query)
            if "LIMIT" in str(query):
                begun.set()
                await go_on.wait()
            return found

        monkeypatch.setattr(Database, "fetch", slow)
        joining = asyncio.ensure_future(rows.join(position, None))
        await begun.wait()
        # The rows are read already. This event takes the row out of the list.
        await idle(running, await add(running, stream, 1), live)
        go_on.set()
        first, _ = await joining
        assert sums(first) == (True, [], [])


@pytest.mark.parametrize("filter", [0, 1])
async def test_a_row_that_leaves_a_list_while_the_list_reads_it_is_removed(
    database: Database, monkeypatch: pytest.MonkeyPatch, filter: int
) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        rows = with_sum(database, live, 103, filter)
        await rows.join(1, None)
        fetch, begun, go_on = Database.fetch, asyncio.Event(), asyncio.Event()

        async def slow(self: Database, query: Select[Any]) -> Any:
            found = await fetch(self, query)
            if not is_look(query) and not begun.is_set():
                begun.set()
                await go_on.wait()
            return found

        monkeypatch.setattr(Database, "fetch", slow)
        following = asyncio.ensure_future(next_after(rows, 0))
        await add(running, stream, 103)
        await begun.wait()
        # The list does not know yet that it holds the row.
        await idle(running, await add(running, stream, 1), live)
        go_on.set()
        assert sums(await following) == (False, [103], [])
        assert sums(await next_after(rows, 1)) == (False, [], [(stream,)])


@pytest.mark.parametrize("filter", [0, 1])
@pytest.mark.parametrize("is_first", [True, False])
async def test_a_row_that_a_client_has_and_that_leaves_while_it_resumes_is_removed(
    database: Database, monkeypatch: pytest.MonkeyPatch, filter: int, *, is_first: bool
) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        position = await add(running, stream, 103)
        await running.projector.wait_for_position(tallies.name, position, 10)
        rows = with_sum(database, live, 103, filter)
        fetch, begun, go_on, told = Database.fetch, asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slow(self: Database, query: Select[Any]) -> Any:
            if "LIMIT" in str(query):
                begun.set()
                await go_on.wait()
            elif is_look(query):
                # The table looks at the event after the list has read its rows.
                await told.wait()
            return await fetch(self, query)

        monkeypatch.setattr(Database, "fetch", slow)
        # Another subscriber may have made the list read its rows, which are newer than its position.
        joining = asyncio.ensure_future(rows.join(position, position if is_first else None))
        await begun.wait()
        left = await add(running, stream, 1)
        await running.projector.wait_for_position(tallies.name, left, 10)
        go_on.set()
        first, cursor = await joining
        if not is_first:
            assert sums(first) == (True, [], [])
            first, cursor = await rows.join(position, position)
        assert first is None
        told.set()
        assert sums(await next_after(rows, cursor)) == (False, [], [(stream,)])


async def test_a_subscriber_that_joins_wakes_no_other(database: Database) -> None:
    async with started(database) as running:
        rows = with_sum(database, lists(running), 103)
        _, cursor = await rows.join(1, None)
        waiting = [asyncio.ensure_future(next_after(rows, cursor)) for _ in range(5)]
        await asyncio.sleep(0)
        before = set(rows._until_change)  # pyright: ignore[reportPrivateUsage] - it is told nowhere
        assert len(before) == 5
        for _ in range(3):
            await rows.join(1, None)
        await asyncio.sleep(0)
        assert set(rows._until_change) == before  # pyright: ignore[reportPrivateUsage] - as above
        for task in waiting:
            task.cancel()


async def test_a_list_that_begins_while_the_table_looks_at_rows_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        earlier, later = (
            with_sum(database, live, 5),
            live.find(tallies, lambda columns: [columns.facts == 1], 10, None, database),
        )
        await earlier.join(1, None)
        fetch, begun, go_on = Database.fetch, asyncio.Event(), asyncio.Event()

        async def slow(self: Database, query: Select[Any]) -> Any:
            if is_look(query) and not begun.is_set():
                begun.set()
                await go_on.wait()
            return await fetch(self, query)

        monkeypatch.setattr(Database, "fetch", slow)
        following = asyncio.ensure_future(next_after(earlier, 0))
        await add(running, stream, 5)
        await begun.wait()
        # The table asks for the value of no column of this list.
        _, cursor = await later.join(1, None)
        go_on.set()
        assert sums(await following) == (False, [5], [])
        assert sums(await next_after(later, cursor)) == (False, [5], [])


async def test_a_rewrite_while_the_table_looks_at_rows_is_told_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(database) as running:
        rows = with_sum(database, lists(running), 103)
        _, cursor = await rows.join(1, None)
        following = asyncio.ensure_future(next_after(rows, cursor))
        fetch, begun, go_on = Database.fetch, asyncio.Event(), asyncio.Event()

        async def slow(self: Database, query: Select[Any]) -> Any:
            found = await fetch(self, query)
            begun.set()
            await go_on.wait()
            return found

        monkeypatch.setattr(Database, "fetch", slow)
        await add(running, uuid4(), 5)
        await begun.wait()
        running.projector.workers[tallies.name].rewrites.add()
        go_on.set()
        assert sums(await following) == (True, [], [])


async def test_a_list_that_has_failed_is_told_nothing_more(database: Database) -> None:
    async with started(database) as running:
        live = lists(running)
        failed = with_sum(database, live, 103)
        _, cursor = await failed.join(1, None)
        failed.fail(ValueError("broken"))
        for _ in range(3):
            with pytest.raises(ValueError, match="broken") as caught:
                await next_after(failed, cursor)
            assert len(caught.traceback) < 6
        rows = with_sum(database, live, 103)
        assert rows is not failed
        await rows.join(1, None)
        await idle(running, await add(running, uuid4(), 103), live)
        assert failed._pending == set()  # pyright: ignore[reportPrivateUsage] - it is told nowhere


async def test_a_list_that_begins_again_after_all_have_left_has_what_came_meanwhile(
    database: Database,
) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        await with_sum(database, live, 103).join(1, None)
        position = await add(running, stream, 103)
        rows = with_sum(database, live, 103)
        first, cursor = await rows.join(position, None)
        assert sums(first) == (True, [103], [])
        await add(running, stream, 1)
        assert sums(await next_after(rows, cursor)) == (False, [], [(stream,)])


async def test_lists_end_when_the_feed_closes(database: Database) -> None:
    ended: list[asyncio.Future[RowChanges[TallyRow] | None]] = []
    async with started(database) as running:
        live = lists(running)
        followed = [with_sum(database, live, number) for number in range(3)]
        for rows in followed:
            _, cursor = await rows.join(1, None)
            ended.append(asyncio.ensure_future(next_after(rows, cursor)))
        await asyncio.sleep(0)
    assert await asyncio.gather(*ended) == [None] * 3


class Upper(TypeDecorator[str]):
    impl = Text
    cache_ok = True


TABLE = Table(
    "t",
    MetaData(),
    Column("id", Uuid),
    Column("owner", Text),
    Column("number", Integer),
    Column("folded", String(collation="any_case")),
    Column("upper", Upper),
)


def test_only_values_that_python_compares_as_sql_does_tell_lists_apart() -> None:
    columns, identity = TABLE.c, uuid4()
    certain = [columns.id == identity, columns.owner == "anna", columns.number == 3]
    others = [
        columns.folded == "a",
        columns.upper == "A",
        columns.number.is_(None),
        columns.owner != "x",
        columns.number > 3,
        or_(columns.number == 5, columns.number == 6),
        columns.owner == columns.upper,
        columns.number == 1.5,
    ]
    assert equalities_of([*certain, *others]) == {"id": identity, "owner": "anna", "number": 3}
    assert equalities_of(others) == {}


async def test_the_ids_of_the_driver_are_found_among_those_of_python(database: Database) -> None:
    identity = uuid4()
    found = await database.pool.fetchval("SELECT $1::uuid", identity)
    assert isinstance(found, DriverUUID)
    assert identity in {found}
    assert found in {UUID(int=identity.int)}


async def test_a_list_shows_a_row_whose_key_this_code_cannot_find_but_the_owner_can(
    database: Database,
) -> None:
    def broken_keys(fact: Recorded[Any]) -> Sequence[Key]:
        if getattr(fact.event, "note", "") == POISON:
            raise BrokenFold
        return [(fact.stream_id,)]

    broken = replace(tallies, keys=broken_keys)
    async with started(database) as owner, engine(database, projections=[broken]) as other:
        await wait_until_owner(owner)
        live, stream = lists(other), uuid4()
        rows = live.find(broken, lambda columns: [columns.sum > 2], 10, None, database)
        await rows.join(1, None)
        await idle(other, await add(owner, stream, 3, POISON), live)
        assert sums(await next_after(rows, 0)) == (True, [3], [])
        # A list that was not told of it.
        resumed, _ = (
            await lists(other).find(broken, lambda columns: [columns.sum > 2], 10, None, database).join(2, 1)
        )
        assert sums(resumed) == (True, [3], [])
