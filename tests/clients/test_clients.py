"""Clients work as shipped: a mutation, a query, pages, an error, a cache, and a kill of the server."""

import json
import sys
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.engine.settings import ROOT
from tests.clients.builds import BUILT, NPM, PYTHON, build_all
from tests.clients.products import register
from tests.clients.programs import Client, Program
from tests.support.server import Server

HERE = Path(__file__).parent

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine; Debian: apt-get install npm"),
]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    build_all()


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
    with urllib.request.urlopen(urllib.request.Request(server.url, body, headers), timeout=30) as stream:
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
