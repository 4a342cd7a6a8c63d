"""The actions of the fulfilment process, and when it takes them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from domain.fulfilment import (
    PAYMENT_TIMEOUT,
    Authorise,
    CancelPayment,
    Capture,
    Dispatched,
    OrderToFulfil,
    fulfilment,
)
from domain.kernel.decider import Recorded
from domain.kernel.process import (
    CancelDeadline,
    CompensationForced,
    Deadline,
    DeadlinePassed,
    Effect,
    SendCommand,
    StepRefused,
    StepSkipped,
    Withdraw,
    send,
)
from domain.money import Money
from domain.order import ConfirmOrder, OrderCancelled, OrderConfirmed, OrderPlaced, RejectOrder, order
from domain.order_lines import Line
from domain.payment import (
    PaymentAuthorised,
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PaymentRequested,
    PaymentVoided,
    RequestPayment,
    payment,
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
from tests.support.scenarios import NOW, STREAM, ProcessScenario, fact

scenario = ProcessScenario(fulfilment)
TEA = Line(sku="TEA", quantity=2, unit_price=Money(amount=Decimal("3.50"), currency="EUR"))
CUP = Line(sku="CUP", quantity=1, unit_price=Money(amount=Decimal("9.00"), currency="EUR"))
TOTAL = Money(amount=Decimal("16.00"), currency="EUR")

placed = fact(OrderPlaced(customer_id=UUID(int=1), lines=(TEA, CUP), total=TOTAL, placed_at=NOW))
tea_reserved = fact(StockReserved(order_id=STREAM, quantity=2), stream=product_id("TEA"))
cup_reserved = fact(StockReserved(order_id=STREAM, quantity=1), stream=product_id("CUP"))
requested = fact(PaymentRequested(order_id=STREAM, amount=TOTAL))
authorised = fact(PaymentAuthorised(reference="a1"))
confirmed = fact(OrderConfirmed())
captured = fact(PaymentCaptured(amount=TOTAL))
tea_dispatched = fact(StockDispatched(order_id=STREAM, quantity=2), stream=product_id("TEA"))
cup_dispatched = fact(StockDispatched(order_id=STREAM, quantity=1), stream=product_id("CUP"))
cancelled = fact(OrderCancelled(customer_id=UUID(int=1), reason="changed my mind", placement=None))

paying = (placed, tea_reserved, cup_reserved, requested)
dispatched = (*paying, authorised, confirmed, captured, tea_dispatched, cup_dispatched)
reserve_all = (
    send("reserve TEA", product, product_id("TEA"), ReserveStock(order_id=STREAM, quantity=2)),
    send("reserve CUP", product, product_id("CUP"), ReserveStock(order_id=STREAM, quantity=1)),
)
release_all = (
    send("release CUP", product, product_id("CUP"), ReleaseReservation(order_id=STREAM)),
    send("release TEA", product, product_id("TEA"), ReleaseReservation(order_id=STREAM)),
)
cancel_payment = Effect(step="call the payment off", call=CancelPayment(payment_id=STREAM))
no_deadline = CancelDeadline(name="payment")


def reject(reason: str) -> SendCommand:
    return send("reject the order", order, STREAM, RejectOrder(reason=reason))


def test_every_line_is_reserved() -> None:
    scenario.given(placed).then_sends(*reserve_all)


def test_the_payment_is_requested_when_all_lines_are_reserved() -> None:
    scenario.given(placed, tea_reserved).then_sends_nothing()
    scenario.given(placed, tea_reserved, cup_reserved).then_sends(
        send("request the payment", payment, STREAM, RequestPayment(order_id=STREAM, amount=TOTAL))
    )


def test_the_payment_is_authorised_within_its_deadline() -> None:
    scenario.given(*paying).then_sends(
        Effect(step="authorise the payment", call=Authorise(payment_id=STREAM, amount=TOTAL)),
        Deadline(name="payment", at=NOW + PAYMENT_TIMEOUT),
    )


def test_the_order_is_confirmed_before_the_payment_is_captured_and_the_goods_are_dispatched_last() -> None:
    scenario.given(*paying, authorised).then_sends(
        no_deadline, send("confirm the order", order, STREAM, ConfirmOrder())
    )
    scenario.given(*paying, authorised, confirmed).then_sends(
        Effect(step="capture the payment", call=Capture(payment_id=STREAM, amount=TOTAL))
    )
    scenario.given(*paying, authorised, confirmed, captured).then_sends(
        send("dispatch TEA", product, product_id("TEA"), DispatchStock(order_id=STREAM)),
        send("dispatch CUP", product, product_id("CUP"), DispatchStock(order_id=STREAM)),
    )
    products = frozenset({product_id("TEA"), product_id("CUP")})
    scenario.given(*dispatched).then_is(
        Dispatched(job=OrderToFulfil(order_id=STREAM, lines=(TEA, CUP), total=TOTAL), dispatched=products)
    )


def test_a_free_order_is_confirmed_without_a_payment() -> None:
    free = Line(sku="TEA", quantity=2, unit_price=Money(amount=Decimal("0.00"), currency="EUR"))
    free_order = fact(OrderPlaced(customer_id=UUID(int=1), lines=(free,), total=free.total, placed_at=NOW))
    scenario.given(free_order, tea_reserved).then_sends(
        no_deadline, send("confirm the order", order, STREAM, ConfirmOrder())
    )


def test_missing_stock_releases_the_goods_in_reverse_and_rejects_with_the_reason() -> None:
    refused = scenario.own_fact(
        StepRefused(step="reserve CUP", code="OUT_OF_STOCK", message="There is not enough in stock.")
    )
    scenario.given(placed, tea_reserved, refused).then_sends(
        Withdraw(), no_deadline, *release_all, reject("Could not reserve CUP: There is not enough in stock.")
    )


def test_a_decline_releases_the_goods_in_reverse_and_rejects_with_the_reason() -> None:
    scenario.given(*paying, fact(PaymentDeclined(reason="insufficient funds"))).then_sends(
        Withdraw(), no_deadline, *release_all, reject("The payment was declined: insufficient funds")
    )


def test_a_declined_capture_rejects_the_order_and_frees_what_the_gateway_holds() -> None:
    declined = fact(PaymentDeclined(reason="the card has expired"))
    scenario.given(*paying, authorised, confirmed, declined).then_sends(
        Withdraw(), *release_all, reject("The payment was declined: the card has expired"), cancel_payment
    )


def test_a_late_payment_is_cancelled_before_the_goods_are_released() -> None:
    timeout = scenario.own_fact(DeadlinePassed(deadline="payment", due=NOW))
    scenario.given(*paying, timeout).then_sends(Withdraw(), no_deadline, cancel_payment)
    scenario.given(*paying, timeout, fact(PaymentVoided())).then_sends(
        *release_all, reject("The payment did not come in time.")
    )


def test_an_authorisation_after_the_deadline_changes_nothing() -> None:
    timeout = scenario.own_fact(DeadlinePassed(deadline="payment", due=NOW))
    scenario.given(*paying, timeout, authorised).then_sends_nothing()


def test_a_decline_that_was_on_its_way_ends_the_wait_for_the_refund() -> None:
    scenario.given(*paying, cancelled, fact(PaymentDeclined(reason="insufficient funds"))).then_sends(
        *release_all
    )


def test_a_deadline_after_the_authorisation_changes_nothing() -> None:
    timeout = scenario.own_fact(DeadlinePassed(deadline="payment", due=NOW))
    scenario.given(*paying, authorised, timeout).then_sends_nothing()


@pytest.mark.parametrize("after", range(2, 5))
def test_a_cancellation_before_dispatch_compensates_everything_and_does_not_reject(after: int) -> None:
    history = (*paying, authorised, confirmed)[: after + 2]
    scenario.given(*history, cancelled).then_sends(Withdraw(), no_deadline, cancel_payment)
    scenario.given(*history, cancelled, fact(PaymentVoided())).then_sends(*release_all)


def test_a_cancellation_during_dispatch_waits_until_all_goods_are_dispatched() -> None:
    dispatching = (*paying, authorised, confirmed, captured, tea_dispatched, cancelled)
    scenario.given(*dispatching).then_sends_nothing()
    scenario.given(*dispatching, cup_dispatched).then_sends(Withdraw(), no_deadline, cancel_payment)


def test_dispatched_goods_come_back_into_stock() -> None:
    scenario.given(*dispatched, cancelled, fact(PaymentRefunded(amount=TOTAL))).then_sends(
        send("restock CUP", product, product_id("CUP"), ReceiveStock(quantity=1)),
        send("restock TEA", product, product_id("TEA"), ReceiveStock(quantity=2)),
    )


def test_a_forced_compensation_rejects_the_order_with_the_operators_reason() -> None:
    forced = scenario.own_fact(CompensationForced(reason="the gateway has lost it"))
    scenario.given(*paying, forced, fact(PaymentVoided())).then_sends(
        *release_all, reject("the gateway has lost it")
    )


def test_a_step_that_was_skipped_counts_as_done() -> None:
    skipped = scenario.own_fact(StepSkipped(step="authorise the payment", reason="paid in cash"))
    scenario.given(*paying, skipped).then_sends(
        no_deadline, send("confirm the order", order, STREAM, ConfirmOrder())
    )


def test_a_late_event_after_the_compensation_is_compensated_too() -> None:
    refused = scenario.own_fact(StepRefused(step="reserve CUP", code="OUT_OF_STOCK", message="none"))
    scenario.given(placed, refused, tea_reserved).then_sends(release_all[1])
    scenario.given(placed, tea_reserved, cup_reserved, cancelled, requested).then_sends(cancel_payment)


def test_the_refusal_of_a_rejection_starts_nothing_again() -> None:
    refused = scenario.own_fact(StepRefused(step="reserve CUP", code="OUT_OF_STOCK", message="none"))
    ended = scenario.own_fact(StepRefused(step="reject the order", code="ORDER_ENDED", message="ended"))
    scenario.given(placed, refused, cancelled, ended).then_sends_nothing()


@pytest.mark.parametrize("earlier", [timedelta(days=2), timedelta(seconds=1), -timedelta(days=2)])
def test_an_order_with_a_time_of_its_own_is_imported_and_not_fulfilled(earlier: timedelta) -> None:
    """It does not matter by how much the clocks of the client and of the database differ."""
    scenario.given(replace(placed, at=NOW - earlier)).then_is(None)


@pytest.mark.parametrize("apart", [timedelta(days=2), -timedelta(days=2)])
def test_an_order_that_is_recorded_as_it_happens_is_fulfilled_with_any_clock_of_the_server(
    apart: timedelta,
) -> None:
    event = replace(placed.event, placed_at=NOW - apart)
    scenario.given(replace(placed, event=event)).then_sends(*reserve_all)


@pytest.mark.parametrize(
    ("history", "status"),
    [
        ((placed,), "reserving"),
        (paying, "paying"),
        ((*paying, authorised), "confirming"),
        ((*paying, authorised, confirmed), "capturing"),
        ((*paying, authorised, confirmed, captured), "dispatching"),
        (dispatched, "dispatched"),
        ((*paying, authorised, confirmed, cancelled), "refunding"),
        ((*paying, authorised, confirmed, cancelled, fact(PaymentVoided())), "cancelled"),
        ((*paying, fact(PaymentDeclined(reason="no cover"))), "rejected"),
    ],
)
def test_the_status_is_a_word_of_its_own_not_the_name_of_a_class(
    history: tuple[Recorded[Any], ...], status: str
) -> None:
    state: Any = None
    for recorded in history:
        state = fulfilment.evolve(state, recorded)
    assert fulfilment.status(state) == status
