"""Subscribers who ask in the same words share the work, and nothing of it shows in what they are sent."""

import asyncio
import gc
import json
import weakref
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.sql.elements import quoted_name
from strawberry.types import ExecutionResult

from app.engine.commands import CommandAccepted, CommandContext
from app.engine.graphql.context import Context
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.execution.shared_subscriptions import SharedSubscription, SharedSubscriptions
from app.engine.graphql.json import encode_json
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.server.runtime import Runtime
from app.engine.store.event_filter import EventFilter
from app.engine.store.reader import Fact
from domain.money import Money
from domain.order import AddLine, Line, OpenOrder, PlaceOrder, order
from domain.product import ReceiveStock, RegisterProduct, product, product_id
from tests.shop.support.handovers import cancel_all, context_of, endpoint, handed_over
from tests.support.server import Server
from tests.support.websocket import Socket, opened

FACTS = """subscription Facts($from: Position, $filter: EventFilter, $long: Boolean! = true) { facts: events(after: $from, filter: $filter) {
  __typename position type streamId @include(if: $long) recordedAt ...Stock ... on ProductRegistered { sku name price { amount currency } } } }
  fragment Stock on ProductStockReceived { quantity again: quantity }"""
LONG, SHORT = {"long": True}, {"long": False}
REGISTER = 'mutation($sku: Sku!) { registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "1.00"}}) { __typename } }'
RECEIVE = "mutation($sku: Sku!) { receiveStock(input: {sku: $sku, quantity: 3}) { __typename } }"


async def told(socket: Socket, identity: str, number: int) -> list[dict[str, Any]]:
    messages = [await socket.next(identity) for _ in range(number)]
    assert {(message["type"], message["id"]) for message in messages} == {("next", identity)}
    return [message["payload"] for message in messages]


async def test_what_is_shared_is_what_each_would_be_sent_alone(serve: Callable[..., Server]) -> None:
    server = serve().wait()

    async def happen(sku: str) -> None:
        for query in (REGISTER, RECEIVE, RECEIVE):
            assert "errors" not in await asyncio.to_thread(server.ask, query, {"sku": sku})

    await happen("TEA")
    async with opened(server) as one, opened(server) as other:
        await one.subscribe('a "quoted" id', FACTS, LONG | {"from": "0"})
        await one.subscribe("same", FACTS, LONG | {"from": "2"})
        await one.subscribe("short", FACTS, SHORT | {"from": "0"})
        await other.subscribe("now", FACTS, LONG)
        await other.subscribe(
            "stock", FACTS, LONG | {"from": "0", "filter": {"types": ["product.stock-received"]}}
        )
        await asyncio.gather(one.settled(), other.settled())
        await happen("JAM")
        live = {
            "a": await told(one, 'a "quoted" id', 6),
            "same": await told(one, "same", 4),
            "short": await told(one, "short", 6),
            "now": await told(other, "now", 3),
            "stock": await told(other, "stock", 4),
        }
        # Who comes now is executed alone, for all of it.
        await other.subscribe("alone", FACTS, LONG | {"from": "0"})
        await other.subscribe("alone, short", FACTS, SHORT | {"from": "0"})
        alone, short = await told(other, "alone", 6), await told(other, "alone, short", 6)
    wanted = [each["data"] for each in alone]
    assert [each["facts"]["position"] for each in wanted] == ["1", "2", "3", "4", "5", "6"]
    assert [each["data"] for each in live["a"]] == wanted
    assert [each["data"] for each in live["same"]] == wanted[2:]
    assert [each["data"] for each in live["now"]] == wanted[3:]
    assert [each["data"] for each in live["stock"]] == [wanted[n] for n in (1, 2, 4, 5)]
    assert [each["data"] for each in live["short"]] == [each["data"] for each in short]
    assert all("streamId" not in each["data"]["facts"] for each in short)
    correlations = []
    for payloads in live.values():
        for payload, by_itself in zip(payloads, alone, strict=False):
            assert payload["extensions"].keys() == by_itself["extensions"].keys()
            assert list(payload) == list(by_itself)
        assert int(payloads[-1]["extensions"]["position"]) >= 6
        [correlation] = {payload["extensions"]["correlationId"] for payload in payloads}
        correlations.append(correlation)
    assert len(set(correlations)) == len(live)


@pytest.fixture
def view(runtime: Runtime) -> GraphQLEndpoint:
    return endpoint(runtime)


