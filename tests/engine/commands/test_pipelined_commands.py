"""What a command was decided on has to have been recorded: when one before it fails, those that follow are decided anew."""

import asyncio
from random import Random
from typing import Any
from uuid import uuid4

import asyncpg

from app.engine.commands import CommandAccepted, CommandConflict, CommandRejected
from app.engine.database.connections import Database
from tests.support.toy_counter import Add, Take, engine, evolve, request, tally


async def test_a_command_decided_on_one_that_met_a_conflict_is_decided_anew(database: Database) -> None:
    """One process adds 5 and takes 12 on what it remembers, 10; another has taken 9 meanwhile, at the version that the 5 would have had."""
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


async def test_a_command_that_comes_at_any_moment_while_the_one_before_it_meets_a_conflict_is_decided_anew(
    database: Database,
) -> None:
    """Before its batch, or while that is on its way: after any number of turns."""
    async with engine(database) as one, engine(database) as other:
        for turns in range(40):
            stream = uuid4()
            await one.commands.execute(tally, stream, Add(amount=10), request())
            await other.commands.execute(tally, stream, Take(amount=9), request())
            adding = asyncio.ensure_future(one.commands.execute(tally, stream, Add(amount=5), request()))
            for _ in range(turns):
                await asyncio.sleep(0)
            taken = await one.commands.execute(tally, stream, Take(amount=12), request())
            assert isinstance(await adding, CommandAccepted)
            assert isinstance(taken, CommandRejected), turns
            assert await one.commands.current_state(tally, stream) == 6


async def test_a_command_that_comes_between_the_answer_and_who_hears_it_is_decided_anew(
    database: Database,
) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=10), request())
        await other.commands.execute(tally, stream, Take(amount=9), request())
        adding = asyncio.ensure_future(one.commands.execute(tally, stream, Add(amount=5), request()))
        await asyncio.sleep(0)
        in_process_api: Any = one.appender
        [waiting] = in_process_api._waiting
        async with asyncio.timeout(10):
            while not waiting.answer.done():  # noqa: ASYNC110 - the very turn is meant
                await asyncio.sleep(0)
        taken = await one.commands.execute(tally, stream, Take(amount=12), request())
        assert isinstance(await adding, CommandAccepted)
        assert isinstance(taken, CommandRejected)


async def test_a_command_decided_on_one_that_was_a_repeat_is_decided_anew(database: Database) -> None:
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


async def test_a_command_decided_on_one_that_the_database_refused_is_decided_anew(database: Database) -> None:
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


async def test_what_follows_a_command_that_recorded_nothing_is_not_held_up(database: Database) -> None:
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


async def test_however_many_processes_decide_on_one_stream_no_rule_is_broken_by_a_command_of_another_amount(
    database: Database,
) -> None:
    stream = uuid4()
    chance = Random(7)
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=50), request())
        for _ in range(20):
            amounts = [
                chance.choice([Take(amount=chance.randint(1, 40)), Add(amount=chance.randint(1, 30))])
                for _ in range(12)
            ]
            await asyncio.gather(
                *(
                    chance.choice([one, other]).commands.execute(tally, stream, amount, request())
                    for amount in amounts
                )
            )
        total = 0
        for fact in await one.reader.read_stream("tally", stream):
            total = evolve(total, fact.event)
            assert total >= 0, fact.version
