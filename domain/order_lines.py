"""The lines of an order, one for each product: the events that change them, and the inverse of each change."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from domain.kernel.decider import event, value
from domain.kernel.undo import Undoable
from domain.money import Money

# --- Events -----------------------------------------------------------------


@value
class Line:
    sku: str
    quantity: int
    unit_price: Money

    @property
    def total(self) -> Money:
        return self.unit_price * self.quantity


Lines = tuple[Line, ...]
"""In the order in which they were added."""


@value
class Placement:
    """What was placed, and when.

    The events that cancel or reject an order carry it, so that a projection can subtract what it counted.
    """

    lines: Lines
    total: Money
    placed_at: datetime


@event("order.line-added")
class LineAdded(Undoable):
    """A line was added: at `place` among the lines, from 0, or at the end."""

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
    """The lines of an open order after one change."""
    match event:
        case LineAdded(sku=sku, quantity=quantity, unit_price=unit_price, place=place):
            return with_line(lines, Line(sku=sku, quantity=quantity, unit_price=unit_price), place)
        case LineRemoved(sku=sku):
            return without_line(lines, sku)
        case QuantityChanged(sku=sku, quantity=quantity):
            return with_quantity(lines, sku, quantity)


def with_line(lines: Lines, added: Line, place: int | None = None) -> Lines:
    """The lines with one more line, at `place` or at the end.

    A line that has the same SKU already keeps its place. It gets the sum of both quantities and the newer price.
    """
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
    """The sum of the lines, in the currency of the first line; zero euros if there is no line."""
    currency = lines[0].unit_price.currency if lines else "EUR"
    return sum((line.total for line in lines), start=Money(amount=Decimal("0.00"), currency=currency))


# --- The inverse ------------------------------------------------------------


@value
class LineAt:
    """The line of a SKU and its index among the lines; both None if there is no line."""

    sku: str
    line: Line | None = None
    place: int | None = None


def line_before(lines: Lines, event: LineEvent) -> LineAt:
    """The line that a change is about, as these lines hold it."""
    for place, line in enumerate(lines):
        if line.sku == event.sku:
            return LineAt(sku=event.sku, line=line, place=place)
    return LineAt(sku=event.sku)


def inverse_events(lines: Lines, before: LineAt) -> Sequence[LineEvent]:
    """The events that restore one line as it was `before`: the inverse of any one change since."""
    sku, now, then = before.sku, line_of(lines, before.sku), before.line
    if now == then:
        return []
    if now is not None and then is not None and now.unit_price == then.unit_price:
        return [QuantityChanged(sku=sku, quantity=then.quantity)]
    removal = [] if now is None else [LineRemoved(sku=sku)]
    if then is None:
        return removal
    place = None if before.place == len(without_line(lines, sku)) else before.place
    return [
        *removal,
        LineAdded(sku=sku, quantity=then.quantity, unit_price=then.unit_price, place=place),
    ]
