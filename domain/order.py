"""An order is opened for a customer, filled line by line, placed once, and then shipped or called off."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from domain.kernel import Data, Decider, Event, Rejected, Upcast, event, value
from domain.money import Money

# --- Facts ------------------------------------------------------------------


@value
class Line:
    sku: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


@value
class Placement:
    """What was placed, and when: carried by the facts that take it back, for readers who counted it."""

    lines: tuple[Line, ...]
    total: Money
    placed_at: datetime


@event("order.opened")
class Opened(Event):
    customer_id: UUID


@event("order.line-added")
class LineAdded(Event):
    sku: str
    quantity: int
    unit_price: Money


@event("order.line-removed")
class LineRemoved(Event):
    sku: str


@event("order.quantity-changed")
class QuantityChanged(Event):
    sku: str
    quantity: int


@event("order.placed", version=2)
class OrderPlaced(Event):
    customer_id: UUID
    lines: tuple[Line, ...]
    total: Money
    placed_at: datetime


@event("order.confirmed")
class OrderConfirmed(Event):
    pass


@event("order.rejected")
class OrderRejected(Event):
    customer_id: UUID
    reason: str
    placement: Placement


@event("order.cancelled")
class OrderCancelled(Event):
    customer_id: UUID
    reason: str
    placement: Placement | None


@event("order.shipped")
class OrderShipped(Event):
    pass


type OrderEvent = (
    Opened
    | LineAdded
    | LineRemoved
    | QuantityChanged
    | OrderPlaced
    | OrderConfirmed
    | OrderRejected
    | OrderCancelled
    | OrderShipped
)

# --- State ------------------------------------------------------------------


@value
class Unopened:
    pass


@value
class Open:
    customer_id: UUID
    lines: tuple[Line, ...] = ()


@value
class Placed:
    customer_id: UUID
    placement: Placement


@value
class Confirmed:
    customer_id: UUID
    placement: Placement


@value
class Refused:
    pass


@value
class Cancelled:
    pass


@value
class Shipped:
    pass


type Order = Unopened | Open | Placed | Confirmed | Refused | Cancelled | Shipped


def evolve(order: Order, event: OrderEvent) -> Order:
    match event, order:
        case Opened(customer_id=customer_id), _:
            return Open(customer_id=customer_id)
        case LineAdded(sku=sku, quantity=quantity, unit_price=unit_price), Open(lines=lines):
            return replace(order, lines=with_line(lines, Line(sku=sku, quantity=quantity, unit_price=unit_price)))
        case LineRemoved(sku=sku), Open(lines=lines):
            return replace(order, lines=without_line(lines, sku))
        case QuantityChanged(sku=sku, quantity=quantity), Open(lines=lines):
            return replace(order, lines=with_quantity(lines, sku, quantity))
        case OrderPlaced(customer_id=customer_id, lines=lines, total=total, placed_at=placed_at), _:
            return Placed(
                customer_id=customer_id, placement=Placement(lines=lines, total=total, placed_at=placed_at)
            )
        case OrderConfirmed(), Placed(customer_id=customer_id, placement=placement):
            return Confirmed(customer_id=customer_id, placement=placement)
        case OrderConfirmed(), _:
            return order
        case OrderRejected(), _:
            return Refused()
        case OrderCancelled(), _:
            return Cancelled()
        case OrderShipped(), _:
            return Shipped()
        case (
            LineAdded() | LineRemoved() | QuantityChanged(),
            Unopened() | Placed() | Confirmed() | Refused() | Cancelled() | Shipped(),
        ):
            raise AssertionError(event, order)
        case _ as missing:
            assert_never(missing)


def with_line(lines: Sequence[Line], added: Line) -> tuple[Line, ...]:
    """The lines with one more; a SKU that is there already gets the sum of both and the newer price."""
    before = next((line for line in lines if line.sku == added.sku), None)
    if before is None:
        return (*lines, added)
    merged = replace(added, quantity=before.quantity + added.quantity)
    return tuple(merged if line.sku == added.sku else line for line in lines)


def without_line(lines: Sequence[Line], sku: str) -> tuple[Line, ...]:
    return tuple(line for line in lines if line.sku != sku)


def with_quantity(lines: Sequence[Line], sku: str, quantity: int) -> tuple[Line, ...]:
    return tuple(replace(line, quantity=quantity) if line.sku == sku else line for line in lines)


def total_of(lines: Sequence[Line]) -> Money:
    """The sum over the lines, in the currency of the first; euros where there is none."""
    currency = lines[0].unit_price.currency if lines else "EUR"
    return sum((line.total for line in lines), start=Money(amount=Decimal("0.00"), currency=currency))


# --- Commands, and what may not happen --------------------------------------


@value
class OpenOrder:
    customer_id: UUID


@value
class AddLine:
    line: Line


@value
class ChangeQuantity:
    sku: str
    quantity: int


@value
class RemoveLine:
    sku: str


@value
class PlaceOrder:
    at: datetime


@value
class ConfirmOrder:
    pass


@value
class RejectOrder:
    reason: str


@value
class CancelOrder:
    reason: str


@value
class ShipOrder:
    pass


type OrderCommand = (
    OpenOrder
    | AddLine
    | ChangeQuantity
    | RemoveLine
    | PlaceOrder
    | ConfirmOrder
    | RejectOrder
    | CancelOrder
    | ShipOrder
)

MOST_LINES = 100
MOST_OF_ONE = 10_000


class OrderUnknown(Rejected):
    """No order was opened under this id."""


class OrderTaken(Rejected):
    """This id belongs to another customer's order."""


