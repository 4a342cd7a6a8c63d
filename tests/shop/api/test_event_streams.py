"""An event stream has numbered frames, resumes where the client was, and is refused before it begins."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.types import Message

from app.composition import application
from app.engine.command_outcomes import CommandContext
from app.engine.database.connections import Database
from app.engine.graphql.json import encode_json
from app.engine.graphql.transport.event_stream import (
    KEEP_ALIVE,
    EventStreamResponse,
    close_results,
    subscription_frames,
)
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.settings import Settings
from domain.money import Money
from domain.product import ReceiveStock, RegisterProduct, product_id
from domain.product import product as product_decider
from tests.shop.support.bad_input import INPUT, PARSE, REGISTER, TLS, VALIDATION, codes, product
from tests.support.server import Server

STREAM = "text/event-stream"
EVENTS = "subscription ($after: Position) { events(after: $after) { type at: position } }"


def register(server: Server, number: int) -> None:
    assert "errors" not in server.ask(REGISTER, product(sku=f"S-{number}"))


class Frames:
    """The frames of a response, as its bytes have them."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._chunks = response.aiter_raw()
        self._rest = b""

    async def next(self) -> dict[str, str]:
        """The fields of the next frame. Frames of comments are passed over."""
        async with asyncio.timeout(15):
            while True:
                while b"\n\n" not in self._rest:
                    self._rest += await anext(self._chunks)
                frame, self._rest = self._rest.split(b"\n\n", 1)
                assert b"\r" not in frame
                fields = [line.partition(":") for line in frame.decode().split("\n")]
                if fields[0][0]:
                    return {name: value.removeprefix(" ") for name, _, value in fields}

    async def event(self) -> tuple[str, dict[str, Any]]:
        """The id of the next frame and its event."""
        frame = await self.next()
        assert frame["event"] == "next"
        return frame["id"], json.loads(frame["data"])["data"]["events"]


@asynccontextmanager
async def follow(
    server: Server, parameters: dict[str, str], *, method: str = "GET", **headers: str
) -> AsyncGenerator[Frames]:
    given = {"accept": STREAM} | {name.replace("_", "-"): value for name, value in headers.items()}
    sent: dict[str, Any] = {"params": parameters} if method == "GET" else {"json": parameters}
    async with (
        httpx2.AsyncClient(timeout=15, verify=TLS) as client,
        client.stream(method, server.url, headers=given, **sent) as response,
    ):
        assert response.status_code == 200
        yield Frames(response)


@pytest.fixture(scope="module")
def filled(module_server: Server) -> Server:
    for number in range(3):
        register(module_server, number)
    return module_server


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_each_frame_of_events_has_the_position_as_its_id_stored_or_live(
    filled: Server, method: str
) -> None:
    head = int(filled.ask("{ position }")["data"]["position"])
    variables: Any = {"after": "0"} if method == "POST" else '{"after": "0"}'
    async with follow(filled, {"query": EVENTS, "variables": variables}, method=method) as frames:
        found = [await frames.event() for _ in range(head)]
        await asyncio.to_thread(register, filled, head)
        found.append(await frames.event())
    assert [(id, event["at"]) for id, event in found] == [(str(n), str(n)) for n in range(1, head + 2)]
    assert frames.response.headers["content-type"] == f"{STREAM}; charset=utf-8"
    assert frames.response.headers["cache-control"].startswith("no-cache")
    assert frames.response.headers["x-accel-buffering"] == "no"


async def test_last_event_id_resumes_and_replaces_the_argument(filled: Server) -> None:
    for parameters in ({"query": EVENTS}, {"query": EVENTS, "variables": '{"after": "0"}'}):
        async with follow(filled, parameters, last_event_id="2") as frames:
            assert (await frames.event())[0] == "3"


async def test_a_stream_without_a_start_says_at_once_where_a_browser_resumes(filled: Server) -> None:
    query = {"query": 'subscription { events(filter: {streams: ["order"]}) { position } }'}
    head = filled.ask("{ position }")["data"]["position"]
    async with follow(filled, query) as frames:
        # Without data it is no event.
        assert await frames.next() == {"id": head}
    number = int(head) + 1
    await asyncio.to_thread(register, filled, number)
    async with follow(filled, {"query": EVENTS}, last_event_id=head) as frames:
        assert (await frames.event())[0] == str(number)


