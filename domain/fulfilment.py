"""Fulfilment joins an order with its goods and its payment: all of it comes about, or all of it is undone.

Placed → reserve every line → authorise the payment → confirm the order → capture → dispatch the goods. What is out of
stock, declined, cancelled, too late or called off by an operator is compensated in reverse, and the order is rejected
with the reason, unless its customer has cancelled it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.kernel.decider import Recorded, value
from domain.kernel.process import (
    Action,
    Call,
    CancelDeadline,
    CompensationForced,
    Deadline,
    DeadlinePassed,
    Effect,
    Process,
    StepRefused,
    StepSkipped,
    Withdraw,
    call,
    send,
)
from domain.money import Money
from domain.order import ConfirmOrder, Line, OrderCancelled, OrderConfirmed, OrderPlaced, RejectOrder, order
from domain.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RequestPayment,
    payment,
    payment_id,
)
from domain.product import (
    DispatchStock,
    ReceiveStock,
    ReleaseReservation,
    ReserveStock,
    StockDispatched,
    StockReserved,
    product,
    product_id,
)

PAYMENT_WITHIN = timedelta(minutes=15)
"""How long an order waits for its payment."""

IMPORTED_AFTER = timedelta(days=1)
"""An order that was placed longer ago than this when it was recorded is history: it was fulfilled in its day."""

# --- The calls that its effects make ----------------------------------------


@call("payment.authorise", formerly=("Authorise",))
class Authorise(Call):
    payment_id: UUID
    amount: Money


@call("payment.capture", formerly=("Capture",))
class Capture(Call):
    payment_id: UUID
    amount: Money


@call("payment.cancel", formerly=("CallOff",))
class CancelPayment(Call):
    payment_id: UUID


# --- State ------------------------------------------------------------------


@value
class OrderToFulfil:
    """What is to be fulfilled."""

    order_id: UUID
    lines: tuple[Line, ...]
    total: Money


@value
class Reserving:
    job: OrderToFulfil
    missing: frozenset[UUID]
    """Products that are not reserved yet."""


@value
class Paying:
    job: OrderToFulfil


@value
class Confirming:
    job: OrderToFulfil


@value
class Capturing:
    job: OrderToFulfil


@value
class Dispatching:
    """`left` are the products that have not gone yet, `gone` those that have; with a `reason` it is all undone then."""

    job: OrderToFulfil
    remaining: frozenset[UUID]
    dispatched: frozenset[UUID] = frozenset()
    reason: str | None = None
    cancelled: bool = False


@value
class Dispatched:
    job: OrderToFulfil
    gone: frozenset[UUID]


@value
class Refunding:
    """The payment is being called off; the goods follow."""

    job: OrderToFulfil
    reason: str
    cancelled: bool
    gone: frozenset[UUID] = frozenset()


@value
class Compensated:
    job: OrderToFulfil
    reason: str
    cancelled: bool
    gone: frozenset[UUID] = frozenset()


type Fulfilment = (
    Reserving | Paying | Confirming | Capturing | Dispatching | Dispatched | Refunding | Compensated
)


def key(fact: Recorded[Any]) -> UUID | None:
    match fact.event:
        case OrderPlaced() | OrderConfirmed() | OrderCancelled():
            return fact.stream_id
        case StockReserved(order_id=order_id) | StockDispatched(order_id=order_id):
            return order_id
        case (
            PaymentRequested()
            | PaymentAuthorised()
            | PaymentDeclined()
            | PaymentCaptured()
            | PaymentVoided()
            | PaymentRefunded()
        ):
            # A payment goes by its order's id.
            return fact.stream_id
        case _:
            return None


def evolve(state: Fulfilment | None, fact: Recorded[Any]) -> Fulfilment | None:
    match fact.event, state:
        case OrderPlaced(lines=lines, total=total, placed_at=placed_at), None:
            if fact.recorded_at - placed_at > IMPORTED_AFTER:
                return None
            job = OrderToFulfil(order_id=fact.stream_id, lines=lines, total=total)
            return Reserving(job=job, missing=frozenset(product_id(line.sku) for line in lines))

        case StockReserved(), Reserving(missing=missing):
            return _reserved(state, missing - {fact.stream_id})
        case StepSkipped(step=step), Reserving(job=job, missing=missing):
            return _reserved(state, missing - _named("reserve", step, job))
        case ((PaymentAuthorised() | StepSkipped()), Paying(job=job)):
            return Confirming(job=job)
        case OrderConfirmed() | StepSkipped(), Confirming(job=job):
            return Capturing(job=job) if job.total.amount else _dispatching(job)
        case PaymentCaptured() | StepSkipped(), Capturing(job=job):
            return _dispatching(job)
        case StockDispatched(), Dispatching(remaining=remaining, dispatched=dispatched):
            return _dispatched(
                replace(
                    state, remaining=remaining - {fact.stream_id}, dispatched=dispatched | {fact.stream_id}
                )
            )
        case StepRefused(step=step) | StepSkipped(step=step), Dispatching(job=job, remaining=remaining):
            # Goods whose reservation was skipped are not there to be dispatched.
            return _dispatched(replace(state, remaining=remaining - _named("dispatch", step, job)))

        case OrderCancelled(reason=reason), Dispatching():
            return replace(state, reason=reason, cancelled=True)
        case CompensationForced(reason=reason), Dispatching(reason=None):
            return replace(state, reason=reason)
        case OrderCancelled(), Refunding() | Compensated():
            return replace(state, cancelled=True)
        case OrderCancelled(reason=reason), Dispatched(job=job, gone=gone):
            return _undone(job, reason, cancelled=True, gone=gone)

        case OrderCancelled(reason=reason), Reserving(job=job):
            return Compensated(job=job, reason=reason, cancelled=True)
        case CompensationForced(reason=reason), Reserving(job=job):
            return Compensated(job=job, reason=reason, cancelled=False)
        case StepRefused(step=step, message=message), Reserving(job=job):
            return Compensated(job=job, reason=f"Could not {step}: {message}", cancelled=False)
        case PaymentDeclined(reason=reason), Paying(job=job):
            return Compensated(job=job, reason=f"The payment was declined: {reason}", cancelled=False)
        case DeadlinePassed(), Paying(job=job):
            return _undone(job, "The payment did not come in time.")
        case OrderCancelled(reason=reason), Paying(job=job) | Confirming(job=job) | Capturing(job=job):
            return _undone(job, reason, cancelled=True)
        case CompensationForced(reason=reason), Paying(job=job) | Confirming(job=job) | Capturing(job=job):
            return _undone(job, reason)
        case StepRefused(step=step, message=message), Paying(job=job) | Confirming(job=job) | Capturing(
            job=job
        ):
            return _undone(job, f"Could not {step}: {message}")

        case (
            # A decline on its way is the gateway's last word, too.
            PaymentVoided()
            | PaymentRefunded()
            | PaymentDeclined()
            | StepRefused(step="call the payment off")
            | StepSkipped(step="call the payment off"),
            Refunding(job=job, reason=reason, cancelled=cancelled, gone=gone),
        ):
            return Compensated(job=job, reason=reason, cancelled=cancelled, gone=gone)
        case _:
            # Whatever else arrives is late, or the echo of a step that has done its part.
            return state


def _named(verb: str, step: str, job: OrderToFulfil) -> frozenset[UUID]:
    """The product of the line that a step is about."""
    return frozenset(product_id(line.sku) for line in job.lines if step == f"{verb} {line.sku}")


def _reserved(state: Reserving, missing: frozenset[UUID]) -> Fulfilment:
    if missing:
        return replace(state, missing=missing)
    return Paying(job=state.job) if state.job.total.amount else Confirming(job=state.job)


def _dispatching(job: OrderToFulfil) -> Dispatching:
    return Dispatching(job=job, remaining=frozenset(product_id(line.sku) for line in job.lines))


def _dispatched(state: Dispatching) -> Fulfilment:
    if state.remaining:
        return state
    if state.reason is None:
        return Dispatched(job=state.job, gone=state.dispatched)
    return _undone(state.job, state.reason, cancelled=state.cancelled, gone=state.dispatched)


def _undone(
    job: OrderToFulfil, reason: str, *, cancelled: bool = False, gone: frozenset[UUID] = frozenset()
) -> Fulfilment:
    """Where there is a payment to call off, that comes first."""
    kind = Refunding if job.total.amount else Compensated
    return kind(job=job, reason=reason, cancelled=cancelled, gone=gone)


# --- What follows -----------------------------------------------------------


def react(before: Fulfilment | None, after: Fulfilment, fact: Recorded[Any]) -> Sequence[Action]:
    """What the step from one state to the next asks for."""
    job = after.job
    money = payment_id(job.order_id)
    match before, after:
        case None, Reserving():
            return [
                send(
                    f"reserve {line.sku}",
                    product,
                    product_id(line.sku),
                    ReserveStock(order_id=job.order_id, quantity=line.quantity),
                )
                for line in job.lines
            ]
        case Reserving(), Paying():
            return [
                send(
                    "request the payment",
                    payment,
                    money,
                    RequestPayment(order_id=job.order_id, amount=job.total),
                )
            ]
        case Paying(), Paying() if isinstance(fact.event, PaymentRequested):
            return [
                Effect(step="authorise the payment", call=Authorise(payment_id=money, amount=job.total)),
                Deadline(name="payment", at=fact.recorded_at + PAYMENT_WITHIN),
            ]
        case Reserving() | Paying(), Confirming():
            return [
                CancelDeadline(name="payment"),
                send("confirm the order", order, job.order_id, ConfirmOrder()),
            ]
        case Confirming(), Capturing():
            return [Effect(step="capture the payment", call=Capture(payment_id=money, amount=job.total))]
        case Confirming() | Capturing(), Dispatching():
            return [
                send(
                    f"dispatch {line.sku}",
                    product,
                    product_id(line.sku),
                    DispatchStock(order_id=job.order_id),
                )
                for line in job.lines
            ]

        case Refunding(), Compensated():
            return _compensate(after)
        case Reserving() | Paying() | Confirming() | Dispatching() | Dispatched(), Compensated():
            return [Withdraw(), CancelDeadline(name="payment"), *_compensate(after)]
        case Paying() | Confirming() | Capturing() | Dispatching() | Dispatched(), Refunding():
            return [
                Withdraw(),
                CancelDeadline(name="payment"),
                Effect(step="call the payment off", call=CancelPayment(payment_id=money)),
            ]

        case Refunding() | Compensated(), _ if isinstance(fact.event, PaymentRequested):
            # The request was under way when everything was called off.
            return [Effect(step="call the payment off", call=CancelPayment(payment_id=money))]
        case Compensated(), Compensated() if isinstance(fact.event, StockReserved):
            return [_release(line, job) for line in job.lines if product_id(line.sku) == fact.stream_id]
        case _:
            return []


def _compensate(state: Compensated) -> Sequence[Action]:
    """The goods, the last line first; then the order is told, unless its customer has called it off."""
    job = state.job
    steps: list[Action] = [
        send(f"restock {line.sku}", product, product_id(line.sku), ReceiveStock(quantity=line.quantity))
        if product_id(line.sku) in state.gone
        else _release(line, job)
        for line in reversed(job.lines)
    ]
    return (
        steps
        if state.cancelled
        else [*steps, send("reject the order", order, job.order_id, RejectOrder(reason=state.reason))]
    )


def _release(line: Line, job: OrderToFulfil) -> Action:
    return send(
        f"release {line.sku}", product, product_id(line.sku), ReleaseReservation(order_id=job.order_id)
    )


def status(state: Fulfilment) -> str:
    match state:
        case Reserving():
            return "reserving"
        case Paying():
            return "paying"
        case Confirming():
            return "confirming"
        case Capturing():
            return "capturing"
        case Dispatching():
            return "dispatching"
        case Dispatched():
            return "dispatched"
        case Refunding():
            return "refunding"
        case Compensated(cancelled=cancelled):
            return "cancelled" if cancelled else "rejected"


def outcome(state: Fulfilment) -> str | None:
    match state:
        case Dispatched():
            return "confirmed"
        case Compensated():
            return status(state)
        case _:
            return None


# --- The process ------------------------------------------------------------

fulfilment: Process[Fulfilment] = Process(
    category="fulfilment",
    correlate=key,
    evolve=evolve,
    react=react,
    status=status,
    outcome=outcome,
    calls=(Authorise, Capture, CancelPayment),
)
