"""What the server sends leaves at once, however small it is."""

import asyncio
import socket

from app.engine.server.serve import bind_socket
from app.settings import Settings


async def test_a_frame_does_not_wait_for_the_acknowledgement_of_the_one_before() -> None:
    found: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    class Accepting(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            found.set_result(
                transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            )
            transport.close()

    with bind_socket(Settings(port=0)) as listener:
        listener.listen()
        async with (
            asyncio.timeout(10),
            await asyncio.get_running_loop().create_server(Accepting, sock=listener),
        ):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await found != 0
            writer.close()