async def test_a_silent_stream_is_kept_alive_by_its_start_and_after_a_result_by_comments() -> None:
    turn = asyncio.Event()

    async def results() -> AsyncGenerator[str]:
        await turn.wait()
        yield "one"
        await asyncio.Event().wait()

    given = results()
    first = asyncio.ensure_future(anext(given, None))
    frames = subscription_frames(
        given, first, encode_json, asyncio.Event(), start=lambda: 7, keep_alive_seconds=0.01
    )
    assert [await anext(frames) for _ in range(3)] == ["id: 7\n\n"] * 3
    turn.set()
    while (frame := await anext(frames)) == "id: 7\n\n":
        pass
    assert [frame, await anext(frames)] == ['"one"', KEEP_ALIVE]
    await frames.aclose()


async def test_a_stream_without_stored_events_begins_at_once(filled: Server) -> None:
    # Long before the first keep-alive, which would begin it as well.
    async with asyncio.timeout(8), follow(filled, {"query": EVENTS}):
        pass


@pytest.mark.parametrize(
    ("parameters", "headers", "status", "code"),
    [
        ({"query": "subscription { events {"}, {}, 400, PARSE),
        ({"query": "subscription { weather }"}, {}, 400, VALIDATION),
        ({"query": EVENTS, "variables": '{"after": "first"}'}, {}, 400, INPUT),
        ({"query": EVENTS, "variables": '{"after": "999"}'}, {}, 409, "LOG_REPLACED"),
        ({"query": EVENTS}, {"last_event_id": "999"}, 409, "LOG_REPLACED"),
        ({"query": EVENTS}, {"last_event_id": "first"}, 400, INPUT),
        ({"query": EVENTS, "operationName": "B"}, {}, 400, INPUT),
        ({"query": f'subscription {{ order(id: "{uuid4()}") {{ id }} }}'}, {}, 404, "NOT_FOUND"),
        ({"query": "{ weather }"}, {}, 400, VALIDATION),
        ({}, {}, 400, INPUT),
    ],
)
def test_what_is_wrong_over_get_is_answered_before_the_stream_begins(
    filled: Server, parameters: dict[str, str], headers: dict[str, str], status: int, code: str
) -> None:
    given = {"accept": STREAM} | {name.replace("_", "-"): value for name, value in headers.items()}
    response = httpx2.get(filled.url, params=parameters, headers=given, timeout=10, verify=TLS)
    assert (response.status_code, codes(response.json())) == (status, {code})
    if status in (404, 409):
        # Nothing was received of the subscription, up to no position.
        assert "position" not in response.json()["extensions"]
    assert response.headers["content-type"].startswith("application/json")


async def test_a_live_view_over_get_has_frames_without_ids(filled: Server) -> None:
    order = str(uuid4())
    opened = "mutation ($id: UUID!) { openOrder(input: {id: $id, customerId: $id}) { __typename } }"
    assert "errors" not in filled.ask(opened, {"id": order})
    async with follow(filled, {"query": f'subscription {{ order(id: "{order}") {{ status }} }}'}) as frames:
        frame = await frames.next()
    assert json.loads(frame["data"])["data"] == {"order": {"status": "OPEN"}}
    assert "id" not in frame


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_error_of_a_field_in_the_first_event_does_not_end_the_stream(
    filled: Server, method: str
) -> None:
    order = {"id": str(uuid4())}
    assert "errors" not in filled.ask(
        "mutation ($id: UUID!) { openOrder(input: {id: $id, customerId: $id}) { __typename } }", order
    )
    query = (
        f'subscription {{ order(id: "{order["id"]}") {{ history(first: 1000) {{ nodes {{ state }} }} }} }}'
    )

    async def next_has_an_error_at_a_field() -> None:
        frame = await frames.next()
        body = json.loads(frame["data"])
        assert (frame["event"], body["data"], codes(body)) == ("next", None, {INPUT})
        assert body["errors"][0]["path"]

    async with follow(filled, {"query": query}, method=method) as frames:
        await next_has_an_error_at_a_field()
        cancel = 'mutation ($id: UUID!) { cancelOrder(input: {orderId: $id, reason: "none"}) { __typename } }'
        assert "errors" not in await asyncio.to_thread(filled.ask, cancel, order)
        await next_has_an_error_at_a_field()


