"""Every request over HTTP is answered in the media type that the client prefers, with its status and a code."""

import gzip
import json
import socket
from collections.abc import Mapping
from typing import Any

import httpx2
import pytest

from app.engine.graphql.transport.requests import MAX_REQUEST_BYTES
from tests.shop.support.bad_input import EXPENSIVE, INPUT, PARSE, POSITION, TLS, VALIDATION, codes
from tests.support.raw_http import read_all
from tests.support.server import Server
from tests.support.websocket import FACTS

GRAPHQL, JSON, STREAM = "application/graphql-response+json", "application/json", "text/event-stream"
URQL = f"{GRAPHQL}, application/graphql+json, {JSON}, {STREAM}, multipart/mixed"
MUTATION = 'mutation { receiveStock(input: {sku: "NONE", quantity: 1}) { __typename } }'


def send(server: Server, body: Any, accept: str | None = GRAPHQL, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    with httpx2.Client(timeout=10, verify=TLS) as client:
        request = client.build_request("POST", server.url, content=content, headers=given)
        del request.headers["accept"]
        if accept is not None:
            request.headers["accept"] = accept
        return client.send(request)


def get(server: Server, parameters: Mapping[str, str], accept: str = GRAPHQL) -> httpx2.Response:
    return httpx2.get(server.url, params=dict(parameters), headers={"accept": accept}, timeout=10, verify=TLS)


def media_type(response: httpx2.Response) -> str:
    return response.headers["content-type"].partition(";")[0]


@pytest.mark.parametrize(
    ("accept", "query", "mutation", "subscription"),
    [
        (None, GRAPHQL, GRAPHQL, GRAPHQL),
        (GRAPHQL, GRAPHQL, GRAPHQL, GRAPHQL),
        (JSON, JSON, JSON, JSON),
        ("*/*", JSON, JSON, JSON),
        ("application/*", JSON, JSON, JSON),
        (f"{GRAPHQL};q=0.5, {JSON}", JSON, JSON, JSON),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL, GRAPHQL, GRAPHQL),
        (f"{JSON}, {GRAPHQL}", JSON, JSON, JSON),
        (f"APPLICATION/JSON;Q=1, {GRAPHQL};q=0", JSON, JSON, JSON),
        (f"{JSON};q=0, */*", GRAPHQL, GRAPHQL, GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=much", JSON, JSON, JSON),
        (URQL, GRAPHQL, GRAPHQL, STREAM),
        (f"{STREAM}, {JSON}", STREAM, STREAM, STREAM),
        (f"{JSON}, {STREAM}", JSON, JSON, STREAM),
        (f"{JSON};q=0.8, {STREAM};q=0.9", STREAM, STREAM, STREAM),
        (f"{STREAM};q=0, {JSON}", JSON, JSON, JSON),
        (STREAM, STREAM, STREAM, STREAM),
    ],
)
def test_the_preferred_media_type_answers_and_a_stream_only_if_it_is_wanted(
    server: Server, accept: str | None, query: str, mutation: str, subscription: str
) -> None:
    # The document is invalid, so that its stream ends.
    refused = "subscription { events { nothing } }"
    found = [media_type(send(server, {"query": text}, accept)) for text in (POSITION, MUTATION, refused)]
    assert found == [query, mutation, subscription]


def test_several_accept_lines_are_one_list(server: Server) -> None:
    headers = [("content-type", JSON), ("accept", JSON), ("accept", STREAM)]
    # The document is invalid, so that its stream ends.
    for text, expected in ((POSITION, JSON), ("subscription { events { nothing } }", STREAM)):
        response = httpx2.post(server.url, json={"query": text}, headers=headers, timeout=10, verify=TLS)
        assert media_type(response) == expected


CASES: dict[str, tuple[dict[str, Any], int, str | None]] = {
    "a query": ({"query": POSITION}, 200, None),
    "a mutation that is rejected": ({"query": MUTATION}, 200, None),
    "an error that leaves no data": (
        {"query": '{ position products(after: "x") { nodes { sku } } }'},
        400,
        INPUT,
    ),
    "a document that is not GraphQL": ({"query": "{"}, 400, PARSE),
    "an unknown field": ({"query": "{ weather }"}, 400, VALIDATION),
    "a variable of another type": (
        {"query": "query ($id: UUID!) { order(id: $id) { id } }", "variables": {"id": 5}},
        400,
        INPUT,
    ),
    "an unknown operation": ({"query": "query A { position }", "operationName": "B"}, 400, INPUT),
    "no operation": ({"query": "fragment F on Query { position }"}, 400, INPUT),
    "too many fields": (
        {"query": "{" + " ".join(f"a{n}: position" for n in range(61)) + "}"},
        400,
        EXPENSIVE,
    ),
    "a subscription": ({"query": FACTS}, 400, INPUT),
    "a stale read": ({"query": '{ products(minPosition: "999") { nodes { sku } } }'}, 503, "STALE_READ"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_status_says_whether_there_is_data_and_json_is_200_for_every_request(
    server: Server, name: str
) -> None:
    body, status, code = CASES[name]
    modern, older = send(server, body), send(server, body, JSON)
    assert (modern.status_code, older.status_code) == (status, 200)
    for response in (modern, older):
        answer = response.json()
        if code is None:
            assert "errors" not in answer
        else:
            assert codes(answer) == {code}
            assert answer.get("data") is None


def test_a_response_with_a_part_of_the_data_is_200(server: Server) -> None:
    answer = send(server, {"query": '{ position product(sku: "NONE", minPosition: "999") { sku } }'})
    assert (answer.status_code, codes(answer.json())) == (200, {"STALE_READ"})
    assert answer.json()["data"]["product"] is None


def test_a_request_that_was_not_executed_has_no_data_entry(server: Server) -> None:
    for query in ("{", "{ weather }", "query A($n: Int!) { position }"):
        assert "data" not in send(server, {"query": query}).json()


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_another_method_is_405_and_allow_names_those_that_are_served(server: Server, method: str) -> None:
    response = httpx2.request(method, server.url, verify=TLS)
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")
    if method != "HEAD":
        assert codes(response.json()) == {INPUT}


@pytest.mark.parametrize("accept", ["text/html", "multipart/mixed", f"{JSON};q=0", "image/*, text/plain"])
def test_a_client_that_accepts_nothing_that_is_served_gets_406_in_json(server: Server, accept: str) -> None:
    response = send(server, {"query": POSITION}, accept)
    assert (response.status_code, media_type(response)) == (406, JSON)
    assert codes(response.json()) == {INPUT}


def test_a_body_that_is_too_large_is_413_whether_its_length_is_known_or_not(server: Server) -> None:
    body = json.dumps({"query": POSITION, "variables": {"x": "x" * MAX_REQUEST_BYTES}}).encode()
    assert len(body) > MAX_REQUEST_BYTES
    response = send(server, body)
    assert (response.status_code, codes(response.json())) == (413, {EXPENSIVE})
    chunked = httpx2.post(
        server.url,
        content=(body[n : n + 9_999] for n in range(0, len(body), 9_999)),
        headers={"content-type": JSON},
    )
    assert (chunked.status_code, codes(chunked.json())) == (413, {EXPENSIVE})
    fits = json.dumps({"query": POSITION, "variables": {"x": "x" * (MAX_REQUEST_BYTES - 100)}}).encode()
    assert send(server, fits).status_code == 200


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (POSITION.encode(), {"content_type": "text/plain"}, 415, "application/json"),
        (POSITION.encode(), {"content_type": "application/jsonp"}, 415, "application/json"),
        (POSITION.encode(), {"content_type": ""}, 415, "application/json"),
        (gzip.compress(b"{}", mtime=0), {"content_encoding": "gzip"}, 415, "gzip"),
        (gzip.compress(b"{}", mtime=0), {}, 400, "compressed"),
        ("{}".encode("utf-16"), {"content_type": "application/json; charset=utf-16"}, 415, "utf-16"),
        ("{}".encode("utf-16"), {}, 400, "UTF-16"),
        ('{"query": "{ ä }"}'.encode("latin-1"), {}, 400, "UTF-8"),
        (b"", {}, 400, "JSON"),
    ],
)
def test_a_body_in_another_form_is_refused_with_what_is_wrong(
    server: Server, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    for accept in (GRAPHQL, JSON, STREAM):
        response = send(server, body, accept, **headers)
        assert response.status_code == status
        assert codes(response.json()) == {INPUT}
        assert said in response.json()["errors"][0]["message"]


def test_a_byte_order_mark_is_skipped(server: Server) -> None:
    assert "data" in send(server, b"\xef\xbb\xbf" + json.dumps({"query": POSITION}).encode()).json()


def test_a_query_by_get_takes_variables_and_extensions_as_json(server: Server) -> None:
    parameters = {
        "query": "query A($first: Int!) { products(first: $first) { nodes { sku } } } query B { position }",
        "variables": '{"first": 1}',
        "operationName": "A",
        "extensions": '{"some": "thing"}',
    }
    response = get(server, parameters)
    assert response.json()["data"] == {"products": {"nodes": []}}
    assert response.headers["cache-control"] == "no-store"
    for wrong in (
        {"variables": "{"},
        {"variables": "[]"},
        {"extensions": "5"},
        {"extensions": "x"},
        {"query": ""},
        {"operationName": "C"},
    ):
        for accept in (GRAPHQL, STREAM):
            refused = get(server, parameters | wrong, accept)
            assert (refused.status_code, codes(refused.json())) == (400, {INPUT})


def test_a_mutation_by_get_is_405_and_is_not_executed(server: Server) -> None:
    hidden = "query A { position } " + MUTATION.replace("mutation", "mutation B")
    for parameters in ({"query": MUTATION}, {"query": hidden, "operationName": "B"}):
        for accept in (GRAPHQL, JSON, STREAM, URQL):
            response = get(server, parameters, accept)
            assert (response.status_code, response.headers["allow"]) == (405, "POST")
            assert codes(response.json()) == {INPUT}
    assert get(server, {"query": hidden, "operationName": "A"}).status_code == 200


HASH = {"persistedQuery": {"version": 1, "sha256Hash": "ab" * 32}}


@pytest.mark.parametrize(
    "body",
    [
        {"extensions": HASH},
        {"query": "", "extensions": HASH},
        {"documentId": "ab"},
        {"query": None, "documentId": "a"},
    ],
)
def test_a_request_with_a_hash_alone_is_told_to_send_the_document(
    server: Server, body: dict[str, Any]
) -> None:
    wanted = [
        {"message": "PersistedQueryNotSupported", "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"}}
    ]
    for accept in (GRAPHQL, JSON, URQL):
        response = send(server, body, accept)
        assert (response.status_code, response.json()["errors"]) == (200, wanted)
    parameters = {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in body.items() if value
    }
    assert get(server, parameters).json()["errors"] == wanted
    assert "data" in send(server, body | {"query": POSITION}).json()


def test_a_request_on_a_raw_connection_without_accept_gets_the_media_type_of_the_specification(
    server: Server,
) -> None:
    body = json.dumps({"query": POSITION}).encode()
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(
            b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
            + f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        answer = read_all(client)
    assert f"content-type: {GRAPHQL}; charset=utf-8".encode() in answer.lower()


def test_a_browser_that_names_no_operation_gets_the_page_in_development(server: Server) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    for parameters in ({}, {"tab": "1"}):
        assert media_type(get(server, parameters, browser)) == "text/html"
    assert media_type(get(server, {"query": POSITION}, browser)) == JSON
    refused = get(server, {}, "*/*")
    assert (refused.status_code, codes(refused.json())) == (400, {INPUT})
