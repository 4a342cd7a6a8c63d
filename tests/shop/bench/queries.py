"""A page of orders with their lines and products over HTTP, against constants and against Strawberry as it comes."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from tests.bench.rounds import Bench
from tests.shop.bench.load import CONNECTIONS, Caller, asked, packed, sku
from tests.shop.bench.requests import load, serving

ORDERS = 300
PRODUCTS = 100
PAGE = 20
CALLERS = 16
ROUNDS = 4
SECONDS = 1.5
LONG_AGO = timedelta(days=30)
"""An order that was placed so long ago is left alone by fulfilment."""
MARKER = "A thing"
"""The name of every product."""

FIELDS = """{
    nodes {
        id customerId status total { amount currency } openedAt placedAt version
        lines { sku quantity unitPrice { amount currency } product { sku name price { amount currency } onHand reserved available } }
    }
    pageInfo { hasNextPage }
}"""
READ = f"{{ orders(first: {PAGE}) {FIELDS} }}"
CONSTANT = f"{{ orders: someOrders(first: {PAGE}) {FIELDS} }}"


async def twenty_orders(bench: Bench, url: str) -> None:
    """Measure the same query for `read`, `constant` and `stock`.

    The rows of `read` and `stock` are in tables, those of `constant` in memory. One server answers `read` and
    `constant`, with the same resolvers and types. Nothing is written meanwhile.
    """
    async with serving(url) as port, serving(url, "stock_orders") as stock:
        await fill(bench, port)
        read, constant = await answered(port, READ), await answered(port, CONSTANT)
        assert read == await answered(stock, READ)
        assert shape(read) == shape(constant)
        found = await bench.rates(
            "twenty orders",
            {
                "read": lambda: load(port, READ, SECONDS, marker=MARKER),
                "constant": lambda: load(port, CONSTANT, SECONDS, marker=MARKER),
                "stock": lambda: load(stock, READ, SECONDS, marker=MARKER),
            },
            ROUNDS,
        )
    what = f"{PAGE} orders with lines and products over {CONNECTIONS} connections"
    bench.ratio(f"{what} vs the same from constants", found["read"], found["constant"], "requests/s")
    bench.ratio(
        f"{what} vs Strawberry as it comes, with a loader of products",
        found["read"],
        found["stock"],
        "requests/s",
    )


async def fill(bench: Bench, port: int) -> None:
    """Write stock of the products, and orders of one to four lines.

    The first page of the orders is placed last, one after the other.
    """
    callers = await asyncio.gather(*(Caller("Accepted").open(port) for _ in range(CALLERS)))
    task = bench.progress.add_task("orders", total=ORDERS)
    for request in asked("receiveStock")[:PRODUCTS]:
        await callers[0].ask(request)

    async def place(caller: Caller, numbers: Iterator[int]) -> None:
        for number in numbers:
            answer = await caller.ask(placed(number))
            assert b"Rejected" not in answer, answer
            bench.progress.advance(task)

    first = iter(range(ORDERS - PAGE))
    await asyncio.gather(*(place(caller, first) for caller in callers))
    await place(callers[0], iter(range(ORDERS - PAGE, ORDERS)))
    bench.progress.remove_task(task)


def placed(number: int) -> bytes:
    """Opens an order, fills and places it; the last one waits until all can be read."""
    lines = range(number % 4 + 1)
    added = " ".join(
        f"line{n}: addLine(input: {{orderId: $id, sku: $sku{n}, quantity: {n + 1}}}) {{ __typename }}"
        for n in lines
    )
    waited = "order { status }" if number == ORDERS - 1 else "position"
    query = f"""mutation($id: UUID!, $customer: UUID!, $at: DateTime!, {", ".join(f"$sku{n}: Sku!" for n in lines)}) {{
        openOrder(input: {{id: $id, customerId: $customer}}) {{ __typename }}
        {added}
        placeOrder(input: {{orderId: $id}}, options: {{occurredAt: $at}}) {{ __typename ... on OrderAccepted {{ {waited} }} }}
    }}"""
    skus: dict[str, object] = {f"sku{n}": sku((4 * number + n) % PRODUCTS) for n in lines}
    return packed(
        query,
        skus
        | {"id": str(uuid4()), "customer": str(uuid4()), "at": (datetime.now(UTC) - LONG_AGO).isoformat()},
    )


async def answered(port: int, query: str) -> Any:
    """The data of the answer."""
    caller = await Caller(MARKER).open(port)
    return msgspec.json.decode(await caller.ask(packed(query, {})))["data"]


def shape(answer: Any) -> Any:
    """The answer without what stands in it: names, and how long its lists are."""
    match answer:
        case dict():
            return {name: shape(value) for name, value in answer.items()}
        case list():
            return [shape(each) for each in answer]
        case _:
            return type(answer)