@pytest.mark.parametrize(("method", "after"), [("POST", "0"), ("POST", "1"), ("GET", "1")])
async def test_an_error_that_ends_a_stream_has_no_position_so_that_a_resume_skips_no_event(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, method: str, after: str
) -> None:
    async def never(database: Database, positions: Sequence[int]) -> Mapping[int, str]:
        raise AssertionError(await asyncio.Event().wait())

    monkeypatch.setattr("app.engine.graphql.event_types.origin_actors", never)
    runtime = Runtime(application, settings.model_copy(update={"operation_timeout_seconds": 3.0}), database)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with runtime.run(), httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        price = Money(amount=Decimal("1.00"), currency="EUR")
        for command, cause in (
            (RegisterProduct(sku="A", name="A", price=price), None),
            (ReceiveStock(quantity=1), 1),
        ):
            request = CommandContext(actor="tester", correlation_id=uuid4(), caused_by=cause)
            await runtime.commands.execute(product_decider, product_id("A"), command, request)
        # The second event has a cause, which is never found.
        query = "subscription ($after: Position) { events(after: $after) { position onBehalfOf } }"
        headers = {"accept": STREAM, "last-event-id": after}
        sent: dict[str, Any] = {"params": {"query": query}} if method == "GET" else {"json": {"query": query}}
        response = await client.request(method, "/graphql", headers=headers, **sent)
    *events, failed, end = [frame for frame in response.text.split("\n\n") if frame not in ("", ":")]
    assert [event.split("\n")[1] for event in events] == ["id: 1"] * (after == "0")
    assert end == "event: complete\ndata:"
    kind, data = failed.split("\n")
    body = json.loads(data.removeprefix("data: "))
    assert (kind, body["data"], codes(body)) == ("event: next", None, {"TIMEOUT"})
    assert "position" not in body["extensions"]


async def test_a_query_that_wants_a_stream_gets_one_result_and_the_end(filled: Server) -> None:
    for method in ("GET", "POST"):
        async with follow(filled, {"query": "{ position }"}, method=method) as frames:
            assert json.loads((await frames.next())["data"])["data"] == {
                "position": filled.ask("{ position }")["data"]["position"]
            }
            assert await frames.next() == {"event": "complete", "data": ""}


async def test_a_server_that_stops_ends_its_streams_without_complete(serve: Callable[..., Server]) -> None:
    server = serve().wait()
    async with follow(server, {"query": EVENTS}) as frames:
        assert await frames.next() == {"id": "0"}
        assert await asyncio.to_thread(server.stop) == 0
        with pytest.raises(StopAsyncIteration):
            await frames.next()
    assert "Traceback" not in server.output()


async def test_a_silent_stream_is_kept_alive_by_comments_and_a_result_ends_the_wait() -> None:
    turn = asyncio.Event()

    async def results() -> AsyncGenerator[str]:
        await turn.wait()
        yield "one"

    given, stopping = results(), asyncio.Event()
    first = asyncio.ensure_future(anext(given, None))
    frames = subscription_frames(given, first, encode_json, stopping, keep_alive_seconds=0.01)
    assert [await anext(frames) for _ in range(3)] == [KEEP_ALIVE] * 3
    turn.set()
    found = [frame async for frame in frames if frame != KEEP_ALIVE]
    assert found == ['"one"', "event: complete\ndata:\n\n"]


async def test_a_stream_whose_results_end_because_the_server_stops_has_no_complete() -> None:
    async def results() -> AsyncGenerator[str]:
        for result in ("one",):
            yield result

    given, stopping = results(), asyncio.Event()
    frames = subscription_frames(given, asyncio.ensure_future(anext(given, None)), encode_json, stopping)
    assert await anext(frames) == '"one"'
    stopping.set()
    assert [frame async for frame in frames] == []


async def test_a_response_whose_client_has_gone_before_the_first_frame_closes_its_results() -> None:
    closed = asyncio.Event()

    async def results() -> AsyncGenerator[str]:
        try:
            yield "one"
        finally:
            closed.set()

    given = results()
    first = asyncio.ensure_future(anext(given, None))
    await first
    frames = subscription_frames(given, first, encode_json, asyncio.Event())
    response = EventStreamResponse(frames, close=lambda: close_results(given, first))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    assert closed.is_set()