class OrderNotOpen(Rejected):
    """Only an open order can be changed."""


class OrderEmpty(Rejected):
    """An order needs at least one line before it is placed."""


class OrderFull(Rejected):
    """An order has at most 100 lines of at most 10,000 pieces each."""


class LineUnknown(Rejected):
    """The order has no line with this SKU."""


class CurrencyMixed(Rejected):
    """All lines of an order are in one currency."""


class OrderNotPlaced(Rejected):
    """Only a placed order can be confirmed, rejected or shipped."""


class OrderEnded(Rejected):
    """The order has ended: it was shipped, cancelled or rejected."""


def decide(command: OrderCommand, order: Order) -> Sequence[OrderEvent]:
    match command, order:
        case OpenOrder(customer_id=customer_id), Unopened():
            return [Opened(customer_id=customer_id)]
        case OpenOrder(customer_id=customer_id), Open() | Placed() | Confirmed():
            if customer_id != order.customer_id:
                raise OrderTaken
            return []
        case OpenOrder(), Refused() | Cancelled() | Shipped():
            raise OrderEnded

        case AddLine(line=line), Open(lines=lines):
            return [_added(lines, line)]
        case ChangeQuantity(sku=sku, quantity=quantity), Open(lines=lines):
            if _line(lines, sku).quantity == quantity:
                return []
            return [QuantityChanged(sku=sku, quantity=quantity)]
        case RemoveLine(sku=sku), Open(lines=lines):
            return [LineRemoved(sku=_line(lines, sku).sku)]

        case PlaceOrder(), Open(lines=()):
            raise OrderEmpty
        case PlaceOrder(at=at), Open(customer_id=customer_id, lines=lines):
            return [OrderPlaced(customer_id=customer_id, lines=lines, total=total_of(lines), placed_at=at)]
        case PlaceOrder(), Placed() | Confirmed() | Shipped():
            return []

        case ConfirmOrder(), Placed():
            return [OrderConfirmed()]
        case RejectOrder(reason=reason), Placed(customer_id=customer_id, placement=placement):
            return [OrderRejected(customer_id=customer_id, reason=reason, placement=placement)]
        case ConfirmOrder(), Confirmed():
            return []
        case RejectOrder(), Refused():
            return []

        case CancelOrder(reason=reason), Open(customer_id=customer_id):
            return [OrderCancelled(customer_id=customer_id, reason=reason, placement=None)]
        case CancelOrder(reason=reason), Placed() | Confirmed():
            return [OrderCancelled(customer_id=order.customer_id, reason=reason, placement=order.placement)]
        case CancelOrder(), Cancelled():
            return []

        case ShipOrder(), Placed() | Confirmed():
            return [OrderShipped()]
        case ShipOrder(), Shipped():
            return []

        case (AddLine() | ChangeQuantity() | RemoveLine(), Placed() | Confirmed() | Refused() | Cancelled() | Shipped()):
            raise OrderNotOpen
        case PlaceOrder(), Refused() | Cancelled():
            raise OrderNotOpen
        case ConfirmOrder() | RejectOrder() | ShipOrder(), Open():
            raise OrderNotPlaced
        case RejectOrder(), Confirmed():
            raise OrderNotPlaced
        case (
            (ConfirmOrder() | ShipOrder(), Refused() | Cancelled())
            | (ConfirmOrder() | RejectOrder() | CancelOrder(), Shipped())
            | (RejectOrder(), Cancelled())
            | (CancelOrder(), Refused())
        ):
            raise OrderEnded
        case (
            AddLine()
            | ChangeQuantity()
            | RemoveLine()
            | PlaceOrder()
            | ConfirmOrder()
            | RejectOrder()
            | CancelOrder()
            | ShipOrder(),
            Unopened(),
        ):
            raise OrderUnknown
        case _ as missing:
            assert_never(missing)


def _added(lines: Sequence[Line], line: Line) -> LineAdded:
    if lines and lines[0].unit_price.currency != line.unit_price.currency:
        raise CurrencyMixed
    after = with_line(lines, line)
    if len(after) > MOST_LINES or any(each.quantity > MOST_OF_ONE for each in after):
        raise OrderFull
    return LineAdded(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price)


def _line(lines: Sequence[Line], sku: str) -> Line:
    for line in lines:
        if line.sku == sku:
            return line
    raise LineUnknown


# --- How older facts are read -----------------------------------------------


def _in_euros(placed: Data) -> Data:
    """Before there were currencies, the shop sold in euros and wrote bare amounts."""
    lines = [line | {"unit_price": _euros(line["unit_price"])} for line in placed["lines"]]
    return placed | {"lines": lines, "total": _euros(placed["total"])}


def _euros(amount: object) -> Data:
    return {"amount": amount, "currency": "EUR"}


# --- The decider ------------------------------------------------------------

order: Decider[OrderCommand, Order, OrderEvent] = Decider(
    category="order", initial=Unopened(), decide=decide, evolve=evolve, upcasts=(Upcast("order.placed", 1, _in_euros),)
)
