"""What the feed promises, whoever wrote: what this process recorded is handed in, and the rest is read."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from app.engine.database.connections import Database
from app.engine.store.append import Appender, AppendRequest
from app.engine.store.codec import EventCodec
from app.engine.store.feed import WAKE_BATCH_SIZE, Feed
from app.engine.store.reader import EventReader, Fact
from tests.support.toy_counter import Add, Added, engine, request, tally


async def followed(feed: Feed, after: int, until: int) -> Sequence[Fact]:
    found: list[Fact] = []
    async for facts in feed.follow(after):
        found += facts
        if found[-1].position >= until:
            break
    return found


async def test_what_this_process_records_reaches_its_followers_as_the_table_has_it_without_being_read(
    database: Database,
) -> None:
    async with engine(database, poll=60) as running:
        asked = request()
        truth, running.feed.reader = running.feed.reader, None  # type: ignore[assignment] - whoever reads now, fails
        following = asyncio.create_task(followed(running.feed, 0, 40))
        for n in range(1, 21):
            await asyncio.gather(
                *(
                    running.commands.execute(tally, uuid4(), Add(amount=n, note=f"ü{n}"), asked)
                    for _ in range(2)
                )
            )
        async with asyncio.timeout(10):
            found = await following
        assert found == await truth.read_all(0, 100)


async def test_two_processes_that_write_at_once_show_their_followers_every_fact_once_and_in_order(
    database: Database,
) -> None:
    async with engine(database, ring=60, poll=0.1) as one, engine(database, ring=60, poll=0.1) as other:
        following = [
            asyncio.create_task(followed(running.feed, 0, 600)) for running in (one, other) for _ in range(3)
        ]
        streams = [uuid4() for _ in range(10)]

        async def write(number: int) -> None:
            running = (one, other)[number % 2]
            for n in range(30):
                await running.commands.execute(tally, streams[(number + n) % 10], Add(amount=1), request())

        await asyncio.gather(*(write(number) for number in range(20)))
        async with asyncio.timeout(20):
            found = await asyncio.gather(*following)
        truth = await one.reader.read_all(0, 1_000)
        assert [fact.position for fact in truth] == list(range(1, 601))
        assert all(each == truth for each in found)


async def test_what_is_handed_in_is_taken_only_where_it_comes_next(database: Database) -> None:
    async with engine(database, poll=60) as running:
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


async def test_what_is_handed_in_while_it_is_being_read_is_taken_once(database: Database) -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    class Slow(EventReader):
        async def read_all(self, *arguments: Any, **options: Any) -> Sequence[Fact]:
            found = await super().read_all(*arguments, **options)
            asked.set()
            await answer.wait()
            return found

    async with engine(database) as running:
        feed = Feed(Slow(database.pool, EventCodec([tally])))
        for n in range(1, 8):
            await running.commands.execute(tally, uuid4(), Add(amount=n), request())
            if n == 4:
                await feed.start()
        facts = await running.reader.read_all(0, 10)
        reading = asyncio.create_task(feed.run())
        await asked.wait()
        feed.publish(6, facts[4:6])
        answer.set()
        assert await asyncio.wait_for(followed(feed, 4, 7), 10) == facts[4:]
        # Who is further back is not misled: what lies before the ring comes from the table.
        assert await asyncio.wait_for(followed(feed, 2, 7), 10) == facts[2:]
        feed.close()
        await reading


async def test_what_a_repeated_command_is_answered_with_is_known_of_as_what_was_recorded_is(
    database: Database,
) -> None:
    told: list[tuple[int, int]] = []
    appender = Appender(
        database.connect, EventCodec([tally]), lambda head, facts: told.append((head, len(facts)))
    )
    running = asyncio.create_task(appender.run())
    asked = AppendRequest(
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
    for _ in range(2):
        await appender.append(asked)
    appender.drain()
    await running
    assert told == [(1, 1), (1, 0)]


async def test_the_patient_are_told_a_few_at_a_time_and_the_others_at_once(database: Database) -> None:
    async with engine(database) as running:
        for n in range(1, 4):
            await running.commands.execute(tally, uuid4(), Add(amount=n), request())
        facts = await running.reader.read_all(0, 10)
    feed = Feed(running.reader)
    most = WAKE_BATCH_SIZE
    told: list[int] = []

    async def wait(number: int, *, patient: bool) -> None:
        cursor = 0
        while await feed.wait_past(cursor, patient=patient):
            found, cursor = await feed.read_after(cursor)
            assert found == facts[cursor - len(found) : cursor]
            told.append(number)

    async def turn() -> list[int]:
        told.clear()
        await asyncio.sleep(0)
        return sorted(told)

    waiting = [asyncio.create_task(wait(number, patient=True)) for number in range(2 * most + 5)]
    gone = waiting.pop(most + 1)
    waiting.append(asyncio.create_task(wait(-1, patient=False)))
    await turn()
    gone.cancel()
    await turn()
    feed.publish(1, facts[:1])
    assert await turn() == [-1, *range(most)]
    # What comes meanwhile reaches those who have heard of the first behind those who have not, who are told of both at once.
    feed.publish(3, facts[1:])
    assert await turn() == [-1, most, *range(most + 2, 2 * most + 1)]
    assert await turn() == [*range(most - 4), *range(2 * most + 1, 2 * most + 5)]
    assert await turn() == [*range(most - 4, most)]
    assert await turn() == []
    feed.close()
    assert await asyncio.wait_for(asyncio.gather(*waiting), 10) == [None] * len(waiting)
