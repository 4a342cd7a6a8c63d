"""A message that is too large fails its own operation, and a socket closes with a reason that fits."""

import json
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.engine.graphql.execution.limits import MAX_LENGTH
from app.engine.graphql.transport.requests import MAX_REQUEST_BYTES
from app.engine.graphql.transport.websocket import (
    MAX_ID_LENGTH,
    MAX_MESSAGES_BEFORE_INIT,
    MAX_OPERATION_BYTES,
    TOO_MANY_MESSAGES,
)
from app.engine.server.serve import MAX_SOCKET_MESSAGE_BYTES
from tests.shop.support.bad_input import EXPENSIVE, INPUT, POSITION, codes
from tests.support.server import Server
from tests.support.websocket import FACTS, Socket, opened


async def closed(socket: Socket) -> tuple[int, str]:
    """The code and the reason with which the server closes."""
    with suppress(ConnectionClosed):
        while True:
            await socket.hear()
    await socket.connection.wait_closed()
    return socket.connection.close_code or 0, socket.connection.close_reason or ""


def subscribe(identity: str, size: int) -> str:
    """A `subscribe` message of so many bytes."""
    message: dict[str, Any] = {
        "id": identity,
        "type": "subscribe",
        "payload": {"query": POSITION, "variables": {"x": ""}},
    }
    message["payload"]["variables"]["x"] = "x" * (size - len(json.dumps(message)))
    return json.dumps(message)


@pytest.mark.parametrize("text", ["x" * 5_000, "ä" * 200, "x" * 121 + "🫖" * 10])
async def test_a_long_type_or_id_ends_in_a_close_whose_reason_fits(server: Server, text: str) -> None:
    async with opened(server) as socket:
        await socket.say({"type": text})
        code, reason = await closed(socket)
        assert code == 4400
        assert 60 < len(reason.encode()) <= 123
    async with opened(server) as socket:
        await socket.subscribe(text[:MAX_ID_LENGTH], FACTS)
        await socket.subscribe(text[:MAX_ID_LENGTH], FACTS)
        code, reason = await closed(socket)
        assert code == 4409
        assert len(reason.encode()) <= 123


@pytest.mark.parametrize("size", [MAX_ID_LENGTH + 1, 200_000, MAX_REQUEST_BYTES + 1])
@pytest.mark.parametrize("kind", ["subscribe", "complete"])
async def test_an_id_that_is_too_long_closes_its_socket_and_is_not_repeated(
    server: Server, kind: str, size: int
) -> None:
    async with opened(server) as socket:
        await socket.subscribe("x" * MAX_ID_LENGTH, POSITION)
        assert await socket.data("x" * MAX_ID_LENGTH)
        await socket.say({"id": "x" * size, "type": kind, "payload": {"query": FACTS}})
        assert (await closed(socket))[0] == 4400
        assert socket.kept("x" * size) == 0


async def test_a_socket_says_a_few_messages_before_it_is_initialised(server: Server) -> None:
    async with connect(
        server.socket,
        subprotocols=[Subprotocol("graphql-transport-ws")],
        additional_headers=server.headers,
    ) as connection:
        socket = Socket(connection)
        for _ in range(MAX_MESSAGES_BEFORE_INIT):
            await socket.say({"type": "ping"})
            assert await socket.hear() == {"type": "pong"}
        await socket.say({"type": "pong"})
        assert (await closed(socket))[0] == TOO_MANY_MESSAGES


@pytest.mark.parametrize("part", ["variables", "extensions", "query"])
async def test_the_operations_of_a_socket_keep_a_bounded_number_of_bytes(server: Server, part: str) -> None:
    size, number = 60_000, 0
    async with opened(server) as socket:
        while True:
            payload: dict[str, Any] = {"query": FACTS}
            if part == "query":
                payload["query"] += "#" + "x" * size
            else:
                payload[part] = {"x": "x" * size}
            await socket.say({"id": str(number), "type": "subscribe", "payload": payload})
            await socket.settled()
            if socket.kept(str(number)):
                break
            number += 1
        assert 0 <= MAX_OPERATION_BYTES - number * size < 2 * size
        message = await socket.next(str(number))
        assert codes({"errors": message["payload"]}) == {"OVERLOADED"}
        assert str(MAX_OPERATION_BYTES) in message["payload"][0]["message"]
        # An operation that ends makes room.
        await socket.say({"id": "0", "type": "complete"})
        await socket.say({"id": "later", "type": "subscribe", "payload": payload})
        await socket.settled()
        assert socket.kept("later") == 0


async def test_a_message_that_is_too_large_is_the_error_of_its_operation_alone(server: Server) -> None:
    async with opened(server) as socket:
        await socket.subscribe("live", FACTS)
        for size in (MAX_REQUEST_BYTES + 1, MAX_SOCKET_MESSAGE_BYTES):
            await socket.say(subscribe("large", size))
            message = await socket.next("large")
            assert message["type"] == "error"
            assert codes({"errors": message["payload"]}) == {EXPENSIVE}
            assert str(size) in message["payload"][0]["message"]
        await socket.say(subscribe("fits", MAX_REQUEST_BYTES))
        assert await socket.data("fits")
        await socket.settled()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{" + "x" * MAX_REQUEST_BYTES, 4400),
        (json.dumps({"type": "ping", "payload": {"x": "x" * MAX_REQUEST_BYTES}}), 4400),
        (subscribe("live", MAX_REQUEST_BYTES + 1), 4400),
        (subscribe("beyond", MAX_SOCKET_MESSAGE_BYTES + 1), 1009),
    ],
    ids=["not JSON", "not an operation", "an id in use", "beyond what is read"],
)
async def test_a_message_that_is_too_large_and_names_no_new_operation_closes_its_socket(
    server: Server, message: str, code: int
) -> None:
    async with opened(server) as bystander, opened(server) as socket:
        await socket.subscribe("live", FACTS)
        await socket.say(message)
        assert (await closed(socket))[0] == code
        await bystander.settled()


async def test_a_document_of_the_allowed_length_fits_a_socket_with_its_variables(server: Server) -> None:
    async with opened(server) as socket:
        for letter in ("x", "茶"):
            document = POSITION + "#" + letter * (MAX_LENGTH - len(POSITION) - 1)
            payload = {"query": document, "variables": {"x": "x" * 60_000}}
            await socket.say(
                json.dumps({"id": letter, "type": "subscribe", "payload": payload}, ensure_ascii=False)
            )
            assert await socket.data(letter)


@pytest.mark.parametrize(
    "payload",
    [
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab"}}},
        {"documentId": "ab"},
    ],
)
async def test_a_hash_alone_is_told_to_send_the_document(server: Server, payload: dict[str, Any]) -> None:
    async with opened(server) as socket:
        await socket.say({"id": "1", "type": "subscribe", "payload": payload})
        message = await socket.next("1")
        assert codes({"errors": message["payload"]}) == {"PERSISTED_QUERY_NOT_SUPPORTED"}
        assert message["payload"][0]["message"] == "PersistedQueryNotSupported"
        await socket.subscribe("1", POSITION)
        assert await socket.data("1")
        await socket.subscribe("2", "")
        assert codes({"errors": (await socket.next("2"))["payload"]}) == {INPUT}
