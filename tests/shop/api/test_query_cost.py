"""What an operation may come to is known before it is executed: fields, each as often as the lists around it are long."""

from typing import Any

import pytest
from graphql import parse

from app.composition import application
from app.engine.graphql.execution.cost import ASSUMED_LIST_LENGTH, MAX_COST, CostCalculator, too_expensive
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema

SCHEMA = graphql_schema(build_schema(application.slices(), application.deciders)[0])


def cost(document: str, **variables: Any) -> tuple[int, bool]:
    asked = CostCalculator(SCHEMA, parse(document), variables)
    return asked.max_cost(), asked.depends_on_variables


@pytest.mark.parametrize(
    ("document", "variables", "wanted"),
    [
        ("{ position }", {}, (1, False)),
        ("{ a: position b: position __typename }", {}, (2, False)),
        ("{ orders(first: 10) { nodes { id } } }", {}, (1 + 10 * 2, False)),
        ("{ orders { nodes { id } pageInfo { hasNextPage } } }", {}, (1 + 20 * 4, False)),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": 3}, (1 + 3 * 2, True)),
        ("query ($n: Int! = 7) { orders(first: $n) { nodes { id } } }", {}, (1 + 7 * 2, True)),
        ("query ($n: Int!) { orders(first: $n) { nodes { id } } }", {"n": "many"}, (1 + 1 * 2, True)),
        ("{ orders(last: 10) { nodes { id } } }", {}, (1 + 10 * 2, False)),
        ("query ($n: Int) { orders(last: $n) { nodes { id } } }", {"n": 3}, (1 + 3 * 2, True)),
        ("query ($n: Int) { orders(first: $n) { nodes { id } } }", {"n": None}, (1 + 20 * 2, True)),
        ("{ orders(first: null) { nodes { id } } }", {}, (1 + 20 * 2, False)),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', {}, (1 + 3, False)),
        ('{ nodes(ids: "a") { id } }', {}, (1 + 1, False)),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 7}, (1 + 7, True)),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 700}, (1 + 100, True)),
        ("{ orders(first: 100000) { nodes { id } } }", {}, (1 + 100 * 2, False)),
        (
            "{ orders(first: 10) { nodes { lines { sku product { name } } } } }",
            {},
            (1 + 10 * (1 + 1 + ASSUMED_LIST_LENGTH * 3), False),
        ),
        (
            "{ orders(first: 10) { nodes { ...H } } } fragment H on Order { history(first: 5) { nodes { state } } }",
            {},
            (1 + 10 * (1 + 1 + 5 * 2), False),
        ),
        (
            "{ events(first: 10) { nodes { ... on OrderOpened { customerId } ... { position } } } }",
            {},
            (1 + 10 * 3, False),
        ),
        ("subscription { orders(most: 10) { initial upserted { id } } }", {}, (1 + 10 * 3, False)),
        ("subscription { orders { upserted { id } removed } }", {}, (1 + 200 * 3, False)),
        ("subscription ($n: Int!) { orders(most: $n) { removed } }", {"n": 7}, (1 + 7, True)),
        ("query A { position } query B { orders(first: 10) { nodes { id } } }", {}, (21, False)),
    ],
)
def test_a_document_costs_its_fields_times_its_lists(
    document: str, variables: dict[str, Any], wanted: tuple[int, bool]
) -> None:
    assert cost(document, **variables) == wanted


def test_a_chain_of_fragments_that_double_is_weighed_in_no_time() -> None:
    chain = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}\n" for n in range(80))
    assert cost(f"{{ ...F0 }}\n{chain}fragment F80 on Query {{ position }}") == (2**80, False)


def test_what_costs_too_much_is_said_with_the_figures() -> None:
    assert too_expensive(MAX_COST) is None
    problem = too_expensive(MAX_COST + 1)
    assert problem is not None
    assert "20,001 fields" in problem.message
    assert problem.extensions == {"code": "OPERATION_TOO_EXPENSIVE"}
