"""An order is opened for a customer, filled line by line, placed once, and then shipped, rejected or cancelled."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never
from uuid import UUID

from domain.kernel.decider import Command, Data, Decider, Event, Rejection, Upcast, command, event, value
from domain.kernel.undo import (
    NothingToRedo,
    NothingToUndo,
    UndoHistory,
    record_edit,
    redo_events,
    undo_events,
)
from domain.money import Money
from domain.order_lines import (
    Line,
    LineAdded,
    LineAt,
    LineRemoved,
    Lines,
    Placement,
    QuantityChanged,
    apply_change,
    inverse_events,
    line_before,
    line_of,
    total_of,
    with_line,
)
from domain.sku import ProductUnknown

# --- Events -----------------------------------------------------------------


@event("order.opened")
class OrderOpened(Event):
    customer_id: UUID


@event("order.placed", version=2)
class OrderPlaced(Event):
    customer_id: UUID
    lines: Lines
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
    OrderOpened
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
    lines: Lines = ()
    edits: UndoHistory[LineAt] = UndoHistory()


@value
class Placed:
    customer_id: UUID
    placement: Placement


@value
class Confirmed:
    customer_id: UUID
    placement: Placement


@value
class Rejected:
    customer_id: UUID
    reason: str
    placement: Placement


@value
class Cancelled:
    customer_id: UUID
    reason: str
    lines: Lines
    placement: Placement | None


@value
class Shipped:
    customer_id: UUID
    placement: Placement


type Order = Unopened | Open | Placed | Confirmed | Rejected | Cancelled | Shipped


def evolve(order: Order, event: OrderEvent) -> Order:
    match event, order:
        case OrderOpened(customer_id=customer_id), _:
            return Open(customer_id=customer_id)
        case LineAdded() | LineRemoved() | QuantityChanged(), Open(lines=lines, edits=edits):
            after = apply_change(lines, event)
            return replace(
                order,
                lines=after,
                edits=record_edit(edits, event, line_before(lines, event), line_before(after, event)),
            )
        case OrderPlaced(customer_id=customer_id, lines=lines, total=total, placed_at=placed_at), _:
            return Placed(
                customer_id=customer_id, placement=Placement(lines=lines, total=total, placed_at=placed_at)
            )
        case OrderConfirmed(), Placed(customer_id=customer_id, placement=placement):
            return Confirmed(customer_id=customer_id, placement=placement)
        case OrderRejected(customer_id=customer_id, reason=reason, placement=placement), _:
            return Rejected(customer_id=customer_id, reason=reason, placement=placement)
        case OrderCancelled(customer_id=customer_id, reason=reason, placement=placement), _:
            return Cancelled(
                customer_id=customer_id, reason=reason, lines=lines_of(order), placement=placement
            )
        case OrderShipped(), Placed(customer_id=customer_id, placement=placement) | Confirmed(
            customer_id=customer_id, placement=placement
        ):
            return Shipped(customer_id=customer_id, placement=placement)
        case OrderConfirmed() | OrderShipped(), _:
            return order
        case (
            LineAdded() | LineRemoved() | QuantityChanged(),
            Unopened() | Placed() | Confirmed() | Rejected() | Cancelled() | Shipped(),
        ):
            raise AssertionError(event, order)
        case _ as missing:
            assert_never(missing)


def lines_of(order: Order) -> Lines:
    """The lines of an order in any state."""
    match order:
        case Unopened():
            return ()
        case Open(lines=lines) | Cancelled(lines=lines):
            return lines
        case (
            Placed(placement=placement)
            | Confirmed(placement=placement)
            | Rejected(placement=placement)
            | Shipped(placement=placement)
        ):
            return placement.lines


# --- Commands and rejections ------------------------------------------------


@command("order.open", formerly=("OpenOrder",))
class OpenOrder(Command):
    customer_id: UUID


@command("order.add-line", formerly=("AddLine",))
class AddLine(Command):
    line: Line | None
    """At the current price of the product; None if no product is registered under the SKU."""


@command("order.change-quantity", formerly=("ChangeQuantity",))
class ChangeQuantity(Command):
    sku: str
    quantity: int


@command("order.remove-line", formerly=("RemoveLine",))
class RemoveLine(Command):
    sku: str


@command("order.undo-change", formerly=("UndoChange",))
class UndoChange(Command):
    pass


@command("order.redo-change", formerly=("RedoChange",))
class RedoChange(Command):
    pass


@command("order.place", formerly=("PlaceOrder",))
class PlaceOrder(Command):
    at: datetime


@command("order.confirm", formerly=("ConfirmOrder",))
class ConfirmOrder(Command):
    pass


@command("order.reject", formerly=("RejectOrder",))
class RejectOrder(Command):
    reason: str


@command("order.cancel", formerly=("CancelOrder",))
class CancelOrder(Command):
    reason: str


@command("order.ship", formerly=("ShipOrder",))
class ShipOrder(Command):
    is_fulfilled: bool
    """Whether its fulfilment has ended, or there is none. Then the payment is captured, and the goods are dispatched."""


type OrderCommand = (
    OpenOrder
    | AddLine
    | ChangeQuantity
    | RemoveLine
    | UndoChange
    | RedoChange
    | PlaceOrder
    | ConfirmOrder
    | RejectOrder
    | CancelOrder
    | ShipOrder
)

MAX_LINES = 100
MAX_QUANTITY = 10_000


class OrderUnknown(Rejection):
    """No order was opened under this id."""


class OrderTaken(Rejection):
    """This id belongs to another customer's order."""


