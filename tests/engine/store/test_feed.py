"""The feed takes the facts that this process publishes, and reads all others."""

import asyncio
import gc
import tracemalloc
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from app.engine.database.connections import Database
from app.engine.store.append import open_appender
from app.engine.store.append_request import AppendRequest
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.feed_buffer import estimated_size
from app.engine.store.interests import WAKE_BATCH_SIZE
from app.engine.store.log_identity import EventIdentity, LogHole, identity_of
from app.engine.store.reader import EventReader, Fact
from tests.support.toy_counter import Add, Added, engine, request, tally


class Unreadable(EventReader):
    """Reads no facts of the log."""

    async def read_dense(self, *arguments: Any, **options: Any) -> tuple[Sequence[Fact], LogHole | None]:
        raise AssertionError("the log is read")


async def follow_to(feed: Feed, after: int, position: int) -> Sequence[Fact]:
    followed: list[Fact] = []
    async for facts in feed.follow(after):
        followed += facts
        if followed[-1].position >= position:
            break
    return followed


async def test_facts_of_this_process_reach_its_followers_without_a_read_and_equal_the_table(
    database: Database,
) -> None:
    async with engine(database, poll_interval=60) as running:
        context = request()
        reader, running.feed.reader = running.feed.reader, Unreadable(database.pool, EventCodec([tally]))
        following = asyncio.create_task(follow_to(running.feed, 0, 40))
        for n in range(1, 21):
            await asyncio.gather(
                *(
                    running.commands.execute(tally, uuid4(), Add(amount=n, note=f"ü{n}"), context)
                    for _ in range(2)
                )
            )
        async with asyncio.timeout(10):
            assert await following == await reader.read_all(0, 100)


async def test_followers_of_two_processes_that_write_at_once_get_every_fact_once_and_in_order(
    database: Database,
) -> None:
    async with (
        engine(database, buffer_size=100, poll_interval=0.1) as one,
        engine(database, buffer_size=100, poll_interval=0.1) as other,
    ):
        following = [
            asyncio.create_task(follow_to(running.feed, 0, 600)) for running in (one, other) for _ in range(3)
        ]
        streams = [uuid4() for _ in range(10)]

        async def write(number: int) -> None:
            running = (one, other)[number % 2]
            for n in range(30):
                await running.commands.execute(tally, streams[(number + n) % 10], Add(amount=1), request())

        await asyncio.gather(*(write(number) for number in range(20)))
        async with asyncio.timeout(20):
            results = await asyncio.gather(*following)
        log = await one.reader.read_all(0, 1_000)
        assert [fact.position for fact in log] == list(range(1, 601))
        assert all(facts == log for facts in results)


async def test_published_facts_are_taken_only_if_they_are_the_next_ones(database: Database) -> None:
    async with engine(database, poll_interval=60) as running:
        for n in range(1, 4):
            await running.commands.execute(tally, uuid4(), Add(amount=n), request())
        facts = await running.reader.read_all(0, 10)
        feed = Feed(running.reader)
        feed.publish(3, facts[1:])
        assert (feed.head, feed.latest_known) == (0, 3)
        feed.publish(3, [facts[0], facts[2]])
        assert feed.head == 0
        feed.publish(2, facts[:2])
        feed.publish(2, facts[:2])
        feed.publish(0, [])
        feed.publish(3, facts[2:])
        assert (feed.head, await feed.read_after(0)) == (3, (facts, 3))
        assert [fact.event for fact in facts] == [Added(amount=n) for n in range(1, 4)]


async def test_published_facts_that_follow_another_event_are_not_taken(database: Database) -> None:
    async with engine(database, poll_interval=60) as running:
        for n in range(1, 4):
            await running.commands.execute(tally, uuid4(), Add(amount=n), request())
        first, second, third = await running.reader.read_all(0, 10)
        feed = Feed(running.reader)
        feed.publish(1, [first])
        # The log is another one: the event at the same position is not the one that this feed knows.
        feed.publish(2, [second], EventIdentity(1, uuid4()))
        assert feed.head == 1
        feed.publish(2, [second], identity_of(first))
        feed.publish(3, [third], identity_of(second))
        assert feed.head == 3


