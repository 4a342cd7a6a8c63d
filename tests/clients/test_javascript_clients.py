"""JavaScript clients work as their makers ship them: a mutation, a query, an error, and a kill of the server."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.json_lines import JsonLines
from tests.support.server import Server

HERE = Path(__file__).parent
LOCK = HERE / "package-lock.json"
PACKAGES = HERE / "node_modules"
STAMP = PACKAGES / "installed.json"
NPM = shutil.which("npm")
SECONDS = 30.0

pytestmark = [
    pytest.mark.clients,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine; Debian: apt-get install npm"),
]


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    """The locked npm packages, installed once."""
    assert NPM is not None
    # Several workers may begin at the same time.
    with (HERE / "package.json").open() as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if STAMP.exists() and STAMP.read_text() == LOCK.read_text():
            return
        arguments = ["ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"]
        done = subprocess.run([NPM, *arguments], cwd=HERE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        STAMP.write_text(LOCK.read_text())


class Client:
    """A script that runs, with the lines that it has printed."""

    def __init__(self, script: str, server: Server, name: str) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            ["node", f"{script}.mjs", server.url, server.socket, name],
            cwd=HERE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self._output = JsonLines(self._process.stdout)
        self.lines = self._output.lines

    def wait_for(self, position: int) -> None:
        """Wait until it has printed the event at a position, or patience ends."""
        self._output.wait_for(lambda: position in self.positions(), SECONDS)

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
        assert self._process.stdout is not None
        self._process.stdout.close()
        with self.errors:
            self.errors.seek(0)
            return self.errors.read()


def test_every_audit_of_graphql_over_http_is_ok(module_server: Server) -> None:
    audits = Client("audits", module_server, "")
    audits.wait()
    errors = audits.close()
    assert [audit for audit in audits.lines if audit["status"] != "ok"] == []
    assert len(audits.lines) >= 60, errors


CLIENTS = {
    "SSE": "graphql-sse",
    "WS": "graphql-ws",
    "URQL": "urql",
    "URQL-PERSISTED": "urql",
    "APOLLO": "apollo",
    "EVENTSOURCE": "eventsource",
}


@dataclass
class Journey:
    """What one client has printed, and how many events there were."""

    lines: list[dict[str, Any]]
    positions: list[int]
    errors: str
    head: int


@pytest.fixture(scope="module")
def journeys(module_database_url: str) -> dict[str, Journey]:
    """All clients at once, on a server that is killed and started again."""
    with ExitStack() as stack:
        first = Server(module_database_url).wait()
        stack.callback(first.close)
        clients = {name: Client(script, first, name) for name, script in CLIENTS.items()}
        for client in clients.values():
            stack.callback(client.kill)
        for client in clients.values():
            client.wait_for(len(clients))
        wait_for_all(clients, register(first, "LIVE"))
        first.kill()
        second = Server(module_database_url, port=first.port)
        stack.callback(second.close)
        second.wait()
        head = max(register(second, f"LATER-{number}") for number in range(3))
        wait_for_all(clients, head)
        assert "Traceback" not in second.output()
        return {
            name: Journey(client.lines, client.positions(), client.close(), head)
            for name, client in clients.items()
        }


def wait_for_all(clients: Mapping[str, Client], position: int) -> None:
    for client in clients.values():
        client.wait_for(position)


def register(server: Server, sku: str) -> int:
    """Register a product; the position of the event."""
    answer = server.ask(
        """mutation ($sku: Sku!) { registerProduct(input: {sku: $sku, name: "Tea", price: {amount: "1"}}) {
          ... on ProductAccepted { position }
        } }""",
        {"sku": sku},
    )
    return int(answer["data"]["registerProduct"]["position"])


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_works_as_it_is_shipped_and_gets_every_event_once_over_a_kill_of_the_server(
    journeys: Mapping[str, Journey], name: str
) -> None:
    journey = journeys[name]
    assert journey.lines[:3] == [
        {"step": "mutation", "type": "ProductAccepted"},
        {"step": "query", "sku": name, "name": "Tea"},
        {"step": "error", "codes": ["GRAPHQL_VALIDATION_FAILED"]},
    ], journey.errors
    assert journey.positions == list(range(1, journey.head + 1)), journey.errors
