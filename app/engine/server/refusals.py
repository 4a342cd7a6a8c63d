"""Requests that the protocol refuses, before the application sees them."""

import http
from collections.abc import Sequence

from app.engine.server.request_guard import error_document
from app.engine.server.security_headers import SECURITY_HEADERS

MAX_SOCKET_LINE_BYTES = 8_000
MAX_SOCKET_HEADERS = 120
"""websockets parses the request of a socket once more, with limits of its own that are a little higher."""
NO_ROOM = (503, "OVERLOADED", "The server has no room for another connection.")


class RequestRefused(Exception):
    """The request is answered by the protocol, and the connection closed."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def refusal(status: int, code: str, message: str) -> bytes:
    """A whole response with an error. The connection is closed after it."""
    body = error_document(code, message)
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        "connection": "close",
        **({"retry-after": "1"} if status == 503 else {}),
        **SECURITY_HEADERS,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}\r\n{head}\r\n".encode() + body


def check_target(url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> None:
    """A target that names a host must name the one of the Host header, or the host check means nothing.

    Raises `RequestRefused`.
    """
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) != 1:
        raise RequestRefused(400, "BAD_USER_INPUT", "The request needs exactly one Host header.")
    if url.startswith((b"/", b"*")):
        return
    authority = url.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0]
    if authority.lower() != hosts[0].strip().lower():
        raise RequestRefused(400, "BAD_USER_INPUT", "The target and the Host header name different hosts.")


def check_socket(method: bytes, url: bytes, headers: Sequence[tuple[bytes, bytes]], *, is_busy: bool) -> None:
    """The request of a socket has bounds of its own, and the connection for itself. Raises `RequestRefused`.

    `is_busy` tells whether another request of the connection is not answered yet.
    """
    lines = [len(url), *(len(name) + len(value) for name, value in headers)]
    if max(lines) > MAX_SOCKET_LINE_BYTES or len(lines) > MAX_SOCKET_HEADERS:
        message = f"A socket takes {MAX_SOCKET_HEADERS} headers, and lines of {MAX_SOCKET_LINE_BYTES} bytes."
        raise RequestRefused(431, "BAD_USER_INPUT", message)
    has_body = any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in headers
    )
    if method != b"GET" or has_body or is_busy:
        message = "A socket needs a GET request without a body, on a connection without another request."
        raise RequestRefused(400, "BAD_USER_INPUT", message)
