"""A valid document is parsed and validated once; an invalid one each time."""

from typing import Any

import graphql
import pytest

from tests.support.graphql_client import Api


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were validated, by the name of their operation."""
    names: list[str] = []

    def validate(schema: Any, document: Any, *rest: Any) -> Any:
        names.append(document.definitions[0].name.value)
        return graphql.validate(schema, document, *rest)

    monkeypatch.setattr("strawberry.schema.schema.validate", validate)
    return names


async def test_a_valid_document_is_validated_once(api: Api, validated: list[str]) -> None:
    for _ in range(3):
        assert await api.data("query DocumentCacheValid { position }") == {"position": "0"}
    assert validated == ["DocumentCacheValid"]


async def test_an_invalid_document_is_refused_each_time(api: Api, validated: list[str]) -> None:
    for _ in range(2):
        [error] = (await api("query DocumentCacheInvalid { nothing }"))["errors"]
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert validated == ["DocumentCacheInvalid", "DocumentCacheInvalid"]
