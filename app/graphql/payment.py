"""Payments."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.engine.graphql.context import Info
from app.engine.graphql.live_query import RelatedChanges
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.scalars import Position
from app.engine.graphql.slices.history import HistoryFields, StreamSnapshot, snapshot_as_of
from app.graphql.money import Money
from domain.kernel.decider import AnyDecider
from domain.payment import payment, payment_id
from projections.payment import PaymentRow, payments


@strawberry.type(description="The payment of an order.")
class Payment(HistoryFields):
    id: UUID = strawberry.field(description="The payment's id.")
    order_id: UUID = strawberry.field(description="The id of the order that it pays.")
    status: str = strawberry.field(
        description="REQUESTED, AUTHORISED, DECLINED, CAPTURED, VOIDED or REFUNDED."
    )
    amount: Money = strawberry.field(description="The amount.")
    reason: str | None = strawberry.field(description="Why it was declined.")
    version: int = strawberry.field(description="The version of the payment's stream.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return payment, self.id

    @strawberry.field(
        description="The payment as of a point in time; null before it was requested. Exactly one argument."
    )
    async def as_of(
        self,
        info: Info,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> StreamSnapshot | None:
        return await snapshot_as_of(info, *self.stream(), version, moment, position)

    @classmethod
    def of(cls, row: PaymentRow) -> Self:
        return cls(
            id=row.id,
            order_id=row.order_id,
            status=row.status,
            amount=Money(amount=row.amount, currency=row.currency),
            reason=row.reason,
            version=row.version,
        )


async def payment_of(loaders: Loaders, order_id: UUID) -> Payment | None:
    """The payment of an order. None if no payment was requested."""
    row = await loaders.row(payments, "id", payment_id(order_id))
    return None if row is None else Payment.of(row)


def payment_changes(order_id: UUID) -> RelatedChanges:
    """The events that change the payment of an order."""
    stream_id = payment_id(order_id)
    return RelatedChanges(lambda fact: fact.stream_id == stream_id and fact.category == payment.category)


@strawberry.type
class Query:
    @strawberry.field(description="One payment; null if it does not exist.")
    async def payment(self, info: Info, id: UUID, min_position: Position | None = None) -> Payment | None:
        await info.context.wait_for_projection(payments, min_position)
        row = await info.context.loaders.row(payments, "id", id)
        return None if row is None else Payment.of(row)
