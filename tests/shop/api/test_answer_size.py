"""An answer has a maximum size on every transport. A larger one is an error that says what to do."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from app.engine.graphql.json import encode_answer
from tests.support.server import Server
from tests.support.websocket import opened

LIMIT = 10_000
LARGE = "{ __schema { types { name description fields { name } } } }"
SMALL = "{ __schema { queryType { name } } }"
REGISTER = "mutation ($sku: Sku!, $name: String!) { registerProduct(input: {sku: $sku, name: $name, price: {amount: 1}}) { __typename } }"
NAMES = " ".join(f"n{number}: name" for number in range(55))
LIVE = f'subscription {{ products(filter: {{nameContains: "%s"}}) {{ upserted {{ {NAMES} }} }} }}'

STORED = f'subscription {{ events(after: "0") {{ ... on ProductRegistered {{ sku {NAMES} }} }} }}'


@pytest.fixture(scope="module")
def brief(module_database_url: str) -> Iterator[Server]:
    server = Server(module_database_url, APP_MAX_ANSWER_BYTES=str(LIMIT))
    try:
        yield server.wait()
    finally:
        server.close()


def assert_refused(answer: dict[str, Any]) -> None:
    assert answer["data"] is None
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "OPERATION_TOO_EXPENSIVE"
    assert f"the limit is {LIMIT:,}" in error["message"]
    assert "position" in answer["extensions"]


def assert_ended(message: dict[str, Any]) -> None:
    [error] = message["payload"]
    assert (message["type"], error["extensions"]["code"]) == ("error", "OPERATION_TOO_EXPENSIVE")
    assert f"the limit is {LIMIT:,}" in error["message"]


@pytest.mark.parametrize(
    ("accept", "status"), [("application/json", 200), ("application/graphql-response+json", 400)]
)
def test_a_response_over_the_limit_is_an_error(brief: Server, accept: str, status: int) -> None:
    answer = httpx2.post(brief.url, json={"query": LARGE}, headers={"accept": accept}, timeout=30)
    assert answer.status_code == status
    assert_refused(answer.json())
    assert "errors" not in brief.ask(SMALL)


def test_a_frame_over_the_limit_is_an_error(brief: Server) -> None:
    answer = httpx2.post(
        brief.url, json={"query": LARGE}, headers={"accept": "text/event-stream"}, timeout=30
    )
    [data] = [line.removeprefix("data:") for line in answer.text.splitlines() if line.startswith("data: ")]
    assert_refused(json.loads(data))


async def test_a_message_over_the_limit_is_an_error_and_the_socket_goes_on(brief: Server) -> None:
    async with opened(brief) as socket:
        await socket.subscribe("large", LARGE)
        assert_refused((await socket.next("large"))["payload"])
        await socket.subscribe("small", SMALL)
        await socket.data("small")


async def test_a_message_of_a_shared_subscription_over_the_limit_ends_it_with_an_error(brief: Server) -> None:
    async with opened(brief) as socket:
        for name in ("1", "2"):
            await socket.subscribe(name, LIVE % "q")
            assert (await socket.data(name))["products"]["upserted"] == []
        brief.ask(REGISTER, {"sku": "LARGE", "name": "q" * 200})
        for name in ("1", "2"):
            assert_ended(await socket.next(name))
        # The list as a whole is too large, too.
        await socket.subscribe("3", LIVE % "q")
        assert_ended(await socket.next("3"))
        brief.ask(REGISTER, {"sku": "SMALL", "name": "q"})
        await socket.settled()
        assert [socket.kept(name) for name in ("1", "2", "3")] == [0, 0, 0]


async def test_a_stored_event_over_the_limit_ends_its_subscription_with_an_error(brief: Server) -> None:
    brief.ask(REGISTER, {"sku": "WIDE", "name": "n" * 200})
    async with opened(brief) as socket:
        await socket.subscribe("1", STORED)
        # Those before it may be small.
        while (message := await socket.next("1"))["type"] == "next":
            assert "errors" not in message["payload"]
        assert_ended(message)


@pytest.mark.parametrize("query", [LIVE % "z", STORED])
def test_a_frame_of_a_subscription_over_the_limit_is_the_last_one(brief: Server, query: str) -> None:
    brief.ask(REGISTER, {"sku": "BROAD", "name": "z" * 200})
    answer = httpx2.post(
        brief.url, json={"query": query}, headers={"accept": "text/event-stream"}, timeout=30
    )
    *_, frame, end, rest = answer.text.split("\n\n")
    kind, data = frame.split("\n")
    body = json.loads(data.removeprefix("data: "))
    assert (kind, end, rest) == ("event: next", "event: complete\ndata:", "")
    assert (body["data"], body["errors"][0]["extensions"]["code"]) == (None, "OPERATION_TOO_EXPENSIVE")
    assert "extensions" not in body


def test_the_size_of_an_answer_is_that_of_its_bytes() -> None:
    answer = {"data": "é" * 3_000}
    assert encode_answer(answer, 6_011)[0] is answer
    assert_too_large = encode_answer(answer, 6_010)[0]
    assert assert_too_large["data"] is None
