"""uvicorn's HTTP protocol with bounds on what a client sends before its request is one.

uvicorn keeps each header as long as it arrives, and each connection as long as it is open. The bounds hold for requests
and for the upgrade to a socket: both begin here.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, cast, override

import httptools
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from app.engine.server.connections import ConnectionTable
from app.engine.server.refusals import NO_ROOM, RequestRefused, check_socket, check_target, refusal
from app.engine.server.slow_readers import ReadProgress, unread_bytes
from app.engine.server.upgrades import asks_for_socket, head_without_upgrade
from app.engine.server.websocket_transport import WriteCombiningWebSocketProtocol

LINGER_BYTES = 1024 * 1024
LINGER_SECONDS = 2.0
"""A client that still sends gets this much time and bytes to read why it was refused. Then the connection is reset."""
MAX_PIPELINED_REQUESTS = 50
"""Requests of one connection that wait for an earlier one. If there are more, nothing further is parsed or read."""
MAX_PARSED_BYTES = 4 * 1024
"""Bytes that are parsed at once. They may hold a hundred requests, which pass the bound above."""
SPARE_SECONDS = 1.0
"""The time for the header of a request on a connection above the cap."""
HEALTH = (b"/livez", b"/readyz")
"""What such a connection may ask for."""


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Bounds on one request up to the end of its header, in bytes and seconds."""

    header_bytes: int
    headers: int
    url_bytes: int
    header_seconds: float
    idle_seconds: float


