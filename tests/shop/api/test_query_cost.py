"""The cost of an operation is known before its execution.

Each field counts as often as the lists around it are long.
"""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import httpx2
import pytest
import strawberry
from graphql import FieldNode, OperationDefinitionNode, get_introspection_query, parse
from strawberry.schema.config import StrawberryConfig

from app.composition import application
from app.engine.graphql.costs import TYPICAL_LIST_LENGTH, too_expensive
from app.engine.graphql.execution.cost import (
    ITEM,
    LEAF,
    OBJECT,
    OPERATION,
    RESOLVER,
    ROOT,
    ROW,
    CostCalculator,
)
from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.execution.field_plans import add_plans
from app.engine.graphql.execution.limited_executor import LimitedExecutionContext
from app.engine.graphql.pagination import MAX_PAGE_SIZE
from app.engine.graphql.scalars import SCALARS, Position
from app.engine.graphql.schema import build_schema
from app.engine.graphql.slices.history import AS_OF_EVENT, BLAME_OF_EVENT
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.settings import EngineSettings
from tests.shop.support.shop_client import filled, placed, stock
from tests.support.graphql_client import Api
from tests.support.server import Server

SCHEMA = graphql_schema(build_schema(application.slices(), application.deciders)[0])

LIMIT = EngineSettings.model_fields["max_operation_cost"].default
ADD = "mutation ($order: UUID!, $sku: Sku!) { addLine(input: {orderId: $order, sku: $sku, quantity: 1}) { __typename } }"


def cost(document: str, **variables: Any) -> tuple[float, bool]:
    asked = CostCalculator(SCHEMA, parse(document), variables)
    return asked.max_cost(), asked.depends_on_variables


def below(document: str, **variables: Any) -> float:
    """The cost of what is inside of the field at the top."""
    return cost(document, **variables)[0] - OPERATION - ROOT


def test_a_field_costs_what_its_kind_costs() -> None:
    assert cost("{ position }") == (OPERATION + ROOT, False)
    assert cost("{ a: position b: position __typename }") == (OPERATION + 2 * ROOT + LEAF, False)
    assert below('{ order(id: "a") { id status total { amount } } }') == 3 * LEAF + OBJECT
    assert below('{ order(id: "a") { payment { id } } }') == RESOLVER + LEAF


@pytest.mark.parametrize(
    ("document", "variables", "length", "by_variables"),
    [
        ("{ orders(first: 10) { nodes { id } } }", {}, 10, False),
        ("{ orders { nodes { id } } }", {}, 20, False),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": 3}, 3, True),
        ("query ($n: Int! = 7) { orders(first: $n) { nodes { id } } }", {}, 7, True),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": 3.0}, 3, True),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": 1e2}, 100, True),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": 1e300}, 1, True),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": 2.5}, 1, True),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": True}, 1, True),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": "many"}, 1, True),
        ("{ orders(last: 10) { nodes { id } } }", {}, 10, False),
        ("query ($n: Int) { orders(last: $n) { nodes { id } } }", {"n": 3}, 3, True),
        ("query ($n: Int) { orders(last: $n) { nodes { id } } }", {"n": 3.0}, 3, True),
        ("query ($n: Int) { orders(first: $n) { nodes { id } } }", {"n": None}, 20, True),
        ("{ orders(first: null) { nodes { id } } }", {}, 20, False),
        ("{ orders(first: 100000) { nodes { id } } }", {}, 100, False),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', {}, 3, False),
        ('{ nodes(ids: "a") { id } }', {}, 1, False),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 7}, 7, True),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 700}, 100, True),
        ("subscription { orders(most: 10) { upserted { id } } }", {}, 10, False),
        ("subscription { orders { upserted { id } } }", {}, 200, False),
        ("subscription ($n: Int!) { orders(most: $n) { upserted { id } } }", {"n": 7}, 7, True),
        ("subscription ($n: Int!) { orders(most: $n) { upserted { id } } }", {"n": 7.0}, 7, True),
        ("subscription ($n: Int!) { orders(most: $n) { upserted { id } } }", {"n": "many"}, 1, True),
        ("{ orders(first: 10) { ...P } } fragment P on OrderConnection { nodes { id } }", {}, 10, False),
    ],
)
def test_a_page_costs_its_rows(
    document: str, variables: dict[str, Any], length: int, by_variables: bool
) -> None:
    row = ROW + ITEM + OBJECT + LEAF
    # The list of a connection is a field of its own.
    lists = 0 if "ids" in document else OBJECT
    assert below(document, **variables) == lists + length * row
    assert cost(document, **variables)[1] is by_variables


