"""An operation leaves the event loop to others after a short time, however long its lists are."""

import asyncio
from collections.abc import AsyncGenerator
from time import thread_time
from typing import Any

import pytest
import strawberry
from strawberry.schema import BaseSchema

from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.execution.field_plans import add_plans
from tests.support.loop_turns import LongestWait, work_for

ITEMS = 20_000
LISTS = 200
SUBSCRIPTIONS = 100
WORK_SECONDS = 0.003
SHORT_TURN_SECONDS = 0.004
"""A turn of these tests. The lists take many of them, also on a machine that is several times as fast."""


@strawberry.type
class Leaf:
    number: int
    text: str = "text"


@strawberry.type
class Branch:
    @strawberry.field
    async def leaves(self) -> list[Leaf]:
        return [Leaf(number=number) for number in range(ITEMS // LISTS)]


@strawberry.type
class Query:
    @strawberry.field
    def leaves(self) -> list[Leaf]:
        return list(LEAVES)

    @strawberry.field
    async def later(self) -> list[Leaf]:
        await asyncio.sleep(0)
        return list(LEAVES)

    @strawberry.field
    def some(self) -> list[Leaf]:
        return LEAVES[:500]

    @strawberry.field
    def few(self) -> list[Branch]:
        return BRANCHES[:10]

    @strawberry.field
    def branches(self) -> list[Branch]:
        return list(BRANCHES)


@strawberry.type
class Work:
    @strawberry.field
    def work(self) -> int:
        work_for(WORK_SECONDS)
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def works(self, info: strawberry.Info[asyncio.Event, None]) -> AsyncGenerator[Work]:
        await info.context.wait()
        yield Work()


LEAVES = [Leaf(number=number) for number in range(ITEMS)]
BRANCHES = [Branch() for _ in range(LISTS)]
FIELDS = " ".join(f"f{number}: number t{number}: text" for number in range(4))


@pytest.fixture(scope="module")
def schema() -> BaseSchema:
    schema = strawberry.Schema(
        query=Query, subscription=Subscription, execution_context_class=FastExecutionContext
    )
    add_plans(schema)
    return schema


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.engine.turns.TURN_SECONDS", SHORT_TURN_SECONDS)


@pytest.mark.parametrize("document", [f"{{ {field} {{ {FIELDS} }} }}" for field in ("leaves", "later")])
@pytest.mark.usefixtures("short_turns")
async def test_a_long_list_is_executed_in_many_turns(schema: BaseSchema, document: str) -> None:
    await assert_in_turns(schema, document, "f0")


@pytest.mark.usefixtures("short_turns")
async def test_many_lists_that_are_ready_at_once_share_the_turns(schema: BaseSchema) -> None:
    await assert_in_turns(schema, f"{{ branches {{ leaves {{ {FIELDS} }} }} }}", "leaves")


async def assert_in_turns(schema: BaseSchema, document: str, first: str) -> None:
    longest = LongestWait()
    watching = asyncio.create_task(longest.watch())
    await asyncio.sleep(0)
    began = thread_time()
    result: Any = await schema.execute(document)
    spent = thread_time() - began
    watching.cancel()
    assert result.errors is None
    [values] = result.data.values()
    assert len(values) in (ITEMS, LISTS)
    assert first in values[0]
    assert spent > 5 * SHORT_TURN_SECONDS, "the machine is too fast for this test: raise ITEMS"
    # One item and the collection of garbage may come on top of a turn.
    assert longest.seconds < spent / 2
    assert longest.cycles > spent / (3 * SHORT_TURN_SECONDS)


async def test_many_subscriptions_that_one_event_concerns_share_the_turns(schema: BaseSchema) -> None:
    happened = asyncio.Event()
    subscriptions: list[Any] = [
        await schema.subscribe("subscription { works { work } }", context_value=happened)
        for _ in range(SUBSCRIPTIONS)
    ]
    waiting = [asyncio.create_task(anext(subscription)) for subscription in subscriptions]
    await asyncio.sleep(0)
    longest = LongestWait()
    watching = asyncio.create_task(longest.watch())
    await asyncio.sleep(0)
    began = thread_time()
    happened.set()
    results = await asyncio.gather(*waiting)
    spent = thread_time() - began
    watching.cancel()
    assert [result.data for result in results] == [{"works": {"work": 1}}] * SUBSCRIPTIONS
    assert longest.seconds < spent / 2
    for subscription in subscriptions:
        await subscription.aclose()


async def test_the_result_of_a_list_is_the_same_in_many_turns(
    schema: BaseSchema, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = "{ few { leaves { number } } some { text number } }"
    at_once: Any = await schema.execute(document)
    monkeypatch.setattr("app.engine.turns.TURN_SECONDS", 0.0)
    in_turns: Any = await schema.execute(document)
    assert at_once.errors is in_turns.errors is None
    assert at_once.data == in_turns.data
