"""gql: a session over HTTP, and subscriptions over a WebSocket that begins again after a lost connection."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from gql import Client, GraphQLRequest, gql
from gql.transport.exceptions import TransportClosed, TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport

from tests.clients.steps import NAME, ORDER_ID, URL_HTTP, URL_SOCKET, answer, follow, say

REGISTER = gql("""mutation Register($sku: Sku!) {
  registerProduct(input: { sku: $sku, name: "Tea", price: { amount: "3.50" } }) {
    __typename ... on ProductAccepted { position }
  }
}""")
PRODUCT = gql(
    "query Product($sku: Sku!, $min: Position) { product(sku: $sku, minPosition: $min) { sku name } }"
)
PAGE = gql("""query Page($after: String) {
  products(first: 4, after: $after) { nodes { sku } pageInfo { hasNextPage endCursor } }
}""")
TOO_MANY = gql("query TooMany { products(first: 101) { totalCount } }")
ORDER = gql("query Order($id: UUID!) { order(id: $id) { id status payment { id status } } }")
EVENTS = gql("subscription Events($after: Position) { events(after: $after) { __typename position } }")
LOST = TransportClosed, TransportConnectionFailed, OSError


async def events(after: str) -> AsyncIterator[str]:
    transport = WebsocketsTransport(url=URL_SOCKET)
    async with Client(transport=transport) as session:
        EVENTS.variable_values = {"after": after}
        async for result in session.subscribe(EVENTS):
            yield result["events"]["position"]


async def main() -> None:
    client = Client(transport=HTTPXAsyncTransport(url=URL_HTTP), fetch_schema_from_transport=True)
    async with client as session:

        async def run(query: GraphQLRequest, **variables: object) -> dict[str, Any]:
            query.variable_values = variables
            return await session.execute(query)

        registered = (await run(REGISTER, sku=NAME))["registerProduct"]
        say(step="mutation", type=registered["__typename"])
        product = (await run(PRODUCT, sku=NAME, min=registered["position"]))["product"]
        say(step="query", **product)
        found, after, more = 0, None, True
        while more:
            page = (await run(PAGE, after=after))["products"]
            found += sum(node["sku"] == NAME for node in page["nodes"])
            more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
        say(step="pages", found=found)
        try:
            await run(TOO_MANY)
        except TransportQueryError as error:
            say(step="error", codes=[each["extensions"]["code"] for each in error.errors or ()])
        order = (await run(ORDER, id=ORDER_ID))["order"]
        say(step="order", id=order["id"], status=order["status"], payment=order["payment"]["status"])
        following = asyncio.create_task(follow(events, LOST))

        async def later() -> str:
            return (await run(PRODUCT, sku="LIVE"))["product"]["name"]

        await answer(later)
        following.cancel()


asyncio.run(main())
