"""What the store promises: dense order, versions, one effect a command id, and nothing lost when a connection breaks."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.engine.commands import CommandAccepted
from app.engine.database.connections import Database
from app.engine.store.append import Appender, Overloaded, open_appender
from app.engine.store.append_request import (
    AppendChain,
    AppendRequest,
    AppendResult,
    CommandIdReused,
    VersionConflict,
)
from app.engine.store.append_session import StoreTimeout, StoreUnavailable
from app.engine.store.codec import EventCodec
from app.engine.store.event_filter import EventFilter
from domain.kernel.decider import Event, UnreadableEvent
from tests.support.databases import as_superuser
from tests.support.toy_counter import Add, Added, Engine, Taken, engine, request, tally


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the triggers refuse a change also if the rights allow it."""
    return as_superuser(database_url)


TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def append(
    stream: UUID, expected: int, *events: Event, command_id: UUID | None = None, persist_outcome: bool = False
) -> AppendRequest:
    return AppendRequest(
        command_id=command_id or uuid4(),
        command=Add.stored,
        category="tally",
        stream_id=stream,
        expected=expected,
        events=events,
        correlation_id=uuid4(),
        actor="tester",
        persist_outcome=persist_outcome,
    )


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Engine]:
    async with engine(database) as running:
        yield running


def accepted(answer: AppendResult | VersionConflict) -> AppendResult:
    assert isinstance(answer, AppendResult)
    return answer


async def test_requests_of_one_stream_may_follow_each_other_in_one_batch(store: Engine) -> None:
    stream = uuid4()
    answers = await asyncio.gather(
        *(store.appender.append(append(stream, n, Added(amount=n))) for n in range(50))
    )
    assert [accepted(a).version for a in answers] == list(range(1, 51))
    assert [accepted(a).first for a in answers] == list(range(1, 51))


async def test_a_wrong_version_conflicts_and_leaves_no_gap_between_the_others_of_the_batch(
    store: Engine,
) -> None:
    first, second = uuid4(), uuid4()
    answers = await asyncio.gather(
        store.appender.append(append(first, 0, Added(amount=1))),
        store.appender.append(append(first, 1, Added(amount=6))),
        store.appender.append(append(first, 0, Added(amount=2))),
        store.appender.append(append(second, 0, Added(amount=3), Added(amount=4))),
        store.appender.append(append(second, 9, Added(amount=5))),
    )
    assert answers[2] == VersionConflict(2)
    assert answers[4] == VersionConflict(2)
    assert [(accepted(a).first, accepted(a).last) for a in (answers[0], answers[1], answers[3])] == [
        (1, 1),
        (2, 2),
        (3, 4),
    ]
    assert [f.position for f in await store.reader.read_all(0, 100)] == [1, 2, 3, 4]


async def test_a_request_after_a_conflict_on_its_stream_conflicts_although_its_version_fits(
    store: Engine,
) -> None:
    """It was decided on events that were never recorded."""
    stream = uuid4()
    await store.appender.append(append(stream, 0, Added(amount=1)))
    answers = await asyncio.gather(
        *(store.appender.append(append(stream, n, Added(amount=n))) for n in range(3))
    )
    assert answers == [VersionConflict(1), VersionConflict(1), VersionConflict(1)]


async def test_a_request_of_a_failed_chain_conflicts_although_its_version_fits(store: Engine) -> None:
    """It was decided on events that were never recorded."""
    stream, chain = uuid4(), AppendChain()
    await store.appender.append(append(stream, 0, Added(amount=1)))
    failed = await store.appender.append(replace(append(stream, 0, Added(amount=2)), chain=chain))
    following = await store.appender.append(replace(append(stream, 1, Added(amount=3)), chain=chain))
    other = await store.appender.append(append(stream, 1, Added(amount=4)))
    assert (failed, following, accepted(other).version) == (VersionConflict(1), VersionConflict(1), 2)


