"""An id is free once its operation is completed. What a socket knows of an operation is not that of another with its id."""

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from starlette.applications import Starlette

from app.engine.command_outcomes import CommandContext, CommandOutcome
from app.engine.server.runtime import Runtime
from domain.kernel.decider import AnyDecider
from tests.shop.support.shop_client import filled
from tests.support.graphql_client import Api
from tests.support.websocket import RawSocket

COMPLETE = {"id": "1", "type": "complete"}


def subscribe(query: str, extensions: Mapping[str, Any] | None = None) -> dict[str, Any]:
    payload = {"query": query} if extensions is None else {"query": query, "extensions": extensions}
    return {"id": "1", "type": "subscribe", "payload": payload}


def two_commands(order: UUID) -> str:
    """A mutation that opens an order and cancels it."""
    return (
        f'mutation {{ openOrder(input: {{id: "{order}", customerId: "{order}"}}) {{ __typename }}'
        f' again: cancelOrder(input: {{orderId: "{order}", reason: "none"}}) {{ __typename }} }}'
    )


async def opened(app: Starlette) -> RawSocket:
    socket = RawSocket(app)
    await socket.send({"type": "connection_init"})
    assert (await socket.next())["type"] == "connection_ack"
    return socket


async def say_at_once(socket: RawSocket, *messages: dict[str, Any]) -> None:
    """Send messages that the server handles without a turn of the loop in between, and wait until it has."""
    for message in (*messages, {"type": "ping"}):
        await socket.send(message)
    assert await socket.next() == {"type": "pong"}


class Gates:
    """The commands to these orders wait, each order for its gate."""

    def __init__(self, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, *orders: UUID) -> None:
        self._execute = runtime.commands.execute
        self._reached = {order: asyncio.Event() for order in orders}
        self._open = {order: asyncio.Event() for order in orders}
        monkeypatch.setattr(runtime.commands, "execute", self._wait_and_execute)

    async def _wait_and_execute(
        self, decider: AnyDecider, id: UUID, command: Any, context: CommandContext
    ) -> CommandOutcome:
        if id in self._open:
            self._reached[id].set()
            await self._open[id].wait()
        return await self._execute(decider, id, command, context)

    async def until_reached(self, order: UUID) -> None:
        async with asyncio.timeout(20):
            await self._reached[order].wait()

    def open(self, order: UUID) -> None:
        self._open[order].set()


async def until_cancelled(api: Api, order: UUID) -> None:
    async with asyncio.timeout(20):
        while True:
            # The table of a new database is made with the first event.
            answer = await api(f'{{ order(id: "{order}") {{ status }} }}')
            if answer["data"]["order"] == {"status": "CANCELLED"}:
                return
            await asyncio.sleep(0.02)


async def test_an_operation_has_no_extensions_of_one_that_was_completed_before_it_began(
    app: Starlette, api: Api
) -> None:
    await filled(api)
    socket = await opened(app)
    query = 'subscription { events(after: "0") { position } }'
    for message in (subscribe(query, {"logToken": "no token"}), COMPLETE, subscribe(query)):
        await socket.send(message)
    answer = await socket.next()
    assert answer["type"] == "next", answer
    assert answer["payload"]["data"] == {"events": {"position": "1"}}
    await socket.close()


async def test_a_subscription_with_the_id_of_a_mutation_that_goes_on_ends_with_its_socket(
    app: Starlette, api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched, order = await filled(api), uuid4()
    await runtime.projector.wait_for_position("orders", 1, 20)
    gates = Gates(runtime, monkeypatch, order)
    socket = await opened(app)
    await socket.send(subscribe(two_commands(order)))
    await gates.until_reached(order)
    live = subscribe(f'subscription {{ order(id: "{watched}") {{ id }} }}')
    await say_at_once(socket, COMPLETE, live, COMPLETE)
    gates.open(order)
    await until_cancelled(api, order)
    async with asyncio.timeout(20):
        await socket.close()


async def test_a_mutation_with_the_id_of_one_that_has_ended_goes_on_without_its_client(
    app: Starlette, api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, later = uuid4(), uuid4()
    gates = Gates(runtime, monkeypatch, former, later)
    socket = await opened(app)
    await socket.send(subscribe(two_commands(former)))
    await gates.until_reached(former)
    await say_at_once(socket, COMPLETE, subscribe(two_commands(later)))
    await gates.until_reached(later)
    gates.open(former)
    await until_cancelled(api, former)
    await say_at_once(socket, COMPLETE)
    gates.open(later)
    await until_cancelled(api, later)
    await socket.close()
