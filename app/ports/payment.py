"""Payment's port: makes fulfilment's calls to a gateway, and turns its answers into commands."""

from collections.abc import Mapping
from uuid import UUID

from domain.fulfilment import Authorise, CancelPayment, Capture
from domain.kernel.process import Port, SendCommand, send
from domain.payment import (
    Approval,
    CalledOff,
    Decline,
    Gateway,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RecordVoid,
    payment,
)


def payment_ports(gateway: Gateway) -> Mapping[type, Port]:
    """The calls that fulfilment makes, through this gateway."""

    async def authorise(call: Authorise, key: UUID) -> SendCommand:
        match await gateway.authorise(call.payment_id, call.amount, key):
            case Approval(reference=reference):
                return send("authorised", payment, call.payment_id, RecordAuthorisation(reference=reference))
            case Decline(reason=reason):
                return send("declined", payment, call.payment_id, RecordDecline(reason=reason))

    async def capture(call: Capture, key: UUID) -> SendCommand | None:
        match await gateway.capture(call.payment_id, call.amount, key):
            case None:
                return send("captured", payment, call.payment_id, RecordCapture(amount=call.amount))
            case Decline(reason=reason):
                return send("declined", payment, call.payment_id, RecordDecline(reason=reason))
            case CalledOff():
                return None

    async def cancel_payment(call: CancelPayment, key: UUID) -> SendCommand:
        refunded = await gateway.cancel(call.payment_id, key)
        if refunded is None:
            return send("voided", payment, call.payment_id, RecordVoid())
        return send("refunded", payment, call.payment_id, RecordRefund(amount=refunded))

    return {Authorise: authorise, Capture: capture, CancelPayment: cancel_payment}
