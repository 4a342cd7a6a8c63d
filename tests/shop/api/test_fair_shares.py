"""A caller that spends its share is told when to repeat on every transport, and takes nothing from another caller."""

import asyncio
import json
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from asyncpg import Pool
from graphql import DocumentNode
from graphql.language.parser import Parser
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from app.composition import application
from app.engine.database.connections import Database
from app.engine.graphql.context import Context
from app.engine.graphql.execution import rates
from app.engine.graphql.execution.shared_subscriptions import LIVE_MESSAGES
from app.engine.projector.slots import LIVE, table_name
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.shares import FairSlots
from app.settings import Settings
from domain.order import OpenOrder, order
from projections.product import products
from tests.shop.support.handovers import context_of, endpoint
from tests.shop.support.shop_client import ended, filled, placed, stock
from tests.support.graphql_client import Api
from tests.support.locks import locked
from tests.support.server import Server
from tests.support.websocket import opened

EXPENSIVE = "{ __schema { types { name fields { name } } } }"
CHEAP = "{ __typename }"


@pytest.fixture(scope="module")
def limited(module_database_url: str) -> Iterator[Server]:
    """A server on which one expensive operation is a caller's burst, and more."""
    server = Server(module_database_url, APP_MAX_COST_PER_SECOND="500")
    try:
        yield server.wait()
    finally:
        server.close()


def post(server: Server, query: str, accept: str = "application/json", **headers: str) -> httpx2.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.post(server.url, json={"query": query}, headers={"accept": accept, **named}, timeout=60)


def assert_refused(error: dict[str, Any]) -> int:
    assert error["extensions"]["code"] == "OVERLOADED"
    assert 1 <= error["extensions"]["retryAfter"] <= 60
    return error["extensions"]["retryAfter"]


async def test_a_caller_that_has_spent_its_share_is_told_on_every_transport(limited: Server) -> None:
    caller = {"x_actor": str(uuid4())}
    assert "errors" not in post(limited, EXPENSIVE, **caller).json()
    for accept, status in (("application/json", 200), ("application/graphql-response+json", 429)):
        answer = post(limited, EXPENSIVE, accept, **caller)
        assert answer.status_code == status
        [error] = answer.json()["errors"]
        assert answer.headers["retry-after"] == str(assert_refused(error))
    streamed = post(limited, EXPENSIVE, "text/event-stream", **caller)
    [data] = [line for line in streamed.text.splitlines() if line.startswith("data: ")]
    assert_refused(json.loads(data.removeprefix("data: "))["errors"][0])
    async with opened(limited, additional_headers={"x-actor": caller["x_actor"]}) as socket:
        await socket.subscribe("1", EXPENSIVE)
        assert_refused((await socket.next("1"))["payload"][0])
    assert "errors" not in post(limited, CHEAP, x_actor=str(uuid4())).json()


