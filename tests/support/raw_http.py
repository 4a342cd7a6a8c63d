"""HTTP written by hand on a socket, and what it costs the server."""

import contextlib
import socket
import struct
import time
from collections.abc import Callable, Generator

import psutil

HEAD = b"GET /livez HTTP/1.1\r\nhost: localhost\r\n"
SOCKET = (
    b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n"
)


def events_stream(headers: bytes = b"") -> bytes:
    """The request for a stream of server-sent events."""
    body = b'{"query": "subscription { events { position } }"}'
    return (
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"accept: text/event-stream\r\n%scontent-length: %d\r\n\r\n%s" % (headers, len(body), body)
    )


def frame(opcode: int, data: bytes, *, fin: bool = True) -> bytes:
    """A frame of a client, masked with zeros."""
    first, size = opcode | (0x80 if fin else 0), len(data)
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + bytes(4) + data


@contextlib.contextmanager
def connection(port: int, source: str = "127.0.0.1") -> Generator[socket.socket]:
    """A connection from this address of the machine."""
    with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(source, 0)) as client:
        yield client


def read_all(client: socket.socket) -> bytes:
    """What the server sends until it closes."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while data := client.recv(65536):
            answer += data
    return answer


def read_until(client: socket.socket, end: bytes) -> bytes:
    """What the server sends until these bytes are in it."""
    answer = b""
    while end not in answer:
        data = client.recv(65536)
        assert data, answer
        answer += data
    return answer


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def remote_ports(process: psutil.Process) -> set[int]:
    return {found.raddr.port for found in process.net_connections("tcp") if found.raddr}


def until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
