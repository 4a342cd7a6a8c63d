"""What a socket or a stream is refused leaves with a code, like everything else."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from app.composition import application
from app.engine.database.connections import Database
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings
from tests.support.server import Server
from tests.support.websocket import FACTS, opened

OPEN = "mutation ($id: UUID!) { openOrder(input: {id: $id, customerId: $id}) { __typename } }"
CANCEL = 'mutation ($id: UUID!) { cancelOrder(input: {orderId: $id, reason: "none"}) { __typename } }'


async def test_the_51st_subscription_of_a_socket_is_refused_with_a_code(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    async with opened(server) as socket:
        for number in range(51):
            await socket.subscribe(str(number), FACTS)
        message = await socket.next("50")
        assert message["type"] == "error"
        assert [error["extensions"]["code"] for error in message["payload"]] == ["OVERLOADED"]
        await socket.settled()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ('subscription { order(id: "5f2b1f0e-6c8e-4a53-9d6a-2f6b0a9f1c11") { id } }', "NOT_FOUND"),
        ("subscription { orders(most: 0) { position } }", "BAD_USER_INPUT"),
        ('subscription { orders(after: "1000") { position } }', "LOG_REPLACED"),
        ('subscription { events(after: "1000") { position } }', "LOG_REPLACED"),
    ],
)
async def test_an_error_that_ends_a_subscription_is_no_completion(
    serve: Callable[..., Server], query: str, code: str
) -> None:
    async with opened(serve().wait()) as socket:
        await socket.subscribe("1", query)
        message = await socket.next("1")
        assert message["type"] == "error", message
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        await socket.settled()
        assert socket.kept("1") == 0


async def test_a_result_without_data_for_the_error_of_a_field_does_not_end_the_subscription(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()
    id = str(uuid4())
    server.ask(OPEN, {"id": id})
    query = "subscription ($id: UUID!) { order(id: $id) { history(first: 1000) { nodes { state } } } }"

    def is_without_data(message: dict[str, Any]) -> bool:
        payload = message["payload"]
        return message["type"] == "next" and payload["data"] is None and bool(payload["errors"][0]["path"])

    async with opened(server) as socket:
        await socket.subscribe("1", query, {"id": id})
        assert is_without_data(await socket.next("1"))
        await asyncio.to_thread(server.ask, CANCEL, {"id": id})
        assert is_without_data(await socket.next("1"))


async def test_an_empty_document_on_a_socket_is_bad_input(serve: Callable[..., Server]) -> None:
    async with opened(serve().wait()) as socket:
        await socket.subscribe("empty", "")
        message = await socket.next("empty")
        assert message["type"] == "error"
        assert [error["extensions"]["code"] for error in message["payload"]] == ["BAD_USER_INPUT"]


def test_a_document_that_is_too_long_for_a_stream_is_too_expensive(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    for document, code in (
        ("{ position }" + " " * 70_000, "OPERATION_TOO_EXPENSIVE"),
        ("", "BAD_USER_INPUT"),
    ):
        answer = httpx2.post(
            server.url, json={"query": document}, headers={"accept": "text/event-stream"}, timeout=10
        )
        assert code in answer.text
    assert "Traceback" not in server.output()


async def test_a_server_that_says_it_is_ready_answers_though_its_log_is_empty(
    settings: Settings, database: Database
) -> None:
    runtime = Runtime(application, settings, database)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        while (await client.get("/readyz")).status_code != 200:
            pass
        answer = await client.post("/graphql", json={"query": "{ orders { nodes { id } } }"})
        assert answer.json()["data"] == {"orders": {"nodes": []}}
