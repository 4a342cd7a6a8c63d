"""Each bad input gets an answer with a code, records nothing, and disturbs no other client."""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPResponse
from socket import create_connection, socket
from uuid import uuid4

import httpx2
import pytest

from tests.shop.support.bad_input import (
    ADD,
    ALL_CASES,
    EXPENSIVE,
    INPUT,
    LONE_SURROGATES,
    OPEN,
    PARSE,
    POSITION,
    REGISTER,
    codes,
    fragments,
    line,
    post,
    product,
)
from tests.support.server import Server
from tests.support.websocket import FACTS


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
    taken: list[float] = []
    # Other tests may have the CPU for a while. Each document is another one: a refusal is remembered.
    for number in (80, 81, 82):
        began = time.monotonic()
        assert codes(server.ask(fragments(number))) == {EXPENSIVE}
        taken.append(time.monotonic() - began)
    assert min(taken) < 1


def test_a_literal_that_is_refused_is_pointed_at(server: Server) -> None:
    asked = f'mutation {{\n  addLine(input: {{orderId: "{uuid4()}", sku: "TEA", quantity: 10001}}) {{ __typename }} }}'
    [error] = server.ask(asked)["errors"]
    assert error == {
        "message": "Quantity must be a whole number from 1 to 10000, not 10001.",
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
    assert error["message"] == f"Quantity must be a whole number from 1 to 10000, not {shown}."


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


def test_the_type_of_a_body_is_compared_in_any_case_and_no_other_is_taken(server: Server) -> None:
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
    head = b'POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"que'
    hasty = serve(APP_OPERATION_TIMEOUT_SECONDS="0.2").wait()
    with closing(create_connection(("127.0.0.1", hasty.port), timeout=10)) as client:
        client.sendall(head)
        status, body = answer(client)
        assert (status, codes(json.loads(body))) == (408, {"TIMEOUT"})
    # Half of its time to stop is for the answers.
    patient = serve(APP_SHUTDOWN_TIMEOUT_SECONDS="60", APP_OPERATION_TIMEOUT_SECONDS="300").wait()
    with closing(create_connection(("127.0.0.1", patient.port), timeout=10)) as client:
        client.sendall(head)
        # It is being read when another request, sent after it, has been answered.
        patient.ask(POSITION)
        began = time.monotonic()
        assert patient.stop() == 0
        assert time.monotonic() - began < 15
        assert answer(client)[0] == 408
    for server in (hasty, patient):
        assert "Traceback" not in server.output()
        assert "ERROR" not in server.output()


async def test_a_client_that_leaves_a_stream_ends_it_at_once_and_no_one_is_told(
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
        == f"Projection products is at position {head}, {1000 - int(head)} behind 1000. The log ends at {head}."
    )
    stream = post(
        server,
        json.dumps({"query": FACTS, "variables": {"after": "1000"}}).encode(),
        accept="text/event-stream",
    )
    assert "LOG_REPLACED" in stream.text


def test_an_expected_version_below_zero_is_refused(module_server: Server) -> None:
    answer = module_server.ask(REGISTER, product(sku="BELOW") | {"options": {"expectedVersion": -1}})
    assert codes(answer) == {"BAD_USER_INPUT"}
    assert answer["errors"][0]["message"].startswith("expectedVersion must be 0 or more")


def test_a_command_id_that_was_used_for_another_command_is_refused(module_server: Server) -> None:
    options = {"options": {"commandId": str(uuid4())}}
    assert module_server.ask(REGISTER, product(sku="TAKEN") | options)["data"] == {
        "registerProduct": {"__typename": "ProductAccepted"}
    }
    before = module_server.ask(POSITION)["data"]
    assert codes(module_server.ask(OPEN, {"input": {"customerId": str(uuid4())}} | options)) == {
        "COMMAND_ID_REUSED"
    }
    assert codes(module_server.ask(REGISTER, product(sku="TAKEN-2") | options)) == {"COMMAND_ID_REUSED"}
    assert module_server.ask(POSITION)["data"] == before
