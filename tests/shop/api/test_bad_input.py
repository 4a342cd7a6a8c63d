"""Whatever is sent gets an answer with a code, records nothing, and disturbs nobody else."""

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPResponse
from socket import create_connection, socket
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.server import Server
from tests.support.websocket import FACTS, Socket, opened

REGISTER = "mutation Register($input: RegisterProductInput!, $options: CommandOptions) { registerProduct(input: $input, options: $options) { __typename } }"
OPEN = "mutation Open($input: OpenOrderInput!, $options: CommandOptions) { openOrder(input: $input, options: $options) { __typename } }"
ADD = (
    "mutation Add($input: OrderLineInput!) { addLine(input: $input) { __typename ... on Rejected { code } } }"
)
CANCEL = "mutation Cancel($input: CancelOrderInput!) { cancelOrder(input: $input) { __typename } }"
POSITION = "{ position }"

LISTS = "query ($n: Int! = 100) { orders(first: FIRST) { nodes { id ...H } } products(first: $n) { nodes { sku } } } fragment H on Order { history(first: 50) { nodes { event { position type } state changes } } }"

PARSE, VALIDATION, INPUT, EXPENSIVE = (
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "OPERATION_TOO_EXPENSIVE",
)


def product(**changes: object) -> dict[str, Any]:
    return {"input": {"sku": "TEA", "name": "Tea", "price": {"amount": "3.50"}} | changes}


def line(**changes: object) -> dict[str, Any]:
    return {"input": {"orderId": str(uuid4()), "sku": "TEA", "quantity": 1} | changes}


def fragments(number: int) -> str:
    """A chain of fragments that each spread the next one twice: 2^number fields."""
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}\n" for n in range(number))
    return f"{{ ...F0 }}\n{chain}fragment F{number} on Query {{ position }}"


def cursor(*place: object) -> dict[str, Any]:
    """Variables with a cursor that somebody has made up."""
    return {"c": base64.urlsafe_b64encode(json.dumps(place).encode()).decode()}


PRICED = "query ($c: String) { products(sort: PRICE_ASC, after: $c) { nodes { sku } } }"
OPENED = "query ($c: String) { orders(after: $c) { nodes { id } } }"
type Case = tuple[str, dict[str, Any] | None, str]

