"""When there is no room, idle sockets go first, one address does not keep all, and health is still told."""

import contextlib
import json
import socket
from collections.abc import Callable, Iterator

import psutil
import pytest

from app.engine.server.connections import SPARES_PER_ADDRESS
from tests.support.raw_http import HEAD, SOCKET, connection, read_all, read_until, until
from tests.support.server import Server, serving

CAP = 12
ONE, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
TRY_AGAIN_LATER = b"\x03\xf5"
"""The code 1013 in a close frame."""


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    with serving(module_database_url, APP_MAX_CONNECTIONS=str(CAP)) as server:
        yield server


@pytest.fixture
def clients(server: Server) -> Iterator[contextlib.ExitStack]:
    """The connections of a test. The server has no other one."""
    process = psutil.Process(server.process.pid)

    def is_free() -> bool:
        return not any(
            found.laddr.port == server.port and found.raddr for found in process.net_connections("tcp")
        )

    until(is_free, 10)
    with contextlib.ExitStack() as stack:
        yield stack


def post(query: str, headers: bytes = b"") -> bytes:
    body = json.dumps({"query": query}).encode()
    return (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\n%scontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
        % (
            headers,
            len(body),
            body,
        )
    )


SUBSCRIPTION = "subscription { events { position } }"
REQUEST = post("{ __typename }", b"connection: close\r\n")


def send_message(client: socket.socket, message: dict[str, object]) -> None:
    data = json.dumps(message).encode()
    assert len(data) < 126
    client.sendall(bytes([0x81, 0x80 | len(data)]) + bytes(4) + data)


def idle_socket(client: socket.socket) -> None:
    client.sendall(SOCKET + b"\r\n")
    read_until(client, b"\r\n\r\n")
    send_message(client, {"type": "connection_init"})
    read_until(client, b"connection_ack")


