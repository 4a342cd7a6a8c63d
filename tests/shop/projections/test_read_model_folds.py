"""The folds of the read models."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from domain.kernel.decider import Event
from domain.money import Money
from domain.order import (
    LineAdded,
    OrderCancelled,
    OrderOpened,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    Placement,
)
from domain.order_lines import Line
from domain.product import (
    PriceChanged,
    ProductRegistered,
    ReservationReleased,
    StockDispatched,
    StockReceived,
    StockReserved,
)
from projections.customer import CustomerRow, customers
from projections.order import OrderRow, orders
from projections.product import ProductRow, products
from projections.sales import DailySalesRow, daily_sales
from tests.support.scenarios import NOW, STREAM, ProjectionScenario, facts

ANN = UUID(int=1)
TEA = Line(sku="TEA", quantity=2, unit_price=Money(amount=Decimal("3.50"), currency="EUR"))
SEVEN = Money(amount=Decimal("7.00"), currency="EUR")
opened = OrderOpened(customer_id=ANN)
added = LineAdded(sku="TEA", quantity=2, unit_price=TEA.unit_price)
placed = OrderPlaced(customer_id=ANN, lines=(TEA,), total=SEVEN, placed_at=NOW)
placement = Placement(lines=(TEA,), total=SEVEN, placed_at=NOW)
cancelled = OrderCancelled(customer_id=ANN, reason="late", placement=placement)
rejected = OrderRejected(customer_id=ANN, reason="no cover", placement=placement)
registered = ProductRegistered(sku="TEA", name="Tea", price=TEA.unit_price)


def test_a_placed_order_has_its_lines_and_total() -> None:
    row = OrderRow(
        id=STREAM,
        customer_id=ANN,
        status="PLACED",
        lines=(TEA,),
        total=Decimal("7.00"),
        currency="EUR",
        reason=None,
        opened_at=NOW,
        placed_at=NOW,
        version=3,
    )
    ProjectionScenario(orders).given(*facts(opened, added, placed)).then(row)


def test_available_stock_is_received_less_reserved_and_dispatched() -> None:
    history = facts(
        registered,
        StockReceived(quantity=10),
        StockReserved(order_id=ANN, quantity=4),
        StockReserved(order_id=STREAM, quantity=3),
        StockDispatched(order_id=ANN, quantity=4),
        ReservationReleased(order_id=STREAM, quantity=3),
        PriceChanged(price=Money(amount=Decimal(4), currency="EUR")),
    )
    row = ProductRow(
        id=STREAM,
        sku="TEA",
        name="Tea",
        price=Decimal(4),
        currency="EUR",
        on_hand=6,
        reserved=0,
        available=6,
        version=7,
    )
    ProjectionScenario(products).given(*history).then(row)


def test_a_placed_order_counts_for_its_customer() -> None:
    ProjectionScenario(customers).given(*facts(opened, added, placed)).then(
        CustomerRow(id=ANN, spent=(SEVEN,), placed_orders=1)
    )


@pytest.mark.parametrize("ending", [cancelled, rejected], ids=["cancelled", "rejected"])
def test_a_cancelled_or_rejected_order_does_not_count_for_its_customer(ending: Event) -> None:
    nothing = Money(amount=Decimal("0.00"), currency="EUR")
    ProjectionScenario(customers).given(*facts(opened, added, placed, ending)).then(
        CustomerRow(id=ANN, spent=(nothing,), placed_orders=0)
    )


def test_an_order_counts_on_its_day_in_utc() -> None:
    late = datetime.fromisoformat("1997-01-01T23:30:00-05:00")
    row = DailySalesRow(day=date(1997, 1, 2), currency="EUR", orders=1, items=2, revenue=Decimal("7.00"))
    ProjectionScenario(daily_sales).given(*facts(replace(placed, placed_at=late))).then(row)


def test_an_order_that_is_recorded_a_day_after_its_placement_is_subtracted_from_the_day_it_counted_on() -> (
    None
):
    recorded = NOW + timedelta(days=1)
    history = [*facts(placed, at=recorded), *facts(cancelled, at=recorded)]
    ProjectionScenario(daily_sales).given(*history).then()


@pytest.mark.parametrize("ending", [cancelled, rejected], ids=["cancelled", "rejected"])
def test_a_cancelled_or_rejected_order_is_subtracted_from_the_day_of_its_placement(ending: Event) -> None:
    later = datetime(2026, 3, 1, tzinfo=UTC)
    ProjectionScenario(daily_sales).given(*facts(placed), *facts(ending, at=later)).then()


def test_shipping_changes_no_sales() -> None:
    row = DailySalesRow(day=NOW.date(), currency="EUR", orders=1, items=2, revenue=Decimal("7.00"))
    ProjectionScenario(daily_sales).given(*facts(placed, OrderShipped())).then(row)
