"""A product is registered under its SKU, has a price, and counts the stock on hand and the reserved stock."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import assert_never
from uuid import UUID, uuid5

from domain.kernel.decider import Command, Decider, Event, Rejection, command, event, value
from domain.money import Money
from domain.sku import ProductUnknown

# --- Events -----------------------------------------------------------------


@event("product.registered")
class ProductRegistered(Event):
    sku: str
    name: str
    price: Money


@event("product.price-changed")
class PriceChanged(Event):
    price: Money


@event("product.stock-received")
class StockReceived(Event):
    quantity: int


@event("product.stock-reserved")
class StockReserved(Event):
    order_id: UUID
    quantity: int


@event("product.reservation-released")
class ReservationReleased(Event):
    order_id: UUID
    quantity: int


@event("product.stock-dispatched")
class StockDispatched(Event):
    order_id: UUID
    quantity: int


type ProductEvent = (
    ProductRegistered | PriceChanged | StockReceived | StockReserved | ReservationReleased | StockDispatched
)

# --- State ------------------------------------------------------------------


@value
class Unregistered:
    pass


@value
class Listed:
    """`on_hand` counts the stock with the reserved part; `reservations` holds the reserved quantity of each order."""

    registered: ProductRegistered
    price: Money
    on_hand: int = 0
    reservations: Mapping[UUID, int] = field(default_factory=dict[UUID, int])

    @property
    def available(self) -> int:
        return self.on_hand - sum(self.reservations.values())


type Product = Unregistered | Listed


def evolve(product: Product, event: ProductEvent) -> Product:
    match event, product:
        case ProductRegistered(price=price), _:
            return Listed(registered=event, price=price)
        case PriceChanged(price=price), Listed():
            return replace(product, price=price)
        case StockReceived(quantity=quantity), Listed():
            return replace(product, on_hand=product.on_hand + quantity)
        case StockReserved(order_id=order_id, quantity=quantity), Listed(reservations=reservations):
            return replace(product, reservations={**reservations, order_id: quantity})
        case ReservationReleased(order_id=order_id), Listed(reservations=reservations):
            return replace(product, reservations=_without(reservations, order_id))
        case StockDispatched(order_id=order_id, quantity=quantity), Listed(reservations=reservations):
            return replace(
                product, on_hand=product.on_hand - quantity, reservations=_without(reservations, order_id)
            )
        case (
            PriceChanged() | StockReceived() | StockReserved() | ReservationReleased() | StockDispatched(),
            Unregistered(),
        ):
            raise AssertionError(event, product)
        case _ as missing:
            assert_never(missing)


def _without(reservations: Mapping[UUID, int], order_id: UUID) -> Mapping[UUID, int]:
    return {order: quantity for order, quantity in reservations.items() if order != order_id}


# --- Commands and rejections ------------------------------------------------


@command("product.register", formerly=("Register",))
class RegisterProduct(Command):
    sku: str
    name: str
    price: Money


@command("product.change-price", formerly=("ChangePrice",))
class ChangePrice(Command):
    price: Money


@command("product.receive-stock", formerly=("ReceiveStock",))
class ReceiveStock(Command):
    quantity: int


@command("product.reserve-stock", formerly=("ReserveStock",))
class ReserveStock(Command):
    order_id: UUID
    quantity: int


@command("product.release-reservation", formerly=("ReleaseReservation",))
class ReleaseReservation(Command):
    order_id: UUID


@command("product.dispatch-stock", formerly=("DispatchStock",))
class DispatchStock(Command):
    order_id: UUID


type ProductCommand = (
    RegisterProduct | ChangePrice | ReceiveStock | ReserveStock | ReleaseReservation | DispatchStock
)


class SkuTaken(Rejection):
    """This SKU is registered already, with another name or price."""


class OutOfStock(Rejection):
    """There is not enough in stock."""


class StockFull(Rejection):
    """The stock of one product is counted up to 2,000,000,000."""


class NotReserved(Rejection):
    """Nothing is reserved for this order."""


MAX_STOCK = 2_000_000_000
"""The largest Int of GraphQL is 2,147,483,647."""


def decide(command: ProductCommand, product: Product) -> Sequence[ProductEvent]:
    match command, product:
        case RegisterProduct(sku=sku, name=name, price=price), Unregistered():
            return [ProductRegistered(sku=sku, name=name, price=price)]
        case RegisterProduct(sku=sku, name=name, price=price), Listed(registered=registered):
            if registered != ProductRegistered(sku=sku, name=name, price=price):
                raise SkuTaken
            return []
        case ChangePrice(price=price), Listed():
            return [] if price == product.price else [PriceChanged(price=price)]
        case ReceiveStock(quantity=quantity), Listed(on_hand=on_hand):
            if on_hand + quantity > MAX_STOCK:
                raise StockFull
            return [StockReceived(quantity=quantity)]
        case ReserveStock(order_id=order_id, quantity=quantity), Listed(reservations=reservations):
            if order_id in reservations:
                return []
            if quantity > product.available:
                raise OutOfStock
            return [StockReserved(order_id=order_id, quantity=quantity)]
        case ReleaseReservation(order_id=order_id), Listed(reservations=reservations):
            if order_id not in reservations:
                return []
            return [ReservationReleased(order_id=order_id, quantity=reservations[order_id])]
        case DispatchStock(order_id=order_id), Listed(reservations=reservations):
            if order_id not in reservations:
                raise NotReserved
            return [StockDispatched(order_id=order_id, quantity=reservations[order_id])]
        case (
            ChangePrice() | ReceiveStock() | ReserveStock() | ReleaseReservation() | DispatchStock(),
            Unregistered(),
        ):
            raise ProductUnknown
        case _ as missing:
            assert_never(missing)


def price_of(product: Product) -> Money | None:
    """The current price; None if no product is registered."""
    match product:
        case Listed(price=price):
            return price
        case Unregistered():
            return None


# --- The decider ------------------------------------------------------------


def product_id(sku: str) -> UUID:
    """The stream of the product with this SKU. It is derived from the SKU, so two products cannot share one."""
    return uuid5(_SKU_NAMESPACE, sku)


_SKU_NAMESPACE = UUID("6f2b1c1e-0e0b-5c43-9a57-3a8b0e0f6f10")

product: Decider[ProductCommand, Product, ProductEvent] = Decider(
    category="product",
    initial=Unregistered(),
    decide=decide,
    evolve=evolve,
    rejections=(ProductUnknown, SkuTaken, OutOfStock, StockFull, NotReserved),
    id_of=product_id,
)