async def test_facts_that_are_published_while_they_are_read_are_taken_once(database: Database) -> None:
    read, answer = asyncio.Event(), asyncio.Event()

    class Slow(EventReader):
        async def read_dense(self, *arguments: Any, **options: Any) -> tuple[Sequence[Fact], LogHole | None]:
            facts = await super().read_dense(*arguments, **options)
            read.set()
            await answer.wait()
            return facts

    async with engine(database) as running:
        feed = Feed(Slow(database.pool, EventCodec([tally])))
        for n in range(1, 8):
            await running.commands.execute(tally, uuid4(), Add(amount=n), request())
            if n == 4:
                await feed.start()
        facts = await running.reader.read_all(0, 10)
        reading = asyncio.create_task(feed.run())
        await read.wait()
        feed.publish(6, facts[4:6])
        answer.set()
        assert await asyncio.wait_for(follow_to(feed, 4, 7), 10) == facts[4:]
        # A follower that is behind the buffer reads from the table.
        assert await asyncio.wait_for(follow_to(feed, 2, 7), 10) == facts[2:]
        feed.close()
        await reading


async def test_the_result_of_a_repeated_command_is_published_without_facts(
    database: Database,
) -> None:
    published: list[tuple[int, int]] = []
    append = AppendRequest(
        command_id=uuid4(),
        command=Add.stored,
        category="tally",
        stream_id=uuid4(),
        expected=0,
        events=[Added(amount=1)],
        correlation_id=uuid4(),
        actor="tester",
        persist_outcome=True,
    )
    async with open_appender(
        database.connect, EventCodec([tally]), lambda head, facts, _: published.append((head, len(facts)))
    ) as appender:
        for _ in range(2):
            await appender.append(append)
    assert published == [(1, 1), (1, 0)]


async def test_low_priority_waiters_wake_a_few_at_a_time_and_the_others_at_once(database: Database) -> None:
    async with engine(database) as running:
        for n in range(1, 4):
            await running.commands.execute(tally, uuid4(), Add(amount=n), request())
        facts = await running.reader.read_all(0, 10)
    feed = Feed(running.reader)
    size = WAKE_BATCH_SIZE
    woken: list[int] = []

    async def wait(number: int, *, low_priority: bool) -> None:
        cursor = 0
        while await feed.wait_past(cursor, low_priority=low_priority):
            new, cursor = await feed.read_after(cursor)
            assert new == facts[cursor - len(new) : cursor]
            woken.append(number)

    async def cycle() -> list[int]:
        woken.clear()
        await asyncio.sleep(0)
        return sorted(woken)

    waiting = [asyncio.create_task(wait(number, low_priority=True)) for number in range(2 * size + 5)]
    cancelled = waiting.pop(size + 1)
    waiting.append(asyncio.create_task(wait(-1, low_priority=False)))
    await cycle()
    cancelled.cancel()
    await cycle()
    feed.publish(1, facts[:1])
    assert await cycle() == [-1, *range(size)]
    # Waiters that have read the first fact wait behind those that have not. The latter get all three facts at once.
    feed.publish(3, facts[1:])
    assert await cycle() == [-1, size, *range(size + 2, 2 * size + 1)]
    assert await cycle() == [*range(size - 4), *range(2 * size + 1, 2 * size + 5)]
    assert await cycle() == [*range(size - 4, size)]
    assert await cycle() == []
    feed.close()
    assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [None] * len(waiting)


async def test_the_buffer_is_bounded_in_bytes_and_older_facts_are_read_from_the_table(
    database: Database,
) -> None:
    async with engine(database) as running:
        context = request()
        for n in range(40):
            await running.commands.execute(tally, uuid4(), Add(amount=n + 1, note="n" * 5_000), context)
        facts = await running.reader.read_all(0, 100)
        feed = Feed(running.reader, buffer_bytes=400_000)
        for fact in facts:
            feed.publish(fact.position, [fact])
            assert 0 < feed.buffer.bytes <= 400_000
        assert feed.buffered(1) is None
        assert feed.buffered(40) == facts[-1]
        assert await asyncio.wait_for(follow_to(feed, 0, 40), 10) == facts
        # One fact that is larger than all of it stays alone.
        small = Feed(running.reader, buffer_bytes=1_000)
        small.publish(40, facts)
        assert (small.buffered(39), small.buffered(40)) == (None, facts[-1])


async def test_the_estimate_of_a_fact_is_above_its_memory_and_not_far_above(database: Database) -> None:
    async with engine(database) as running:
        for n in range(300):
            note = "ü" * (n % 50) + "n" * n
            await running.commands.execute(tally, uuid4(), Add(amount=n + 1, note=note), request())
    # Nothing else takes memory meanwhile, and what the first read prepares is not counted.
    reader = EventReader(database.pool, EventCodec([tally]))
    assert len(await reader.read_all(0, 300)) == 300
    gc.collect()
    tracemalloc.start()
    try:
        facts = await reader.read_all(0, 300)
        gc.collect()
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    estimate = sum(map(estimated_size, facts))
    assert len(facts) == 300
    assert used < estimate < 5 * used
