"""A payment is requested for an order, authorised or declined, then captured, voided or refunded."""

from collections.abc import Sequence
from typing import Protocol, assert_never
from uuid import UUID

from domain.kernel.decider import Command, Decider, Event, Rejection, command, event, value
from domain.money import Money

# --- Facts ------------------------------------------------------------------


@event("payment.requested")
class PaymentRequested(Event):
    order_id: UUID
    amount: Money


@event("payment.authorised")
class PaymentAuthorised(Event):
    reference: str


@event("payment.declined")
class PaymentDeclined(Event):
    reason: str


@event("payment.captured")
class PaymentCaptured(Event):
    amount: Money


@event("payment.voided")
class PaymentVoided(Event):
    pass


@event("payment.refunded")
class PaymentRefunded(Event):
    amount: Money


type PaymentEvent = (
    PaymentRequested | PaymentAuthorised | PaymentDeclined | PaymentCaptured | PaymentVoided | PaymentRefunded
)

# --- State ------------------------------------------------------------------


@value
class Unrequested:
    pass


@value
class Requested:
    order_id: UUID
    amount: Money


@value
class Authorised:
    """Authorised: the amount is set aside, and not yet ours."""

    order_id: UUID
    amount: Money


@value
class Captured:
    order_id: UUID
    amount: Money


@value
class Closed:
    """Declined, voided or refunded: nothing more can come of it."""

    order_id: UUID | None


type Payment = Unrequested | Requested | Authorised | Captured | Closed


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    match event, payment:
        case PaymentRequested(order_id=order_id, amount=amount), _:
            return Requested(order_id=order_id, amount=amount)
        case PaymentAuthorised(), Requested(order_id=order_id, amount=amount):
            return Authorised(order_id=order_id, amount=amount)
        case PaymentCaptured(amount=amount), Requested(order_id=order_id) | Authorised(order_id=order_id):
            return Captured(order_id=order_id, amount=amount)
        case PaymentDeclined() | PaymentVoided() | PaymentRefunded(), Unrequested():
            return Closed(order_id=None)
        case PaymentDeclined() | PaymentVoided() | PaymentRefunded(), _:
            return Closed(order_id=payment.order_id)
        case PaymentAuthorised() | PaymentCaptured(), _:
            raise AssertionError(event, payment)
        case _ as missing:
            assert_never(missing)


# --- Commands, and what may not happen --------------------------------------


@command("payment.request", formerly=("RequestPayment",))
class RequestPayment(Command):
    order_id: UUID
    amount: Money


@command("payment.record-authorisation", formerly=("RecordAuthorisation",))
class RecordAuthorisation(Command):
    reference: str


@command("payment.record-decline", formerly=("RecordDecline",))
class RecordDecline(Command):
    reason: str


@command("payment.record-capture", formerly=("RecordCapture",))
class RecordCapture(Command):
    amount: Money


@command("payment.record-void", formerly=("RecordVoid",))
class RecordVoid(Command):
    pass


@command("payment.record-refund", formerly=("RecordRefund",))
class RecordRefund(Command):
    amount: Money


type PaymentCommand = (
    RequestPayment | RecordAuthorisation | RecordDecline | RecordCapture | RecordVoid | RecordRefund
)


class PaymentUnknown(Rejection):
    """No payment was requested under this id."""


class PaymentTaken(Rejection):
    """This payment was requested for another order or amount."""


class PaymentClosed(Rejection):
    """The payment was declined, voided or refunded."""


class PaymentIsCaptured(Rejection, code="PAYMENT_CAPTURED"):
    """The payment is captured: it can only be refunded."""


def decide(command: PaymentCommand, payment: Payment) -> Sequence[PaymentEvent]:
    match command, payment:
        case RequestPayment(order_id=order_id, amount=amount), Unrequested():
            return [PaymentRequested(order_id=order_id, amount=amount)]
        case RequestPayment(order_id=order_id, amount=amount), Requested() | Authorised() | Captured():
            if (order_id, amount) != (payment.order_id, payment.amount):
                raise PaymentTaken
            return []

        case RecordAuthorisation(reference=reference), Requested():
            return [PaymentAuthorised(reference=reference)]
        case RecordAuthorisation(), Authorised() | Captured():
            return []
        case RecordDecline(reason=reason), Requested():
            return [PaymentDeclined(reason=reason)]
        case RecordCapture(amount=amount), Requested() | Authorised():
            return [PaymentCaptured(amount=amount)]
        case RecordCapture(), Captured():
            return []

        # What the gateway gave back may have come about in an answer that never reached us.
        case RecordVoid(), Requested() | Authorised():
            return [PaymentVoided()]
        case RecordRefund(amount=amount), Requested() | Authorised():
            return [PaymentCaptured(amount=amount), PaymentRefunded(amount=amount)]
        case RecordRefund(amount=amount), Captured():
            return [PaymentRefunded(amount=amount)]
        case RecordVoid() | RecordRefund(), Closed():
            return []

        case RecordDecline(), Authorised():
            raise PaymentTaken
        case RecordDecline() | RecordVoid(), Captured():
            raise PaymentIsCaptured
        case RequestPayment() | RecordAuthorisation() | RecordDecline() | RecordCapture(), Closed():
            raise PaymentClosed
        case (
            RecordAuthorisation() | RecordDecline() | RecordCapture() | RecordVoid() | RecordRefund(),
            Unrequested(),
        ):
            raise PaymentUnknown
        case _ as missing:
            assert_never(missing)


# --- The gateway, as a port -------------------------------------------------


@value
class Approval:
    """The gateway has set the amount aside."""

    reference: str


@value
class Decline:
    """The gateway will not."""

    reason: str


class Gateway(Protocol):
    """Whoever moves the money. `key` makes a call safe to repeat: the same key again gives the first answer.

    Whatever is raised means that the outcome is not known; the call is made again, with the same key.
    """

    async def authorise(self, payment_id: UUID, amount: Money, key: UUID) -> Approval | Decline:
        """Set the amount aside."""
        ...

    async def capture(self, payment_id: UUID, amount: Money, key: UUID) -> None:
        """Take the amount that was set aside."""
        ...

    async def cancel(self, payment_id: UUID, key: UUID) -> Money | None:
        """Give back whatever was set aside or taken, and let nothing be taken after: the amount that was refunded,
        None where none had been taken."""
        ...


# --- The decider ------------------------------------------------------------

payment: Decider[PaymentCommand, Payment, PaymentEvent] = Decider(
    category="payment",
    initial=Unrequested(),
    decide=decide,
    evolve=evolve,
    rejections=(PaymentUnknown, PaymentTaken, PaymentClosed, PaymentIsCaptured),
)


def payment_id(order_id: UUID) -> UUID:
    """The payment of an order: there is one, under the order's own id."""
    return order_id
