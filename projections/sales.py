"""The sales of each day: placed orders without those cancelled or rejected later, by the UTC day of placement."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date
from decimal import Decimal
from typing import Any

from domain.kernel.decider import Recorded, value
from domain.money import Money
from domain.order import OrderCancelled, OrderPlaced, OrderRejected
from domain.order_lines import Line
from projections.kernel import Key, Projection


@value
class DailySalesRow:
    day: date
    currency: str
    orders: int
    items: int
    revenue: Decimal


def keys(fact: Recorded[Any]) -> Sequence[Key]:
    match fact.event:
        # The same time counts when the order is placed and when it is subtracted again.
        case OrderPlaced(total=Money(currency=currency), placed_at=placed_at):
            return [(placed_at.astimezone(UTC).date(), currency)]
        case OrderCancelled(placement=placement) | OrderRejected(placement=placement) if (
            placement is not None
        ):
            return [(placement.placed_at.astimezone(UTC).date(), placement.total.currency)]
        case _:
            return []


def fold(key: tuple[date, str], row: DailySalesRow | None, fact: Recorded[Any]) -> DailySalesRow | None:
    day, currency = key
    row = row or DailySalesRow(day=day, currency=currency, orders=0, items=0, revenue=Decimal())
    match fact.event:
        case OrderPlaced(lines=lines, total=total):
            return _count_order(row, lines, total, 1)
        case OrderCancelled(placement=placement) | OrderRejected(placement=placement) if (
            placement is not None
        ):
            remaining = _count_order(row, placement.lines, placement.total, -1)
            return remaining if remaining.orders else None
        case _:
            return row


def _count_order(row: DailySalesRow, lines: Sequence[Line], total: Money, sign: int) -> DailySalesRow:
    return replace(
        row,
        orders=row.orders + sign,
        items=row.items + sign * sum(line.quantity for line in lines),
        revenue=row.revenue + sign * total.amount,
    )


daily_sales = Projection(
    name="daily_sales", version=2, row=DailySalesRow, key=("day", "currency"), keys=keys, fold=fold
)
