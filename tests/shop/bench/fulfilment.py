"""Orders from placed to confirmed, goods, payment and all, against placing them alone."""

import asyncio
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from app.composition import application
from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.connections import open_database
from app.engine.server.runtime import Runtime
from app.engine.store.event_filter import EventFilter
from app.settings import Settings
from domain.kernel.decider import AnyDecider
from domain.money import Money
from domain.order import AddLine, Line, OpenOrder, PlaceOrder, order
from domain.product import ReceiveStock, RegisterProduct, product, product_id
from tests.bench.rounds import Bench

ORDERS = 200
ROUNDS = 5
CALLERS = 64
PRODUCTS = 100
RATE = 15
PACED = 120
"""Orders placed on a schedule, to see how long one takes."""
PRICE = Money(amount=Decimal("3.50"), currency="EUR")
LONG_AGO = timedelta(days=30)
"""An order that is recorded with a time of its own is left alone by fulfilment."""


async def placed_to_confirmed(bench: Bench, url: str) -> None:
    settings = Settings(database_url=url)
    async with open_database(settings) as database:
        runtime = Runtime(application, settings, database)
        async with runtime.run():
            await _each(
                [
                    (product, product_id(sku(n)), RegisterProduct(sku=sku(n), name="A thing", price=PRICE))
                    for n in range(PRODUCTS)
                ],
                runtime,
            )
            await _each(
                [(product, product_id(sku(n)), ReceiveStock(quantity=1_000_000)) for n in range(PRODUCTS)],
                runtime,
            )
            found = await bench.rates(
                "orders from placed to confirmed",
                {"confirmed": lambda: _confirmed(runtime), "placed": lambda: _placed(runtime)},
                ROUNDS,
            )
            bench.ratio(
                "orders of two lines from placed to confirmed vs placed alone",
                found["confirmed"],
                found["placed"],
                "orders/s",
            )
            task = bench.progress.add_task("placed to confirmed", total=None)
            late = await _paced(runtime)
            bench.progress.remove_task(task)
    p50, p99, worst = late[len(late) // 2], late[int(len(late) * 0.99)], late[-1]
    bench.say(
        f"placed to confirmed: p50 {p50:.0f} ms, p99 {p99:.0f} ms, worst {worst:.0f} ms at {RATE} orders/s, {len(late)} orders"
    )


def sku(number: int) -> str:
    return f"BENCH-{number}"


async def _confirmed(runtime: Runtime) -> float:
    orders = await _filled(runtime, ORDERS)
    before, began = runtime.feed.head, time.perf_counter()
    await _each([(order, each, PlaceOrder(at=datetime.now(UTC))) for each in orders], runtime)
    await _seen(runtime, before, orders)
    return ORDERS / (time.perf_counter() - began)


async def _placed(runtime: Runtime) -> float:
    orders = await _filled(runtime, ORDERS)
    began = time.perf_counter()
    then = datetime.now(UTC) - LONG_AGO
    await _each([(order, each, PlaceOrder(at=then)) for each in orders], runtime, then)
    return ORDERS / (time.perf_counter() - began)


async def _paced(runtime: Runtime) -> Sequence[float]:
    """Milliseconds from placed to confirmed, in order."""
    orders = await _filled(runtime, PACED)
    before, began = runtime.feed.head, time.perf_counter()
    for number, each in enumerate(orders):
        await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
        await _execute(runtime, order, each, PlaceOrder(at=datetime.now(UTC)))
    await _seen(runtime, before, orders)
    rows = await runtime.database.pool.fetch(
        "SELECT extract(epoch FROM c.recorded_at - p.recorded_at)::float8 * 1000 AS ms FROM es.events p JOIN es.events c USING (stream_id)"
        " WHERE p.position > $1 AND p.type = 'order.placed' AND c.type = 'order.confirmed' ORDER BY 1",
        before,
    )
    return [row["ms"] for row in rows]


async def _filled(runtime: Runtime, number: int) -> Sequence[UUID]:
    """Open orders of two lines, when the runtime has come to rest."""
    orders = [uuid4() for _ in range(number)]
    await _each([(order, each, OpenOrder(customer_id=uuid4())) for each in orders], runtime)
    for first in (0, PRODUCTS // 2):
        lines = [
            Line(sku=sku(first + random.randrange(PRODUCTS // 2)), quantity=1, unit_price=PRICE)
            for _ in orders
        ]
        await _each(
            [(order, each, AddLine(line=line)) for each, line in zip(orders, lines, strict=True)], runtime
        )
    async with asyncio.timeout(60):
        while True:
            if not await runtime.database.pool.fetchval(
                "SELECT count(*) FROM es.process_steps WHERE outcome = 'due'"
            ):
                return orders
            await asyncio.sleep(0.02)


async def _seen(runtime: Runtime, after: int, orders: Sequence[UUID]) -> None:
    """Until all of them are confirmed."""
    waiting = set(orders)
    async with asyncio.timeout(120):
        async for facts in runtime.feed.follow(after, EventFilter(types=frozenset({"order.confirmed"}))):
            waiting.difference_update(fact.stream_id for fact in facts)
            if not waiting:
                return


async def _each(
    commands: Sequence[tuple[AnyDecider, UUID, object]], runtime: Runtime, occurred_at: datetime | None = None
) -> None:
    left = iter(commands)

    async def caller() -> None:
        for decider, stream_id, command in left:
            await _execute(runtime, decider, stream_id, command, occurred_at)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


async def _execute(
    runtime: Runtime,
    decider: AnyDecider,
    stream_id: UUID,
    command: object,
    occurred_at: datetime | None = None,
) -> None:
    context = CommandContext(actor="bench", correlation_id=uuid4(), occurred_at=occurred_at)
    outcome = await runtime.commands.execute(decider, stream_id, command, context)
    assert isinstance(outcome, CommandAccepted), outcome
