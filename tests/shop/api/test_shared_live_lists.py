"""Subscribers of one live list share its messages, and each begins with what is there when it comes."""

import asyncio
import gc
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from functools import partial
from types import ModuleType
from typing import Any, Self
from uuid import UUID, uuid4

import pytest
import strawberry

from app.composition import application
from app.engine.access.policy import Policy, allow
from app.engine.commands import CommandAccepted, CommandContext
from app.engine.graphql import loaders
from app.engine.graphql.context import Info, LiveHandover
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.execution import shared_subscriptions
from app.engine.graphql.execution.shared_subscriptions import SharedSubscription
from app.engine.graphql.live_list import live_list
from app.engine.graphql.schema import build_schema
from app.engine.graphql.slices.node import prefixed_id
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.projector.live_rows import RowChanges
from app.engine.projector.projector import ProjectionStale
from app.engine.server.runtime import Runtime
from domain.kernel.decider import AnyDecider, Command
from domain.money import Money
from domain.order import AddLine, CancelOrder, Line, OpenOrder, order
from domain.payment import RecordCapture, RequestPayment, payment, payment_id
from projections.order import OrderRow, orders
from tests.shop.support.handovers import cancel_all, context_of, endpoint, handed_over

PAID_ORDERS = "subscription { orders { initial upserted { status payment { status } } } }"
PRICE = Money(amount=Decimal("1.00"), currency="EUR")


@pytest.fixture
def view(runtime: Runtime) -> GraphQLEndpoint:
    return endpoint(runtime)


class Follower:
    """A subscriber of the orders."""

    def __init__(self, view: GraphQLEndpoint, handover: LiveHandover) -> None:
        self._messages: asyncio.Queue[str] = asyncio.Queue()
        self.task = asyncio.create_task(
            view.shared_subscriptions.send(handover, "1", uuid4(), self._messages.put)
        )

    async def next_payload(self) -> dict[str, Any]:
        """The payload of the next message. Raises what has ended the subscription."""
        message = asyncio.ensure_future(self._messages.get())
        await asyncio.wait([message, self.task], return_when=asyncio.FIRST_COMPLETED)
        if not message.done():
            message.cancel()
            self.task.result()
            raise AssertionError("the log was closed")
        return json.loads(await message)["payload"]

    async def next(self) -> tuple[str | None, list[Any]]:
        """The status of the payment of the one order in the next message, and the errors."""
        payload = await self.next_payload()
        [row] = payload["data"]["orders"]["upserted"]
        return None if row["payment"] is None else row["payment"]["status"], payload.get("errors", [])


async def execute(runtime: Runtime, decider: AnyDecider, id: UUID, command: Command) -> None:
    """Execute a command, and wait until the rows have what it changed."""
    request = CommandContext(actor="tester", correlation_id=uuid4())
    outcome = await runtime.commands.execute(decider, id, command, request)
    assert isinstance(outcome, CommandAccepted)
    await runtime.projector.wait_for_all([*runtime.projector.workers], outcome.position, 30)


@pytest.fixture
async def paid_order(runtime: Runtime) -> UUID:
    id = uuid4()
    await execute(runtime, order, id, OpenOrder(customer_id=uuid4()))
    await execute(runtime, payment, payment_id(id), RequestPayment(order_id=id, amount=PRICE))
    return id


async def test_a_new_subscriber_gets_what_the_rows_of_an_unchanged_list_refer_to_as_it_is_now(
    runtime: Runtime, view: GraphQLEndpoint, paid_order: UUID
) -> None:
    asks = context_of(view, "anna")
    first = Follower(view, await handed_over(view, asks, {}, PAID_ORDERS))
    assert await first.next() == ("REQUESTED", [])
    await execute(runtime, payment, payment_id(paid_order), RecordCapture(amount=PRICE))
    second = Follower(view, await handed_over(view, asks, {}, PAID_ORDERS))
    assert await second.next() == ("CAPTURED", [])
    await cancel_all([first.task, second.task])


