"""Payments, and what has become of each."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never
from uuid import UUID

from domain.kernel import Recorded, value
from domain.payment import (
    Authorised,
    Captured,
    Declined,
    PaymentEvent,
    Refunded,
    Requested,
    Voided,
    payment,
)
from projections.kernel import Key, Projection


@value
class PaymentRow:
    id: UUID
    order_id: UUID
    status: str
    amount: Decimal
    currency: str
    reason: str | None
    version: int


def keys(fact: Recorded[PaymentEvent]) -> Sequence[Key]:
    return [(fact.stream_id,)] if isinstance(fact.event, payment.event_types) else []


def fold(key: tuple[UUID], row: PaymentRow | None, fact: Recorded[PaymentEvent]) -> PaymentRow | None:
    match fact.event, row:
        case Requested(order_id=order_id, amount=amount), _:
            (identity,) = key
            return PaymentRow(
                id=identity,
                order_id=order_id,
                status="REQUESTED",
                amount=amount.amount,
                currency=amount.currency,
                reason=None,
                version=fact.version,
            )
        case _, None:
            raise AssertionError(fact)
        case Authorised(), PaymentRow():
            return replace(row, status="AUTHORISED", version=fact.version)
        case Declined(reason=reason), PaymentRow():
            return replace(row, status="DECLINED", reason=reason, version=fact.version)
        case Captured(), PaymentRow():
            return replace(row, status="CAPTURED", version=fact.version)
        case Voided(), PaymentRow():
            return replace(row, status="VOIDED", version=fact.version)
        case Refunded(), PaymentRow():
            return replace(row, status="REFUNDED", version=fact.version)
        case _ as missing:
            assert_never(missing)


payments = Projection(
    name="payments",
    version=2,
    row=PaymentRow,
    key=("id",),
    keys=keys,
    fold=fold,
    indexes=(("order_id",),),
    history=True,
)
