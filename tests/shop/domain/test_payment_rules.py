"""The rules of a payment."""

from decimal import Decimal
from uuid import UUID

import pytest

from domain.money import Money
from domain.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentClosed,
    PaymentCommand,
    PaymentDeclined,
    PaymentEvent,
    PaymentIsCaptured,
    PaymentRefunded,
    PaymentRequested,
    PaymentTaken,
    PaymentUnknown,
    PaymentVoided,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RecordVoid,
    RequestPayment,
    payment,
)
from tests.support.scenarios import Scenario

scenario = Scenario(payment)
ORDER = UUID(int=7)
TEN = Money(amount=Decimal("10.00"), currency="EUR")
requested = PaymentRequested(order_id=ORDER, amount=TEN)
authorised = PaymentAuthorised(reference="a1")
captured = PaymentCaptured(amount=TEN)
declined = PaymentDeclined(reason="insufficient funds")


def test_a_payment_is_requested_authorised_and_captured() -> None:
    scenario.when(RequestPayment(order_id=ORDER, amount=TEN)).then(requested)
    scenario.given(requested).when(RecordAuthorisation(reference="a1")).then(authorised)
    scenario.given(requested, authorised).when(RecordCapture(amount=TEN)).then(captured)


@pytest.mark.parametrize(
    ("history", "command"),
    [
        ([requested], RequestPayment(order_id=ORDER, amount=TEN)),
        ([requested, authorised], RecordAuthorisation(reference="a1")),
        ([requested, authorised, captured], RecordCapture(amount=TEN)),
        ([requested, PaymentVoided()], RecordVoid()),
        ([requested, authorised, captured, PaymentRefunded(amount=TEN)], RecordRefund(amount=TEN)),
    ],
)
def test_a_repeated_report_is_recorded_once(history: list[PaymentEvent], command: PaymentCommand) -> None:
    scenario.given(*history).when(command).then_nothing()


def test_a_refund_after_an_unrecorded_capture_records_both() -> None:
    scenario.given(requested, authorised).when(RecordRefund(amount=TEN)).then(
        captured, PaymentRefunded(amount=TEN)
    )


def test_a_payment_is_declined_before_it_is_captured_also_after_its_authorisation() -> None:
    decline = RecordDecline(reason="insufficient funds")
    scenario.given(requested).when(decline).then(declined)
    scenario.given(requested, authorised).when(decline).then(declined)
    scenario.given(requested, authorised, captured).when(decline).then_rejected(PaymentIsCaptured)


def test_a_closed_payment_cannot_change() -> None:
    for end in (declined, PaymentVoided()):
        for command in (
            RecordAuthorisation(reference="a1"),
            RecordCapture(amount=TEN),
            RequestPayment(order_id=ORDER, amount=TEN),
        ):
            scenario.given(requested, end).when(command).then_rejected(PaymentClosed)


def test_a_captured_payment_is_refunded_not_voided() -> None:
    scenario.given(requested, authorised, captured).when(RecordVoid()).then_rejected(PaymentIsCaptured)


def test_a_payment_is_for_one_order_and_one_amount() -> None:
    other = RequestPayment(order_id=ORDER, amount=TEN * 2)
    scenario.given(requested).when(other).then_rejected(PaymentTaken)


def test_a_payment_that_was_not_requested_is_unknown() -> None:
    scenario.when(RecordVoid()).then_rejected(PaymentUnknown)
