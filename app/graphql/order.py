"""Orders: types, mutations, queries and the live query."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from app.engine.access.policy import NOBODY, Policy, StreamOwner, allow
from app.engine.graphql.as_of import AsOf, resolve_as_of
from app.engine.graphql.context import Context, Info
from app.engine.graphql.costs import declare_cost
from app.engine.graphql.event_types import EventInterface, OutputMapping
from app.engine.graphql.live_list import live_list
from app.engine.graphql.live_query import RelatedChanges, live_query
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.outcomes import (
    CommandOptions,
    Conflict,
    Preview,
    Rejected,
    command_context,
    execute,
    id_for_new,
)
from app.engine.graphql.pagination import Connection, Page, paginate, parse_page
from app.engine.graphql.scalars import Position, clean_text, parse_datetime
from app.engine.graphql.selection import selects_field
from app.engine.graphql.slices.history import (
    AS_OF,
    DeprecatedMoment,
    DeprecatedPosition,
    DeprecatedVersion,
    HistoryFields,
    PointInTime,
    as_of,
    point_in_time,
)
from app.engine.graphql.slices.node import Node, NodeSource
from app.engine.read_models.queries import Columns, Condition, is_one_of
from app.graphql.fulfilment import (
    MAX_FULFILMENT_WAIT_SECONDS,
    Fulfilment,
    fulfilment_changes,
    fulfilment_of,
    wait_until_fulfilled,
)
from app.graphql.money import Money, to_money
from app.graphql.order_lines import OrderLine
from app.graphql.payment import Payment, payment_changes, payment_of
from app.graphql.product import Quantity, Sku, prefetch_products
from domain.kernel.decider import AnyDecider
from domain.order import (
    AddLine,
    Cancelled,
    CancelOrder,
    ChangeQuantity,
    Confirmed,
    Open,
    OpenOrder,
    OrderCommand,
    Placed,
    Placement,
    PlaceOrder,
    RedoChange,
    RemoveLine,
    ShipOrder,
    Shipped,
    UndoChange,
    Unopened,
    lines_of,
    order,
)
from domain.order import Order as OrderState
from domain.order import Rejected as RefusedOrder
from domain.order_lines import Line, total_of
from domain.product import price_of, product, product_id
from projections.order import OrderRow, orders

# --- Who may do what --------------------------------------------------------


def customer_of(state: OrderState) -> UUID | None:
    """Whose an order is; None before it is opened."""
    return None if isinstance(state, Unopened) else state.customer_id


POLICY = Policy(
    commands={
        "order.open": allow(customer="own", staff="all", operator="all"),
        "order.add-line": allow(customer="own", staff="all", operator="all"),
        "order.change-quantity": allow(customer="own", staff="all", operator="all"),
        "order.remove-line": allow(customer="own", staff="all", operator="all"),
        "order.undo-change": allow(customer="own", staff="all", operator="all"),
        "order.redo-change": allow(customer="own", staff="all", operator="all"),
        "order.place": allow(customer="own", staff="all", operator="all"),
        "order.cancel": allow(customer="own", staff="all", operator="all"),
        "order.ship": allow(staff="all", operator="all"),
        # Only the fulfilment sends these.
        "order.confirm": NOBODY,
        "order.reject": NOBODY,
    },
    mutations={
        "openOrder": "order.open",
        "addLine": "order.add-line",
        "changeQuantity": "order.change-quantity",
        "removeLine": "order.remove-line",
        "undoOrderChange": "order.undo-change",
        "redoOrderChange": "order.redo-change",
        "placeOrder": "order.place",
        "cancelOrder": "order.cancel",
        "shipOrder": "order.ship",
    },
    queries={
        "order": allow(customer="own", staff="all", operator="all"),
        "orders": allow(customer="own", staff="all", operator="all"),
    },
    subscriptions={
        "order": allow(customer="own", staff="all", operator="all"),
        "orders": allow(customer="own", staff="all", operator="all"),
    },
    rows={orders: allow(customer="own", staff="all", operator="all")},
    streams={order.category: StreamOwner(orders, customer_of)},
    events={
        "order.opened": allow(customer="own", staff="all", operator="all"),
        "order.line-added": allow(customer="own", staff="all", operator="all"),
        "order.line-removed": allow(customer="own", staff="all", operator="all"),
        "order.quantity-changed": allow(customer="own", staff="all", operator="all"),
        "order.placed": allow(customer="own", staff="all", operator="all"),
        "order.confirmed": allow(customer="own", staff="all", operator="all"),
        "order.rejected": allow(customer="own", staff="all", operator="all"),
        "order.cancelled": allow(customer="own", staff="all", operator="all"),
        "order.shipped": allow(customer="own", staff="all", operator="all"),
    },
)

# --- Types ------------------------------------------------------------------


@strawberry.enum(description="The status of an order.")
class OrderStatus(Enum):
    OPEN = "OPEN"
    PLACED = "PLACED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"


@strawberry.type(
    name="OrderPlacement", description="The placement of an order that was cancelled or rejected later."
)
class PlacementType:
    lines: list[OrderLine] = strawberry.field(description="The lines.")
    total: Money = strawberry.field(description="The sum of the lines.")
    placed_at: datetime = strawberry.field(description="When the order was placed.")

    @classmethod
    def of(cls, placement: Placement) -> Self:
        return cls(
            lines=[OrderLine.of(line) for line in placement.lines],
            total=to_money(placement.total),
            placed_at=placement.placed_at,
        )


OUTPUT_TYPES: Mapping[type, OutputMapping] = {
    Line: (OrderLine, OrderLine.of),
    Placement: (PlacementType, PlacementType.of),
}
"""The GraphQL types of this slice's values in events."""