async def test_documents_are_charged_before_they_are_parsed_on_every_transport(limited: Server) -> None:
    caller = {"x_actor": str(uuid4())}

    def invalid(number: int) -> str:
        return f"{{ nothing{number} }} # {'x' * 4_000}"

    codes = [post(limited, invalid(number), **caller).json()["errors"][0] for number in range(3)]
    assert codes[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert_refused(codes[2])
    # A repeat of a refused document costs nothing.
    repeated = post(limited, invalid(0), **caller).json()["errors"][0]
    assert repeated["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    answer = post(limited, invalid(3), "application/graphql-response+json", **caller)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    async with opened(limited, additional_headers={"x-actor": caller["x_actor"]}) as socket:
        await socket.subscribe("1", invalid(4))
        assert_refused((await socket.next("1"))["payload"][0])
    assert "errors" not in post(limited, CHEAP, x_actor=str(uuid4())).json()


async def test_anonymous_callers_of_one_address_are_one_caller_with_any_headers(
    limited: Server,
) -> None:
    def forwarded(number: int) -> dict[str, str]:
        # A caller that came through a proxy is anonymous.
        return {"x-forwarded-for": f"10.0.0.{number}, a{number}"}

    answers = [
        httpx2.post(
            limited.url,
            json={"query": f"{{ nothing{number} }} # {'x' * 4_000}"},
            headers=forwarded(number),
            timeout=60,
        ).json()["errors"][0]
        for number in range(3)
    ]
    assert answers[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert_refused(answers[2])
    async with opened(limited, additional_headers=forwarded(4)) as socket:
        await socket.subscribe("1", f"{{ nothing }} # {'x' * 4_000}")
        assert_refused((await socket.next("1"))["payload"][0])


async def test_a_document_that_is_refused_for_its_share_costs_nothing(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr(rates, "monotonic", lambda: now)
    runtime = Runtime(application, settings.model_copy(update={"max_cost_per_second": 500.0}), database)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:

        async def ask(number: int) -> dict[str, Any]:
            answer = await client.post("/graphql", json={"query": f"{{ nothing{number} }} # {'x' * 3_500}"})
            return answer.json()["errors"][0]

        assert (await ask(0))["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        [seconds] = {assert_refused(await ask(number)) for number in range(1, 11)}
        now += seconds
        assert (await ask(11))["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("word", ["query", "mutation", "subscription"])
async def test_on_an_event_stream_a_new_document_is_parsed_once_and_not_without_a_share(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    parsed, parse = list[str](), Parser.parse_document

    def watched(parser: Parser) -> DocumentNode:
        parsed.append(word)
        return parse(parser)

    monkeypatch.setattr(Parser, "parse_document", watched)
    runtime = Runtime(application, settings.model_copy(update={"max_cost_per_second": 500.0}), database)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    headers = {"accept": "text/event-stream, application/graphql-response+json, application/json"}
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:

        async def ask(comment: str) -> str:
            query = f"{word} {{ nothing }} # {comment}"
            return (await client.post("/graphql", json={"query": query}, headers=headers)).text

        for _ in range(2):
            assert "GRAPHQL_VALIDATION_FAILED" in await ask("x" * 4_000)
        assert len(parsed) == 1
        assert "OVERLOADED" in await ask("y" * 4_000)
        assert len(parsed) == 1


async def test_the_document_of_a_subscription_is_charged_when_it_begins(limited: Server) -> None:
    headers = {"x-actor": str(uuid4()), "accept": "text/event-stream"}
    short, long = "x" * 2_000, "x" * 3_400
    async with httpx2.AsyncClient(timeout=20) as http, AsyncExitStack() as streams:
        for number in range(2):
            body = {"query": f"subscription {{ orders(most: 1) {{ position }} }} # {number} {short}"}
            answer = await streams.enter_async_context(
                http.stream("POST", limited.url, json=body, headers=headers)
            )
            await anext(line async for line in answer.aiter_lines() if line.startswith("data: {"))
        refused = await http.post(
            limited.url, json={"query": f"{{ nothing }} # {long}"}, headers={"x-actor": headers["x-actor"]}
        )
        assert_refused(refused.json()["errors"][0])


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
    await register(runtime)
    await have_tables(runtime)
    view, heard = endpoint(runtime), asyncio.Queue[object]()
    document = "subscription { orders(most: 1) { position } }"
    handover = await handed_over(view, context_of(view, actor, role), {}, document)
    task = asyncio.create_task(view.shared_subscriptions.send(handover, "1", uuid4(), heard.put))
    async with asyncio.timeout(20):
        await heard.get()
    await cancel_all([task])
    assert shares == expected


ONE_NETWORK, ANOTHER = ("2001:db8::1", "2001:db8::ffff:2"), "2001:db8:0:1::1"


async def test_an_anonymous_caller_with_a_network_of_ipv6_has_one_share(database: Database) -> None:
    limits = Settings(database_url=database.url, max_cost_per_second=500)
    runtime = Runtime(application, limits, database)
    async with runtime.run():
        app = create_app(runtime)

        async def ask(address: str) -> dict[str, Any]:
            transport = httpx2.ASGITransport(app=app, client=(address, 50_000))
            async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
                return (await client.post("/graphql", json={"query": EXPENSIVE})).json()

        first, second = ONE_NETWORK
        assert "errors" not in await ask(first)
        assert_refused((await ask(second))["errors"][0])
        assert "errors" not in await ask(ANOTHER)


async def test_requests_and_sockets_of_a_network_of_ipv6_take_the_same_share(runtime: Runtime) -> None:
    view = endpoint(runtime)

    async def no_message(*_: object) -> Any:
        raise AssertionError

    async def shares(address: str) -> set[str]:
        scope = {"headers": [], "client": (address, 50_000)}
        request = Request({"type": "http", **scope}, no_message)
        socket = WebSocket({"type": "websocket", **scope}, no_message, no_message)
        return {(await view.get_context(connection, Response())).share for connection in (request, socket)}

    first, second = ONE_NETWORK
    assert await shares(first) == await shares(second) != await shares(ANOTHER)
    assert len(await shares(first)) == 1
