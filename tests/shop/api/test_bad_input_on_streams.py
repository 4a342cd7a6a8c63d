"""A bad operation or message on a socket or an event stream gets its code and disturbs no other."""

import json
from typing import Any
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.shop.support.bad_input import INPUT, POSITION, REGISTER, SMALL_CASES, codes, post, product
from tests.support.server import Server
from tests.support.websocket import FACTS, Socket, opened


async def test_an_operation_that_is_not_in_the_document_is_bad_input_on_a_socket(server: Server) -> None:
    async with opened(server) as socket:
        for number, query in enumerate(("query A { position }", "subscription A { events { position } }")):
            await socket.say(
                {"id": str(number), "type": "subscribe", "payload": {"query": query, "operationName": "B"}}
            )
            answer = await socket.next(str(number))
            assert answer["type"] == "error"
            assert {each["extensions"]["code"] for each in answer["payload"]} == {INPUT}
        await socket.say(
            {
                "id": "named",
                "type": "subscribe",
                "payload": {"query": "query A { position }", "operationName": ""},
            }
        )
        assert "position" in await socket.data("named")


async def test_a_connection_may_be_initialised_with_null(server: Server) -> None:
    async with connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        await connection.send('{"type": "connection_init", "payload": null}')
        assert await Socket(connection).hear() == {"type": "connection_ack"}


def test_every_mistake_over_server_sent_events_is_answered_with_its_code(server: Server) -> None:
    found: dict[str, set[str]] = {}
    for name, (query, variables, _) in SMALL_CASES.items():
        answer = post(
            server, json.dumps({"query": query, "variables": variables}).encode(), accept="text/event-stream"
        )
        said = [
            json.loads(line.removeprefix("data:"))
            for line in answer.text.splitlines()
            if line.removeprefix("data:").strip() != line.strip() and line.removeprefix("data:").strip()
        ]
        found[name] = (
            {code for each in said if each for code in codes(each)} if said else codes(answer.json())
        )
    assert found == {name: {code} for name, (_, _, code) in SMALL_CASES.items()}


async def mistaken(socket: Socket, identity: str, query: str, variables: dict[str, Any] | None) -> set[str]:
    """Ask over the socket; the codes of the errors that come back, until the operation has ended."""
    await socket.say(
        {"id": identity, "type": "subscribe", "payload": {"query": query, "variables": variables}}
    )
    message = await socket.next(identity)
    if message["type"] == "error":
        return codes({"errors": message["payload"]})
    assert message["type"] == "next", message
    assert (await socket.next(identity))["type"] == "complete"
    return codes(message["payload"])


async def test_every_mistake_on_a_socket_is_that_operations_own(module_server: Server) -> None:
    server, before = module_server, int(module_server.ask(POSITION)["data"]["position"])
    async with opened(server) as socket:
        await socket.subscribe("live", FACTS)
        await socket.settled()
        found = {
            name: await mistaken(socket, name, query, variables)
            for name, (query, variables, _) in SMALL_CASES.items()
        }
        malformed = {
            str(payload): codes(
                {
                    "errors": (
                        await answered(socket, {"id": "odd", "type": "subscribe", "payload": payload})
                    )["payload"]
                }
            )
            for payload in (
                None,
                5,
                [],
                "x",
                {},
                {"query": 5},
                {"query": None},
                {"query": POSITION, "variables": []},
                {"query": POSITION, "operationName": 5},
            )
        }
        assert found == {name: {code} for name, (_, _, code) in SMALL_CASES.items()}
        assert set(map(frozenset, malformed.values())) == {frozenset({INPUT})}
        assert await mistaken(socket, "beyond", FACTS, {"after": "1000"}) == {"LOG_REPLACED"}
        assert await mistaken(
            socket, "unknown", "subscription ($id: UUID!) { order(id: $id) { id } }", {"id": str(uuid4())}
        ) == {"NOT_FOUND"}

        server.ask(REGISTER, product(sku="LIVE"))
        assert [(fact["position"], fact["type"]) for fact in await socket.facts("live", 1)] == [
            (str(before + 1), "product.registered")
        ]
    assert "unexpected" not in server.output()


async def answered(socket: Socket, message: dict[str, Any]) -> dict[str, Any]:
    await socket.say(message)
    return await socket.next(message["id"])


MALFORMED: list[object] = [
    "",
    "{",
    "5",
    "null",
    '"x"',
    "[]",
    "[" * 10_000,
    b"\x00\x01",
    {},
    {"type": 5},
    {"type": "dance"},
    {"type": None},
    {"type": "subscribe"},
    {"type": "subscribe", "id": 5, "payload": {"query": POSITION}},
    {"type": "subscribe", "id": [], "payload": None},
    {"type": "subscribe", "id": "", "payload": {"query": POSITION}},
    {"type": "complete"},
    {"type": "complete", "id": {}},
    {"type": "connection_init", "payload": 5},
]


async def test_a_message_against_the_protocol_costs_its_own_socket_alone(server: Server) -> None:
    async with opened(server) as bystander:
        await bystander.subscribe("live", FACTS)
        closed: list[int | None] = []
        for message in MALFORMED:
            async with opened(server) as socket:
                await socket.say(message)
                with pytest.raises(ConnectionClosed) as ended:
                    await socket.hear()
                closed.append(ended.value.rcvd.code if ended.value.rcvd else None)
        assert closed == [4400] * len(MALFORMED)
        await bystander.settled()


async def test_a_second_subscription_under_a_running_id_closes_the_socket_with_4409(server: Server) -> None:
    async with opened(server) as socket:
        await socket.subscribe("twice", FACTS)
        await socket.subscribe("twice", FACTS)
        with pytest.raises(ConnectionClosed) as ended:
            await socket.hear()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4409


@pytest.mark.parametrize("query", [POSITION, "", "{" * 5_000])
async def test_who_subscribes_before_the_connection_is_initialised_is_closed_with_4401(
    server: Server, query: str
) -> None:
    async with connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        socket = Socket(connection)
        await socket.subscribe("early", query)
        with pytest.raises(ConnectionClosed) as ended:
            await socket.hear()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4401
