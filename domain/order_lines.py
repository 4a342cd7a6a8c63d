"""The lines of an order, one a product: the facts that change them, and how each change is taken back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.kernel.decider import event, value
from domain.kernel.undo import Undoable
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


Lines = tuple[Line, ...]
"""In the order in which they came."""


@value
class Placement:
    """What was placed, and when: carried by the facts that take it back, for readers who counted it."""

    lines: Lines
    total: Money
    placed_at: datetime


@event("order.line-added")
class LineAdded(Undoable):
    """`place` is where it went among the lines, counted from 0; at the end where none is given."""

    sku: str
    quantity: int
    unit_price: Money
    place: int | None = None


@event("order.line-removed")
class LineRemoved(Undoable):
    sku: str


@event("order.quantity-changed")
class QuantityChanged(Undoable):
    sku: str
    quantity: int


type LineEvent = LineAdded | LineRemoved | QuantityChanged


def apply_change(lines: Lines, event: LineEvent) -> Lines:
    """The lines of an open order after one change to them."""
    match event:
        case LineAdded(sku=sku, quantity=quantity, unit_price=unit_price, place=place):
            return with_line(lines, Line(sku=sku, quantity=quantity, unit_price=unit_price), place)
        case LineRemoved(sku=sku):
            return without_line(lines, sku)
        case QuantityChanged(sku=sku, quantity=quantity):
            return with_quantity(lines, sku, quantity)


def with_line(lines: Lines, added: Line, place: int | None = None) -> Lines:
    """The lines with one more, at `place` or at the end; a SKU that is there already gets the sum of both and the
    newer price."""
    if line_of(lines, added.sku) is None:
        end = len(lines) if place is None else place
        return (*lines[:end], added, *lines[end:])
    return tuple(
        replace(added, quantity=line.quantity + added.quantity) if line.sku == added.sku else line
        for line in lines
    )


def without_line(lines: Lines, sku: str) -> Lines:
    return tuple(line for line in lines if line.sku != sku)


def with_quantity(lines: Lines, sku: str, quantity: int) -> Lines:
    return tuple(replace(line, quantity=quantity) if line.sku == sku else line for line in lines)


def line_of(lines: Lines, sku: str) -> Line | None:
    return next((line for line in lines if line.sku == sku), None)


def total_of(lines: Sequence[Line]) -> Money:
    """The sum over the lines, in the currency of the first; euros where there is none."""
    currency = lines[0].unit_price.currency if lines else "EUR"
    return sum((line.total for line in lines), start=Money(amount=Decimal("0.00"), currency=currency))


# --- The inverse ------------------------------------------------------------


@value
class LineAt:
    """The line of a SKU, None where there is none, and its place among the lines."""

    sku: str
    line: Line | None = None
    place: int | None = None


def line_before(lines: Lines, event: LineEvent) -> LineAt:
    """What a change is about, as it is among these lines."""
    for place, line in enumerate(lines):
        if line.sku == event.sku:
            return LineAt(sku=event.sku, line=line, place=place)
    return LineAt(sku=event.sku)


def inverse_events(lines: Lines, spot: LineAt) -> Sequence[LineEvent]:
    """The facts that make these lines agree with the spot: the inverse of any one change since."""
    now, then = line_of(lines, spot.sku), spot.line
    if now == then:
        return []
    if now is not None and then is not None and now.unit_price == then.unit_price:
        return [QuantityChanged(sku=spot.sku, quantity=then.quantity)]
    removed = [] if now is None else [LineRemoved(sku=spot.sku)]
    if then is None:
        return removed
    place = None if spot.place == len(without_line(lines, spot.sku)) else spot.place
    return [
        *removed,
        LineAdded(sku=spot.sku, quantity=then.quantity, unit_price=then.unit_price, place=place),
    ]
