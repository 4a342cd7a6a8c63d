"""After any sequence of commands, every row of every read model and its history equal the fold of the log."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.composition import application
from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.connections import open_database
from app.engine.server.runtime import Runtime
from app.settings import Settings
from domain.kernel.decider import AnyDecider
from domain.money import Money
from domain.order import (
    AddLine,
    CancelOrder,
    ChangeQuantity,
    ConfirmOrder,
    OpenOrder,
    PlaceOrder,
    RedoChange,
    RejectOrder,
    RemoveLine,
    ShipOrder,
    UndoChange,
    order,
)
from domain.order_lines import Line
from domain.product import (
    ChangePrice,
    DispatchStock,
    ReceiveStock,
    RegisterProduct,
    ReleaseReservation,
    ReserveStock,
    product,
    product_id,
)
from projections import PROJECTIONS
from tests.support.rebuild_oracle import assert_rebuild_equals_live
from tests.support.row_history import same_at_every_position
from tests.support.scenarios import fold_all

type Step = tuple[str, int, Any, int]
"""The category, the number of the aggregate, the command, and the day on which it happened."""

FIRST_DAY = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)
FEW = 2

few = st.integers(0, FEW - 1)
quantity = st.integers(1, 4)
price = st.builds(
    Money, amount=st.decimals(0, 1_000, places=2), currency=st.sampled_from(["EUR", "EUR", "USD"])
)
orders_of = few.map(lambda n: UUID(int=n + 1))
customer = few.map(lambda n: UUID(int=n + 101))
sku = few.map(lambda n: f"S{n}")
day = st.integers(0, 2)

to_product: st.SearchStrategy[Any] = st.one_of(
    st.builds(RegisterProduct, sku=st.just(""), name=st.sampled_from(["Tea", "Jam"]), price=price),
    st.builds(ChangePrice, price=price),
    st.builds(ReceiveStock, quantity=quantity),
    st.builds(ReserveStock, order_id=orders_of, quantity=quantity),
    st.builds(ReleaseReservation, order_id=orders_of),
    st.builds(DispatchStock, order_id=orders_of),
)
to_order: st.SearchStrategy[Any] = st.one_of(
    st.builds(OpenOrder, customer_id=customer),
    st.builds(OpenOrder, customer_id=customer),
    st.builds(AddLine, line=st.builds(Line, sku=sku, quantity=quantity, unit_price=price)),
    st.builds(AddLine, line=st.builds(Line, sku=sku, quantity=quantity, unit_price=price)),
    st.builds(ChangeQuantity, sku=sku, quantity=quantity),
    st.builds(RemoveLine, sku=sku),
    st.just(UndoChange()),
    st.just(RedoChange()),
    st.builds(PlaceOrder, at=st.just(FIRST_DAY)),
    st.builds(PlaceOrder, at=st.just(FIRST_DAY)),
    st.builds(ConfirmOrder),
    st.builds(RejectOrder, reason=st.just("why")),
    st.builds(CancelOrder, reason=st.just("why")),
    st.builds(ShipOrder),
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("product"), few, to_product, day),
    st.tuples(st.just("order"), few, to_order, day),
    st.tuples(st.just("order"), few, to_order, day),
)
registered = [
    st.tuples(
        st.just("product"),
        st.just(n),
        st.builds(RegisterProduct, sku=st.just(""), name=st.just("Tea"), price=price),
        day,
    )
    for n in range(FEW)
]
opened = [
    st.tuples(st.just("order"), st.just(n), st.builds(OpenOrder, customer_id=customer), day)
    for n in range(FEW)
]
sequences: st.SearchStrategy[list[Step]] = st.builds(
    lambda beginning, rest: [*beginning, *rest],
    st.tuples(*registered, *opened),
    st.lists(steps, min_size=12, max_size=40),
)


class Shop:
    """One runtime for all examples. Each example has its own products, orders and customers."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.recorded = 0

    async def run(self, sequence: Sequence[Step], together: bool) -> None:
        """Send the commands in sequence or all at once, then compare every row of every projection."""
        example_id = uuid4()
        started = await self.runtime.reader.head_position()
        sends = [self._send(example_id, *step) for step in sequence]
        for send in [asyncio.gather(*sends)] if together else sends:
            await send
        head = await self.runtime.reader.head_position()
        self.recorded += head - started
        for projection in PROJECTIONS:
            await self.runtime.projector.wait_for_position(projection.name, head, 10)
        history = await self.runtime.reader.read_all(0, 100_000)
        assert [fact.position for fact in history] == list(range(1, head + 1))
        for projection in PROJECTIONS:
            records = await self.runtime.database.fetch(select(projection.table))
            rows = [projection.row_from_record(record) for record in records]
            assert {projection.key_of(row): row for row in rows} == fold_all(projection, history)
            if projection.history:
                await same_at_every_position(self.runtime.database, projection, history)

    async def _send(self, example_id: UUID, category: str, number: int, command: Any, day: int) -> None:
        at = FIRST_DAY + timedelta(days=day)
        request = CommandContext(actor="tester", correlation_id=example_id, occurred_at=at)
        decider: AnyDecider = product if category == "product" else order
        match command:
            case RegisterProduct(name=name, price=price):
                command = RegisterProduct(sku=f"{example_id}-{number}", name=name, price=price)
            case PlaceOrder():
                command = PlaceOrder(at=at)
            case OpenOrder(customer_id=customer_id):
                command = OpenOrder(customer_id=UUID(int=customer_id.int ^ example_id.int))
            case _:
                pass
        stream = (
            product_id(f"{example_id}-{number}")
            if decider is product
            else UUID(int=example_id.int ^ (number + 1))
        )
        await self.runtime.commands.execute(decider, stream, command, request)


