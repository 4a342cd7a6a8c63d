"""Sockets whose frames leave together: what is sent within one turn of the loop is one write to the network.

In a burst, each event is one frame for every subscriber. A write for each frame costs much of the delivery time.
Without combining, `make bench` delivers 22 to 29 % fewer bursts to 1,000 subscribers (2026-11-28, two cores, two runs
of each).
"""

import asyncio
from typing import Any, cast, override

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Response
from websockets.server import ServerProtocol

from app.engine.graphql.transport.websocket import BUSY_EXTENSION
from app.engine.server.connections import ConnectionTable
from app.engine.server.security_headers import SECURITY_HEADERS

MAX_BUFFERED_BYTES = 64 * 1024
"""Bytes. More than that are sent at once. So a client that does not read makes its sender wait as soon as without
combining."""


MAX_PARSED_BYTES = 1024
"""Bytes that are parsed at once. Small messages take up to fifty times their size in the queue, those not parsed yet do not."""
TURN_SECONDS = 0.001
"""Time after which a socket with more frames or messages leaves the loop to others. A frame takes about 4 µs (2026-11-27)."""
BURST_SECONDS = 10.0
"""A socket that has sent nothing for so long may send the frames of that time at once. A new one has those of a second."""
MAX_PINGS = 100
PING_PAUSE_SECONDS = 1.0
"""A peer that sends more pings than that in this time is not read for as long. A ping costs as much as a small message."""
PING_INTERVAL_SECONDS = 20.0
"""How often a socket is asked for a pong."""
PONG_TIMEOUT_SECONDS = 20.0
"""A socket whose pong does not come within this time is aborted. One that does not read sends none."""
MAX_FRAGMENTS = 1_000
"""Fragments of one message that are kept apart."""

