"""A graphql-transport-ws client of hand-written frames, and a reader of server-sent events: what they show is what was sent."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.server import Server

PATIENCE = 15.0

FACTS = "subscription Facts($after: Position, $filter: EventFilter) { events(after: $after, filter: $filter) { position stream streamId type version } }"


class Socket:
    """One acknowledged connection. Messages are kept per operation id until they are asked for."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._kept: dict[str, list[dict[str, Any]]] = {}

    async def say(self, message: object) -> None:
        """Send text as it stands, bytes as a binary frame, anything else as JSON."""
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        """The next message, of any operation."""
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.connection.recv())

    async def subscribe(self, identity: str, query: str, variables: dict[str, Any] | None = None) -> None:
        await self.say(
            {"id": identity, "type": "subscribe", "payload": {"query": query, "variables": variables or {}}}
        )

    async def next(self, identity: str) -> dict[str, Any]:
        """The next message of this operation."""
        while not self._kept.get(identity):
            message = await self.hear()
            self._kept.setdefault(message.get("id", ""), []).append(message)
        return self._kept[identity].pop(0)

    async def data(self, identity: str) -> dict[str, Any]:
        """The data of the next message, which has to be a result without errors."""
        message = await self.next(identity)
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]

    async def facts(self, identity: str, number: int) -> list[dict[str, Any]]:
        """The next so many events of a subscription to `events`."""
        return [(await self.data(identity))["events"] for _ in range(number)]

    def kept(self, identity: str) -> int:
        """The number of messages of this operation that were received and not asked for."""
        return len(self._kept.get(identity, ()))

    async def settled(self) -> None:
        """Return when the server has taken in all that was sent before: it answers in order."""
        await self.say({"type": "ping"})
        assert await self.next("") == {"type": "pong"}

    def cut(self) -> None:
        """Break the connection without a word of goodbye."""
        self.connection.transport.abort()


@asynccontextmanager
async def opened(
    server: Server, init: dict[str, Any] | None = None, **options: Any
) -> AsyncGenerator[Socket]:
    """A socket whose connection was initialised, with this payload, and acknowledged. It has the headers of the server."""
    options.setdefault("additional_headers", server.headers)
    async with opened_at(server.socket, init, **options) as socket:
        yield socket


@asynccontextmanager
async def opened_at(url: str, init: dict[str, Any] | None = None, **options: Any) -> AsyncGenerator[Socket]:
    """The same for an address."""
    async with connect(
        url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None, **options
    ) as connection:
        socket = Socket(connection)
        await socket.say(
            {"type": "connection_init"} if init is None else {"type": "connection_init", "payload": init}
        )
        assert (await socket.hear())["type"] == "connection_ack"
        yield socket


class RawSocket:
    """A graphql-transport-ws connection to an application of this process, without a network."""

    def __init__(self, app: Starlette) -> None:
        self.to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.from_app: asyncio.Queue[Any] = asyncio.Queue()
        scope = {
            "type": "websocket",
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "scheme": "ws",
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 5),
            "headers": [(b"host", b"localhost")],
            "subprotocols": ["graphql-transport-ws"],
        }
        self.to_app.put_nowait({"type": "websocket.connect"})
        self.task = asyncio.create_task(app(scope, self.to_app.get, self.from_app.put))

    async def send(self, message: dict[str, Any]) -> None:
        await self.to_app.put({"type": "websocket.receive", "text": json.dumps(message)})

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while (message := await self.from_app.get())["type"] != "websocket.send":
                assert message["type"] == "websocket.accept", message
        return json.loads(message["text"])

    async def close(self) -> None:
        await self.to_app.put({"type": "websocket.disconnect", "code": 1000})
        await self.task
