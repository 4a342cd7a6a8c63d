"""Conditions of one shape are decided in one statement, for all lists, as the query of each list decides them."""

import asyncio
import gc
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Float,
    Numeric,
    Select,
    Uuid,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import NullType

import app.engine.projector.live_conditions as module
from app.engine.database.connections import Database, open_database
from app.engine.projector.live_conditions import ConditionShapes
from app.engine.projector.live_rows import LiveRows
from app.engine.read_models.queries import Columns, Condition, Filter, is_one_of
from app.engine.read_models.text import contains_text
from app.engine.settings import EngineSettings
from tests.support.loop_turns import LongestWait, work_for
from tests.support.toy_counter import TallyRow, engine, tallies
from tests.support.toy_lists import idle, lists, next_after, started, sums
from tests.support.toy_parking import add, wait_until_folded

TABLE = tallies.table
OTHER = TABLE.alias("other")
ROWS: Sequence[tuple[UUID, int, str]] = [
    (UUID(int=number), total, note)
    for number, (total, note) in enumerate(
        [(1, ""), (2, "tea"), (3, "Straße"), (5, 'a"b\\c, {d}'), (8, "ΣΊΣΥΦΟΣ"), (13, "null"), (21, "100%")],
        1,
    )
]

texts = st.sampled_from(["", "tea", "TEA", "strasse", "σίσυφος", '"', "\\", "{d}", "null", "%", "a_c", "☃"])
numbers = st.integers(0, 22)
several = st.lists(numbers, max_size=3)


def of_sums_above(columns: Columns, number: int) -> Condition:
    """As the owner in another table: its rows have parameters of their own."""
    return columns.id.in_(select(OTHER.c.id).where(OTHER.c.sum > number, OTHER.c.last != "tea"))


def of_a_greater_one(columns: Columns, number: int) -> Condition:
    """A subquery that names the columns of the row."""
    return exists(select(OTHER.c.id).where(OTHER.c.sum == columns.sum + number))


condition: st.SearchStrategy[Condition] = st.one_of(
    st.builds(lambda text: contains_text(TABLE.c.last, text), texts),
    st.builds(lambda text: TABLE.c.last.like(text), texts),
    st.builds(lambda text: TABLE.c.last.startswith(text, autoescape=True), texts),
    st.builds(lambda text: TABLE.c.last.is_distinct_from(text), texts),
    st.builds(lambda text: func.lower(TABLE.c.last) == text, texts),
    st.builds(lambda number: TABLE.c.sum > number, numbers),
    st.builds(lambda low, high: TABLE.c.sum.between(low, high), numbers, numbers),
    st.builds(lambda chosen: is_one_of(TABLE.c.sum, chosen), several),
    st.builds(lambda chosen: TABLE.c.sum.in_(chosen), several),
    st.builds(lambda chosen: TABLE.c.sum.not_in(chosen), several),
    st.builds(lambda number, text: or_(TABLE.c.sum == number, TABLE.c.last == text), numbers, texts),
    st.builds(lambda number: TABLE.c.sum > cast(literal(Decimal(number)), Numeric), numbers),
    st.builds(lambda number: TABLE.c.sum > literal(number / 4, Float()), numbers),
    st.builds(lambda number: of_sums_above(TABLE.c, number), numbers),
    st.builds(lambda number: of_a_greater_one(TABLE.c, number), numbers),
    st.builds(lambda identity: TABLE.c.id >= identity, st.sampled_from([row[0] for row in ROWS])),
    st.builds(lambda: TABLE.c.last.is_(None)),
    st.builds(false),
)
chosen_lists = st.lists(st.lists(condition, min_size=1, max_size=3), min_size=1, max_size=12)


async def assert_same(
    database: Database, chosen: Sequence[Sequence[Condition]], keys: Sequence[tuple[UUID]]
) -> None:
    """The shapes find the lists whose own queries find a row."""
    shapes, by_shape = ConditionShapes(tallies), dict[Any, list[int]]()
    found = [shapes.find(conditions) for conditions in chosen]
    for number, item in enumerate(found):
        assert item is not None, [str(part) for part in chosen[number]]
        by_shape.setdefault(item.shape, []).append(number)
    matching = set[int]()
    for shape, members in by_shape.items():
        parameters = [item.parameters for number in members if (item := found[number]) is not None]
        indexes = await shape.matching(database.fetch, keys, parameters)
        matching |= {members[index] for index in indexes}
    wanted = set[int]()
    for number, conditions in enumerate(chosen):
        query = select(TABLE.c.id).where(TABLE.c.id.in_([key[0] for key in keys]), *conditions)
        if await database.fetch(query):
            wanted.add(number)
    assert matching == wanted


