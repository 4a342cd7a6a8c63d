"""Tokens on every transport in production mode: the caller, the answer to a refused token, and the expiry."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from tests.support.cli import assert_user_error, invoke
from tests.support.issuer import Issuer, new_key, run_issuer
from tests.support.ports import free_port
from tests.support.raw_http import cpu_seconds
from tests.support.server import Server
from tests.support.tokens import WITHOUT, bearer, make_token
from tests.support.websocket import FACTS, opened

OPEN = """mutation($id: UUID!) {
  openOrder(input: {customerId: $id}) { ... on OrderAccepted { events { actor position } } }
}"""
EVENTS = "subscription ($after: Position) { events(after: $after) { position } }"
PATIENCE = 20.0


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with run_issuer() as issuer:
        yield issuer


OPERATIONS_PORT = free_port()


@pytest.fixture(scope="module")
def server(module_database_url: str, issuer: Issuer) -> Iterator[Server]:
    environment: dict[str, Any] = issuer.environment()
    environment["APP_OPERATIONS_PORT"] = str(OPERATIONS_PORT)
    server = Server(module_database_url, APP_MODE="production", **environment)
    try:
        yield server.wait()
        assert "Traceback" not in server.output()
        assert '"error"' not in server.output()
    finally:
        server.close()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=PATIENCE) as client:
        yield client


def refused_tokens(issuer: Issuer) -> dict[str, str]:
    """A token for each word."""
    return {
        "malformed": "not.a.token",
        "expired": issuer.token(exp=time.time() - 1),
        "not_yet_valid": issuer.token(nbf=time.time() + 1000),
        "wrong_issuer": issuer.token(iss="https://evil.example"),
        "wrong_audience": issuer.token(aud="another"),
        "algorithm": make_token(),
        "wrong_key": make_token(new_key("ES256", "es-1"), "ES256", iss=issuer.url),
        "oversized": issuer.token(padding="x" * 9_000),
        "no_subject": issuer.token(sub=WITHOUT),
        "missing": "",
    }


def refusal(answer: httpx2.Response) -> str:
    """The word of a response that refuses a token."""
    assert answer.status_code == 401, answer.text
    [error] = answer.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    word = error["extensions"]["reason"]
    challenge = answer.headers["www-authenticate"]
    assert challenge == f'Bearer error="invalid_token", error_description="{word}"'
    assert answer.headers["content-type"].endswith("json; charset=utf-8")
    return word


@asynccontextmanager
async def raw_socket(server: Server, **options: Any) -> AsyncGenerator[ClientConnection]:
    async with connect(
        server.socket, subprotocols=[Subprotocol("graphql-transport-ws")], **options
    ) as connection:
        yield connection


async def closed_with(connection: ClientConnection) -> tuple[int, str]:
    """The code and the reason with which the server closes the socket. Messages before it are passed over."""
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionClosed):
            while True:
                await connection.recv()
    assert connection.close_code is not None
    return connection.close_code, connection.close_reason or ""


async def init_refusal(server: Server, payload: object, **options: Any) -> str:
    """The word with which a socket is refused."""
    async with raw_socket(server, **options) as connection:
        await connection.send(json.dumps({"type": "connection_init", "payload": payload}))
        code, word = await closed_with(connection)
        assert code == 4403
        return word


def test_a_refused_token_gets_401_and_its_word_on_every_way_over_http(
    server: Server, issuer: Issuer, client: httpx2.Client
) -> None:
    for word, token in refused_tokens(issuer).items():
        for accept in ("application/json", "application/graphql-response+json", "text/event-stream"):
            headers = {**bearer(token), "accept": accept}
            assert refusal(client.get(server.url, params={"query": "{ position }"}, headers=headers)) == word
            # The token is refused before the body is read: this one is no JSON.
            body: dict[str, Any] = {
                "content": b"{",
                "headers": {**headers, "content-type": "application/json"},
            }
            assert refusal(client.post(server.url, **body)) == word
        stream: dict[str, Any] = {
            "params": {"query": EVENTS},
            "headers": {**bearer(token), "accept": "text/event-stream"},
        }
        assert refusal(client.get(server.url, **stream)) == word


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("Bearer", "missing"),
        ("", "missing"),
        ("Basic YTpi", "malformed"),
        ("Token x", "malformed"),
    ],
)
def test_another_header_than_a_bearer_token_is_refused(
    server: Server, client: httpx2.Client, header: str, word: str
) -> None:
    query = {"query": "{ position }"}
    assert refusal(client.get(server.url, params=query, headers={"authorization": header})) == word
    two = [("authorization", header or "Bearer x"), ("authorization", header or "Bearer x")]
    assert refusal(client.get(server.url, params=query, headers=two)) == "malformed"


async def test_a_refused_token_closes_a_socket_with_4403_and_its_word(server: Server, issuer: Issuer) -> None:
    for word, token in refused_tokens(issuer).items():
        assert await init_refusal(server, {"Authorization": f"Bearer {token}"}) == word
        assert await init_refusal(server, {"token": token}) == word
        if word != "oversized":
            # A header of an upgrade has 8,000 bytes at most.
            assert await init_refusal(server, None, additional_headers=bearer(token)) == word
    for value in (7, [], {}, True):
        assert await init_refusal(server, {"authorization": value}) == "malformed"
    # The payload counts, also if the header of the upgrade would do.
    assert (
        await init_refusal(server, {"token": "x"}, additional_headers=bearer(issuer.token())) == "malformed"
    )


async def test_a_socket_that_was_refused_runs_nothing_that_was_sent_after_it(
    server: Server, issuer: Issuer, client: httpx2.Client
) -> None:
    position = client.get(server.url, params={"query": "{ position }"}, headers=bearer(issuer.token())).json()
    async with raw_socket(server) as connection:
        await connection.send('{"type": "connection_init", "payload": {"token": "x"}}')
        payload = {"query": OPEN, "variables": {"id": str(uuid4())}}
        await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        assert await closed_with(connection) == (4403, "malformed")
    after = client.get(server.url, params={"query": "{ position }"}, headers=bearer(issuer.token())).json()
    assert after["data"] == position["data"]


@pytest.mark.parametrize(
    ("init", "by_header"),
    [("authorization", False), ("Authorization", False), ("token", False), ("bare", False), ("none", True)],
)
async def test_a_socket_acts_as_the_subject_of_its_token(
    server: Server, issuer: Issuer, init: str, by_header: bool
) -> None:
    token = issuer.token(sub="ann@shop.example")
    payload = {"token": token} if init == "bare" else {init: f"Bearer {token}"}
    headers = bearer(token) if by_header else {}
    async with opened(server, {} if by_header else payload, additional_headers=headers) as socket:
        await socket.subscribe("1", OPEN, {"id": str(uuid4())})
        [event] = (await socket.data("1"))["openOrder"]["events"]
        assert event["actor"] == "ann@shop.example"


def test_the_actor_of_a_token_is_in_the_event_and_in_the_line_of_the_command(
    server: Server, issuer: Issuer, client: httpx2.Client
) -> None:
    body = {"query": OPEN, "variables": {"id": str(uuid4())}}
    headers = {**bearer(issuer.token(sub="auth0|bob")), "x-actor": "eve", "x-roles": "operator"}
    answer = client.post(server.url, json=body, headers={**headers, "x-correlation-id": str(uuid4())}).json()
    [event] = answer["data"]["openOrder"]["events"]
    assert event["actor"] == "auth0|bob"
    lines = [json.loads(line) for line in server.output().splitlines()]
    [line] = [line for line in lines if line.get("correlation") == answer["extensions"]["correlationId"]]
    assert line["actor"] == "auth0|bob"


def test_a_refusal_takes_less_than_5_ms_of_cpu(server: Server, issuer: Issuer, client: httpx2.Client) -> None:
    process = psutil.Process(server.process.pid)
    tokens = [token for token in refused_tokens(issuer).values() for _ in range(10)]
    before = cpu_seconds(process)
    for token in tokens:
        refusal(client.get(server.url, params={"query": "{ position }"}, headers=bearer(token)))
    seconds = (cpu_seconds(process) - before) / len(tokens)
    assert seconds < 0.005, seconds


async def test_what_a_token_has_opened_ends_when_it_expires_and_a_socket_without_init_after_5_s(
    server: Server, issuer: Issuer
) -> None:
    def command() -> dict[str, Any]:
        body = {"query": OPEN, "variables": {"id": str(uuid4())}}
        [event] = httpx2.post(server.url, json=body, headers=bearer(issuer.token())).json()["data"][
            "openOrder"
        ]["events"]
        return event

    began = time.monotonic()
    async with opened(server, {"token": issuer.token()}) as socket:
        await socket.settled()
        first = await asyncio.to_thread(command)
    # The token lives for several times as long as that takes on this machine now.
    token = issuer.token(exp=time.time() + max(4.0, 8 * (time.monotonic() - began)))
    after = {"after": first["position"]}
    async with (
        raw_socket(server) as silent,
        opened(server, {"token": token}) as socket,
        httpx2.AsyncClient(timeout=PATIENCE) as client,
        client.stream(
            "POST",
            server.url,
            json={"query": EVENTS, "variables": after},
            headers={**bearer(token), "accept": "text/event-stream"},
        ) as stream,
    ):
        # Both reach the head of the log, and share their executions from there on.
        await socket.subscribe("shared", FACTS, after)
        await socket.subscribe("past", EVENTS, {"after": "0"})
        second = await asyncio.to_thread(command)
        assert (await socket.facts("shared", 1))[0]["position"] == second["position"]
        assert await closed_with(socket.connection) == (4403, "expired")
        text = "".join([part async for part in stream.aiter_text()])
        frames = [frame for frame in text.split("\n\n") if not frame.startswith(":")]
        assert second["position"] in frames[0]
        error = json.loads(frames[-3].partition("data: ")[2])["errors"][0]["extensions"]
        assert error == {"code": "UNAUTHENTICATED", "reason": "expired", "retryable": True}
        assert frames[-2:] == ["event: complete\ndata:", ""]
        code, _ = await closed_with(silent)
        assert code == 4408
    third = await asyncio.to_thread(command)
    async with opened(server, {"token": issuer.token()}) as socket:
        await socket.subscribe("again", FACTS, {"after": second["position"]})
        assert (await socket.facts("again", 1))[0]["position"] == third["position"]
    assert await init_refusal(server, {"token": token}) == "expired"


def metrics(client: httpx2.Client) -> dict[str, float]:
    """The samples of the page of metrics."""
    page = client.get(f"http://127.0.0.1:{OPERATIONS_PORT}/metrics").text
    lines = (line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


async def test_refused_tokens_are_counted_by_their_word_on_every_transport(
    server: Server, issuer: Issuer, client: httpx2.Client
) -> None:
    before = metrics(client)
    tokens = refused_tokens(issuer)
    for token in tokens.values():
        query = {"query": "{ position }"}
        refusal(client.get(server.url, params=query, headers=bearer(token)))
        refusal(
            client.get(server.url, params=query, headers={**bearer(token), "accept": "text/event-stream"})
        )
        await init_refusal(server, {"token": token})
    # A caller without a token and one with a good token are refused nothing.
    client.get(server.url, params={"query": "{ position }"})
    client.get(server.url, params={"query": "{ position }"}, headers=bearer(issuer.token()))
    after = metrics(client)
    counted = {name: after[name] - before[name] for name in after if "tokens_refused_total" in name}
    assert counted == {f'app_tokens_refused_total{{reason="{word}"}}': 3 for word in tokens}


def test_an_outage_of_the_issuer_changes_nothing_for_known_keys_and_health_names_it(
    server: Server, issuer: Issuer, client: httpx2.Client
) -> None:
    query: dict[str, Any] = {"params": {"query": "{ position }"}}
    assert metrics(client)["app_issuer_failed"] == 0
    issuer.is_out = True
    try:
        unknown = make_token(new_key("ES256", "es-9"), "ES256", iss=issuer.url)
        assert refusal(client.get(server.url, headers=bearer(unknown), **query)) == "wrong_key"
        assert client.get(server.url, headers=bearer(issuer.token()), **query).status_code == 200
        ready = client.get(f"http://127.0.0.1:{OPERATIONS_PORT}/readyz")
        assert ready.status_code == 200
        assert issuer.url in ready.json()["warnings"]["issuer"]
        assert metrics(client)["app_issuer_failed"] == 1
    finally:
        issuer.is_out = False


def test_serve_ends_at_once_if_the_issuer_calls_itself_otherwise(module_database_url: str) -> None:
    with run_issuer() as issuer:
        issuer.name = f"{issuer.url}/"
        environment: dict[str, Any] = {"DATABASE_URL": module_database_url, **issuer.environment()}
        result = invoke("serve", "--port", "0", **environment)
    assert_user_error(
        result, f"APP_ISSUER is {issuer.url}: it calls itself '{issuer.url}/': set APP_ISSUER to that"
    )
