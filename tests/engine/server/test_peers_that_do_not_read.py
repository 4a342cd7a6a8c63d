"""A peer that does not read is aborted within a bound, and takes little memory until then.

A server that stops does not wait for it.
"""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from app.engine.server import websocket_transport
from app.engine.server.websocket_transport import (
    CLOSE_SECONDS,
    MAX_PARSED_BYTES,
    MAX_PINGS,
    WriteCombiningWebSocketProtocol,
)
from tests.support.raw_http import frame

SILENCE = 0.3


class Endless:
    """An endpoint that sends until the peer has gone."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.sent = 0

    async def __call__(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await socket.send_text("x" * 60_000)
                self.sent += 1
                await asyncio.sleep(0)
        except WebSocketDisconnect:
            pass
        finally:
            self.ended.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)


@asynccontextmanager
async def served(endpoint: "Endless | Idle", **options: float) -> AsyncGenerator[tuple[uvicorn.Server, int]]:
    app = Starlette(routes=[WebSocketRoute("/", endpoint.__call__)])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        ws=WriteCombiningWebSocketProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=30,
        **options,  # pyright: ignore[reportArgumentType]
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        await until(lambda: server.started)
        yield server, listener.getsockname()[1]
    finally:
        server.should_exit = True
        await running


@asynccontextmanager
async def stalled(endpoint: Endless, port: int) -> AsyncGenerator[ClientConnection]:
    """A client whose buffers are full and that reads nothing."""
    async with connect(f"ws://127.0.0.1:{port}/", max_queue=1, ping_interval=None, close_timeout=0) as client:
        client.transport.pause_reading()
        sent = -1
        while sent != endpoint.sent:
            sent = endpoint.sent
            await asyncio.sleep(SILENCE / 2)
        yield client
        client.transport.abort()


async def test_a_peer_that_does_not_answer_a_ping_is_aborted() -> None:
    endpoint = Endless()
    async with (
        served(endpoint, ws_ping_interval=SILENCE, ws_ping_timeout=SILENCE) as (server, port),
        stalled(endpoint, port),
    ):
        began = time.monotonic()
        await asyncio.wait_for(endpoint.ended.wait(), 10)
        assert time.monotonic() - began < 2 * SILENCE + CLOSE_SECONDS + 1
        await until(lambda: not server.server_state.connections)


async def test_a_server_that_stops_does_not_wait_for_a_peer_that_does_not_read() -> None:
    endpoint = Endless()
    async with served(endpoint) as (server, port), stalled(endpoint, port):
        began = time.monotonic()
        server.should_exit = True
        await asyncio.wait_for(endpoint.ended.wait(), 10)
        await until(lambda: not server.server_state.connections)
        assert time.monotonic() - began < CLOSE_SECONDS + 1


class Idle:
    """An endpoint that takes messages one by one, when it is asked to."""

    def __init__(self) -> None:
        self.go = asyncio.Semaphore(0)
        self.taken: list[str] = []
        self.sent = 0

    async def __call__(self, socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await self.go.acquire()
                self.taken.append(await socket.receive_text())
        except WebSocketDisconnect:
            pass


@asynccontextmanager
async def connected(
    endpoint: Idle, server: uvicorn.Server, port: int
) -> AsyncGenerator[tuple[asyncio.StreamWriter, WriteCombiningWebSocketProtocol]]:
    """A connection of hand-written frames whose client reads nothing more, and the protocol that serves it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**12)
    writer.write(
        b"GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    assert b"101" in await reader.readuntil(b"\r\n\r\n")
    [protocol] = [
        found
        for found in server.server_state.connections
        if isinstance(found, WriteCombiningWebSocketProtocol)
    ]
    yield writer, protocol
    for _ in range(10):
        endpoint.go.release()
    writer.transport.abort()
    await until(lambda: not server.server_state.connections)


async def test_answers_to_pings_of_a_peer_that_does_not_read_take_little_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint = Idle()
    async with served(endpoint) as (server, port), connected(endpoint, server, port) as (writer, protocol):
        monkeypatch.setattr(websocket_transport, "MAX_PINGS", 10**9)
        transport = protocol.transport._transport  # pyright: ignore[reportAttributeAccessIssue]
        pings = frame(0x9, b"x" * 125) * 1_000

        async def send_pings() -> None:
            while True:
                writer.write(pings)
                await writer.drain()

        sending = asyncio.create_task(send_pings())
        await until(lambda: protocol._pong is not None)  # pyright: ignore[reportPrivateUsage]
        assert transport.get_write_buffer_size() < 200_000
        # It is not read any more either.
        await until(lambda: not transport.is_reading())
        assert len(protocol._unparsed) < 300_000  # pyright: ignore[reportPrivateUsage]
        sending.cancel()


async def test_a_peer_that_sends_many_pings_is_read_slowly() -> None:
    endpoint = Idle()
    async with served(endpoint) as (server, port), connected(endpoint, server, port) as (writer, protocol):
        writer.write(frame(0x9, b"") * 20_000 + frame(0x1, b"late"))
        endpoint.go.release()
        transport = protocol.transport._transport  # pyright: ignore[reportAttributeAccessIssue]
        await until(lambda: not transport.is_reading())
        assert protocol._pings <= MAX_PINGS + MAX_PARSED_BYTES / 6 + 1  # pyright: ignore[reportPrivateUsage]
        assert endpoint.taken == []


async def test_messages_that_are_not_taken_stay_unparsed_and_all_are_taken_in_the_end() -> None:
    endpoint = Idle()
    async with served(endpoint) as (server, port), connected(endpoint, server, port) as (writer, protocol):
        numbers = [f"{number:05}" for number in range(20_000)]
        writer.write(b"".join(frame(0x1, number.encode()) for number in numbers))
        await until(lambda: protocol.queue.qsize() > 0)
        await asyncio.sleep(0.1)
        assert protocol.queue.qsize() <= MAX_PARSED_BYTES / 11 + 1
        endpoint.go.release()
        for _ in numbers:
            endpoint.go.release()
        await until(lambda: len(endpoint.taken) == len(numbers))
        assert endpoint.taken == numbers


async def test_fragments_take_no_more_memory_than_their_message() -> None:
    endpoint = Idle()
    async with served(endpoint) as (server, port), connected(endpoint, server, port) as (writer, protocol):
        writer.write(frame(0x1, b"a", fin=False) + frame(0x0, b"", fin=False) * 20_000)
        writer.write(frame(0x0, b"b", fin=False) * 5_000)
        await until(lambda: sum(map(len, protocol.frames)) == 5_001)
        assert len(protocol.frames) <= 1_001
        writer.write(frame(0x0, b""))
        endpoint.go.release()
        await until(lambda: len(endpoint.taken) == 1)
        assert endpoint.taken == ["a" + "b" * 5_000]
