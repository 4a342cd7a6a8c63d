"""What execute promises: decided on the truth, answered once, and quick on a hot stream."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.access.ownership import StateGuard
from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandHandler,
    CommandPreview,
    CommandRejected,
    open_command_handler,
)
from app.engine.database.connections import Database
from app.engine.sized_cache import ENTRY_BYTES
from app.engine.store.append import Overloaded
from app.engine.store.append_request import AppendRequest, AppendResult, CommandIdReused, VersionConflict
from app.engine.store.codec import EventCodec
from domain.kernel.decider import UndeclaredRejection
from tests.support.scenarios import Scenario
from tests.support.toy_counter import (
    Add,
    Added,
    Take,
    TallyCommand,
    TallyEvent,
    TooLittle,
    decide,
    engine,
    request,
    tally,
)


async def test_commands_of_one_stream_in_one_process_all_find_their_place(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as running:
        outcomes = await asyncio.gather(
            *(running.commands.execute(tally, stream, Add(amount=1), request()) for _ in range(300))
        )
        assert sorted(o.version for o in outcomes if isinstance(o, CommandAccepted)) == list(range(1, 301))
        assert await running.commands.current_state(tally, stream) == 300


async def test_commands_of_one_stream_in_two_processes_all_find_their_place(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        rooms = [one, other] * 60
        outcomes = await asyncio.gather(
            *(runtime.commands.execute(tally, stream, Add(amount=1), request()) for runtime in rooms)
        )
        assert all(isinstance(o, CommandAccepted) for o in outcomes)
        assert await one.commands.current_state(tally, stream) == 120


async def test_what_is_refused_on_a_stale_cache_is_decided_again_on_the_truth(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=1), request())
        await other.commands.execute(tally, stream, Add(amount=10), request())
        taken = await one.commands.execute(tally, stream, Take(amount=8), request())
        assert isinstance(taken, CommandAccepted)


async def test_stock_is_never_oversold_by_two_processes(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=50), request())
        outcomes = await asyncio.gather(
            *(
                runtime.commands.execute(tally, stream, Take(amount=1), request())
                for runtime in [one, other] * 50
            )
        )
        assert sum(isinstance(o, CommandAccepted) for o in outcomes) == 50
        assert sum(isinstance(o, CommandRejected) and o.code == "TOO_LITTLE" for o in outcomes) == 50
        assert await one.commands.current_state(tally, stream) == 0


async def test_a_repeat_returns_the_first_outcome_and_decides_nothing(database: Database) -> None:
    stream, identity = uuid4(), uuid4()
    async with engine(database) as one, engine(database) as other:
        first = await one.commands.execute(tally, stream, Add(amount=3), request(command_id=identity))
        again = await other.commands.execute(tally, stream, Add(amount=3), request(command_id=identity))
        assert isinstance(first, CommandAccepted)
        assert isinstance(again, CommandAccepted)
        assert (again.position, again.version, again.duplicate) == (first.position, first.version, True)
        assert [f.event for f in again.facts] == [Added(amount=3)]
        assert await one.commands.current_state(tally, stream) == 3


async def test_a_repeat_of_a_refused_command_is_refused_also_when_it_would_succeed_now(
    database: Database,
) -> None:
    stream, identity = uuid4(), uuid4()
    async with engine(database) as running:
        first = await running.commands.execute(tally, stream, Take(amount=1), request(command_id=identity))
        await running.commands.execute(tally, stream, Add(amount=1), request())
        again = await running.commands.execute(tally, stream, Take(amount=1), request(command_id=identity))
        assert first == CommandRejected(code="TOO_LITTLE", message="There is not that much to take.")
        assert again == replace(first, duplicate=True)


async def test_the_same_command_twice_at_once_has_one_effect(database: Database) -> None:
    stream, identity = uuid4(), uuid4()
    async with engine(database) as running:
        outcomes = await asyncio.gather(
            *(
                running.commands.execute(tally, stream, Add(amount=3), request(command_id=identity))
                for _ in range(10)
            ),
            running.commands.execute(tally, stream, Add(amount=100), request()),
        )
        assert sum(isinstance(o, CommandAccepted) and o.duplicate for o in outcomes) == 9
        assert await running.commands.current_state(tally, stream) == 103


async def test_an_expected_version_that_does_not_match_is_a_conflict_also_on_a_stale_cache(
    database: Database,
) -> None:
    stream = uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=1), request())
        await other.commands.execute(tally, stream, Add(amount=1), request())
        stale = await one.commands.execute(tally, stream, Add(amount=1), request(expected_version=1))
        assert stale == CommandConflict(expected=1, actual=2)
        await other.commands.execute(tally, stream, Add(amount=1), request())
        current = await one.commands.execute(tally, stream, Add(amount=1), request(expected_version=3))
        assert isinstance(current, CommandAccepted)
        never = await one.commands.execute(tally, stream, Add(amount=1), request(expected_version=9))
        assert never == CommandConflict(expected=9, actual=4)


async def test_the_same_command_twice_at_once_with_an_expected_version_has_one_effect_also_on_a_stale_cache(
    database: Database,
) -> None:
    stream, identity = uuid4(), uuid4()
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=1), request())
        await other.commands.execute(tally, stream, Add(amount=1), request())
        outcomes = await asyncio.gather(
            *(
                one.commands.execute(
                    tally, stream, Add(amount=1), request(command_id=identity, expected_version=2)
                )
                for _ in range(2)
            )
        )
        assert sorted(isinstance(o, CommandAccepted) and (o.version, o.duplicate) for o in outcomes) == [
            (3, False),
            (3, True),
        ]


async def test_a_repeat_with_its_old_expected_version_is_a_repeat_not_a_conflict(database: Database) -> None:
    stream, identity = uuid4(), uuid4()
    async with engine(database) as running:
        for expected in (False, True):
            outcome = await running.commands.execute(
                tally, stream, Add(amount=1), request(command_id=identity, expected_version=0)
            )
            assert isinstance(outcome, CommandAccepted)
            assert outcome.duplicate is expected


@pytest.mark.parametrize("expected", [None, 0, 1])
async def test_a_command_that_may_not_see_the_aggregate_is_decided_on_a_missing_one_also_on_a_stale_cache(
    database: Database, monkeypatch: pytest.MonkeyPatch, expected: int | None
) -> None:
    stream, mine = uuid4(), StateGuard("ben", lambda state: "ann" if state else None)
    hidden = request(command_id=uuid4(), expected_version=expected, guard=mine)
    first = (
        CommandConflict(expected=1, actual=0)
        if expected
        else CommandRejected(code="TOO_LITTLE", message="There is not that much to take.")
    )
    async with engine(database) as one, engine(database) as other:
        await one.commands.execute(tally, stream, Add(amount=5), request())
        await other.commands.execute(tally, stream, Add(amount=6), request())
        assert await one.commands.execute(tally, stream, Take(amount=1), hidden) == first
        # The owner changes the aggregate. The outcome stays that of a missing one, and the store gives it at once.
        await other.commands.execute(tally, stream, Add(amount=7), request())
        appends: list[AppendRequest] = []
        append = one.appender.append

        async def count(request: AppendRequest) -> AppendResult | VersionConflict:
            appends.append(request)
            return await append(request)

        monkeypatch.setattr(one.appender, "append", count)
        again = await one.commands.execute(tally, stream, Take(amount=1), hidden)
        assert len(appends) == 1
        assert again == (replace(first, duplicate=True) if isinstance(first, CommandRejected) else first)
        assert await one.commands.current_state(tally, stream) == 18
        with pytest.raises(CommandIdReused):
            await other.commands.execute(tally, uuid4(), Take(amount=1), hidden)


async def test_a_command_that_may_not_see_the_aggregate_waits_for_the_database_as_one_to_a_missing_one(
    database: Database,
) -> None:
    taken, mine = uuid4(), StateGuard("ben", lambda state: "ann" if state else None)
    async with engine(database) as running:
        await running.commands.execute(tally, taken, Add(amount=5), request())
        running.appender.drain()
        for stream in (taken, uuid4()):
            with pytest.raises(Overloaded):
                await running.commands.execute(tally, stream, Take(amount=1), request(guard=mine))


async def test_a_preview_says_what_would_be_recorded_and_records_nothing(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as running:
        outcome = await running.commands.execute(tally, stream, Add(amount=4), request(dry_run=True))
        assert isinstance(outcome, CommandPreview)
        assert [f.event for f in outcome.facts] == [Added(amount=4)]
        assert await running.reader.head_position() == 0


async def test_a_cancelled_caller_leaves_the_stream_usable(database: Database) -> None:
    stream = uuid4()
    async with engine(database) as running:
        task = asyncio.ensure_future(running.commands.execute(tally, stream, Add(amount=1), request()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(3):
            assert isinstance(
                await running.commands.execute(tally, stream, Add(amount=1), request()), CommandAccepted
            )
        assert await running.commands.current_state(tally, stream) in (3, 4)


async def test_a_rule_that_is_raised_but_not_declared_is_named(database: Database) -> None:
    def takes(command: TallyCommand, state: int) -> Sequence[TallyEvent]:
        # The rule is in another file than this function, so that only the raise can tell of it.
        return decide(command, state)

    undeclared = replace(tally, decide=takes, rejections=())
    async with engine(database, decider=undeclared) as running:
        for dry_run in (False, True):
            with pytest.raises(UndeclaredRejection) as raised:
                await running.commands.execute(undeclared, uuid4(), Take(amount=1), request(dry_run=dry_run))
            assert str(raised.value) == (
                "the decider of tally raises TooLittle: add TooLittle to its rejections"
            )
        assert await running.reader.head_position() == 0


def test_the_test_language_names_a_rule_that_is_not_declared() -> None:
    with pytest.raises(UndeclaredRejection, match="add TooLittle to its rejections"):
        Scenario(replace(tally, rejections=())).given().when(Take(amount=1)).then_rejected(TooLittle)


async def test_the_cache_keeps_the_aggregates_used_last(database: Database) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    async with engine(database) as running:
        commands = CommandHandler(running.appender, running.reader, cache_bytes=3 * ENTRY_BYTES - 1)
        for stream in (first, second, first, third):
            await commands.execute(tally, stream, Add(amount=1), request())
        reads: list[UUID] = []
        read_stream = running.reader.read_stream

        async def count(category: str, stream: UUID, *args: Any, **kwargs: Any) -> Any:
            reads.append(stream)
            return await read_stream(category, stream, *args, **kwargs)

        running.reader.read_stream = count  # type: ignore[method-assign]
        for stream in (first, third, second):
            assert isinstance(
                await commands.execute(tally, stream, Add(amount=1), request()), CommandAccepted
            )
        assert set(reads) == {second}


async def test_a_state_that_has_grown_counts_with_what_it_takes_now(database: Database) -> None:
    async with engine(database) as running:
        commands = CommandHandler(running.appender, running.reader)
        kept, stream = commands._aggregates, uuid4()  # pyright: ignore[reportPrivateUsage] - nothing tells what it holds
        await commands.execute(tally, stream, Add(amount=1), request())
        assert kept.currsize < 2 * ENTRY_BYTES
        await commands.execute(tally, stream, Add(amount=10**4_000), request())
        assert kept.currsize > ENTRY_BYTES + 1_500


async def test_a_command_handler_without_a_server_answers_what_waits_at_its_end(database: Database) -> None:
    stream, loop = uuid4(), asyncio.get_running_loop()
    async with open_command_handler(database, EventCodec([tally])) as commands:
        # Its state is in memory then: the commands that follow wait for the database from their first turn.
        await commands.execute(tally, stream, Add(amount=1), request())
        waiting = [
            asyncio.Task(
                commands.execute(tally, stream, Add(amount=1), request()), loop=loop, eager_start=True
            )
            for _ in range(40)
        ]
    outcomes = await asyncio.gather(*waiting)
    assert [outcome.version for outcome in outcomes if isinstance(outcome, CommandAccepted)] == list(
        range(2, 42)
    )
