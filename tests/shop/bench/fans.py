"""Measures how long a burst of events takes to reach many subscribers in one process.

`python -m tests.shop.bench.fans PORT SUBSCRIBERS STALLED EVENTS ROUNDS`

Prints the deliveries per second of each round. Frames are counted, not parsed: the clients have to cost less than the server.
Those that stall read nothing at all, and are not waited for.
"""

import asyncio
import json
import sys
import time
from typing import override

from tests.shop.bench.load import next_header

SUBSCRIBE = "subscription { events { position type streamId version recordedAt actor } }"
SENT = b'"type":"next"'
PATIENCE = 120


def frame(message: object) -> bytes:
    """A text frame as a client sends it, masked with zeros."""
    body = json.dumps(message).encode()
    length = bytes((0x80 | len(body),)) if len(body) < 126 else bytes((0x80 | 126,)) + len(body).to_bytes(2)
    return b"\x81" + length + bytes(4) + body


class Fan(asyncio.Protocol):
    """One subscriber."""

    def __init__(self, crowd: "Crowd", stalled: bool) -> None:
        self._crowd = crowd
        self._stalled = stalled
        self._ready = asyncio.get_running_loop().create_future()
        self._tail = b""

    async def subscribed(self, port: int) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        self._transport = transport
        await self._say(
            f"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{next_header()}upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n"
            "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n".encode()
        )
        await self._say(frame({"type": "connection_init"}))
        # What was sent before a ping was taken in before its pong.
        await self._say(
            frame({"id": "1", "type": "subscribe", "payload": {"query": SUBSCRIBE}}) + frame({"type": "ping"})
        )
        if self._stalled:
            self._transport.pause_reading()

    async def _say(self, words: bytes) -> None:
        """Say it, and wait for an answer."""
        self._ready = asyncio.get_running_loop().create_future()
        self._transport.write(words)
        async with asyncio.timeout(PATIENCE):
            await self._ready

    @override
    def data_received(self, data: bytes) -> None:
        if not self._ready.done():
            self._ready.set_result(None)
            return
        joined = self._tail + data
        found = joined.count(SENT)
        self._tail = joined[-len(SENT) + 1 :]
        self._crowd.heard(found)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self._crowd.done:
            raise SystemExit(f"the server hung up: {exc}")


class Crowd:
    """All of them, and how much they have heard."""

    def __init__(self) -> None:
        self.done = False
        self._left = 0
        self._all = asyncio.Event()

    def expect(self, deliveries: int) -> None:
        self._left = deliveries
        self._all.clear()

    def heard(self, deliveries: int) -> None:
        self._left -= deliveries
        if self._left <= 0:
            self._all.set()

    async def everything(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._all.wait()


async def trigger(port: int, events: int) -> None:
    fields = " ".join(
        f'a{n}: receiveStock(input: {{sku: "BENCH-0", quantity: 1}}) {{ __typename }}' for n in range(events)
    )
    body = json.dumps({"query": f"mutation {{ {fields} }}"}).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\n%scontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        % (next_header().encode(), len(body))
        + body
    )
    answer = await reader.read()
    if b'"errors"' in answer or b"200 OK" not in answer:
        raise SystemExit(answer.decode()[:500])


async def main(port: int, subscribers: int, stalled: int, events: int, rounds: int) -> None:
    crowd = Crowd()
    fans = [Fan(crowd, number < stalled) for number in range(subscribers + stalled)]
    for first in range(0, len(fans), 50):
        await asyncio.gather(*(fan.subscribed(port) for fan in fans[first : first + 50]))
    for _ in range(rounds):
        crowd.expect(subscribers * events)
        began = time.perf_counter()
        sending = asyncio.create_task(trigger(port, events))
        await crowd.everything()
        print(subscribers * events / (time.perf_counter() - began), flush=True)
        await sending
    crowd.done = True


if __name__ == "__main__":
    asyncio.run(main(*(int(argument) for argument in sys.argv[1:6])))