CASES: dict[str, Case] = {
    "a syntax error": ("{ position", None, PARSE),
    "a document of nothing but a comment": ("# position", None, PARSE),
    "an unknown field": ("{ weather }", None, VALIDATION),
    "an unknown argument": ('{ product(sku: "TEA", weight: 3) { sku } }', None, VALIDATION),
    "an unknown fragment": ("{ ...Nothing }", None, VALIDATION),
    "a fragment that spreads itself": ("{ ...F } fragment F on Query { position ...F }", None, VALIDATION),
    "a missing selection": ("{ orders }", None, VALIDATION),
    "a variable that was not declared": ("{ product(sku: $sku) { sku } }", None, VALIDATION),
    "a variable of the wrong type": (REGISTER, {"input": 5}, INPUT),
    "a missing variable": (REGISTER, {}, INPUT),
    "an id that is none": ("query ($id: UUID!) { order(id: $id) { id } }", {"id": "x"}, INPUT),
    "a cursor that is none": ('{ orders(after: "bad") { nodes { id } } }', None, INPUT),
    "a cursor that is not ASCII": (
        "query ($c: String) { orders(after: $c) { nodes { id } } }",
        {"c": "ä🫖"},
        INPUT,
    ),
    "a cursor of another list": (
        '{ products(after: "WyIrcHJpY2UsaWQiLCIxIiwiMSJd") { nodes { sku } } }',
        None,
        INPUT,
    ),
    "a cursor with a price of a million digits": (PRICED, cursor("+price,sku", "1e999999", "x"), INPUT),
    "a cursor with a price without end": (PRICED, cursor("+price,sku", "Infinity", "x"), INPUT),
    "a cursor with a moment before the first": (
        OPENED,
        cursor("-opened_at,id", "0001-01-01T00:00:00+14:00", str(UUID(int=0))),
        INPUT,
    ),
    "a cursor with a moment after the last": (
        OPENED,
        cursor("-opened_at,id", "9999-12-31T23:59:59-14:00", str(UUID(int=0))),
        INPUT,
    ),
    "a cursor with a moment of nowhere": (
        OPENED,
        cursor("-opened_at,id", "2026-01-01T00:00:00", str(UUID(int=0))),
        INPUT,
    ),
    "a document without an operation": ("fragment A on Query { position }", None, INPUT),
    "a price with underscores": (REGISTER, product(price={"amount": "1_000"}), INPUT),
    "a price in other digits": (REGISTER, product(price={"amount": "٣"}), INPUT),
    "a price with spaces": (REGISTER, product(price={"amount": " 10"}), INPUT),
    "a position that is none": (
        "query ($p: Position) { events(after: $p) { nodes { type } } }",
        {"p": "first"},
        INPUT,
    ),
    "a negative position": (
        "query ($p: Position) { events(after: $p) { nodes { type } } }",
        {"p": "-1"},
        INPUT,
    ),
    "a position above 64 bits": (
        "query ($p: Position) { events(after: $p) { nodes { type } } }",
        {"p": "9223372036854775808"},
        INPUT,
    ),
    "a page of 101": ("{ products(first: 101) { nodes { sku } } }", None, INPUT),
    "a page of less than nothing": ("{ products(first: -1) { nodes { sku } } }", None, INPUT),
    "a SKU that is none": (REGISTER, product(sku="tea & biscuits"), INPUT),
    "a quantity of 0": (ADD, line(quantity=0), INPUT),
    "a quantity of 10001": (ADD, line(quantity=10_001), INPUT),
    "a quantity that is a text": (ADD, line(quantity="1"), INPUT),
    "a negative price": (REGISTER, product(price={"amount": "-0.01"}), INPUT),
    "a price of three decimals": (REGISTER, product(price={"amount": "0.001"}), INPUT),
    "a price that is not a number": (REGISTER, product(price={"amount": "NaN"}), INPUT),
    "a price without end": (REGISTER, product(price={"amount": "Infinity"}), INPUT),
    "a price with a huge exponent": (REGISTER, product(price={"amount": "1E+999999"}), INPUT),
    "a price with a tiny exponent": (REGISTER, product(price={"amount": "1E-999999"}), INPUT),
    "a price that is a float": (REGISTER, product(price={"amount": 3.5}), INPUT),
    "a currency that is none": (REGISTER, product(price={"amount": "1.00", "currency": "euro"}), INPUT),
    "an empty name": (REGISTER, product(name=" "), INPUT),
    "NUL in a name": (REGISTER, product(name="T\0a"), INPUT),
    "NUL in a reason": (CANCEL, {"input": {"orderId": str(uuid4()), "reason": "a\0b"}}, INPUT),
    "NUL in nameContains": (
        "query ($n: String) { products(filter: {nameContains: $n}) { nodes { sku } } }",
        {"n": "a\0"},
        INPUT,
    ),
    "NUL in filter.streams": (
        "query ($s: [String!]) { events(filter: {streams: $s}) { nodes { type } } }",
        {"s": ["order\0"]},
        INPUT,
    ),
    "NUL in filter.types": (
        "query ($s: [String!]) { events(filter: {types: $s}) { nodes { type } } }",
        {"s": ["order.\0"]},
        INPUT,
    ),
    "occurredAt in the future": (
        REGISTER,
        product() | {"options": {"occurredAt": "2999-01-01T00:00:00Z"}},
        INPUT,
    ),
    "occurredAt before 1900": (
        REGISTER,
        product() | {"options": {"occurredAt": "0001-01-01T00:00:00Z"}},
        INPUT,
    ),
    "a moment that is none": (REGISTER, product() | {"options": {"occurredAt": "yesterday"}}, INPUT),
    "a day that is none": ('{ dailySales(from: "1997-02-30", to: "1997-03-01") { day } }', None, VALIDATION),
    "a version above 32 bits": (REGISTER, product() | {"options": {"expectedVersion": 2**31}}, INPUT),
    "several operations and no operationName": ("query A { position } query B { position }", None, INPUT),
    "fragments that double 80 times": (fragments(80), None, EXPENSIVE),
    "long lists within long lists": (LISTS.replace("FIRST", "100"), None, EXPENSIVE),
    "long lists within long lists, by variables": (LISTS.replace("FIRST", "$n"), {"n": 100}, EXPENSIVE),
    "a field asked for 61 times": (
        "{" + " ".join(f"a{n}: position" for n in range(61)) + "}",
        None,
        EXPENSIVE,
    ),
}
SMALL_CASES = CASES | {
    "a name of 40,000 characters": (REGISTER, product(name="x" * 40_000), INPUT),
    "a document of 5,000 tokens": ("{" + " position" * 5_000 + "}", None, PARSE),
}
"""Small enough for a socket's message."""
ALL_CASES = SMALL_CASES | {
    "a name of 100,000 characters": (REGISTER, product(name="x" * 100_000), INPUT),
    "a document of 70,000 characters": ("{ position }" + " " * 70_000, None, EXPENSIVE),
}

LONE_SURROGATES = [
    rb'{"query": "mutation ($n: String!) { registerProduct(input: {sku: \"S\", name: $n, price: {amount: \"1\"}}) { __typename } }", "variables": {"n": "\ud800"}}',
    rb'{"query": "{ products(filter: {nameContains: \"\\ud800\"}) { nodes { sku } } }"}',
    rb'{"query": "query ($s: [String!]) { events(filter: {streams: $s}) { nodes { type } } }", "variables": {"s": ["\udfff"]}}',
    rb'{"query": "{ position } # \ud800"}',
]