async def test_a_chain_fails_in_every_way_in_which_its_events_are_not_recorded(store: Engine) -> None:
    first = append(uuid4(), 0, Added(amount=1), persist_outcome=True)
    await store.appender.append(first)
    repeat = replace(first, chain=AppendChain())
    other_command = replace(
        append(uuid4(), 0, Added(amount=1), command_id=first.command_id), chain=AppendChain()
    )
    refused = append(uuid4(), 0, Added(amount=1, note="\0"))
    not_encodable = append(uuid4(), 0, Added(amount=1, note="\ud800"))
    recorded = append(uuid4(), 0, Added(amount=1))
    requests = [repeat, other_command, refused, not_encodable, recorded]
    await asyncio.gather(*map(store.appender.append, requests), return_exceptions=True)
    assert [request.chain.failed for request in requests] == [True, True, True, True, False]


async def test_a_command_id_has_one_effect_whether_repeated_in_one_batch_or_later(store: Engine) -> None:
    stream, identity = uuid4(), uuid4()
    first, twin = await asyncio.gather(
        store.appender.append(append(stream, 0, Added(amount=1), command_id=identity)),
        store.appender.append(append(stream, 1, Added(amount=1), command_id=identity)),
    )
    later = await store.appender.append(append(stream, 7, Added(amount=1), command_id=identity))
    assert not accepted(first).duplicate
    for repeat in (accepted(twin), accepted(later)):
        assert (repeat.duplicate, repeat.first, repeat.last, repeat.version) == (True, 1, 1, 1)
    assert await store.reader.head_position() == 1


async def test_a_command_id_of_another_command_is_refused(store: Engine) -> None:
    identity = uuid4()
    await store.appender.append(append(uuid4(), 0, Added(amount=1), command_id=identity))
    with pytest.raises(CommandIdReused):
        await store.appender.append(append(uuid4(), 0, Added(amount=1), command_id=identity))


async def test_an_outcome_without_events_is_kept_under_its_command_id(store: Engine) -> None:
    stream, identity = uuid4(), uuid4()
    first = accepted(
        await store.appender.append(append(stream, 0, command_id=identity, persist_outcome=True))
    )
    again = accepted(await store.appender.append(append(stream, 5, Added(amount=1), command_id=identity)))
    assert (first.duplicate, again.duplicate, again.version) == (False, True, 0)
    assert await store.reader.head_position() == 0


async def test_data_that_the_database_refuses_fails_its_own_command_only(store: Engine) -> None:
    answers = await asyncio.gather(
        *(
            store.appender.append(append(uuid4(), 0, Added(amount=n, note="\0" if n == 3 else "fine")))
            for n in range(8)
        ),
        return_exceptions=True,
    )
    assert [isinstance(a, asyncpg.PostgresError) for a in answers] == [n == 3 for n in range(8)]
    assert await store.reader.head_position() == 7


async def test_an_event_that_cannot_be_encoded_fails_its_own_command_only(store: Engine) -> None:
    answers = await asyncio.gather(
        *(
            store.appender.append(append(uuid4(), 0, Added(amount=n, note="\ud800" if n == 3 else "fine")))
            for n in range(8)
        ),
        return_exceptions=True,
    )
    assert [isinstance(a, UnicodeEncodeError) for a in answers] == [n == 3 for n in range(8)]
    assert await store.reader.head_position() == 7


async def test_a_batch_whose_connection_broke_is_sent_again_and_has_one_effect(
    store: Engine, database: Database
) -> None:
    stream = uuid4()
    await store.appender.append(append(stream, 0, Added(amount=1)))
    breaker = await database.connect()
    for round_ in range(5):
        work = [
            asyncio.ensure_future(store.appender.append(append(uuid4(), 0, Added(amount=n))))
            for n in range(40)
        ]
        await asyncio.sleep(0)
        await breaker.execute(TERMINATE)
        answers = await asyncio.gather(*work)
        assert all(isinstance(a, AppendResult) and not a.duplicate for a in answers), round_
    await breaker.close()
    positions = [f.position for f in await store.reader.read_all(0, 1_000)]
    assert positions == list(range(1, 202))


