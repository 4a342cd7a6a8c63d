"""The reads of a caller take turns of its own, so that a slow one holds up no other caller."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from asyncpg import Pool

from app.engine.commands import CommandContext
from app.engine.graphql.context import Context
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.execution.shared_subscriptions import LIVE_MESSAGES
from app.engine.projector.slots import LIVE, table_name
from app.engine.server.runtime import Runtime
from app.engine.shares import FairSlots
from domain.order import OpenOrder, order
from projections.order import orders
from projections.product import products
from tests.shop.support.handovers import cancel_all, context_of, endpoint, handed_over
from tests.shop.support.shop_client import ended, filled, placed, stock
from tests.support.graphql_client import Api
from tests.support.locks import locked


async def test_a_caller_whose_reads_of_the_past_wait_leaves_places_to_others(
    api: Api, database_url: str
) -> None:
    order = await filled(api)
    position = (await api.data("{ position }"))["position"]
    query = f'{{ order(id: "{order}", minPosition: "{position}") {{ history {{ nodes {{ command }} }} }} }}'

    def ask(actor: str) -> asyncio.Task[dict[str, Any]]:
        return asyncio.create_task(api(query, x_actor=actor))

    async with locked(database_url, "es.commands") as lock:
        greedy = [ask("greedy") for _ in range(10)]
        await lock.until_waiting(2)
        modest = ask("modest")
        # It has a place of its own, though ten operations asked before it.
        await lock.until_waiting(3)
    answers = await asyncio.gather(modest, *greedy)
    assert [answer.get("errors") for answer in answers] == [None] * 11


COUNT = '{ products(first: 1, filter: {nameContains: "zzz"}) { totalCount } }'


async def have_tables(runtime: Runtime) -> None:
    for name in runtime.projector.workers:
        await runtime.projector.wait_for_position(name, 1, 20)


async def test_a_caller_whose_reads_of_a_table_wait_leaves_connections_to_others(
    api: Api, runtime: Runtime, database_url: str
) -> None:
    await filled(api)
    await have_tables(runtime)

    def ask(query: str, actor: str) -> asyncio.Task[dict[str, Any]]:
        return asyncio.create_task(api(query, x_actor=actor))

    async with locked(database_url, table_name("products", products.version, LIVE)) as lock:
        greedy = [ask(COUNT, "greedy") for _ in range(10)]
        await lock.until_waiting(2)
        # Half of the pool is left, though ten operations asked before.
        async with asyncio.timeout(10):
            modest = await ask("{ orders(first: 1) { totalCount } }", "modest")
    answers = [modest, *await asyncio.gather(*greedy)]
    assert [answer.get("errors") for answer in answers] == [None] * 11


OPEN_ORDERS = "subscription { orders(filter: { status: OPEN }) { upserted { id } } }"
LIST = "subscription { products(most: 5) { position upserted { sku } } }"
OF_ORDER = '{ order(id: "%s") { history { nodes { command } } fulfilment { status } } }'


@dataclass
class Turns:
    """The turns and the connections that the tasks of a test have taken."""

    callers: list[str] = field(default_factory=list[str])
    connections: int = 0


@contextmanager
def watched_turns(monkeypatch: pytest.MonkeyPatch) -> Generator[Turns]:
    """Watches the tasks that begin in this block, and not those of the runtime."""
    turns, is_watched = Turns(), ContextVar("is_watched", default=False)
    acquire, connect = FairSlots.acquire, Pool.acquire

    async def watched(slots: FairSlots, caller: str) -> None:
        await acquire(slots, caller)
        if is_watched.get():
            turns.callers.append(caller)

    def counted(pool: Pool, **options: Any) -> Any:
        turns.connections += is_watched.get()
        return connect(pool, **options)

    monkeypatch.setattr(FairSlots, "acquire", watched)
    monkeypatch.setattr(Pool, "acquire", counted)
    token = is_watched.set(True)
    yield turns
    is_watched.reset(token)


@pytest.mark.parametrize(
    "query",
    [
        COUNT,
        '{ product(sku: "TEA") { name } }',
        '{ dailySales(from: "2026-01-01", to: "2026-01-02") { day } }',
        '{ events(first: 1, filter: { types: ["order.opened"] }) { totalCount } }',
        "{ events(first: 100) { nodes { onBehalfOf } } }",
        "{ position }",
        '{ products(first: 1, asOf: { moment: "2026-01-01T00:00:00Z" }) { nodes { sku } } }',
        "{ processes(first: 1) { totalCount nodes { steps { name } } } }",
        '{ parkedKeys(projection: "products") { totalCount nodes { key } } }',
        '{ skippedEvents(projection: "products") { totalCount nodes { key } } }',
        "{ projections { name } }",
        OF_ORDER,
    ],
)
async def test_each_read_of_a_table_or_of_the_log_takes_a_turn_of_its_caller(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    await stock(api, "TEA", 5)
    order = await placed(api, ("TEA", 1))
    await ended(runtime, order)
    await have_tables(runtime)
    with watched_turns(monkeypatch) as turns:
        assert "errors" not in await api(query.replace("%s", str(order)), x_actor="ann")
    # No read has a connection without a turn, or two turns.
    assert turns.callers == ["actor ann"] * turns.connections
    assert turns.callers


async def test_a_caller_whose_live_lists_wait_holds_up_those_of_no_other_caller(
    api: Api, runtime: Runtime, database_url: str
) -> None:
    await filled(api)
    await have_tables(runtime)
    view = endpoint(runtime)

    async def follow(query: str, actor: str) -> AsyncGenerator[Any]:
        stream: Any = await view.schema.stream(query, {}, context_of(view, actor))
        async with aclosing(stream):
            async for result in stream:
                assert result.errors is None
                yield result.data

    async def first(query: str, actor: str) -> Any:
        async with aclosing(follow(query, actor)) as results:
            return await anext(results)

    async with locked(database_url, table_name("products", products.version, LIVE)) as lock:
        greedy = [
            asyncio.create_task(first(f"subscription {{ products(most: {most}) {{ position }} }}", "greedy"))
            for most in range(10, 20)
        ]
        await lock.until_waiting(2)
        # A list of another caller begins, and is told of a change.
        async with asyncio.timeout(20), aclosing(follow(OPEN_ORDERS, "modest")) as modest:
            assert len((await anext(modest))["orders"]["upserted"]) == 1
            request = CommandContext(actor="tester", correlation_id=uuid4())
            await runtime.commands.execute(order, uuid4(), OpenOrder(customer_id=uuid4()), request)
            assert len((await anext(modest))["orders"]["upserted"]) == 1
    await asyncio.gather(*greedy)


@pytest.mark.parametrize("joins_before", [True, False], ids=["before the reads", "after the reads"])
async def test_a_caller_whose_reads_wait_holds_up_no_other_subscriber_of_a_list_that_it_began(
    api: Api, runtime: Runtime, database_url: str, joins_before: bool
) -> None:
    await stock(api, "TEA", 5)
    await have_tables(runtime)
    view = endpoint(runtime)

    async def follow(actor: str) -> AsyncGenerator[Any]:
        stream: Any = await view.schema.stream(LIST, {}, context_of(view, actor))
        async with aclosing(stream):
            async for result in stream:
                assert result.errors is None
                yield [item["sku"] for item in result.data["products"]["upserted"]]

    async with (
        locked(database_url, table_name("orders", orders.version, LIVE)) as lock,
        asyncio.timeout(12),
        aclosing(follow("ann")) as ann,
        aclosing(follow("bob")) as bob,
        aclosing(follow("carl")) as carl,
    ):
        assert await anext(ann) == ["TEA"]
        [rows] = runtime.live_lists._lists.values()
        if joins_before:
            assert await anext(bob) == ["TEA"]
        reports = [
            asyncio.create_task(api("{ orders(first: 1) { totalCount } }", x_actor="ann")) for _ in range(10)
        ]
        await lock.until_waiting(2)
        told = asyncio.create_task(anext(ann))
        await stock(api, "POT", 0)
        if joins_before:
            assert await anext(bob) == ["POT"]
        else:
            while not rows._lock.locked():  # noqa: ASYNC110 - no event tells that the change is evaluated
                await asyncio.sleep(0)
            assert sorted(await anext(bob)) == ["POT", "TEA"]
        assert sorted(await anext(carl)) == ["POT", "TEA"]
        # All are told of what comes, and the first caller as soon as its turns come.
        await stock(api, "CUP", 0)
        assert await anext(bob) == ["CUP"]
        assert await anext(carl) == ["CUP"]
        assert told.done() == joins_before
        del rows
        await cancel_all([*reports, told])


async def test_the_reads_of_a_live_list_take_turns_of_the_caller_that_began_it(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock(api, "TEA", 5)
    await have_tables(runtime)
    view = endpoint(runtime)
    with watched_turns(monkeypatch) as turns:
        stream: Any = await view.schema.stream(LIST, {}, context_of(view, "ann"))
        async with asyncio.timeout(20), aclosing(stream):
            assert (await anext(stream)).errors is None
    assert turns.callers == ["actor ann"] * turns.connections
    assert turns.callers


async def test_a_message_for_many_subscribers_takes_turns_of_no_caller(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stock(api, "TEA", 5)
    await ended(runtime, await placed(api, ("TEA", 1)))
    await have_tables(runtime)
    context = Context.of(context_of(endpoint(runtime), "ann"), uuid4())
    with watched_turns(monkeypatch) as turns:
        message = context.for_message(context.charge, LIVE_MESSAGES)
        await message.loaders.row(products, "sku", "TEA")
        await message.reader.head_position()
    assert turns.callers == ["live messages"] * 2
    assert turns.connections == 2


@pytest.mark.parametrize(
    ("actor", "role", "reads_actor", "expected"),
    [
        ("ann", "operator", False, ["live messages"]),
        ("ann", "operator", True, ["live messages", "actor ann"]),
        ("ann", "customer", False, ["actor ann"]),
        # All who are anonymous are one actor, with many addresses.
        ("anonymous", "operator", True, ["live messages"] * 2),
        ("anonymous", "customer", False, ["live messages"]),
    ],
)
async def test_a_live_message_takes_turns_of_its_caller_if_no_other_caller_gets_it(
    runtime: Runtime,
    monkeypatch: pytest.MonkeyPatch,
    actor: str,
    role: str,
    reads_actor: bool,
    expected: list[str],
) -> None:
    shares, for_message = list[str](), Context.for_message

    def watched(context: Context, charge: OperationCharge, share: str) -> Context:
        shares.append(share)
        message = for_message(context, charge, share)
        message.actor_use.is_read = reads_actor
        return message

    monkeypatch.setattr(Context, "for_message", watched)
    request = CommandContext(actor="tester", correlation_id=uuid4())
    await runtime.commands.execute(order, uuid4(), OpenOrder(customer_id=uuid4()), request)
    await have_tables(runtime)
    view, heard = endpoint(runtime), asyncio.Queue[object]()
    document = "subscription { orders(most: 1) { position } }"
    handover = await handed_over(view, context_of(view, actor, role), {}, document)
    task = asyncio.create_task(view.shared_subscriptions.send(handover, "1", uuid4(), heard.put))
    async with asyncio.timeout(20):
        await heard.get()
    await cancel_all([task])
    assert shares == expected