@strawberry.type
class PageOfScalars:
    @strawberry.field
    def by_position(self, first: Position) -> list[str]:
        return [""] * first

    @strawberry.field
    def by_decimal(self, first: Decimal) -> list[str]:
        return [""] * int(first)


@pytest.mark.parametrize(
    ("document", "variables", "length"),
    [
        ('{ byPosition(first: "12") }', {}, 12),
        ("query ($n: Position!) { byPosition(first: $n) }", {"n": "12"}, 12),
        ("query ($n: Position!) { byPosition(first: $n) }", {"n": 12}, 12),
        # Nothing is known of the number that a field makes of another value.
        ('{ byDecimal(first: "12") }', {}, MAX_PAGE_SIZE),
        ("query ($n: Decimal!) { byDecimal(first: $n) }", {"n": "12"}, MAX_PAGE_SIZE),
        ("query ($n: Decimal!) { byDecimal(first: $n) }", {"n": "many"}, 1),
    ],
)
def test_the_length_of_a_page_is_what_the_scalar_of_its_argument_makes_of_it(
    document: str, variables: dict[str, Any], length: int
) -> None:
    schema = graphql_schema(strawberry.Schema(PageOfScalars, config=StrawberryConfig(scalar_map=SCALARS)))
    calculated = CostCalculator(schema, parse(document), variables).max_cost()
    assert calculated == OPERATION + ROOT + length * (ROW + ITEM)


def test_an_item_beyond_the_prediction_costs_what_the_defaults_of_the_variables_say() -> None:
    document = parse("query ($n: Int = 100) { orders { nodes { history(first: $n) { nodes { undone } } } } }")
    [operation] = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    [orders] = operation.selection_set.selections
    assert isinstance(orders, FieldNode)
    assert orders.selection_set is not None
    [nodes] = orders.selection_set.selections
    assert isinstance(nodes, FieldNode)
    costs = [
        CostCalculator(SCHEMA, document, variables).item_cost(nodes, SCHEMA.get_type("Order"))
        for variables in ({}, {"n": 100})
    ]
    assert costs[0] == costs[1]


def test_what_is_next_to_the_list_of_a_page_costs_once() -> None:
    page = "orders(first: 100) { nodes { id } %s }"
    more = below(f"{{ {page % 'pageInfo { hasNextPage }'} }}") - below(f"{{ {page % ''} }}")
    assert more == OBJECT + LEAF


def test_a_list_in_rows_costs_its_typical_length() -> None:
    without = below("{ orders(first: 10) { nodes { id } } }")
    line = ITEM + OBJECT + LEAF
    assert below("{ orders(first: 10) { nodes { id lines { sku } } } }") == without + 10 * (
        OBJECT + TYPICAL_LIST_LENGTH * line
    )


def test_fragments_on_several_types_cost_as_much_as_the_most_expensive_one() -> None:
    page = "{ events(first: 10) { nodes { %s } } }"
    opened, cancelled = "... on OrderOpened { customerId }", "... on OrderCancelled { reason position type }"
    assert below(page % f"{opened} {cancelled}") == below(page % cancelled)
    assert below(page % f"{opened} {cancelled}") > below(page % opened)


def test_of_several_operations_the_most_expensive_one_counts() -> None:
    many = "query B { orders(first: 10) { nodes { id } } }"
    assert cost(f"query A {{ position }} {many}") == cost(many)


@pytest.mark.parametrize("field", ["history(first: 5) { nodes { event { type } } }", "blame { path }"])
def test_the_past_of_a_row_costs_more_than_the_row(field: str) -> None:
    page = "{ orders(first: 10) { nodes { id %s } } }"
    assert below(page % field) > 5 * below(page % "")