class OrderNotOpen(Rejection):
    """Only an open order can be changed."""


class OrderEmpty(Rejection):
    """An order needs at least one line before it is placed."""


class OrderFull(Rejection):
    """An order has at most 100 lines of at most 10,000 pieces each."""


class LineUnknown(Rejection):
    """The order has no line with this SKU."""


class CurrencyMixed(Rejection):
    """All lines of an order are in one currency."""


class OrderNotPlaced(Rejection):
    """An open order has to be placed before it is confirmed, rejected or shipped."""


class OrderNotConfirmed(Rejection):
    """Only a confirmed order can be shipped, when it is paid and picked. An imported order is never confirmed."""


class OrderEnded(Rejection):
    """The order has ended: it was shipped, cancelled or rejected."""


def decide(command: OrderCommand, order: Order) -> Sequence[OrderEvent]:
    match command, order:
        case OpenOrder(customer_id=customer_id), Unopened():
            return [OrderOpened(customer_id=customer_id)]
        case OpenOrder(customer_id=customer_id), Open() | Placed() | Confirmed():
            if customer_id != order.customer_id:
                raise OrderTaken
            return []
        case OpenOrder(), Rejected() | Cancelled() | Shipped():
            raise OrderEnded

        case AddLine(line=Line() as line), Open(lines=lines):
            return [_add_line(lines, line)]
        case ChangeQuantity(sku=sku, quantity=quantity), Open(lines=lines):
            if _existing_line(lines, sku).quantity == quantity:
                return []
            return [QuantityChanged(sku=sku, quantity=quantity)]
        case RemoveLine(sku=sku), Open(lines=lines):
            return [LineRemoved(sku=_existing_line(lines, sku).sku)]

        case UndoChange(), Open(edits=UndoHistory(done=())):
            raise NothingToUndo
        case UndoChange(), Open(lines=lines, edits=edits):
            return undo_events(edits, lambda before: inverse_events(lines, before))
        case RedoChange(), Open(edits=UndoHistory(undone=())):
            raise NothingToRedo
        case RedoChange(), Open(lines=lines, edits=edits):
            return redo_events(edits, lambda before: inverse_events(lines, before))

        case PlaceOrder(), Open(lines=()):
            raise OrderEmpty
        case PlaceOrder(at=at), Open(customer_id=customer_id, lines=lines):
            return [OrderPlaced(customer_id=customer_id, lines=lines, total=total_of(lines), placed_at=at)]
        case PlaceOrder(), Placed() | Confirmed() | Shipped():
            return []

        case ConfirmOrder(), Placed():
            return [OrderConfirmed()]
        case RejectOrder(reason=reason), Placed() | Confirmed():
            return [OrderRejected(customer_id=order.customer_id, reason=reason, placement=order.placement)]
        case ConfirmOrder(), Confirmed():
            return []
        case RejectOrder(), Rejected():
            return []

        case CancelOrder(reason=reason), Open(customer_id=customer_id):
            return [OrderCancelled(customer_id=customer_id, reason=reason, placement=None)]
        case CancelOrder(reason=reason), Placed() | Confirmed():
            return [OrderCancelled(customer_id=order.customer_id, reason=reason, placement=order.placement)]
        case CancelOrder(), Cancelled():
            return []

        case ShipOrder(is_fulfilled=is_fulfilled), Confirmed():
            if not is_fulfilled:
                raise OrderNotConfirmed
            return [OrderShipped()]
        case ShipOrder(), Shipped():
            return []

        case (
            AddLine(line=Line()) | ChangeQuantity() | RemoveLine() | UndoChange() | RedoChange(),
            Placed() | Confirmed() | Rejected() | Cancelled() | Shipped(),
        ):
            raise OrderNotOpen
        case PlaceOrder(), Rejected() | Cancelled():
            raise OrderNotOpen
        case ConfirmOrder() | RejectOrder() | ShipOrder(), Open():
            raise OrderNotPlaced
        case ShipOrder(), Placed():
            raise OrderNotConfirmed
        case (
            (ConfirmOrder() | ShipOrder(), Rejected() | Cancelled())
            | (ConfirmOrder() | RejectOrder() | CancelOrder(), Shipped())
            | (RejectOrder(), Cancelled())
            | (CancelOrder(), Rejected())
        ):
            raise OrderEnded
        case (
            AddLine(line=Line())
            | ChangeQuantity()
            | RemoveLine()
            | UndoChange()
            | RedoChange()
            | PlaceOrder()
            | ConfirmOrder()
            | RejectOrder()
            | CancelOrder()
            | ShipOrder(),
            Unopened(),
        ):
            raise OrderUnknown
        case AddLine(), _:
            # There is no line to add, and so the state of the order does not matter.
            raise ProductUnknown
        case _ as missing:
            assert_never(missing)


