"""The client kit in TypeScript, in Node.js against a real server that is killed while it is used."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import uuid4

import pytest

from app.engine.graphql.errors import ApiError
from tests.shop.kit.scripts import KIT, MARKS, Page
from tests.support.issuer import Issuer, run_issuer
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.tokens import bearer
from tests.template.readmes import rows, section

EXAMPLE_URL = "https://shop.example/graphql"
PAUSE_SECONDS = 0.01
REGISTER = (
    'mutation { registerProduct(input: {sku: "TEA", name: "Tea", price: {amount: "2.00"}}) { __typename } }'
)
RECEIVE = 'mutation { receiveStock(input: {sku: "TEA", quantity: 1}) { __typename } }'
OPEN = """mutation ($id: UUID!) {
  openOrder(input: {id: $id, customerId: $id}) { __typename }
  addLine(input: {orderId: $id, sku: "TEA", quantity: 1}) { __typename }
}"""

pytestmark = MARKS


class Restart:
    """Starts a server, always on the same port, and kills it."""

    def __init__(self, database_url: str, servers: ExitStack) -> None:
        self._database_url = database_url
        self._servers = servers
        self._port = free_port()

    def __call__(self) -> Server:
        self._server = Server(self._database_url, port=self._port)
        self._servers.callback(self._server.close)
        return self._server.wait()

    def kill(self) -> None:
        self._server.kill()


@pytest.fixture
def restart(database_url: str) -> Iterator[Restart]:
    with ExitStack() as servers:
        yield Restart(database_url, servers)


@pytest.fixture
def page(built: Path, restart: Restart) -> Iterator[Page]:
    server = restart()
    server.ask(REGISTER)
    page = Page(built, "check.js", server.url)
    try:
        yield page
    finally:
        page.close()


@pytest.fixture
def pages(built: Path, restart: Restart) -> Iterator[Page]:
    """Pages with the adapters of the README, whose address is that of the server."""
    server = restart()
    server.ask(REGISTER)
    adapters = (built / "built" / "adapters.js").read_text()
    assert EXAMPLE_URL in adapters
    # The folder is shared: the file has the name of this server.
    here = f"adapters-{server.port}.js"
    (built / "built" / here).write_text(adapters.replace(EXAMPLE_URL, server.url))
    pages = Page(built, "pages.js", f"./{here}")
    try:
        yield pages
    finally:
        pages.close()


def test_the_kit_has_at_most_300_lines_and_imports_graphql_ws_alone() -> None:
    text = KIT.read_text()
    assert len(text.splitlines()) <= 300
    assert [line for line in text.splitlines() if line.startswith("import ")] == [
        'import { type Client, type ClientOptions, createClient, type FormattedExecutionResult, type SubscribePayload } from "graphql-ws";'
    ]


def test_a_page_with_the_kit_survives_a_kill_of_the_server_and_sees_every_event_once(
    page: Page, restart: Restart
) -> None:
    page.wait_for(version=1, position="1")
    page.wait_for(initial=True, available=0)
    page.say("receive")
    page.wait_for(accepted=2, duplicate=False, actor="ann")
    page.wait_for(event=2)
    page.wait_for(available=1)
    # The read has $minPosition, which the kit fills: a command of one's own is always in it.
    page.say("read")
    page.wait_for(own=2)
    restart.kill()
    # No server answers now. The kit repeats the command with its id until one does.
    page.say("receive")
    server = restart()
    page.wait_for(accepted=3)
    server.ask('mutation { receiveStock(input: {sku: "TEA", quantity: 5}) { __typename } }')
    page.wait_for(event=4)
    page.wait_for(available=7)
    assert [line["event"] for line in page.lines if "event" in line] == [2, 3, 4]
    # The live list went on from its position.
    assert [line["available"] for line in page.lines if line.get("initial")] == [0]
    assert not [line for line in page.lines if "error" in line or "complete" in line]


def test_the_adapters_of_the_readme_work_in_urql_and_apollo_client_over_a_kill_of_the_server(
    pages: Page, restart: Restart
) -> None:
    order = str(uuid4())
    pages.wait_for(client="urql", event=1)
    pages.wait_for(client="apollo", event=1)
    # The read has $minPosition, which the kit fills.
    pages.say("urql")
    pages.wait_for(client="urql", accepted=2, own=2)
    pages.say("apollo")
    pages.wait_for(client="apollo", accepted=3, own=3)
    restart.kill()
    # No server answers now. The kit repeats the command with its id until one does.
    pages.say("urql")
    server = restart()
    pages.wait_for(client="urql", accepted=4, own=4)
    pages.say("apollo")
    pages.wait_for(client="apollo", accepted=5, own=5)
    pages.say(f"place {order}")
    pages.wait_for(placed="No order was opened under this id.")
    server.ask(OPEN, {"id": order})
    pages.say(f"place {order}")
    pages.wait_for(placed="placed")
    for client in ("urql", "apollo"):
        pages.wait_for(client=client, event=8)
        events = [line["event"] for line in pages.lines if line.get("client") == client and "event" in line]
        assert events[:8] == list(range(1, 9))
    assert not [line for line in pages.lines if line.get("error")]


class Writer:
    """Records events all the time, as a program with tokens of its own, until it is stopped."""

    def __init__(self, server: Server, issuer: Issuer) -> None:
        self._server, self._issuer = server, issuer
        self._stop = Event()
        self._thread = Thread(target=self._write)
        self._server.headers = bearer(issuer.token())
        self._server.ask(REGISTER)
        self._thread.start()

    def _write(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._server.headers = bearer(self._issuer.token())
            answer = self._server.ask(RECEIVE)
            assert answer["data"]["receiveStock"]["__typename"] == "ProductAccepted", answer

    def stop(self) -> int:
        """Stop; the position of its last event."""
        self._stop.set()
        self._thread.join()
        return int(self._server.ask("{ position }")["data"]["position"])


def test_a_token_that_expires_is_fetched_again_and_the_subscription_goes_on_with_every_event_once(
    built: Path, database_url: str
) -> None:
    with ExitStack() as stack:
        issuer = stack.enter_context(run_issuer())
        environment: dict[str, Any] = {"APP_MODE": "production", **issuer.environment()}
        server = Server(database_url, **environment)
        stack.callback(server.close)
        server.wait()
        writer = Writer(server, issuer)
        stack.callback(writer.stop)
        issuer.token_seconds = 1.5
        page = Page(built, "tokens.js", f"{server.url} {issuer.url}")
        stack.callback(page.close)
        page.wait_for(closed=4403, reason="expired", times=1)
        # The next token has a key that the server does not know yet.
        issuer.rotate("es-2")
        page.wait_for(closed=4403, reason="expired", times=2)
        # No token can be had for a while. The subscription waits for it, as a request does.
        issuer.is_out = True
        page.wait_for(failures=1)
        page.say("receive")
        page.wait_for(failures=3)
        issuer.is_out = False
        page.wait_for(received="ProductAccepted")
        page.say("position")
        page.wait_for(closed=4403, reason="expired", times=3)
        head = writer.stop()
        page.wait_for(event=head)
        assert [line["event"] for line in page.lines if "event" in line] == [*range(1, head + 1)]
        assert [line for line in page.lines if "position" in line]
        assert not [line for line in page.lines if "error" in line or "complete" in line]
        assert "Traceback" not in server.output()


def test_the_members_of_an_outcome_are_kinds_that_typescript_tells_apart(page: Page) -> None:
    page.wait_for(version=1)
    page.say("conflict")
    page.say("receive")
    page.say("conflict")
    page.say("preview")
    page.say("reject")
    page.wait_for(accepted=2)
    page.wait_for(conflict=3)
    page.wait_for(preview=["product.stock-received"])
    page.wait_for(rejected="PRODUCT_UNKNOWN")


def test_the_table_of_errors_names_every_code_of_the_api() -> None:
    def codes(kind: type[ApiError]) -> set[str]:
        return {kind.code}.union(*(codes(each) for each in kind.__subclasses__()))

    listed = set(rows("app/engine/graphql/README.md", "Outcomes and errors"))
    assert listed > codes(ApiError)
    advised = re.findall(
        r"^\| (`[A-Z_]+`(?:, `[A-Z_]+`)*) \| \S", section("app/web/README.md", "Errors"), re.MULTILINE
    )
    assert sorted(re.findall(r"[A-Z_]+", " ".join(advised))) == sorted(listed)
