"""The client kit in Node.js against servers and proxies that answer as this server seldom does."""

import json
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from threading import Event, Thread
from typing import Any, override

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_sockets
from websockets.typing import Subprotocol

from tests.shop.kit.scripts import MARKS, PATIENCE, Page
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
def run_proxy(proxy: Proxy, built: Path, retry_milliseconds: int = 1_000) -> Generator[Page]:
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
        page = Page(
            built, "peers.js", f"http://127.0.0.1:{server.server_port}/graphql", str(retry_milliseconds)
        )
        stack.callback(page.close)
        yield page


BAD_GATEWAY = "<html><h1>Bad gateway</h1></html>"
RECEIVED = '{"data": {"receiveStock": {"__typename": "ProductAccepted"}}}'


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_command_is_repeated_with_its_id_while_a_proxy_answers_for_the_server(
    built: Path, status: int
) -> None:
    proxy = Proxy([(status, BAD_GATEWAY), (status, BAD_GATEWAY), (200, RECEIVED)])
    with run_proxy(proxy, built, retry_milliseconds=20_000) as page:
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
def run_peer(answer: Callable[[ServerConnection], None]) -> Generator[str]:
    """The URL of a server that answers each connection so."""
    with ExitStack() as stack:
        peer = stack.enter_context(
            serve_sockets(answer, "127.0.0.1", 0, subprotocols=[Subprotocol("graphql-transport-ws")])
        )
        stack.callback(peer.shutdown)
        Thread(target=peer.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{peer.socket.getsockname()[1]}/graphql"


@contextmanager
def follower(built: Path, answer: Callable[[ServerConnection], None]) -> Generator[Page]:
    """A page that follows the log of a server with these answers."""
    with run_peer(answer) as url, run_issuer() as issuer:
        page = Page(built, "tokens.js", f"{url} {issuer.url}")
        try:
            yield page
        finally:
            page.close()


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


def test_a_subscription_that_goes_on_after_an_error_without_data_has_lost_a_message(built: Path) -> None:
    def answer(connection: ServerConnection) -> None:
        connection.recv()
        connection.send('{"type": "connection_ack"}')
        identity = json.loads(connection.recv())["id"]
        errors = [{"message": "no", "extensions": {"code": "OPERATION_TOO_EXPENSIVE"}}]
        for payload in ({"data": None, "errors": errors}, {"data": {"events": {"position": "7"}}}):
            connection.send(json.dumps({"type": "next", "id": identity, "payload": payload}))
        with suppress(ConnectionClosed):
            connection.recv()

    with follower(built, answer) as page:
        page.wait_for(error="[object Object]")
        assert not [line for line in page.lines if "event" in line or "complete" in line]


@pytest.mark.parametrize("heard", [False, True], ids=["not heard of", "heard of by a request"])
def test_a_position_is_sent_with_the_token_of_its_log_and_forgotten_with_it_on_a_socket_that_stays(
    built: Path, heard: bool
) -> None:
    """As the server does, the peer keeps the token of connection_init for operations that bring none."""
    asked: list[tuple[str | None, str | None]] = []
    ready = Event()

    def answer(connection: ServerConnection) -> None:
        of_socket = json.loads(connection.recv())["payload"].get("logToken")
        connection.send('{"type": "connection_ack"}')
        with suppress(ConnectionClosed):
            for text in connection:
                message = json.loads(text)
                payload = message.get("payload") or {}
                if "events" not in payload.get("query", ""):
                    continue
                after = payload["variables"].get("after")
                token = (payload.get("extensions") or {}).get("logToken", of_socket)
                asked.append((after, token))
                if token == "old" or (token is None and after is not None):
                    reply = {
                        "type": "error",
                        "payload": [{"message": "no", "extensions": {"code": "LOG_REPLACED"}}],
                    }
                else:
                    log, position = ("old", "7") if len(asked) == 1 else ("new", "1")
                    extensions = {"position": position, "logToken": log}
                    data = {"events": {"position": position}}
                    reply = {"type": "next", "payload": {"data": data, "extensions": extensions}}
                connection.send(json.dumps({**reply, "id": message["id"]}))
                if len(asked) == 1:
                    assert ready.wait(PATIENCE)
                    # Another server begins, with the log of a backup.
                    connection.close(1012)

    with run_peer(answer) as url:
        page = Page(built, "peers.js", url)
        try:
            page.say("follow")
            page.wait_for(event=7)
            if heard:
                page.say("observe")
                page.wait_for(observed="9")
            ready.set()
            page.wait_for(event=1)
            seen = [line for line in page.lines if "observed" not in line]
            assert seen == [{"event": 7}, {"replaced": True}, {"event": 1}]
        finally:
            page.close()
    assert asked == [(None, None), ("7", "old"), (None, None)]
