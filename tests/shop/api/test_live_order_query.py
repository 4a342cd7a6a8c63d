"""Who follows an order sees it change, and what is shown with it: its payment and its fulfilment."""

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from app.engine.processes.admin import FOLD_TIMEOUT_SECONDS
from tests.support.server import Server
from tests.support.websocket import PATIENCE, Socket, opened

SHOWN = "version status payment { status } fulfilment { status steps { name outcome } }"
FOLLOW = f"subscription ($id: UUID!) {{ order(id: $id) {{ {SHOWN} }} }}"
LOOK = f"query ($id: UUID!) {{ order(id: $id) {{ {SHOWN} }} }}"
PREPARE = """mutation ($id: UUID!, $customer: UUID!, $price: Decimal!) {
  registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: $price}}) { __typename }
  receiveStock(input: {sku: "TEA", quantity: 5}) { __typename }
  openOrder(input: {id: $id, customerId: $customer}) { __typename }
  addLine(input: {orderId: $id, sku: "TEA", quantity: 1}) { ... on OrderAccepted { order { version } } }
}"""
PLACE = "mutation ($id: UUID!) { placeOrder(input: {orderId: $id}) { ... on OrderAccepted { position } } }"
CANCEL = 'mutation ($id: UUID!) { cancelOrder(input: {orderId: $id, reason: "changed my mind"}) { ... on OrderAccepted { position } } }'


async def prepared(server: Server, price: str = "3.00") -> dict[str, str]:
    order = {"id": str(uuid4())}
    answer = await asyncio.to_thread(server.ask, PREPARE, {**order, "customer": str(uuid4()), "price": price})
    assert "errors" not in answer, answer
    return order


async def seen_until(socket: Socket, last: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    async with asyncio.timeout(PATIENCE):
        while not seen or not last(seen[-1]):
            seen.append((await socket.data("order"))["order"])
    return seen


def at_rest(order: dict[str, Any]) -> bool:
    """Whether nothing is left to be done for it."""
    fulfilment = order["fulfilment"]
    if fulfilment is None:
        return False
    ended = fulfilment["status"] in (
        "dispatched",
        "rejected",
        "cancelled",
    )
    return ended and all(step["outcome"] != "due" for step in fulfilment["steps"])


@pytest.mark.parametrize(
    ("price", "end"),
    [("3.00", ("CONFIRMED", "CAPTURED", "dispatched")), ("1313.13", ("REJECTED", "DECLINED", "rejected"))],
)
async def test_the_last_that_is_shown_of_an_order_is_how_it_ended_and_nothing_is_shown_before_it_is_so(
    serve: Callable[..., Server], price: str, end: tuple[str, str, str]
) -> None:
    server = serve().wait()
    order = await prepared(server, price)
    async with opened(server) as socket:
        await socket.subscribe("order", FOLLOW, order)
        first = (await socket.data("order"))["order"]
        assert (first["status"], first["payment"], first["fulfilment"]) == ("OPEN", None, None)
        began = time.monotonic()
        await asyncio.to_thread(server.ask, PLACE, order)
        seen = await seen_until(socket, at_rest)
        seconds = time.monotonic() - began
        # A placed order is shown without its fulfilment if that is not there in time. An effect of the fulfilment is
        # never shown without it.
        done = [each for each in seen if each["payment"] is not None or each["status"] != "PLACED"]
        assert all(
            each["fulfilment"] is not None for each in (seen if seconds < FOLD_TIMEOUT_SECONDS else done)
        )
        assert [each["version"] for each in seen] == sorted(each["version"] for each in seen)
        last = seen[-1]
        assert (last["status"], last["payment"]["status"], last["fulfilment"]["status"]) == end
        assert (await asyncio.to_thread(server.ask, LOOK, order))["data"]["order"] == last


async def test_a_refund_after_a_cancellation_is_shown_too(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    order = await prepared(server)
    async with opened(server) as socket:
        await socket.subscribe("order", FOLLOW, order)
        await socket.data("order")
        await asyncio.to_thread(server.ask, PLACE, order)
        await seen_until(socket, at_rest)
        await asyncio.to_thread(server.ask, CANCEL, order)
        seen = await seen_until(
            socket,
            lambda shown: (
                at_rest(shown)
                and shown["status"] == "CANCELLED"
                and shown["fulfilment"]["status"] == "cancelled"
            ),
        )
        assert seen[-1]["payment"]["status"] == "REFUNDED"
        assert (await asyncio.to_thread(server.ask, LOOK, order))["data"]["order"] == seen[-1]


async def test_two_servers_show_an_order_alike(serve: Callable[..., Server]) -> None:
    one, other = serve().wait(), serve().wait()
    order = await prepared(one)
    async with opened(one) as here, opened(other) as there:
        for socket in (here, there):
            await socket.subscribe("order", FOLLOW, order)
            await socket.data("order")
        await asyncio.to_thread(other.ask, PLACE, order)
        ends = await asyncio.gather(*(seen_until(socket, at_rest) for socket in (here, there)))
        assert ends[0][-1] == ends[1][-1]


async def test_where_they_are_not_asked_for_only_the_order_itself_is_followed(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()
    order = await prepared(server)
    async with opened(server) as socket:
        await socket.subscribe(
            "order", "subscription ($id: UUID!) { order(id: $id) { version status } }", order
        )
        assert await socket.data("order") == {"order": {"version": 2, "status": "OPEN"}}
        await asyncio.to_thread(server.ask, PLACE, order)
        seen = await seen_until(socket, lambda each: each["status"] == "CONFIRMED")
        assert [each["version"] for each in seen] in ([3, 4], [4])


async def test_the_payment_is_followed_where_it_alone_is_asked_for(serve: Callable[..., Server]) -> None:
    # The capture comes well after the order was confirmed, which is shown at once.
    server = serve(APP_SIMULATED_GATEWAY='{"latency": 0.3}').wait()
    order = await prepared(server)
    async with opened(server) as socket:
        await socket.subscribe(
            "order", "subscription ($id: UUID!) { order(id: $id) { status payment { status } } }", order
        )
        await socket.data("order")
        await asyncio.to_thread(server.ask, PLACE, order)
        seen = await seen_until(
            socket, lambda each: each["payment"] is not None and each["payment"]["status"] == "CAPTURED"
        )
        assert seen[-1]["status"] == "CONFIRMED"
