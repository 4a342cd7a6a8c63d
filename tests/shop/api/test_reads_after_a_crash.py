"""A crash of PostgreSQL takes the newest rows of read models back. No read shows that as something it is not."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import httpx2
import pytest

from tests.support.clusters import Cluster, cluster
from tests.support.server import Server

REGISTER = (
    'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "2.00"}}) { __typename } }'
)
RECEIVE = 'mutation { receiveStock(input: {sku: "TEA", quantity: 1}) { ... on ProductAccepted { position version } } }'
READ = 'query($at: Position!) { product(sku: "TEA", minPosition: $at) { version } products(minPosition: $at) { nodes { version } } }'
PASSING = {"STALE_READ", "UNAVAILABLE", "TIMEOUT", "OVERLOADED"}
CRASHES, READERS = 3, 6


@pytest.fixture(scope="module")
def primary() -> Iterator[Cluster]:
    with cluster() as primary:
        # What is not committed synchronously waits this long for the disk.
        primary.configure(wal_writer_delay="10s")
        primary.restart()
        yield primary


@asynccontextmanager
async def reading(server: Server, position: int, version: int) -> AsyncGenerator[list[int]]:
    """Many readers, until the block ends and each has read once more. Gives the versions that were shown."""
    shown: list[int] = []
    over = asyncio.Event()

    async def read(client: httpx2.AsyncClient) -> None:
        answered = False
        while not (over.is_set() and answered):
            body = {"query": READ, "variables": {"at": str(position)}}
            try:
                answer: dict[str, Any] = (await client.post(server.url, json=body)).json()
            except httpx2.TransportError:
                continue
            if "errors" in answer:
                codes = {error["extensions"]["code"] for error in answer["errors"]}
                assert codes <= PASSING, answer
                continue
            versions = {
                answer["data"]["product"]["version"],
                answer["data"]["products"]["nodes"][0]["version"],
            }
            assert versions == {version}, answer
            shown.extend(versions)
            answered = over.is_set()

    async with httpx2.AsyncClient(timeout=60) as client, asyncio.timeout(90), asyncio.TaskGroup() as group:
        for _ in range(READERS):
            group.create_task(read(client))
        yield shown
        over.set()


def kill_all(primary: Cluster) -> None:
    primary.kill()
    primary.start()


def kill_a_backend(primary: Cluster) -> None:
    """PostgreSQL ends all other sessions then, and starts again by itself."""
    began = primary.value("SELECT pg_backend_pid()")
    os.kill(
        primary.value(
            f"SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> {began} LIMIT 1"
        ),
        signal.SIGKILL,
    )
    primary.wait_until_answers()


@pytest.mark.parametrize("crash", [kill_all, kill_a_backend])
async def test_rows_that_a_crash_took_back_are_waited_for_on_the_owner_and_on_another_server(
    primary: Cluster, crash: Callable[[Cluster], None]
) -> None:
    url = await asyncio.to_thread(primary.create_database)
    with closing(Server(url)) as owner, closing(Server(url)) as other:
        await asyncio.to_thread(owner.wait)
        await asyncio.to_thread(other.wait)
        await asyncio.to_thread(owner.ask, REGISTER)
        for _ in range(CRASHES):
            accepted = (await asyncio.to_thread(owner.ask, RECEIVE))["data"]["receiveStock"]
            position, version = int(accepted["position"]), accepted["version"]
            async with (
                reading(owner, position, version) as by_owner,
                reading(other, position, version) as by_other,
            ):
                while not (by_owner and by_other):  # noqa: ASYNC110 - both have the row in memory and have shown it
                    await asyncio.sleep(0.01)
                await asyncio.to_thread(crash, primary)
        for server in (owner, other):
            assert "Traceback" not in server.output()