def begin_operation(client: socket.socket) -> None:
    send_message(client, {"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIPTION}})
    settle(client)


def settle(client: socket.socket) -> None:
    """The server takes messages in order."""
    send_message(client, {"type": "ping"})
    read_until(client, b"pong")


def busy_socket(client: socket.socket) -> None:
    idle_socket(client)
    begin_operation(client)


def stream(client: socket.socket) -> None:
    client.sendall(post(SUBSCRIPTION, b"accept: text/event-stream\r\n"))
    assert read_until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def slow_body(client: socket.socket) -> None:
    client.sendall(post("{ __typename }", b"expect: 100-continue\r\n")[:-1])
    read_until(client, b"100 Continue\r\n\r\n")


type Opened = Callable[[socket.socket], None]


def fill(clients: contextlib.ExitStack, server: Server, open_one: Opened, number: int) -> list[socket.socket]:
    opened = [clients.enter_context(connection(server.port)) for _ in range(number)]
    for client in opened:
        open_one(client)
    return opened


def ask(server: Server, request: bytes = REQUEST, source: str = ONE) -> bytes:
    with connection(server.port, source) as client:
        with contextlib.suppress(OSError):
            client.sendall(request)
        return read_all(client)


def is_open(client: socket.socket) -> bool:
    """Whether the server has not closed it. What it has sent is dropped."""
    client.setblocking(False)
    try:
        while client.recv(65536):
            pass
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    else:
        return False
    finally:
        client.settimeout(10)


def test_the_socket_without_an_operation_that_is_oldest_makes_room(
    server: Server, clients: contextlib.ExitStack
) -> None:
    busy = fill(clients, server, busy_socket, CAP - 3)
    ended, idle, revived = fill(clients, server, busy_socket, 3)
    for client in (ended, revived, idle):
        send_message(client, {"type": "complete", "id": "1"})
        settle(client)
    begin_operation(revived)
    # Messages that begin nothing do not make a socket younger.
    settle(ended)
    for gone in (ended, idle):
        assert ask(server).startswith(b"HTTP/1.1 200 ")
        assert TRY_AGAIN_LATER in read_all(gone)
        clients.enter_context(connection(server.port)).sendall(SOCKET + b"\r\n")
    assert all(is_open(client) for client in (*busy, revived))


@pytest.mark.parametrize("kind", [stream, slow_body, busy_socket])
def test_the_address_with_the_most_connections_makes_room_until_all_have_equally_many(
    server: Server, clients: contextlib.ExitStack, kind: Opened
) -> None:
    opened = fill(clients, server, kind, CAP)
    assert ask(server).startswith(b"HTTP/1.1 503 ")
    assert all(is_open(client) for client in opened)
    for number in range(1, CAP // 2 + 1):
        stream(clients.enter_context(connection(server.port, OTHER)))
        until(lambda number=number: not is_open(opened[-number]), 5)
        assert all(is_open(client) for client in opened[:-number])
    # Both have one half now.
    for source in (ONE, OTHER):
        assert ask(server, source=source).startswith(b"HTTP/1.1 503 ")
    assert all(is_open(client) for client in opened[: CAP // 2])
    for _ in range(CAP // 3):
        stream(clients.enter_context(connection(server.port, THIRD)))
    for source in (ONE, OTHER, THIRD):
        assert ask(server, source=source).startswith(b"HTTP/1.1 503 ")
    assert all(is_open(client) for client in opened[: CAP // 3])
    assert not any(is_open(client) for client in opened[CAP // 3 :])


def test_a_client_in_the_middle_of_its_body_is_told_that_there_is_no_room(
    server: Server, clients: contextlib.ExitStack
) -> None:
    opened = fill(clients, server, slow_body, CAP)
    assert ask(server, source=OTHER).startswith(b"HTTP/1.1 200 ")
    answer = read_all(opened[-1])
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"OVERLOADED" in answer


def test_without_room_health_is_told_and_nothing_else(server: Server, clients: contextlib.ExitStack) -> None:
    opened = fill(clients, server, stream, CAP)
    for path in (b"/livez", b"/readyz", b"/livez?x"):
        head = HEAD.replace(b"/livez", path)
        for request in (head + b"\r\n", (head + b"upgrade: h2c\r\nconnection: upgrade\r\n\r\n")):
            answer = ask(server, request)
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            assert b"connection: close" in answer
    # The guard holds there, too.
    assert ask(server, HEAD.replace(b"localhost", b"evil.example") + b"\r\n").startswith(b"HTTP/1.1 421 ")
    for request in (REQUEST, SOCKET + b"\r\n", SOCKET.replace(b"/graphql", b"/livez") + b"\r\n", HEAD, b""):
        answer = ask(server, request)
        assert answer.startswith(b"HTTP/1.1 503 "), (request, answer)
        assert b"retry-after: 1" in answer
        assert b"OVERLOADED" in answer
    # One answer each: a second request gets none.
    assert ask(server, HEAD + b"\r\n" + REQUEST).count(b"HTTP/1.1 ") == 1
    assert all(is_open(client) for client in opened)


def test_one_address_cannot_take_the_room_of_probes(server: Server, clients: contextlib.ExitStack) -> None:
    opened = [clients.enter_context(connection(server.port, source)) for source in (ONE, OTHER) * (CAP // 2)]
    for client in opened:
        stream(client)
    silent = [clients.enter_context(connection(server.port)) for _ in range(4 * SPARES_PER_ADDRESS)]
    assert ask(server, HEAD + b"\r\n", OTHER).startswith(b"HTTP/1.1 200 ")
    for client in silent:
        assert read_all(client).startswith(b"HTTP/1.1 503 ")
    assert ask(server, HEAD + b"\r\n").startswith(b"HTTP/1.1 200 ")
    # Clients that were refused, and do not close, take no place.
    for _ in range(2 * SPARES_PER_ADDRESS):
        refused = clients.enter_context(connection(server.port))
        refused.sendall(REQUEST)
        assert read_all(refused).startswith(b"HTTP/1.1 503 ")
        assert ask(server, HEAD + b"\r\n").startswith(b"HTTP/1.1 200 ")
