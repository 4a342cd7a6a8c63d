"""The messages of a socket: each is read, measured and sent."""

import json
import sys
from collections.abc import AsyncGenerator, Mapping
from typing import Any, override

import msgspec
from starlette import websockets
from starlette.websockets import WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http import exceptions as strawberry_http

from app.engine.graphql.json import encode_json
from app.engine.graphql.transport.requests import MAX_REQUEST_BYTES, BadRequest, too_large

MAX_ID_LENGTH = 256
"""Characters of an operation's id, which each of its messages repeats. Clients send numbers, UUIDs or hashes."""
MAX_REASON_BYTES = 123
"""A control frame has 125 bytes; the close code takes two."""


class WebSocketAdapter(ASGIWebSocketAdapter):
    """The socket. A reason that does not fit into a close frame is cut."""

    @override
    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object]:
        """The messages. One that is over the limit becomes a `TooLarge` with its id and type."""
        del ignore_parsing_errors
        try:
            while self.ws.application_state != WebSocketState.DISCONNECTED:
                text = await self.ws.receive_text()
                if len(text) * 4 > MAX_REQUEST_BYTES and (size := len(text.encode())) > MAX_REQUEST_BYTES:
                    yield _too_large_message(text, size)
                    continue
                try:
                    message = self.view.decode_json(text)
                except json.JSONDecodeError as error:
                    raise strawberry_http.NonJsonMessageReceived from error
                yield message
                # A socket that is silent for an hour keeps nothing of its last message.
                del text, message
        except KeyError as error:
            raise strawberry_http.NonTextMessageReceived from error
        except websockets.WebSocketDisconnect:
            pass

    @override
    async def close(self, code: int, reason: str) -> None:
        await super().close(code, shorten_reason(reason))


def shorten_reason(reason: str) -> str:
    """The reason, cut at a whole character if it has more bytes than a close frame can hold."""
    return reason.encode(errors="replace")[:MAX_REASON_BYTES].decode(errors="ignore")


class _MessageHead(msgspec.Struct):
    """What is read of a message that is too large."""

    type: str
    id: str


class TooLarge:
    """A message over the limit. `operation_id` is None if the message does not begin an operation."""

    def __init__(self, operation_id: str | None, refusal: BadRequest) -> None:
        self.operation_id = operation_id
        self.refusal = refusal


def _too_large_message(text: str, size: int) -> TooLarge:
    try:
        head = msgspec.json.decode(text, type=_MessageHead)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return TooLarge(None, too_large(str(size)))
    begins_operation = head.type == "subscribe" and 0 < len(head.id) <= MAX_ID_LENGTH
    return TooLarge(head.id if begins_operation else None, too_large(str(size)))


def operation_bytes(operation_id: str, payload: Mapping[str, Any]) -> int:
    """What a running operation keeps of its message, in bytes."""
    texts = sum(map(sys.getsizeof, (operation_id, payload["query"], payload.get("operationName"))))
    return texts + sum(len(encode_json(payload.get(name))) for name in ("variables", "extensions"))
