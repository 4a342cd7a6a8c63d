"""A client that keeps a list by the changes alone has the list of the query at every quiet moment."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.product import product_id
from tests.support.databases import new_database, run_in_thread
from tests.support.log_surgery import rewind
from tests.support.server import Server
from tests.support.websocket import PATIENCE, Socket, opened

ORDER = "id version status lines { sku quantity }"
PRODUCT = "sku name available version"
ORDERS = f"subscription($f: OrderFilter, $most: Int! = 200, $after: Position) {{ orders(filter: $f, most: $most, after: $after) {{ position initial upserted {{ {ORDER} }} removed }} }}"
PRODUCTS = f"subscription($f: ProductFilter, $after: Position) {{ products(filter: $f, after: $after) {{ position initial upserted {{ {PRODUCT} }} removed }} }}"
ALL_ORDERS = f"query($f: OrderFilter, $p: Position) {{ orders(filter: $f, first: 100, minPosition: $p) {{ nodes {{ {ORDER} }} }} }}"
ALL_PRODUCTS = f"query($f: ProductFilter, $p: Position) {{ products(filter: $f, first: 100, minPosition: $p) {{ nodes {{ {PRODUCT} }} }} }}"
OPEN = "mutation($id: UUID!, $c: UUID!) { openOrder(input: {id: $id, customerId: $c}) { __typename } }"
ADD = "mutation($id: UUID!, $sku: Sku!, $n: Quantity!) { addLine(input: {orderId: $id, sku: $sku, quantity: $n}) { __typename } }"
PLACE = "mutation($id: UUID!) { placeOrder(input: {orderId: $id}) { __typename } }"
CANCEL = 'mutation($id: UUID!) { cancelOrder(input: {orderId: $id, reason: "no"}) { __typename } }'
REGISTER = 'mutation($sku: Sku!, $name: String!) { registerProduct(input: {sku: $sku, name: $name, price: {amount: "2.00"}}) { __typename } }'
RECEIVE = (
    "mutation($sku: Sku!, $n: Quantity!) { receiveStock(input: {sku: $sku, quantity: $n}) { __typename } }"
)


@dataclass
class ListClient:
    """Keeps one list by the messages of its subscription."""

    socket: Socket
    name: str
    query: str
    filter: dict[str, Any]
    operation: str = field(default_factory=lambda: str(uuid4()))
    items: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    position: str | None = None
    initials: int = 0

    async def subscribe(self) -> None:
        await self.socket.subscribe(self.operation, self.query, {"f": self.filter, "after": self.position})

    async def resume(self, socket: Socket) -> None:
        """Go on from the last position on another socket, perhaps of another server."""
        await self.socket.say({"id": self.operation, "type": "complete"})
        self.socket, self.operation = socket, str(uuid4())
        await self.subscribe()

    def apply(self, changes: dict[str, Any]) -> None:
        if changes["initial"]:
            self.initials += 1
            self.items = {}
        # A product has its SKU in place of an id.
        for item in changes["upserted"]:
            self.items[str(item.get("id") or item["sku"])] = item
        for id in changes["removed"]:
            self.items.pop(self.skus.get(str(id), str(id)), None)
        assert self.position is None or int(self.position) <= int(changes["position"])
        self.position = changes["position"]

    skus: dict[str, str] = field(default_factory=dict[str, str])
    """The SKUs of products by the ids in `removed`."""

    async def until(self, reached: Callable[[], Any]) -> None:
        """Apply messages until `reached` awaits to true."""
        async with asyncio.timeout(PATIENCE):
            while not await reached():
                self.apply((await self.socket.data(self.operation))[self.name])


async def ask(client: httpx2.AsyncClient, server: Server, query: str, **variables: Any) -> Any:
    answer = (await client.post(server.url, json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(0, 2)),
        st.tuples(st.just("add"), st.integers(0, 2), st.integers(0, 1), st.integers(1, 3)),
        st.tuples(st.just("place"), st.integers(0, 2)),
        st.tuples(st.just("cancel"), st.integers(0, 2)),
        st.tuples(st.just("receive"), st.integers(0, 1), st.integers(1, 3)),
        st.tuples(st.just("resume"), st.booleans()),
        st.just(("quiet",)),
    ),
    min_size=6,
    max_size=20,
)
PRELUDE = [("open", 0), ("open", 1), ("receive", 0, 4), ("add", 0, 0, 1), ("add", 1, 0, 2)]
"""Without it most scripts would change nothing."""


async def play(pair: tuple[Server, Server], script: list[tuple[Any, ...]]) -> None:
    owner, other = pair
    customer, word = str(uuid4()), uuid4().hex[:8]
    orders = [str(uuid4()) for _ in range(4)]
    skus = [f"{word}-{number}" for number in range(2)]
    open_or_placed = {"customerId": customer, "status": ["OPEN", "PLACED"]}
    in_stock = {"available": True, "nameContains": word}
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx2.AsyncClient(timeout=20))
        sockets = [await stack.enter_async_context(opened(server)) for server in pair]
        for sku in skus:
            await ask(http, owner, REGISTER, sku=sku, name=f"Tea {sku}")
        clients = [
            ListClient(socket, name, query, filter)
            for socket in sockets
            for name, query, filter in (
                ("orders", ORDERS, open_or_placed),
                ("products", PRODUCTS, in_stock),
            )
        ]
        ids = {str(product_id(sku)): sku for sku in skus}
        for client in clients:
            client.skus = ids
            await client.subscribe()

        async def check_quiet() -> None:
            for client in clients:
                query = ALL_ORDERS if client.name == "orders" else ALL_PRODUCTS

                async def equal(client: ListClient = client, query: str = query) -> bool:
                    if client.position is None:
                        return False
                    head = (await ask(http, owner, "{ position }"))["position"]
                    truth = await ask(http, other, query, f=client.filter, p=head)
                    nodes = truth[client.name]["nodes"]
                    return client.items == {node.get("id") or node["sku"]: node for node in nodes}

                await client.until(equal)

        for number, step in enumerate((*PRELUDE, *script, ("quiet",))):
            server = pair[number % 2]
            match step:
                case ("open", order):
                    await ask(http, server, OPEN, id=orders[order], c=customer)
                case ("add", order, sku, quantity):
                    await ask(http, server, ADD, id=orders[order], sku=skus[sku], n=quantity)
                case ("place", order):
                    await ask(http, server, PLACE, id=orders[order])
                case ("cancel", order):
                    await ask(http, server, CANCEL, id=orders[order])
                case ("receive", sku, quantity):
                    await ask(http, server, RECEIVE, sku=skus[sku], n=quantity)
                case ("resume", swap):
                    for client in clients:
                        if client.position is not None:
                            index = sockets.index(client.socket)
                            await client.resume(sockets[1 - index if swap else index])
                case _:
                    await check_quiet()


@pytest.mark.long
@given(steps)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_list_that_is_kept_by_its_changes_is_the_list_of_the_query(
    pair: tuple[Server, Server], script: list[tuple[Any, ...]]
) -> None:
    asyncio.run(play(pair, script))


@pytest.fixture
async def socket(pair: tuple[Server, Server]) -> AsyncIterator[Socket]:
    async with opened(pair[0]) as socket:
        yield socket


async def registered(server: Server, *skus: str) -> None:
    for sku in skus:
        await asyncio.to_thread(server.ask, REGISTER, {"sku": sku, "name": f"Tea {sku}"})


async def received(server: Server, sku: str) -> None:
    await asyncio.to_thread(server.ask, RECEIVE, {"sku": sku, "n": 1})


async def changes(socket: Socket, operation: str) -> tuple[bool, list[str], list[str]]:
    """The next message: whether it is the list, the SKUs that were upserted, and the ids that left."""
    message = (await socket.data(operation))["products"]
    return message["initial"], [item["sku"] for item in message["upserted"]], message["removed"]


async def test_a_list_resumes_at_a_position_with_what_changed_since(
    pair: tuple[Server, Server], socket: Socket
) -> None:
    owner, other = pair
    word = uuid4().hex[:8]
    await registered(owner, f"{word}-a", f"{word}-b")
    none_left = {"available": False, "nameContains": word}
    await socket.subscribe("one", PRODUCTS, {"f": none_left})
    first = (await socket.data("one"))["products"]
    assert first["initial"]
    assert {item["sku"] for item in first["upserted"]} == {f"{word}-a", f"{word}-b"}
    await socket.say({"id": "one", "type": "complete"})
    await received(owner, f"{word}-a")
    await registered(owner, f"{word}-c")
    async with opened(other) as elsewhere:
        await elsewhere.subscribe("two", PRODUCTS, {"f": none_left, "after": first["position"]})
        assert await changes(elsewhere, "two") == (False, [f"{word}-c"], [str(product_id(f"{word}-a"))])
        # Nothing has changed since: the first message is the next change.
        position = (await asyncio.to_thread(owner.ask, "{ position }"))["data"]["position"]
        await elsewhere.subscribe("three", PRODUCTS, {"f": none_left, "after": position})
        await received(owner, f"{word}-b")
        gone = (False, [], [str(product_id(f"{word}-b"))])
        assert await changes(elsewhere, "three") == gone
        assert await changes(elsewhere, "two") == gone


async def test_a_key_that_came_and_left_in_one_batch_leaves_the_list(
    pair: tuple[Server, Server], socket: Socket
) -> None:
    order, customer = str(uuid4()), str(uuid4())
    variables = {"f": {"customerId": customer, "status": ["OPEN"]}}
    await socket.subscribe("list", ORDERS, variables)
    kept = ListClient(socket, "orders", ORDERS, variables["f"], "list")
    await kept.until(lambda: _is(kept.position is not None))
    both = f"mutation($id: UUID!, $c: UUID!) {{ {OPEN.partition('{')[2].rstrip(' }')} }} {CANCEL.partition('{')[2]}"
    await asyncio.to_thread(pair[1].ask, both, {"id": order, "c": customer})
    await asyncio.to_thread(pair[1].ask, OPEN, {"id": str(uuid4()), "c": customer})
    await kept.until(lambda: _is(bool(kept.items) and order not in kept.items))
    assert len(kept.items) == 1


async def _is(condition: bool) -> bool:
    return condition


async def test_a_list_that_is_or_grows_too_long_asks_for_a_narrower_filter(
    pair: tuple[Server, Server], socket: Socket
) -> None:
    customer = str(uuid4())

    async def refusal(operation: str) -> Any:
        message = await socket.next(operation)
        assert message["type"] == "error", message
        return message["payload"][0]

    for _ in range(2):
        await asyncio.to_thread(pair[0].ask, OPEN, {"id": str(uuid4()), "c": customer})
    await socket.subscribe("long", ORDERS, {"f": {"customerId": customer}, "most": 1})
    error = await refusal("long")
    assert (error["extensions"]["code"], "narrower filter" in error["message"]) == ("BAD_USER_INPUT", True)
    await socket.subscribe("fits", ORDERS, {"f": {"customerId": customer}, "most": 2})
    assert len((await socket.data("fits"))["orders"]["upserted"]) == 2
    await asyncio.to_thread(pair[1].ask, OPEN, {"id": str(uuid4()), "c": customer})
    assert (await refusal("fits"))["extensions"]["code"] == "BAD_USER_INPUT"
    for most in (0, -1, 1001):
        await socket.subscribe(f"most {most}", ORDERS, {"most": most})
        assert (await refusal(f"most {most}"))["extensions"]["code"] == "BAD_USER_INPUT"
    await socket.subscribe("future", ORDERS, {"after": "100000000"})
    assert (await refusal("future"))["extensions"]["code"] == "LOG_REPLACED"


async def test_a_live_list_is_served_as_an_event_stream_too(pair: tuple[Server, Server]) -> None:
    word = uuid4().hex[:8]
    await registered(pair[0], f"{word}-a")
    body = {"query": PRODUCTS, "variables": {"f": {"nameContains": word}}}
    async with (
        httpx2.AsyncClient(timeout=20) as http,
        http.stream("POST", pair[1].url, json=body, headers={"accept": "text/event-stream"}) as answer,
    ):
        lines = (line async for line in answer.aiter_lines() if line.startswith("data:") and '"data"' in line)
        assert '"initial":true' in await anext(lines)
        await received(pair[0], f"{word}-a")
        assert '"available":1' in await anext(lines)


async def test_each_message_of_an_event_stream_reads_what_belongs_to_its_rows_again(
    pair: tuple[Server, Server],
) -> None:
    sku, order, customer = uuid4().hex[:8], str(uuid4()), str(uuid4())
    await registered(pair[0], sku)
    await received(pair[0], sku)
    document = "subscription($f: OrderFilter) { orders(filter: $f) { upserted { status payment { status } lines { product { available } } } } }"
    body = {"query": document, "variables": {"f": {"customerId": customer}}}
    async with (
        httpx2.AsyncClient(timeout=20) as http,
        http.stream("POST", pair[0].url, json=body, headers={"accept": "text/event-stream"}) as answer,
    ):
        frames = (line async for line in answer.aiter_lines() if line.startswith('data: {"data"'))

        async def until(status: str) -> Any:
            async for frame in frames:
                rows = json.loads(frame.removeprefix("data: "))["data"]["orders"]["upserted"]
                if rows and rows[0]["status"] == status and rows[0]["lines"]:
                    return rows[0]
            raise AssertionError("the stream has ended")

        await asyncio.to_thread(pair[0].ask, OPEN, {"id": order, "c": customer})
        await asyncio.to_thread(pair[0].ask, ADD, {"id": order, "sku": sku, "n": 1})
        row = await until("OPEN")
        assert (row["payment"], row["lines"][0]["product"]["available"]) == (None, 1)
        await asyncio.to_thread(pair[0].ask, PLACE, {"id": order})
        row = await until("CONFIRMED")
        # The capture may be there already.
        assert row["payment"]["status"] in ("AUTHORISED", "CAPTURED")
        assert row["lines"][0]["product"]["available"] == 0


async def test_a_log_that_is_replaced_ends_a_live_list(postgres: str, template: str) -> None:
    with new_database(postgres, template) as url:
        server = Server(url).wait()
        try:
            await registered(server, "a", "b")
            async with opened(server) as socket:
                await socket.subscribe("list", PRODUCTS)
                await socket.data("list")
                await asyncio.to_thread(run_in_thread, rewind(url, 1))
                message = await socket.next("list")
                assert message["type"] == "error", message
                assert message["payload"][0]["extensions"]["code"] == "LOG_REPLACED"
                await socket.subscribe("again", PRODUCTS)
        finally:
            server.close()
