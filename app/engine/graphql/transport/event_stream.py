"""Server-sent events: the frames of a subscription, in the distinct connections mode of graphql-sse.

Frames end in LF LF, since clients split the stream there. A frame has an `id:` if the subscription resumes by position.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Any, override

from anyio import CancelScope
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.engine.access.authentication import has_expired, wait_for_expiry
from app.engine.access.caller import ANONYMOUS, Caller
from app.engine.access.refusals import TokenRefused
from app.engine.graphql.errors import AnswerTooLarge
from app.engine.graphql.json import encode_answer, encode_json
from app.engine.graphql.transport.negotiation import EVENT_STREAM
from app.engine.graphql.transport.requests import error_body

KEEP_ALIVE_SECONDS = 12.0
"""Proxies close a connection that is silent for longer than they allow, often 15 to 60 s."""

# Without a space after the colon: urql parses one as data.
COMPLETE = "event: complete\ndata:\n\n"
KEEP_ALIVE = ":\n\n"
_EXPIRED = error_body(str(TokenRefused("expired")), "UNAUTHENTICATED", reason="expired", retryable=True)


def next_frame(data: str, position: int | None = None) -> str:
    """The frame of one result in JSON."""
    id_line = "" if position is None else f"id: {position}\n"
    return f"event: next\n{id_line}data: {data}\n\n"


def _idle_frame(position: int | None) -> str:
    """Keeps the connection open. A frame without data is no event; its id is what a browser resumes after."""
    return KEEP_ALIVE if position is None else f"id: {position}\n\n"


def _last_frame(error: Mapping[str, Any]) -> str:
    """The frame of an error that ends a subscription. It has no id: a resume skips no event."""
    return next_frame(encode_json({"data": None, "errors": [error]}))


class EventStreamResponse(StreamingResponse):
    """A response that is not cached, compressed or buffered on its way."""

    def __init__(
        self, frames: AsyncGenerator[str], close: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        self._frames = frames
        self._close = close
        super().__init__(
            frames,
            headers={
                "content-type": f"{EVENT_STREAM}; charset=utf-8",
                "cache-control": "no-cache, no-transform",
                "x-accel-buffering": "no",
                "vary": "Accept",
            },
        )

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            # If the client has gone, every await here is cancelled again. It may go before the first frame is asked for.
            with CancelScope(shield=True):
                await self._frames.aclose()
                if self._close is not None:
                    await self._close()


async def single_result(body: Mapping[str, Any], max_bytes: int) -> AsyncGenerator[str]:
    """The frames of a query or a mutation."""
    yield next_frame(encode_answer(body, max_bytes)[1])
    yield COMPLETE


async def subscription_frames[R](
    results: AsyncGenerator[R],
    first: asyncio.Future[R | None],
    render: Callable[[R], str],
    stopping: asyncio.Event,
    caller: Caller = ANONYMOUS,
    start: Callable[[], int | None] = lambda: None,
    keep_alive_seconds: float = KEEP_ALIVE_SECONDS,
) -> AsyncGenerator[str]:
    """The frames of a subscription: `first`, which is the next of `results`, and those that follow.

    If the server stops, the stream ends without `complete`, so that the client reconnects and resumes. When the token
    expires, the last result is the error UNAUTHENTICATED: the client gets another token and resumes. If `render` raises
    `AnswerTooLarge`, that is the last result. Before the first result, a client may resume at `start`.
    """
    stop = asyncio.ensure_future(stopping.wait())
    expiry = asyncio.ensure_future(wait_for_expiry(caller))
    part = first
    try:
        if start() is not None:
            yield _idle_frame(start())
        while True:
            while not part.done() and not expiry.done():
                await asyncio.wait(
                    (part, stop, expiry), timeout=keep_alive_seconds, return_when=asyncio.FIRST_COMPLETED
                )
                if stop.done() and not part.done():
                    return
                if not part.done() and not expiry.done():
                    yield _idle_frame(start() if part is first else None)
            # A stream that always has a result, or a client that reads slowly, leaves the timer no time.
            if expiry.done() or has_expired(caller):
                yield _last_frame(_EXPIRED)
                yield COMPLETE
                return
            result = part.result()
            if result is None:
                if not stopping.is_set():
                    yield COMPLETE
                return
            try:
                frame = render(result)
            except AnswerTooLarge as error:
                # After a message that is lost the client could not go on.
                yield _last_frame(error_body(str(error), error.code))
                yield COMPLETE
                return
            yield frame
            part = asyncio.ensure_future(anext(results, None))
    finally:
        stop.cancel()
        expiry.cancel()
        # If the client has gone, every await here is cancelled again.
        with CancelScope(shield=True):
            await close_results(results, part)


async def close_results[R](results: AsyncGenerator[R], part: asyncio.Future[R | None]) -> None:
    """Close the results whose next one is `part`. A generator that runs cannot be closed."""
    if not part.done():
        part.cancel()
        await asyncio.wait((part,))
    elif not part.cancelled():
        # A result that is not taken may be an error.
        part.exception()
    await results.aclose()
