"""A socket that the server has closed ends what still sends on it, without an error."""

import asyncio
import base64
import socket
from typing import Any, override

import uvicorn
from uvicorn.protocols.utils import ClientDisconnected

from app.engine.server.websocket_transport import WriteCombiningWebSocketProtocol

HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n"
).encode()
MESSAGE = {"type": "websocket.send", "text": "x" * 100_000}


async def test_a_send_that_waits_while_the_server_closes_the_socket_ends_as_for_a_client_that_has_gone() -> (
    None
):
    closed = asyncio.Event()
    outcomes: list[Exception] = []

    class Protocol(WriteCombiningWebSocketProtocol):
        @override
        def keepalive_timeout(self) -> None:
            super().keepalive_timeout()
            closed.set()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "websocket"
        await send({"type": "websocket.accept"})
        for message in (MESSAGE, {"type": "websocket.close", "code": 1000}):
            try:
                while not outcomes or message is not MESSAGE:
                    await send(message)
            except Exception as error:  # any error is an outcome, and compared below
                outcomes.append(error)

    server = uvicorn.Server(
        uvicorn.Config(
            app,
            ws=Protocol,
            lifespan="off",
            log_config=None,
            ws_ping_interval=0.05,
            ws_ping_timeout=0.05,
        )
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Little leaves at a time. So there is a moment with data left, in which the app may send again.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        serving = asyncio.create_task(server.serve([listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname(), limit=1_000)
        writer.write(HANDSHAKE)
        async with asyncio.timeout(20):
            await closed.wait()
            while await reader.read(100_000):
                pass
            while len(outcomes) < 2:  # noqa: ASYNC110 - it is looked at in each turn
                await asyncio.sleep(0)
        writer.close()
        server.should_exit = True
        await serving
    assert [type(outcome) for outcome in outcomes] == [ClientDisconnected, ClientDisconnected]
