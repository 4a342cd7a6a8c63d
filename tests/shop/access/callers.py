"""Callers of development mode, and how each sends an operation: by HTTP, as an event stream, on a socket."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import httpx2

from tests.shop.access.two_customers import ANN, BEN
from tests.support.server import Server
from tests.support.websocket import Socket, opened

type Headers = Mapping[str, str]

CALLERS: Mapping[str, Headers] = {
    "anonymous": {"x-roles": ""},
    "own": {"x-roles": "customer", "x-actor": str(ANN.id)},
    "other": {"x-roles": "customer", "x-actor": str(BEN.id)},
    "staff": {"x-roles": "staff", "x-actor": "sue"},
    "operator": {"x-roles": "operator", "x-actor": "oz"},
}
"""The callers of the tables. What they ask for is Ann's."""

FORBIDDEN, NOTHING, SEEN = "F", "-", "S"


class Transports:
    """Sends operations as one caller. Each method gives the body of the first result."""

    def __init__(self, url: str, client: httpx2.AsyncClient, socket: Socket, headers: Headers) -> None:
        self.url, self.client, self.socket, self.headers = url, client, socket, headers

    async def http(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(
            self.url,
            json={"query": query, "variables": variables},
            headers={**self.headers, "accept": "application/json"},
        )
        return answer.json()

    async def stream(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        return await anext(self.results(query, variables))

    async def results(self, query: str, variables: Mapping[str, Any]) -> AsyncGenerator[dict[str, Any]]:
        """All results of an event stream."""
        async with self.client.stream(
            "POST",
            self.url,
            json={"query": query, "variables": variables},
            headers={**self.headers, "accept": "text/event-stream"},
        ) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    yield json.loads(line.removeprefix("data: "))

    async def on_socket(self, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        name = uuid4().hex
        await self.socket.subscribe(name, query, dict(variables))
        message = await self.socket.next(name)
        await self.socket.say({"id": name, "type": "complete"})
        if message["type"] == "error":
            return {"errors": message["payload"]}
        return message["payload"]


@asynccontextmanager
async def callers(server: Server) -> AsyncGenerator[Mapping[str, Transports]]:
    """All callers of the table, each with a socket."""
    async with httpx2.AsyncClient(timeout=30) as client:
        found: dict[str, Transports] = {}
        sockets = [opened(server, additional_headers=headers) for headers in CALLERS.values()]
        try:
            for (name, headers), socket in zip(CALLERS.items(), sockets, strict=True):
                found[name] = Transports(server.url, client, await socket.__aenter__(), headers)
            yield found
        finally:
            await asyncio.gather(*(socket.__aexit__(None, None, None) for socket in sockets))


def outcome(body: Mapping[str, Any]) -> str:
    """FORBIDDEN, NOTHING (as if it did not exist) or SEEN; the code of any other error."""
    if errors := body.get("errors"):
        code = errors[0]["extensions"]["code"]
        return {"FORBIDDEN": FORBIDDEN, "NOT_FOUND": NOTHING}.get(code, str(errors[0]))
    [value] = body["data"].values()
    is_nothing = (
        value in (None, [], [None])
        or (isinstance(value, dict) and value.get("code") == "ORDER_UNKNOWN")
        or (isinstance(value, dict) and [] in (value.get("nodes"), value.get("upserted")))
    )
    return NOTHING if is_nothing else SEEN
