"""No byte of an answer to a customer is another customer's."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLObjectType
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes, queries

from app.composition import application
from app.engine.graphql.schema import build_schema
from app.settings import Settings
from domain.payment import payment_id
from tests.shop.access.callers import CALLERS
from tests.shop.access.two_customers import ANN, BEN, write_past
from tests.support.in_process_api import InProcessApi, run_in_process_api

SDL = build_schema(application.slices(), application.deciders)[0].as_str()
IDS = [
    *(str(id) for who in (ANN, BEN) for id in (who.id, who.shipped, who.rejected, who.cancelled, who.open)),
    str(payment_id(ANN.shipped)),
]
SCALARS: Any = {
    "UUID": st.sampled_from(IDS).map(nodes.String),
    "ID": st.sampled_from([*IDS, *(f"payment:{id}" for id in IDS)]).map(nodes.String),
    "Sku": st.sampled_from(["P-1", "P-2", "TEA"]).map(nodes.String),
    "Quantity": st.integers(1, 9).map(nodes.Int),
    "Decimal": st.integers(1, 9).map(str).map(nodes.String),
    "Position": st.integers(0, 90).map(str).map(nodes.String),
    "DateTime": st.just("2026-01-05T12:00:00Z").map(nodes.String),
    "Date": st.just("2026-01-05").map(nodes.String),
    "Count": st.integers(0, 9).map(nodes.Int),
    "JSON": st.just("{}").map(nodes.String),
}
STRANGERS = ("anonymous", "other")


@pytest.fixture(scope="module")
def api(module_database_url: str) -> Iterator[InProcessApi]:
    asyncio.run(write_past(module_database_url))
    with run_in_process_api(Settings(database_url=module_database_url)) as api:
        yield api


def fields(root: str) -> list[str]:
    graphql_type: Any = build_schema(application.slices(), application.deciders)[0]._schema.type_map[root]  # pyright: ignore[reportAttributeAccessIssue]
    assert isinstance(graphql_type, GraphQLObjectType)
    return list(graphql_type.fields)


def check(api: InProcessApi, document: str, caller: str) -> None:
    answer = api.post({"query": document}, CALLERS[caller])
    text = answer.text
    assert "INTERNAL_SERVER_ERROR" not in text, document
    leaked = [canary for canary in ANN.canaries if canary in text and canary not in document]
    assert not leaked, (caller, document, text)


MANY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.function_scoped_fixture,
    ],
)


@pytest.mark.soak
@pytest.mark.parametrize("field", fields("Query"))
def test_no_query_shows_a_stranger_anything_of_a_customer(field: str, api: InProcessApi) -> None:
    @MANY
    @given(document=queries(SDL, fields=[field], custom_scalars=SCALARS), caller=st.sampled_from(STRANGERS))
    def ask(document: str, caller: str) -> None:
        check(api, document, caller)

    ask()


@pytest.mark.soak
@pytest.mark.parametrize("field", fields("Mutation"))
def test_no_mutation_shows_a_stranger_anything_of_a_customer(field: str, api: InProcessApi) -> None:
    @MANY
    @given(document=mutations(SDL, fields=[field], custom_scalars=SCALARS), caller=st.sampled_from(STRANGERS))
    def ask(document: str, caller: str) -> None:
        check(api, document, caller)

    ask()


@pytest.mark.soak
def test_the_canaries_are_found_if_the_customer_itself_asks(api: InProcessApi) -> None:
    document = "{ orders { nodes { id customerId reason total { amount } payment { id reason } } } }"
    text = api.post({"query": document}, CALLERS["own"]).text
    assert {canary for canary in ANN.canaries if canary in text} >= {
        ANN.word,
        str(ANN.id),
        str(ANN.price * 3),
        str(payment_id(ANN.shipped)),
    }
    check(api, document, "other")
