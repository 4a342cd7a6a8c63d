"""The rules of an order."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from domain.money import Money
from domain.order import (
    AddLine,
    CancelOrder,
    ChangeQuantity,
    ConfirmOrder,
    CurrencyMixed,
    LineAdded,
    LineRemoved,
    LineUnknown,
    OpenOrder,
    OrderCancelled,
    OrderConfirmed,
    OrderEmpty,
    OrderEnded,
    OrderFull,
    OrderNotConfirmed,
    OrderNotOpen,
    OrderNotPlaced,
    OrderOpened,
    OrderPlaced,
    OrderRejected,
    OrderShipped,
    OrderTaken,
    OrderUnknown,
    Placement,
    PlaceOrder,
    QuantityChanged,
    RejectOrder,
    RemoveLine,
    ShipOrder,
    order,
)
from domain.order_lines import Line
from domain.sku import ProductUnknown
from tests.support.scenarios import Scenario

scenario = Scenario(order)
ANN = UUID(int=1)
BOB = UUID(int=2)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def tea(quantity: int) -> Line:
    return Line(sku="TEA", quantity=quantity, unit_price=euros("3.50"))


opened = OrderOpened(customer_id=ANN)
tea_added = LineAdded(sku="TEA", quantity=2, unit_price=euros("3.50"))
placed = OrderPlaced(customer_id=ANN, lines=(tea(2),), total=euros("7.00"), placed_at=NOON)
placement = Placement(lines=(tea(2),), total=euros("7.00"), placed_at=NOON)
cancelled = OrderCancelled(customer_id=ANN, reason="changed my mind", placement=placement)


def test_an_order_is_opened_for_a_customer() -> None:
    scenario.when(OpenOrder(customer_id=ANN)).then(opened)


def test_opening_again_for_the_same_customer_changes_nothing() -> None:
    scenario.given(opened).when(OpenOrder(customer_id=ANN)).then_nothing()


def test_an_id_in_use_cannot_be_opened_for_another_customer() -> None:
    scenario.given(opened).when(OpenOrder(customer_id=BOB)).then_rejected(OrderTaken)


def test_placing_adds_up_the_lines() -> None:
    scenario.given(opened, tea_added).when(PlaceOrder(at=NOON)).then(placed)


def test_placing_again_changes_nothing() -> None:
    scenario.given(opened, tea_added, placed).when(PlaceOrder(at=NOON)).then_nothing()


def test_an_empty_order_cannot_be_placed() -> None:
    scenario.given(opened).when(PlaceOrder(at=NOON)).then_rejected(OrderEmpty)


def test_an_order_whose_lines_were_all_removed_is_empty() -> None:
    scenario.given(opened, tea_added, LineRemoved(sku="TEA")).when(PlaceOrder(at=NOON)).then_rejected(
        OrderEmpty
    )


def test_adding_a_product_twice_adds_the_pieces() -> None:
    total = euros("17.50")
    expected = OrderPlaced(customer_id=ANN, lines=(tea(5),), total=total, placed_at=NOON)
    more = LineAdded(sku="TEA", quantity=3, unit_price=euros("3.50"))
    scenario.given(opened, tea_added, more).when(PlaceOrder(at=NOON)).then(expected)


def test_all_pieces_of_a_line_have_the_price_at_which_pieces_were_last_added() -> None:
    dearer = Line(sku="TEA", quantity=5, unit_price=euros("4.00"))
    expected = OrderPlaced(customer_id=ANN, lines=(dearer,), total=euros("20.00"), placed_at=NOON)
    more = LineAdded(sku="TEA", quantity=1, unit_price=euros("4.00"))
    fewer = QuantityChanged(sku="TEA", quantity=5)
    scenario.given(opened, tea_added, more, fewer).when(PlaceOrder(at=NOON)).then(expected)


def test_a_quantity_can_be_changed_while_the_order_is_open() -> None:
    scenario.given(opened, tea_added).when(ChangeQuantity(sku="TEA", quantity=5)).then(
        QuantityChanged(sku="TEA", quantity=5)
    )


def test_the_same_quantity_changes_nothing() -> None:
    scenario.given(opened, tea_added).when(ChangeQuantity(sku="TEA", quantity=2)).then_nothing()


def test_only_a_line_that_is_there_can_be_changed_or_removed() -> None:
    scenario.given(opened).when(RemoveLine(sku="TEA")).then_rejected(LineUnknown)
    scenario.given(opened).when(ChangeQuantity(sku="TEA", quantity=1)).then_rejected(LineUnknown)


def test_an_order_has_one_currency() -> None:
    dollars = Line(sku="MUG", quantity=1, unit_price=Money(amount=Decimal(8), currency="USD"))
    scenario.given(opened, tea_added).when(AddLine(line=dollars)).then_rejected(CurrencyMixed)


def test_a_line_has_at_most_ten_thousand_pieces() -> None:
    scenario.given(opened, tea_added).when(AddLine(line=tea(9_999))).then_rejected(OrderFull)


def test_a_placed_order_cannot_be_changed() -> None:
    for command in (AddLine(line=tea(1)), RemoveLine(sku="TEA"), ChangeQuantity(sku="TEA", quantity=1)):
        scenario.given(opened, tea_added, placed).when(command).then_rejected(OrderNotOpen)


def test_cancelling_a_placed_order_records_its_placement() -> None:
    scenario.given(opened, tea_added, placed).when(CancelOrder(reason="changed my mind")).then(cancelled)


def test_an_order_can_be_cancelled_until_it_is_shipped() -> None:
    cancel = CancelOrder(reason="changed my mind")
    scenario.given(opened, tea_added).when(cancel).then(replace(cancelled, placement=None))
    scenario.given(opened, tea_added, placed, OrderConfirmed()).when(cancel).then(cancelled)


def test_an_open_order_has_to_be_placed_before_it_is_confirmed_rejected_or_shipped() -> None:
    for command in (ConfirmOrder(), RejectOrder(reason="?"), ShipOrder(is_fulfilled=True)):
        scenario.given(opened, tea_added).when(command).then_rejected(OrderNotPlaced)


def test_a_placed_or_a_confirmed_order_can_be_rejected() -> None:
    rejected = OrderRejected(customer_id=ANN, reason="no cover", placement=placement)
    for history in ((opened, tea_added, placed), (opened, tea_added, placed, OrderConfirmed())):
        scenario.given(*history).when(RejectOrder(reason="no cover")).then(rejected)


def test_a_shipped_order_cannot_be_cancelled() -> None:
    scenario.given(opened, tea_added, placed, OrderShipped()).when(CancelOrder(reason="late")).then_rejected(
        OrderEnded
    )


def test_a_confirmed_order_is_shipped_when_it_is_paid_and_its_goods_are_picked() -> None:
    confirmed = scenario.given(opened, tea_added, placed, OrderConfirmed())
    confirmed.when(ShipOrder(is_fulfilled=True)).then(OrderShipped())
    confirmed.when(ShipOrder(is_fulfilled=False)).then_rejected(OrderNotConfirmed)


def test_a_cancelled_order_cannot_be_shipped() -> None:
    scenario.given(opened, tea_added, placed, cancelled).when(ShipOrder(is_fulfilled=True)).then_rejected(
        OrderEnded
    )


def test_a_line_needs_a_product_in_every_state_of_the_order() -> None:
    for history in ((), (opened,), (opened, tea_added, placed), (opened, tea_added, placed, cancelled)):
        scenario.given(*history).when(AddLine(line=None)).then_rejected(ProductUnknown)


def test_an_order_that_was_not_opened_is_unknown() -> None:
    for command in (
        AddLine(line=tea(1)),
        PlaceOrder(at=NOON),
        CancelOrder(reason="?"),
        ShipOrder(is_fulfilled=True),
    ):
        scenario.when(command).then_rejected(OrderUnknown)