@strawberry.type(description="An order as of a point in time.")
class OrderSnapshot:
    version: int = strawberry.field(description="The version of the order's stream.")
    status: OrderStatus | None = strawberry.field(description="The status.")
    lines: list[OrderLine] = strawberry.field(description="The lines.")
    total: Money | None = strawberry.field(description="The sum of the lines.")

    @classmethod
    def of(cls, state: OrderState, version: int) -> Self:
        lines = lines_of(state)
        status = _STATUS.get(type(state))
        return cls(
            version=version,
            status=status,
            lines=[OrderLine.of(line) for line in lines],
            total=to_money(total_of(lines)),
        )


_STATUS: Mapping[type, OrderStatus] = {
    Open: OrderStatus.OPEN,
    Placed: OrderStatus.PLACED,
    Confirmed: OrderStatus.CONFIRMED,
    RefusedOrder: OrderStatus.REJECTED,
    Cancelled: OrderStatus.CANCELLED,
    Shipped: OrderStatus.SHIPPED,
}


@strawberry.type(description="An order with its lines.")
class Order(HistoryFields, Node):
    customer_id: UUID = strawberry.field(description="The id of the customer.")
    status: OrderStatus = strawberry.field(description="The status.")
    lines: list[OrderLine] = strawberry.field(description="The lines.")
    total: Money = strawberry.field(description="The sum of the lines.")
    reason: str | None = strawberry.field(description="Why the order was rejected or cancelled.")
    opened_at: datetime = strawberry.field(description="When the order was opened.")
    placed_at: datetime | None = strawberry.field(description="When the order was placed.")
    version: int = strawberry.field(description="The version of the order's stream.")
    loaders: strawberry.Private[Loaders | None] = None

    @strawberry.field(
        description="The payment; null if none was requested. In a list with `asOf`, as of then."
    )
    async def payment(self, info: Info) -> Payment | None:
        return await payment_of(self.loaders or info.context.loaders, self.id)

    @strawberry.field(description="The fulfilment; null before the order was placed.")
    async def fulfilment(self, info: Info) -> Fulfilment | None:
        return await fulfilment_of(self.loaders or info.context.loaders, self.id)

    def stream(self) -> tuple[AnyDecider, UUID]:
        return order, self.id

    @strawberry.field(
        description="The order as of a point in time; null before it was opened.",
        metadata=declare_cost(AS_OF),
    )
    async def as_of(
        self,
        info: Info,
        at: PointInTime | None = None,
        version: DeprecatedVersion = None,
        moment: DeprecatedMoment = None,
        position: DeprecatedPosition = None,
    ) -> OrderSnapshot | None:
        loaded = await as_of(info, *self.stream(), point_in_time(at, version, moment, position))
        return None if loaded is None else OrderSnapshot.of(loaded.state, loaded.version)

    @classmethod
    def of(cls, row: OrderRow, loaders: Loaders | None = None) -> Self:
        return cls(
            id=row.id,
            customer_id=row.customer_id,
            status=OrderStatus(row.status),
            lines=[OrderLine.of(line, loaders) for line in row.lines],
            total=Money(amount=row.total, currency=row.currency),
            reason=row.reason,
            opened_at=row.opened_at,
            placed_at=row.placed_at,
            version=row.version,
            loaders=loaders,
        )


NODES: Sequence[NodeSource[Any]] = (NodeSource(orders, Order.of, ids_by_clients=True),)


async def _order(loaders: Loaders, order_id: UUID) -> Order | None:
    row = await loaders.row(orders, "id", order_id)
    return None if row is None else Order.of(row, loaders)