def test_introspection_costs_as_much_as_the_schema_is_large() -> None:
    names = cost("{ __schema { types { name } } }")[0]
    fields = cost("{ __schema { types { name fields { name } } } }")[0]
    assert OPERATION + 8 * len(SCHEMA.type_map) < names < fields / 3
    aliases = " ".join(f"a{n}: __schema {{ types {{ name fields {{ name }} }} }}" for n in range(30))
    assert too_expensive(cost(f"{{ {aliases} }}")[0], LIMIT) is not None
    assert too_expensive(cost(get_introspection_query())[0], LIMIT) is None


def test_a_chain_of_fragments_that_double_is_weighed_in_no_time() -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}\n" for n in range(80))
    assert cost(f"{{ ...F0 }}\n{chain}fragment F80 on Query {{ position }}")[0] == OPERATION + 2**80 * ROOT


def test_what_costs_too_much_is_said_with_the_figures() -> None:
    assert too_expensive(20_000, 20_000) is None
    problem = too_expensive(20_001, 20_000)
    assert problem is not None
    assert "may cost 20,001; the limit is 20,000" in str(problem)
    assert problem.code == "OPERATION_TOO_EXPENSIVE"


@pytest.mark.parametrize("directive", ["", "@include(if: true)"])
async def test_a_list_that_is_longer_than_predicted_is_charged_while_it_is_executed(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, directive: str
) -> None:
    await assert_long_list_is_charged(api, runtime, monkeypatch, directive)


