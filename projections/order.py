"""Orders with their lines, as customers and staff see them."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from domain.kernel.decider import Recorded, value
from domain.money import Money
from domain.order import (
    LineAdded,
    LineRemoved,
    OrderCancelled,
    OrderConfirmed,
    OrderEvent,
    OrderOpened,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    QuantityChanged,
    apply_change,
    order,
)
from domain.order_lines import Lines, total_of
from projections.kernel import Owner, Projection, by_stream


@value
class OrderRow:
    id: UUID
    customer_id: UUID
    status: str
    lines: Lines
    total: Decimal
    currency: str
    reason: str | None
    opened_at: datetime
    placed_at: datetime | None
    version: int


def fold(key: tuple[UUID], row: OrderRow | None, fact: Recorded[OrderEvent]) -> OrderRow | None:
    match fact.event, row:
        case OrderOpened(customer_id=customer_id), _:
            (order_id,) = key
            return OrderRow(
                id=order_id,
                customer_id=customer_id,
                status="OPEN",
                lines=(),
                total=total_of(()).amount,
                currency=total_of(()).currency,
                reason=None,
                opened_at=fact.at,
                placed_at=None,
                version=fact.version,
            )
        case _, None:
            raise AssertionError(fact)
        case LineAdded() | LineRemoved() | QuantityChanged(), OrderRow():
            return _with_lines(row, apply_change(row.lines, fact.event), fact.version)
        case OrderPlaced(total=Money(amount=amount, currency=currency), lines=lines), OrderRow():
            return replace(
                row,
                status="PLACED",
                lines=lines,
                total=amount,
                currency=currency,
                placed_at=fact.at,
                version=fact.version,
            )
        case OrderConfirmed(), OrderRow():
            return replace(row, status="CONFIRMED", version=fact.version)
        case OrderRejected(reason=reason), OrderRow():
            return replace(row, status="REJECTED", reason=reason, version=fact.version)
        case OrderCancelled(reason=reason), OrderRow():
            return replace(row, status="CANCELLED", reason=reason, version=fact.version)
        case OrderShipped(), OrderRow():
            return replace(row, status="SHIPPED", version=fact.version)
        case _ as missing:
            assert_never(missing)


def _with_lines(row: OrderRow, lines: Lines, version: int) -> OrderRow:
    total = total_of(lines)
    return replace(row, lines=lines, total=total.amount, currency=total.currency, version=version)


orders = Projection(
    name="orders",
    version=3,
    row=OrderRow,
    key=("id",),
    keys=by_stream(order),
    fold=fold,
    indexes=(("opened_at", "id"), ("total", "id"), ("customer_id", "opened_at", "id"), ("placed_at",)),
    history=True,
    owner=Owner("customer_id"),
)
