"""A killed, frozen or cut-off owner is replaced within the time of the settings, and finds its work taken over."""

import asyncio
import signal
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import Any

import httpx2
import psycopg
import pytest

from tests.support.clusters import Cluster, DeadLink, cluster, standby_of
from tests.support.server import Server

FAILOVER_SECONDS = 2.0
MARGIN_SECONDS = 2.0
"""For a machine that is busy with other tests; see also `allowed`."""
REGISTER = 'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "3.50"}}) { ... on ProductAccepted { position } } }'
RECEIVE = (
    'mutation { receiveStock(input: {sku: "TEA", quantity: 1}) { ... on ProductAccepted { position } } }'
)
STOCK = '{ product(sku: "TEA") { version } }'


@pytest.fixture(scope="module")
def database() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@asynccontextmanager
async def owner_and_other(
    database: Cluster, seconds: float = FAILOVER_SECONDS
) -> AsyncGenerator[tuple[Server, Server, DeadLink]]:
    """A server behind a link, which owns all work, and another one."""
    direct = await asyncio.to_thread(database.create_database)
    async with AsyncExitStack() as stack:
        link = stack.enter_context(DeadLink(database.port))
        owner = stack.enter_context(
            closing(Server(link.url(direct.rpartition("/")[2]), APP_FAILOVER_SECONDS=str(seconds)))
        )
        await asyncio.to_thread(owner.wait)
        await asyncio.to_thread(owner.ask, REGISTER)
        other = stack.enter_context(closing(Server(direct, APP_FAILOVER_SECONDS=str(seconds))))
        await asyncio.to_thread(other.wait)
        assert await owners(direct) == {owner.process.pid}
        yield owner, other, link
        assert "Traceback" not in other.output()


async def owners(url: str) -> set[int]:
    """The processes that own projections, as their checkpoints say."""

    def read() -> set[int]:
        with psycopg.connect(url) as connection:
            rows = connection.execute("SELECT owner FROM es.checkpoints WHERE owner IS NOT NULL").fetchall()
        return {int(owner.rsplit(":", 1)[1]) for (owner,) in rows}

    return await asyncio.to_thread(read)


async def seconds_until_level(server: Server, limit: float) -> float:
    """Record an event, and wait until the read model of this server shows it; the seconds that took."""
    return (await seconds_until_recorded_and_level(server, limit))[1]


async def allowed(server: Server, seconds: float) -> float:
    """So many seconds, and ten times those that an event and its read take now, while nothing has failed yet."""
    return seconds + 10 * max([await seconds_until_level(server, 20) for _ in range(3)])


async def seconds_until_recorded_and_level(server: Server, limit: float) -> tuple[float, float]:
    """As `seconds_until_level`, with the seconds until the event was acknowledged before it."""
    began = time.monotonic()
    position, recorded = None, 0.0
    async with httpx2.AsyncClient(timeout=30) as client, asyncio.timeout(limit):
        while True:
            query = RECEIVE if position is None else STOCK
            data: dict[str, Any] = (await client.post(server.url, json={"query": query})).json().get(
                "data"
            ) or {}
            # All events are of one stream, so that its version is the position.
            if position is None and "position" in (data.get("receiveStock") or {}):
                position = int(data["receiveStock"]["position"])
                recorded = time.monotonic() - began
            if position is not None and (data.get("product") or {}).get("version") == position:
                level = time.monotonic() - began
                print(f"first acknowledged after {recorded:.2f} s, reads level after {level:.2f} s")
                return recorded, level
            await asyncio.sleep(0.02)


async def test_a_killed_owner_is_replaced_at_once(database: Cluster) -> None:
    async with owner_and_other(database) as (owner, other, _):
        limit = await allowed(other, 2.0)
        owner.kill()
        assert await seconds_until_level(other, 20) < limit


async def test_a_frozen_owner_is_replaced_and_changes_nothing_when_it_wakes(database: Cluster) -> None:
    async with owner_and_other(database) as (owner, other, _):
        limit = await allowed(other, FAILOVER_SECONDS + MARGIN_SECONDS)
        owner.process.send_signal(signal.SIGSTOP)
        assert await seconds_until_level(other, 20) < limit
        owner.process.send_signal(signal.SIGCONT)
        # The frozen one works again, as one that owns nothing.
        assert await seconds_until_level(owner, 20) < limit


async def test_an_owner_whose_link_is_dead_is_replaced_and_finds_its_way_back(database: Cluster) -> None:
    async with owner_and_other(database) as (owner, other, link):
        limit = await allowed(other, FAILOVER_SECONDS + MARGIN_SECONDS)
        await asyncio.to_thread(link.redirect, database.port)
        assert await seconds_until_level(other, 20) < limit
        # New connections of the owner reach the database; the old ones were silent with statements in flight.
        assert await seconds_until_level(owner, 20) < limit


async def test_an_owner_that_reaches_nothing_is_replaced(database: Cluster) -> None:
    async with owner_and_other(database) as (owner, other, link):
        limit = await allowed(other, FAILOVER_SECONDS + MARGIN_SECONDS)
        await asyncio.to_thread(link.freeze)
        assert await seconds_until_level(other, 20) < limit
        await asyncio.to_thread(link.thaw)
        assert await seconds_until_level(owner, 20) < limit + 5


async def test_a_killed_primary_is_replaced_by_its_standby_and_reads_are_level_again() -> None:
    with cluster() as primary:
        name = primary.create_database().rpartition("/")[2]
        with standby_of(primary) as standby:
            standby.wait_replayed(primary)
            primary.require_standby(standby)
            hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
            url = f"postgresql://postgres@{hosts}/{name}"
            with closing(Server(url, APP_FAILOVER_SECONDS=str(FAILOVER_SECONDS))) as server:
                await asyncio.to_thread(server.wait)
                await asyncio.to_thread(server.ask, REGISTER)
                limit = await allowed(server, FAILOVER_SECONDS + MARGIN_SECONDS)
                primary.kill()
                await asyncio.to_thread(standby.promote)
                recorded, level = await seconds_until_recorded_and_level(server, 20)
                assert recorded <= level < limit
                assert "Traceback" not in server.output()
