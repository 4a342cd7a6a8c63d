"""A deadline is compared with the clock that made it, also if the database clock is wrong or is set."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import pytest

from app.engine.database.connections import Database, open_database
from app.engine.processes.deadline_clock import SETTLE_SECONDS, DeadlineClock
from app.engine.settings import EngineSettings
from domain.kernel.process import DeadlinePassed
from tests.support.clusters import Clock, Cluster, cluster
from tests.support.toy_counter import Engine
from tests.support.toy_process import kept, note, own, running, seen, until


@pytest.fixture(scope="module")
def primary() -> Iterator[Cluster]:
    with cluster(clock_offset="+0") as primary:
        yield primary


@pytest.fixture
def clock(primary: Cluster) -> Iterator[Clock]:
    assert primary.clock is not None
    yield primary.clock
    primary.clock.set("+0")


@pytest.fixture
async def skewed(primary: Cluster, clock: Clock) -> AsyncIterator[Database]:
    """A database whose clock can be set."""
    url = await asyncio.to_thread(primary.create_database)
    async with open_database(EngineSettings(database_url=url, pool_size=4)) as database:
        yield database


async def passed(runtime: Engine, one: UUID) -> bool:
    return any(isinstance(fact.event, DeadlinePassed) for fact in await own(runtime, one))


@pytest.mark.parametrize("offset", ["-20m", "+2d"])
async def test_a_deadline_passes_when_it_is_due_by_the_clock_of_the_database_however_wrong_that_is(
    skewed: Database, clock: Clock, offset: str
) -> None:
    clock.set(offset)
    late, soon = uuid4(), uuid4()
    async with running(skewed) as runtime:
        await note(runtime, late, "wait", 60_000)
        began = asyncio.get_running_loop().time()
        await note(runtime, soon, "wait", 500)
        await until(lambda: kept(runtime, soon))
        assert asyncio.get_running_loop().time() - began > 0.4
        assert not await passed(runtime, late)


async def test_a_clock_that_is_two_days_ahead_for_one_write_delays_no_deadline_and_lets_none_pass(
    skewed: Database, clock: Clock
) -> None:
    pending, during = uuid4(), uuid4()
    async with running(skewed) as runtime:
        await note(runtime, pending, "wait", 60_000)
        await until(lambda: seen(runtime, pending))
        clock.set("+2d")
        await note(runtime, during, "put")
        # The worker reads the clock while it is wrong, and right again.
        await asyncio.sleep(1.5)
        clock.set("+0")
        began = asyncio.get_running_loop().time()
        await note(runtime, during, "wait", 500)
        await until(lambda: _waited(runtime, during), SETTLE_SECONDS + 5)
        assert asyncio.get_running_loop().time() - began < SETTLE_SECONDS + 3
        assert not await passed(runtime, pending)


async def _waited(runtime: Engine, one: UUID) -> bool:
    return (10_000, "") in await kept(runtime, one)


async def test_a_clock_that_is_set_for_good_is_believed_after_a_pause() -> None:
    clock, now = DeadlineClock("errand"), asyncio.get_running_loop().time

    assert clock.observe(now(), 1_000_000.0 + now(), -1.0)
    assert not clock.observe(now(), 1_000_900.0 + now(), -1.0)
    assert not clock.observe(now(), 1_000_900.0 + now(), -1.0)
    clock._steady_at = now()  # pyright: ignore[reportPrivateUsage] - the pause is over
    assert clock.observe(now(), 1_000_900.0 + now(), -1.0)


async def test_a_clock_that_is_read_slowly_was_not_set() -> None:
    clock, now = DeadlineClock("errand"), asyncio.get_running_loop().time
    assert clock.observe(now(), 1_000_000.0 + now(), -1.0)
    # The answer took three seconds, and the clock was read at the start of them.
    assert clock.observe(now() - 3, 1_000_000.0 + now() - 3, -1.0)
