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
LIVE = f"subscription {{ products {{ upserted {{ {NAMES} }} }} }}"


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


async def test_a_message_of_a_shared_subscription_over_the_limit_is_an_error(brief: Server) -> None:
    async with opened(brief) as socket:
        await socket.subscribe("1", LIVE)
        assert (await socket.data("1"))["products"]["upserted"] == []
        brief.ask(REGISTER, {"sku": "LARGE", "name": "n" * 200})
        assert_refused((await socket.next("1"))["payload"])
        brief.ask(REGISTER, {"sku": "SMALL", "name": "n"})
        assert (await socket.data("1"))["products"]["upserted"] == [{f"n{n}": "n" for n in range(55)}]


def test_the_size_of_an_answer_is_that_of_its_bytes() -> None:
    answer = {"data": "é" * 3_000}
    assert encode_answer(answer, 6_011)[0] is answer
    assert_too_large = encode_answer(answer, 6_010)[0]
    assert assert_too_large["data"] is None