@pytest.fixture
def server(module_server: Server) -> Iterator[Server]:
    """The server; after the test it still serves, has recorded nothing, and has nothing to complain about."""
    before = module_server.ask(POSITION)["data"]
    yield module_server
    assert module_server.ask(POSITION)["data"] == before
    assert "Traceback" not in module_server.output()
    assert "unexpected" not in module_server.output()


def post(server: Server, body: bytes, **headers: str) -> httpx2.Response:
    return httpx2.post(
        server.url, content=body, headers={"content-type": "application/json"} | headers, timeout=10
    )


def codes(answer: dict[str, Any]) -> set[str]:
    """The codes of the errors; an answer without a code for each fails."""
    assert answer["errors"], answer
    return {error["extensions"]["code"] for error in answer["errors"]}


def test_every_mistake_over_http_is_answered_with_its_code(server: Server) -> None:
    found = {
        name: codes(post(server, json.dumps({"query": query, "variables": variables}).encode()).json())
        for name, (query, variables, _) in ALL_CASES.items()
    }
    assert found == {name: {code} for name, (_, _, code) in ALL_CASES.items()}


BODIES = [
    b"",
    b"{",
    b"5",
    b"null",
    b'"x"',
    b"[]",
    b"[" * 50_000,
    b"\xff\xfe",
    b"{}",
    b'{"query": 5}',
    b'{"query": null}',
    b'{"query": ""}',
    b'{"query": "{ position }", "variables": 5}',
    b'{"query": "{ position }", "operationName": 5}',
]


def test_a_body_that_is_no_request_is_bad_input(server: Server) -> None:
    found = [(answer.status_code, codes(answer.json())) for answer in (post(server, body) for body in BODIES)]
    assert found == [(400, {INPUT})] * len(BODIES)


def test_a_lone_surrogate_is_bad_input(server: Server) -> None:
    assert [codes(post(server, body).json()) <= {INPUT, PARSE} for body in LONE_SURROGATES] == [True] * len(
        LONE_SURROGATES
    )


def test_a_body_above_256_kib_is_not_read(server: Server) -> None:
    assert (
        post(
            server, json.dumps({"query": POSITION, "variables": {"x": "x" * 256 * 1024}}).encode()
        ).status_code
        == 413
    )


def test_a_subscription_over_plain_post_says_what_it_needs(server: Server) -> None:
    assert codes(server.ask(FACTS)) == {INPUT}


def test_an_unknown_operation_name_is_bad_input(server: Server) -> None:
    body = {"query": "query A { position } query B { position }", "operationName": "C"}
    assert codes(post(server, json.dumps(body).encode()).json()) == {INPUT}


def test_a_fragment_bomb_is_refused_within_a_second(server: Server) -> None:
    server.ask(POSITION)
    began = time.monotonic()
    assert codes(server.ask(fragments(80))) == {EXPENSIVE}
    assert time.monotonic() - began < 1


def test_a_literal_that_is_refused_is_pointed_at(server: Server) -> None:
    asked = f'mutation {{\n  addLine(input: {{orderId: "{uuid4()}", sku: "TEA", quantity: 10001}}) {{ __typename }} }}'
    [error] = server.ask(asked)["errors"]
    assert error == {
        "message": "Quantity is a whole number from 1 to 10000, not 10001.",
        "locations": [{"line": 2, "column": asked.splitlines()[1].index("10001") + 1}],
        "extensions": {"code": INPUT},
    }


@pytest.mark.parametrize(
    ("literal", "shown"),
    [("1.0", "1.0"), ("MANY", "MANY"), ("[1]", "[1]"), ('"1"', "'1'"), ("{a: 1}", "{ a: 1 }")],
    ids=lambda each: str(each),
)
def test_a_literal_of_another_kind_is_shown_as_it_was_written(
    server: Server, literal: str, shown: str
) -> None:
    [error] = server.ask(
        f'mutation {{ addLine(input: {{orderId: "{uuid4()}", sku: "TEA", quantity: {literal}}}) {{ __typename }} }}'
    )["errors"]
    assert error["message"] == f"Quantity is a whole number from 1 to 10000, not {shown}."


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
def test_an_operation_that_is_not_in_the_document_is_bad_input_and_an_empty_name_is_none(
    server: Server, accept: str
) -> None:
    unknown = post(
        server, json.dumps({"query": "query A { position }", "operationName": "B"}).encode(), accept=accept
    )
    assert INPUT in unknown.text
    assert "INTERNAL" not in unknown.text
    named = post(
        server, json.dumps({"query": "query A { position }", "operationName": ""}).encode(), accept=accept
    )
    assert '"position":' in named.text
    assert "errors" not in named.text


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


