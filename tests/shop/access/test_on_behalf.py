"""What a process does has the process as its actor, and says for whom."""

import asyncio
from uuid import UUID, uuid4

from app.engine.server.runtime import Runtime
from tests.shop.support.shop_client import PLACE, ended, stock
from tests.support.cli import run
from tests.support.graphql_client import Api


async def test_the_events_of_the_fulfilment_say_on_whose_behalf_it_acted(api: Api, runtime: Runtime) -> None:
    customer, order, correlation = str(uuid4()), str(uuid4()), str(uuid4())
    await stock(api, "TEA", 5)
    ann = {"x_actor": customer, "x_roles": "customer"}
    opened = "mutation($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }"
    await api(opened, {"i": {"id": order, "customerId": customer}}, **ann)
    line = {"orderId": order, "sku": "TEA", "quantity": 1}
    await api("mutation($i: OrderLineInput!) { addLine(input: $i) { __typename } }", {"i": line}, **ann)
    placed = await api(PLACE, {"order": order}, **ann, x_correlation_id=correlation)
    assert placed["data"]["placeOrder"]["__typename"] == "OrderAccepted"
    [end] = await ended(runtime, UUID(order))
    query = """query($c: UUID!) {
        events(first: 100, filter: {correlationId: $c}) { nodes { type actor onBehalfOf causedBy } } }"""
    for headers in ({}, ann):
        answer = await api(query, {"c": correlation}, **headers)
        nodes = answer["data"]["events"]["nodes"]
        assert nodes[0] == {"type": "order.placed", "actor": customer, "onBehalfOf": None, "causedBy": None}
        assert {node["actor"] for node in nodes[1:]} == {"process:fulfilment"}
        assert {node["onBehalfOf"] for node in nodes[1:]} == {customer}
        # The customer sees no event of a product.
        assert ("product.stock-reserved" in {node["type"] for node in nodes}) is (not headers)
    assert end.actor == "process:fulfilment"
    shown = await asyncio.to_thread(run, "trace", correlation, DATABASE_URL=runtime.database.url)
    lines = shown.stdout.splitlines()
    assert f"order.place  by {customer}  " in lines[1]
    assert any(f"by process:fulfilment for {customer}  " in line for line in lines)
