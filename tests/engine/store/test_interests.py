"""A fact wakes the subscribers that it concerns, and no others."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from app.engine.store.event_filter import ALL_EVENTS, EventFilter
from app.engine.store.feed import Feed
from app.engine.store.interests import Interest, filter_interests, stream_interest
from app.engine.store.reader import EventReader, Fact
from tests.support.toy_counter import Add, engine, request, tally


@pytest.fixture
async def facts(database: Database) -> Sequence[Fact]:
    """Ten facts of each of six streams, each with a correlation of its own."""
    async with engine(database) as running:
        streams = [uuid4() for _ in range(6)]
        for stream in streams:
            context = request()
            for n in range(10):
                await running.commands.execute(tally, stream, Add(amount=n + 1), context)
        return await running.reader.read_all(0, 100)


def empty_feed(database: Database) -> Feed:
    return Feed(EventReader(database.pool, EventCodec([tally])))


def filters_of(facts: Sequence[Fact]) -> Sequence[EventFilter]:
    some = facts[17]
    return [
        ALL_EVENTS,
        EventFilter(categories=frozenset({"tally"})),
        EventFilter(categories=frozenset({"tally"}), stream_id=some.stream_id),
        EventFilter(categories=frozenset({"order"}), stream_id=some.stream_id),
        EventFilter(categories=frozenset()),
        EventFilter(stream_id=some.stream_id, correlation_id=some.correlation_id),
        EventFilter(correlation_id=some.correlation_id, types=frozenset({"tally.added"})),
        EventFilter(command_id=some.command_id),
        EventFilter(types=frozenset({"tally.added", "order.opened"})),
        EventFilter(types=frozenset({"order.opened"})),
        EventFilter(stream_id=uuid4()),
    ]


async def test_a_subscriber_gets_what_its_filter_matches_in_order_and_once(
    database: Database, facts: Sequence[Fact]
) -> None:
    feed = empty_feed(database)
    followed: list[list[Fact]] = []

    async def follow(where: EventFilter, found: list[Fact]) -> None:
        cursor, interests = 0, filter_interests(where)
        while (cursor := await feed.wait_for(cursor, interests)) is not None:
            batch, cursor = await feed.read_after(cursor, where)
            found += batch

    filters = filters_of(facts)
    tasks: list[asyncio.Task[None]] = []
    for where in filters:
        followed.append([])
        tasks.append(asyncio.create_task(follow(where, followed[-1])))
    for index in range(0, len(facts), 3):
        await asyncio.sleep(0)
        feed.publish(facts[index].position, facts[index : index + 3])
    for _ in range(10):
        await asyncio.sleep(0)
    assert followed == [[fact for fact in facts if where.matches(fact)] for where in filters]
    feed.close()
    await asyncio.wait_for(asyncio.gather(*tasks), 10)


async def test_a_fact_wakes_only_whom_it_concerns_and_each_kind_of_key_is_made_once(
    database: Database, facts: Sequence[Fact]
) -> None:
    feed = empty_feed(database)
    calls: Counter[int] = Counter()

    def instance(fact: Fact) -> UUID:
        calls[fact.position] += 1
        return fact.correlation_id

    concerned = facts[17]
    woken: list[tuple[str, int | None]] = []

    async def wait(name: str, interests: Sequence[Interest]) -> None:
        woken.append((name, await feed.wait_for(0, interests)))

    strangers = [
        asyncio.create_task(
            wait("stranger", [stream_interest("tally", uuid4()), Interest(instance, uuid4())])
        )
        for _ in range(200)
    ]
    mine = asyncio.create_task(
        wait("mine", [stream_interest("order", uuid4()), Interest(instance, concerned.correlation_id)])
    )
    await asyncio.sleep(0)
    assert feed.waiting_subscribers == 201
    feed.publish(len(facts), facts)
    for _ in range(10):
        await asyncio.sleep(0)
    # It reads on directly before its first fact.
    assert woken == [("mine", 10)]
    assert feed.waiting_subscribers == 200
    assert set(calls.values()) == {1}, "one call for a fact, not one for a subscriber"
    for stranger in strangers:
        stranger.cancel()
    await asyncio.wait([*strangers, mine])
    assert feed.waiting_subscribers == 0
    assert not feed._subscribers._groups  # pyright: ignore[reportPrivateUsage]


async def test_a_subscriber_of_facts_above_its_cursor_is_not_woken_by_earlier_ones(
    database: Database, facts: Sequence[Fact]
) -> None:
    feed = empty_feed(database)
    stream = stream_interest("tally", facts[0].stream_id)
    waiting = asyncio.create_task(feed.wait_for(5, [stream]))
    await asyncio.sleep(0)
    feed.publish(5, facts[:5])
    await asyncio.sleep(0)
    assert not waiting.done()
    feed.publish(7, facts[5:7])
    assert await asyncio.wait_for(waiting, 10) == 5


async def test_a_key_that_cannot_be_made_wakes_its_subscribers_and_fails_no_commit(
    database: Database, facts: Sequence[Fact]
) -> None:
    feed = empty_feed(database)

    def broken(fact: Fact) -> object:
        raise ValueError(fact.position)

    waiting = asyncio.create_task(feed.wait_for(0, [Interest(broken, 1)]))
    await asyncio.sleep(0)
    feed.publish(1, facts[:1])
    assert await asyncio.wait_for(waiting, 10) == 0
    assert feed.head == 1


def test_a_filter_is_found_by_its_rarest_condition() -> None:
    some = uuid4()
    both = EventFilter(categories=frozenset({"a", "b"}), stream_id=some)
    assert [interest.key for interest in filter_interests(both)] == [some]
    assert {interest.key for interest in filter_interests(EventFilter(types=frozenset({"x", "y"})))} == {
        "x",
        "y",
    }
