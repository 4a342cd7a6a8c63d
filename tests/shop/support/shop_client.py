"""What the tests of fulfilment share: a shop with goods, orders placed through the API, and waiting for an end."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from app.engine.server.runtime import Runtime
from app.engine.store.event_filter import EventFilter
from app.engine.store.reader import Fact
from tests.support.graphql_client import Api

PLACE = """
mutation Place($order: UUID!) {
  placeOrder(input: { orderId: $order }) { __typename ... on OrderAccepted { position } ... on Rejected { code } }
}
"""

SHOWN = """
query Shown($order: UUID!, $min: Position) {
  order(id: $order, minPosition: $min) {
    status reason
    payment { status amount { amount currency } }
    fulfilment { status stuck deadline steps { name outcome position error } }
  }
}
"""


async def stock(api: Api, sku: str, quantity: int, price: str = "10.00") -> None:
    """A product with this many pieces on hand."""
    await api.data(
        "mutation($sku: Sku!, $name: String!, $price: Decimal!) { registerProduct(input: {sku: $sku, name: $name, price: {amount: $price}}) { __typename } }",
        {"sku": sku, "name": sku, "price": price},
    )
    if quantity:
        await api.data(
            "mutation($sku: Sku!, $q: Quantity!) { receiveStock(input: {sku: $sku, quantity: $q}) { __typename } }",
            {"sku": sku, "q": quantity},
        )


async def filled(api: Api, *lines: tuple[str, int]) -> UUID:
    """An open order with these lines."""
    order = uuid4()
    await api.data(
        "mutation($id: UUID!, $c: UUID!) { openOrder(input: {id: $id, customerId: $c}) { __typename } }",
        {"id": str(order), "c": str(uuid4())},
    )
    for sku, quantity in lines:
        answer = await api.data(
            "mutation($id: UUID!, $sku: Sku!, $q: Quantity!) { addLine(input: {orderId: $id, sku: $sku, quantity: $q}) { __typename } }",
            {"id": str(order), "sku": sku, "q": quantity},
        )
        assert answer["addLine"]["__typename"] == "OrderAccepted", answer
    return order


async def placed(api: Api, *lines: tuple[str, int]) -> UUID:
    """An order with these lines, placed."""
    order = await filled(api, *lines)
    answer = await api.data(PLACE, {"order": str(order)})
    assert answer["placeOrder"]["__typename"] == "OrderAccepted", answer
    return order


async def fact(runtime: Runtime, stream_id: UUID, *names: str, after: int = 0) -> Fact:
    """The first fact of this stream with one of these names, as soon as it is in the log."""
    async with asyncio.timeout(60):
        async for facts in runtime.feed.follow(
            after, EventFilter(stream_id=stream_id, types=frozenset(names))
        ):
            return facts[0]
    raise AssertionError(names)


async def ended(runtime: Runtime, *orders: UUID, after: int = 0) -> Sequence[Fact]:
    """The end of each fulfilment."""
    return [await fact(runtime, order, "fulfilment.ended", after=after) for order in orders]


async def shown(api: Api, order: UUID, at: Fact) -> dict[str, Any]:
    return (await api.data(SHOWN, {"order": str(order), "min": str(at.position)}))["order"]


async def product(api: Api, sku: str) -> tuple[int, int, int]:
    """On hand, reserved, available; as new as the log."""
    head = (await api.data("{ position }"))["position"]
    found = (
        await api.data(
            "query($sku: Sku!, $min: Position) { product(sku: $sku, minPosition: $min) { onHand reserved available } }",
            {"sku": sku, "min": head},
        )
    )["product"]
    return found["onHand"], found["reserved"], found["available"]
