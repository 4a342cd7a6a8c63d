"""The rules of a product."""

from decimal import Decimal
from uuid import UUID

from domain.money import Money
from domain.product import (
    MAX_STOCK,
    ChangePrice,
    DispatchStock,
    NotReserved,
    OutOfStock,
    PriceChanged,
    ProductRegistered,
    ReceiveStock,
    RegisterProduct,
    ReleaseReservation,
    ReservationReleased,
    ReserveStock,
    SkuTaken,
    StockDispatched,
    StockFull,
    StockReceived,
    StockReserved,
    product,
    product_id,
)
from domain.sku import ProductUnknown
from tests.support.scenarios import Scenario

scenario = Scenario(product)
PRICE = Money(amount=Decimal("3.50"), currency="EUR")
DEARER = Money(amount=Decimal("4.00"), currency="EUR")
registered = ProductRegistered(sku="TEA", name="Tea", price=PRICE)
ten_received = StockReceived(quantity=10)
ANN, BOB = UUID(int=1), UUID(int=2)
eight_reserved = StockReserved(order_id=ANN, quantity=8)


def test_a_product_is_registered_once() -> None:
    register = RegisterProduct(sku="TEA", name="Tea", price=PRICE)
    scenario.when(register).then(registered)
    scenario.given(registered).when(register).then_nothing()


def test_registering_again_changes_nothing_also_after_the_price_has_changed() -> None:
    scenario.given(registered, PriceChanged(price=DEARER)).when(
        RegisterProduct(sku="TEA", name="Tea", price=PRICE)
    ).then_nothing()


def test_a_sku_belongs_to_one_product() -> None:
    scenario.given(registered).when(RegisterProduct(sku="TEA", name="Coffee", price=PRICE)).then_rejected(
        SkuTaken
    )


def test_nothing_can_be_done_to_a_product_that_is_not_registered() -> None:
    for command in (
        ChangePrice(price=PRICE),
        ReceiveStock(quantity=1),
        ReserveStock(order_id=ANN, quantity=1),
    ):
        scenario.when(command).then_rejected(ProductUnknown)


def test_the_same_price_changes_nothing() -> None:
    scenario.given(registered).when(ChangePrice(price=PRICE)).then_nothing()
    scenario.given(registered).when(ChangePrice(price=DEARER)).then(PriceChanged(price=DEARER))


def test_no_more_is_reserved_than_is_available() -> None:
    scenario.given(registered, ten_received, eight_reserved).when(
        ReserveStock(order_id=BOB, quantity=3)
    ).then_rejected(OutOfStock)
    scenario.given(registered, ten_received, eight_reserved).when(
        ReserveStock(order_id=BOB, quantity=2)
    ).then(StockReserved(order_id=BOB, quantity=2))


def test_an_order_reserves_once() -> None:
    scenario.given(registered, ten_received, eight_reserved).when(
        ReserveStock(order_id=ANN, quantity=8)
    ).then_nothing()


def test_a_released_reservation_is_available_again() -> None:
    released = ReservationReleased(order_id=ANN, quantity=8)
    scenario.given(registered, ten_received, eight_reserved).when(ReleaseReservation(order_id=ANN)).then(
        released
    )
    scenario.given(registered, ten_received, eight_reserved, released).when(
        ReserveStock(order_id=BOB, quantity=10)
    ).then(StockReserved(order_id=BOB, quantity=10))


def test_only_reserved_stock_is_dispatched() -> None:
    scenario.given(registered, ten_received, eight_reserved).when(DispatchStock(order_id=ANN)).then(
        StockDispatched(order_id=ANN, quantity=8)
    )
    scenario.given(registered, ten_received, eight_reserved).when(DispatchStock(order_id=BOB)).then_rejected(
        NotReserved
    )


def test_dispatched_stock_is_not_on_hand() -> None:
    dispatched = StockDispatched(order_id=ANN, quantity=8)
    scenario.given(registered, ten_received, eight_reserved, dispatched).when(
        ReserveStock(order_id=BOB, quantity=3)
    ).then_rejected(OutOfStock)


def test_the_stock_of_a_product_is_limited() -> None:
    scenario.given(registered, StockReceived(quantity=MAX_STOCK)).when(
        ReceiveStock(quantity=1)
    ).then_rejected(StockFull)


def test_the_stream_of_a_product_is_derived_from_its_sku() -> None:
    assert product_id("TEA") == product_id("TEA") != product_id("tea")
