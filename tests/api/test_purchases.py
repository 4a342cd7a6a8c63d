"""Real purchases, eighteen months of them, sold through the API: the books then say what the file says."""

import asyncio
import csv
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import batched
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

import httpx
from gql import Client, GraphQLRequest, gql
from gql.client import AsyncClientSession
from gql.transport.httpx import HTTPXAsyncTransport

from tests.conftest import ROOT, Server

FILE = ROOT / "tests" / "data" / "purchases.csv"
IN_FLIGHT = 32
BATCH = 20
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
            Purchase(n, uuid5(NAMESPACE_OID, f"customer {row['customer']}"), date.fromisoformat(row["date"]), int(row["cds"]), Decimal(row["dollars"]))
            for n, row in enumerate(csv.DictReader(lines), start=1)
        ]


SELL = gql("""
    mutation Sell($order: UUID!, $customer: UUID!, $sku: Sku!, $at: DateTime!) {
      openOrder(input: {id: $order, customerId: $customer}, options: {occurredAt: $at}) { ...Outcome }
      addLine(input: {orderId: $order, sku: $sku, quantity: 1}, options: {occurredAt: $at}) { ...Outcome }
      placeOrder(input: {orderId: $order}, options: {occurredAt: $at}) { ...Outcome }
    }
    fragment Outcome on OrderOutcome {
      __typename
      ... on OrderAccepted { version position duplicate }
    }
""")

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
async def connected(server: Server) -> AsyncIterator[AsyncClientSession]:
    transport = HTTPXAsyncTransport(url=server.url, timeout=30, limits=httpx.Limits(max_connections=IN_FLIGHT))
    async with Client(transport=transport, fetch_schema_from_transport=False) as session:
        yield session


async def each[T, R](items: Iterable[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
    """Ask about every item, so many at a time, in order."""
    free = asyncio.Semaphore(IN_FLIGHT)

    async def one(item: T) -> R:
        async with free:
            return await ask(item)

    return await asyncio.gather(*(one(item) for item in items))


def many(kind: str, variables: Sequence[str], fields: Sequence[str], values: dict[str, Any]) -> GraphQLRequest:
    """One document with a root field an item; as many documents as there are lengths, so that they are known after the first."""
    return GraphQLRequest(f"{kind} Many({', '.join(variables)}) {{ {' '.join(fields)} }}", variable_values=values)


async def register(session: AsyncClientSession, products: Sequence[tuple[str, int, Decimal]]) -> dict[str, Any]:
    request = many(
        "mutation",
        [f"$i{n}: RegisterProductInput!" for n in range(len(products))],
        [f"p{n}: registerProduct(input: $i{n}) {{ __typename }}" for n in range(len(products))],
        {
            f"i{n}": {"sku": sku, "name": f"{cds} CDs for {dollars}", "price": {"amount": str(dollars), "currency": "USD"}}
            for n, (sku, cds, dollars) in enumerate(products)
        },
    )
    return await session.execute(request)


async def spendings(session: AsyncClientSession, customers: Sequence[UUID], position: str) -> list[dict[str, Any]]:
    request = many(
        "query",
        ["$position: Position!", *(f"$c{n}: UUID!" for n in range(len(customers)))],
        [
            f"c{n}: customer(id: $c{n}, minPosition: $position) {{ id placedOrders spent {{ amount currency }} }}"
            for n in range(len(customers))
        ],
        {"position": position} | {f"c{n}": str(customer) for n, customer in enumerate(customers)},
    )
    return list((await session.execute(request)).values())


async def whole_log(session: AsyncClientSession) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after, more = "0", True
    while more:
        page = (await session.execute(GraphQLRequest(LOG, variable_values={"after": after})))["events"]
        found += page["nodes"]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def test_every_purchase_of_the_file_is_sold_and_the_books_add_up_to_the_cent(serve: Callable[..., Server]) -> None:
    sold = purchases()
    catalogue = sorted({(p.sku, p.cds, p.dollars) for p in sold})
    assert (len(sold), len({p.customer for p in sold})) == (6_919, 2_357)

    async with connected(serve().wait()) as session:

        async def sell(purchase: Purchase) -> dict[str, Any]:
            answer = await session.execute(GraphQLRequest(SELL, variable_values={
                "order": str(purchase.order), "customer": str(purchase.customer), "sku": purchase.sku, "at": f"{purchase.day}T12:00:00Z",
            }))
            assert [answer[f]["version"] for f in ("openOrder", "addLine", "placeOrder")] == [1, 2, 3], (purchase, answer)
            return answer

        registered = await each(batched(catalogue, BATCH), lambda products: register(session, products))
        assert {outcome["__typename"] for answer in registered for outcome in answer.values()} == {"ProductAccepted"}
        answers = await each(sold, sell)
        position = str(max(int(answer["placeOrder"]["position"]) for answer in answers))
        sales = (await session.execute(GraphQLRequest(SALES, variable_values={"position": position})))["dailySales"]
        customers = sorted({p.customer for p in sold})
        books = await each(batched(customers, BATCH), lambda some: spendings(session, some, position))
        log = await whole_log(session)

    by_day: dict[date, list[Purchase]] = defaultdict(list)
    by_customer: dict[UUID, list[Purchase]] = defaultdict(list)
    for purchase in sold:
        by_day[purchase.day].append(purchase)
        by_customer[purchase.customer].append(purchase)

    assert [(s["day"], s["orders"], s["items"], s["revenue"]["currency"], Decimal(s["revenue"]["amount"])) for s in sales] == [
        (str(day), len(some), len(some), "USD", sum(p.dollars for p in some)) for day, some in sorted(by_day.items())
    ]
    assert [(UUID(c["id"]), c["placedOrders"], c["spent"]["currency"], Decimal(c["spent"]["amount"])) for page in books for c in page] == [
        (customer, len(by_customer[customer]), "USD", sum(p.dollars for p in by_customer[customer])) for customer in customers
    ]
    assert [int(event["position"]) for event in log] == list(range(1, int(position) + 1))
    assert Counter(event["type"] for event in log) == {
        "product.registered": len(catalogue),
        "order.opened": len(sold),
        "order.line-added": len(sold),
        "order.placed": len(sold),
    }
    assert Counter(event["occurredAt"][:10] for event in log if event["type"] == "order.placed") == {
        str(day): len(some) for day, some in by_day.items()
    }
