"""A payment is requested for an order, authorised or declined, then captured, voided or refunded."""

from collections.abc import Sequence
from typing import Protocol, assert_never
from uuid import UUID

from domain.kernel.decider import Command, Decider, Event, Rejection, command, event, value
from domain.money import Money

# --- Events -----------------------------------------------------------------


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
    """The gateway holds the amount for us and has not transferred it."""

    order_id: UUID
    amount: Money


@value
class Captured:
    order_id: UUID
    amount: Money


@value
class Closed:
    """The payment was declined, voided or refunded. It cannot change any more."""

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


# --- Commands and rejections ------------------------------------------------


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
        # The gateway may decline the capture, too.
        case RecordDecline(reason=reason), Requested() | Authorised():
            return [PaymentDeclined(reason=reason)]
        case RecordCapture(amount=amount), Requested() | Authorised():
            return [PaymentCaptured(amount=amount)]
        case RecordCapture(), Captured():
            return []

        # The gateway may have authorised or captured the amount in a response that was lost.
        case RecordVoid(), Requested() | Authorised():
            return [PaymentVoided()]
        case RecordRefund(amount=amount), Requested() | Authorised():
            return [PaymentCaptured(amount=amount), PaymentRefunded(amount=amount)]
        case RecordRefund(amount=amount), Captured():
            return [PaymentRefunded(amount=amount)]
        case RecordVoid() | RecordRefund(), Closed():
            return []

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


# --- The port of the gateway ------------------------------------------------


@value
class Approval:
    """The gateway holds the amount for us."""

    reference: str


@value
class Decline:
    """The gateway refuses the payment."""

    reason: str


@value
class CalledOff:
    """The payment was cancelled before. The answer of the cancellation says what became of it."""


class Gateway(Protocol):
    """The payment provider. `key` is an idempotency key: a call with the same key returns the first result.

    An exception means that the outcome is unknown. The caller repeats the call with the same key.
    """

    async def authorise(self, payment_id: UUID, amount: Money, key: UUID) -> Approval | Decline:
        """Hold the amount, so that it can be captured."""
        ...

    async def capture(self, payment_id: UUID, amount: Money, key: UUID) -> Decline | CalledOff | None:
        """Take the amount that is held. Returns None if it is taken."""
        ...

    async def cancel(self, payment_id: UUID, key: UUID) -> Money | None:
        """Release or refund the amount, and refuse later captures. Returns the refunded amount, None if none was captured."""
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
    """The stream of an order's payment. An order has one payment, under its own id."""
    return order_id
