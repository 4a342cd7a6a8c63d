"""A subscription takes no more memory the longer it lives."""

import gc
import tracemalloc
from collections.abc import AsyncIterator

import pytest
import strawberry

from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.execution.field_plans import add_plans
from app.engine.graphql.strawberry_internals import ReusingExecutionContext

EVENTS = 300


@strawberry.type
class Price:
    amount: str
    currency: str


@strawberry.interface
class Fact:
    position: int
    price: Price


@strawberry.type
class Registered(Fact):
    name: str

    @strawberry.field
    async def prices(self) -> list[Price]:
        return [self.price]


@strawberry.type
class Query:
    position: int = 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def facts(self) -> AsyncIterator[Fact]:
        for position in range(2 * EVENTS):
            yield Registered(position=position, price=Price(amount="1", currency="EUR"), name="Tea")


DOCUMENT = "subscription { facts { __typename position price { amount currency } ... on Registered { name prices { amount } } } }"


@pytest.mark.parametrize("executor", [FastExecutionContext, ReusingExecutionContext])
async def test_an_event_leaves_nothing_behind(executor: type[ReusingExecutionContext]) -> None:
    schema = strawberry.Schema(
        query=Query, subscription=Subscription, types=[Registered], execution_context_class=executor
    )
    if executor is FastExecutionContext:
        add_plans(schema)
    results = await schema.subscribe(DOCUMENT)
    used: list[int] = []
    number = 0
    tracemalloc.start()
    try:
        async for result in results:  # pyright: ignore[reportGeneralTypeIssues]
            assert result.errors is None
            assert result.data == {
                "facts": {
                    "__typename": "Registered",
                    "position": number,
                    "price": {"amount": "1", "currency": "EUR"},
                    "name": "Tea",
                    "prices": [{"amount": "1"}],
                }
            }
            number += 1
            if number % EVENTS == 0:
                gc.collect()
                used.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert number == 2 * EVENTS
    assert used[1] - used[0] < 50 * EVENTS
