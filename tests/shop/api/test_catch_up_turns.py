"""Subscribers that read stored events take turns, and those that follow the end of the log wait for none."""

import asyncio
from typing import Any

from starlette.applications import Starlette

from app.engine.graphql.slices.event_log import EVENTS_PER_TURN
from app.engine.server.runtime import MAX_CATCH_UP, Runtime
from tests.support.graphql_client import Api
from tests.support.websocket import RawSocket

OPEN = 'mutation { openOrder(input: {customerId: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2e"}) { __typename } }'
EVENTS = "subscription($after: Position) { events(after: $after) { position } }"


async def subscribe(socket: RawSocket, name: str, after: str | None) -> None:
    payload = {"query": EVENTS, "variables": {"after": after}}
    await socket.send({"type": "subscribe", "id": name, "payload": payload})


async def next_of(socket: RawSocket) -> tuple[str, int]:
    message: dict[str, Any] = await socket.next()
    assert message["type"] == "next", message
    return message["id"], int(message["payload"]["data"]["events"]["position"])


async def test_stored_events_wait_for_a_turn_and_live_ones_do_not(
    runtime: Runtime, app: Starlette, api: Api
) -> None:
    count = EVENTS_PER_TURN + 10
    await asyncio.gather(*(api(OPEN) for _ in range(count)))
    callers = [f"other {number}" for number in range(MAX_CATCH_UP)]
    for caller in callers:
        await runtime.catch_up.acquire(caller)
    socket = RawSocket(app)
    await socket.send({"type": "connection_init"})
    assert (await socket.next())["type"] == "connection_ack"
    await subscribe(socket, "behind", "0")
    await subscribe(socket, "live", str(count))
    await api(OPEN)
    # The next message is the live one, though the other subscriber has asked first.
    assert await next_of(socket) == ("live", count + 1)
    runtime.catch_up.release(callers[0])
    assert [await next_of(socket) for _ in range(count + 1)] == [
        ("behind", position) for position in range(1, count + 2)
    ]
    await socket.close()
    for caller in callers[1:]:
        runtime.catch_up.release(caller)
