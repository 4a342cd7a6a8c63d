"""A log that went back, by a fail-over or a restore, is noticed: nothing rests on events that are gone."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4, uuid5

import asyncpg
import pytest

from app.engine.commands import CommandAccepted, CommandRejected
from app.engine.database.connections import Database
from app.engine.history.aggregate_history import AggregateHistory, PointInTime
from app.engine.store.feed import Feed, LogReplaced
from app.engine.store.log_identity import Fact, LogEnd, LogToken, identity_of, mark_of_moment
from app.engine.store.notifier import CHANNEL, LogNotifier
from app.engine.store.reader import EventReader
from app.engine.store.snapshots.reader import LoadedState
from tests.support.log_surgery import rewind, terminate_sessions, unguarded
from tests.support.toy_counter import Add, Engine, Take, assert_table_equals_log, engine, request, tally


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - the state of the feed, which has no event of its own
            await asyncio.sleep(0.01)


async def wait_for_epoch(feed: Feed, epoch: int) -> None:
    await wait_until(lambda: feed.epoch >= epoch)


async def add(running: Engine, stream: UUID, amount: int = 1) -> int:
    outcome = await running.commands.execute(tally, stream, Add(amount=amount), request())
    assert isinstance(outcome, CommandAccepted), outcome
    return outcome.position


@pytest.fixture
async def running(database: Database) -> AsyncIterator[Engine]:
    async with engine(database, projections=(), poll_interval=0.05) as running:
        yield running


async def test_followers_end_and_new_ones_get_what_the_log_has_now(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    for _ in range(10):
        await add(running, stream)
    seen: list[int] = []

    async def follow() -> None:
        async for facts in running.feed.follow(0):
            seen.extend(fact.position for fact in facts)

    following = asyncio.create_task(follow())
    await wait_until(lambda: len(seen) == 10)
    token = running.feed.end.token
    await rewind(database.url, 6)
    with pytest.raises(LogReplaced, match="after position 6, up to 10"):
        await asyncio.wait_for(following, 10)
    assert running.feed.head == 6
    assert running.feed.epoch == 1
    assert not await running.feed.has(token)
    assert await running.feed.has(running.feed.end.token)
    # The stream is at version 6: a command is decided on that, and is no conflict.
    assert await add(running, stream) == 7
    facts = [fact for cursor in (5, 6) for fact in (await running.feed.read_after(cursor))[0]]
    assert [(fact.position, fact.version) for fact in facts] == [(6, 6), (7, 7)]


async def test_a_follower_that_was_busy_at_the_replacement_ends_too(
    running: Engine, database: Database
) -> None:
    await add(running, uuid4())
    following = running.feed.follow(0)
    await anext(following)
    await rewind(database.url, 0)
    await wait_for_epoch(running.feed, 1)
    with pytest.raises(LogReplaced):
        await anext(following)


async def test_a_log_that_grew_to_the_same_length_is_another_log(running: Engine, database: Database) -> None:
    for _ in range(3):
        await add(running, uuid4())
    # Other events take the places of the last two before this process reads again.
    async with unguarded(database.url) as connection:
        await connection.execute(
            "UPDATE es.events SET command_id = gen_random_uuid() WHERE position IN (2, 3)"
        )
    await wait_for_epoch(running.feed, 1)
    assert "after position 1, up to 3" in str(running.feed.replacement)


async def replace_below(database: Database, *, moment: timedelta) -> None:
    """Another event takes position 2, and the command of position 3 is repeated there, so much later."""
    async with unguarded(database.url) as connection, connection.transaction():
        await connection.execute(
            "UPDATE es.events SET command_id = gen_random_uuid(), data = jsonb_set(data, '{amount}', '7')"
            " WHERE position = 2"
        )
        await connection.execute(
            "UPDATE es.events SET recorded_at = recorded_at + $1::interval WHERE position IN (2, 3)", moment
        )


LATER = timedelta(microseconds=1)


async def test_a_command_that_is_repeated_at_its_old_position_is_another_event(
    running: Engine, database: Database
) -> None:
    for _ in range(3):
        await add(running, uuid4())
    token = token_of_moment(running.feed.end)
    assert await running.feed.has(token)
    await replace_below(database, moment=LATER)
    await wait_for_epoch(running.feed, 1)
    assert "after position 1, up to 3" in str(running.feed.replacement)
    assert not await running.feed.has(token)
    assert await running.feed.has(token_of_moment(running.feed.end))


async def test_a_repeated_command_with_its_old_moment_does_not_hide_other_events_before_it(
    running: Engine, database: Database
) -> None:
    for _ in range(3):
        await add(running, uuid4())
    await replace_below(database, moment=timedelta())
    async with database.connection() as connection:
        assert not await running.feed.check_log(connection)
    assert "after position 1, up to 3" in str(running.feed.replacement)


def token_of_moment(end: LogEnd) -> LogToken:
    """The token that the next release may issue."""
    assert end.newest is not None
    return replace(end.token, mark=mark_of_moment(end.log_id, end.newest))


async def test_a_token_is_the_one_that_the_release_before_makes_and_the_one_of_the_next_release_is_taken(
    running: Engine,
) -> None:
    for _ in range(2):
        await add(running, uuid4())
    (fact,), _ = await running.feed.read_after(1)
    log_id = running.feed.end.log_id
    assert log_id is not None
    # A server of the release before compares with this value, and with no other one.
    before = LogToken(log_id, 2, uuid5(log_id, str(fact.command_id)))
    assert running.feed.end.token == LogEnd(log_id, identity_of(fact)).token == before
    following = token_of_moment(running.feed.end)
    assert following != before
    for token in (before, following):
        assert await running.feed.has(token)
        assert not await running.feed.has(replace(token, position=1))


async def assert_decides_on_the_log(running: Engine, database: Database, stream: UUID) -> None:
    """After a fail-over to the first event, another event takes the place of a lost one.

    The stream has too little for the command to take.
    """
    await rewind(database.url, 1)
    async with engine(database, projections=()) as other:
        await add(other, stream, 1)
    await terminate_sessions(database.url)
    outcome = await running.commands.execute(tally, stream, Take(amount=5), request())
    assert isinstance(outcome, CommandRejected), outcome
    assert running.feed.epoch == 1


async def test_a_state_that_rests_on_lost_events_decides_nothing_although_its_version_fits(
    database: Database,
) -> None:
    stream = uuid4()
    # The feed of this process polls seldom: the appender has to notice by itself.
    async with engine(database, projections=(), poll_interval=60) as running:
        await add(running, uuid4())
        await add(running, stream, 10)
        await assert_decides_on_the_log(running, database, stream)


@pytest.mark.parametrize("every", [0, 100], ids=["without snapshots", "with snapshots"])
@pytest.mark.parametrize("recorded_here", [True, False], ids=["recorded here", "loaded here"])
async def test_a_state_that_rests_on_lost_events_which_the_feed_has_not_read_decides_nothing(
    database: Database, every: int, recorded_here: bool
) -> None:
    stream = uuid4()
    async with engine(database, projections=(), every=every) as running:
        await add(running, stream)
        # The feed of this process reads nothing any more: the connection broke before it could.
        await running.feed.wait_past(0)
        running.feed.close()
        async with engine(database, projections=()) as other:
            await add(other, uuid4())
            if not recorded_here:
                await add(other, stream, 10)
        if recorded_here:
            await add(running, stream, 10)
        else:
            # The aggregate is not in memory: this decision loads it.
            running.commands.forget()
            refused = await running.commands.execute(tally, stream, Take(amount=12), request())
            assert isinstance(refused, CommandRejected), refused
        await assert_decides_on_the_log(running, database, stream)


async def test_the_version_of_a_log_that_went_back_is_no_conflict(database: Database) -> None:
    stream = uuid4()
    async with engine(database, projections=(), poll_interval=60) as running:
        for _ in range(3):
            await add(running, stream)
        await rewind(database.url, 2)
        # The connection stays, as in a restore under a running server.
        context = request(command_id=uuid4(), expected_version=2)
        outcome = await running.commands.execute(tally, stream, Add(amount=1), context)
        assert isinstance(outcome, CommandAccepted), outcome
        assert (outcome.position, outcome.version) == (3, 3)


async def test_a_command_that_was_sent_twice_over_a_replacement_is_recorded_once(
    database: Database,
) -> None:
    stream, context = uuid4(), request(command_id=uuid4())
    async with engine(database, projections=(), poll_interval=60) as running:
        await add(running, stream)
        first = await running.commands.execute(tally, stream, Add(amount=2), context)
        assert isinstance(first, CommandAccepted)
        await rewind(database.url, 1)
        await terminate_sessions(database.url)
        again = await running.commands.execute(tally, stream, Add(amount=2), context)
        assert isinstance(again, CommandAccepted)
        assert (again.duplicate, again.position, again.version) == (False, 2, 2)


async def test_own_commits_on_another_log_are_not_taken_for_the_next_ones(
    database: Database,
) -> None:
    async with engine(database, projections=(), poll_interval=60) as running:
        for _ in range(3):
            await add(running, uuid4())
        await rewind(database.url, 1)
        # The connection stays, as in a restore under a running server.
        positions = [await add(running, uuid4()) for _ in range(5)]
        assert positions == [2, 3, 4, 5, 6]
        await wait_for_epoch(running.feed, 1)
        facts = await running.reader.read_all(0, 10)
        followed: list[Fact] = []
        async for part in running.feed.follow(0):
            followed += part
            if len(followed) == 6:
                break
        assert followed == facts


async def test_a_state_of_the_past_that_rests_on_lost_events_is_not_shown(
    running: Engine, database: Database
) -> None:
    stream = uuid4()
    history = AggregateHistory(running.reader, epoch=lambda: running.feed.epoch).batched(database.reads)
    await add(running, stream, 1)
    await add(running, stream, 10)
    assert (await history.as_of(tally, stream, PointInTime(version=2))) == LoadedState(11, 2, 2)
    await rewind(database.url, 1)
    await wait_for_epoch(running.feed, 1)
    await add(running, stream, 100)
    await add(running, stream, 1_000)
    assert (await history.as_of(tally, stream, PointInTime(version=2))) == LoadedState(101, 2, 2)
    entries, _ = await history.history(tally, stream, 2, 10)
    assert [(entry.before, entry.state) for entry in entries] == [(101, 1_101)]


async def test_positions_of_lost_events_are_not_sent_again(running: Engine, database: Database) -> None:
    for _ in range(10):
        await add(running, uuid4())
    await rewind(database.url, 1)
    await wait_for_epoch(running.feed, 1)
    received: list[str] = []
    listening: asyncpg.Connection = await asyncpg.connect(database.url)
    listening_again = asyncio.Event()

    def receive(connection: object, pid: int, channel: str, payload: object) -> None:
        received.append(str(payload))
        listening_again.set()

    await listening.add_listener(CHANNEL, receive)
    own = listening.get_server_pid()
    await listening.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), {own})"
    )
    # A new session notifies at once.
    async with asyncio.timeout(10):
        await listening_again.wait()
    await listening.close()
    assert set(received) <= {"0", "1"}
    assert running.feed.latest_known == running.feed.head == 1


async def test_a_notifier_that_connects_again_names_no_position_of_before(database: Database) -> None:
    received: list[int] = []
    notifier = LogNotifier(database.connect, received.append)
    running = asyncio.create_task(notifier.run())
    notifier.notify(10)
    await wait_until(lambda: received == [10])
    received.clear()
    # The server after a fail-over may lack the events up to this position, and no server has noticed it yet.
    await terminate_sessions(database.url)
    await wait_until(lambda: bool(received))
    running.cancel()
    await asyncio.wait([running])
    assert received == [0]
    assert notifier.error is None


async def test_a_position_that_another_server_named_before_it_noticed_is_forgotten(
    running: Engine, database: Database
) -> None:
    for _ in range(3):
        await add(running, uuid4())
    notified = running.feed._notified
    async with database.connection() as connection:
        await connection.execute("SELECT pg_notify($1, '1000')", CHANNEL)
    await wait_until(lambda: running.feed._notified > notified)
    await wait_until(lambda: running.feed.latest_known == 3)


async def test_a_projection_never_folds_a_lost_fact_that_the_feed_still_has(database: Database) -> None:
    stream = uuid4()
    async with engine(database, poll_interval=60) as running:
        for amount in (1, 2):
            await add(running, stream, amount)
        await running.projector.wait_for_position("tallies", 2, 10)
        writer = running.projector.workers["tallies"].writer
        assert writer is not None
        async with writer.lock:
            await add(running, stream, 100)
            await rewind(database.url, 2)
            await terminate_sessions(database.url)
        await wait_for_epoch(running.feed, 1)
        assert await add(running, stream, 4) == 3
        await assert_table_equals_log(running)


async def test_a_projection_folds_no_lost_fact_before_a_repeated_command(database: Database) -> None:
    stream = uuid4()
    async with engine(database, poll_interval=60) as running:
        await add(running, stream, 1)
        await running.projector.wait_for_position("tallies", 1, 10)
        writer = running.projector.workers["tallies"].writer
        assert writer is not None
        async with writer.lock:
            await add(running, stream, 2)
            await add(running, stream, 3)
            await running.feed.wait_past(2)
            await replace_below(database, moment=LATER)
            await terminate_sessions(database.url)
        await wait_for_epoch(running.feed, 1)
        await assert_table_equals_log(running)


async def test_a_hole_stops_the_feed_before_it_and_is_named(database: Database) -> None:
    async with engine(database, projections=()) as writing:
        for _ in range(6):
            await add(writing, uuid4())
        reader = writing.reader
        feed = Feed(EventReader(database.pool, writing.appender._codec), poll_interval=0.02)
        async with unguarded(database.url) as connection:
            await connection.execute("CREATE TEMP TABLE kept AS SELECT * FROM es.events WHERE position = 4")
            await connection.execute("DELETE FROM es.events WHERE position = 4")
            reading = asyncio.create_task(feed.run())
            await wait_until(lambda: feed.trouble is not None)
            assert feed.head == 3
            assert "position 4 is missing" in str(feed.trouble)
            await connection.execute("INSERT INTO es.events SELECT * FROM kept")
            await wait_until(lambda: feed.head == 6 and feed.trouble is None)
        feed.close()
        await reading
        assert (await feed.read_after(0))[0] == await reader.read_all(0, 10)


async def test_a_follower_behind_the_buffer_stops_at_a_hole(database: Database) -> None:
    async with engine(database, projections=()) as running:
        for _ in range(6):
            await add(running, uuid4())
        feed = Feed(running.reader)
        await feed.start()
        async with unguarded(database.url) as connection:
            await connection.execute("DELETE FROM es.events WHERE position = 3")
        facts, cursor = await feed.read_after(0)
        assert ([fact.position for fact in facts], cursor) == ([1, 2], 2)
        with pytest.raises(Exception, match="position 3 is missing"):
            await feed.read_after(2)


@pytest.mark.parametrize("moment", ["10000-01-01Z", "infinity", "0044-03-15 BC"])
async def test_a_row_that_python_cannot_decode_hides_no_other_row(
    running: Engine, database: Database, moment: str
) -> None:
    stream = uuid4()
    for _ in range(3):
        await add(running, stream)
    async with unguarded(database.url) as connection:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(
                "UPDATE es.events SET occurred_at = $1::text::timestamptz WHERE position = 2", moment
            )
        await connection.execute("ALTER TABLE es.events DROP CONSTRAINT events_occurred_at")
        await connection.execute(
            "UPDATE es.events SET occurred_at = $1::text::timestamptz WHERE position = 2", moment
        )
    facts = await running.reader.read_all(0, 10)
    assert [type(fact.event).__name__ for fact in facts] == ["Added", "UnreadableEvent", "Added"]
    assert "years 1 to 9999" in facts[1].event.problem
    feed = Feed(running.reader)
    reading = asyncio.create_task(feed.run())
    await wait_until(lambda: feed.head == 3)
    feed.close()
    await reading


async def test_a_token_names_a_log_and_its_event() -> None:
    for text in (f"{uuid4()}:7:{uuid4()}", f"{uuid4()}:0:", ":0:"):
        assert str(LogToken.parse(text)) == text
    for text in ("", "7", "a:b:c", f"{uuid4()}:x:{uuid4()}"):
        with pytest.raises(ValueError, match=r"\w"):
            LogToken.parse(text)