def test_the_type_of_a_body_is_compared_whatever_its_case_and_no_other_is_taken(server: Server) -> None:
    body = json.dumps({"query": POSITION}).encode()
    assert (
        "data"
        in httpx2.post(
            server.url, content=body, headers={"content-type": "Application/JSON; Charset=UTF-8"}
        ).json()
    )
    for other in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        refused = httpx2.post(server.url, content=body, headers={"content-type": other})
        assert refused.status_code == 415
        assert codes(refused.json()) == {INPUT}


def answer(client: socket) -> tuple[int, bytes]:
    """The status and the whole body of the answer, which may arrive in several parts."""
    with closing(HTTPResponse(client)) as response:
        response.begin()
        return response.status, response.read()


def test_a_body_that_does_not_arrive_is_waited_for_as_long_as_an_operation_may_take_and_no_longer_once_the_server_stops(
    serve: Callable[..., Server],
) -> None:
    head = b'POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"que'
    hasty = serve(APP_OPERATION_TIMEOUT_SECONDS="0.2").wait()
    with closing(create_connection(("127.0.0.1", hasty.port), timeout=10)) as client:
        client.sendall(head)
        status, body = answer(client)
        assert (status, codes(json.loads(body))) == (408, {"TIMEOUT"})
    patient = serve().wait()
    with closing(create_connection(("127.0.0.1", patient.port), timeout=10)) as client:
        client.sendall(head)
        # It is being read when another request, sent after it, has been answered.
        patient.ask(POSITION)
        began = time.monotonic()
        assert patient.stop() == 0
        assert time.monotonic() - began < 4
        assert answer(client)[0] == 408
    for server in (hasty, patient):
        assert "Traceback" not in server.output()
        assert "ERROR" not in server.output()


async def test_a_client_that_leaves_a_stream_ends_it_at_once_and_nobody_is_told(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()
    body = {"query": 'subscription { events(after: "0") { position } }'}
    for number in range(10):
        async with (
            httpx2.AsyncClient(timeout=10) as client,
            client.stream("POST", server.url, json=body, headers={"accept": "text/event-stream"}) as stream,
        ):
            lines = stream.aiter_lines()
            if number % 2:
                await asyncio.to_thread(server.ask, REGISTER, product(sku=f"S-{number}"))
                async for line in lines:
                    if line.startswith("data:"):
                        break
    assert server.stop() == 0
    for said in ("Traceback", "ERROR", "never retrieved", "destroyed"):
        assert said not in server.output(), server.output()[-3500:]


def test_an_unknown_sku_is_a_refusal(server: Server) -> None:
    assert server.ask(ADD, line())["data"] == {
        "addLine": {"__typename": "Rejected", "code": "PRODUCT_UNKNOWN"}
    }


def test_a_position_beyond_the_log_is_an_empty_page_a_stale_read_and_no_place_to_follow_from(
    server: Server,
) -> None:
    assert server.ask('{ events(after: "1000") { nodes { type } } }')["data"] == {"events": {"nodes": []}}
    stale = server.ask('{ products(minPosition: "1000") { nodes { sku } } }')
    assert codes(stale) == {"STALE_READ"}
    head = stale["extensions"]["position"]
    assert (
        stale["errors"][0]["message"]
        == f"products is at position {head}, {1000 - int(head)} behind 1000; the log itself ends at {head}"
    )
    stream = post(
        server,
        json.dumps({"query": FACTS, "variables": {"after": "1000"}}).encode(),
        accept="text/event-stream",
    )
    assert INPUT in stream.text


def test_a_command_id_that_was_used_for_another_command_is_bad_input(module_server: Server) -> None:
    options = {"options": {"commandId": str(uuid4())}}
    assert module_server.ask(REGISTER, product(sku="TAKEN") | options)["data"] == {
        "registerProduct": {"__typename": "ProductAccepted"}
    }
    before = module_server.ask(POSITION)["data"]
    assert codes(module_server.ask(OPEN, {"input": {"customerId": str(uuid4())}} | options)) == {INPUT}
    assert codes(module_server.ask(REGISTER, product(sku="TAKEN-2") | options)) == {INPUT}
    assert module_server.ask(POSITION)["data"] == before


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
        assert await mistaken(socket, "beyond", FACTS, {"after": "1000"}) == {INPUT}
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


async def test_who_subscribes_before_the_connection_is_initialised_is_closed_with_4401(
    server: Server,
) -> None:
    async with connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        socket = Socket(connection)
        await socket.subscribe("early", POSITION)
        with pytest.raises(ConnectionClosed) as ended:
            await socket.hear()
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == 4401
