"""A live list costs less than twice the subscription to events: it is evaluated once for all its subscribers."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import psutil
import pytest

from tests.support.server import Server
from tests.support.websocket import Socket, opened

SOCKETS, OPERATIONS, COMMANDS, ROUNDS = 20, 50, 60, 2
SUBSCRIBERS = SOCKETS * OPERATIONS
PATIENCE = 120.0
EVENTS = "subscription { events { position type version ... on ProductStockReceived { quantity } } }"
PRODUCTS = "subscription { products { position initial upserted { sku available version } removed } }"
REGISTER = (
    'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "2.00"}}) { __typename } }'
)
RECEIVE = 'mutation { receiveStock(input: {sku: "TEA", quantity: 1}) { __typename } }'


class Subscribers:
    """Sockets that count their messages, and look at none."""

    def __init__(self) -> None:
        self._received = 0
        self._more = asyncio.Condition()

    async def read(self, socket: Socket) -> None:
        async for message in socket.connection:
            assert b'"errors"' not in (message.encode() if isinstance(message, str) else message)
            async with self._more:
                self._received += 1
                self._more.notify_all()

    async def receive(self, number: int) -> None:
        """Wait until this number of messages has come, and begin to count again."""
        async with asyncio.timeout(PATIENCE), self._more:
            await self._more.wait_for(lambda: self._received >= number)
            self._received = 0


@asynccontextmanager
async def subscribed(server: Server, query: str, first_messages: int) -> AsyncGenerator[Subscribers]:
    """1,000 subscribers, each of which has its first message, if there is one."""
    subscribers = Subscribers()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        sockets = [await stack.enter_async_context(opened(server)) for _ in range(SOCKETS)]
        for socket in sockets:
            for number in range(OPERATIONS):
                await socket.subscribe(str(number), query)
            if not first_messages:
                await socket.settled()
        readers = [group.create_task(subscribers.read(socket)) for socket in sockets]
        await subscribers.receive(first_messages)
        yield subscribers
        for reader in readers:
            reader.cancel()


async def cpu_seconds(server: Server, query: str, first_messages: int) -> float:
    """The processor time of the server for so many events, each of which every subscriber has before the next one."""
    process = psutil.Process(server.process.pid)

    async def receive_stock(subscribers: Subscribers) -> None:
        await asyncio.to_thread(server.ask, RECEIVE)
        await subscribers.receive(SUBSCRIBERS)

    async with subscribed(server, query, first_messages) as subscribers:
        for _ in range(5):
            await receive_stock(subscribers)
        before = process.cpu_times()
        for _ in range(COMMANDS):
            await receive_stock(subscribers)
        after = process.cpu_times()
    return after.user + after.system - before.user - before.system


@pytest.mark.soak
async def test_1000_subscribers_of_a_live_list_cost_less_than_twice_1000_subscribers_of_events(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()
    await asyncio.to_thread(server.ask, REGISTER)
    events = products = 0.0
    for _ in range(ROUNDS):
        events += await cpu_seconds(server, EVENTS, 0)
        products += await cpu_seconds(server, PRODUCTS, SUBSCRIBERS)
    messages = ROUNDS * COMMANDS * SUBSCRIBERS
    print(
        f"microseconds a message: events {events / messages * 1e6:.1f}, list {products / messages * 1e6:.1f}"
    )
    assert products / events < 2


NAMES = (
    "subscription($text: String!) { products(filter: {nameContains: $text}) { position upserted { sku } } }"
)
UNRELATED, MAX_MILLISECONDS = 20, 60


def processor_seconds(server: Server) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


async def at_rest(server: Server) -> float:
    """The processor time of the server, when it has nothing more to do. Its polls take less than a tenth of a core."""
    before, after = 0.0, processor_seconds(server)
    while after - before > 0.02:
        await asyncio.sleep(0.2)
        before, after = after, processor_seconds(server)
    return after


async def milliseconds_an_event(server: Server, lists: int) -> float:
    """The processor time of the server for an event that concerns none of so many lists."""
    subscribers = Subscribers()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        sockets = [await stack.enter_async_context(opened(server)) for _ in range(10)]
        for number in range(lists):
            await sockets[number % 10].subscribe(str(number), NAMES, {"text": f"zz{number}"})
        readers = [group.create_task(subscribers.read(socket)) for socket in sockets]
        await subscribers.receive(lists)
        spent = 0.0
        for _ in range(UNRELATED):
            # Events that come together would cost less.
            before = await at_rest(server)
            await asyncio.to_thread(server.ask, RECEIVE)
            spent += await at_rest(server) - before
        for reader in readers:
            reader.cancel()
    return spent / UNRELATED * 1_000


@pytest.mark.soak
async def test_an_event_that_concerns_none_of_500_lists_costs_little_more_than_without_them(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()
    await asyncio.to_thread(server.ask, REGISTER)
    costs = {lists: await milliseconds_an_event(server, lists) for lists in (0, 100, 500)}
    print("milliseconds an event:", {lists: round(cost, 1) for lists, cost in costs.items()})
    assert costs[500] - costs[0] < MAX_MILLISECONDS