def _add_line(lines: Lines, line: Line) -> LineAdded:
    if lines and lines[0].unit_price.currency != line.unit_price.currency:
        raise CurrencyMixed
    after = with_line(lines, line)
    if len(after) > MAX_LINES or any(line.quantity > MAX_QUANTITY for line in after):
        raise OrderFull
    return LineAdded(sku=line.sku, quantity=line.quantity, unit_price=line.unit_price)


def _existing_line(lines: Lines, sku: str) -> Line:
    line = line_of(lines, sku)
    if line is None:
        raise LineUnknown
    return line


# --- Upcasts ----------------------------------------------------------------


def _with_currency(placed: Data) -> Data:
    """Version 1 held amounts without a currency. All of them were euros."""
    lines = [line | {"unit_price": _euros(line["unit_price"])} for line in placed["lines"]]
    return placed | {"lines": lines, "total": _euros(placed["total"])}


def _euros(amount: object) -> Data:
    return {"amount": amount, "currency": "EUR"}


# --- The decider ------------------------------------------------------------

order: Decider[OrderCommand, Order, OrderEvent] = Decider(
    category="order",
    initial=Unopened(),
    decide=decide,
    evolve=evolve,
    rejections=(
        OrderUnknown,
        OrderTaken,
        OrderNotOpen,
        OrderEmpty,
        OrderFull,
        LineUnknown,
        ProductUnknown,
        CurrencyMixed,
        OrderNotPlaced,
        OrderNotConfirmed,
        OrderEnded,
        NothingToUndo,
        NothingToRedo,
    ),
    upcasts=(Upcast("order.placed", 1, _with_currency),),
)
