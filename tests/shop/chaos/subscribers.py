"""Subscribers of the event log: they resume where they were, over a socket or by server-sent events."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from tests.chaos.history import Delivery, Subscription
from tests.shop.chaos.clients import PATIENCE_SECONDS, Shop
from tests.shop.chaos.site import Node

EVENTS = "subscription ($after: Position, $filter: EventFilter) { events(after: $after, filter: $filter) { position stream streamId version commandId } }"


@dataclass
class Subscribers:
    """All subscribers of one run."""

    shop: Shop

    async def subscriber(self, subscription: Subscription, random: Random) -> None:
        """Follows the log over a socket, for ever. When the socket ends or is silent it asks either server to go on."""
        while True:
            node = random.choice(self.shop.nodes)
            subscription = await self._begin_again(subscription, node)
            with suppress(OSError, WebSocketException, TimeoutError, EOFError):
                async with connect(
                    node.url.replace("http", "ws", 1),
                    subprotocols=[Subprotocol("graphql-transport-ws")],
                    open_timeout=PATIENCE_SECONDS,
                    close_timeout=1,
                    ping_interval=None,
                ) as socket:
                    await self._follow(socket, subscription)
            self.shop.counts["reconnects"] += 1
            await asyncio.sleep(random.uniform(0.05, 0.5))

    async def _begin_again(self, subscription: Subscription, node: Node) -> Subscription:
        """The subscription; another one if it was told that the log was replaced: from where the log ends now."""
        if subscription.complete:
            return subscription
        try:
            answer = await self.shop.ask(node, "{ position }")
            position = int(answer["data"]["position"])
        except (httpx2.TransportError, json.JSONDecodeError, KeyError, TypeError):
            return subscription
        new = Subscription(f"{subscription.name} again", position, subscription.prefix)
        self.shop.history.subscriptions.append(new)
        return new

    async def _follow(self, socket: ClientConnection, subscription: Subscription) -> None:
        await socket.send('{"type": "connection_init"}')
        last = subscription.deliveries[-1].position if subscription.deliveries else subscription.after
        category = subscription.prefix.removesuffix("/")
        variables = {"after": str(last), "filter": {"streams": [category]} if category else None}
        silent = False
        while True:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS / 2):
                    message = json.loads(await socket.recv())
            except TimeoutError:
                if silent:
                    raise
                silent = True
                await socket.send('{"type": "ping"}')
                continue
            silent = False
            match message:
                case {"type": "connection_ack"}:
                    await socket.send(
                        json.dumps(
                            {
                                "id": "1",
                                "type": "subscribe",
                                "payload": self._request(subscription, variables),
                            }
                        )
                    )
                case {"type": "next", "payload": {"data": {"events": _}} as payload}:
                    self._receive(subscription, payload)
                case {"type": "ping"}:
                    await socket.send('{"type": "pong"}')
                case {"type": "pong"}:
                    pass
                case {"type": "error", "payload": errors} | {"type": "next", "payload": {"errors": errors}}:
                    self._refused(subscription, errors)
                    return
                case _:
                    return

    async def listener(self, subscription: Subscription, random: Random) -> None:
        """The same by server-sent events."""
        category = subscription.prefix.removesuffix("/")
        while True:
            node = random.choice(self.shop.nodes)
            subscription = await self._begin_again(subscription, node)
            last = subscription.deliveries[-1].position if subscription.deliveries else subscription.after
            variables = {"after": str(last), "filter": {"streams": [category]} if category else None}
            # The server sends a comment every few seconds, so silence is a sign.
            with suppress(httpx2.TransportError):
                async with self.shop.http.stream(
                    "POST",
                    node.url,
                    json=self._request(subscription, variables),
                    headers={"accept": "text/event-stream"},
                    timeout=httpx2.Timeout(PATIENCE_SECONDS, read=20),
                ) as answer:
                    async for line in answer.aiter_lines():
                        if not line.startswith("data:") or len(line) < 8:
                            continue
                        payload = json.loads(line.removeprefix("data:"))
                        if errors := payload.get("errors"):
                            self._refused(subscription, errors)
                            break
                        self._receive(subscription, payload)
            self.shop.counts["reconnects"] += 1
            await asyncio.sleep(random.uniform(0.05, 0.5))

    def _request(self, subscription: Subscription, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        request = {"query": EVENTS, "variables": variables}
        token = self.shop.tokens.get(subscription.name)
        return request if token is None else request | {"extensions": {"logToken": token}}

    def _refused(self, subscription: Subscription, errors: Sequence[Mapping[str, Any]]) -> None:
        if self.shop.error_code(errors) == "LOG_REPLACED":
            subscription.complete = False
            self.shop.tokens.pop(subscription.name, None)

    def _receive(self, subscription: Subscription, payload: Mapping[str, Any]) -> None:
        event = payload["data"]["events"]
        self.shop.counts["deliveries"] += 1
        if token := payload.get("extensions", {}).get("logToken"):
            self.shop.tokens[subscription.name] = token
        subscription.deliveries.append(
            Delivery(
                self.shop.now(),
                int(event["position"]),
                f"{event['stream']}/{event['streamId']}",
                event["version"],
                event["commandId"],
            )
        )
