"""Null for an optional argument or input field takes the default or is bad input, never a failure."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from itertools import batched
from typing import Any

import httpx2
import pytest

from app.composition import application
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from tests.shop.support.bad_input import INPUT, OPEN, REGISTER, VALIDATION, codes, product
from tests.shop.support.null_cases import ID, null_cases
from tests.support.server import Server
from tests.support.websocket import opened

CASES = list(null_cases(graphql_schema(build_schema(application.slices(), application.deciders)[0])))
SINGLE = [case for case in CASES if not case.is_subscription]
STREAMED = [case for case in CASES if case.is_subscription]
EXPECTED = {INPUT, VALIDATION, "NOT_FOUND"}


@pytest.fixture(scope="module")
def shop(module_server: Server) -> Server:
    """A server with one product and one order, whose id is that of its customer."""
    assert "errors" not in module_server.ask(REGISTER, product())
    assert "errors" not in module_server.ask(OPEN, {"input": {"id": ID, "customerId": ID}})
    return module_server


@pytest.fixture(scope="module")
def client(shop: Server) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=f"http://127.0.0.1:{shop.port}", timeout=30) as client:
        yield client


def failures(answers: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The answers with another error than those of input."""
    return {
        place: answer
        for place, answer in answers.items()
        if "errors" in answer and not codes(answer) <= EXPECTED
    }


def test_the_cases_cover_each_kind_of_operation_and_of_place() -> None:
    places = {case.place for case in CASES}
    assert {"Query.products.first", "Query.products.sort", "Query.events.filter.types"} <= places
    assert {"Order.history.first", "Subscription.events.after", "Mutation.openOrder.options"} <= places
    assert len(places) == len(CASES) >= 150


def test_null_in_a_query_or_a_mutation_is_never_a_failure(shop: Server, client: httpx2.Client) -> None:
    literals = {case.place: post_json(client, case.literal, {}) for case in SINGLE}
    variables = {case.place: post_json(client, case.document, case.variables) for case in SINGLE}
    assert failures(literals) == {}
    assert failures(variables) == {}
    assert codes(variables["Query.events.first"]) == {INPUT}
    assert "unexpected" not in shop.output()


def post_json(client: httpx2.Client, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    answer = client.post("/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


async def test_null_in_a_subscription_is_never_a_failure(shop: Server) -> None:
    nested = (
        f'subscription ($n: Int) {{ order(id: "{ID}") {{ history(first: $n) {{ nodes {{ state }} }} }} }}'
    )
    included = "subscription ($b: Boolean = true) { events { position @include(if: $b) } }"
    asked: list[tuple[str, str, dict[str, Any]]] = [
        *((f"{case.place} literal", case.literal, {}) for case in STREAMED),
        *((f"{case.place} variable", case.document, case.variables) for case in STREAMED),
        ("nested", nested, {"n": None}),
        ("included", included, {"b": None}),
    ]
    answers: dict[str, dict[str, Any]] = {}
    # One socket takes 50 operations at a time, and an application has any number of subscriptions.
    async with AsyncExitStack() as sockets:
        open_ones = [
            (await sockets.enter_async_context(opened(shop)), part)
            for part in batched(asked, 20, strict=False)
        ]
        for socket, part in open_ones:
            for operation in part:
                await socket.subscribe(*operation)
        for socket, _ in open_ones:
            await socket.settled()
        assert "errors" not in await asyncio.to_thread(shop.ask, REGISTER, product(sku="NEXT"))
        for socket, part in open_ones:
            for name, _, _ in part:
                message = await socket.next(name)
                errors = message["payload"] if message["type"] == "error" else None
                answers[name] = {"errors": errors} if errors else message["payload"]
    assert failures(answers) == {}
    # Null takes the default of a page; a condition has none.
    assert "errors" not in answers["nested"] or codes(answers["nested"]) == {INPUT}
    assert codes(answers["included"]) == {INPUT}
    assert "unexpected" not in shop.output()
    assert "Traceback" not in shop.output()


def test_null_for_the_condition_of_a_directive_is_bad_input(client: httpx2.Client) -> None:
    for query in (
        "query ($b: Boolean = true) { position @include(if: $b) }",
        "query ($b: Boolean = true) { products { nodes { sku @skip(if: $b) } } }",
    ):
        assert codes(post_json(client, query, {"b": None})) == {INPUT}


def test_null_for_a_variable_with_a_default_is_bad_input_where_null_is_not_allowed(
    client: httpx2.Client,
) -> None:
    for declared in ("Int! = 5", "Int = 5", "Int"):
        query = f"query ($n: {declared}) {{ events(first: $n) {{ nodes {{ type }} }} }}"
        assert codes(post_json(client, query, {"n": None})) == {INPUT}
        if declared != "Int! = 5":
            assert "errors" not in post_json(client, query, {})
