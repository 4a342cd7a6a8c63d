"""Sends requests over many connections and prints how many were answered per second.

`python -m tests.shop.bench.load PORT WHAT MARKER SECONDS [RATE]`

WHAT is the field of a mutation, or a query in its braces. Every answer has to hold MARKER, and no errors. With a RATE
(per second) it sends on a schedule. Without one, each connection sends as soon as it has its answer. It uses the
standard library alone, and parses no more than the length. The load has to cost less than the server that it loads.

BENCH_TOKENS in the environment has tokens with spaces between them. Requests carry them by turns; without it they are
anonymous.
"""

import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Iterator
from functools import cache

CONNECTIONS = 64
PRODUCTS = 500
ACCEPTED = "ProductAccepted"


def sku(number: int) -> str:
    return f"BENCH-{number}"


def next_header() -> str:
    """The line of a request that says who sends it; empty without tokens."""
    return next(_headers())


@cache
def _headers() -> Iterator[str]:
    tokens = os.environ.get("BENCH_TOKENS", "").split()
    return itertools.cycle([f"authorization: Bearer {token}\r\n" for token in tokens] or [""])


def packed(query: str, variables: dict[str, object]) -> bytes:
    """A whole HTTP request."""
    body = json.dumps({"query": query, "variables": variables}).encode()
    head = f"POST /graphql HTTP/1.1\r\nhost: localhost\r\n{next_header()}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def asked(what: str) -> list[bytes]:
    """The query alone, or mutations: one for each product, or for a registration of it."""
    if what.startswith("{"):
        return [packed(what, {}) for _ in range(CONNECTIONS)]
    answer = "{ __typename ... on ProductAccepted { position version duplicate events { type position version } } }"
    if what == "registerProduct":
        query = f"mutation($input: RegisterProductInput!) {{ {what}(input: $input) {answer} }}"
        return [
            packed(query, {"input": {"sku": sku(n), "name": "A thing", "price": {"amount": "1.00"}}})
            for n in range(PRODUCTS)
        ]
    query = f"mutation($input: ReceiveStockInput!) {{ {what}(input: $input) {answer} }}"
    return [packed(query, {"input": {"sku": sku(n), "quantity": 1}}) for n in range(PRODUCTS)]


class Caller:
    """One connection, kept alive. Every answer has to hold the marker, and no errors."""

    def __init__(self, marker: str = ACCEPTED) -> None:
        self._marker = marker.encode()

    async def open(self, port: int) -> "Caller":
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        return self

    async def ask(self, request: bytes) -> bytes:
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        place = head.lower().index(b"content-length:") + 15
        body = await self.reader.readexactly(int(head[place : head.index(b"\r\n", place)]))
        if not head.startswith(b"HTTP/1.1 200") or self._marker not in body or b'"errors"' in body:
            raise SystemExit(f"not what was wanted: {body.decode()[:500]}")
        return body


async def hurry(caller: Caller, requests: list[bytes], until: float) -> int:
    answered = 0
    while time.perf_counter() < until:
        await caller.ask(random.choice(requests))
        answered += 1
    return answered


async def pace(
    caller: Caller, requests: list[bytes], number: int, rate: float, began: float, until: float
) -> int:
    answered = 0
    at = began + number / rate
    while at < until:
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        await caller.ask(random.choice(requests))
        answered += 1
        at += CONNECTIONS / rate
    return answered


async def main(port: int, what: str, marker: str, seconds: float, rate: float | None) -> None:
    callers = await asyncio.gather(*(Caller(marker).open(port) for _ in range(CONNECTIONS)))
    requests = asked(what)
    if what == "registerProduct":
        for request in requests:
            await callers[0].ask(request)
        return
    # One each, so that connections and documents are known before the clock starts.
    await asyncio.gather(*(caller.ask(requests[0]) for caller in callers))
    began = time.perf_counter()
    until = began + seconds
    if rate is None:
        answered = await asyncio.gather(*(hurry(caller, requests, until) for caller in callers))
    else:
        answered = await asyncio.gather(
            *(pace(caller, requests, n, rate, began, until) for n, caller in enumerate(callers))
        )
    print(sum(answered) / (time.perf_counter() - began))


if __name__ == "__main__":
    port, what, marker, seconds, *rate = sys.argv[1:]
    asyncio.run(main(int(port), what, marker, float(seconds), float(rate[0]) if rate else None))
