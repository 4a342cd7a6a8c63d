"""A slice that only the bench registers.

It has a mutation of the shape of receiveStock that does nothing, and orders that are constants.
"""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import strawberry

from app.engine.access.policy import ANYONE, Policy
from app.engine.graphql.context import Info
from app.engine.graphql.outcomes import CommandOptions
from app.engine.graphql.pagination import Connection, make_connection
from app.engine.graphql.scalars import Position
from app.graphql.order import Order
from app.graphql.product import ProductAccepted, ProductOutcome, ReceiveStockInput
from domain.kernel.decider import Recorded
from domain.money import Money
from domain.order_lines import Line, total_of
from domain.product import StockReceived
from projections.order import OrderRow
from projections.product import ProductRow

POLICY = Policy(queries={"someOrders": ANYONE}, mutations={"receiveNothing": ANYONE})

_SOME = UUID(int=1)
_THEN = datetime(2026, 1, 1, tzinfo=UTC)
_PRICE = Money(amount=Decimal("1.00"), currency="EUR")
_PRODUCT = ProductRow(
    id=_SOME,
    sku="BENCH-1",
    name="A thing",
    price=_PRICE.amount,
    currency=_PRICE.currency,
    on_hand=1,
    reserved=0,
    available=1,
    version=2,
)


class _Known:
    """Stands in for the loaders: every product is prefetched."""

    def prefetched(self, *_: object) -> ProductRow:
        return _PRODUCT


def _order(number: int) -> Order:
    """An order of one to four lines."""
    lines = tuple(Line(sku=f"BENCH-{n}", quantity=n + 1, unit_price=_PRICE) for n in range(number % 4 + 1))
    row = OrderRow(
        id=UUID(int=number),
        customer_id=_SOME,
        status="PLACED",
        lines=lines,
        total=total_of(lines).amount,
        currency="EUR",
        reason=None,
        opened_at=_THEN,
        placed_at=_THEN,
        version=len(lines) + 2,
    )
    return Order.of(row, _Known())  # type: ignore[arg-type]


_ORDERS = [(_order(number), "") for number in reversed(range(20))]


async def _count() -> int:
    return len(_ORDERS)


@strawberry.type
class Query:
    @strawberry.field(description="Some orders, always the same; made before anybody asks.")
    async def some_orders(self, first: int = 20) -> Connection[Order]:
        return make_connection(_ORDERS[:first], has_next=True, has_previous=False, count=_count)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Do nothing, and answer as if stock had come in.")
    async def receive_nothing(
        self, info: Info, input: ReceiveStockInput, options: CommandOptions | None = None
    ) -> ProductOutcome:
        del options
        fact = Recorded(
            1,
            "product",
            _SOME,
            1,
            StockReceived(quantity=input.quantity),
            _THEN,
            _THEN,
            info.context.actor,
            _SOME,
            _SOME,
        )
        return ProductAccepted(
            position=Position(1),
            version=1,
            events=[info.context.events.to_graphql(fact, info.context.access)],
            duplicate=False,
            sku=input.sku,
        )
