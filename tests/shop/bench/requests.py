"""Measures mutations over HTTP against one that does nothing.

It also measures the way of an event from its commit to the read models and to subscribers.
"""

import asyncio
import os
import socket
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import datetime
from functools import partial
from statistics import median

import msgspec
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.bench.rounds import Bench
from tests.shop.bench.load import ACCEPTED, CONNECTIONS, Caller, packed, sku
from tests.support.tokens import AUDIENCE, TOKEN_KEY, bearer, make_token

ROUNDS = 6
SECONDS = 1.5
RATE = 300
LISTENED = 10.0
PEAKS = 5
SUBSCRIBERS = 1_000
STALLED = 50
BURST = 20
BURSTS = 5
CROWDS = 3
READ = f'{{ product(sku: "{sku(1)}") {{ sku available }} }}'


WITH_TOKENS = {
    "APP_MODE": "production",
    "APP_TOKEN_KEY": TOKEN_KEY,
    "APP_AUDIENCE": AUDIENCE,
    # The server of the bench migrates its database itself.
    "APP_ALLOW_DATABASE_OWNER": "true",
}
"""The settings of the servers: they know their callers by tokens."""
DEVELOPMENT: Mapping[str, str] = {}
os.environ.setdefault(
    "BENCH_TOKENS",
    " ".join(make_token(sub=f"bench-{n}", roles=["staff", "operator"]) for n in range(CONNECTIONS)),
)