async def test_a_fact_is_rendered_once_for_all_who_ask_in_the_same_words_and_again_for_who_is_far_behind(
    runtime: Runtime, view: GraphQLEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.engine.graphql.execution.shared_subscriptions.MAX_CACHED_PAYLOADS", 3)
    rendered: list[int] = []
    own = SharedSubscription._render  # pyright: ignore[reportPrivateUsage]

    def watched(self: SharedSubscription, root: object, position: int, charge: OperationCharge) -> Any:
        rendered.append(position)
        return own(self, root, position, charge)

    monkeypatch.setattr(SharedSubscription, "_render", watched)
    tails: SharedSubscriptions = view.shared_subscriptions
    first = context_of(view, "anna")
    asked = [
        await handed_over(view, first, LONG | {"from": "0"}, FACTS),
        await handed_over(view, first, LONG, FACTS),
        await handed_over(view, first, SHORT, FACTS),
        await handed_over(view, context_of(view, "ben", "staff"), LONG, FACTS),
    ]
    heard: list[asyncio.Queue[str]] = [asyncio.Queue() for _ in range(5)]
    follows = [
        asyncio.create_task(tails.send(each, str(n), uuid4(), heard[n].put)) for n, each in enumerate(asked)
    ]
    request = CommandContext(actor="tester", correlation_id=uuid4())
    tea = product_id("TEA")
    for command in (
        RegisterProduct(sku="TEA", name="Tea", price=Money(amount=Decimal("1.00"), currency="EUR")),
        *[ReceiveStock(quantity=1)] * 5,
    ):
        assert isinstance(await runtime.commands.execute(product, tea, command, request), CommandAccepted)
    for item in heard[:4]:
        assert [position_of(await item.get()) for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    # Other words, and another authority, are another matter.
    assert sorted(rendered) == sorted([1, 2, 3, 4, 5, 6] * 3)
    rendered.clear()
    late = asyncio.create_task(
        tails.send(replace(asked[0], cursor=0, where=EventFilter()), "late", uuid4(), heard[4].put)
    )
    assert [position_of(await heard[4].get()) for _ in range(6)] == [1, 2, 3, 4, 5, 6]
    assert rendered == [1, 2, 3, 4, 5, 6]
    kept = tails._shared  # pyright: ignore[reportPrivateUsage]
    assert len(kept) == 3
    tasks = [*follows, late]
    await cancel_all(tasks)
    # What they were cancelled with holds on to what they were doing.
    del follows, late, tasks
    gc.collect()
    assert len(kept) == 0


async def test_the_payloads_of_all_shared_subscriptions_have_one_bound_in_bytes(
    runtime: Runtime, view: GraphQLEndpoint
) -> None:
    tails, asks = view.shared_subscriptions, context_of(view, "anna")
    tails.memory.max_bytes = 5_000
    heard: list[asyncio.Queue[str]] = [asyncio.Queue() for _ in range(3)]
    # Other words each: nothing is shared.
    asked = [await handed_over(view, asks, LONG, f"{FACTS} # {number}") for number, _ in enumerate(heard)]
    follows = [
        asyncio.create_task(tails.send(each, str(n), uuid4(), heard[n].put)) for n, each in enumerate(asked)
    ]
    request = CommandContext(actor="tester", correlation_id=uuid4())
    price = Money(amount=Decimal("1.00"), currency="EUR")
    register = RegisterProduct(sku="TEA", name="Tea", price=price)
    for command in (register, *[ReceiveStock(quantity=1)] * 60):
        outcome = await runtime.commands.execute(product, product_id("TEA"), command, request)
        assert isinstance(outcome, CommandAccepted)
    for item in heard:
        assert [position_of(await item.get()) for _ in range(61)] == [*range(1, 62)]
    payloads = [len(shared._payloads) for shared in tails._shared.values()]  # pyright: ignore[reportPrivateUsage]
    assert len(payloads) == 3
    assert 0 < tails.memory.used <= 5_000
    assert sum(payloads) < 10
    await cancel_all(follows)
    del follows, asked
    gc.collect()
    assert tails.memory.used == 0


class Batch(list[Fact]):
    """Events of which a test sees whether they are still there."""


@pytest.mark.parametrize("shares", [True, False], ids=["on a socket", "on an event stream"])
async def test_a_subscriber_that_waits_does_not_keep_the_events_that_it_has_sent(
    runtime: Runtime, view: GraphQLEndpoint, monkeypatch: pytest.MonkeyPatch, shares: bool
) -> None:
    request, asks = CommandContext(actor="tester", correlation_id=uuid4()), context_of(view, "anna")
    price = Money(amount=Decimal("1.00"), currency="EUR")
    register = RegisterProduct(sku="TEA", name="Tea", price=price)
    for command in (register, *[ReceiveStock(quantity=1)] * 20):
        outcome = await runtime.commands.execute(product, product_id("TEA"), command, request)
        assert isinstance(outcome, CommandAccepted)
    handover = await handed_over(view, asks, LONG, FACTS)
    heard, batches, read_after = asyncio.Queue[object](), list[weakref.ref[Batch]](), runtime.feed.read_after

    async def watched(*arguments: Any) -> tuple[Sequence[Fact], int]:
        facts, cursor = await read_after(*arguments)
        if asyncio.current_task() is not task:
            return facts, cursor
        batch = Batch(facts)
        batches.append(weakref.ref(batch))
        return batch, cursor

    monkeypatch.setattr(runtime.feed, "read_after", watched)
    if shares:
        behind = replace(handover, cursor=0)
        sending = view.shared_subscriptions.send(behind, "1", uuid4(), heard.put)
    else:
        stream: Any = await view.schema.stream(FACTS, LONG | {"from": "0"}, asks)
        sending = send_results(stream, heard)
    task = asyncio.create_task(sending)
    for _ in range(21):
        await heard.get()
    async with asyncio.timeout(10):
        while not runtime.feed.waiting_subscribers:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
    assert batches
    assert [batch() for batch in batches] == [None] * len(batches)
    await cancel_all([task])


async def send_results(results: AsyncGenerator[ExecutionResult], heard: asyncio.Queue[object]) -> None:
    async with aclosing(results):
        async for result in results:
            await heard.put(result)


def position_of(message: str) -> int:
    return int(json.loads(message)["payload"]["data"]["facts"]["position"])


async def test_what_has_to_be_loaded_for_a_fact_is_loaded_once_for_all(
    runtime: Runtime, view: GraphQLEndpoint
) -> None:
    heard: list[asyncio.Queue[str]] = [asyncio.Queue(), asyncio.Queue()]
    asks = context_of(view, "anna")
    placed = 'subscription { events(filter: {types: ["order.placed"]}) { position ... on OrderPlaced { lines { quantity product { sku name } } } } }'
    asked = [await handed_over(view, asks, {}, placed) for _ in heard]
    follows = [
        asyncio.create_task(view.shared_subscriptions.send(each, "1", uuid4(), heard[n].put))
        for n, each in enumerate(asked)
    ]
    request, identity = CommandContext(actor="tester", correlation_id=uuid4()), uuid4()
    price = Money(amount=Decimal("1.00"), currency="EUR")
    registered = await runtime.commands.execute(
        product, product_id("TEA"), RegisterProduct(sku="TEA", name="Tea", price=price), request
    )
    assert isinstance(registered, CommandAccepted)
    await runtime.projector.wait_for_position("products", registered.position, 10)
    for command in (
        OpenOrder(customer_id=uuid4()),
        AddLine(line=Line(sku="TEA", quantity=2, unit_price=price)),
        PlaceOrder(at=datetime.now(UTC)),
    ):
        assert isinstance(await runtime.commands.execute(order, identity, command, request), CommandAccepted)
    bodies = [json.loads(await each.get())["payload"] for each in heard]
    assert bodies[0]["data"]["events"]["lines"] == [{"quantity": 2, "product": {"sku": "TEA", "name": "Tea"}}]
    assert bodies[0]["data"] == bodies[1]["data"]
    for follower in follows:
        follower.cancel()
    await asyncio.wait(follows)


async def test_a_context_that_has_loaders_is_freed_without_the_collector_of_cycles(
    runtime: Runtime, view: GraphQLEndpoint
) -> None:
    gc.disable()
    try:
        asked = Context.of(context_of(view, "a"), uuid4())
        freed = weakref.ref(asked), weakref.ref(asked.loaders)
        del asked
        assert [each() for each in freed] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"a": [1, None, True, "ü"]}, '{"a":[1,null,true,"ü"]}'),
        ({"a": quoted_name("sku", None)}, '{"a":"sku"}'),
        ({"a": "half \ud800"}, '{"a":"half \\ud800"}'),
        ({"a": 2**70}, '{"a":1180591620717411303424}'),
    ],
)
def test_every_value_of_an_answer_becomes_json(answer: object, text: str) -> None:
    assert encode_json(answer) == text
