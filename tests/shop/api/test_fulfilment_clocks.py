"""Orders are fulfilled if the clock of the database is wrong, or differs from that of the server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx2
import pytest

from app.composition import application
from app.engine.database.connections import open_database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings
from tests.shop.support.shop_client import ended, placed, shown, stock
from tests.support.clusters import Clock, Cluster, cluster
from tests.support.graphql_client import Api


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
async def runtime(primary: Cluster, clock: Clock) -> AsyncIterator[Runtime]:
    settings = Settings(database_url=await asyncio.to_thread(primary.create_database), pool_size=4)
    async with open_database(settings) as database:
        runtime = Runtime(application, settings, database)
        async with runtime.run():
            yield runtime


@pytest.fixture
async def api(runtime: Runtime) -> AsyncIterator[Api]:
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield Api(client)


@pytest.mark.parametrize("offset", ["-20m", "+2d"])
async def test_an_order_is_fulfilled_on_a_database_whose_clock_differs_and_its_times_are_of_one_clock(
    api: Api, runtime: Runtime, clock: Clock, offset: str
) -> None:
    clock.set(offset)
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 1))
    (end,) = await ended(runtime, order)
    assert (await shown(api, order, end))["status"] == "CONFIRMED"
    [fact] = [f for f in await runtime.reader.read_stream("order", order) if "placed" in f.event.stored.name]
    assert timedelta(0) <= fact.recorded_at - fact.event.placed_at < timedelta(minutes=1)


async def test_orders_are_fulfilled_after_a_write_for_which_the_clock_was_two_days_ahead(
    api: Api, runtime: Runtime, clock: Clock
) -> None:
    clock.set("+2d")
    await stock(api, "TEA", 5)
    clock.set("+0")
    order = await placed(api, ("TEA", 1))
    (end,) = await ended(runtime, order)
    assert (await shown(api, order, end))["status"] == "CONFIRMED"


async def test_a_clock_that_is_two_days_ahead_for_some_writes_leaves_no_trace_in_the_log(
    api: Api, runtime: Runtime, clock: Clock
) -> None:
    await stock(api, "TEA", 5)
    clock.set("+2d")
    await stock(api, "JAM", 5)
    order = await placed(api, ("TEA", 1))
    clock.set("+0")
    (end,) = await ended(runtime, order)
    assert (await shown(api, order, end))["status"] == "CONFIRMED"
    facts = await runtime.reader.read_all(0, 1_000)
    moments = [fact.recorded_at for fact in facts]
    assert moments == sorted(moments)
    assert moments[-1] - moments[0] < timedelta(minutes=5)