@pytest.mark.long
def test_any_sequence_of_commands_leaves_every_read_model_equal_to_the_fold_of_the_log(
    database_url: str,
) -> None:
    with asyncio.Runner() as runner:

        async def begin() -> tuple[Any, Any, Shop]:
            settings = Settings(database_url=database_url, pool_size=4)
            opening = open_database(settings)
            runtime = Runtime(application, settings, await opening.__aenter__())
            running = runtime.run()
            await running.__aenter__()
            return opening, running, Shop(runtime)

        opening, running, shop = runner.run(begin())
        try:

            @settings(max_examples=40, derandomize=True)
            @given(sequences, st.booleans())
            def holds(sequence: Sequence[Step], together: bool) -> None:
                runner.run(shop.run(sequence, together))

            holds()
            assert shop.recorded > 300
        finally:
            runner.run(running.__aexit__(None, None, None))
            runner.run(opening.__aexit__(None, None, None))
    assert_rebuild_equals_live(application, database_url)


async def test_the_whole_life_of_an_order_leaves_every_read_model_equal_to_the_fold_of_the_log(
    runtime: Runtime,
) -> None:
    line = Line(sku="S0", quantity=2, unit_price=Money(amount=Decimal("1.50"), currency="EUR"))
    shop = Shop(runtime)
    life: list[Any] = [
        OpenOrder(customer_id=UUID(int=101)),
        AddLine(line=line),
        PlaceOrder(at=FIRST_DAY),
        CancelOrder(reason="why"),
    ]
    await shop.run(
        [("order", 0, command, 0) for command in life] + [("order", 1, command, 1) for command in life[:3]],
        together=False,
    )
    assert shop.recorded == 7
    outcome = await runtime.commands.execute(
        product,
        product_id("S9"),
        RegisterProduct(sku="S9", name="Tea", price=line.unit_price),
        CommandContext(actor="tester", correlation_id=uuid4()),
    )
    assert isinstance(outcome, CommandAccepted)
    await shop.run([], together=False)
