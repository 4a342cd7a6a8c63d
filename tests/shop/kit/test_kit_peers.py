"""The client kit in Node.js against servers and proxies that answer as this server seldom does."""

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from threading import Thread
from typing import Any, override

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_sockets
from websockets.typing import Subprotocol

from tests.shop.kit.scripts import MARKS, Page
from tests.support.issuer import run_issuer

pytestmark = MARKS

# --- Requests ---------------------------------------------------------------


class Proxy:
    """Answers each request with the next status and body, and keeps the command ids. HTML is what begins with <."""

    def __init__(self, answers: Iterable[tuple[int, str]]) -> None:
        self._answers = iter(answers)
        self.command_ids: list[str] = []

    def answer(self, body: bytes) -> tuple[int, str]:
        self.command_ids.append(json.loads(body)["variables"]["options"]["commandId"])
        return next(self._answers)


@contextmanager
def run_proxy(proxy: Proxy, built: Path) -> Generator[Page]:
    """A page whose requests go to this proxy."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, text = proxy.answer(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-type", "text/html" if text.startswith("<") else "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        @override
        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ExitStack() as stack:
        server = stack.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), Handler))
        stack.callback(server.shutdown)
        Thread(target=server.serve_forever, daemon=True).start()
        page = Page(built, "peers.js", f"http://127.0.0.1:{server.server_port}/graphql")
        stack.callback(page.close)
        yield page


BAD_GATEWAY = "<html><h1>Bad gateway</h1></html>"
RECEIVED = '{"data": {"receiveStock": {"__typename": "ProductAccepted"}}}'


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_command_is_repeated_with_its_id_while_a_proxy_answers_for_the_server(
    built: Path, status: int
) -> None:
    proxy = Proxy([(status, BAD_GATEWAY), (status, BAD_GATEWAY), (200, RECEIVED)])
    with run_proxy(proxy, built) as page:
        page.say("receive")
        page.wait_for(received="ProductAccepted")
    assert len(proxy.command_ids) == 3
    assert len(set(proxy.command_ids)) == 1


@pytest.mark.parametrize("status", [200, 404, 502])
def test_an_answer_that_is_not_json_is_an_error_that_says_so(built: Path, status: int) -> None:
    proxy = Proxy(repeat((status, BAD_GATEWAY)))
    with run_proxy(proxy, built) as page:
        page.say("receive")
        page.wait_for(failed=f"Error: the answer is not JSON; its status is {status}")
    # Only a status that passes is worth another try.
    assert (len(proxy.command_ids) > 1) is (status == 502)


# --- Subscriptions ----------------------------------------------------------


@contextmanager
def follower(built: Path, answer: Callable[[ServerConnection], None]) -> Generator[Page]:
    """A page that follows the log of a server with these answers."""
    with ExitStack() as stack:
        issuer = stack.enter_context(run_issuer())
        peer = stack.enter_context(
            serve_sockets(answer, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")])
        )
        stack.callback(peer.shutdown)
        Thread(target=peer.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{peer.socket.getsockname()[1]}/graphql"
        page = Page(built, "tokens.js", f"{url} {issuer.url}")
        stack.callback(page.close)
        yield page


def test_a_subscription_goes_on_after_a_close_at_which_its_library_gives_up(
    built: Path,
) -> None:
    """uvicorn and proxies close a connection that was silent too long with 1011."""
    connections = iter((1011, None))

    def answer(connection: ServerConnection) -> None:
        connection.recv()
        connection.send('{"type": "connection_ack"}')
        identity = json.loads(connection.recv())["id"]
        if (code := next(connections)) is not None:
            connection.close(code, "keepalive ping timeout")
            return
        payload = {"data": {"events": {"position": "7"}}}
        connection.send(json.dumps({"type": "next", "id": identity, "payload": payload}))
        # Until the page is closed.
        with suppress(ConnectionClosed):
            connection.recv()

    with follower(built, answer) as page:
        page.wait_for(closed=1011, times=1)
        page.wait_for(event=7)
        assert not [line for line in page.lines if "error" in line or "complete" in line]


def test_a_subscription_that_is_completed_with_an_error_is_not_finished(built: Path) -> None:
    """Some servers send the error in a result without data, and not as the message `error`."""
    codes = iter(("TIMEOUT", "NOT_FOUND"))
    asked: list[str] = []

    def answer(connection: ServerConnection) -> None:
        connection.recv()
        connection.send('{"type": "connection_ack"}')
        message = json.loads(connection.recv())
        asked.append(message["payload"]["variables"]["after"])
        errors = [{"message": "no", "extensions": {"code": next(codes)}}]
        payload = {"data": None, "errors": errors, "extensions": {"position": "9"}}
        connection.send(json.dumps({"type": "next", "id": message["id"], "payload": payload}))
        connection.send(json.dumps({"type": "complete", "id": message["id"]}))
        with suppress(ConnectionClosed):
            connection.recv()

    with follower(built, answer) as page:
        page.wait_for(error="[object Object]")
        # Nothing was received: it is asked for again.
        assert asked == ["0", "0"]
        assert not [line for line in page.lines if "event" in line or "complete" in line]
