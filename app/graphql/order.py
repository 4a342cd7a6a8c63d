"""Orders: their mutations, their queries, their live view, and how they look."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.engine.graphql.as_of import AsOf, resolve_as_of
from app.engine.graphql.context import Context, Info
from app.engine.graphql.event_types import EventInterface, OutputMapping
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
    rejected,
)
from app.engine.graphql.pagination import Connection, cursor_scope, paginate
from app.engine.graphql.scalars import Position, Quantity, Sku, clean_text, parse_datetime
from app.engine.graphql.selection import selects_field
from app.engine.graphql.slices.history import HistoryFields, as_of
from app.engine.read_models.queries import Columns, Condition
from app.graphql.fulfilment import Fulfilment, fulfilment_changes, fulfilment_of
from app.graphql.money import Money, to_money
from app.graphql.order_lines import OrderLine
from app.graphql.payment import Payment, payment_changes, payment_of
from app.graphql.product import prefetch_products
from domain.kernel.decider import AnyDecider
from domain.kernel.decider import Rejection as Rule
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
    lines_of,
    order,
)
from domain.order import Order as OrderState
from domain.order import Rejected as RefusedOrder
from domain.order_lines import Line, total_of
from domain.product import price_of, product, product_id
from projections.order import OrderRow, orders

# --- How it looks -----------------------------------------------------------


@strawberry.enum(description="How far an order has come.")
class OrderStatus(Enum):
    OPEN = "OPEN"
    PLACED = "PLACED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"


@strawberry.type(name="OrderPlacement", description="What had been placed when the order was called off.")
class PlacementType:
    lines: list[OrderLine] = strawberry.field(description="The lines.")
    total: Money = strawberry.field(description="Their sum.")
    placed_at: datetime = strawberry.field(description="When.")

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
"""How this slice's values appear in events."""


