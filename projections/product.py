"""Products with their stock."""

from dataclasses import replace
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from domain.kernel.decider import Recorded, value
from domain.product import (
    PriceChanged,
    ProductEvent,
    ProductRegistered,
    ReservationReleased,
    StockDispatched,
    StockReceived,
    StockReserved,
    product,
)
from projections.kernel import Projection, by_stream


@value
class ProductRow:
    id: UUID
    sku: str
    name: str
    price: Decimal
    currency: str
    on_hand: int
    reserved: int
    available: int
    version: int


def fold(key: tuple[UUID], row: ProductRow | None, fact: Recorded[ProductEvent]) -> ProductRow | None:
    match fact.event, row:
        case ProductRegistered(sku=sku, name=name, price=price), _:
            (product_id,) = key
            return ProductRow(
                id=product_id,
                sku=sku,
                name=name,
                price=price.amount,
                currency=price.currency,
                on_hand=0,
                reserved=0,
                available=0,
                version=fact.version,
            )
        case _, None:
            raise AssertionError(fact)
        case PriceChanged(price=price), ProductRow():
            return replace(row, price=price.amount, currency=price.currency, version=fact.version)
        case StockReceived(quantity=quantity), ProductRow():
            return _with_stock(row, row.on_hand + quantity, row.reserved, fact.version)
        case StockReserved(quantity=quantity), ProductRow():
            return _with_stock(row, row.on_hand, row.reserved + quantity, fact.version)
        case ReservationReleased(quantity=quantity), ProductRow():
            return _with_stock(row, row.on_hand, row.reserved - quantity, fact.version)
        case StockDispatched(quantity=quantity), ProductRow():
            return _with_stock(row, row.on_hand - quantity, row.reserved - quantity, fact.version)
        case _ as missing:
            assert_never(missing)


def _with_stock(row: ProductRow, on_hand: int, reserved: int, version: int) -> ProductRow:
    return replace(row, on_hand=on_hand, reserved=reserved, available=on_hand - reserved, version=version)


products = Projection(
    name="products",
    version=2,
    row=ProductRow,
    key=("id",),
    keys=by_stream(product),
    fold=fold,
    indexes=(("sku",), ("price", "sku")),
    history=True,
)
