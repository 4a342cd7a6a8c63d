"""Real purchases, eighteen months of them, sold through the API: the books then say what the file says."""

import asyncio
import csv
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import batched
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import httpx2
import pytest
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession
from gql.transport.httpx import HTTPXAsyncTransport

from app.engine.settings import ROOT
from tests.support.server import Server

FILE = ROOT / "tests" / "shop" / "data" / "purchases.csv"
IN_FLIGHT = 32
PATIENCE = 60
"""Seconds that one request may take, on a machine that has much else to do."""
BATCH = 24
"""Root fields in one document; 30 are allowed."""


@dataclass(frozen=True)
class Purchase:
    number: int
    customer: UUID
    day: date
    cds: int
    dollars: Decimal

    @property
    def order(self) -> UUID:
        return uuid5(NAMESPACE_OID, f"purchase {self.number}")

    @property
    def sku(self) -> str:
        return f"CD-{self.cds}-{self.dollars}"


def purchases() -> list[Purchase]:
    with FILE.open(newline="") as lines:
        return [
            Purchase(
                n,
                uuid5(NAMESPACE_OID, f"customer {row['customer']}"),
                date.fromisoformat(row["date"]),
                int(row["cds"]),
                Decimal(row["dollars"]),
            )
            for n, row in enumerate(csv.DictReader(lines), start=1)
        ]


SALES = gql("""
    query Sales($position: Position!) {
      dailySales(from: "1997-01-01", to: "1998-12-31", minPosition: $position) { day orders items revenue { amount currency } }
    }
""")

LOG = gql("""
    query Log($after: Position!) {
      events(first: 100, after: $after) {
        nodes { position type version occurredAt }
        pageInfo { hasNextPage endCursor }
      }
    }
""")


@asynccontextmanager
async def connected(server: Server) -> AsyncGenerator[AsyncClientSession]:
    transport = HTTPXAsyncTransport(
        url=server.url, timeout=PATIENCE, limits=httpx2.Limits(max_connections=IN_FLIGHT)
    )
    async with Client(
        transport=transport, fetch_schema_from_transport=False, execute_timeout=PATIENCE
    ) as session:
        yield session


