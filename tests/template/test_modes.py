"""What READMEs, settings and `.env.example` promise about a mode is held against a server that runs in it."""

import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from graphql import get_introspection_query
from pydantic import SecretStr
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from app.composition import application
from app.engine.access.authentication import check_access, development_warning
from app.engine.errors import ConfigurationError
from app.engine.graphql.schema import ENGINE_SLICES, build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.settings import EngineSettings
from app.settings import Settings
from tests.support import env_example
from tests.support.cli import run
from tests.support.databases import as_superuser
from tests.support.sample_documents import documents
from tests.support.server import Server
from tests.support.tokens import TOKEN_KEY, bearer, make_token
from tests.template.readmes import TEXTS, paragraphs

SCHEMA = graphql_schema(build_schema(application.slices(), application.deciders)[0])
MUTATIONS = documents("mutation", SCHEMA.mutation_type)  # pyright: ignore[reportArgumentType]
OPERATOR_MUTATIONS = sorted(
    {
        "".join(word.title() if index else word for index, word in enumerate(field.python_name.split("_")))
        for module in ENGINE_SLICES
        if hasattr(module, "Mutation")
        for field in module.Mutation.__strawberry_definition__.fields
    }
)
MISSPELT: Mapping[str, tuple[str, dict[str, Any]]] = {
    "field": ("{ positio }", {}),
    "field of a type": ("{ projections { nam } }", {}),
    "argument": ("{ processes(firs: 1) { edges { cursor } } }", {}),
    "type": ("query($a: UUI) { position }", {}),
    "fragment type": ("{ position ...F } fragment F on Quer { position }", {}),
    "directive": ("{ position @skp(if: true) }", {}),
    "fragment": ("{ ...Fa } fragment Fb on Query { position }", {}),
    "interface": ("{ node: history(category: 1) }", {}),
    "input field": ("mutation { retryProcess(input: {proces: 1}) { __typename } }", {}),
    "input field by variable": (
        "mutation($i: RetryProcessInput!) { retryProcess(input: $i) { __typename } }",
        {"i": {"proces": "a", "process": "a", "id": "00000000-0000-4000-8000-000000000001"}},
    ),
    "leaf with a selection": ("{ position { a } }", {}),
    "object without one": ("{ processes }", {}),
}


@dataclass(frozen=True)
class Modes:
    """One server in each mode, on the same database."""

    development: Server
    production: Server
    database_url: str


@pytest.fixture(scope="module")
def modes(module_database_url: str) -> Iterator[Modes]:
    development = Server(module_database_url)
    production = Server(module_database_url, APP_MODE="production")
    try:
        yield Modes(development.wait(), production.wait(), module_database_url)
    finally:
        development.close()
        production.close()


