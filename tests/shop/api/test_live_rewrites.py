"""A row that a retry brings level is sent to the windows of every server, with no event after it."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from projections.kernel import AnyProjection
from projections.order import orders
from projections.payment import payments
from tests.support.databases import execute
from tests.support.server import Server
from tests.support.websocket import PATIENCE, Socket, opened

BUY = """mutation($id: UUID!, $customer: UUID!, $sku: Sku!) {
  registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "2.00"}}) { __typename }
  receiveStock(input: {sku: $sku, quantity: 1}) { __typename }
  openOrder(input: {id: $id, customerId: $customer}) { __typename }
}"""
PLACE = """mutation($id: UUID!, $sku: Sku!) {
  addLine(input: {orderId: $id, sku: $sku, quantity: 1}) { __typename }
  placeOrder(input: {orderId: $id}) { __typename }
}"""
ORDER = "version status payment { status }"
READ = f"query($id: UUID!) {{ order(id: $id) {{ {ORDER} }} }}"
VIEW = f"subscription($id: UUID!) {{ order(id: $id) {{ {ORDER} }} }}"
LIST = f"subscription($customer: UUID!) {{ orders(filter: {{customerId: $customer}}) {{ upserted {{ {ORDER} }} }} }}"
RETRY = "mutation($p: String!) { retryParked(input: {projection: $p}) { ... on ParkedRetried { recovered stillParked } } }"


async def ask(server: Server, query: str, **variables: Any) -> Any:
    answer = await asyncio.to_thread(server.ask, query, variables)
    assert "errors" not in answer, answer
    return answer["data"]


async def until_fulfilled(url: str, order: str, parked: str) -> None:
    """Wait until the fulfilment has ended and each projection has met its last event: from now on nothing happens."""
    connection = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(PATIENCE):
            while not await connection.fetchval(QUIET, order, parked):  # noqa: ASYNC110 - other processes write it
                await asyncio.sleep(0.02)
    finally:
        await connection.close()


QUIET = """
    SELECT EXISTS (SELECT FROM es.processes WHERE id = $1::uuid AND ended)
       AND EXISTS (SELECT FROM es.parked_keys WHERE projection = $2)
       AND NOT EXISTS (SELECT FROM es.checkpoints WHERE slot = 'live' AND position < (SELECT max(position) FROM es.events))
"""


@pytest.mark.parametrize("projection", [orders, payments], ids=["its own row", "the row of its payment"])
async def test_a_retried_row_is_sent_to_lists_and_views_on_each_server(
    pair: tuple[Server, Server], module_database_url: str, projection: AnyProjection
) -> None:
    order, customer, sku = str(uuid4()), str(uuid4()), uuid4().hex[:8]
    await ask(pair[0], BUY, id=order, customer=customer, sku=sku)
    async with AsyncExitStack() as stack:
        sockets: list[Socket] = [await stack.enter_async_context(opened(server)) for server in pair]
        for socket in sockets:
            await socket.subscribe("list", LIST, {"customer": customer})
            await socket.subscribe("view", VIEW, {"id": order})
            opened_order = {"version": 1, "status": "OPEN", "payment": None}
            assert await socket.data("list") == {"orders": {"upserted": [opened_order]}}
            assert await socket.data("view") == {"order": opened_order}

        table = projection.table.fullname
        # PostgreSQL refuses each new row, as it does if the fold is wrong.
        await execute(module_database_url, f"ALTER TABLE {table} ADD CONSTRAINT no CHECK (false) NOT VALID")
        await ask(pair[0], PLACE, id=order, sku=sku)
        await until_fulfilled(module_database_url, order, projection.name)
        await execute(module_database_url, f"ALTER TABLE {table} DROP CONSTRAINT no")
        assert await ask(pair[1], RETRY, p=projection.name) == {
            "retryParked": {"recovered": 1, "stillParked": 0}
        }

        truth = (await ask(pair[0], READ, id=order))["order"]
        assert (truth["status"], truth["payment"]) == ("CONFIRMED", {"status": "CAPTURED"})
        for socket in sockets:
            async with asyncio.timeout(PATIENCE):
                while await socket.data("view") != {"order": truth}:
                    pass
            # A list is as new as its own rows, not as new as what they show of others.
            while projection is orders and (await socket.data("list"))["orders"]["upserted"] != [truth]:
                pass
