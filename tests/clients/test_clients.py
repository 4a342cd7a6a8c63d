"""Clients work as shipped: a mutation, a query, pages, an error, a cache, and a kill of the server."""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.engine.settings import ROOT
from tests.clients.builds import BUILT, NPM, PYTHON, build_all
from tests.clients.products import register
from tests.support.json_lines import JsonLines
from tests.support.server import Server

HERE = Path(__file__).parent
SECONDS = 30.0

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine; Debian: apt-get install npm"),
]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    build_all()


@dataclass(frozen=True)
class Program:
    """How a client is started, and what it does of what some do."""

    command: Sequence[str]
    folder: Path = HERE
    is_compiled: bool = False
    """It cannot send a document that is invalid."""
    has_cache: bool = False
    repeats: bool = False
    """It repeats a query until a server answers."""


def _node(
    script: str, *, is_compiled: bool = False, has_cache: bool = False, repeats: bool = False
) -> Program:
    return Program(["node", script], HERE, is_compiled, has_cache, repeats)


CLIENTS = {
    "SSE": _node("graphql-sse.mjs"),
    "WS": _node("graphql-ws.mjs"),
    "EVENTSOURCE": _node("eventsource.mjs"),
    "URQL": _node("urql.mjs", has_cache=True),
    "URQL-PERSISTED": _node("urql.mjs"),
    "URQL-GRAPHCACHE": _node("urql.mjs", has_cache=True, repeats=True),
    "APOLLO-3": _node("apollo3.mjs", has_cache=True, repeats=True),
    "APOLLO-4": _node("apollo.mjs", has_cache=True, repeats=True),
    "TANSTACK": _node("tanstack.mjs", has_cache=True, repeats=True),
    "RELAY": _node("built/relay/src/shop.mjs", has_cache=True, is_compiled=True),
    "CODEGEN": _node("built/typed/out/shop.js", is_compiled=True),
    "GQL": Program([sys.executable, "-m", "tests.clients.gql_client"], ROOT, is_compiled=True),
    "ARIADNE": Program([str(PYTHON), "client.py"], BUILT / "ariadne", is_compiled=True),
}


class Client:
    """A client that runs, with the lines that it has printed."""

    def __init__(self, program: Program, server: Server, name: str, order_id: str = "") -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [*program.command, server.url, server.socket, name, order_id],
            cwd=program.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self._output = JsonLines(self._process.stdout)
        self.lines = self._output.lines

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        # A client that has failed does not read. What it lacks shows in the test of this client.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()

    def wait_for_step(self, step: str) -> None:
        """Wait until it has printed this step, or patience ends."""
        self._wait_until(lambda: any(line["step"] == step for line in self.lines))

    def wait_for(self, position: int) -> None:
        """Wait until it has printed the event at a position, or patience ends."""
        self._wait_until(lambda: position in self.positions())

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        self._output.wait_for(lambda: condition() or self._process.poll() is not None, SECONDS)

    def wait(self) -> None:
        """Wait until the script has ended."""
        self._process.wait(SECONDS)
        self._output.join(SECONDS)

    def positions(self) -> list[int]:
        return [int(line["position"]) for line in self.lines if line["step"] == "event"]

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> str:
        """End it. What it has said on stderr."""
        self.kill()
        self._process.wait()
        self._output.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        with self.errors:
            self.errors.seek(0)
            return self.errors.read()


def test_every_audit_of_graphql_over_http_is_ok(module_server: Server) -> None:
    audits = Client(_node("audits.mjs"), module_server, "")
    audits.wait()
    errors = audits.close()
    assert [audit for audit in audits.lines if audit["status"] != "ok"] == []
    assert len(audits.lines) >= 60, errors


@dataclass
class Journey:
    """What one client has printed, and how many events there were."""

    lines: list[dict[str, Any]]
    positions: list[int]
    errors: str
    head: int
    order: dict[str, Any]


