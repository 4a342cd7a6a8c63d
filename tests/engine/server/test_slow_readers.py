"""A client that reads slowly gets a whole answer. A client that reads nothing, or next to nothing, is cut off."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from app.engine.server.connections import CLOSE_SECONDS, SWEEP_SECONDS, ConnectionTable
from app.engine.server.http_protocol import BoundedHttpProtocol, RequestLimits
from tests.support.raw_http import HEAD

ADDRESS = "127.0.0.1"
SIZE = 1_000_000
PART = 16_384
IDLE_SECONDS = 10.0
KEPT, CLOSED = HEAD + b"\r\n", HEAD + b"connection: close\r\n\r\n"


async def large_answer(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    size = 0 if scope["path"] == "/small" else SIZE
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % size)]})
    await send({"type": "http.response.body", "body": bytes(size)})


class Serving:
    """A server whose clock is moved by the test."""

    def __init__(self, table: ConnectionTable, connections: set[Any], port: int) -> None:
        self.table = table
        self.connections = connections
        self.now = asyncio.get_running_loop().time()
        self._port = port

    async def connect(self) -> socket.socket:
        """A client with small buffers."""
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, PART)
        client.setblocking(False)
        await asyncio.get_running_loop().sock_connect(client, (ADDRESS, self._port))
        return client

    async def ask(self, request: bytes) -> socket.socket:
        """A client whose answer has begun to arrive."""
        client = await self.connect()
        await asyncio.get_running_loop().sock_sendall(client, request)
        assert await read(client, 1) == b"H"
        return client

    def pass_time(self, seconds: float) -> None:
        """Let time pass, with all sweeps in it."""
        for _ in range(int(seconds / SWEEP_SECONDS)):
            self.now += SWEEP_SECONDS
            self.table.sweep(self.now)


@pytest.fixture
async def serving() -> AsyncGenerator[Serving]:
    config = uvicorn.Config(large_answer, lifespan="off", log_config=None, timeout_keep_alive=1_000)
    config.load()
    state = ServerState()
    table = ConnectionTable(state.connections, 3)
    limits = RequestLimits(8_192, 40, 2_048, header_seconds=IDLE_SECONDS, idle_seconds=IDLE_SECONDS)

    def create() -> BoundedHttpProtocol:
        table.count_opening(ADDRESS, 1, is_spare=False)
        return BoundedHttpProtocol(
            config=config, server_state=state, app_state={}, table=table, limits=limits, address=ADDRESS
        )

    listener = socket.create_server((ADDRESS, 0))
    # A connection inherits it: what the client has not read stays in the server.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PART)
    server = await asyncio.get_running_loop().create_server(create, sock=listener)
    try:
        yield Serving(table, state.connections, listener.getsockname()[1])
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()


async def read(client: socket.socket, size: int) -> bytes:
    """So many bytes, or what comes before the end."""
    found = b""
    async with asyncio.timeout(20):
        while len(found) < size:
            try:
                part = await asyncio.get_running_loop().sock_recv(client, size - len(found))
            except ConnectionResetError:
                break
            if not part:
                break
            found += part
    return found


async def read_slowly(serving: Serving, client: socket.socket) -> int:
    """Read the whole answer, a part every second; how many bytes its body had."""
    found = 0
    while found < SIZE and (part := await read(client, PART)):
        found += part.count(0)
        serving.pass_time(1)
    return found


@pytest.mark.parametrize("request_", [KEPT, CLOSED], ids=["keep-alive", "close"])
async def test_an_answer_arrives_as_a_whole_at_a_client_that_reads_slowly_and_steadily(
    serving: Serving, request_: bytes
) -> None:
    with await serving.ask(request_) as client:
        assert SIZE / PART > 5 * IDLE_SECONDS
        assert await read_slowly(serving, client) == SIZE


async def test_an_answer_arrives_as_a_whole_although_its_client_has_sent_a_broken_request_then(
    serving: Serving,
) -> None:
    with await serving.ask(KEPT) as client:
        await asyncio.get_running_loop().sock_sendall(client, b"nonsense\r\n\r\n")
        assert await read_slowly(serving, client) == SIZE


@pytest.mark.parametrize(
    "request_", [KEPT, CLOSED, KEPT + b"nonsense\r\n\r\n"], ids=["keep-alive", "close", "broken"]
)
@pytest.mark.parametrize("bytes_per_second", [0, 10])
async def test_a_client_that_reads_next_to_nothing_is_cut_off_in_the_time_of_an_idle_one(
    serving: Serving, request_: bytes, bytes_per_second: int
) -> None:
    with await serving.ask(request_) as client:
        for _ in range(int(IDLE_SECONDS) - 1):
            serving.pass_time(1)
            await read(client, bytes_per_second)
        assert serving.connections
        serving.pass_time(2)
        await asyncio.sleep(0)
        assert not serving.connections


async def test_a_connection_that_is_closed_and_has_nothing_left_to_send_ends_soon(serving: Serving) -> None:
    with await serving.ask(KEPT) as client:
        [connection] = serving.connections
        assert connection.has_unread
        while connection.has_unread:
            await asyncio.get_running_loop().sock_recv(client, PART)
        connection.transport.close()
        serving.pass_time(CLOSE_SECONDS + 1)
        await asyncio.sleep(0)
        assert not serving.connections


async def test_room_is_made_by_a_connection_whose_answers_have_been_read(serving: Serving) -> None:
    with (
        await serving.ask(KEPT) as reading,
        await serving.ask(HEAD.replace(b"livez", b"small") + b"\r\n") as idle,
    ):
        assert serving.table.close_oldest()
        assert await read(idle, SIZE)
        assert await read(idle, 1) == b""
        assert len(serving.connections) == 1
        # Without another one it goes, too.
        assert serving.table.close_oldest()
        await asyncio.sleep(0)
        assert not serving.connections
        assert len(await read(reading, SIZE)) < SIZE
