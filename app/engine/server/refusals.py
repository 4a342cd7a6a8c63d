"""Requests that the protocol refuses, before the application sees them."""

import http
from collections.abc import Sequence

from app.engine.server.request_guard import error_document
from app.engine.server.security_headers import SECURITY_HEADERS

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
    """A target with a host of its own has to name the same host, or the check of the host means nothing.

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
