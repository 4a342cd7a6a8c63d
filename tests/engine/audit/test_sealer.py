"""The sealer chains recorded facts in the background: one of many processes does it, and it never seals a hole."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import uuid4

import pytest

from app.composition import application
from app.engine.audit.sealer import Sealer, Unsealable, newest
from app.engine.audit.verify_log import verify
from app.engine.database.connections import Database, open_database
from app.engine.database.leases import LeaseLost
from app.engine.server.runtime import Runtime
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.reader import EventReader
from app.settings import Settings
from tests.support.sealed_log import fill, seal, tamper
from tests.support.toy_counter import Add, request, tally


@asynccontextmanager
async def sealing(database: Database, *, facts: int, seconds: float) -> AsyncGenerator[tuple[Sealer, Feed]]:
    """A sealer that runs, and the feed that it follows."""
    feed = Feed(EventReader(database.pool, EventCodec([])), poll_interval=0.02)
    await feed.start()
    sealer = Sealer(database, feed, facts=facts, seconds=seconds)
    tasks = [asyncio.create_task(work) for work in (feed.run(), sealer.run())]
    try:
        yield sealer, feed
    finally:
        feed.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ranges(database: Database, count: int) -> list[tuple[int, int]]:
    """The ranges of the seals, when there are as many as that."""
    async with asyncio.timeout(10):
        while True:
            rows = await database.pool.fetch(
                "SELECT first_position, last_position FROM es.seals ORDER BY number"
            )
            if len(rows) >= count:
                return [(row["first_position"], row["last_position"]) for row in rows]


async def test_a_full_range_is_sealed_at_once_and_the_rest_when_it_is_old_enough(database: Database) -> None:
    await fill(database, 25)
    async with sealing(database, facts=10, seconds=0.2):
        assert await ranges(database, 3) == [(1, 10), (11, 20), (21, 25)]
        await fill(database, 26)
        assert await ranges(database, 4) == [(1, 10), (11, 20), (21, 25), (26, 26)]
    report = await verify(database)
    assert (report.findings, report.facts, report.newer) == ([], 26, 0)


async def test_less_than_a_range_waits(database: Database) -> None:
    async with sealing(database, facts=10, seconds=3600):
        await fill(database, 10)
        assert await ranges(database, 1) == [(1, 10)]
        await fill(database, 19)
        await fill(database, 20)
        assert await ranges(database, 2) == [(1, 10), (11, 20)]


async def test_the_chain_goes_on_in_another_process(database: Database, settings: Settings) -> None:
    await fill(database, 10)
    async with open_database(settings) as other, sealing(database, facts=5, seconds=0.05):
        assert await ranges(database, 2) == [(1, 5), (6, 10)]
        async with sealing(other, facts=3, seconds=0.05):
            await fill(database, 15)
            # The one that has the lease goes on alone.
            assert await ranges(database, 3) == [(1, 5), (6, 10), (11, 15)]
    async with sealing(database, facts=3, seconds=0.05):
        await fill(database, 18)
        assert await ranges(database, 4) == [(1, 5), (6, 10), (11, 15), (16, 18)]
    assert (await verify(database)).findings == []


async def test_who_has_been_overtaken_seals_nothing(database: Database) -> None:
    await fill(database, 10)
    first = await seal(database, facts=5, upto=5)
    await seal(database)
    feed = Feed(EventReader(database.pool, EventCodec([])))
    await feed.start()
    async with database.connection() as connection:
        with pytest.raises(LeaseLost):
            await Sealer(database, feed).seal(connection, first)
        with pytest.raises(LeaseLost):
            await Sealer(database, feed).seal(connection, None)
        last = await newest(connection)
    assert last is not None
    assert last.number == 2


@pytest.mark.parametrize(("gone", "named"), [(3, 3), (10, 10), (1, 1)])
async def test_a_hole_is_not_sealed(
    database: Database, gone: int, named: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(database, 20)
    await tamper(database, f"DELETE FROM es.events WHERE position = {gone}")
    with pytest.raises(Unsealable, match=f"position {named} is missing"):
        await seal(database)
    said = asyncio.Event()
    monkeypatch.setattr(
        "app.engine.audit.sealer.log.error",
        lambda text, problem, **_: said.set() if str(problem) == f"position {named} is missing" else None,
    )
    async with sealing(database, facts=10, seconds=0.01), asyncio.timeout(5):
        await said.wait()
    assert await ranges(database, 0) == []


async def test_what_commands_record_is_sealed_and_verified(settings: Settings, database: Database) -> None:
    with_toy = replace(application, deciders=(*application.deciders, tally))
    runtime = Runtime(with_toy, settings.model_copy(update={"seal_max_events": 4}), database)
    async with runtime.run():
        for _ in range(8):
            await runtime.commands.execute(tally, uuid4(), Add(amount=1), request())
        assert await ranges(database, 2) == [(1, 4), (5, 8)]
    assert (await verify(database)).findings == []


async def test_no_facts_a_seal_seals_nothing(database: Database) -> None:
    feed = Feed(EventReader(database.pool, EventCodec([])))
    async with asyncio.timeout(1):
        await Sealer(database, feed, facts=0).run()


async def test_seals_beyond_the_end_of_the_log_are_an_error_and_not_a_reason_to_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that was replaced by an older one, before the start and under a running sealer."""
    monkeypatch.setattr("app.engine.audit.sealer.CHECK_INTERVAL_SECONDS", 0.05)
    await fill(database, 10)
    async with sealing(database, facts=5, seconds=0.05) as (sealer, _):
        assert await ranges(database, 2) == [(1, 5), (6, 10)]
        assert sealer.error is None
        await tamper(database, "DELETE FROM es.events WHERE position > 8")
        assert await error_of(sealer, True) == (
            "the newest seal ends at position 10, but the log ends at 8. It was replaced by an older one:"
            " see python -m app audit verify"
        )
    async with sealing(database, facts=5, seconds=0.05) as (sealer, _):
        assert await error_of(sealer, True) is not None
        # Seals of the log as it is now end the error.
        await tamper(database, "DELETE FROM es.seals WHERE number > 1")
        assert await error_of(sealer, False) is None
        assert await ranges(database, 2) == [(1, 5), (6, 8)]


async def error_of(sealer: Sealer, is_there: bool) -> str | None:
    """The error, when there is one or none."""
    async with asyncio.timeout(5):
        while True:
            if (sealer.error is not None) is is_there:
                return sealer.error
            await asyncio.sleep(0.01)
