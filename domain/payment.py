"""A payment is requested for an order, authorised or declined, then captured, voided or refunded."""

from collections.abc import Sequence
from typing import Protocol, assert_never
from uuid import UUID

from domain.kernel import Command, Decider, Event, Rejected, command, event, value
from domain.money import Money

# --- Facts ------------------------------------------------------------------


@event("payment.requested")
class Requested(Event):
    order_id: UUID
    amount: Money


@event("payment.authorised")
class Authorised(Event):
    reference: str


@event("payment.declined")
class Declined(Event):
    reason: str


@event("payment.captured")
class Captured(Event):
    amount: Money


@event("payment.voided")
class Voided(Event):
    pass


@event("payment.refunded")
class Refunded(Event):
    amount: Money


type PaymentEvent = Requested | Authorised | Declined | Captured | Voided | Refunded

# --- State ------------------------------------------------------------------


@value
class Unrequested:
    pass


@value
class Pending:
    order_id: UUID
    amount: Money


@value
class Held:
    """Authorised: the amount is set aside, and not yet ours."""

    order_id: UUID
    amount: Money


@value
class Paid:
    order_id: UUID
    amount: Money


@value
class Closed:
    """Declined, voided or refunded: nothing more can come of it."""

    order_id: UUID | None


type Payment = Unrequested | Pending | Held | Paid | Closed


def evolve(payment: Payment, event: PaymentEvent) -> Payment:
    match event, payment:
        case Requested(order_id=order_id, amount=amount), _:
            return Pending(order_id=order_id, amount=amount)
        case Authorised(), Pending(order_id=order_id, amount=amount):
            return Held(order_id=order_id, amount=amount)
        case Captured(amount=amount), Pending(order_id=order_id) | Held(order_id=order_id):
            return Paid(order_id=order_id, amount=amount)
        case Declined() | Voided() | Refunded(), Unrequested():
            return Closed(order_id=None)
        case Declined() | Voided() | Refunded(), _:
            return Closed(order_id=payment.order_id)
        case Authorised() | Captured(), _:
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


class PaymentUnknown(Rejected):
    """No payment was requested under this id."""


class PaymentTaken(Rejected):
    """This payment was requested for another order or amount."""


class PaymentClosed(Rejected):
    """The payment was declined, voided or refunded."""


class PaymentCaptured(Rejected):
    """The payment is captured: it can only be refunded."""


def decide(command: PaymentCommand, payment: Payment) -> Sequence[PaymentEvent]:
    match command, payment:
        case RequestPayment(order_id=order_id, amount=amount), Unrequested():
            return [Requested(order_id=order_id, amount=amount)]
        case RequestPayment(order_id=order_id, amount=amount), Pending() | Held() | Paid():
            if (order_id, amount) != (payment.order_id, payment.amount):
                raise PaymentTaken
            return []

        case RecordAuthorisation(reference=reference), Pending():
            return [Authorised(reference=reference)]
        case RecordAuthorisation(), Held() | Paid():
            return []
        case RecordDecline(reason=reason), Pending():
            return [Declined(reason=reason)]
        case RecordCapture(amount=amount), Pending() | Held():
            return [Captured(amount=amount)]
        case RecordCapture(), Paid():
            return []

        # What the gateway gave back may have come about in an answer that never reached us.
        case RecordVoid(), Pending() | Held():
            return [Voided()]
        case RecordRefund(amount=amount), Pending() | Held():
            return [Captured(amount=amount), Refunded(amount=amount)]
        case RecordRefund(amount=amount), Paid():
            return [Refunded(amount=amount)]
        case RecordVoid() | RecordRefund(), Closed():
            return []

        case RecordDecline(), Held():
            raise PaymentTaken
        case RecordDecline() | RecordVoid(), Paid():
            raise PaymentCaptured
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
class Refusal:
    """The gateway will not."""

    reason: str


class Gateway(Protocol):
    """Whoever moves the money. `key` makes a call safe to repeat: the same key again gives the first answer.

    Whatever is raised means that the outcome is not known; the call is made again, with the same key.
    """

    async def authorise(self, payment_id: UUID, amount: Money, key: UUID) -> Approval | Refusal:
        """Set the amount aside."""
        ...

    async def capture(self, payment_id: UUID, amount: Money, key: UUID) -> None:
        """Take the amount that was set aside."""
        ...

    async def call_off(self, payment_id: UUID, key: UUID) -> Money | None:
        """Give back whatever was set aside or taken, and let nothing be taken after: the amount that was refunded,
        None where none had been taken."""
        ...


# --- The decider ------------------------------------------------------------

payment: Decider[PaymentCommand, Payment, PaymentEvent] = Decider(
    category="payment", initial=Unrequested(), decide=decide, evolve=evolve
)


def payment_id(order_id: UUID) -> UUID:
    """The payment of an order: there is one, under the order's own id."""
    return order_id