async def test_subscribers_that_join_together_share_the_first_message(
    runtime: Runtime, view: GraphQLEndpoint, paid_order: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_subscriptions, "monotonic", lambda: 7.5)
    asks, rendered = context_of(view, "anna"), list[int]()
    render = SharedSubscription._render

    def count(shared: SharedSubscription, root: object, position: int, charge: OperationCharge) -> Any:
        rendered.append(position)
        return render(shared, root, position, charge)

    monkeypatch.setattr(SharedSubscription, "_render", count)
    followers = [Follower(view, await handed_over(view, asks, {}, PAID_ORDERS)) for _ in range(5)]
    assert [await follower.next() for follower in followers] == 5 * [("REQUESTED", [])]
    assert len(rendered) == 1
    monkeypatch.setattr(shared_subscriptions, "monotonic", lambda: 8.0)
    later = Follower(view, await handed_over(view, asks, {}, PAID_ORDERS))
    assert await later.next() == ("REQUESTED", [])
    assert len(rendered) == 2
    await cancel_all([follower.task for follower in (*followers, later)])


def whole_lists() -> int:
    """The number of whole lists, with all their rows, in memory."""
    gc.collect()
    return sum(found.initial for found in gc.get_objects() if type(found) is RowChanges)


async def change(runtime: Runtime, id: UUID) -> None:
    await execute(runtime, order, id, AddLine(line=Line(sku="TEA", quantity=1, unit_price=PRICE)))


async def test_neither_a_subscriber_nor_a_cached_payload_keeps_the_rows_of_the_first_message(
    runtime: Runtime, view: GraphQLEndpoint, paid_order: UUID
) -> None:
    asks, handovers, followers = context_of(view, "anna"), list[LiveHandover](), list[Follower]()
    before = whole_lists()
    for _ in range(3):
        handovers.append(await handed_over(view, asks, {}, PAID_ORDERS))
        followers.append(Follower(view, handovers[-1]))
        await followers[-1].next_payload()
        # The next subscriber gets another list.
        await change(runtime, paid_order)
        for follower in followers:
            await follower.next_payload()
    assert whole_lists() <= before
    await cancel_all([follower.task for follower in followers])


async def test_an_event_stream_does_not_keep_the_rows_of_the_first_message(
    runtime: Runtime, view: GraphQLEndpoint, paid_order: UUID
) -> None:
    before = whole_lists()
    results: AsyncGenerator[Any] = await view.schema.stream(
        PAID_ORDERS, context_value=context_of(view, "anna")
    )
    async with aclosing(results):
        assert (await anext(results)).errors is None
        await change(runtime, paid_order)
        assert (await anext(results)).errors is None
        assert whole_lists() <= before


async def fail_to_read(*_: object) -> Any:
    raise ProjectionStale("payments", 1, 0, None, 1)


def fail_to_encode(*_: object) -> Any:
    raise RuntimeError("no memory")


@pytest.mark.parametrize("ends", [False, True], ids=["an error at a field", "a failure"])
async def test_a_message_that_could_not_be_made_is_made_again_for_the_next_subscriber(
    runtime: Runtime,
    view: GraphQLEndpoint,
    paid_order: UUID,
    monkeypatch: pytest.MonkeyPatch,
    ends: bool,
) -> None:
    asks = context_of(view, "anna")
    slow = await handed_over(view, asks, {}, PAID_ORDERS)
    fast = Follower(view, await handed_over(view, asks, {}, PAID_ORDERS))
    assert await fast.next() == ("REQUESTED", [])
    with monkeypatch.context() as patch:
        if ends:
            patch.setattr(shared_subscriptions, "encode_bounded", fail_to_encode)
        else:
            patch.setattr(loaders, "rows_by_column", fail_to_read)
        await execute(runtime, order, paid_order, CancelOrder(reason="no"))
        if ends:
            with pytest.raises(RuntimeError):
                await fast.task
        else:
            status, errors = await fast.next()
            assert (status, len(errors)) == (None, 1)
    follower = Follower(view, slow)
    assert [await follower.next(), await follower.next()] == [("REQUESTED", [])] * 2
    await cancel_all([follower.task] if ends else [fast.task, follower.task])


LINES_AS_OF = "upserted { asOf(at: {position: $p}) { lines { sku } } }"