async def test_without_the_fast_executor_a_list_is_answered_and_charged_in_the_same_way(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unused(*_: object) -> object:
        raise AssertionError("this is the fast executor")

    monkeypatch.setattr(FastExecutionContext, "execute_fields", unused)
    settings = runtime.settings.model_copy(update={"fast_executor": False})
    monkeypatch.setattr(runtime, "settings", settings)
    transport = httpx2.ASGITransport(app=create_app(runtime))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await assert_long_list_is_charged(Api(client), runtime, monkeypatch, "")


async def assert_long_list_is_charged(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch, directive: str
) -> None:
    """A list of 40 lines is answered within its cost, and refused if the limit is a little lower."""
    order = str(await filled(api))
    for number in range(40):
        await stock(api, f"S{number}", 0)
        await api.data(ADD, {"order": order, "sku": f"S{number}"})
    query = f'{{ order(id: "{order}", minPosition: "{(await api.data("{ position }"))["position"]}") {{ lines {directive} {{ sku }} }} }}'
    predicted = cost(query)[0]
    more = 35 * (ITEM + OBJECT + LEAF)
    limit_operations(monkeypatch, runtime, predicted + more)
    assert len((await api.data(query))["order"]["lines"]) == 40
    limit_operations(monkeypatch, runtime, predicted + more - 1)
    [error] = (await api(query))["errors"]
    assert error["extensions"]["code"] == "OPERATION_TOO_EXPENSIVE"


@strawberry.type
class Item:
    number: int


@strawberry.type
class Lists:
    @strawberry.field
    def between(self, start: int, end: int) -> list[Item]:
        return [Item(number=number) for number in range(start, end)]

    @strawberry.field
    def names(self, start: int, last: int | None = None) -> list[str]:
        return ["name"] * (last or start)

    @strawberry.field
    def page(self, first: int) -> list[Item]:
        return [Item(number=number) for number in range(first)]

    @strawberry.field
    def by_ids(self, ids: list[int]) -> list[Item]:
        return [Item(number=number) for number in ids]


@pytest.mark.parametrize("executor", [FastExecutionContext, LimitedExecutionContext])
@pytest.mark.parametrize(
    ("document", "charged"),
    [
        ("{ between(start: 0, end: 40) { number } }", [40 - TYPICAL_LIST_LENGTH]),
        ("{ between(start: 0, end: 3) { number } }", []),
        ("{ names(start: 0, last: 12) }", [12 - TYPICAL_LIST_LENGTH]),
        ("{ page(first: 40) { number } byIds(ids: [1, 2, 3, 4, 5, 6, 7]) { number } }", []),
        ("{ __schema { types { fields { args { name } } } } }", []),
        # The resolver of a team may have no bound.
        ("{ page(first: 140) { number } }", [140 - MAX_PAGE_SIZE]),
    ],
)
async def test_a_list_is_charged_unless_its_length_was_predicted_from_an_argument_or_the_schema(
    monkeypatch: pytest.MonkeyPatch,
    executor: type[LimitedExecutionContext],
    document: str,
    charged: Sequence[float],
) -> None:
    found: list[float] = []

    def charge(self: LimitedExecutionContext, number: float, *_: object) -> None:
        found.append(number)

    monkeypatch.setattr(LimitedExecutionContext, "charge_items", charge)
    schema = strawberry.Schema(Lists, execution_context_class=executor)
    add_plans(schema)
    result = await schema.execute(document)
    assert not result.errors
    assert found == charged


async def test_each_event_of_a_subscription_has_the_limit_for_itself(api: Api, database_url: str) -> None:
    skus = [f"S{number}" for number in range(2 * TYPICAL_LIST_LENGTH)]
    for sku in skus:
        await stock(api, sku, 9)
    for _ in range(3):
        await placed(api, *((sku, 1) for sku in skus))
    fields = " ".join(f"f{number}: sku" for number in range(50))
    query = f'subscription {{ events(after: "0", filter: {{types: ["order.placed"]}}) {{ ... on OrderPlaced {{ lines {{ {fields} }} }} }} }}'
    one_event = cost(query)[0] + TYPICAL_LIST_LENGTH * (ITEM + OBJECT + 50 * LEAF)
    server = Server(database_url, APP_MAX_OPERATION_COST=f"{one_event:.0f}").wait()
    try:
        async with (
            httpx2.AsyncClient(timeout=20) as http,
            http.stream(
                "POST", server.url, json={"query": query}, headers={"accept": "text/event-stream"}
            ) as answer,
        ):
            frames = (line async for line in answer.aiter_lines() if line.startswith("data: {"))
            for _ in range(3):
                result = json.loads((await anext(frames)).removeprefix("data: "))
                assert "errors" not in result
                assert len(result["data"]["events"]["lines"]) == len(skus)
    finally:
        server.close()


async def position_of_a_long_stream(api: Api) -> str:
    """The position after the product S has got 21 events and more."""
    await stock(api, "S", 1)
    for _ in range(20):
        await api.data('mutation { receiveStock(input: {sku: "S", quantity: 1}) { __typename } }')
    return (await api.data("{ position }"))["position"]


async def test_a_long_stream_is_charged_before_its_blame_is_made(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = await position_of_a_long_stream(api)
    query = f'{{ product(sku: "S", minPosition: "{position}") {{ blame {{ path }} }} }}'
    limit_operations(monkeypatch, runtime, cost(query)[0] + 10 * BLAME_OF_EVENT)
    [error] = (await api(query))["errors"]
    assert error["extensions"]["code"] == "OPERATION_TOO_EXPENSIVE"


async def test_the_events_that_a_state_of_the_past_folds_are_charged(
    api: Api, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = await position_of_a_long_stream(api)
    states = " ".join(f"s{version}: asOf(at: {{version: {version}}}) {{ version }}" for version in (20, 1))
    query = f'{{ product(sku: "S", minPosition: "{position}") {{ {states} }} }}'
    limit_operations(monkeypatch, runtime, cost(query)[0] + 10 * AS_OF_EVENT)
    errors = (await api(query))["errors"]
    assert {error["extensions"]["code"] for error in errors} == {"OPERATION_TOO_EXPENSIVE"}
    assert ["product", "s20"] in [error["path"] for error in errors]


def limit_operations(monkeypatch: pytest.MonkeyPatch, runtime: Runtime, limit: float) -> None:
    settings = runtime.settings.model_copy(update={"max_operation_cost": limit})
    monkeypatch.setattr(runtime, "settings", settings)
