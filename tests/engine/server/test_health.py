"""Health answers in time with what is wrong, and no cause stays in it after its end."""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from app.engine.application import Application
from app.engine.database.connections import Database, open_database
from app.engine.database.sessions import Session, SessionKind
from app.engine.server import database_probe
from app.engine.server.database_probe import DatabaseProbe
from app.engine.server.lag_clock import LagClock
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from tests.support.clusters import Cluster, cluster
from tests.support.toy_counter import tallies, tally

TOY = Application(settings=EngineSettings, deciders=(tally,), projections=(tallies,))


@pytest.fixture(scope="module")
def primary() -> Iterator[Cluster]:
    """A cluster whose clock can be set."""
    with cluster(clock_offset="+0") as primary:
        yield primary


@pytest.fixture(scope="module")
def settings(primary: Cluster) -> EngineSettings:
    return EngineSettings(database_url=primary.create_database(), pool_size=2, poll_seconds=0.05)


async def until(runtime: Runtime, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first document at /readyz of which this holds."""
    while True:
        document = await runtime.health.document()
        if holds(document):
            return document
        await asyncio.sleep(0.05)


async def test_health_answers_within_two_seconds_while_the_database_is_frozen(
    primary: Cluster, settings: EngineSettings
) -> None:
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(60):
            await until(runtime, lambda document: document["ready"])
            primary.freeze()
            try:
                document = await until(runtime, lambda document: not document["ready"])
                assert re.search("does not answer|no connection", document["errors"]["database"])
                taken: list[float] = []
                for ask in (runtime.health.document, runtime.probe.count) * 4:
                    began = time.monotonic()
                    await ask()
                    taken.append(time.monotonic() - began)
                # This process may have no CPU for a while, once.
                assert sorted(taken)[-2] < 2, taken
                assert runtime.metrics.render()
            finally:
                primary.thaw()
            await until(runtime, lambda document: document["ready"])


async def test_a_pool_whose_connections_are_all_in_use_is_a_warning_and_the_server_stays_ready(
    settings: EngineSettings,
) -> None:
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(60):
            await until(runtime, lambda document: document["ready"])
            held = [await database.pool.acquire() for _ in range(settings.pool_size)]
            document = await until(
                runtime, lambda document: not document["ready"] or bool(document["warnings"])
            )
            assert (document["errors"], document["warnings"]) == (
                {},
                {"pool": "TimeoutError: the pool gives no connection in 1.2 s"},
            )
            for connection in held:
                await database.pool.release(connection)
            await until(runtime, lambda document: not document["warnings"])


async def test_a_pool_without_a_free_connection_is_the_cause_if_the_health_check_has_no_session(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = Database.connect

    async def refuse(
        database: Database, kind: SessionKind = SessionKind.WORK, component: str = ""
    ) -> Session:
        if component == "probe":
            raise asyncpg.TooManyConnectionsError
        return await connect(database, kind, component)

    monkeypatch.setattr(Database, "connect", refuse)
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(60):
            await until(runtime, lambda document: document["ready"])
            held = [await database.pool.acquire() for _ in range(settings.pool_size)]
            line = "TimeoutError: the pool gives no connection in 1.2 s"
            document = await until(runtime, lambda document: "database" in document["errors"])
            assert document["errors"]["database"] == line
            for connection in held:
                await database.pool.release(connection)
            await until(runtime, lambda document: document["ready"])


async def test_reads_that_wait_for_their_turns_are_a_warning_and_in_the_metric_of_the_pool(
    settings: EngineSettings,
) -> None:
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(60):
            await until(runtime, lambda document: document["ready"])
            reads = database.for_caller("ann").reads
            async with held_lock(settings.database_url):
                slow = [asyncio.create_task(reads.fetch(READ_HELD)) for _ in range(10)]
                document = await until(
                    runtime, lambda document: not document["ready"] or bool(document["warnings"])
                )
                assert (document["errors"], document["warnings"].keys()) == ({}, {"pool"})
                line = document["warnings"]["pool"]
                assert re.fullmatch(
                    r"9 reads wait for their turn or a connection, the oldest for \d+\.\d s", line
                )
                assert sample(runtime, "app_pool_waiting_reads") == 9
                # One that gives up has waited, too.
                slow[-1].cancel()
                await asyncio.wait(slow[-1:])
                assert slow_waits(runtime) == 1
            await asyncio.gather(*slow[:-1])
            assert slow_waits(runtime) == 9
            await until(runtime, lambda document: not document["warnings"])
            assert sample(runtime, "app_pool_waiting_reads") == 0


async def test_a_server_is_ready_while_the_session_of_its_health_check_is_opened(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, is_asked, may_connect = Database.connect, asyncio.Event(), asyncio.Event()

    async def slow(database: Database, kind: SessionKind = SessionKind.WORK, component: str = "") -> Session:
        if component == "probe":
            is_asked.set()
            await may_connect.wait()
        return await connect(database, kind, component)

    monkeypatch.setattr(Database, "connect", slow)
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(60):
            await is_asked.wait()
            await until(runtime, lambda document: document["ready"])
            assert runtime.probe.clock_skew_seconds is not None
            may_connect.set()
            await until_sessions(database, 1)
            await until(runtime, lambda document: document["ready"])


async def test_a_question_that_is_late_costs_no_session_and_the_next_one_goes_through_the_pool(
    settings: EngineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(60):
            await until_sessions(database, 1)
            [pid] = await session_pids(database)
            async with held_lock(settings.database_url):
                monkeypatch.setattr(database_probe, "_SELECT_CLOCK", f"{READ_HELD}, 0::float8 AS now")
                await until(
                    runtime, lambda document: "does not answer" in document["errors"].get("database", "")
                )
                monkeypatch.undo()
                await until(runtime, lambda document: document["ready"])
            assert await session_pids(database) == [pid]
            await until(runtime, lambda document: document["ready"])


async def session_pids(database: Database) -> list[int]:
    """The server processes of the session of the health check."""
    query = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'app probe'"
    return [row["pid"] for row in await database.pool.fetch(query)]


async def until_sessions(database: Database, number: int) -> None:
    while len(await session_pids(database)) != number:  # noqa: ASYNC110 - PostgreSQL tells by being asked
        await asyncio.sleep(0.02)


READ_HELD = "SELECT pg_advisory_xact_lock_shared(4711)"


@asynccontextmanager
async def held_lock(url: str | None) -> AsyncGenerator[None]:
    """Reads of `READ_HELD` wait until the end of this block."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(4711)")
        yield
    finally:
        await connection.close()