@asynccontextmanager
async def serving(
    url: str, program: str = "server", settings: Mapping[str, str] = WITH_TOKENS
) -> AsyncGenerator[int]:
    """A server process, on the database; gives its port."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("APP_")}
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.shop.bench.{program}",
        str(port),
        env=kept | {"DATABASE_URL": url, **settings},
        stdout=PIPE,
        stderr=DEVNULL,
    )
    assert server.stdout is not None
    try:
        said = await server.stdout.readline()
        assert said.startswith(b"ready"), said
        if program == "server":
            await load(port, "registerProduct", 0, settings=settings)
        yield port
    finally:
        if server.returncode is None:
            server.terminate()
        await server.wait()


async def load(
    port: int,
    what: str,
    seconds: float,
    rate: float | None = None,
    *,
    marker: str = ACCEPTED,
    settings: Mapping[str, str] = WITH_TOKENS,
) -> float:
    """Requests per second, sent from a process of its own. They carry tokens if the server has a key for them."""
    tokens = {} if "APP_TOKEN_KEY" in settings else {"BENCH_TOKENS": ""}
    arguments = [str(port), what, marker, str(seconds), *([] if rate is None else [str(rate)])]
    sending = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.shop.bench.load", *arguments, env=os.environ | tokens, stdout=PIPE
    )
    said, _ = await sending.communicate()
    assert sending.returncode == 0
    return float(said or 0)


async def durable_mutation(bench: Bench, url: str) -> None:
    """Each request of both has one of 64 tokens."""
    async with serving(url) as port:
        found = await bench.rates(
            "mutations over HTTP",
            {
                "durable": lambda: load(port, "receiveStock", SECONDS),
                "nothing": lambda: load(port, "receiveNothing", SECONDS),
            },
            ROUNDS,
        )
    bench.ratio(
        f"durable mutation over {CONNECTIONS} connections vs one that does nothing, both authenticated",
        found["durable"],
        found["nothing"],
        "requests/s",
    )


async def authorization(bench: Bench, url: str) -> None:
    """A server with tokens and one in development mode take turns: only one of them works at a time."""

    async def rate(settings: Mapping[str, str], what: str, marker: str) -> float:
        async with serving(url, settings=settings) as port:
            # A server that has just started warms up.
            await load(port, what, SECONDS / 2, marker=marker, settings=settings)
            return await load(port, what, SECONDS, marker=marker, settings=settings)

    for title, what, marker in (
        ("durable mutation", "receiveStock", ACCEPTED),
        ("query of one product", READ, '"available"'),
    ):
        found = await bench.rates(
            f"{title} with tokens",
            {
                "tokens": partial(rate, WITH_TOKENS, what, marker),
                "development": partial(rate, DEVELOPMENT, what, marker),
            },
            ROUNDS,
        )
        bench.ratio(
            f"{title}: tokens and authorization vs APP_MODE=development",
            found["tokens"],
            found["development"],
            "requests/s",
        )


async def lag_at_half_of_peak(bench: Bench, url: str) -> None:
    """How long each event waits until every projection has folded it or passed it over.

    The time begins at the event's recordedAt, so insert and fsync are in it. It ends when the server lets a query with
    the event's position as minPosition go on.

    The server takes the time of every event itself, on its position in memory. The checkpoints that other processes
    read may be up to 50 ms behind it if an event concerns no row.
    """
    async with serving(url) as port:
        task = bench.progress.add_task("projection lag", total=PEAKS + 2)
        peaks: list[float] = []
        for _ in range(PEAKS + 1):
            peaks.append(await load(port, "receiveStock", SECONDS))
            bench.progress.advance(task)
        # The first warms up.
        peak = median(peaks[1:])
        # It goes on for longer than is listened: the last event that counts is known by the next.
        sending = asyncio.create_task(load(port, "receiveStock", LISTENED + 2, peak / 2))
        await asyncio.sleep(1)
        listening = await Caller('"lags"').open(port)
        answer = await listening.ask(packed(f"{{ lags(seconds: {LISTENED}) }}", {}))
        sent = await sending
        bench.progress.remove_task(task)
    late = sorted(msgspec.json.decode(answer)["data"]["lags"])
    p50, p99, worst = late[len(late) // 2], late[int(len(late) * 0.99)], late[-1]
    bench.say(
        f"commit to the last of the read models: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms at {sent:,.0f} events/s,"
        f" half of the peak of {peak:,.0f}, {len(late):,} events (from recordedAt, so insert and fsync are in it)"
    )


async def live_events(bench: Bench, url: str) -> None:
    async with serving(url) as port:
        task = bench.progress.add_task("commit to subscriber", total=None)
        async with connect(
            f"ws://127.0.0.1:{port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            compression=None,
            additional_headers=bearer(os.environ["BENCH_TOKENS"].split()[0]),
        ) as client:
            await _subscribe(client)
            heard: list[tuple[float, bytes | str]] = []
            listening = asyncio.create_task(_listen(client, heard))
            sent = await load(port, "receiveStock", LISTENED, RATE)
            await asyncio.sleep(0.5)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        bench.progress.remove_task(task)
    # The first second warms up.
    late = sorted(_lateness(*each) for each in heard[int(sent) :])
    p50, p99, worst = late[len(late) // 2], late[int(len(late) * 0.99)], late[-1]
    bench.say(
        f"commit to subscriber: p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {worst:.1f} ms at {sent:.0f} events/s, {len(late):,} events"
        " (from recordedAt, so insert and fsync are in it)"
    )


async def many_subscribers(bench: Bench, url: str) -> None:
    """Deliveries of a burst of events, with some clients among them that read nothing."""
    rates: dict[str, list[float]] = {"server": [], "stock": []}
    grown = ""
    task = bench.progress.add_task("many subscribers", total=2 * CROWDS)
    for _ in range(CROWDS):
        for program, found in rates.items():
            async with serving(url, program) as port:
                before = _memory(port)
                arguments = [
                    str(item)
                    for item in (port, SUBSCRIBERS, STALLED if program == "server" else 0, BURST, BURSTS)
                ]
                crowd = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.shop.bench.fans", *arguments, stdout=PIPE
                )
                assert crowd.stdout is not None
                lines: list[float] = []
                first = before
                while line := await crowd.stdout.readline():
                    lines.append(float(line))
                    if len(lines) == 1:
                        first = _memory(port)
                    if len(lines) == BURSTS and program == "server":
                        grown = f"{before} MB before, {first} MB with all of them after one burst, {_memory(port)} MB after {BURSTS}"
                assert await crowd.wait() == 0
                # The first burst warms up.
                found.append(median(lines[1:]))
            bench.progress.advance(task)
    bench.progress.remove_task(task)
    bench.ratio(
        f"bursts of {BURST} events to {SUBSCRIBERS:,} subscribers vs Strawberry as it comes",
        rates["server"],
        rates["stock"],
        "deliveries/s",
    )
    bench.say(f"    memory of the server, {STALLED} clients that read nothing among them: {grown}")


def _memory(port: int) -> int:
    """MB of the server that listens there."""
    [process] = [
        each for each in psutil.process_iter(["cmdline"]) if (each.info["cmdline"] or [])[-1:] == [str(port)]
    ]
    return process.memory_info().rss // 2**20


async def _subscribe(client: ClientConnection) -> None:
    await client.send('{"type":"connection_init"}')
    await client.recv()
    query = 'subscription { events(filter: {types: ["product.stock-received"]}) { position recordedAt } }'
    await client.send(
        msgspec.json.encode({"type": "subscribe", "id": "1", "payload": {"query": query}}).decode()
    )


async def _listen(client: ClientConnection, heard: list[tuple[float, bytes | str]]) -> None:
    while True:
        message = await client.recv()
        heard.append((time.time(), message))


def _lateness(at: float, message: bytes | str) -> float:
    """Milliseconds between the moment in the event and its arrival."""
    recorded = msgspec.json.decode(message)["payload"]["data"]["events"]["recordedAt"]
    return (at - datetime.fromisoformat(recorded).timestamp()) * 1000
