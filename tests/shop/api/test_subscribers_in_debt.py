"""A subscriber of a caller in debt waits, and takes nothing from another caller."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from app.composition import application
from app.engine.commands import CommandAccepted, CommandContext
from app.engine.database.connections import Database
from app.engine.graphql import rates
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.server.runtime import Runtime
from app.settings import Settings
from domain.money import Money
from domain.product import ReceiveStock, RegisterProduct, product, product_id
from tests.shop.support.handovers import cancel_all, context_of, endpoint, handed_over

EVENT_COST = 720
"""About what an event costs, with its operation."""
STOCK = (
    "subscription($after: Position) { events(after: $after) { ... on ProductStockReceived { quantity } } }"
)
HOUR = 3_600.0
"""No test waits for such a debt."""


class Follower:
    """Follows the stock for a caller. A message that nothing takes from the queue stops it."""

    def __init__(self, view: GraphQLEndpoint, limiter: rates.RateLimiter, caller: str, after: int) -> None:
        self._view = view
        self._context = replace(context_of(view, caller), rates=limiter)
        self._variables = {"after": str(after)}
        self.heard = asyncio.Queue[object](1)

    async def on_socket(self) -> asyncio.Task[None]:
        handover = await handed_over(self._view, self._context, self._variables, STOCK)
        assert handover.execution is not None
        # The charge of the operation includes the first event.
        handover.execution.context.charge.for_event()
        shared = self._view.shared_subscriptions
        return asyncio.create_task(shared.send(handover, "1", uuid4(), self.heard.put))

    async def on_event_stream(self) -> asyncio.Task[None]:
        stream: Any = await self._view.schema.stream(STOCK, self._variables, self._context)
        return asyncio.create_task(put_results(stream, self.heard))


async def put_results(results: AsyncGenerator[object], heard: asyncio.Queue[object]) -> None:
    async with aclosing(results):
        async for result in results:
            await heard.put(result)


async def execute(runtime: Runtime, command: RegisterProduct | ReceiveStock) -> int:
    request = CommandContext(actor="tester", correlation_id=uuid4())
    outcome = await runtime.commands.execute(product, product_id("TEA"), command, request)
    assert isinstance(outcome, CommandAccepted)
    return outcome.position


async def register(runtime: Runtime) -> int:
    price = Money(amount=Decimal("1.00"), currency="EUR")
    return await execute(runtime, RegisterProduct(sku="TEA", name="Tea", price=price))


class Debts:
    """The waits for debts. Each lasts as long as the test says, or as the debt."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *lasts: float) -> None:
        self.begun = asyncio.Queue[tuple[float, asyncio.Task[Any] | None]]()
        """The seconds of each debt, and the task that waits."""
        lasting, wait = iter(lasts), OperationCharge.wait

        async def watched(charge: OperationCharge, seconds: float, *until: Any) -> None:
            self.begun.put_nowait((seconds, asyncio.current_task()))
            await wait(charge, next(lasting, seconds), *until)

        monkeypatch.setattr(rates, "monotonic", lambda: 1_000.0)
        monkeypatch.setattr(OperationCharge, "wait", watched)


@pytest.mark.parametrize("shares", [True, False], ids=["on a socket", "on an event stream"])
async def test_a_subscription_of_a_caller_in_debt_waits_and_takes_nothing_from_another_caller(
    settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, shares: bool
) -> None:
    monkeypatch.setattr(rates, "monotonic", lambda: 1_000.0)
    waits, paid = asyncio.Queue[float](), asyncio.Event()

    async def wait(_: OperationCharge, seconds: float, *until: Any) -> None:
        waits.put_nowait(seconds)
        await paid.wait()

    monkeypatch.setattr(OperationCharge, "wait", wait)
    limiter = rates.RateLimiter(500)
    runtime = Runtime(application, settings, database)
    async with runtime.run(), asyncio.timeout(60):
        view = endpoint(runtime)

        async def follow(follower: Follower) -> asyncio.Task[None]:
            return await (follower.on_socket() if shares else follower.on_event_stream())

        greedy = Follower(view, limiter, "greedy", await register(runtime))
        tasks = [await follow(greedy)]
        await execute(runtime, ReceiveStock(quantity=1))
        await greedy.heard.get()
        limiter.add("actor greedy", 5_000)
        position = await execute(runtime, ReceiveStock(quantity=1))
        assert await waits.get() > 0
        # Another caller with the same document waits for no debt but its own.
        modest = Follower(view, limiter, "modest", position)
        tasks.append(await follow(modest))
        for _ in range(3):
            await execute(runtime, ReceiveStock(quantity=1))
            await modest.heard.get()
        # Events leave to operations what they may spend.
        limiter.check("actor modest", 5_000 - 2 * EVENT_COST)
        limiter.reserve("actor modest", 5_000 - 4 * EVENT_COST)
        assert limiter.reserve("actor modest", 2 * EVENT_COST) == 0
        assert limiter.reserve("actor modest", 0) > 0
        assert greedy.heard.empty()
        paid.set()
        # Nothing is lost.
        for _ in range(4):
            await greedy.heard.get()
        await cancel_all(tasks)