@strawberry.type(description="An order as it was.")
class OrderSnapshot:
    version: int = strawberry.field(description="Version of its stream then.")
    status: OrderStatus | None = strawberry.field(description="How far it had come.")
    lines: list[OrderLine] = strawberry.field(description="What was in it.")
    total: Money | None = strawberry.field(description="The sum of its lines.")

    @classmethod
    def of(cls, was: OrderState, version: int) -> Self:
        lines = lines_of(was)
        status = _STATUS.get(type(was))
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
class Order(HistoryFields):
    id: UUID = strawberry.field(description="What it is known by.")
    customer_id: UUID = strawberry.field(description="Whose it is.")
    status: OrderStatus = strawberry.field(description="How far it has come.")
    lines: list[OrderLine] = strawberry.field(description="What is in it.")
    total: Money = strawberry.field(description="The sum of its lines.")
    reason: str | None = strawberry.field(description="Why it was rejected or cancelled.")
    opened_at: datetime = strawberry.field(description="When it was opened.")
    placed_at: datetime | None = strawberry.field(description="When it was placed.")
    version: int = strawberry.field(description="Version of its stream.")
    loaders: strawberry.Private[Loaders | None] = None

    @strawberry.field(
        description="Its payment; null where none was asked for. In a list of the past, as it was then."
    )
    async def payment(self, info: Info) -> Payment | None:
        return await payment_of(self.loaders or info.context.loaders, self.id)

    @strawberry.field(description="How far its goods and its payment have come; null before it was placed.")
    async def fulfilment(self, info: Info) -> Fulfilment | None:
        return await fulfilment_of(self.loaders or info.context.loaders, self.id)

    def stream(self) -> tuple[AnyDecider, UUID]:
        return order, self.id

    @strawberry.field(
        description="This order as it was. Exactly one argument; null before it was opened. A moment counts what was recorded by then."
    )
    async def as_of(
        self,
        info: Info,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> OrderSnapshot | None:
        was = await as_of(info, *self.stream(), version, moment, position)
        return None if was is None else OrderSnapshot.of(was.state, was.version)

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


async def _order(loaders: Loaders, order_id: UUID) -> Order | None:
    row = await loaders.row(orders, "id", order_id)
    return None if row is None else Order.of(row, loaders)


# --- Mutations --------------------------------------------------------------


@strawberry.type(description="The command was taken.")
class OrderAccepted:
    position: Position = strawberry.field(description="Where the log stood after this command.")
    version: int = strawberry.field(description="The version that it left the stream at.")
    events: list[EventInterface] = strawberry.field(
        description="What this command recorded; empty where it changed nothing."
    )
    duplicate: bool = strawberry.field(description="True where this command id had been seen before.")
    order_id: strawberry.Private[UUID]

    @strawberry.field(description="The read model, at least as new as this command.")
    async def order(self, info: Info) -> Order | None:
        await info.context.wait_for_projection(orders, self.position)
        return await _order(info.context.new_loaders(), self.order_id)


OrderOutcome = Annotated[
    OrderAccepted | Rejected | Conflict | Preview,
    strawberry.union("OrderOutcome", description="What became of a command to an order."),
]


@strawberry.input(description="A new order.")
class OpenOrderInput:
    customer_id: UUID = strawberry.field(description="Whose order it is.")
    id: UUID | None = strawberry.field(
        default=None, description="Made by the client, or by the server if left out."
    )


@strawberry.input(description="A line of an order.")
class OrderLineInput:
    order_id: UUID = strawberry.field(description="The order.")
    sku: Sku = strawberry.field(description="The product.")
    quantity: Quantity = strawberry.field(description="Pieces.")


@strawberry.input(description="Names a line of an order.")
class OrderLineRefInput:
    order_id: UUID = strawberry.field(description="The order.")
    sku: Sku = strawberry.field(description="The product.")


@strawberry.input(description="Names an order.")
class OrderRefInput:
    order_id: UUID = strawberry.field(description="The order.")


@strawberry.input(description="Calls an order off.")
class CancelOrderInput:
    order_id: UUID = strawberry.field(description="The order.")
    reason: str = strawberry.field(description="Why: 1 to 500 characters.")


async def _execute(
    info: Info, order_id: UUID, command: OrderCommand, options: CommandOptions | None
) -> OrderOutcome:
    asked = command_context(info.context, options)
    return await execute(info.context, order, order_id, command, asked, OrderAccepted, order_id=order_id)


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
        description="Add pieces of a product to an open order. The price is the product's at this moment, taken from its stream, not from a read model."
    )
    async def add_line(
        self, info: Info, input: OrderLineInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        context: Context = info.context
        try:
            price = price_of(await context.services.commands.current_state(product, product_id(input.sku)))
        except Rule as rule:
            return rejected(rule.code, rule.message)
        line = Line(sku=input.sku, quantity=input.quantity, unit_price=price)
        return await _execute(info, input.order_id, AddLine(line=line), options)

    @strawberry.mutation(description="Change how many pieces a line of an open order has.")
    async def change_quantity(
        self, info: Info, input: OrderLineInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(
            info, input.order_id, ChangeQuantity(sku=input.sku, quantity=input.quantity), options
        )

    @strawberry.mutation(description="Take a line out of an open order.")
    async def remove_line(
        self, info: Info, input: OrderLineRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, RemoveLine(sku=input.sku), options)

    @strawberry.mutation(
        description="Take back the newest change to the lines of an open order that was not taken back yet; as often as there are changes."
    )
    async def undo_order_change(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, UndoChange(), options)

    @strawberry.mutation(
        description="Make the change again that was taken back last; a new change leaves nothing to make again."
    )
    async def redo_order_change(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, RedoChange(), options)

    @strawberry.mutation(description="Place an open order; it cannot be changed after that.")
    async def place_order(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        at = command_context(info.context, options).occurred_at or datetime.now(UTC)
        return await _execute(info, input.order_id, PlaceOrder(at=at), options)

    @strawberry.mutation(description="Call an order off, open or placed.")
    async def cancel_order(
        self, info: Info, input: CancelOrderInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(
            info, input.order_id, CancelOrder(reason=clean_text(input.reason, "reason", 500)), options
        )

    @strawberry.mutation(description="Record that a confirmed order has left the house.")
    async def ship_order(
        self, info: Info, input: OrderRefInput, options: CommandOptions | None = None
    ) -> OrderOutcome:
        return await _execute(info, input.order_id, ShipOrder(), options)


# --- Queries ----------------------------------------------------------------


@strawberry.input(description="Which orders are wanted; every condition that is given must hold.")
class OrderFilter:
    status: list[OrderStatus] | None = strawberry.field(default=None, description="In one of these.")
    customer_id: UUID | None = strawberry.field(default=None, description="Of this customer.")
    placed_from: datetime | None = strawberry.field(
        default=None, description="Placed at this moment or later."
    )
    placed_to: datetime | None = strawberry.field(
        default=None, description="Placed at this moment or before."
    )


@strawberry.enum(description="How orders are ordered.")
class OrderSort(Enum):
    OPENED_ASC = "opened_at"
    OPENED_DESC = "-opened_at"
    TOTAL_ASC = "total"
    TOTAL_DESC = "-total"


def _conditions(wanted: OrderFilter | None, columns: Columns) -> list[Condition]:
    conditions: list[Condition] = []
    if wanted is None:
        return conditions
    if wanted.status is not None:
        conditions.append(columns.status.in_([status.value for status in wanted.status]))
    if wanted.customer_id is not None:
        conditions.append(columns.customer_id == wanted.customer_id)
    if wanted.placed_from is not None:
        conditions.append(columns.placed_at >= parse_datetime(wanted.placed_from, "placedFrom"))
    if wanted.placed_to is not None:
        conditions.append(columns.placed_at <= parse_datetime(wanted.placed_to, "placedTo"))
    return conditions


async def order_page(
    info: Info,
    first: int,
    after: str | None,
    wanted: OrderFilter | None,
    sort: OrderSort = OrderSort.OPENED_DESC,
    as_of: AsOf | None = None,
) -> Connection[Order]:
    """One page of the orders that are wanted, now or as they were."""
    context: Context = info.context
    at = await resolve_as_of(context, orders, as_of, cursor_scope(after))
    loaders = context.loaders if at is None else context.loaders_as_of(at.position)

    async def prefetch(rows: Sequence[OrderRow]) -> None:
        if selects_field(info, "product"):
            await prefetch_products(loaders, {line.sku for row in rows for line in row.lines})

    return await paginate(
        context,
        orders,
        lambda row: Order.of(row, loaders),
        order=(sort.value.removeprefix("-"), "id"),
        descending=sort.value.startswith("-"),
        first=first,
        after=after,
        where=lambda columns: _conditions(wanted, columns),
        as_of=at,
        prefetch=prefetch,
    )


@strawberry.type
class Query:
    @strawberry.field(description="One order; null where the id is unknown.")
    async def order(self, info: Info, id: UUID, min_position: Position | None = None) -> Order | None:
        await info.context.wait_for_projection(orders, min_position)
        return await _order(info.context.loaders, id)

    @strawberry.field(
        description="The orders. With `asOf` as they were, filtered and ordered by what they were, with their payments and products of then; their fulfilment is that of now."
    )
    async def orders(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        filter: OrderFilter | None = None,
        sort: OrderSort = OrderSort.OPENED_DESC,
        min_position: Position | None = None,
        as_of: AsOf | None = None,
    ) -> Connection[Order]:
        await info.context.wait_for_projection(orders, min_position)
        return await order_page(info, first, after, filter, sort, as_of)


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The order now, and again after each change to it, or to its payment and fulfilment where they are asked for. Changes that come together are shown together."
    )
    async def order(self, info: Info, id: UUID) -> AsyncIterator[Order]:
        context: Context = info.context
        beside: list[RelatedChanges] = []
        if selects_field(info, "payment"):
            beside.append(payment_changes(id))
        if selects_field(info, "fulfilment"):
            beside.append(fulfilment_changes(context.services.database, id))
        unknown = f"No order was opened as {id}."
        async with aclosing(
            live_query(
                context, orders, order.category, id, lambda loaders: _order(loaders, id), unknown, beside
            )
        ) as views:
            async for found in views:
                yield found
