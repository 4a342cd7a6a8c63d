"""Sockets whose frames leave together: what is sent within one turn of the loop is one write to the network.

A burst of events is a frame each for every subscriber, and a write each would be most of what it costs to deliver them.
"""

import asyncio
from typing import Any, cast, override

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Response
from websockets.server import ServerProtocol

from app.engine.server.security_headers import SECURITY_HEADERS

MAX_BUFFERED_BYTES = 64 * 1024
"""Bytes. Past it they leave at once, so that a client that does not read makes its sender wait as soon as it would otherwise."""


CLOSE_SECONDS = 1.0
"""How long a closed connection may take to send what is left. A peer that does not read is then aborted."""


class WriteCombiningTransport(asyncio.Transport):
    """A transport that holds what is written until the loop comes round."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._held: list[bytes | bytearray | memoryview] = []
        self._size = 0

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)
        self._size += len(data)
        if self._size > MAX_BUFFERED_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            held, self._held, self._size = self._held, [], 0
            self._transport.write(held[0] if len(held) == 1 else b"".join(held))

    @override
    def close(self) -> None:
        self._flush()
        if not self._transport.is_closing():
            # asyncio waits for ever until the peer has read what is left.
            self._loop.call_later(CLOSE_SECONDS, self._transport.abort)
        self._transport.close()

    @override
    def abort(self) -> None:
        self._held.clear()
        self._transport.abort()

    @override
    def is_closing(self) -> bool:
        return self._transport.is_closing()

    @override
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    @override
    def pause_reading(self) -> None:
        self._transport.pause_reading()

    @override
    def resume_reading(self) -> None:
        self._transport.resume_reading()


class _Handshake(ServerProtocol):
    """Each answer to a handshake has the security headers, also one that websockets makes."""

    @override
    def send_response(self, response: Response) -> None:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        super().send_response(response)


class WriteCombiningWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's sockets, corked.

    A peer that stops reading is aborted when it does not answer a ping in time, or `CLOSE_SECONDS` after a close.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn = _Handshake(max_size=self.config.ws_max_size, logger=self.logger)

    @override
    def handle_parser_exception(self) -> None:
        if self.conn.close_sent is None:
            # The handshake itself cannot be parsed. uvicorn has no answer to that.
            self.send_500_response()
            self.transport.close()
            return
        super().handle_parser_exception()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(WriteCombiningTransport(cast("asyncio.Transport", transport), self.loop))
