"""An operation ends in time on every transport, and a client that goes away ends its statement."""

import asyncio
import json
import signal
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx2
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from projections.order import orders
from projections.payment import payments
from tests.support.locks import Lock, locked
from tests.support.raw_http import remote_ports, until
from tests.support.server import Server
from tests.support.websocket import opened

ORDER = "5f2b1f0e-6c8e-4a53-9d6a-2f6b0a9f1c11"
BY_KEY = f'{{ order(id: "{ORDER}") {{ id payment {{ id }} }} }}'
PAGE = "{ orders { nodes { id } } }"
HISTORY = f'{{ order(id: "{ORDER}") {{ history {{ nodes {{ state }} }} }} }}'
LIVE = f'subscription {{ order(id: "{ORDER}") {{ id payment {{ id }} }} }}'
TABLES = {
    BY_KEY: payments.table.fullname,
    PAGE: orders.table.fullname,
    HISTORY: "es.commands",
    LIVE: payments.table.fullname,
}
"""The table that each operation reads: who locks it stops the operation."""
JSON = {"accept": "application/json"}
STREAM = {"accept": "text/event-stream"}


@pytest.fixture(scope="module")
def patient(module_database_url: str) -> Iterator[Server]:
    """A server whose operations have more time than the tests take."""
    server = Server(module_database_url, APP_OPERATION_TIMEOUT_SECONDS="300")
    try:
        server.wait().ask(
            "mutation ($order: UUID!, $customer: UUID!) { openOrder(input: {id: $order, customerId: $customer})"
            " { ... on OrderAccepted { order { id } } } }",
            {"order": ORDER, "customer": str(uuid4())},
        )
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def hasty(module_database_url: str, patient: Server) -> Iterator[Server]:
    """A server that gives an operation half a second."""
    del patient
    server = Server(module_database_url, APP_OPERATION_TIMEOUT_SECONDS="0.5")
    try:
        yield server.wait()
        assert "Traceback" not in server.output()
        assert "never awaited" not in server.output()
    finally:
        server.close()


def code_of(errors: list[dict[str, Any]]) -> str:
    return errors[0]["extensions"]["code"]


@pytest.mark.parametrize("query", [BY_KEY, PAGE, HISTORY], ids=["key", "page", "history"])
async def test_an_operation_has_the_same_limit_on_http_on_a_stream_and_on_a_socket(
    hasty: Server, module_database_url: str, query: str
) -> None:
    async with locked(module_database_url, TABLES[query]) as lock, httpx2.AsyncClient(timeout=60) as client:
        answer = await client.post(hasty.url, json={"query": query}, headers=JSON)
        assert (answer.status_code, code_of(answer.json()["errors"])) == (200, "TIMEOUT")
        streamed = await client.post(hasty.url, json={"query": query}, headers=STREAM)
        assert '"code":"TIMEOUT"' in streamed.text
        async with opened(hasty) as socket:
            await socket.subscribe("1", query)
            message = await socket.next("1")
            assert code_of(message["payload"]["errors"]) == "TIMEOUT"
        await lock.until_waiting(0)


async def test_each_event_of_a_subscription_has_a_limit(hasty: Server, module_database_url: str) -> None:
    async with locked(module_database_url, TABLES[LIVE]) as lock, httpx2.AsyncClient(timeout=60) as client:
        async with opened(hasty) as socket:
            await socket.subscribe("1", LIVE)
            message = await socket.next("1")
            assert (message["type"], code_of(message["payload"])) == ("error", "TIMEOUT")
            await socket.settled()
            assert socket.kept("1") == 0
        streamed = await client.post(hasty.url, json={"query": LIVE}, headers=STREAM)
        assert '"code":"TIMEOUT"' in streamed.text
        await lock.until_waiting(0)


async def test_waiting_for_an_event_has_no_limit(hasty: Server) -> None:
    async with opened(hasty) as socket:
        # The first result has the limit, and a busy machine may need longer.
        identity = "0"
        message: dict[str, Any] = {"type": "error", "payload": [{"extensions": {"code": "TIMEOUT"}}]}
        while message["type"] == "error" and len(identity) < 40:
            assert code_of(message["payload"]) == "TIMEOUT"
            identity += "0"
            await socket.subscribe(identity, LIVE)
            message = await socket.next(identity)
        assert message["payload"]["data"]["order"]["id"] == ORDER
        # Twice the limit of an operation passes.
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await socket.next(identity)


