"""A client reads, and follows the events after the position of the answer: together it has every event."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from app.composition import application
from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.connections import open_database
from app.engine.graphql.slices import history
from app.engine.projector.projector import Projector
from app.engine.read_models.stream_owners import StreamOwners
from app.engine.server.runtime import Runtime
from app.engine.uuid7 import uuid7
from app.settings import Settings
from domain.money import Money
from domain.order import AddLine, OpenOrder, order
from domain.order_lines import Line
from domain.product import ReceiveStock, RegisterProduct, product, product_id
from tests.support.graphql_client import Api
from tests.support.server import Server
from tests.support.websocket import opened

WRITES_PER_SECOND = 300
READ = 'query($p: Position) { product(sku: "TEA", minPosition: $p) { version onHand } }'
FOLLOW = 'subscription($after: Position!) { events(after: $after, filter: {streams: ["product"]}) { position version } }'
TEA = product_id("TEA")


def context() -> CommandContext:
    return CommandContext(actor="test", correlation_id=uuid7())


async def register(runtime: Runtime) -> None:
    command = RegisterProduct(sku="TEA", name="Tea", price=Money(amount=Decimal(1), currency="EUR"))
    assert isinstance(await runtime.commands.execute(product, TEA, command, context()), CommandAccepted)


@asynccontextmanager
async def steady_writes(runtime: Runtime) -> AsyncGenerator[list[float]]:
    """300 commands a second from this process, until the block ends."""
    done: list[float] = []
    running: set[asyncio.Task[object]] = set()

    async def write() -> None:
        await runtime.commands.execute(product, TEA, ReceiveStock(quantity=1), context())
        done.append(time.monotonic())

    async def pace() -> None:
        began, sent = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * WRITES_PER_SECOND)
            for _ in range(min(due - sent, 50)):
                task = asyncio.ensure_future(write())
                running.add(task)
                task.add_done_callback(running.discard)
            sent = due
            await asyncio.sleep(0.005)

    pacer = asyncio.ensure_future(pace())
    try:
        yield done
    finally:
        pacer.cancel()
        await asyncio.gather(*running)


async def check_no_gap(server: Server, tries: int) -> None:
    async with httpx2.AsyncClient(timeout=30) as client, opened(server) as socket:
        for number in range(tries):
            answer = (await client.post(server.url, json={"query": READ})).json()
            read, position = answer["data"]["product"], int(answer["extensions"]["position"])
            # A server that does not show the product yet is at a position before it.
            version = 0 if read is None else read["version"]
            assert int(answer["extensions"]["logToken"].split(":")[1]) >= position
            assert int(answer["extensions"]["head"]) >= position
            await socket.subscribe(str(number), FOLLOW, {"after": str(position)})
            first = (await socket.facts(str(number), 1))[0]
            await socket.say({"id": str(number), "type": "complete"})
            # The log has this product alone, so a version is a position.
            assert first["version"] <= version + 1, (number, read, position, first)
            assert int(first["position"]) == position + 1


@pytest.mark.parametrize("tries", [8, pytest.param(200, marks=pytest.mark.soak)])
async def test_what_is_read_and_what_follows_its_position_are_all_events_on_the_owner_and_on_another_server(
    serve: Callable[..., Server], settings: Settings, tries: int
) -> None:
    owner = serve().wait()
    other = serve().wait()
    async with open_database(settings) as database:
        runtime = Runtime(application, settings, database)
        async with runtime.run():
            await register(runtime)
            async with steady_writes(runtime) as done:
                await check_no_gap(owner, tries)
                await check_no_gap(other, tries)
    assert len(done) > tries


async def test_a_subscription_that_its_client_completes_does_not_send_all_stored_events_first(
    serve: Callable[..., Server], settings: Settings
) -> None:
    stored = 300
    server = serve().wait()
    async with open_database(settings) as database:
        runtime = Runtime(application, settings, database)
        async with runtime.run(), opened(server) as socket:
            await register(runtime)
            # The server follows the log, so that it has all of these events in memory.
            await socket.subscribe("live", FOLLOW, {"after": "0"})
            commands = (
                runtime.commands.execute(product, TEA, ReceiveStock(quantity=1), context())
                for _ in range(stored)
            )
            await asyncio.gather(*commands)
            await socket.facts("live", stored + 1)
            kept: list[int] = []
            # This process may have no CPU between the first event and its answer: the best of some attempts.
            for identity in "abcd":
                await socket.subscribe(identity, FOLLOW, {"after": "0"})
                await socket.facts(identity, 1)
                await socket.say({"id": identity, "type": "complete"})
                await socket.settled()
                kept.append(socket.kept(identity))
            assert min(kept) < stored / 2


@pytest.fixture
async def registered(runtime: Runtime) -> Runtime:
    await register(runtime)
    return runtime


async def test_the_position_is_that_of_the_projection_that_was_read_and_the_head_is_that_of_the_log(
    registered: Runtime, api: Api
) -> None:
    await registered.projector.wait_for_position("products", 1, 5)
    writer = registered.projector.workers["products"].writer
    assert writer is not None
    async with writer.lock:
        await registered.commands.execute(product, TEA, ReceiveStock(quantity=1), context())
        await registered.projector.wait_for_position("orders", 2, 5)
        behind = (await api(READ))["extensions"]
        assert (behind["position"], behind["head"]) == ("1", "2")
        both = await api(
            'query($id: UUID!) { order(id: $id) { version } product(sku: "TEA") { version } }',
            {"id": str(uuid4())},
        )
        assert both["extensions"]["position"] == "1"
        other = await api("query($id: UUID!) { order(id: $id) { version } }", {"id": str(uuid4())})
        assert other["extensions"]["position"] == "2"
        log = await api("{ position events { nodes { version } } }")
        assert (log["extensions"]["position"], log["extensions"]["head"]) == ("2", "2")
    answer = await api(READ, {"p": "2"})
    assert (answer["data"]["product"]["version"], answer["extensions"]["position"]) == (2, "2")


async def open_order(runtime: Runtime, id: UUID, customer: UUID) -> None:
    """Open an order, and wait until this process has read its event."""
    outcome = await runtime.commands.execute(order, id, OpenOrder(customer_id=customer), context())
    assert isinstance(outcome, CommandAccepted)
    await runtime.feed.wait_past(outcome.position - 1)
    await runtime.projector.wait_for_position("products", outcome.position, 12)


async def test_a_caller_follows_from_the_position_up_to_which_it_was_known_whose_the_streams_are(
    registered: Runtime, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, known = uuid4(), StreamOwners.wait_for_all
    actor = str(customer)
    query = 'query($p: Position) { events(after: $p, filter: {streams: ["order"]}) { nodes { type } } }'
    await registered.projector.wait_for_position("orders", 1, 30)
    writer = registered.projector.workers["orders"].writer
    assert writer is not None

    async def wait_and_open(owners: StreamOwners, categories: Sequence[str], position: int) -> None:
        await known(owners, categories, position)
        await open_order(registered, uuid4(), customer)

    with monkeypatch.context() as patch:
        patch.setattr(StreamOwners, "wait_for_all", wait_and_open)
        # The row of the order is not there yet when the events are read.
        async with writer.lock:
            read = await api(query, X_Actor=actor, X_Roles="customer")
    after = {"p": read["extensions"]["position"]}
    followed = await api(query, after, X_Actor=actor, X_Roles="customer")
    nodes = read["data"]["events"]["nodes"] + followed["data"]["events"]["nodes"]
    assert nodes == [{"type": "order.opened"}]


async def test_pages_of_own_events_have_all_of_them_although_an_owner_becomes_known_late(
    registered: Runtime, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, older, newer, known = uuid4(), uuid4(), uuid4(), StreamOwners.wait_for_all
    query = """query($p: Position) { events(after: $p, filter: {streams: ["order"]}) {
        totalCount pageInfo { endCursor } nodes { streamId type } } }"""
    await open_order(registered, older, customer)
    await registered.projector.wait_for_position("orders", 2, 30)
    writer = registered.projector.workers["orders"].writer
    assert writer is not None

    async def wait_and_write(owners: StreamOwners, categories: Sequence[str], position: int) -> None:
        await known(owners, categories, position)
        # An event whose owner is not known yet, and after it one of a stream whose owner is.
        await open_order(registered, newer, customer)
        line = Line(sku="TEA", quantity=1, unit_price=Money(amount=Decimal(1), currency="EUR"))
        added = AddLine(line=line)
        assert isinstance(await registered.commands.execute(order, older, added, context()), CommandAccepted)

    actor = str(customer)
    with monkeypatch.context() as patch:
        patch.setattr(StreamOwners, "wait_for_all", wait_and_write)
        async with writer.lock:
            page = (await api(query, X_Actor=actor, X_Roles="customer"))["data"]["events"]
    after = {"p": page["pageInfo"]["endCursor"]}
    rest = (await api(query, after, X_Actor=actor, X_Roles="customer"))["data"]["events"]
    assert [(node["streamId"], node["type"]) for node in page["nodes"] + rest["nodes"]] == [
        (str(older), "order.opened"),
        (str(newer), "order.opened"),
        (str(older), "order.line-added"),
    ]
    assert page["totalCount"] == 1


async def test_the_position_of_a_stream_that_a_caller_does_not_own_yet_is_that_of_the_look_at_its_owner(
    registered: Runtime, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, id, opened = uuid4(), uuid4(), asyncio.Event()
    may_read, wait_for_all = history.may_read_stream, Projector.wait_for_all

    async def look_and_open(*args: Any) -> bool:
        owned = await may_read(*args)
        await open_order(registered, id, customer)
        opened.set()
        return owned

    async def wait_until_opened(projector: Projector, names: Sequence[str], *args: Any) -> None:
        if "products" in names:
            await opened.wait()
        await wait_for_all(projector, names, *args)

    # The table has to be there.
    await registered.projector.wait_for_position("orders", 1, 30)
    monkeypatch.setattr(history, "may_read_stream", look_and_open)
    monkeypatch.setattr(Projector, "wait_for_all", wait_until_opened)
    answer = await api(
        'query($id: UUID!) { stream(category: "order", id: $id) { version } product(sku: "TEA") { version } }',
        {"id": str(id)},
        X_Actor=str(customer),
        X_Roles="customer",
    )
    assert answer.get("errors") is None
    assert answer["data"] == {"stream": None, "product": {"version": 1}}
    assert answer["extensions"]["position"] == "1"


async def test_the_position_is_that_of_the_oldest_read_although_a_later_field_asks_for_a_newer_one(
    registered: Runtime, api: Api
) -> None:
    await registered.projector.wait_for_position("products", 1, 5)
    writer = registered.projector.workers["products"].writer
    assert writer is not None
    both = """query($id: UUID!, $p: Position!) {
        products(first: 1) { nodes { onHand } } order(id: $id, minPosition: $p) { version } }"""
    async with writer.lock:
        await registered.commands.execute(product, TEA, ReceiveStock(quantity=1), context())
        answer = await api(both, {"id": str(uuid4()), "p": "2"})
    assert answer["data"]["products"]["nodes"] == [{"onHand": 0}]
    assert answer["extensions"]["position"] == "1"


async def test_the_position_of_a_list_as_of_a_position_is_that_position(
    registered: Runtime, api: Api
) -> None:
    await registered.commands.execute(product, TEA, ReceiveStock(quantity=1), context())
    answer = await api('{ products(asOf: {position: "1"}) { nodes { onHand } } }')
    assert (answer["data"]["products"]["nodes"][0]["onHand"], answer["extensions"]["position"]) == (0, "1")


async def test_the_position_of_a_mutation_is_that_after_its_last_command(
    registered: Runtime, api: Api
) -> None:
    receive = 'receiveStock(input: {sku: "TEA", quantity: 1}) { ... on ProductAccepted { position } }'
    answer = await api(f"mutation {{ one: {receive} two: {receive} }}")
    assert answer["extensions"]["position"] == answer["data"]["two"]["position"] == "3"


async def test_events_are_found_by_the_id_of_their_command(registered: Runtime, api: Api) -> None:
    command_id = uuid4()
    await registered.commands.execute(
        product,
        TEA,
        ReceiveStock(quantity=1),
        CommandContext(actor="test", correlation_id=uuid7(), command_id=command_id),
    )
    found = "query($id: UUID!) { events(filter: {commandId: $id}) { nodes { position } } }"
    assert (await api.data(found, {"id": str(command_id)}))["events"]["nodes"] == [{"position": "2"}]
    assert (await api.data(found, {"id": str(UUID(int=1))}))["events"]["nodes"] == []
