"""A GraphQL client for the demo: many operations over one socket of the protocol graphql-transport-ws."""

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from app.engine.errors import UserError
from app.engine.hosts import is_loopback_url

MAX_IN_FLIGHT = 40
"""Operations at a time: the API allows 50 on one socket."""
CONNECT_TIMEOUT_SECONDS = 5
_PROTOCOLS: Any = ["graphql-transport-ws"]
_TOKEN_REFUSED = 4403
"""The close code of a socket whose token is refused or has expired."""


class ConnectionLost(Exception):
    """The server closed the socket."""


class GraphQLClient:
    """Runs operations over one socket, several at a time."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._queues: dict[str, asyncio.Queue[dict[str, Any] | None]] = {}
        self._slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        self._end: ConnectionLost | UserError | None = None
        """Why the socket is closed."""

    async def read(self) -> None:
        """Pass each message to the operation that waits for it, until the socket closes."""
        try:
            async for text in self._socket:
                message: dict[str, Any] = json.loads(text)
                queue = self._queues.get(message.get("id", ""))
                match message["type"]:
                    case "ping":
                        await self._socket.send('{"type": "pong"}')
                    case "next" if queue is not None:
                        queue.put_nowait(message["payload"])
                    case "error" if queue is not None:
                        queue.put_nowait({"errors": message["payload"]})
                        queue.put_nowait(None)
                    case "complete" if queue is not None:
                        queue.put_nowait(None)
                    case _:
                        pass
        except ConnectionClosed as error:
            self._end = _end_of_socket(error)
        finally:
            self._end = self._end or ConnectionLost("the server closed the socket")
            for queue in self._queues.values():
                queue.put_nowait(None)

    async def subscribe(
        self, query: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any]]:
        """All results of one operation. Raises `ConnectionLost`, or `UserError` if the API refuses the token."""
        operation_id = str(next(self._ids))
        queue = self._queues[operation_id] = asyncio.Queue()
        try:
            message = {
                "id": operation_id,
                "type": "subscribe",
                "payload": {"query": query, "variables": variables or {}},
            }
            await self._socket.send(json.dumps(message))
            while (result := await queue.get()) is not None:
                yield result
        except ConnectionClosed as error:
            raise _end_of_socket(error) from None
        finally:
            del self._queues[operation_id]
        if self._end is not None:
            raise self._end

    async def execute(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The result of a query or mutation. Raises as `subscribe` does."""
        async with self._slots:
            results = [result async for result in self.subscribe(query, variables)]
        return results[0]


@asynccontextmanager
async def connect_client(url: str, token: str | None = None) -> AsyncGenerator[GraphQLClient]:
    """Connect to the API at this URL. Raises `UserError` if it does not answer, or refuses the token."""
    try:
        socket = await connect(
            _socket_url(url),
            subprotocols=_PROTOCOLS,
            open_timeout=CONNECT_TIMEOUT_SECONDS,
            max_queue=None,
            # A proxy of the environment does not reach this machine.
            proxy=None if is_loopback_url(url) else True,
        )
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
        await asyncio.wait_for(socket.recv(), CONNECT_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed, ValueError) as error:
        if isinstance(error, ConnectionClosed) and isinstance(end := _end_of_socket(error), UserError):
            raise end from None
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"no API answers at {url} ({reason}); start one with `python -m app serve`, or give another --url"
        ) from None
    client = GraphQLClient(socket)
    reading = asyncio.create_task(client.read())
    try:
        yield client
    finally:
        reading.cancel()
        await socket.close()


def _end_of_socket(error: ConnectionClosed) -> ConnectionLost | UserError:
    """What a closed socket means for the caller."""
    if error.rcvd is not None and error.rcvd.code == _TOKEN_REFUSED:
        return UserError(f"the API refuses the token ({error.rcvd.reason}); give another --token")
    return ConnectionLost(str(error))


def _socket_url(url: str) -> str:
    """The URL with the scheme of a WebSocket. Raises `UserError`."""
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    try:
        parts = urlsplit(url)
    except ValueError:
        # For example half an IPv6 address: http://[::1
        parts = urlsplit("")
    if parts.scheme not in schemes:
        raise UserError(f"--url is not a URL like http://localhost:8000/graphql: {url}")
    return urlunsplit(parts._replace(scheme=schemes[parts.scheme]))