class _Flow(FlowControl):
    """Nothing is read while requests that have arrived are not parsed."""

    is_held = False

    @override
    def resume_reading(self) -> None:
        if not self.is_held:
            super().resume_reading()


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        *arguments: Any,
        table: ConnectionTable,
        limits: RequestLimits,
        address: str,
        is_spare: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._table = table
        self._limits = limits
        self._address = address
        self._is_spare = is_spare
        """Whether the connection is one above the cap."""
        self._since = self.loop.time()
        """When the connection began to wait, or its header began."""
        self._in_header = False
        self._pending_bytes = 0
        """Bytes since the parser's last step: the end of a header or message, or a part of a body.

        The place of that step in the newest bytes is not known. So these may pass the bound once, by
        `MAX_PARSED_BYTES`.
        """
        self._unparsed = b""
        self._flow: _Flow
        self._running: RequestResponseCycle | None = None
        """The request that is being answered. `cycle` is the newest one."""
        self._header_bytes = 0
        self._refused_at: float | None = None
        self._progress = ReadProgress(limits.idle_seconds)

    @property
    def _parser(self) -> Any:
        """httptools' parser. It is None only after the connection is lost."""
        return self.parser

    @property
    def _is_busy(self) -> bool:
        """Whether a request of this connection has no complete response."""
        return cast("Any", self.cycle) is not None and not self.cycle.response_complete

    @property
    def has_unread(self) -> bool:
        """Whether a part of an answer is still in this process, because the client does not read as fast."""
        return self.transport.get_write_buffer_size() > 0

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self.flow = self._flow = _Flow(transport)
        self._since = self.loop.time()
        self._table.opened(self, self._address, is_spare=self._is_spare)
        self._table.wait(self)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._table.lost(self)
        if self._running is not None:
            # uvicorn tells only the newest request.
            self._running.disconnected = not self._running.response_complete
            self._running.message_event.set()
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._refused_at is not None:
            self._pending_bytes += len(data)
            if self._pending_bytes > LINGER_BYTES:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        self._unparsed += data
        self._parse()

    def _parse(self) -> None:
        """Parse what has arrived, until too many requests wait. Nothing more is read until they are answered."""
        data, position = self._unparsed, 0
        try:
            while position < len(data) and len(self.pipeline) < MAX_PIPELINED_REQUESTS:
                part = data[position : position + MAX_PARSED_BYTES]
                self._pending_bytes += len(part)
                try:
                    self._parser.feed_data(part)
                except httptools.HttpParserUpgrade as upgrade:
                    end: int = upgrade.args[0]
                    position += end
                    if self._should_upgrade():
                        self._unparsed = data[position:]
                        self.handle_websocket_upgrade()
                        return
                    self._ignore_upgrade()
                else:
                    position += len(part)
                if self._pending_bytes > self._limits.header_bytes:
                    raise self._too_large()
        except RequestRefused as error:
            self._refuse(error)
        except httptools.HttpParserError as error:
            reason = error.__context__
            if not isinstance(reason, RequestRefused):
                reason = RequestRefused(400, "BAD_USER_INPUT", "This is not a valid HTTP request.")
            self._refuse(reason)
        self._unparsed = b"" if self._refused_at is not None else data[position:]
        self._flow.is_held = bool(self._unparsed)
        if self._flow.is_held:
            self.flow.pause_reading()

    def _ignore_upgrade(self) -> None:
        """Begin with the request once more, without its upgrade. Its body belongs to it then."""
        method, version = self._parser.get_method(), self._parser.get_http_version()
        head = head_without_upgrade(method, self.url, version, self.headers)
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(head)

    def _too_large(self) -> RequestRefused:
        limit = self._limits.header_bytes
        return RequestRefused(
            431, "BAD_USER_INPUT", f"The header of the request has more than {limit} bytes."
        )

    @override
    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_header = True
        self._header_bytes = 0
        if not self._is_busy:
            self._since = self.loop.time()
            self._table.wait(self)

    @override
    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > (limit := self._limits.url_bytes):
            raise RequestRefused(414, "BAD_USER_INPUT", f"The URL has more than {limit} bytes.")

    @override
    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        # Trailers of a chunked body arrive here, too.
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > self._limits.header_bytes:
            raise self._too_large()
        if len(self.headers) > (limit := self._limits.headers):
            raise RequestRefused(431, "BAD_USER_INPUT", f"The request has more than {limit} headers.")

    @override
    def on_headers_complete(self) -> None:
        self._in_header = False
        self._pending_bytes = 0
        check_target(self.url, self.headers)
        if self._parser.should_upgrade():
            if self._parser.get_method() == b"CONNECT":
                raise RequestRefused(400, "BAD_USER_INPUT", "This server is no proxy.")
            if not self._should_upgrade():
                # The parser stops here, and `_ignore_upgrade` goes on.
                return
            check_socket(self._parser.get_method(), self.url, self.headers, is_busy=self._is_busy)
        if self._is_spare and (self._parser.should_upgrade() or self.url.partition(b"?")[0] not in HEALTH):
            raise RequestRefused(*NO_ROOM)
        super().on_headers_complete()
        if self._is_spare:
            self.cycle.keep_alive = False
        self._table.leave(self)

    @override
    def _should_upgrade(self) -> bool:
        return asks_for_socket(self._parser.get_http_version(), self.headers)

    @override
    def on_body(self, body: bytes) -> None:
        self._pending_bytes = 0
        super().on_body(body)

    @override
    def on_message_complete(self) -> None:
        self._pending_bytes = 0
        if not self._parser.should_upgrade():
            super().on_message_complete()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            # It may be closed to make room, although the rest of its answer is not read yet.
            self._table.wait(self)
            return
        if self._unparsed:
            self._parse()
            self.flow.resume_reading()
        if not self._is_busy:
            self._since = self.loop.time()
            self._table.wait(self)

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    @override
    def handle_websocket_upgrade(self) -> None:
        self._table.lost(self)
        super().handle_websocket_upgrade()
        if not self.transport.is_closing():
            protocol = cast("WriteCombiningWebSocketProtocol", self.transport.get_protocol())
            protocol.enter(self._table)
            if self._unparsed:
                protocol.data_received(self._unparsed)

    def _refuse(self, error: RequestRefused) -> None:
        """Answer and close. What the client still sends is dropped for a moment, or a reset takes the answer from it."""
        self._refused_at = self.loop.time()
        self._pending_bytes = 0
        if self.transport.is_closing():
            return
        if self._is_busy:
            if not self.cycle.more_body:
                # An earlier request is not answered yet. The connection ends with its answer.
                self.cycle.keep_alive = False
                return
            # The body of the newest request is at fault.
            if self.pipeline:
                self.pipeline.popleft()
                self.cycle = self.pipeline[0][0] if self.pipeline else cast("Any", self._running)
                self.cycle.keep_alive = False
                return
            if self.cycle.response_started:
                self.transport.abort()
                return
            # Its resolver sees a client that has gone.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(refusal(error.status, error.code, str(error)))
        if self._is_spare:
            # Another client may need the place.
            self.transport.close()
            return
        self.transport.write_eof()
        self._table.wait(self)

    def make_way(self) -> None:
        """Close the connection at once. A client that still sends its request is told why."""
        if self._is_busy and self.cycle.more_body and not (self.pipeline or self.cycle.response_started):
            self.transport.write(refusal(*NO_ROOM))
            self.transport.close()
        else:
            self.transport.abort()

    def sweep(self, now: float) -> None:
        """Close the connection if it has waited too long."""
        limits = self._limits
        if self.transport.is_closing():
            return
        if self._refused_at is not None:
            if self.has_unread:
                # The answers before the refusal.
                self._refused_at = now
            elif now - self._refused_at > LINGER_SECONDS:
                self.transport.abort()
        elif self._is_spare:
            if not self._is_busy and now - self._since > SPARE_SECONDS:
                self._refuse(RequestRefused(*NO_ROOM))
        elif self._in_header:
            if now - self._since > limits.header_seconds:
                message = f"The header did not arrive within {limits.header_seconds:g} s."
                self._refuse(RequestRefused(408, "TIMEOUT", message))
        elif now - self._since > limits.idle_seconds:
            self.transport.close()

    def check_stalled(self, now: float) -> None:
        """Abort the connection if its client has read too little of an answer for too long."""
        if not self.has_unread or self._may_write:
            self._progress.reset()
        elif self._progress.is_stalled(unread_bytes(self.transport), now):
            self.transport.abort()

    @property
    def _may_write(self) -> bool:
        """Whether more of an answer may be written now."""
        is_ending = self._refused_at is not None or self.transport.is_closing()
        return self._is_busy and not (is_ending or self.flow.write_paused)

    @override
    def resume_writing(self) -> None:
        self._progress.reset()
        super().resume_writing()
