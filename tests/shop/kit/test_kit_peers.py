"""The client kit in Node.js against servers and proxies that answer as this server seldom does."""

import json
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_sockets
from websockets.typing import Subprotocol

from tests.shop.kit.scripts import MARKS, Page
from tests.support.issuer import run_issuer

pytestmark = MARKS


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
