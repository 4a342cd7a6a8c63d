"""A well-behaved client waits less than twice as long as usual while every hostile case is sent."""

import asyncio
import multiprocessing
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection

import pytest

from tests.shop.support.hostile import attacker, read_cases
from tests.support.server import Server
from tests.support.websocket import opened_at

OPEN = 'mutation { openOrder(input: {customerId: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2e"}) { __typename } }'
ROUNDS, PASSES, QUIET_SECONDS = 4, 4, 8
SPAWNED = multiprocessing.get_context("spawn")


def be_friendly(url: str, end: Connection) -> None:
    """Send mutations until a message comes, then send the milliseconds that each took. What the attacker does in its own
    process does not count."""

    async def send() -> list[float]:
        taken: list[float] = []
        async with opened_at(url) as socket:
            end.send("ready")
            while not end.poll():
                name, began = str(len(taken)), time.perf_counter()
                await socket.subscribe(name, OPEN)
                assert (await socket.data(name))["openOrder"]["__typename"] == "OrderAccepted"
                await socket.next(name)
                taken.append(1_000 * (time.perf_counter() - began))
                await asyncio.sleep(0.01)
        return taken

    end.send(asyncio.run(send()))


@asynccontextmanager
async def a_friend(server: Server, taken: list[float]) -> AsyncGenerator[None]:
    here, there = SPAWNED.Pipe()
    process = SPAWNED.Process(target=be_friendly, args=(server.socket, there))
    process.start()
    try:
        assert await asyncio.to_thread(here.recv) == "ready"
        yield
        here.send("enough")
        taken.extend(await asyncio.to_thread(here.recv))
    finally:
        process.kill()
        process.join()


def p99(milliseconds: list[float]) -> float:
    return sorted(milliseconds)[int(0.99 * len(milliseconds))]


@pytest.mark.soak
async def test_a_friends_p99_is_under_twice_its_usual_while_the_corpus_is_sent(
    serve: Callable[..., Server],
) -> None:
    server = serve().wait()
    alone: list[float] = []
    under_attack: list[float] = []
    for _ in range(ROUNDS):
        async with a_friend(server, alone):
            await asyncio.sleep(QUIET_SECONDS)
        async with a_friend(server, under_attack), attacker(server) as hostile:
            for _ in range(PASSES):
                for case in read_cases():
                    await hostile.send(case)
    print(
        f"p99 alone {p99(alone):.1f} ms ({len(alone)}), under attack {p99(under_attack):.1f} ms ({len(under_attack)})"
    )
    assert p99(under_attack) < 2 * p99(alone)
