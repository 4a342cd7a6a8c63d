"""Payments: how they look."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.engine.graphql.context import Info
from app.engine.graphql.live_query import RelatedChanges
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.scalars import Position
from app.engine.graphql.slices.history import HistoryFields, StreamState, state_as_of
from app.graphql.money import Money
from domain.kernel.decider import AnyDecider
from domain.payment import payment, payment_id
from projections.payment import PaymentRow, payments


@strawberry.type(description="The payment of an order.")
class Payment(HistoryFields):
    id: UUID = strawberry.field(description="What it is known by.")
    order_id: UUID = strawberry.field(description="What it pays for.")
    status: str = strawberry.field(
        description="REQUESTED, AUTHORISED, DECLINED, CAPTURED, VOIDED or REFUNDED."
    )
    amount: Money = strawberry.field(description="How much.")
    reason: str | None = strawberry.field(description="Why it was declined.")
    version: int = strawberry.field(description="Version of its stream.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return payment, self.id

    @strawberry.field(
        description="This payment as it was. Exactly one argument; null before it was asked for. A moment counts what was recorded by then."
    )
    async def as_of(
        self,
        info: Info,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> StreamState | None:
        return await state_as_of(info, *self.stream(), version, moment, position)

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
    """The payment of an order."""
    row = await loaders.row(payments, "id", payment_id(order_id))
    return None if row is None else Payment.of(row)


def payment_changes(order_id: UUID) -> RelatedChanges:
    """The payment of an order, where that is followed."""
    paid = payment_id(order_id)
    return RelatedChanges(lambda fact: fact.stream_id == paid and fact.category == payment.category)


@strawberry.type
class Query:
    @strawberry.field(description="One payment; null where the id is unknown.")
    async def payment(self, info: Info, id: UUID, min_position: Position | None = None) -> Payment | None:
        await info.context.wait_for_projection(payments, min_position)
        row = await info.context.loaders.row(payments, "id", id)
        return None if row is None else Payment.of(row)
