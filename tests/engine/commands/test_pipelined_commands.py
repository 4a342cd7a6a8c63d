"""If a command fails, the commands that were decided on its events are decided again."""

import asyncio
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg

from app.engine.commands import CommandAccepted, CommandConflict, CommandRejected
from app.engine.database.connections import Database
from tests.support.toy_counter import Add, Take, engine, evolve, request, tally


async def test_a_command_decided_on_one_with_a_conflict_is_decided_again(database: Database) -> None:
    """One process adds 5 and takes 12 from its cached 10. The other has taken 9, at the version that the 5 would have had."""
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=10), request())
        await other.commands.execute(tally, stream, Take(amount=9), request())
        added, taken = await asyncio.gather(
            one.commands.execute(tally, stream, Add(amount=5), request()),
            one.commands.execute(tally, stream, Take(amount=12), request()),
        )
        assert isinstance(added, CommandAccepted)
        assert isinstance(taken, CommandRejected)
        assert await one.commands.current_state(tally, stream) == 6


async def test_a_command_that_comes_at_any_moment_of_a_conflict_before_it_is_decided_again(
    database: Database,
) -> None:
    """Before its batch is sent, or while it is in flight: after any number of cycles of the event loop."""
    async with engine(database) as one, engine(database) as other:
        for cycles in range(40):
            stream = uuid4()
            await one.commands.execute(tally, stream, Add(amount=10), request())
            await other.commands.execute(tally, stream, Take(amount=9), request())
            adding = asyncio.ensure_future(one.commands.execute(tally, stream, Add(amount=5), request()))
            for _ in range(cycles):
                await asyncio.sleep(0)
            taken = await one.commands.execute(tally, stream, Take(amount=12), request())
            assert isinstance(await adding, CommandAccepted)
            assert isinstance(taken, CommandRejected), cycles
            assert await one.commands.current_state(tally, stream) == 6


async def test_a_command_that_comes_between_a_conflict_and_its_caller_is_decided_again(
    database: Database,
) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=10), request())
        await other.commands.execute(tally, stream, Take(amount=9), request())
        adding = asyncio.ensure_future(one.commands.execute(tally, stream, Add(amount=5), request()))
        await asyncio.sleep(0)
        appender: Any = one.appender
        [pending] = appender._pending
        async with asyncio.timeout(10):
            while not pending.answer.done():  # noqa: ASYNC110 - this very cycle of the event loop is meant
                await asyncio.sleep(0)
        taken = await one.commands.execute(tally, stream, Take(amount=12), request())
        assert isinstance(await adding, CommandAccepted)
        assert isinstance(taken, CommandRejected)


async def test_a_command_decided_on_one_that_was_a_repeat_is_decided_again(database: Database) -> None:
    stream, identity = uuid4(), uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=10), request(command_id=identity))
        await other.commands.execute(tally, stream, Take(amount=9), request())
        again, taken = await asyncio.gather(
            one.commands.execute(tally, stream, Add(amount=10), request(command_id=identity)),
            one.commands.execute(tally, stream, Take(amount=12), request()),
        )
        assert isinstance(again, CommandAccepted)
        assert again.duplicate
        assert isinstance(taken, CommandRejected)
        assert await one.commands.current_state(tally, stream) == 1


async def test_a_command_decided_on_one_that_the_database_refused_is_decided_again(
    database: Database,
) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=10), request())
        await other.commands.execute(tally, stream, Take(amount=9), request())
        added, taken = await asyncio.gather(
            one.commands.execute(tally, stream, Add(amount=5, note="a\0b"), request()),
            one.commands.execute(tally, stream, Take(amount=12), request()),
            return_exceptions=True,
        )
        assert isinstance(added, asyncpg.PostgresError)
        assert isinstance(taken, CommandRejected)
        assert await one.commands.current_state(tally, stream) == 1


async def test_a_command_after_one_that_recorded_nothing_is_not_delayed(database: Database) -> None:
    """A wrong expectation of one caller costs the others nothing."""
    stream = uuid4()
    async with engine(database) as running:
        await running.commands.execute(tally, stream, Add(amount=10), request())
        outcomes = await asyncio.gather(
            running.commands.execute(tally, stream, Take(amount=1), request(expected_version=7)),
            running.commands.execute(tally, stream, Take(amount=99), request()),
            running.commands.execute(tally, stream, Take(amount=2), request()),
        )
        assert isinstance(outcomes[0], CommandConflict)
        assert isinstance(outcomes[1], CommandRejected)
        assert isinstance(outcomes[2], CommandAccepted)
        assert await running.commands.current_state(tally, stream) == 8


async def test_two_processes_that_decide_on_one_stream_break_no_rule(
    database: Database,
) -> None:
    stream = uuid4()
    random = Random(7)
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=50), request())
        for _ in range(20):
            amounts = [
                random.choice([Take(amount=random.randint(1, 40)), Add(amount=random.randint(1, 30))])
                for _ in range(12)
            ]
            await asyncio.gather(
                *(
                    random.choice([one, other]).commands.execute(tally, stream, amount, request())
                    for amount in amounts
                )
            )
        total = 0
        for fact in await one.reader.read_stream("tally", stream):
            total = evolve(total, fact.event)
            assert total >= 0, fact.version