def sample(runtime: Runtime, name: str) -> float:
    """The value of one sample of the metrics."""
    page = runtime.metrics.render().decode()
    [line] = [line for line in page.splitlines() if line.startswith(f"{name} ")]
    return float(line.rpartition(" ")[2])


def slow_waits(runtime: Runtime) -> float:
    """How many waits for a connection have taken more than a second."""
    name = "app_pool_wait_seconds"
    return sample(runtime, f"{name}_count") - sample(runtime, f'{name}_bucket{{le="1.0"}}')


@pytest.mark.parametrize(("offset", "side"), [("+5s", "ahead of"), ("-5s", "behind")])
async def test_clocks_that_differ_are_a_warning_until_they_do_not(
    primary: Cluster, settings: EngineSettings, offset: str, side: str
) -> None:
    async with open_database(settings) as database:
        runtime = Runtime(TOY, settings, database)
        async with runtime.run(), asyncio.timeout(30):
            assert primary.clock is not None
            primary.clock.set(offset)
            document = await until(runtime, lambda document: "clocks" in document["warnings"])
            assert side in document["warnings"]["clocks"]
            assert abs(abs(document["clockSkewSeconds"]) - 5) < 0.5
            primary.clock.set("+0")
            await until(runtime, lambda document: not document["warnings"])


def test_the_lag_is_the_time_since_this_process_knew_of_the_first_missing_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = LagClock()
    for seconds in range(10):
        now = 100.0 + seconds
        clock.tick(10 * seconds)
    assert [clock.seconds_behind(position) for position in (90, 89, 45, 40, 0)] == [0, 0, 4, 4, 8]
    clock.forget(45)
    assert clock.seconds_behind(45) == 4
    # A log that went back is another log.
    clock.tick(7)
    assert (clock.seconds_behind(7), clock.seconds_behind(45)) == (0, 0)


def test_a_lag_of_any_length_is_kept_in_little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = LagClock()
    for head in range(1, 20_000):
        now += 1
        clock.tick(head)
    assert clock.seconds_behind(0) == now - 1
    assert len(clock._heads) <= 4_000


async def test_stuck_steps_and_parked_instances_are_counted_every_five_seconds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    counted_at: list[float] = []
    enough = asyncio.Event()

    class Probe(DatabaseProbe):
        async def count(self) -> None:
            counted_at.append(now)
            await super().count()
            if len(counted_at) == 4:
                enough.set()

    def pass_some_time(wait: float) -> None:
        nonlocal now
        now += 0.125

    monkeypatch.setattr(database_probe, "time", SimpleNamespace(monotonic=lambda: now, time=time.time))
    monkeypatch.setattr(database_probe, "PROBE_INTERVAL_SECONDS", 0.001)
    probe = Probe(database)
    database.pool_waits.on_wait = pass_some_time
    running = asyncio.create_task(probe.run())
    async with asyncio.timeout(30):
        await enough.wait()
    running.cancel()
    await asyncio.wait([running])
    assert all(5 <= later - earlier < 6 for earlier, later in pairwise(counted_at))
