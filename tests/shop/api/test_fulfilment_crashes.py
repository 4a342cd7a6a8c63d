"""The server is killed at random moments under load, and the gateway fails: every order still ends correctly."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psutil
import pytest

from app.engine.database.connections import Database, open_database
from app.settings import Settings
from tests.shop.support.shop_invariants import Books, audited
from tests.support.server import Server

FAULTS = {
    "APP_SIMULATED_GATEWAY": '{"latency":0.01,"fail":0.1,"lose":0.1,"repeat":0.1,"decline":0.1}',
    "APP_STEP_MAX_ATTEMPTS": "50",
    "APP_LOG_LEVEL": "warning",
}
CUSTOMERS = 12
SKUS = [f"GOODS-{n}" for n in range(5)]
SCARCE = "SCARCE"

OPEN = "mutation($id: UUID!, $c: UUID!, $o: CommandOptions) { answer: openOrder(input: {id: $id, customerId: $c}, options: $o) { __typename } }"
ADD = """mutation($id: UUID!, $sku: Sku!, $q: Quantity!, $o: CommandOptions) {
  answer: addLine(input: {orderId: $id, sku: $sku, quantity: $q}, options: $o) { __typename } }"""
PLACE = "mutation($id: UUID!, $o: CommandOptions) { answer: placeOrder(input: {orderId: $id}, options: $o) { __typename ... on Rejected { code } } }"
CANCEL = """mutation($id: UUID!, $o: CommandOptions) {
  answer: cancelOrder(input: {orderId: $id, reason: "changed my mind"}, options: $o) { __typename ... on Rejected { code } } }"""
REGISTER = 'mutation($sku: Sku!, $p: Decimal!) { answer: registerProduct(input: {sku: $sku, name: "Goods", price: {amount: $p}}) { __typename } }'
RECEIVE = "mutation($sku: Sku!, $q: Quantity!) { answer: receiveStock(input: {sku: $sku, quantity: $q}) { __typename } }"


class Street:
    """The customers, who do not mind that the shop dies.

    They repeat each request with the same command id until it is answered.
    """

    def __init__(self, client: httpx2.AsyncClient, seed: int) -> None:
        self.urls: list[str] = []
        """Of the servers that are there; one of them is asked."""
        self.placed: list[UUID] = []
        self.busy = asyncio.Event()
        """Set when twenty orders are placed."""
        self.closing = False
        self.said: Counter[str] = Counter()
        self._client = client
        self._chance = random.Random(seed)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        async with asyncio.timeout(60):
            return await self._asked(query, variables)

    async def _asked(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        while True:
            try:
                url = self._chance.choice(self.urls)
                answer = (await self._client.post(url, json={"query": query, "variables": variables})).json()
            except (httpx2.TransportError, IndexError):
                self.said["again"] += 1
                await asyncio.sleep(0.2)
                continue
            if "errors" in answer:
                [error] = answer["errors"]
                assert error["extensions"]["code"] in ("OVERLOADED", "TIMEOUT"), error
                continue
            return answer["data"]["answer"]

    async def tell(self, query: str, **variables: Any) -> str:
        """A command under an id of its own, sometimes said twice."""
        options = {"commandId": str(uuid4())}
        asked = [
            self.ask(query, o=options, **variables) for _ in range(1 if self._chance.random() < 0.8 else 2)
        ]
        answers = await asyncio.gather(*asked)
        kinds = {answer.get("code") or answer["__typename"] for answer in answers}
        assert len(kinds) == 1, answers
        [kind] = kinds
        self.said[kind] += 1
        return kind

    async def customer(self) -> None:
        while not self.closing:
            order = str(uuid4())
            await self.tell(OPEN, id=order, c=str(uuid4()))
            skus = self._chance.sample(SKUS, self._chance.choice((1, 1, 2, 3)))
            for sku in [*skus, SCARCE] if self._chance.random() < 0.3 else skus:
                await self.tell(ADD, id=order, sku=sku, q=self._chance.randint(1, 3))
            assert await self.tell(PLACE, id=order) == "OrderAccepted"
            self.placed.append(UUID(order))
            if len(self.placed) == 20:
                self.busy.set()
            if self._chance.random() < 0.3:
                # At any moment: before anything is reserved, between two steps, after all is done.
                await asyncio.sleep(self._chance.choice((0, 0.02, 0.1, 0.3)))
                assert await self.tell(CANCEL, id=order) in ("OrderAccepted", "ORDER_ENDED")
            await asyncio.sleep(self._chance.uniform(0, 0.1))

    async def stock(self) -> None:
        for number, sku in enumerate((*SKUS, SCARCE)):
            await self.ask(REGISTER, sku=sku, p=f"{number + 1}.50")
            await self.ask(RECEIVE, sku=sku, q=20 if sku == SCARCE else 1_000)


@asynccontextmanager
async def street(seed: int) -> AsyncGenerator[Street]:
    async with httpx2.AsyncClient(timeout=30) as client:
        there = Street(client, seed)
        yield there


async def grown(database: Database, facts: int) -> None:
    """Until the log holds so many facts more."""
    enough = facts + await database.pool.fetchval(_HEAD)
    async with asyncio.timeout(60):
        while True:
            if await database.pool.fetchval(_HEAD) >= enough:
                return
            await asyncio.sleep(0.01)


_HEAD = "SELECT coalesce(max(position), 0) FROM es.events"


async def at_rest(database: Database, orders: Sequence[UUID], seconds: float = 60) -> None:
    """Wait until all placed orders have ended, no step is open, and every read model has the whole log."""
    async with asyncio.timeout(seconds):
        while True:
            row = await database.pool.fetchrow(_REST, orders)
            assert row is not None
            if row["ended"] == len(orders) and not row["due"] and row["slowest"] == row["head"]:
                return
            await asyncio.sleep(0.05)


_REST = """
    SELECT (SELECT count(*) FROM es.processes WHERE ended AND id = ANY($1::uuid[])) AS ended,
           (SELECT count(*) FROM es.process_steps WHERE outcome IN ('due', 'stuck')) AS due,
           (SELECT max(position) FROM es.events) AS head,
           (SELECT min(position) FROM es.checkpoints WHERE slot = 'live') AS slowest
