"""The objects of an operation are gone when it ends.

The collector of cycles, which stops everything, finds none of them.
"""

import gc
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from starlette.applications import Starlette

from app.engine.graphql.context import RequestContext
from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.read_point import ReadPoint
from app.engine.server.runtime import Runtime
from tests.support.graphql_client import Api
from tests.support.websocket import RawSocket

TIMES = 20
OPERATIONS = (
    'mutation { openOrder(input: {customerId: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2e"}) { __typename ... on OrderAccepted { order { status } } } }',
    "{ orders(first: 5) { nodes { id lines { sku product { name } } } totalCount } }",
    '{ order(id: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2f") { status } }',
    '{ stream(category: "order", id: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2f") { version } }',
)


@pytest.fixture
async def no_collector(runtime: Runtime, api: Api) -> AsyncIterator[None]:
    # The tables exist once the projections have reached an event.
    assert "errors" not in await api(OPERATIONS[0])
    for projection in ("orders", "products", "customers"):
        await runtime.projector.wait_for_position(projection, 1, 20)
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def left_over(execute: Callable[[], Awaitable[None]]) -> Counter[str]:
    """The executors and contexts that twenty operations leave, those in cycles included."""
    await execute()  # fills the caches
    gc.collect()
    before = living()
    for _ in range(TIMES):
        await execute()
    return living() - before


def living() -> Counter[str]:
    kinds = (FastExecutionContext, RequestContext, ReadPoint, Loaders)
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, kinds))


async def test_an_operation_over_http_leaves_no_cycle(api: Api, no_collector: None) -> None:
    for query in OPERATIONS:

        async def execute(query: str = query) -> None:
            assert "errors" not in await api(query)

        assert await left_over(execute) == {}, query


async def test_an_operation_on_a_socket_leaves_no_cycle(app: Starlette, no_collector: None) -> None:
    socket = RawSocket(app)
    await socket.send({"type": "connection_init"})
    assert (await socket.next())["type"] == "connection_ack"
    for query in OPERATIONS:

        async def execute(query: str = query) -> None:
            await socket.send({"type": "subscribe", "id": "1", "payload": {"query": query}})
            answer = await socket.next()
            assert "errors" not in answer["payload"], answer
            assert (await socket.next())["type"] == "complete"

        assert await left_over(execute) == {}, query
    await socket.close()
