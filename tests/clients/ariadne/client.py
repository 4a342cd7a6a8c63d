"""The client that ariadne-codegen has written: typed methods and results, and subscriptions over a WebSocket."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import websockets
from shop_client import Client
from shop_client.exceptions import GraphQLClientGraphQLMultiError
from shop_client.register_tea import RegisterTeaRegisterProductProductAccepted
from steps import NAME, ORDER_ID, URL_HTTP, URL_SOCKET, answer, follow, say

client = Client(url=URL_HTTP, ws_url=URL_SOCKET)


async def events(after: str) -> AsyncIterator[str]:
    async for result in client.events(after=after):
        yield result.events.position


async def main() -> None:
    registered = (await client.register_tea(sku=NAME)).register_product
    assert isinstance(registered, RegisterTeaRegisterProductProductAccepted)
    say(step="mutation", type=registered.typename__)
    product = (await client.show_product(sku=NAME, min=registered.position)).product
    assert product is not None
    say(step="query", sku=product.sku, name=product.name)
    found, after, more = 0, None, True
    while more:
        page = (await client.show_page(after=after)).products
        found += sum(node.sku == NAME for node in page.nodes)
        more, after = page.page_info.has_next_page, page.page_info.end_cursor
    say(step="pages", found=found)
    try:
        await client.too_many()
    except GraphQLClientGraphQLMultiError as error:
        say(step="error", codes=[(each.extensions or {}).get("code") for each in error.errors])
    order = (await client.show_order(id=UUID(ORDER_ID))).order
    assert order is not None
    assert order.payment is not None
    say(step="order", id=order.id, status=order.status, payment=order.payment.status)
    following = asyncio.create_task(follow(events, (websockets.exceptions.WebSocketException, OSError)))

    async def later() -> str:
        found = (await client.show_product(sku="LIVE")).product
        assert found is not None
        return found.name

    await answer(later)
    following.cancel()


asyncio.run(main())
