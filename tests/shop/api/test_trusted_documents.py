"""Trusted documents are read at the start, and named by their hash on every transport.

They are the only documents if the server says so.
"""

import asyncio
import hashlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.engine.errors import ConfigurationError
from app.engine.graphql.execution.trusted_documents import NO_DOCUMENTS, TrustedDocuments, read_documents
from app.engine.graphql.transport.requests import BadRequest, parse_query_string, parse_request
from tests.support.cli import run
from tests.support.server import Server
from tests.support.websocket import opened

POSITION = "query Position { position }"
PRODUCTS = "query Products($first: Int) { products(first: $first) { nodes { sku } } }"
EVENTS = "subscription Events { events { position } }"
OPEN = "mutation Open($i: OpenOrderInput!) { openOrder(input: $i) { __typename } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    manifest = {sha256(text): text for text in (POSITION, PRODUCTS, EVENTS)}
    (folder / "persisted-documents.json").write_text(json.dumps(manifest))
    apollo = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": "open-1", "name": "Open", "type": "mutation", "body": OPEN}],
    }
    (folder / "apollo.json").write_text(json.dumps(apollo))
    return folder


@pytest.fixture(scope="module")
def known(module_database_url: str, folder: Path) -> Iterator[Server]:
    """A server that executes only what it knows."""
    server = Server(module_database_url, APP_DOCUMENTS_DIR=str(folder), APP_DOCUMENTS="known")
    try:
        yield server.wait()
    finally:
        server.close()


