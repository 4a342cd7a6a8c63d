"""A peer that does not read its socket is aborted within a bound, and a server that stops does not wait for it."""

import asyncio
import socket
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect

from app.engine.server.websocket_transport import CLOSE_SECONDS, WriteCombiningWebSocketProtocol

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
async def served(endpoint: Endless, **options: float) -> AsyncGenerator[tuple[uvicorn.Server, int]]:
    app = Starlette(routes=[WebSocketRoute("/", endpoint.__call__)])
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        ws=WriteCombiningWebSocketProtocol,
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
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
