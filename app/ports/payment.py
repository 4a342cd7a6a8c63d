"""Payment's port: makes fulfilment's calls to a gateway, and turns its answers into commands."""

from collections.abc import Mapping
from uuid import UUID

from app.processes.dispatch import Port
from domain.fulfilment import Authorise, CallOff, Capture
from domain.payment import (
    Approval,
    Gateway,
    RecordAuthorisation,
    RecordCapture,
    RecordDecline,
    RecordRefund,
    RecordVoid,
    Refusal,
    payment,
)
from domain.process import Send, send


def payment_ports(gateway: Gateway) -> Mapping[type, Port]:
    """The calls that fulfilment makes, through this gateway."""

    async def authorise(call: Authorise, key: UUID) -> Send:
        match await gateway.authorise(call.payment_id, call.amount, key):
            case Approval(reference=reference):
                return send("authorised", payment, call.payment_id, RecordAuthorisation(reference=reference))
            case Refusal(reason=reason):
                return send("declined", payment, call.payment_id, RecordDecline(reason=reason))

    async def capture(call: Capture, key: UUID) -> Send:
        await gateway.capture(call.payment_id, call.amount, key)
        return send("captured", payment, call.payment_id, RecordCapture(amount=call.amount))

    async def call_off(call: CallOff, key: UUID) -> Send:
        refunded = await gateway.call_off(call.payment_id, key)
        if refunded is None:
            return send("voided", payment, call.payment_id, RecordVoid())
        return send("refunded", payment, call.payment_id, RecordRefund(amount=refunded))

    return {Authorise: authorise, Capture: capture, CallOff: call_off}
