"""Ends the work of an HTTP client that goes away before its response."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request

from app.engine.graphql.transport.requests import operation_type

LISTEN_AFTER_SECONDS = 0.05
"""Most operations are faster, and pay nothing for the listener."""


@asynccontextmanager
async def cancelled_by_departure(request: Request, envelope: Mapping[str, Any]) -> AsyncGenerator[None]:
    """Cancel what runs inside when the client closes its connection. Raises `ClientDisconnect`.

    A mutation goes on: its commands may be recorded already, and its time is limited. The body has to be read before.
    """
    loop = asyncio.get_running_loop()
    listening: list[asyncio.Task[None]] = []
    departure = asyncio.timeout(None)

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        if operation_type(envelope["query"], envelope.get("operationName")) is not OperationType.MUTATION:
            departure.reschedule(loop.time())

    timer = loop.call_later(LISTEN_AFTER_SECONDS, lambda: listening.append(loop.create_task(listen())))
    try:
        async with departure:
            yield
    except TimeoutError:
        if departure.expired():
            raise ClientDisconnect from None
        raise
    finally:
        timer.cancel()
        for task in listening:
            task.cancel()
