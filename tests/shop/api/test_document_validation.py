"""A document is validated once, whether it is valid or not."""

import pytest
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from app.engine.graphql.execution import validation
from app.engine.graphql.execution.limits import check_limits
from tests.support.graphql_client import Api


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were validated, by the name of their operation."""
    names: list[str] = []

    def check(document: DocumentNode) -> list[GraphQLError]:
        assert isinstance(document.definitions[0], OperationDefinitionNode)
        assert document.definitions[0].name is not None
        names.append(document.definitions[0].name.value)
        return check_limits(document)

    monkeypatch.setattr(validation, "check_limits", check)
    return names


async def test_a_valid_document_is_validated_once(api: Api, validated: list[str]) -> None:
    for _ in range(3):
        assert await api.data("query DocumentCacheValid { position }") == {"position": "0"}
    assert validated == ["DocumentCacheValid"]


async def test_an_invalid_document_is_validated_once_and_has_the_same_errors_again(
    api: Api, validated: list[str]
) -> None:
    query = "query DocumentCacheInvalid { nothing noone }"
    first, second = (await api(query))["errors"], (await api(query))["errors"]
    assert first == second
    assert [error["locations"] for error in first] == [
        [{"line": 1, "column": 30}],
        [{"line": 1, "column": 38}],
    ]
    assert {error["extensions"]["code"] for error in first} == {"GRAPHQL_VALIDATION_FAILED"}
    assert validated == ["DocumentCacheInvalid"]


async def test_an_operation_of_a_refused_document_is_looked_for_as_in_a_valid_one(api: Api) -> None:
    query = "query A { nothing } query B { position }"
    codes = [
        (await api.client.post("/graphql", json={"query": query, "operationName": name})).json()["errors"][0]
        for name in ("A", "A", "C", None, "A")
    ]
    assert [error["extensions"]["code"] for error in codes] == [
        "GRAPHQL_VALIDATION_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "BAD_USER_INPUT",
        "GRAPHQL_VALIDATION_FAILED",
    ]
