"""In any order of events, every order ends, no stock is lost, and payments equal confirmed orders."""

from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.fulfilment import fulfilment
from domain.kernel.process import ForceCompensation
from domain.money import Money
from domain.order import (
    AddLine,
    Cancelled,
    CancelOrder,
    Confirmed,
    OpenOrder,
    Placed,
    PlaceOrder,
    Rejected,
    order,
)
from domain.order_lines import Line
from domain.payment import PaymentCaptured, PaymentRefunded
from domain.product import Listed, ReceiveStock, RegisterProduct, StockReceived, product, product_id
from tests.shop.support.process_simulation import World
from tests.support.scenarios import NOW

SKUS = ("TEA", "CUP")
PRICES = {"TEA": Decimal("3.00"), "CUP": Decimal("0.00")}


def euros(amount: Decimal) -> Money:
    return Money(amount=amount, currency="EUR")


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_in_any_interleaving_every_order_ends_and_stock_and_payments_agree(data: st.DataObject) -> None:
    draw = data.draw
    declined = draw(st.sets(st.integers(0, 3)), label="payments that are declined")
    uncaptured = draw(st.sets(st.integers(0, 3)), label="captures that are declined")
    world = World(
        declined=lambda payment_id: payment_id.int in declined,
        capture_declined=lambda payment_id: payment_id.int in uncaptured,
    )
    ids = iter(range(1_000, 100_000))

    def execute(decider: object, stream: UUID, command: object) -> None:
        world.execute(UUID(int=next(ids)), decider, stream, command)  # type: ignore[arg-type]

    stock = {sku: draw(st.sampled_from([0, 2, 5, 9]), label=f"stock of {sku}") for sku in SKUS}
    for sku, pieces in stock.items():
        execute(product, product_id(sku), RegisterProduct(sku=sku, name=sku, price=euros(PRICES[sku])))
        if pieces:
            execute(product, product_id(sku), ReceiveStock(quantity=pieces))
    orders = [UUID(int=number) for number in range(draw(st.integers(1, 4), label="orders"))]
    for identity in orders:
        execute(order, identity, OpenOrder(customer_id=UUID(int=50)))
        for sku in draw(st.lists(st.sampled_from(SKUS), min_size=1, max_size=2, unique=True)):
            line = Line(sku=sku, quantity=draw(st.integers(1, 3)), unit_price=euros(PRICES[sku]))
            execute(order, identity, AddLine(line=line))
        if draw(st.integers(0, 3)):
            execute(order, identity, PlaceOrder(at=NOW))

    # Mostly the next step, sometimes an unexpected one.
    for chance in draw(st.lists(st.integers(0, 19), min_size=5, max_size=50), label="steps"):
        pick = draw(st.integers(0, 3))
        waiting = [identity for identity, chain in world.chains.items() if chain]
        if chance < 7:
            for _ in range(1 + 3 * pick):
                world.step()
        elif chance < 10 and world.folded < len(world.log):
            world.fold()
        elif chance < 12 and waiting:
            world.dispatch(waiting[pick % len(waiting)])
        elif chance < 14 and world.effects:
            keys = list(world.effects)
            world.call(keys[pick % len(keys)], lost=pick == 3)
        elif chance == 14:
            execute(order, orders[pick % len(orders)], CancelOrder(reason="no more"))
        elif chance == 15:
            execute(
                fulfilment.stream_decider, orders[pick % len(orders)], ForceCompensation(reason="by hand")
            )
        elif chance == 16 and world.deadlines:
            world.pass_deadline(list(world.deadlines)[pick % len(world.deadlines)])
        elif chance == 17 and world.answers:
            world.late_answer(list(world.answers)[pick % len(world.answers)])
        elif chance == 18 and world.done:
            world.repeat(-1 - pick % len(world.done))
        else:
            execute(order, orders[pick % len(orders)], PlaceOrder(at=NOW))
        for sku in SKUS:
            listed = world.state(product, product_id(sku))
            assert isinstance(listed, Listed)
            assert 0 <= listed.available <= listed.on_hand
    for identity in orders:
        execute(order, identity, PlaceOrder(at=NOW))
    world.settle()

    confirmed: dict[str, int] = dict.fromkeys(SKUS, 0)
    worth = Decimal()
    for identity in orders:
        state = world.state(order, identity)
        assert isinstance(state, Confirmed | Rejected | Cancelled), state
        assert not isinstance(state, Placed)
        if isinstance(state, Confirmed):
            worth += state.placement.total.amount
            for line in state.placement.lines:
                confirmed[line.sku] += line.quantity
    for sku in SKUS:
        listed = world.state(product, product_id(sku))
        assert listed.reservations == {}, [(f.position, f.event) for f in world.log]
        assert listed.on_hand + confirmed[sku] == stock[sku]
    captured = sum(
        (f.event.amount.amount for f in world.log if isinstance(f.event, PaymentCaptured)), Decimal()
    )
    refunded = sum(
        (f.event.amount.amount for f in world.log if isinstance(f.event, PaymentRefunded)), Decimal()
    )
    assert captured - refunded == worth
    assert sum((book.captured - book.refunded for book in world.books.values()), Decimal()) == worth
    assert all(book.called_off or book.authorised == book.captured for book in world.books.values())
    assert any(isinstance(f.event, StockReceived) for f in world.log) or not any(stock.values())