@pytest.mark.parametrize("query", [BY_KEY, PAGE, HISTORY, LIVE], ids=["key", "page", "history", "live"])
@pytest.mark.parametrize("way", ["http", "stream", "socket", "complete"])
async def test_a_client_that_goes_away_ends_its_statement(
    patient: Server, module_database_url: str, query: str, way: str
) -> None:
    if query is LIVE and way == "http":
        way = "stream"
    async with locked(module_database_url, TABLES[query]) as lock:
        if way in ("http", "stream"):
            async with httpx2.AsyncClient(timeout=60) as client:
                headers = JSON if way == "http" else STREAM
                request = asyncio.create_task(
                    client.post(patient.url, json={"query": query}, headers=headers)
                )
                await lock.until_waiting(1)
                request.cancel()
                await asyncio.wait((request,))
                await lock.until_waiting(0)
        else:
            async with opened(patient) as socket:
                await socket.subscribe("1", query)
                await lock.until_waiting(1)
                if way == "socket":
                    socket.cut()
                else:
                    await socket.say({"id": "1", "type": "complete"})
                await lock.until_waiting(0)


def two_commands(order: str) -> str:
    """A mutation that opens an order and cancels it."""
    return (
        f'mutation {{ openOrder(input: {{id: "{order}", customerId: "{order}"}}) {{ __typename }}'
        f' again: cancelOrder(input: {{orderId: "{order}", reason: "none"}}) {{ __typename }} }}'
    )


async def until_cancelled(server: Server, order: str) -> None:
    async with asyncio.timeout(60):
        while True:
            answer = await asyncio.to_thread(server.ask, f'{{ order(id: "{order}") {{ status }} }}')
            if answer["data"]["order"] == {"status": "CANCELLED"}:
                return
            await asyncio.sleep(0.05)


async def until_any_waits(lock: Lock) -> None:
    async with asyncio.timeout(60):
        while not await lock.waiting():  # noqa: ASYNC110 - PostgreSQL tells by being asked
            await asyncio.sleep(0.02)


async def test_a_mutation_goes_on_without_its_client(patient: Server, module_database_url: str) -> None:
    order = str(uuid4())
    body = json.dumps({"query": two_commands(order)}).encode()
    server = psutil.Process(patient.process.pid)
    async with locked(module_database_url, "es.events") as lock:
        _, client = await asyncio.open_connection("127.0.0.1", patient.port)
        client.write(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n%s" % (len(body), body)
        )
        await until_any_waits(lock)
        port = client.get_extra_info("sockname")[1]
        client.close()
        await asyncio.to_thread(until, lambda: port not in remote_ports(server), 60)
    await until_cancelled(patient, order)


async def test_a_mutation_on_a_socket_goes_on_without_its_client(
    patient: Server, module_database_url: str
) -> None:
    completed, cut = str(uuid4()), str(uuid4())
    server = psutil.Process(patient.process.pid)
    async with opened(patient) as other, opened(patient) as socket:
        async with locked(module_database_url, "es.events") as lock:
            await other.subscribe("1", two_commands(completed))
            await socket.subscribe("1", two_commands(cut))
            # Both have begun.
            await other.settled()
            await socket.settled()
            await until_any_waits(lock)
            await other.say({"id": "1", "type": "complete"})
            # The id is free again.
            await other.subscribe("1", "{ __typename }")
            assert await other.data("1") == {"__typename": "Query"}
            assert await other.next("1") == {"id": "1", "type": "complete"}
            port = socket.connection.local_address[1]
            socket.cut()
            await asyncio.to_thread(until, lambda: port not in remote_ports(server), 60)
            # The server has seen the end of the connection.
            await other.settled()
        await until_cancelled(patient, completed)
        await until_cancelled(patient, cut)
        await other.settled()
        assert other.kept("1") == 0


async def test_a_mutation_that_goes_on_without_its_client_counts_for_its_socket(
    patient: Server, module_database_url: str
) -> None:
    async with locked(module_database_url, "es.events") as lock, opened(patient) as socket:
        for number in range(50):
            await socket.subscribe(str(number), two_commands(str(uuid4())))
        await socket.settled()
        await until_any_waits(lock)
        for number in range(50):
            await socket.say({"id": str(number), "type": "complete"})
        await socket.subscribe("one more", "{ position }")
        message = await socket.next("one more")
        assert (message["type"], code_of(message["payload"])) == ("error", "OVERLOADED")


async def test_a_mutation_on_a_socket_ends_before_the_server_does(
    patient: Server, module_database_url: str
) -> None:
    order = str(uuid4())
    server = Server(
        module_database_url, APP_SHUTDOWN_TIMEOUT_SECONDS="60", APP_OPERATION_TIMEOUT_SECONDS="300"
    )
    try:
        async with opened(server.wait()) as socket, locked(module_database_url, "es.events") as lock:
            await socket.subscribe("1", two_commands(order))
            await socket.settled()
            await until_any_waits(lock)
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed):
                await socket.next("1")
        assert await asyncio.to_thread(server.process.wait, 90) == 0
    finally:
        server.close()
    await until_cancelled(patient, order)
