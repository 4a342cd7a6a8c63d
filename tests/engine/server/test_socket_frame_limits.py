"""A peer may send frames up to a rate, and its bad frames are no error of the server.

No frame is parsed before the handshake is answered.
"""

import asyncio
import logging
import struct
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.engine.server.websocket_transport import (
    BURST_SECONDS,
    WriteCombiningWebSocketProtocol,
    limited_protocol,
)
from tests.support.raw_http import frame

RATE = 1_000
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
MANY = 50_000
"""Frames. A server takes some 100,000 per second, far above the rate."""


class Endpoint:
    """Takes all messages, and accepts a socket when it may."""

    def __init__(self) -> None:
        self.may_accept = asyncio.Event()
        self.may_accept.set()
        self.taken: list[str] = []
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self, socket: WebSocket) -> None:
        self.begun.set()
        await self.may_accept.wait()
        await socket.accept()
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                self.taken.append(message.get("text") or "")
                await socket.send_text("taken")
        except WebSocketDisconnect:
            pass
        finally:
            self.ended.set()


@asynccontextmanager
async def served(endpoint: Endpoint) -> AsyncGenerator[tuple[uvicorn.Server, int]]:
    app = Starlette(routes=[WebSocketRoute("/", endpoint.__call__)])
    config = uvicorn.Config(
        app,
        port=0,
        ws=limited_protocol(RATE),
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.01)
        yield server, server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await running


class Peer:
    """A connection of hand-written frames."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def next(self) -> tuple[int, bytes]:
        """The opcode and the data of the server's next frame."""
        async with asyncio.timeout(20):
            first, size = await self.reader.readexactly(2)
            assert size < 126
            return first & 0xF, await self.reader.readexactly(size)

    async def closing(self) -> int:
        """The code with which the server closes."""
        while True:
            opcode, data = await self.next()
            if opcode == CLOSE:
                return struct.unpack("!H", data[:2])[0] if data else 0


@asynccontextmanager
async def peer(endpoint: Endpoint, port: int, *, with_handshake: bool = True) -> AsyncGenerator[Peer]:
    endpoint.ended.clear()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(HANDSHAKE)
        if with_handshake:
            assert b"101" in await reader.readuntil(b"\r\n\r\n")
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()
        async with asyncio.timeout(20):
            await endpoint.ended.wait()


@pytest.mark.parametrize(
    "flood",
    [
        frame(TEXT, b"{", fin=False) + frame(0, b"", fin=False) * MANY,
        frame(TEXT, b"{", fin=False) + frame(0, b" ", fin=False) * MANY,
        frame(PONG, b"") * MANY,
        frame(TEXT, b"") * MANY,
        frame(BINARY, b"x") * MANY,
        (frame(TEXT, b"{", fin=False) + frame(PONG, b"x") * 5 + frame(0, b"}")) * (MANY // 7),
    ],
    ids=["empty fragments", "fragments", "pongs", "empty messages", "binary messages", "a mixture"],
)
async def test_a_peer_that_sends_too_many_frames_is_closed_with_1008(flood: bytes) -> None:
    endpoint = Endpoint()
    async with served(endpoint) as (_, port), peer(endpoint, port) as client:
        client.writer.write(flood)
        assert await client.closing() == 1008
        assert len(endpoint.taken) < RATE * BURST_SECONDS


async def test_a_client_that_opens_and_completes_many_operations_stays_below_the_rate() -> None:
    endpoint = Endpoint()
    async with served(endpoint) as (_, port), peer(endpoint, port) as client:
        # Fifty operations, each begun and completed eight times, as fast as it goes.
        for _ in range(8):
            client.writer.write(frame(TEXT, b"subscribe") * 50 + frame(TEXT, b"complete") * 50)
            for _ in range(100):
                assert await client.next() == (TEXT, b"taken")
        assert len(endpoint.taken) == 800


BAD: Sequence[tuple[str, bytes, int]] = [
    ("text that is not UTF-8", frame(TEXT, b"\xff\xfe"), 1007),
    ("a surrogate", frame(TEXT, b"\xed\xa0\x80"), 1007),
    ("not UTF-8 in fragments", frame(TEXT, b"\xc3", fin=False) + frame(0, b"("), 1007),
    ("not UTF-8 twice", frame(TEXT, b"\xff") * 2, 1007),
    ("not UTF-8, a ping and a message", frame(TEXT, b"\xff") + frame(PING, b"") + frame(TEXT, b"x"), 1007),
    ("not UTF-8 and a close frame", frame(TEXT, b"\xff") + frame(CLOSE, b""), 0),
    ("a close frame that is not UTF-8", frame(CLOSE, b"\x03\xe8\xff"), 1007),
    ("a close frame of one byte", frame(CLOSE, b"\x03"), 1002),
    ("a close code that is none", frame(CLOSE, struct.pack("!H", 1005)), 1002),
    ("a close frame within a message", frame(TEXT, b"x", fin=False) + frame(CLOSE, b""), 1002),
    ("an opcode that is none", frame(0x3, b"x"), 1002),
    ("a control opcode that is none", frame(0xB, b"x"), 1002),
    ("no mask", b"\x81\x02{}", 1002),
    ("a reserved bit", b"\xc1" + frame(TEXT, b"x")[1:], 1002),
    ("a fragment of a ping", frame(PING, b"x", fin=False), 1002),
    ("a fragment of nothing", frame(0, b"x"), 1002),
    ("a message within a message", frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 1002),
    ("a length of eight exabytes", b"\x81\xff" + struct.pack("!Q", 2**63) + bytes(4), 1009),
]


async def test_bad_frames_get_their_close_code_and_are_no_error_of_the_server(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint = Endpoint()
    async with served(endpoint) as (_, port):
        for name, data, code in BAD:
            async with peer(endpoint, port) as client:
                client.writer.write(data)
                assert (name, await client.closing()) == (name, code)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("data", "code"),
    [(data, code) for name, data, code in BAD if name in ("no mask", "text that is not UTF-8")]
    + [(frame(PONG, b"") * MANY, 1008)],
    ids=["no mask", "not UTF-8", "a flood"],
)
async def test_frames_before_the_answer_to_the_handshake_are_parsed_after_it(
    caplog: pytest.LogCaptureFixture, data: bytes, code: int
) -> None:
    endpoint = Endpoint()
    endpoint.may_accept.clear()
    async with (
        asyncio.timeout(20),
        served(endpoint) as (server, port),
        peer(endpoint, port, with_handshake=False) as client,
    ):
        # The head arrives alone: uvicorn drops what is in one packet with it.
        await endpoint.begun.wait()
        [protocol] = server.server_state.connections
        assert isinstance(protocol, WriteCombiningWebSocketProtocol)
        client.writer.write(data)
        while not protocol._unparsed:  # noqa: ASYNC110 # pyright: ignore[reportPrivateUsage] - nothing tells of it
            await asyncio.sleep(0.01)
        endpoint.may_accept.set()
        assert b"101" in await client.reader.readuntil(b"\r\n\r\n")
        assert await client.closing() == code
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
