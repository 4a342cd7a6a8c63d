"""Payments."""

from collections.abc import Sequence
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from app.engine.access.policy import NOBODY, Policy, StreamOwner, allow
from app.engine.graphql.context import Info
from app.engine.graphql.costs import declare_cost
from app.engine.graphql.errors import BadInput
from app.engine.graphql.live_query import RelatedChanges
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.scalars import Position
from app.engine.graphql.slices.history import (
    AS_OF,
    DeprecatedMoment,
    DeprecatedPosition,
    DeprecatedVersion,
    HistoryFields,
    PointInTime,
    StreamSnapshot,
    point_in_time,
    snapshot_as_of,
)
from app.engine.graphql.slices.node import Node, NodeSource, prefixed_id
from app.engine.store.interests import stream_interest
from app.graphql.money import Money
from domain.kernel.decider import AnyDecider
from domain.payment import payment, payment_id
from projections.payment import PaymentRow, payments

PREFIX = "payment"
"""The prefix of the ids of payments."""

POLICY = Policy(
    # Only the fulfilment and the payment gateway send these.
    commands={
        "payment.request": NOBODY,
        "payment.record-authorisation": NOBODY,
        "payment.record-decline": NOBODY,
        "payment.record-capture": NOBODY,
        "payment.record-void": NOBODY,
        "payment.record-refund": NOBODY,
    },
    queries={"payment": allow(customer="own", staff="all", operator="all")},
    # A payment is the customer's whose order it pays.
    rows={payments: allow(customer="own", staff="all", operator="all")},
    streams={payment.category: StreamOwner(payments)},
    events={
        "payment.requested": allow(customer="own", staff="all", operator="all"),
        "payment.authorised": allow(customer="own", staff="all", operator="all"),
        "payment.declined": allow(customer="own", staff="all", operator="all"),
        "payment.captured": allow(customer="own", staff="all", operator="all"),
        "payment.voided": allow(customer="own", staff="all", operator="all"),
        "payment.refunded": allow(customer="own", staff="all", operator="all"),
    },
)


@strawberry.type(description="The payment of an order.")
class Payment(HistoryFields, Node):
    # The stream of a payment has the UUID of its order.
    id: strawberry.ID = strawberry.field(description="The payment's id. It is unique among all types.")  # pyright: ignore[reportIncompatibleVariableOverride] - a field instead of the method of the interface
    order_id: UUID = strawberry.field(description="The id of the order that it pays.")
    status: str = strawberry.field(
        description="REQUESTED, AUTHORISED, DECLINED, CAPTURED, VOIDED or REFUNDED."
    )
    amount: Money = strawberry.field(description="The amount.")
    reason: str | None = strawberry.field(description="Why it was declined.")
    version: int = strawberry.field(description="The version of the payment's stream.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return payment, payment_id(self.order_id)

    @strawberry.field(
        description="The payment as of a point in time; null before it was requested.",
        metadata=declare_cost(AS_OF),
    )
    async def as_of(
        self,
        info: Info,
        at: PointInTime | None = None,
        version: DeprecatedVersion = None,
        moment: DeprecatedMoment = None,
        position: DeprecatedPosition = None,
    ) -> StreamSnapshot | None:
        return await snapshot_as_of(info, *self.stream(), point_in_time(at, version, moment, position))

    @classmethod
    def of(cls, row: PaymentRow) -> Self:
        return cls(
            id=prefixed_id(PREFIX, row.id),
            order_id=row.order_id,
            status=row.status,
            amount=Money(amount=row.amount, currency=row.currency),
            reason=row.reason,
            version=row.version,
        )


NODES: Sequence[NodeSource[Any]] = (NodeSource(payments, Payment.of, PREFIX),)


async def payment_of(loaders: Loaders, order_id: UUID) -> Payment | None:
    """The payment of an order. None if no payment was requested."""
    row = await loaders.row(payments, "id", payment_id(order_id))
    return None if row is None else Payment.of(row)


def payment_changes(order_id: UUID) -> RelatedChanges:
    """The events that change the payment of an order."""
    return RelatedChanges(stream_interest(payment.category, payment_id(order_id)), projection=payments)


@strawberry.type
class Query:
    @strawberry.field(description="The payment of an order; null if none was requested.")
    async def payment(
        self,
        info: Info,
        order_id: Annotated[UUID | None, strawberry.argument(description="The id of the order.")] = None,
        min_position: Position | None = None,
        id: Annotated[
            UUID | None,
            strawberry.argument(description="The id of the order.", deprecation_reason="Use orderId."),
        ] = None,
    ) -> Payment | None:
        await info.context.wait_for_projection(payments, min_position)
        order = order_id or id
        if order is None:
            raise BadInput("orderId is required.")
        return await payment_of(info.context.loaders, order)
