"""Strawberry as it comes, with a subscription of the same shape and no database: python -m tests.shop.bench.stock PORT"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, override
from uuid import UUID, uuid4

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL

STREAM = uuid4()


@strawberry.type
class Event:
    position: str
    type: str
    stream_id: UUID
    version: int
    recorded_at: datetime
    actor: str


@strawberry.type
class ProductAccepted:
    position: str


@strawberry.input
class ReceiveStockInput:
    sku: str
    quantity: int


happened: list[Event] = []
moved = asyncio.Event()


@strawberry.type
class Query:
    position: str = "0"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def receive_stock(self, input: ReceiveStockInput) -> ProductAccepted:
        global moved
        place = len(happened) + 1
        happened.append(
            Event(
                position=str(place),
                type="product.stock-received",
                stream_id=STREAM,
                version=place,
                recorded_at=datetime.now(UTC),
                actor=input.sku,
            )
        )
        moved.set()
        moved = asyncio.Event()
        return ProductAccepted(position=str(place))


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def events(self) -> AsyncIterator[Event]:
        cursor = len(happened)
        while True:
            while cursor < len(happened):
                cursor += 1
                yield happened[cursor - 1]
            await moved.wait()


class Ready(uvicorn.Server):
    """Says when it is."""

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


async def serve(view: GraphQL[Any, None], port: int) -> None:
    """Until it is asked to stop; prints that it is ready."""
    app = Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])
    server = Ready(
        uvicorn.Config(
            app,
            port=port,
            loop="asyncio",
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            log_level="critical",
            timeout_graceful_shutdown=1,
        )
    )
    await server.serve()


if __name__ == "__main__":
    asyncio.run(serve(GraphQL(strawberry.Schema(Query, Mutation, Subscription)), int(sys.argv[1])))