def test_conditions_are_decided_for_many_lists_as_the_query_of_each_list_decides_them(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several statements for one shape.
    monkeypatch.setattr(module, "MAX_LISTS", 3)
    with asyncio.Runner() as runner:
        opening = open_database(EngineSettings(database_url=database_url, pool_size=4))
        database = runner.run(opening.__aenter__())

        async def fill() -> None:
            async with engine(database) as running:
                for identity, total, note in ROWS:
                    await add(running, identity, total, note)
                await wait_until_folded(running, tallies)

        @settings(max_examples=60, derandomize=True)
        @given(chosen_lists, st.lists(st.sampled_from(ROWS), min_size=1, max_size=3))
        def holds(chosen: list[list[Condition]], changed: list[tuple[UUID, int, str]]) -> None:
            runner.run(assert_same(database, chosen, [(row[0],) for row in changed]))

        try:
            runner.run(fill())
            holds()
            many = [[TABLE.c.sum > number] for number in range(22)]
            runner.run(assert_same(database, many, [(ROWS[4][0],)]))
        finally:
            runner.run(opening.__aexit__(None, None, None))


@pytest.mark.parametrize("number_of_lists", [20, 200])
async def test_an_event_costs_one_statement_for_each_shape_however_many_lists_it_does_not_concern(
    database: Database, monkeypatch: pytest.MonkeyPatch, number_of_lists: int
) -> None:
    async with started(database) as running:
        live, fetch, reads = lists(running), Database.fetch, list[str]()

        def filters(number: int) -> Sequence[Filter]:
            return (
                lambda columns: [contains_text(columns.last, f"zz{number}")],
                lambda columns: [columns.sum > 1_000 + number, columns.facts > 0],
            )

        followed = [
            live.find(tallies, where, 10, None, database)
            for number in range(number_of_lists // 2)
            for where in filters(number)
        ]
        cursors = [(await rows.join(1, None))[1] for rows in followed]
        waiting = [
            asyncio.ensure_future(next_after(rows, cursor))
            for rows, cursor in zip(followed, cursors, strict=True)
        ]

        async def counted(self: Database, query: Select[Any]) -> Any:
            reads.append(str(query))
            return await fetch(self, query)

        monkeypatch.setattr(Database, "fetch", counted)
        stream = uuid4()
        for note in ("", "tea"):
            await idle(running, await add(running, stream, 5, note), live)
        assert len(reads) == 2 * 2
        assert not any(task.done() for task in waiting)
        # Of one list: the statements, and the read of that list.
        await add(running, stream, 5, "a ZZ4 b")
        assert sums(await waiting[8]) == (False, [15], [])
        assert len(reads) == 3 * 2 + 1
        await add(running, stream, 5, "none")
        assert sums(await next_after(followed[8], 1)) == (False, [], [(stream,)])
        assert sum(task.done() for task in waiting) == 1
        for task in waiting:
            task.cancel()


async def test_many_lists_that_one_event_concerns_share_the_turns_of_the_loop(database: Database) -> None:
    async with started(database) as running:
        live, seconds = lists(running), 0.0

        def slow(number: int) -> Filter:
            def where(columns: Columns) -> Sequence[Condition]:
                work_for(seconds)
                return [columns.sum > number % 5, columns.facts < 1_000 + number]

            return where

        followed = [live.find(tallies, slow(number), 10, None, database) for number in range(80)]
        cursors = [(await rows.join(1, None))[1] for rows in followed]
        waiting = [
            asyncio.ensure_future(next_after(rows, cursor))
            for rows, cursor in zip(followed, cursors, strict=True)
        ]
        await asyncio.sleep(0)
        seconds = 0.004
        longest = LongestWait()
        watching = asyncio.create_task(longest.watch())
        await add(running, uuid4(), 7)
        assert [sums(change) for change in await asyncio.gather(*waiting)] == [(False, [7], [])] * 80
        watching.cancel()
        assert longest.seconds < 0.5 * 80 * seconds


async def test_a_statement_that_the_parameters_of_one_list_break_fails_that_list_alone(
    database: Database,
) -> None:
    async with started(database) as running:
        live = lists(running)

        def dividing(number: int) -> LiveRows[TallyRow]:
            return live.find(tallies, lambda columns: [100 / (columns.sum - number) > 0], 10, None, database)

        broken, whole = dividing(7), dividing(2)
        for rows in (broken, whole):
            await rows.join(1, None)
        following = [asyncio.ensure_future(next_after(rows, 0)) for rows in (broken, whole)]
        await add(running, uuid4(), 7)
        assert sums(await following[1]) == (False, [7], [])
        with pytest.raises(asyncpg.DivisionByZeroError):
            await following[0]


UNSUPPORTED: Mapping[str, Filter] = {
    "a type of JSON": lambda columns: [columns.notes.contains(cast(literal(["tea"], JSONB), JSONB))],
    "several columns": lambda columns: [tuple_(columns.sum, columns.facts).in_([(5, 1)])],
    "a limit": lambda columns: [
        columns.id.in_(select(OTHER.c.id).where(OTHER.c.sum == 5).limit(3).correlate(None))
    ],
    "no time zone": lambda columns: [columns.sum > func.extract("year", literal(datetime(1, 1, 1)))],  # noqa: DTZ001 - its value has no zone
    "not a number": lambda columns: [columns.sum < literal(float("inf"), Float())],
    "an unpaired surrogate": lambda columns: [columns.last == "\ud800"],
    "an unknown type": lambda columns: [func.strpos(columns.last, literal("tea", NullType())) > 0],
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_parameters_that_json_does_not_hold_exactly_are_left_to_the_list(name: str) -> None:
    shapes = ConditionShapes(tallies)
    assert shapes.find(UNSUPPORTED[name](TABLE.c)) is None
    assert shapes.find([*UNSUPPORTED[name](TABLE.c), TABLE.c.sum > 3]) is None


async def test_a_list_that_no_statement_can_compare_is_told_of_every_key(database: Database) -> None:
    async with started(database) as running:
        live, stream = lists(running), uuid4()
        rows = live.find(tallies, UNSUPPORTED["several columns"], 10, None, database)
        _, cursor = await rows.join(1, None)
        await add(running, stream, 5)
        assert sums(await next_after(rows, cursor)) == (False, [5], [])


def test_lists_share_a_shape_as_long_as_there_is_one() -> None:
    shapes = ConditionShapes(tallies)
    first = shapes.find([TABLE.c.sum > 3, contains_text(TABLE.c.last, "a")])
    second = shapes.find([TABLE.c.sum > 4, contains_text(TABLE.c.last, "b")])
    other = shapes.find([TABLE.c.sum >= 4, contains_text(TABLE.c.last, "b")])
    assert first is not None
    assert second is not None
    assert other is not None
    assert first.shape is second.shape is not other.shape
    assert first.parameters != second.parameters
    del first, second, other
    gc.collect()
    assert not shapes._shapes  # pyright: ignore[reportPrivateUsage] - it is told nowhere


async def test_moments_numbers_and_ids_are_the_same_in_json(database: Database) -> None:
    moment = datetime(2026, 11, 27, 1, 2, 3, 456789, UTC)
    identity = await database.pool.fetchval("SELECT $1::uuid", uuid4())
    always: Sequence[ColumnElement[bool]] = [
        literal(moment, DateTime(timezone=True))
        == literal_column("'2026-11-27 01:02:03.456789+00'::timestamptz"),
        literal(date(2026, 11, 27), Date()) == literal_column("'2026-11-27'::date"),
        literal(Decimal("12345678901234567890.0000000001"), Numeric())
        == literal_column("12345678901234567890.0000000001::numeric"),
        literal(0.1 + 0.2, Double()) == literal_column("0.30000000000000004::float8"),
        literal(identity, Uuid()) == literal_column(f"'{identity}'::uuid"),
        literal(2**62 + 1, BigInteger()) == literal_column(f"{2**62 + 1}::bigint"),
        literal(True, Boolean()) == literal_column("true"),
    ]
    async with started(database):
        rows = await database.fetch(select(TABLE.c.id))
        await assert_same(database, [[part] for part in always], [(row[0],) for row in rows])
        assert len(await database.fetch(select(TABLE.c.id).where(*always))) == len(rows) == 1