async def each[T, R](items: Iterable[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
    """Ask about every item, so many at a time, in order."""
    free = asyncio.Semaphore(IN_FLIGHT)

    async def one(item: T) -> R:
        async with free:
            return await ask(item)

    return await asyncio.gather(*(one(item) for item in items))


@cache
def document(kind: str, shared: str, variables: str, fields: str, size: int) -> GraphQLRequest:
    """A document that asks the same of many items: `variables` and `fields` once for each, with its number for `#`."""
    numbers = [str(n) for n in range(size)]
    declared = ", ".join(filter(None, [shared, *(variables.replace("#", n) for n in numbers)]))
    return gql(f"{kind} Many({declared}) {{ {' '.join(fields.replace('#', n) for n in numbers)} }}")


async def register(
    session: AsyncClientSession, products: Sequence[tuple[str, int, Decimal]]
) -> dict[str, Any]:
    request = document(
        "mutation",
        "",
        "$product#: RegisterProductInput!",
        "a#: registerProduct(input: $product#) { __typename }",
        len(products),
    )
    values = {
        f"product{n}": {
            "sku": sku,
            "name": f"{cds} CDs for {dollars}",
            "price": {"amount": str(dollars), "currency": "USD"},
        }
        for n, (sku, cds, dollars) in enumerate(products)
    }
    return await session.execute(GraphQLRequest(request.document, variable_values=values))


async def sell(session: AsyncClientSession, some: Sequence[Purchase]) -> dict[str, Any]:
    """Open, fill and place an order for each purchase, at noon of its day."""
    request = document(
        "mutation",
        "",
        "$opened#: OpenOrderInput!, $line#: OrderLineInput!, $order#: OrderRefInput!, $noon#: CommandOptions!",
        """
        a#: openOrder(input: $opened#, options: $noon#) { ... on OrderAccepted { version } }
        b#: addLine(input: $line#, options: $noon#) { ... on OrderAccepted { version } }
        c#: placeOrder(input: $order#, options: $noon#) { ... on OrderAccepted { version position } }
        """,
        len(some),
    )
    values: dict[str, Any] = {}
    for n, purchase in enumerate(some):
        order = {"orderId": str(purchase.order)}
        values |= {
            f"opened{n}": {"id": str(purchase.order), "customerId": str(purchase.customer)},
            f"line{n}": order | {"sku": purchase.sku, "quantity": 1},
            f"order{n}": order,
            f"noon{n}": {"occurredAt": f"{purchase.day}T12:00:00Z"},
        }
    return await session.execute(GraphQLRequest(request.document, variable_values=values))


async def spendings(
    session: AsyncClientSession, customers: Sequence[UUID], position: int
) -> list[dict[str, Any]]:
    request = document(
        "query",
        "$position: Position!",
        "$customer#: UUID!",
        "a#: customer(id: $customer#, minPosition: $position) { id placedOrders spent { amount currency } }",
        len(customers),
    )
    values = {"position": str(position)} | {
        f"customer{n}": str(customer) for n, customer in enumerate(customers)
    }
    return list((await session.execute(GraphQLRequest(request.document, variable_values=values))).values())


async def whole_log(session: AsyncClientSession, position: int) -> list[dict[str, Any]]:
    """All pages, asked for at once: positions are dense, so it is known where each begins."""
    pages = await each(
        range(0, position, 100),
        lambda after: session.execute(GraphQLRequest(LOG, variable_values={"after": str(after)})),
    )
    assert [page["events"]["pageInfo"]["hasNextPage"] for page in pages] == [True] * (len(pages) - 1) + [
        False
    ]
    return [event for page in pages for event in page["events"]["nodes"]]


@pytest.mark.parametrize(
    ("step", "size"),
    [
        pytest.param(24, (289, 256), marks=pytest.mark.long, id="every 24th"),
        pytest.param(1, (6_919, 2_357), marks=pytest.mark.soak, id="all"),
    ],
)
async def test_the_purchases_of_the_file_are_sold_and_the_books_add_up_to_the_cent(
    serve: Callable[..., Server], step: int, size: tuple[int, int]
) -> None:
    sold = purchases()[::step]
    catalogue = sorted({(p.sku, p.cds, p.dollars) for p in sold})
    assert (len(sold), len({p.customer for p in sold})) == size

    async with connected(
        serve(
            APP_OPERATION_TIMEOUT_SECONDS=str(PATIENCE),
            APP_MIN_POSITION_TIMEOUT_SECONDS=str(PATIENCE),
            APP_LOG_LEVEL="warning",
        ).wait()
    ) as session:
        registered = await each(batched(catalogue, BATCH, strict=False), lambda some: register(session, some))
        answers = await each(batched(sold, BATCH // 3, strict=False), lambda some: sell(session, some))
        outcomes = {
            name: outcome
            for number, answer in enumerate(answers)
            for name, outcome in ((f"{k} {number}", v) for k, v in answer.items())
        }
        position = max(int(outcome["position"]) for outcome in outcomes.values() if "position" in outcome)
        sales = (await session.execute(GraphQLRequest(SALES, variable_values={"position": str(position)})))[
            "dailySales"
        ]
        customers = sorted({p.customer for p in sold})
        books = await each(
            batched(customers, BATCH, strict=False), lambda some: spendings(session, some, position)
        )
        log = await whole_log(session, position)

    assert {outcome["__typename"] for answer in registered for outcome in answer.values()} == {
        "ProductAccepted"
    }
    assert {name: outcome["version"] for name, outcome in outcomes.items()} == {
        name: "abc".index(name[0]) + 1 for name in outcomes
    }
    by_day: dict[date, list[Purchase]] = defaultdict(list)
    by_customer: dict[UUID, list[Purchase]] = defaultdict(list)
    for purchase in sold:
        by_day[purchase.day].append(purchase)
        by_customer[purchase.customer].append(purchase)

    assert [
        (s["day"], s["orders"], s["items"], s["revenue"]["currency"], Decimal(s["revenue"]["amount"]))
        for s in sales
    ] == [
        (str(day), len(some), len(some), "USD", sum(p.dollars for p in some))
        for day, some in sorted(by_day.items())
    ]
    assert [
        (UUID(c["id"]), c["placedOrders"], c["spent"]["currency"], Decimal(c["spent"]["amount"]))
        for page in books
        for c in page
    ] == [
        (customer, len(by_customer[customer]), "USD", sum(p.dollars for p in by_customer[customer]))
        for customer in customers
    ]
    assert [int(event["position"]) for event in log] == list(range(1, position + 1))
    assert Counter(event["type"] for event in log) == {
        "product.registered": len(catalogue),
        "order.opened": len(sold),
        "order.line-added": len(sold),
        "order.placed": len(sold),
    }
    assert Counter(event["occurredAt"][:10] for event in log if event["type"] == "order.placed") == {
        str(day): len(some) for day, some in by_day.items()
    }