@pytest.fixture(scope="module")
def journeys(module_database_url: str) -> dict[str, Journey]:
    """All clients at once, on a server that is killed and started again."""
    with ExitStack() as stack:
        first = patient_server(module_database_url).wait()
        stack.callback(first.close)
        order = paid_order(first)
        clients = {name: Client(program, first, name, order["id"]) for name, program in CLIENTS.items()}
        for client in clients.values():
            stack.callback(client.kill)
        for client in clients.values():
            client.wait_for_step("ready")
        live = register(first, "LIVE")
        for client in clients.values():
            client.wait_for(live)
        first.kill()
        for name in CLIENTS:
            if CLIENTS[name].repeats:
                clients[name].say("later")
        second = patient_server(module_database_url, first.port)
        stack.callback(second.close)
        second.wait()
        for name in CLIENTS:
            if not CLIENTS[name].repeats:
                clients[name].say("later")
        head = max(register(second, f"LATER-{number}") for number in range(3))
        for client in clients.values():
            client.wait_for(head)
            client.wait_for_step("later")
        assert "Traceback" not in second.output()
        return {
            name: Journey(client.lines, client.positions(), client.close(), head, order)
            for name, client in clients.items()
        }


def patient_server(database_url: str, port: int | None = None) -> Server:
    """Many clients begin at once. On a slow machine a read model may be behind for longer than a user would wait."""
    return Server(database_url, port=port, APP_MIN_POSITION_TIMEOUT_SECONDS="30")


def paid_order(server: Server) -> dict[str, Any]:
    """An order whose fulfilment has ended: its id, its status, and that of its payment."""
    register(server, "SOLD")
    order = str(uuid4())
    placed = server.ask(
        """mutation ($id: UUID!) {
          receiveStock(input: {sku: "SOLD", quantity: 1}) { __typename }
          openOrder(input: {id: $id, customerId: $id}) { __typename }
          addLine(input: {orderId: $id, sku: "SOLD", quantity: 1}) { __typename }
          placeOrder(input: {orderId: $id}) { __typename }
        }""",
        {"id": order},
    )
    assert placed["data"]["placeOrder"] == {"__typename": "OrderAccepted"}
    query = (
        "subscription ($id: UUID!) { order(id: $id) { id status payment { status } fulfilment { status } } }"
    )
    body = json.dumps({"query": query, "variables": {"id": order}}).encode()
    headers = {"content-type": "application/json", "accept": "text/event-stream"}
    with urllib.request.urlopen(urllib.request.Request(server.url, body, headers), timeout=SECONDS) as stream:
        for line in stream:
            if line.startswith(b"data: {"):
                shown = json.loads(line[6:])["data"]["order"]
                if (shown["fulfilment"] or {}).get("status") == "dispatched":
                    return shown
    raise AssertionError("the stream has ended")


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_works_as_it_is_shipped_and_gets_every_event_once_over_a_kill_of_the_server(
    journeys: dict[str, Journey], name: str
) -> None:
    journey, program = journeys[name], CLIENTS[name]
    steps = [line for line in journey.lines if line["step"] not in ("event", "ready")]
    order = {"id": journey.order["id"], "status": journey.order["status"]}
    assert steps == [
        {"step": "mutation", "type": "ProductAccepted"},
        {"step": "query", "sku": name, "name": "Tea"},
        {"step": "pages", "found": 1},
        {"step": "error", "codes": ["BAD_USER_INPUT"]},
        *([] if program.is_compiled else [{"step": "error", "codes": ["GRAPHQL_VALIDATION_FAILED"]}]),
        {"step": "order", **order, "payment": journey.order["payment"]["status"]},
        *([{"step": "stock", "shown": [0, 5]}] if program.has_cache else []),
        *([{"step": "refetch", "available": 10}] if name == "RELAY" else []),
        {"step": "later", "name": "Tea"},
    ], journey.errors
    assert journey.positions == list(range(1, journey.head + 1)), journey.errors
    # Caches warn of objects that they cannot tell apart.
    assert "key" not in journey.errors.lower()
