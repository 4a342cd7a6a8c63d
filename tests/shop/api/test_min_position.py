"""A query that names a position reads nothing that is older, also below its root."""

import asyncio
from uuid import uuid4

from app.engine.server.runtime import Runtime
from tests.support.graphql_client import Api

REGISTER = (
    'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "1.00"}}) { __typename } }'
)
OPEN = "mutation($id: UUID!, $customer: UUID!) { openOrder(input: {id: $id, customerId: $customer}) { __typename } }"
ADD = """mutation($id: UUID!) { addLine(input: {orderId: $id, sku: "TEA", quantity: 1}) {
  ... on OrderAccepted { order { lines { product { price { amount } } } } } } }"""
PRICE = 'mutation($price: Decimal!) { changePrice(input: {sku: "TEA", price: {amount: $price}}) { ... on ProductAccepted { position } } }'
ORDER = "query($id: UUID!, $p: Position!) { order(id: $id, minPosition: $p) { lines { product { price { amount } } } } }"


async def test_what_an_order_leads_to_is_as_new_as_the_position_that_was_named(
    runtime: Runtime, api: Api
) -> None:
    order = str(uuid4())
    await api.data(REGISTER)
    await api.data(OPEN, {"id": order, "customer": str(uuid4())})
    await api.data(ADD, {"id": order})
    products = runtime.projector.workers["products"].writer
    assert products is not None
    async with products.lock:
        position = (await api.data(PRICE, {"price": "2.00"}))["changePrice"]["position"]
        await runtime.projector.wait_for_position("orders", int(position), 5)
        asked = [
            asyncio.create_task(api.data(ORDER, {"id": order, "p": position})),
            # A payload names the position of its own command.
            asyncio.create_task(api.data(ADD, {"id": order})),
        ]
        done, _ = await asyncio.wait(asked, timeout=0.3)
        assert not done
    read, added = await asyncio.gather(*asked)
    assert read["order"]["lines"][0]["product"] == {"price": {"amount": "2.00"}}
    assert {line["product"]["price"]["amount"] for line in added["addLine"]["order"]["lines"]} == {"2.00"}