"""


async def killed(
    database_url: str, serve: Callable[..., Server], kills: int, seed: int
) -> tuple[Books, Counter[str]]:
    """Kill the server so many times, at random moments, with customers in the shop all the while."""
    chance = random.Random(seed)
    async with (
        street(seed) as there,
        open_database(Settings(database_url=database_url, pool_size=2)) as database,
    ):
        server = await asyncio.to_thread(serve(**FAULTS).wait)
        there.urls = [server.url]
        await there.stock()
        async with asyncio.TaskGroup() as customers:
            for _ in range(CUSTOMERS):
                customers.create_task(there.customer())
            async with asyncio.timeout(60):
                await there.busy.wait()
            for _ in range(kills):
                # At once, or after so much more has happened: the shop is busy, however slow the machine is.
                await grown(database, chance.choice((0, chance.randint(1, 20), chance.randint(20, 100))))
                await asyncio.sleep(chance.uniform(0, 0.05))
                await asyncio.to_thread(server.kill)
                there.said["kills in the midst of steps"] += await database.pool.fetchval(
                    "SELECT least(count(*), 1) FROM es.process_steps WHERE outcome = 'due'"
                )
                server = await asyncio.to_thread(serve(**FAULTS).wait)
                there.urls = [server.url]
            there.closing = True
        await at_rest(database, there.placed)
        books = await audited(database)
        assert set(books.placed) == set(there.placed)
        assert server.stop(signal.SIGTERM) == 0
        return books, there.said


@pytest.mark.long
@pytest.mark.parametrize("seed", [1])
async def test_every_order_comes_to_a_right_end_though_the_server_is_killed_three_times(
    database_url: str, serve: Callable[..., Server], seed: int
) -> None:
    books, said = await killed(database_url, serve, 3, seed)
    assert books.outcomes["Confirmed"]
    assert said["kills in the midst of steps"]


@pytest.mark.soak
@pytest.mark.parametrize("seed", [2])
async def test_every_order_comes_to_a_right_end_though_the_server_is_killed_twenty_times(
    database_url: str, serve: Callable[..., Server], seed: int
) -> None:
    began = time.monotonic()
    books, said = await killed(database_url, serve, 20, seed)
    assert min(books.outcomes[item] for item in ("Confirmed", "Rejected", "Cancelled")) > 0
    assert said["kills in the midst of steps"] > 5
    print(
        f"{len(books.placed)} orders: {dict(books.outcomes)}; {dict(said)}; {len(books.log)} facts; {time.monotonic() - began:.0f} s"
    )


async def test_of_two_servers_the_owner_is_killed_and_the_other_leaves_no_process_behind(
    database_url: str, serve: Callable[..., Server]
) -> None:
    async with (
        street(3) as there,
        open_database(Settings(database_url=database_url, pool_size=2)) as database,
    ):
        servers = await asyncio.gather(*(asyncio.to_thread(serve(**FAULTS).wait) for _ in range(2)))
        there.urls = [server.url for server in servers]
        await there.stock()
        async with asyncio.TaskGroup() as customers:
            for _ in range(CUSTOMERS):
                customers.create_task(there.customer())
            async with asyncio.timeout(20):
                await there.busy.wait()
            owner = int(
                (await database.pool.fetchval("SELECT owner FROM es.process_checkpoints")).rpartition(":")[2]
            )
            [dying] = [server for server in servers if owner in (server.process.pid, *_children(server))]
            dying.kill()
            there.urls = [server.url for server in servers if server is not dying]
            there.closing = True
        await at_rest(database, there.placed, 30)
        books = await audited(database)
        assert set(books.placed) == set(there.placed)
        assert books.outcomes["Confirmed"]


def _children(server: Server) -> Sequence[int]:
    return [each.pid for each in psutil.Process(server.process.pid).children(recursive=True)]