# --- Mutations --------------------------------------------------------------


@strawberry.type(description="The command was accepted.")
class OrderAccepted:
    position: Position = strawberry.field(description="The head of the log after this command.")
    version: int = strawberry.field(description="The version of the stream after this command.")
    events: list[EventInterface] = strawberry.field(
        description="The events that this command recorded; empty if it changed nothing."
    )
    duplicate: bool = strawberry.field(description="Whether this command id had been executed before.")
    order_id: strawberry.Private[UUID]

    @strawberry.field(description="The order, at least as new as this command.")
    async def order(self, info: Info) -> Order | None:
        await info.context.wait_for_projection(orders, self.position)
        return await _order(info.context.new_loaders(), self.order_id)


OrderOutcome = Annotated[
    OrderAccepted | Rejected | Conflict | Preview,
    strawberry.union("OrderOutcome", description="The outcome of a command to an order."),
]


@strawberry.input(description="A new order.")
class OpenOrderInput:
    customer_id: UUID = strawberry.field(description="The id of the customer.")
    id: UUID | None = strawberry.field(
        default=None, description="The order's id, a new UUID. Without it the server makes one."
    )


@strawberry.input(description="A product of an order, with its quantity.")
class OrderLineInput:
    order_id: UUID = strawberry.field(description="The order's id.")
    sku: Sku = strawberry.field(description="The product's SKU.")
    quantity: Quantity = strawberry.field(description="The number of pieces.")


@strawberry.input(description="A line of an order.")
class OrderLineRefInput:
    order_id: UUID = strawberry.field(description="The order's id.")
    sku: Sku = strawberry.field(description="The product's SKU.")


@strawberry.input(description="An order.")
class OrderRefInput:
    order_id: UUID = strawberry.field(description="The order's id.")


@strawberry.input(description="An order to cancel.")
class CancelOrderInput:
    order_id: UUID = strawberry.field(description="The order's id.")
    reason: str = strawberry.field(description="The reason, 1 to 500 characters.")


