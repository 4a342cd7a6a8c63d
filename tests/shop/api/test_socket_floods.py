"""A flood on one socket holds no other client up, and sockets keep nothing that they do not need."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from tests.support.raw_http import HEAD, SOCKET, connection, frame, read_until
from tests.support.server import Server, serving
from tests.support.websocket import opened

TEXT, CLOSE, PONG = 0x1, 0x8, 0xA
HELD_SECONDS = 0.05
"""CPU time that the server may spend on others while a request waits."""
INIT = frame(TEXT, b'{"type":"connection_init"}')
PRODUCTS = 'subscription { products(filter: {nameContains: "zz"}) { position } }'
ROOM_BYTES = 24 * 2**20


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    """Its sockets have no limit of frames: what is left is how often the event loop has its turn."""
    with serving(module_database_url, APP_MODE="production", APP_MAX_SOCKET_FRAMES_PER_SECOND="0") as server:
        yield server


def cpu_seconds(server: Server) -> float:
    """CPU time of the thread of the event loop."""
    pid = server.process.pid
    return int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0]) / 1e9


def flood(client: socket.socket, data: bytes, ended: threading.Event) -> None:
    """Send it all and a close frame, and read until the server closes."""
    with contextlib.suppress(OSError):
        client.sendall(data + frame(CLOSE, b""))
    with contextlib.suppress(OSError):
        while client.recv(2**20):
            pass
    ended.set()


@pytest.mark.parametrize(
    "data",
    [
        frame(TEXT, b"{", fin=False) + frame(0, b"", fin=False) * 100_000,
        frame(TEXT, b"{", fin=False) + frame(0, b" ", fin=False) * 100_000,
        frame(PONG, b"") * 100_000,
        INIT + frame(TEXT, b'{"type":"pong"}') * 30_000,
        INIT + frame(TEXT, b'{"type":"ping"}') * 20_000,
        INIT + frame(TEXT, b'{"type":"complete","id":"x"}') * 30_000,
        INIT + frame(TEXT, json.dumps({"type": "pong", "payload": [1.5] * 50_000}).encode()) * 100,
    ],
    ids=["empty fragments", "fragments", "control pongs", "pongs", "pings", "completes", "large pongs"],
)
def test_a_flood_does_not_hold_up_another_client(server: Server, data: bytes) -> None:
    # While this process has no CPU, the server goes on with the flood, and that time counts. So the best of some
    # attempts decides.
    assert any(longest_hold(server, data) < HELD_SECONDS for _ in range(4))


def longest_hold(server: Server, data: bytes) -> float:
    """The most CPU time that the server spends on a flood while another client waits for an answer."""
    ended = threading.Event()
    held: list[float] = []
    with connection(server.port) as friend, connection(server.port) as hostile:
        hostile.settimeout(30)
        hostile.sendall(SOCKET + b"\r\n")
        assert b"101" in read_until(hostile, b"\r\n\r\n")
        began = cpu_seconds(server)
        sending = threading.Thread(target=flood, args=(hostile, data, ended))
        sending.start()
        while not ended.wait(0.002):
            before = cpu_seconds(server)
            friend.sendall(HEAD + b"\r\n")
            answer = b""
            while not answer.endswith(b"alive"):
                answer += (received := friend.recv(2**16))
                assert received
            held.append(cpu_seconds(server) - before)
        sending.join()
    # It was a flood: in one piece it would be too long.
    assert cpu_seconds(server) - began > HELD_SECONDS
    return max(held)


async def test_variables_that_the_document_does_not_declare_are_not_kept(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(server)) for _ in range(24)]
        before = 0
        # The first one has made everything that there is once.
        for number, client in enumerate(sockets):
            if number == 1:
                before = process.memory_info().rss
            for identity in "1234567":
                await client.subscribe(identity, PRODUCTS, {"x": "x" * 250_000})
                await client.data(identity)
        assert process.memory_info().rss - before < ROOM_BYTES


def test_operations_that_are_completed_before_they_begin_leave_nothing(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    payload = {"query": PRODUCTS, "extensions": {"x": "x" * 250_000}}

    def operations(start: int, count: int) -> bytes:
        """Both frames of each operation arrive together."""
        return b"".join(
            frame(TEXT, json.dumps({"id": str(number), "type": "subscribe", "payload": payload}).encode())
            + frame(TEXT, json.dumps({"id": str(number), "type": "complete"}).encode())
            for number in range(start, start + count)
        ) + frame(TEXT, b'{"type":"ping"}')

    with connection(server.port) as hostile:
        hostile.settimeout(60)
        hostile.sendall(SOCKET + b"\r\n")
        read_until(hostile, b"\r\n\r\n")
        hostile.sendall(INIT)
        read_until(hostile, b"connection_ack")
        # What is made once is there after the first ones.
        hostile.sendall(operations(0, 20))
        read_until(hostile, b"pong")
        before = process.memory_info().rss
        hostile.sendall(operations(20, 400))
        read_until(hostile, b"pong")
        assert process.memory_info().rss - before < ROOM_BYTES


async def test_a_silent_socket_keeps_nothing_of_its_last_message(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(server)) for _ in range(30)]
        before = 0
        for number, client in enumerate(sockets):
            if number == 1:
                before = process.memory_info().rss
            await client.say({"type": "ping", "payload": [1.5] * 50_000})
            await client.next("")
        assert process.memory_info().rss - before < ROOM_BYTES
