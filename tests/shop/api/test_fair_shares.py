"""A caller that spends its share is told when to repeat on every transport, and takes nothing from another caller."""

import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from graphql import DocumentNode
from graphql.language.parser import Parser
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket

from app.composition import application
from app.engine.database.connections import Database
from app.engine.graphql import rates
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings
from tests.shop.support.handovers import endpoint
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