TRY_AGAIN_LATER = 1013
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
    """A socket of uvicorn that combines its frames into few writes.

    A peer that stops reading is aborted when it does not answer a ping in time. It is also aborted `CLOSE_SECONDS`
    after a close.
    """

    max_frames_per_second = 0
    """What a peer may send, control frames and fragments included; 0 sets no limit. See `limited_protocol`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn = _Handshake(max_size=self.config.ws_max_size, logger=self.logger)
        self._unparsed = bytearray()
        self._next_parse: asyncio.Handle | None = None
        """Set while the loop has its turn between two parts."""
        self._turn_began = 0.0
        self._frames_left = float(self.max_frames_per_second)
        self._frames_left_at = self.loop.time()
        self._pong: bytes | None = None
        """The answer to the newest ping, if the peer does not read."""
        self._pings = 0
        self._pings_since = 0.0
        self._ping_timer: asyncio.TimerHandle | None = None
        """Set while the peer is not read because of its pings."""
        self._table: ConnectionTable | None = None
        self._is_busy = False

    def enter(self, table: ConnectionTable) -> None:
        """The socket takes its place in the table. It waits there while the application says that it is not busy."""
        self._table = table
        table.enter(self, self.client[0] if self.client else "")
        table.wait(self)
        if self.handshake_initiated and not self.close_sent:
            cast("Any", self.scope)["extensions"][BUSY_EXTENSION] = self._set_busy

    def _set_busy(self, is_busy: bool) -> None:
        if self._table is None or is_busy == self._is_busy or self.disconnected:
            return
        self._is_busy = is_busy
        if is_busy:
            self._table.leave(self)
        else:
            self._table.wait(self)

    def make_way(self) -> None:
        """Close the socket at once. Clients connect again later."""
        if not self.handshake_complete or self.close_sent or not self.writable.is_set():
            self.transport.abort()
            return
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TRY_AGAIN_LATER})
        self.conn.send_close(
            TRY_AGAIN_LATER, "No room: no operation was running, or too many of your network"
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.transport.close()

    def sweep(self, now: float) -> None:
        """A socket has no limit of time of its own: pings find a peer that has gone."""

    @override
    def data_received(self, data: bytes) -> None:
        if not self.handshake_initiated:
            # The head of the request, as a whole. Frames that follow wait for the answer to it.
            super().data_received(data)
            return
        self._unparsed += data
        if self._next_parse is None:
            self._parse()

    def _parse(self) -> None:
        """Parse what has arrived, up to the next messages. Nothing more is read until the application has taken them."""
        self._next_parse = None
        began = self.loop.time()
        while self._may_parse:
            part = bytes(self._unparsed[:MAX_PARSED_BYTES])
            del self._unparsed[:MAX_PARSED_BYTES]
            super().data_received(part)
            if self.loop.time() - began > TURN_SECONDS and self._may_parse:
                self._parse_soon()
                break
        if self._unparsed or self._is_held:
            self.transport.pause_reading()
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    @property
    def _may_parse(self) -> bool:
        # What a peer has sent after a frame that closes its connection is not looked at.
        return bool(self._unparsed) and not (
            self._is_held or self.disconnected or self.transport.is_closing()
        )

    @override
    def handle_events(self) -> None:
        if self._has_too_many_frames(len(self.conn.events)):
            self._fail(CloseCode.POLICY_VIOLATION, "Too many frames")
        else:
            super().handle_events()

    def _has_too_many_frames(self, number: int) -> bool:
        """Charge so many frames. A bucket of tokens: it fills with time."""
        rate, now = self.max_frames_per_second, self.loop.time()
        if not rate:
            return False
        filled = self._frames_left + (now - self._frames_left_at) * rate
        self._frames_left, self._frames_left_at = min(filled, rate * BURST_SECONDS) - number, now
        return self._frames_left < 0

    def _fail(self, code: CloseCode, reason: str) -> None:
        """Close the connection because of what the peer has sent. It may be closing already."""
        self.logger.debug("A socket is closed with %d: %s", code, reason)
        self.conn.events_received()
        self.conn.fail(code, reason)
        if self.close_sent:
            self.transport.close()
        else:
            self.handle_parser_exception()

    @property
    def _is_held(self) -> bool:
        """Whether the peer has to wait: for the answer to its handshake, or until its messages are taken. It also waits
        if it sends too many pings, or does not read the answers."""
        return (
            not self.handshake_complete
            or self.read_paused
            or self._ping_timer is not None
            or self._pong is not None
        )

    def _parse_soon(self) -> None:
        if self._next_parse is None and not self.disconnected:
            self._next_parse = self.loop.call_soon(self._parse)

    @override
    async def send(self, message: Any) -> None:
        # A send may wait until the peer reads. If uvicorn closes the socket first, it takes the send for an error.
        await self.writable.wait()
        if self.close_sent and message["type"] in ("websocket.send", "websocket.close"):
            raise ClientDisconnected
        await super().send(message)
        if message["type"] in ("websocket.accept", "websocket.close"):
            # The peer's next frames may be here already. After a close one of them may be its answer.
            self._parse_soon()
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            # uvicorn logs an error for each socket that is refused with a response.
            self.handshake_complete = True

    @override
    async def receive(self) -> Any:
        # A queue that is not empty lets no other task run.
        is_waiting = self.queue.empty()
        if not is_waiting and self.loop.time() - self._turn_began > TURN_SECONDS:
            await asyncio.sleep(0)
            is_waiting = True
        message = await super().receive()
        if is_waiting:
            self._turn_began = self.loop.time()
        if self._next_parse is None:
            self._parse()
        return message

    @override
    def send_receive_event_to_app(self) -> None:
        self.frames = [b"".join(self.frames)]
        if self.curr_msg_data_type == "text" and not self.close_sent:
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:
                # uvicorn logs an error with a traceback, and fails if the peer has sent a close frame, too.
                self.frames = []
                self._fail(CloseCode.INVALID_DATA, "A text message must be UTF-8")
                return
        super().send_receive_event_to_app()

    @override
    def handle_cont(self, event: Frame) -> None:
        # An empty fragment counts nothing against the size of a message, and a small one takes forty times its size.
        if event.data or event.fin:
            super().handle_cont(event)
        if len(self.frames) > MAX_FRAGMENTS:
            self.frames = [b"".join(self.frames)]

    @override
    def handle_ping(self) -> None:
        answer = b"".join(self.conn.data_to_send())
        now = self.loop.time()
        if now - self._pings_since > PING_PAUSE_SECONDS:
            self._pings, self._pings_since = 0, now
        self._pings += 1
        if self._pings > MAX_PINGS and self._ping_timer is None:
            self._ping_timer = self.loop.call_later(PING_PAUSE_SECONDS, self._read_pings)
        if self.writable.is_set():
            self.transport.write(answer)
        else:
            # Answers to a peer that does not read would grow without a bound. The newest ping is answered later, and the
            # peer is not read until then.
            self._pong = answer

    def _read_pings(self) -> None:
        self._ping_timer = None
        self._parse_soon()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._ping_timer is not None:
            self._ping_timer.cancel()
        if self._table is not None:
            self._table.lost(self)
        if self._next_parse is not None:
            self._next_parse.cancel()
        super().connection_lost(exc)

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if self._pong is not None and not self.close_sent and not self.transport.is_closing():
            self.transport.write(self._pong)
        self._pong = None
        self._parse_soon()

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


def limited_protocol(max_frames_per_second: int) -> type[WriteCombiningWebSocketProtocol]:
    """The protocol with a limit on the frames, of any kind, that each peer may send in a second. 0 sets no limit."""

    class Protocol(WriteCombiningWebSocketProtocol):
        pass

    Protocol.max_frames_per_second = max_frames_per_second
    return Protocol