def send(
    server: Server, body: dict[str, Any] | None, query: str = "", accept: str = "application/json"
) -> Any:
    """The answer to a POST with a body, or to a GET."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", "accept": accept}
    request = urllib.request.Request(server.url + query, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": sha256(POSITION)},
        {"documentId": f"sha256:{sha256(POSITION)}"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(POSITION)}}},
        {"doc_id": sha256(POSITION)},
        {"id": sha256(POSITION), "query": None},
        {"documentId": sha256(POSITION), "query": POSITION},
        {"query": POSITION},
    ],
    ids=["documentId", "with its algorithm", "apollo", "relay", "relay, id", "with its text", "by its text"],
)
def test_a_known_document_is_executed_by_every_name_for_it(known: Server, named: dict[str, Any]) -> None:
    status, answer = send(known, named)
    assert (status, answer.get("errors"), list(answer["data"])) == (200, None, ["position"])
    query = {
        name: json.dumps(value) if isinstance(value, dict) else value
        for name, value in named.items()
        if value
    }
    status, answer = send(known, None, f"?{urllib.parse.urlencode(query)}")
    assert (status, list(answer["data"])) == (200, ["position"])


def test_a_known_mutation_and_its_variables_are_executed(known: Server) -> None:
    variables = {"i": {"customerId": "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2e"}}
    _, answer = send(known, {"documentId": "open-1", "variables": variables})
    assert answer["data"] == {"openOrder": {"__typename": "OrderAccepted"}}
    assert code_of(send(known, None, "?documentId=open-1")) == (405, "BAD_USER_INPUT")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": "{ position }"}, (403, "DOCUMENT_NOT_KNOWN")),
        ({"query": POSITION + " "}, (403, "DOCUMENT_NOT_KNOWN")),
        ({"query": "{ __schema { types { name } } }"}, (403, "DOCUMENT_NOT_KNOWN")),
        ({"query": "{ broken"}, (403, "DOCUMENT_NOT_KNOWN")),
        ({"documentId": sha256("other")}, (200, "PERSISTED_QUERY_NOT_FOUND")),
        ({"extensions": {"persistedQuery": {"sha256Hash": sha256("x")}}}, (200, "PERSISTED_QUERY_NOT_FOUND")),
        ({"extensions": {"persistedQuery": 5}}, (200, "PERSISTED_QUERY_NOT_FOUND")),
        ({"documentId": sha256(POSITION), "query": "{ position }"}, (400, "BAD_USER_INPUT")),
        (
            {"documentId": sha256("{ position }"), "query": "{ position }"},
            (403, "DOCUMENT_NOT_KNOWN"),
        ),
    ],
)
def test_another_document_is_refused(known: Server, body: dict[str, Any], expected: tuple[int, str]) -> None:
    assert code_of(send(known, body)) == expected


async def test_sockets_and_streams_know_the_same_documents(known: Server) -> None:
    async with opened(known) as socket:
        for identity, payload in (
            ("named", {"documentId": sha256(POSITION)}),
            ("other", {"query": "subscription { events { position } }"}),
            ("introspection", {"query": "{ __schema { types { name } } }"}),
            ("unknown", {"extensions": {"persistedQuery": {"sha256Hash": "x"}}}),
        ):
            await socket.say({"id": identity, "type": "subscribe", "payload": payload})
        assert "position" in await socket.data("named")
        codes = {
            identity: (await socket.next(identity))["payload"][0]["extensions"]["code"]
            for identity in ("other", "introspection", "unknown")
        }
    assert codes == {
        "other": "DOCUMENT_NOT_KNOWN",
        "introspection": "DOCUMENT_NOT_KNOWN",
        "unknown": "PERSISTED_QUERY_NOT_FOUND",
    }
    refused = send(known, {"query": "subscription { events { position } }"}, accept="text/event-stream")
    assert code_of(refused) == (403, "DOCUMENT_NOT_KNOWN")
    assert await asyncio.to_thread(stream_type, known, sha256(EVENTS)) == "text/event-stream; charset=utf-8"


def stream_type(server: Server, name: str) -> str:
    """The content type of the response to a subscription by GET."""
    request = urllib.request.Request(
        f"{server.url}?documentId={name}", headers={"accept": "text/event-stream"}
    )
    with urllib.request.urlopen(request, timeout=20) as stream:
        return stream.headers["content-type"]


def test_without_the_promise_other_documents_are_executed_and_hashes_are_looked_up() -> None:
    documents = TrustedDocuments({"a": POSITION})
    assert parse_request({"query": "{ x }"}, documents)["query"] == "{ x }"
    assert parse_query_string({"documentId": "a"}, documents)["query"] == POSITION
    apq = {"persistedQuery": {"version": 1, "sha256Hash": "b"}}
    assert parse_request({"query": "{ x }", "extensions": apq}, documents)["query"] == "{ x }"
    with pytest.raises(BadRequest) as refused:
        parse_request({"extensions": apq}, documents)
    assert (refused.value.code, refused.value.status_code) == ("PERSISTED_QUERY_NOT_FOUND", 200)
    with pytest.raises(BadRequest) as refused:
        parse_request({"extensions": apq}, NO_DOCUMENTS)
    assert refused.value.code == "PERSISTED_QUERY_NOT_SUPPORTED"
    with pytest.raises(BadRequest) as refused:
        parse_request({"id": "a"}, NO_DOCUMENTS)
    assert refused.value.code == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ("[]", "is no manifest"),
        ('{"a": 5}', "is no manifest"),
        ("{}", "has no document"),
    ],
)
def test_a_folder_without_documents_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(ConfigurationError, match=said):
        read_documents(tmp_path, only_known=False)


def test_manifests_that_disagree_and_a_missing_folder_are_refused(tmp_path: Path) -> None:
    for name, text in (("a", POSITION), ("b", PRODUCTS)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"x": text}))
    with pytest.raises(ConfigurationError, match="another document x"):
        read_documents(tmp_path, only_known=False)
    with pytest.raises(ConfigurationError, match="cannot read"):
        read_documents(tmp_path / "missing", only_known=False)
    with pytest.raises(ConfigurationError, match="APP_DOCUMENTS_DIR"):
        read_documents(None, only_known=True)
    assert read_documents(None, only_known=False) is NO_DOCUMENTS


def test_a_document_that_is_not_valid_ends_the_start_with_one_line(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"good": POSITION, "bad-1": "{ nonsense }"}))
    result = run("serve", "--port", "0", DATABASE_URL=database_url, APP_DOCUMENTS_DIR=str(tmp_path))
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert "bad-1" in line
    assert "nonsense" in line
