"""Hostile and friendly clients together, for long: memory stays flat, and friends are served.

`SOAK_SECONDS` is how long (60; 3600 for the hour before a release), `SOAK_PLOT_DIR` where the plot is written.
"""

import asyncio
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.shop.support.hostile import attacker, read_cases
from tests.support.raw_http import cpu_seconds
from tests.support.server import Server
from tests.support.svg_plot import write_plot
from tests.support.websocket import PATIENCE, opened

SECONDS = float(os.environ.get("SOAK_SECONDS", "60"))
PAUSE_SECONDS = 0.02
SAMPLE_SECONDS = 0.5
GROWTH, ROOM_BYTES = 1.05, 12 * 2**20
"""Memory is flat if it grows by less than this share, or by less than these bytes.

The allocator may keep so many bytes in a short run.
"""
PINGS = (b"\x89\xfd\0\0\0\0" + b"x" * 125) * 500
"""Frames of the longest ping, masked with zeros."""
ALL_EVENTS = 'subscription { events(after: "0") { __typename position type streamId actor ... on OrderOpened { customerId } } }'
OPEN = 'mutation { openOrder(input: {customerId: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2e"}) { __typename } }'


@dataclass
class Samples:
    """What was seen so far."""

    seconds: list[float] = field(default_factory=list[float])
    rss: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])
    p99: list[float] = field(default_factory=list[float])
    latencies: list[float] = field(default_factory=list[float])
    """Milliseconds of the friend's requests since the last sample."""
    requests: int = 0
    events: int = 0
    attacks: int = 0
    is_over: bool = False
    """Clients end by themselves then: one that is cancelled while it connects leaves its connection open."""


async def send_the_corpus(server: Server, samples: Samples) -> None:
    async with attacker(server) as hostile:
        for case in itertools.cycle(read_cases()):
            if samples.is_over:
                return
            assert await hostile.send(case) is None, str(case)
            samples.attacks += 1
            await asyncio.sleep(PAUSE_SECONDS)


async def send_distinct_documents(server: Server, samples: Samples) -> None:
    async with opened(server) as socket:
        for number in itertools.count():
            if samples.is_over:
                return
            fields = " ".join(f"a{number}x{index}: position" for index in range(29))
            query = f"{{ {fields} }} #{'x' * 15_000}"
            await socket.subscribe(str(number), query)
            await socket.next(str(number))
            await socket.next(str(number))
            await asyncio.sleep(PAUSE_SECONDS)


async def read_nothing(server: Server, samples: Samples) -> None:
    """Ask for everything and read nothing, until the server ends it; then again."""
    while not samples.is_over:
        with suppress(ConnectionClosed, OSError, TimeoutError, AssertionError):
            async with opened(server, max_queue=1, ping_interval=None, close_timeout=0) as socket:
                for number in range(20):
                    await socket.subscribe(str(number), ALL_EVENTS)
                socket.connection.transport.pause_reading()
                while not socket.connection.transport.is_closing() and not samples.is_over:
                    if socket.connection.transport.get_write_buffer_size() == 0:
                        socket.connection.transport.write(PINGS)
                    await asyncio.sleep(PAUSE_SECONDS)
                socket.cut()
        await asyncio.sleep(PAUSE_SECONDS)


async def read_everything(server: Server, samples: Samples) -> None:
    """A friend that stays."""
    async with opened(server) as socket:
        await socket.subscribe("all", ALL_EVENTS)
        position = 0
        while True:
            event = json.loads(await socket.connection.recv())
            if event["type"] == "next":
                position += 1
                assert event["payload"]["data"]["events"]["position"] == str(position)
                samples.events = position


async def be_friendly(server: Server, samples: Samples) -> None:
    async with opened(server) as socket:
        for number in itertools.count():
            if samples.is_over:
                return
            began = time.perf_counter()
            await socket.subscribe(str(number), OPEN)
            assert (await socket.data(str(number)))["openOrder"]["__typename"] == "OrderAccepted"
            await socket.next(str(number))
            samples.latencies.append(1_000 * (time.perf_counter() - began))
            samples.requests += 1
            await asyncio.sleep(PAUSE_SECONDS)


async def sample(process: psutil.Process, samples: Samples) -> None:
    began = time.monotonic()
    at, spent = began, cpu_seconds(process)
    while True:
        await asyncio.sleep(SAMPLE_SECONDS)
        now, used = time.monotonic(), cpu_seconds(process)
        latencies, samples.latencies = sorted(samples.latencies), []
        samples.seconds.append(now - began)
        samples.rss.append(process.memory_info().rss / 2**20)
        samples.cpu.append(100 * (used - spent) / (now - at))
        samples.p99.append(latencies[int(0.99 * len(latencies))] if latencies else 0.0)
        at, spent = now, used


@pytest.mark.soak
async def test_memory_stays_flat_while_hostile_clients_do_their_worst(
    serve: Callable[..., Server], tmp_path: Path
) -> None:
    small = str(4 * 2**20)
    # Small caches are full early: what grows after that is no cache.
    server = serve(
        APP_DOCUMENT_CACHE_BYTES=small, APP_FEED_BUFFER_BYTES=small, APP_AGGREGATE_CACHE_BYTES=small
    ).wait()
    process, samples = psutil.Process(server.process.pid), Samples()
    tasks = [
        asyncio.create_task(coroutine)
        for coroutine in (
            sample(process, samples),
            read_everything(server, samples),
            send_the_corpus(server, samples),
            send_distinct_documents(server, samples),
            *(read_nothing(server, samples) for _ in range(10)),
            be_friendly(server, samples),
        )
    ]
    done, _ = await asyncio.wait(tasks, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
    samples.is_over = True
    endless = tasks[:2]
    for task in endless:
        task.cancel()
    await asyncio.wait(tasks, timeout=PATIENCE)
    folder = Path(os.environ.get("SOAK_PLOT_DIR", tmp_path))
    curves = {"RSS in MiB": samples.rss, "CPU in percent": samples.cpu, "p99 of a friend in ms": samples.p99}
    write_plot(folder / "soak.svg", samples.seconds, curves)
    (folder / "server.log").write_text(server.output())
    assert not done, [task.exception() for task in done]
    quarter = len(samples.rss) // 4
    early = statistics.median(samples.rss[quarter : 2 * quarter])
    late = statistics.median(samples.rss[-quarter:])
    print(
        f"{samples.requests} requests, {samples.attacks} attacks, RSS {early:.0f} then {late:.0f} MiB,"
        f" p99 {statistics.median(samples.p99):.0f} ms"
    )
    output = server.output()
    at = output.find("Traceback")
    assert at == -1, output[max(0, at - 300) : at + 5_000]
    assert late < max(early * GROWTH, early + ROOM_BYTES / 2**20)
    assert samples.requests > SECONDS
    assert samples.attacks > SECONDS
    assert samples.events > 0
    position = (await asyncio.to_thread(server.ask, "{ position }"))["data"]["position"]
    assert int(position) == samples.requests
