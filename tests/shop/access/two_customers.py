"""A log with the same past of two customers.

It has every event type of the shop, with values that show whose they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from uuid import UUID, uuid4

import asyncpg

from app.composition import application
from domain.fulfilment import fulfilment
from domain.kernel.decider import Event
from domain.kernel.process import (
    CompensationForced,
    DeadlinePassed,
    Ended,
    Started,
    StepRefused,
    StepRetried,
    StepSkipped,
    StepStuck,
    StepWithdrawn,
)
from domain.money import Money
from domain.order import OrderCancelled, OrderConfirmed, OrderOpened, OrderPlaced, OrderRejected, OrderShipped
from domain.order_lines import Line, LineAdded, LineRemoved, Placement, QuantityChanged
from domain.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    payment_id,
)
from domain.product import (
    PriceChanged,
    ProductRegistered,
    ReservationReleased,
    StockDispatched,
    StockReceived,
    StockReserved,
    product_id,
)

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
SKU = "TEA"

type Past = Sequence[tuple[str, UUID, Sequence[Event]]]
"""Streams, each as category, id and events."""


@dataclass(frozen=True)
class Customer:
    """One customer, with an order of each kind. All of its values name it."""

    word: str
    sku: str
    price: Decimal
    id: UUID
    shipped: UUID
    rejected: UUID
    cancelled: UUID
    open: UUID

    @cached_property
    def canaries(self) -> Sequence[str]:
        """Texts that only this customer's data has."""
        ids = (self.id, self.shipped, self.rejected, self.cancelled, self.open, payment_id(self.shipped))
        return [*map(str, ids), *(id.hex for id in ids), self.word, str(self.price), str(self.price * 3)]

    @property
    def past(self) -> Past:
        """The life of the orders. The last event is that of the open order."""
        price = Money(amount=self.price, currency="EUR")
        line = Line(sku=SKU, quantity=3, unit_price=price)
        total = Money(amount=self.price * 3, currency="EUR")
        placement = Placement(lines=(line,), total=total, placed_at=NOW)
        opened = OrderOpened(customer_id=self.id)
        added = LineAdded(sku=SKU, quantity=3, unit_price=price)
        placed = OrderPlaced(customer_id=self.id, lines=(line,), total=total, placed_at=NOW)
        rejected = OrderRejected(customer_id=self.id, reason=self.word, placement=placement)
        edits = (QuantityChanged(sku=SKU, quantity=5), LineRemoved(sku=SKU), added)
        lifecycle = (
            Started(),
            DeadlinePassed(deadline=self.word, due=NOW),
            StepRefused(step=self.word, code="CODE", message=self.word),
            StepStuck(step=self.word, error=self.word),
            StepRetried(step=self.word),
            StepSkipped(step=self.word, reason=self.word),
            StepWithdrawn(step=self.word),
            CompensationForced(reason=self.word),
            Ended(outcome=self.word),
        )
        own = fulfilment.stream_decider.own_event
        requested = PaymentRequested(order_id=self.shipped, amount=total)
        return (
            ("order", self.shipped, (opened, added, *edits, placed, OrderConfirmed(), OrderShipped())),
            ("order", self.rejected, (opened, added, placed, rejected)),
            (
                "order",
                self.cancelled,
                (opened, OrderCancelled(customer_id=self.id, reason=self.word, placement=None)),
            ),
            (
                "product",
                product_id(self.sku),
                (
                    ProductRegistered(
                        sku=self.sku, name="Tea", price=Money(amount=Decimal(1), currency="EUR")
                    ),
                    PriceChanged(price=Money(amount=Decimal(2), currency="EUR")),
                    StockReceived(quantity=9),
                    StockReserved(order_id=self.shipped, quantity=3),
                    ReservationReleased(order_id=self.shipped, quantity=3),
                    StockReserved(order_id=self.rejected, quantity=3),
                    StockDispatched(order_id=self.rejected, quantity=3),
                ),
            ),
            (
                "payment",
                payment_id(self.shipped),
                (
                    requested,
                    PaymentAuthorised(reference=self.word),
                    PaymentCaptured(amount=total),
                    PaymentRefunded(amount=total),
                ),
            ),
            (
                "payment",
                payment_id(self.rejected),
                (PaymentRequested(order_id=self.rejected, amount=total), PaymentDeclined(reason=self.word)),
            ),
            (
                "payment",
                payment_id(self.cancelled),
                (PaymentRequested(order_id=self.cancelled, amount=total), PaymentVoided()),
            ),
            ("fulfilment", self.shipped, [own(event) for event in lifecycle]),
            ("order", self.open, (opened, added)),
        )


ANN = Customer("canary-of-ann", "P-1", Decimal("111.13"), *(uuid4() for _ in range(5)))
BEN = Customer("canary-of-ben", "P-2", Decimal("222.17"), *(uuid4() for _ in range(5)))


async def write_past(url: str) -> None:
    """Write the pasts of both customers into an empty log."""
    rows: list[tuple[object, ...]] = []
    for customer in (ANN, BEN):
        for category, stream_id, events in customer.past:
            for version, event in enumerate(events, 1):
                data, stored = application.codec.encode(event), event.stored
                place = (len(rows) + 1, category, stream_id, version, stored.name, stored.version, data)
                rows.append((*place, uuid4(), uuid4(), customer.word, NOW, NOW))
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id,"
            " correlation_id, actor, occurred_at, recorded_at)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
            rows,
        )
    finally:
        await connection.close()