def get(server: Server, path: str, **headers: str) -> tuple[int, str]:
    """The status and the body."""
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def post(
    server: Server, query: str, variables: Mapping[str, Any] | None = None, **headers: str
) -> dict[str, Any]:
    """The answer as JSON, of any status."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(
        server.url, body, {"content-type": "application/json", **server.headers, **headers}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def by_stream(server: Server, query: str, variables: Mapping[str, Any] | None = None) -> str:
    """The whole text of a stream."""
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    headers = {"content-type": "application/json", "accept": "text/event-stream", **server.headers}
    try:
        request = urllib.request.Request(server.url, body, headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.read().decode()


def by_socket(server: Server, query: str, variables: Mapping[str, Any] | None = None) -> str:
    """The first message of an operation on a socket."""
    with connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as client:
        client.send(json.dumps({"type": "connection_init", "payload": server.headers}))
        assert json.loads(client.recv(10))["type"] == "connection_ack"
        payload = {"query": query, "variables": variables or {}}
        client.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
        return str(client.recv(10))


def codes(answer: Mapping[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


# --- Checks -----------------------------------------------------------------


def refuses_a_role_that_can_change_events(modes: Modes) -> None:
    superuser = as_superuser(modes.database_url)
    refused = run(
        "serve", "--port", "0", APP_MODE="production", APP_TOKEN_KEY=TOKEN_KEY, DATABASE_URL=superuser
    )
    assert refused.returncode == 2
    assert "is a superuser" in refused.stderr
    for allowed in (
        Server(superuser, APP_MODE="production", APP_ALLOW_DATABASE_OWNER="true"),
        Server(superuser, APP_MODE="development"),
    ):
        allowed.wait()
        allowed.close()


def has_no_graphiql(modes: Modes) -> None:
    for path in ("/graphql", "/graphiql/index.html"):
        status, body = get(modes.production, path, accept="text/html")
        assert status >= 400, path
        assert "<html" not in body.lower(), path
    assert "<html" in get(modes.development, "/graphql", accept="text/html")[1].lower()


def has_no_shop(modes: Modes) -> None:
    for path in ("/shop", "/shop/assets/page.js"):
        assert get(modes.production, path, accept="text/html")[0] == 404, path
    assert re.search(rf"http://localhost:{modes.development.port}/shop\b", modes.development.output())
    assert "/shop" not in modes.production.output()
    # It says how to build it, if it is not built.
    assert "<html" in get(modes.development, "/shop", accept="text/html")[1]


def has_no_introspection(modes: Modes) -> None:
    for query in (
        get_introspection_query(),
        "{ __schema { queryType { name } } }",
        '{ a: __type(name: "Query") { name } }',
        "{ ...F } fragment F on Query { ... { __schema { queryType { name } } } }",
    ):
        answer = post(modes.production, query)
        assert (answer.get("data"), set(codes(answer))) == (None, {"FORBIDDEN"}), query
        for ask in (by_stream, by_socket):
            text = ask(modes.production, query)
            assert '"FORBIDDEN"' in text, (ask, query)
            assert "queryType" not in text, (ask, query)
    assert "errors" not in post(modes.development, get_introspection_query())
    assert post(modes.production, "{ __typename }")["data"] == {"__typename": "Query"}
    assert "errors" not in post(modes.production, "{ products { __typename } }")


def suggests_nothing(modes: Modes) -> None:
    suggested = 0
    for name, (query, variables) in MISSPELT.items():
        answer = post(modes.production, query, variables)
        assert answer["errors"], name
        for text in (
            json.dumps(answer),
            by_stream(modes.production, query, variables),
            by_socket(modes.production, query, variables),
        ):
            assert '"errors"' in text or '"error"' in text, (name, text)
            assert "did you mean" not in text.lower(), (name, text)
        suggested += "Did you mean" in json.dumps(post(modes.development, query, variables))
    # Most of them are suggested in development, so that the check looks at the right errors.
    assert suggested >= 6


def refuses_operator_mutations(modes: Modes) -> None:
    assert {"retryProcess", "retryProcesses", "skipProcessStep", "compensateProcess", "skipEvent"} <= set(
        OPERATOR_MUTATIONS
    )
    for name in OPERATOR_MUTATIONS:
        answer = post(
            modes.production, MUTATIONS[name], None, **bearer(make_token(roles=["customer", "staff"]))
        )
        assert (answer["data"], codes(answer)) == (None, ["FORBIDDEN"]), (name, answer)
        for server in (modes.production, modes.development):
            assert "FORBIDDEN" not in codes(post(server, MUTATIONS[name])), name


def takes_no_actor(modes: Modes) -> None:
    for server, actor in ((modes.production, "tester"), (modes.development, "ann")):
        assert actor_of(server) == actor


def needs_to_know_who_calls(modes: Modes) -> None:
    line = "callers on this machine name themselves"
    assert line in modes.development.output()
    assert line not in modes.production.output()
    assert development_warning(Settings()) is None
    assert development_warning(Settings(allowed_hosts=("shop.example",)))
    key, issuer = SecretStr(TOKEN_KEY), "https://login.shop.example"
    check_access(Settings())
    check_access(Settings(mode="production", token_key=key))
    check_access(Settings(mode="production", issuer=issuer, audience="shop-api"))
    for settings in (Settings(mode="production"), Settings(mode="production", issuer=issuer)):
        with pytest.raises(ConfigurationError):
            check_access(settings)


def takes_tokens_of_its_key(modes: Modes) -> None:
    assert post(modes.production, "{ position }", authorization="Bearer x")["errors"]
    assert "errors" not in post(modes.production, "{ position }")


def logs_as_promised(modes: Modes) -> None:
    for line in modes.production.output().splitlines():
        assert json.loads(line)["level"], line
    assert "ready: " in [line[:7] for line in modes.development.output().splitlines()]


def shows_operators_nothing_in_public(modes: Modes) -> None:
    assert get(modes.production, "/metrics")[0] == 404
    assert get(modes.production, "/readyz") == (200, "ready")
    assert get(modes.production, "/livez") == (200, "alive")
    assert "app_ready 1.0" in get(modes.development, "/metrics")[1]
    assert json.loads(get(modes.development, "/readyz")[1])["errors"] == {}


CHECKS: Mapping[str, Callable[[Modes], None]] = {
    check.__name__: check
    for check in (
        has_no_graphiql,
        has_no_shop,
        has_no_introspection,
        suggests_nothing,
        refuses_operator_mutations,
        takes_no_actor,
        needs_to_know_who_calls,
        takes_tokens_of_its_key,
        logs_as_promised,
        refuses_a_role_that_can_change_events,
        shows_operators_nothing_in_public,
    )
}

NOTHING_OF_A_SERVER: Sequence[str] = ()
"""For a sentence that says nothing about how a server in a mode behaves."""
SURFACE = tuple(CHECKS)
CALLERS = ("takes_no_actor", "needs_to_know_who_calls", "takes_tokens_of_its_key")

PROMISES: Mapping[str, Sequence[str]] = {
    "It names itself by the headers `X-Actor` and `X-Roles`.": CALLERS,
    "With a key, tokens count in development mode, too, and the headers do not": CALLERS,
    "outside development each caller has a verified token or no roles.": CALLERS,
    "the audience is required outside development.": CALLERS,
    "Outside of development mode it is required with an issuer.": CALLERS,
    "they may name any actor.": CALLERS,
    "Let the proxy add one of these headers, or use production mode.": CALLERS,
    "A server in development mode warns at its start": ("needs_to_know_who_calls",),
    "`APP_MODE`: `production`.": SURFACE,
    "Print a token for development": NOTHING_OF_A_SERVER,
    "Compose runs it in development mode with a public token key": NOTHING_OF_A_SERVER,
    "A PostgreSQL 18 for development comes": NOTHING_OF_A_SERVER,
    "[Settings, endpoints, metrics, logs, production checklist": NOTHING_OF_A_SERVER,
    "[A production database is migrated on request]": NOTHING_OF_A_SERVER,
    "The embedded PostgreSQL is for development": NOTHING_OF_A_SERVER,
    "Set `DATABASE_URL` in production": NOTHING_OF_A_SERVER,
    "on a copy of the production database": NOTHING_OF_A_SERVER,
    "The image runs as a user without rights, in production mode": NOTHING_OF_A_SERVER,
    "development or production. Production: no GraphiQL, no introspection, no suggestions, no trusted header, logs as JSON.": SURFACE,
    "Set `APP_MODE=production`: no GraphiQL, no introspection, no suggestions, no header that names the actor.": SURFACE,
    "Introspection is off in production mode.": ("has_no_introspection",),
    "0: APP_PORT has them in development mode, and no port in production.": (
        "shows_operators_nothing_in_public",
    ),
    "In production that holds without an operations port, too.": ("shows_operators_nothing_in_public",),
    "In development mode without one, `APP_PORT` has all of them.": ("shows_operators_nothing_in_public",),
    "Outside of development a server refuses a superuser and an owner of `es.events`;": (
        "refuses_a_role_that_can_change_events",
    ),
    "Whether a production server may use a database role that can change events": (
        "refuses_a_role_that_can_change_events",
    ),
    "Files of the GraphiQL page, in development mode only.": ("has_no_graphiql",),
    "The page of the sample shop, in development mode only.": ("has_no_shop",),
    "Without a token, in development mode,": ("takes_no_actor",),
    "is served in development mode": ("has_no_shop",),
    "Logs go to stderr: text in development, one JSON object for each line in production.": (
        "logs_as_promised",
    ),
}
"""A part of each sentence about a mode, and the checks that hold it."""


def sentences_about_a_mode() -> list[str]:
    """Sentences and rows of all READMEs, descriptions of settings, and lines of the example."""
    texts = [sentence for text in TEXTS.values() for sentence in _sentences(text)]
    texts += [str(field.description) for field in EngineSettings.model_fields.values()]
    texts += [
        line.removeprefix("# ")
        for line in env_example.TEXT.splitlines()
        if not re.match(rf"# {env_example.VARIABLE}=", line)
    ]
    return [text for text in texts if re.search("production|development", text, re.IGNORECASE)]


def _sentences(text: str) -> Iterator[str]:
    yield from (line for line in text.splitlines() if line.startswith("|"))
    for paragraph in paragraphs(text):
        yield from re.split(r"(?<=[.!?;])\s+", paragraph)


def test_each_sentence_about_a_mode_has_a_check() -> None:
    sentences = sentences_about_a_mode()
    unknown = [text for text in sentences if not any(part in text for part in PROMISES)]
    assert unknown == []
    assert [part for part in PROMISES if not any(part in text for text in sentences)] == []


@pytest.mark.parametrize("name", CHECKS)
def test_a_server_in_each_mode_does_what_is_promised(name: str, modes: Modes) -> None:
    assert any(name in checks for checks in PROMISES.values())
    CHECKS[name](modes)


OPEN = """mutation($id: UUID!) {
  openOrder(input: {customerId: $id}) { ... on OrderAccepted { events { actor } } }
}"""


def actor_of(server: Server, **headers: str) -> str:
    """The recorded actor of a command with the header X-Actor and these headers."""
    answer = post(server, OPEN, {"id": str(uuid4())}, **{"x-actor": "ann", **headers})
    return answer["data"]["openOrder"]["events"][0]["actor"]


HOSTILE_BYTES: Sequence[bytes] = (
    b"nonsense\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: nonsense\r\nconnection: upgrade\r\n\r\n",
    b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    b"GET /%ff%0a%1b[31m HTTP/1.1\r\nhost: localhost\r\n\r\n",
    b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
    b"\x16\x03\x01\x00\xa5\x01\x00",
)


def test_every_line_of_a_production_server_is_json_also_after_errors(modes: Modes) -> None:
    server = modes.production
    for data in HOSTILE_BYTES:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass
    with connect(server.socket, subprotocols=[Subprotocol("graphql-transport-ws")]) as client:
        client.socket.sendall(b"\xff\xff\xff\xff")
        while True:
            try:
                client.recv(10)
            except Exception:
                break
    lines = server.output().splitlines()
    assert lines
    for line in lines:
        record = json.loads(line)
        assert {"at", "level", "logger", "message"} <= record.keys(), line
