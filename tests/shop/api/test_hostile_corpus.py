"""Each hostile request gets its code at a small cost, and a well-behaved client next to it notices nothing."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import psutil
import pytest

from tests.shop.support.hostile import attacker, read_cases
from tests.support.raw_http import cpu_seconds
from tests.support.server import Server, serving
from tests.support.websocket import opened

CPU_SECONDS = 0.25
"""What one case may cost the server."""
ROOM_BYTES = 48 * 2**20
"""By how much the server may be larger afterwards: caches that are bounded, and what the allocator keeps."""
SMALL_CACHE = str(4 * 2**20)
OPEN = 'mutation { openOrder(input: {customerId: "0b8d1bd4-96c0-4b43-a3cd-0f0c3f5b0d2e"}) { __typename } }'


@pytest.fixture(scope="module")
def server(module_database_url: str) -> Iterator[Server]:
    with serving(module_database_url, APP_DOCUMENT_CACHE_BYTES=SMALL_CACHE) as server:
        yield server


async def test_each_hostile_case_gets_its_code_and_no_other_client_notices(server: Server) -> None:
    cases = read_cases()
    assert len(cases) >= 200
    assert len({str(case) for case in cases}) == len(cases)
    process = psutil.Process(server.process.pid)
    wrong: list[object] = []
    costly: list[object] = []
    async with opened(server) as friend, attacker(server) as hostile:
        await friend.subscribe("live", "subscription { events { position type } }")
        await friend.settled()
        for case in cases[:: len(cases) // 20]:
            await hostile.send(case)
        before = process.memory_info().rss
        friendly = 0
        for number, case in enumerate(cases):
            began = cpu_seconds(process)
            outcome = await hostile.send(case)
            spent = cpu_seconds(process) - began
            if outcome is not None:
                wrong.append((str(case), outcome, case.expected))
            if spent > CPU_SECONDS:
                costly.append((str(case), spent))
            if number % 50 == 0:
                answer = await asyncio.to_thread(server.ask, OPEN)
                assert answer["data"]["openOrder"]["__typename"] == "OrderAccepted"
                assert (await friend.data("live"))["events"]["type"] == "order.opened"
                friendly += 1
        assert wrong == []
        assert costly == []
        assert friendly > 4
        # Nothing hostile was recorded: the log has what the friend has done.
        assert (await asyncio.to_thread(server.ask, "{ position }"))["data"] == {"position": str(friendly)}
        assert process.memory_info().rss - before < ROOM_BYTES


def test_the_corpus_has_every_kind_and_transport() -> None:
    cases = read_cases()
    kinds = Counter(case.kind for case in cases)
    assert set(kinds) == {
        "connections",
        "cost",
        "envelopes",
        "hosts",
        "input",
        "sockets",
        "text",
        "validation",
    }
    assert {case.transport for case in cases} == {"post", "stream", "socket", "bytes", "messages"}