class Forgetful:
    """A connection that ends when the answer was on its way: what was sent has happened."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, *arguments: Any, **options: Any) -> Any:
        await self._connection.fetch(*arguments, **options)
        raise ConnectionResetError

    async def execute(self, statement: str) -> None:
        await self._connection.execute(statement)

    def is_closed(self) -> bool:
        return False

    def terminate(self) -> None:
        self._connection.terminate()


async def test_a_batch_that_was_recorded_although_its_answer_was_lost_is_not_a_duplicate(
    database: Database,
) -> None:
    async with engine(database) as running:
        connect = running.appender.session._connect
        made = 0

        async def first_forgetful() -> Any:
            nonlocal made
            made += 1
            return Forgetful(await connect()) if made == 1 else await connect()

        running.appender.session._connect = first_forgetful
        stream = uuid4()
        outcomes = await asyncio.gather(
            *(running.commands.execute(tally, stream, Add(amount=n), request()) for n in (1, 2, 3))
        )
        truth = await running.reader.read_all(0, 10)
        assert [(fact.position, fact.event) for fact in truth] == [(n, Added(amount=n)) for n in (1, 2, 3)]
        # Moments included: they are those of the first copy.
        assert outcomes == [CommandAccepted(position=n, version=n, facts=[truth[n - 1]]) for n in (1, 2, 3)]
        await running.feed.wait_past(2)
        assert (await running.feed.read_after(0))[0] == truth


async def test_a_burst_is_sent_in_two_halves_that_take_turns(
    database: Database,
) -> None:
    recorded: list[int] = []

    async def call(appender: Appender, stream: UUID) -> None:
        for version in range(4):
            assert isinstance(
                await appender.append(append(stream, version, Added(amount=version))), AppendResult
            )

    async with open_appender(
        database.connect, EventCodec([tally]), lambda _, facts, __: recorded.append(len(facts))
    ) as appender:
        for callers, batches in ((64, [32] * 8), (31, [31] * 4), (1, [1] * 4)):
            recorded.clear()
            await asyncio.gather(*(call(appender, uuid4()) for _ in range(callers)))
            assert recorded == batches


async def test_callers_whose_batch_is_in_flight_when_the_appender_ends_get_an_error(
    database: Database,
) -> None:
    appender = Appender(database.connect, EventCodec([tally]), lambda *_: None)
    running = asyncio.create_task(appender.run())
    other = await database.connect()
    await other.execute("SELECT pg_advisory_lock(7305813092)")
    calls = [asyncio.create_task(appender.append(append(uuid4(), 0, Added(amount=n)))) for n in range(40)]
    async with asyncio.timeout(10):
        while not await other.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            pass
        running.cancel()
        answers = await asyncio.gather(*calls, return_exceptions=True)
    await other.close()
    assert {type(answer) for answer in answers} == {StoreTimeout}


@pytest.mark.parametrize(
    "error",
    [
        OSError("no route"),
        ssl.SSLCertVerificationError("expired"),
        asyncpg.ClientConfigurationError("no file"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_stays_away_is_unavailable_after_the_retry_timeout(
    database: Database, error: Exception
) -> None:
    async def nowhere() -> asyncpg.Connection:
        raise error

    async with engine(database, retry_timeout=0.3) as running:
        running.appender.session._connect = nowhere
        with pytest.raises(StoreUnavailable):
            await running.appender.append(append(uuid4(), 0, Added(amount=1)))
        assert running.appender.session.trouble is not None


async def test_a_full_appender_raises_overloaded(database: Database) -> None:
    async with engine(database, max_pending=10) as running:
        work = [
            asyncio.ensure_future(running.appender.append(append(uuid4(), 0, Added(amount=1))))
            for _ in range(30)
        ]
        answers = await asyncio.gather(*work, return_exceptions=True)
        assert sum(isinstance(a, Overloaded) for a in answers) == 20
        assert sum(isinstance(a, AppendResult) for a in answers) == 10


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE es.events SET actor = 'x'",
        "DELETE FROM es.events",
        "TRUNCATE es.events",
        "DELETE FROM es.commands",
    ],
)
async def test_recorded_events_cannot_be_changed(store: Engine, database: Database, statement: str) -> None:
    await store.appender.append(append(uuid4(), 0, Added(amount=1)))
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="stays as it is"):
        await database.pool.execute(statement)


async def test_recording_times_never_decrease_with_the_position(store: Engine) -> None:
    for _ in range(3):
        await asyncio.gather(*(store.appender.append(append(uuid4(), 0, Added(amount=n))) for n in range(20)))
    moments = [f.recorded_at for f in await store.reader.read_all(0, 1_000)]
    assert moments == sorted(moments)


async def test_the_log_is_read_by_any_filter(store: Engine) -> None:
    one, other = uuid4(), uuid4()
    await store.appender.append(append(one, 0, Added(amount=5), Taken(amount=1)))
    story = append(other, 0, Added(amount=2))
    await store.appender.append(story)
    assert [f.position for f in await store.reader.read_all(0, 10, where=EventFilter(stream_id=one))] == [
        1,
        2,
    ]
    assert [
        f.position
        for f in await store.reader.read_all(0, 10, where=EventFilter(types=frozenset({"tally.taken"})))
    ] == [2]
    assert [
        f.position
        for f in await store.reader.read_all(0, 10, where=EventFilter(correlation_id=story.correlation_id))
    ] == [3]
    assert [
        f.position
        for f in await store.reader.read_all(1, 10, where=EventFilter(categories=frozenset({"tally"})))
    ] == [2, 3]
    assert not await store.reader.read_all(0, 10, where=EventFilter(categories=frozenset({"other"})))


async def test_a_follower_behind_the_buffer_reads_from_the_table_and_misses_nothing(
    database: Database,
) -> None:
    async with engine(database, buffer_size=100) as running:
        for n in range(5):
            await asyncio.gather(
                *(running.appender.append(append(uuid4(), 0, Added(amount=n))) for _ in range(200))
            )
        await running.feed.wait_past(999)
        seen: list[int] = []
        async with asyncio.timeout(30):
            async for facts in running.feed.follow(0, limit=70):
                seen.extend(f.position for f in facts)
                if seen[-1] == 1_000:
                    break
        assert seen == list(range(1, 1_001))


async def test_a_follower_from_any_position_sees_each_fact_once_while_writers_write(store: Engine) -> None:
    async def follow(after: int) -> list[int]:
        seen: list[int] = []
        async for facts in store.feed.follow(after):
            seen.extend(f.position for f in facts)
            if seen[-1] >= 600:
                return seen
        raise AssertionError("the feed has ended")

    followers = [(0, asyncio.ensure_future(follow(0))) for _ in range(3)]
    for _ in range(6):
        await asyncio.gather(
            *(store.appender.append(append(uuid4(), 0, Added(amount=1))) for _ in range(100))
        )
        after = store.feed.head
        followers.append((after, asyncio.ensure_future(follow(after))))
        if len(followers) == 8:
            break
    for _ in range(1):
        await asyncio.gather(
            *(store.appender.append(append(uuid4(), 0, Added(amount=1))) for _ in range(100))
        )
    for after, follower in followers:
        seen = await follower
        assert seen == list(range(after + 1, seen[-1] + 1))


async def test_an_event_that_this_code_cannot_read_is_passed_on_by_name(
    store: Engine, database: Database
) -> None:
    await database.pool.execute(
        "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor,"
        " occurred_at, recorded_at) VALUES (1, 'tally', gen_random_uuid(), 1, 'tally.melted', 7, '{}', gen_random_uuid(),"
        " gen_random_uuid(), 'x', now(), now())"
    )
    [fact] = await store.reader.read_all(0, 10)
    assert isinstance(fact.event, UnreadableEvent)
    assert (fact.event.name, fact.event.version) == ("tally.melted", 7)
