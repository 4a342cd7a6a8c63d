"""Refuses requests for other hosts and from pages of other sites, before anything else looks at them.

A page of another site can have its name point to this machine (DNS rebinding). Its requests then carry that name as
their host. A browser sends the origin of a page and `Sec-Fetch-Site`; other clients send neither and are not refused.
"""

from typing import Any

import msgspec
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.engine.hosts import is_allowed_host, is_allowed_origin

type Refusal = tuple[int, str, str]
"""The status, the code and the message."""


class RequestGuard:
    """The application behind the checks of host and origin, for requests, streams and sockets."""

    def __init__(
        self, app: ASGIApp, allowed_hosts: tuple[str, ...], allowed_origins: tuple[str, ...]
    ) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts
        self._allowed_origins = allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or (refusal := self._refusal(scope)) is None:
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            # Its handshake is answered after it was received.
            await receive()
        status, code, message = refusal
        response = Response(error_document(code, message), status, media_type="application/json")
        await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> Refusal | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1:
            return 400, "BAD_USER_INPUT", "The request needs exactly one Host header."
        if not is_allowed_host(hosts[0], self._allowed_hosts):
            return 421, "FORBIDDEN", "This host is not served here: APP_ALLOWED_HOSTS does not list it."
        if self._is_of_another_site(scope, headers, hosts[0]):
            return (
                403,
                "FORBIDDEN",
                "Pages of this origin may not call: APP_ALLOWED_ORIGINS does not list it.",
            )
        return None

    def _is_of_another_site(self, scope: Scope, headers: Headers, host: str) -> bool:
        if origins := headers.getlist("origin"):
            return not all(is_allowed_origin(origin, host, self._allowed_origins) for origin in origins)
        if headers.get("sec-fetch-site", "none").lower() not in ("cross-site", "same-site"):
            return False
        # A link from another site opens a page. It opens no stream, and its site cannot read the page.
        return not (
            scope["type"] == "http"
            and scope["method"] in ("GET", "HEAD")
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
            and "text/event-stream" not in ",".join(headers.getlist("accept")).lower()
        )


def error_document(code: str, message: str) -> bytes:
    """A GraphQL error as the body of a response."""
    document: dict[str, Any] = {"data": None, "errors": [{"message": message, "extensions": {"code": code}}]}
    return msgspec.json.encode(document)