RATE = 100_000


def owed(limiter: rates.RateLimiter) -> float:
    """The debt of the greedy caller, in seconds."""
    return limiter.reserve("actor greedy", 0)


def spend_all(limiter: rates.RateLimiter) -> float:
    """Bring the greedy caller into debt. Returns it in seconds."""
    limiter.add("actor greedy", rates.BURST_SECONDS * RATE)
    return owed(limiter)


async def test_one_subscriber_of_a_caller_in_debt_pays_for_an_event_and_all_get_it(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    debts, limiter, view = Debts(monkeypatch), rates.RateLimiter(RATE), endpoint(runtime)
    async with asyncio.timeout(60):
        after = await register(runtime)
        greedy = [Follower(view, limiter, "greedy", after) for _ in range(30)]
        tasks = [await follower.on_socket() for follower in greedy]
        debt = spend_all(limiter)
        for _ in range(2):
            await execute(runtime, ReceiveStock(quantity=1))
            for follower in greedy:
                await follower.heard.get()
            assert (await debts.begun.get())[0] == pytest.approx(debt)
            assert debts.begun.empty()
            debt, before = owed(limiter), debt
            assert 0 < debt - before < EVENT_COST / RATE
        await cancel_all(tasks)


async def test_a_subscriber_keeps_its_first_event_if_another_one_is_charged_for_a_shared_message(
    runtime: Runtime,
) -> None:
    view = endpoint(runtime)
    async with asyncio.timeout(60):
        context = replace(context_of(view, "first"), rates=rates.RateLimiter(RATE))
        after = await register(runtime)
        first = await handed_over(view, context, {"after": str(after)}, STOCK)
        assert first.execution is not None
        # It does not send yet, and its execution is the one that others use.
        shared = view.shared_subscriptions._shared_by(first.execution, runtime.feed.epoch)  # pyright: ignore[reportPrivateUsage] - no subscriber is that slow
        other = Follower(view, rates.RateLimiter(RATE), "other", after)
        task = await other.on_socket()
        await execute(runtime, ReceiveStock(quantity=1))
        await other.heard.get()
        await cancel_all([task])
    del shared
    assert first.execution.context.charge.for_event().due == 0


async def test_another_subscriber_of_a_caller_in_debt_takes_over_from_one_that_leaves(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    debts, limiter, view = Debts(monkeypatch, HOUR, HOUR, 0), rates.RateLimiter(RATE), endpoint(runtime)
    async with asyncio.timeout(60):
        after = await register(runtime)
        greedy = [Follower(view, limiter, "greedy", after) for _ in range(5)]
        tasks = {await follower.on_socket(): follower for follower in greedy}
        debt = spend_all(limiter)
        await execute(runtime, ReceiveStock(quantity=1))
        for _ in range(2):
            seconds, leaves = await debts.begun.get()
            assert seconds == pytest.approx(debt)
            assert leaves is not None
            del tasks[leaves]
            await cancel_all([leaves])
        for follower in tasks.values():
            await follower.heard.get()
        assert (await debts.begun.get())[0] == pytest.approx(debt)
        assert debts.begun.empty()
        assert 0 < owed(limiter) - debt < EVENT_COST / RATE
        await cancel_all([*tasks])


async def test_subscribers_in_debt_get_at_once_and_for_nothing_what_another_caller_has_made(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    debts, limiter, view = Debts(monkeypatch, HOUR), rates.RateLimiter(RATE), endpoint(runtime)
    async with asyncio.timeout(60):
        after = await register(runtime)
        modest, *greedy = [
            Follower(view, limiter, caller, after) for caller in ("modest", "greedy", "greedy")
        ]
        tasks = [await follower.on_socket() for follower in (modest, *greedy)]
        for _ in range(2):
            await execute(runtime, ReceiveStock(quantity=1))
            for follower in greedy:
                await follower.heard.get()
        # The other caller has not taken its first message, so it does not make the next one yet.
        debt = spend_all(limiter)
        await execute(runtime, ReceiveStock(quantity=1))
        await debts.begun.get()
        for follower in (modest, modest, *greedy):
            await follower.heard.get()
        assert debts.begun.empty()
        assert owed(limiter) == pytest.approx(debt)
        await cancel_all(tasks)
