"""The fulfilment process takes an order through stock and payment. It completes all steps, or compensates all of them.

The steps are: reserve every line, authorise the payment, confirm the order, capture the payment, dispatch the goods.
Missing stock, a decline, a cancellation, a timeout or an operator starts the compensation. It undoes the steps in
reverse, then rejects the order with the reason. An order that its customer cancelled is not rejected.
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

PAYMENT_TIMEOUT = timedelta(minutes=15)
"""How long an order waits for the authorisation of its payment."""

# --- Calls of the payment gateway -------------------------------------------


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
    """What the process needs to know of the placed order."""

    order_id: UUID
    lines: tuple[Line, ...]
    total: Money


@value
class Reserving:
    job: OrderToFulfil
    missing: frozenset[UUID]
    """The products that are not reserved yet."""


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
    """`remaining` are the products that are not dispatched yet. With a `reason`, compensation starts after the last."""

    job: OrderToFulfil
    remaining: frozenset[UUID]
    dispatched: frozenset[UUID] = frozenset()
    reason: str | None = None
    cancelled: bool = False


@value
class Dispatched:
    job: OrderToFulfil
    dispatched: frozenset[UUID]


@value
class Refunding:
    """The process cancels the payment. The goods follow."""

    job: OrderToFulfil
    reason: str
    cancelled: bool
    dispatched: frozenset[UUID] = frozenset()


@value
class Compensated:
    job: OrderToFulfil
    reason: str
    cancelled: bool
    dispatched: frozenset[UUID] = frozenset()


type Fulfilment = (
    Reserving | Paying | Confirming | Capturing | Dispatching | Dispatched | Refunding | Compensated
)


def correlate(fact: Recorded[Any]) -> UUID | None:
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
            # A payment has the id of its order.
            return fact.stream_id
        case _:
            return None


def is_imported(fact: Recorded[Any]) -> bool:
    """Whether an order was placed elsewhere and is recorded here as history. It is not fulfilled.

    Only a command with `occurredAt` gives an event another time than `recorded_at`. How much they differ does not matter:
    one is the client's clock and one is the database's. So an offline client that wants its order fulfilled leaves
    `occurredAt` out. To fulfil an order of history would take money for it, which cannot be undone.
    """
    return fact.at != fact.recorded_at


def evolve(state: Fulfilment | None, fact: Recorded[Any]) -> Fulfilment | None:
    match fact.event, state:
        case OrderPlaced(lines=lines, total=total), None:
            if is_imported(fact):
                return None
            job = OrderToFulfil(order_id=fact.stream_id, lines=lines, total=total)
            return Reserving(job=job, missing=frozenset(product_id(line.sku) for line in lines))

        case StockReserved(), Reserving(missing=missing):
            return _continue_reserving(state, missing - {fact.stream_id})
        case StepSkipped(step=step), Reserving(job=job, missing=missing):
            return _continue_reserving(state, missing - _products_of("reserve", step, job))
        case ((PaymentAuthorised() | StepSkipped()), Paying(job=job)):
            return Confirming(job=job)
        case OrderConfirmed() | StepSkipped(), Confirming(job=job):
            return Capturing(job=job) if job.total.amount else _start_dispatching(job)
        case PaymentCaptured() | StepSkipped(), Capturing(job=job):
            return _start_dispatching(job)
        case StockDispatched(), Dispatching(remaining=remaining, dispatched=dispatched):
            return _continue_dispatching(
                replace(
                    state, remaining=remaining - {fact.stream_id}, dispatched=dispatched | {fact.stream_id}
                )
            )
        case StepRefused(step=step) | StepSkipped(step=step), Dispatching(job=job, remaining=remaining):
            # Goods without a reservation, because its step was skipped, cannot be dispatched.
            return _continue_dispatching(
                replace(state, remaining=remaining - _products_of("dispatch", step, job))
            )

        case OrderCancelled(reason=reason), Dispatching():
            return replace(state, reason=reason, cancelled=True)
        case CompensationForced(reason=reason), Dispatching(reason=None):
            return replace(state, reason=reason)
        case OrderCancelled(), Refunding() | Compensated():
            return replace(state, cancelled=True)
        case OrderCancelled(reason=reason), Dispatched(job=job, dispatched=dispatched):
            return _start_compensation(job, reason, cancelled=True, dispatched=dispatched)

        case OrderCancelled(reason=reason), Reserving(job=job):
            return Compensated(job=job, reason=reason, cancelled=True)
        case CompensationForced(reason=reason), Reserving(job=job):
            return Compensated(job=job, reason=reason, cancelled=False)
        case StepRefused(step=step, message=message), Reserving(job=job):
            return Compensated(job=job, reason=f"Could not {step}: {message}", cancelled=False)
        case PaymentDeclined(reason=reason), Paying(job=job) | Confirming(job=job) | Capturing(job=job):
            return Compensated(job=job, reason=f"The payment was declined: {reason}", cancelled=False)
        case DeadlinePassed(), Paying(job=job):
            return _start_compensation(job, "The payment did not come in time.")
        case OrderCancelled(reason=reason), Paying(job=job) | Confirming(job=job) | Capturing(job=job):
            return _start_compensation(job, reason, cancelled=True)
        case CompensationForced(reason=reason), Paying(job=job) | Confirming(job=job) | Capturing(job=job):
            return _start_compensation(job, reason)
        case StepRefused(step=step, message=message), Paying(job=job) | Confirming(job=job) | Capturing(
            job=job
        ):
            return _start_compensation(job, f"Could not {step}: {message}")

        case (
            # A decline that arrives late closes the payment, too.
            PaymentVoided()
            | PaymentRefunded()
            | PaymentDeclined()
            | StepRefused(step="call the payment off")
            | StepSkipped(step="call the payment off"),
            Refunding(job=job, reason=reason, cancelled=cancelled, dispatched=dispatched),
        ):
            return Compensated(job=job, reason=reason, cancelled=cancelled, dispatched=dispatched)
        case _:
            # Any other event is late, or repeats the result of a completed step.
            return state


def _products_of(verb: str, step: str, job: OrderToFulfil) -> frozenset[UUID]:
    """The product of the line that the step is about; empty if the step is about no line."""
    return frozenset(product_id(line.sku) for line in job.lines if step == f"{verb} {line.sku}")


def _continue_reserving(state: Reserving, missing: frozenset[UUID]) -> Fulfilment:
    if missing:
        return replace(state, missing=missing)
    return Paying(job=state.job) if state.job.total.amount else Confirming(job=state.job)


def _start_dispatching(job: OrderToFulfil) -> Dispatching:
    return Dispatching(job=job, remaining=frozenset(product_id(line.sku) for line in job.lines))


def _continue_dispatching(state: Dispatching) -> Fulfilment:
    if state.remaining:
        return state
    if state.reason is None:
        return Dispatched(job=state.job, dispatched=state.dispatched)
    return _start_compensation(
        state.job, state.reason, cancelled=state.cancelled, dispatched=state.dispatched
    )


def _start_compensation(
    job: OrderToFulfil, reason: str, *, cancelled: bool = False, dispatched: frozenset[UUID] = frozenset()
) -> Fulfilment:
    """The payment is cancelled first, if there is one."""
    state_type = Refunding if job.total.amount else Compensated
    return state_type(job=job, reason=reason, cancelled=cancelled, dispatched=dispatched)


# --- Reaction ---------------------------------------------------------------


def react(before: Fulfilment | None, after: Fulfilment, fact: Recorded[Any]) -> Sequence[Action]:
    """The actions that follow from the change of the state. The names of steps are stored, so they never change."""
    job = after.job
    payment_stream = payment_id(job.order_id)
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
                    payment_stream,
                    RequestPayment(order_id=job.order_id, amount=job.total),
                )
            ]
        case Paying(), Paying() if isinstance(fact.event, PaymentRequested):
            return [
                Effect(
                    step="authorise the payment", call=Authorise(payment_id=payment_stream, amount=job.total)
                ),
                Deadline(name="payment", at=fact.recorded_at + PAYMENT_TIMEOUT),
            ]
        case Reserving() | Paying(), Confirming():
            return [
                CancelDeadline(name="payment"),
                send("confirm the order", order, job.order_id, ConfirmOrder()),
            ]
        case Confirming(), Capturing():
            return [
                Effect(step="capture the payment", call=Capture(payment_id=payment_stream, amount=job.total))
            ]
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
            return _compensating_steps(after)
        case Capturing(), Compensated():
            # The gateway declined the capture, and perhaps holds the amount still.
            return [
                Withdraw(),
                *_compensating_steps(after),
                Effect(step="call the payment off", call=CancelPayment(payment_id=payment_stream)),
            ]
        case Reserving() | Paying() | Confirming() | Dispatching() | Dispatched(), Compensated():
            return [Withdraw(), CancelDeadline(name="payment"), *_compensating_steps(after)]
        case Paying() | Confirming() | Capturing() | Dispatching() | Dispatched(), Refunding():
            return [
                Withdraw(),
                CancelDeadline(name="payment"),
                Effect(step="call the payment off", call=CancelPayment(payment_id=payment_stream)),
            ]

        case Refunding() | Compensated(), _ if isinstance(fact.event, PaymentRequested):
            # The request was under way when the compensation started.
            return [Effect(step="call the payment off", call=CancelPayment(payment_id=payment_stream))]
        case Compensated(), Compensated() if isinstance(fact.event, StockReserved):
            return [_release(line, job) for line in job.lines if product_id(line.sku) == fact.stream_id]
        case _:
            return []


def _compensating_steps(state: Compensated) -> Sequence[Action]:
    """Return the goods, the last line first, then reject the order. A cancelled order is not rejected."""
    job = state.job
    steps: list[Action] = [
        send(f"restock {line.sku}", product, product_id(line.sku), ReceiveStock(quantity=line.quantity))
        if product_id(line.sku) in state.dispatched
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
    correlate=correlate,
    evolve=evolve,
    react=react,
    status=status,
    outcome=outcome,
    calls=(Authorise, Capture, CancelPayment),
)