@pytest.mark.parametrize(
    "document",
    [
        f"subscription Asked($p: Position!) {{ orders(after: $p) {{ {LINES_AS_OF} }} }}",
        f"""subscription Asked($p: Position!) {{ orders(after: $p) {{ ...Lines }} }}
        fragment Lines on OrderChanges {{ {LINES_AS_OF} }}""",
        f"""subscription Other($p: Position!) {{ orders(after: $p) {{ initial }} }}
        subscription Asked($p: Position!) {{ orders {{ {LINES_AS_OF} }} }}""",
    ],
    ids=["in the field", "in a fragment", "in another operation"],
)
async def test_those_who_start_at_other_positions_share_nothing_if_a_message_shows_the_position(
    runtime: Runtime, view: GraphQLEndpoint, paid_order: UUID, document: str
) -> None:
    asks, followers = context_of(view, "anna"), list[Follower]()
    await execute(runtime, order, paid_order, AddLine(line=Line(sku="TEA", quantity=1, unit_price=PRICE)))
    for position in ("1", "3"):
        handover = await handed_over(view, asks, {"p": position}, document, "Asked")
        followers.append(Follower(view, replace(handover, first=None)))
    await execute(runtime, order, paid_order, CancelOrder(reason="no"))
    rows = [(await follower.next_payload())["data"]["orders"]["upserted"] for follower in followers]
    assert rows == [[{"asOf": {"lines": []}}], [{"asOf": {"lines": [{"sku": "TEA"}]}}]]
    await cancel_all([follower.task for follower in followers])


@strawberry.type(description="An order as one reader sees it.")
class SeenOrder:
    status: str = strawberry.field(description="The status.")

    @strawberry.field(description="The reader.")
    def reader(self, info: Info) -> str:
        return info.context.actor

    @strawberry.field(description="The reader, after a wait.")
    async def slow_reader(self, info: Info) -> str:
        await asyncio.sleep(0)
        return info.context.actor

    @strawberry.field(description="The reader of an order that is cancelled.")
    def late_reader(self, info: Info) -> str | None:
        return info.context.actor if self.status == "CANCELLED" else None

    @classmethod
    def of(cls, row: OrderRow) -> Self:
        return cls(status=row.status)


@strawberry.input(description="The orders to list.")
class SeenFilter:
    status: str | None = strawberry.field(default=None, description="With this status.")


@strawberry.type
class SeenSubscription:
    seen_orders = live_list(orders, SeenOrder, SeenFilter, lambda filter, columns: (), "The orders, live.")
    prefixed_orders = live_list(
        orders,
        SeenOrder,
        SeenFilter,
        lambda filter, columns: [columns.status != "CANCELLED"],
        "The orders that are not cancelled, live.",
        id_of=partial(prefixed_id, "seen"),
    )


SEEN = ModuleType("seen")
vars(SEEN).update(
    Subscription=SeenSubscription,
    POLICY=Policy(
        subscriptions={"seenOrders": allow(operator="all"), "prefixedOrders": allow(operator="all")}
    ),
)


@pytest.mark.parametrize("field", ["reader", "slowReader", "lateReader"])
async def test_a_live_message_with_a_field_that_reads_the_actor_is_made_for_each_actor(
    runtime: Runtime, paid_order: UUID, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    schema = build_schema((*application.slices(), SEEN), application.deciders)
    view, actors = GraphQLEndpoint(*schema, runtime), ["anna", "ben", "anna"]
    document = f"subscription {{ seenOrders {{ upserted {{ {field} }} }} }}"
    followers = [
        Follower(view, await handed_over(view, context_of(view, actor), {}, document)) for actor in actors
    ]

    async def seen() -> list[str | None]:
        payloads = [await follower.next_payload() for follower in followers]
        return [row[field] for payload in payloads for row in payload["data"]["seenOrders"]["upserted"]]

    is_late = field == "lateReader"
    assert await seen() == ([None] * 3 if is_late else actors)
    rendered = list[int]()
    render = SharedSubscription._render

    def count(shared: SharedSubscription, root: object, position: int, charge: OperationCharge) -> Any:
        rendered.append(position)
        return render(shared, root, position, charge)

    monkeypatch.setattr(SharedSubscription, "_render", count)
    await execute(runtime, order, paid_order, CancelOrder(reason="no"))
    assert await seen() == actors
    # One for each actor, and one by which it shows that they differ.
    assert len(rendered) == (3 if is_late else 2)
    await cancel_all([follower.task for follower in followers])


async def test_an_item_with_a_prefixed_id_leaves_its_list_by_that_id(
    runtime: Runtime, paid_order: UUID
) -> None:
    view = GraphQLEndpoint(*build_schema((*application.slices(), SEEN), application.deciders), runtime)
    document = "subscription { prefixedOrders { removed } }"
    follower = Follower(view, await handed_over(view, context_of(view, "anna"), {}, document))
    await follower.next_payload()
    await execute(runtime, order, paid_order, CancelOrder(reason="no"))
    payload = await follower.next_payload()
    assert payload["data"]["prefixedOrders"]["removed"] == [f"seen:{paid_order}"]
    await cancel_all([follower.task])
