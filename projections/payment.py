"""Payments with their status."""

from dataclasses import replace
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from domain.kernel.decider import Recorded, value
from domain.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentEvent,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    payment,
)
from projections.kernel import Owner, Projection, by_stream
from projections.order import orders


@value
class PaymentRow:
    id: UUID
    order_id: UUID
    status: str
    amount: Decimal
    currency: str
    reason: str | None
    version: int


def fold(key: tuple[UUID], row: PaymentRow | None, fact: Recorded[PaymentEvent]) -> PaymentRow | None:
    match fact.event, row:
        case PaymentRequested(order_id=order_id, amount=amount), _:
            (payment_id,) = key
            return PaymentRow(
                id=payment_id,
                order_id=order_id,
                status="REQUESTED",
                amount=amount.amount,
                currency=amount.currency,
                reason=None,
                version=fact.version,
            )
        case _, None:
            raise AssertionError(fact)
        case PaymentAuthorised(), PaymentRow():
            return replace(row, status="AUTHORISED", version=fact.version)
        case PaymentDeclined(reason=reason), PaymentRow():
            return replace(row, status="DECLINED", reason=reason, version=fact.version)
        case PaymentCaptured(), PaymentRow():
            return replace(row, status="CAPTURED", version=fact.version)
        case PaymentVoided(), PaymentRow():
            return replace(row, status="VOIDED", version=fact.version)
        case PaymentRefunded(), PaymentRow():
            return replace(row, status="REFUNDED", version=fact.version)
        case _ as missing:
            assert_never(missing)


payments = Projection(
    name="payments",
    version=2,
    row=PaymentRow,
    key=("id",),
    keys=by_stream(payment),
    fold=fold,
    indexes=(("order_id",),),
    history=True,
    owner=Owner("order_id", of=orders),
)