async def _execute(
    info: Info, order_id: UUID, command: OrderCommand, options: CommandOptions | None
) -> OrderOutcome:
    request = command_context(info.context, options)
    return await execute(info.context, order, order_id, command, request, OrderAccepted, order_id=order_id)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Open an order for a customer.")
    async def open_order(
        self, info: Info, input: OpenOrderInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(
            info, input.id or id_for_new(options), OpenOrder(customer_id=input.customer_id), options
        )

    @strawberry.mutation(
        description="Add a product to an open order, at its current price. Earlier pieces of its line get this price, too."
        " The price is read from the product's stream, not from a read model."
    )
    async def add_line(
        self, info: Info, input: OrderLineInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        context: Context = info.context
        price = price_of(await context.services.commands.current_state(product, product_id(input.sku)))
        # Without a price too the order decides, so that the refusal is the outcome of this command id.
        line = None if price is None else Line(sku=input.sku, quantity=input.quantity, unit_price=price)
        return await _execute(info, input.order_id, AddLine(line=line), options)

    @strawberry.mutation(description="Change the quantity of a line of an open order.")
    async def change_quantity(
        self, info: Info, input: OrderLineInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(
            info, input.order_id, ChangeQuantity(sku=input.sku, quantity=input.quantity), options
        )

    @strawberry.mutation(description="Remove a line from an open order.")
    async def remove_line(
        self, info: Info, input: OrderLineRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, RemoveLine(sku=input.sku), options)

    @strawberry.mutation(
        description="Undo the last change to an open order's lines. Call again to undo earlier changes."
    )
    async def undo_order_change(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, UndoChange(), options)

    @strawberry.mutation(
        description="Redo the change that was undone last. After a new change there is nothing to redo."
    )
    async def redo_order_change(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, RedoChange(), options)

    @strawberry.mutation(
        description="Place an open order. It cannot be changed afterwards."
        " With `occurredAt` it is history: it is not fulfilled, and cannot be shipped."
    )
    async def place_order(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        # Of the database's clock, as the time of the event: events of one order have one clock.
        at = command_context(info.context, options).occurred_at or await info.context.reader.now()
        return await _execute(info, input.order_id, PlaceOrder(at=at), options)

    @strawberry.mutation(
        description="Cancel an open, placed or confirmed order. Its payment is given back, and its goods return to stock."
    )
    async def cancel_order(
        self, info: Info, input: CancelOrderInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(
            info, input.order_id, CancelOrder(reason=clean_text(input.reason, "reason", 500)), options
        )

    @strawberry.mutation(
        description="Record that a confirmed order was shipped."
        f" Until it is paid and its goods are picked, this waits up to {MAX_FULFILMENT_WAIT_SECONDS:g} s, and is then rejected."
    )
    async def ship_order(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        context: Context = info.context
        state = await context.services.commands.current_state(order, input.order_id)
        # It is confirmed before it is paid and its goods are picked.
        is_fulfilled = isinstance(state, Confirmed) and await wait_until_fulfilled(context, input.order_id)
        return await _execute(info, input.order_id, ShipOrder(is_fulfilled=is_fulfilled), options)


# --- Queries ----------------------------------------------------------------


@strawberry.input(description="Conditions on orders; all that are given must hold.")
class OrderFilter:
    status: list[OrderStatus] | None = strawberry.field(
        default=None, description="The status is one of these."
    )
    customer_id: UUID | None = strawberry.field(default=None, description="The id of the customer.")
    placed_from: datetime | None = strawberry.field(default=None, description="Placed at this time or later.")
    placed_to: datetime | None = strawberry.field(default=None, description="Placed at this time or earlier.")


@strawberry.enum(description="The order of the list.")
class OrderSort(Enum):
    OPENED_ASC = "opened_at"
    OPENED_DESC = "-opened_at"
    TOTAL_ASC = "total"
    TOTAL_DESC = "-total"


def _conditions(filter: OrderFilter | None, columns: Columns) -> list[Condition]:
    conditions: list[Condition] = []
    if filter is None:
        return conditions
    if filter.status is not None:
        conditions.append(is_one_of(columns.status, [status.value for status in filter.status]))
    if filter.customer_id is not None:
        conditions.append(columns.customer_id == filter.customer_id)
    if filter.placed_from is not None:
        conditions.append(columns.placed_at >= parse_datetime(filter.placed_from, "placedFrom"))
    if filter.placed_to is not None:
        conditions.append(columns.placed_at <= parse_datetime(filter.placed_to, "placedTo"))
    return conditions


async def order_page(
    info: Info,
    page: Page,
    filter: OrderFilter | None,
    sort: OrderSort = OrderSort.OPENED_DESC,
    as_of: AsOf | None = None,
    min_position: Position | None = None,
) -> Connection[Order]:
    """One page of the orders that match, as of now or of a point in time."""
    context: Context = info.context
    at = await resolve_as_of(context, orders, as_of, page.scopes)
    await context.wait_for_projection(orders, min_position)
    loaders = context.loaders if at is None else context.loaders_as_of(at.position)

    async def prefetch(rows: Sequence[OrderRow]) -> None:
        if selects_field(info, "product"):
            await prefetch_products(loaders, {line.sku for row in rows for line in row.lines})

    return await paginate(
        info,
        orders,
        lambda row: Order.of(row, loaders),
        order=(sort.value.removeprefix("-"), "id"),
        descending=sort.value.startswith("-"),
        page=page,
        where=lambda columns: _conditions(filter, columns),
        as_of=at,
        prefetch=prefetch,
        optional_columns={"lines": "lines"},
    )


@strawberry.type
class Query:
    @strawberry.field(description="One order; null if it does not exist.")
    async def order(self, info: Info, id: UUID, min_position: Position | None = None) -> Order | None:
        await info.context.wait_for_projection(orders, min_position)
        return await _order(info.context.loaders, id)

    @strawberry.field(
        description="The orders. With `asOf` they are filtered, sorted and shown as of then, with their payments and products. Only their fulfilment is as of now."
    )
    async def orders(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: OrderFilter | None = None,
        sort: OrderSort = OrderSort.OPENED_DESC,
        min_position: Position | None = None,
        as_of: AsOf | None = None,
    ) -> Connection[Order]:
        page = parse_page(first, after, last, before)
        return await order_page(info, page, filter, sort, as_of, min_position)


@strawberry.type
class Subscription:
    orders = live_list(
        orders,
        Order,
        OrderFilter,
        _conditions,
        "The orders that match, then each change to that list. The first message is the list itself.",
    )

    @strawberry.subscription(
        description="The order now, and again after each change to it, and to its payment and fulfilment if they are selected. Changes that come together give one result."
    )
    async def order(self, info: Info, id: UUID) -> AsyncIterator[Order]:
        context: Context = info.context
        related: list[RelatedChanges] = []
        if selects_field(info, "payment"):
            related.append(payment_changes(id))
        if selects_field(info, "fulfilment"):
            related.append(fulfilment_changes(context.database, id))
        not_found = f"Order {id} does not exist."
        async with aclosing(
            live_query(
                context, orders, order.category, id, lambda loaders: _order(loaders, id), not_found, related
            )
        ) as views:
            async for view in views:
                yield view
