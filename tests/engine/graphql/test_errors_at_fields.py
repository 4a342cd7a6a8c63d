"""An error that graphql-core raises at a field is the client's if it is about input, else the server's."""

import logging
from datetime import date
from enum import Enum
from typing import NewType
from uuid import uuid4

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from app.engine.graphql.errors import to_api_error, with_codes
from app.engine.graphql.schema import Schema
from app.engine.store.append import Overloaded
from app.engine.store.append_session import StoreTimeout, StoreUnavailable


@strawberry.enum
class Colour(Enum):
    RED = "red"


def fail(_: object) -> str:
    raise ValueError("secret")


Broken = NewType("Broken", str)
BROKEN = strawberry.scalar(name="Broken", serialize=fail, parse_value=fail)


@strawberry.input
class Size:
    width: int = 1


@strawberry.type
class Query:
    @strawberry.field
    def page(self, first: int = 20, size: Size | None = None, colour: Colour = Colour.RED) -> int:
        return first

    @strawberry.field
    def missing(self) -> int:
        return None  # pyright: ignore[reportReturnType]

    @strawberry.field
    def huge(self) -> int:
        return 2**31

    @strawberry.field
    def colour(self) -> Colour:
        return "secret"  # pyright: ignore[reportReturnType]

    @strawberry.field
    def day(self) -> date:
        return "secret"  # pyright: ignore[reportReturnType]

    @strawberry.field
    def broken(self) -> Broken:
        return Broken("secret")


SCHEMA = Schema(Query, config=StrawberryConfig(scalar_map={Broken: BROKEN}))


@pytest.mark.parametrize(
    "query",
    [
        "query ($v: Int) { page(first: $v) }",
        "query ($v: Int) { page(size: {width: $v}) }",
        "query ($v: Colour) { page(colour: $v) }",
        "query ($v: Boolean = true) { page @skip(if: $v) }",
        "query ($v: Int!) { page(first: $v) }",
    ],
)
def test_null_for_a_value_with_a_default_is_bad_input_and_is_not_logged(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    [error] = errors(query, {"v": None})
    assert error.extensions == {"code": "BAD_USER_INPUT"}
    assert "null" in error.message
    assert caplog.records == []


@pytest.mark.parametrize("field", ["missing", "huge", "colour", "day", "broken"])
def test_a_value_of_a_resolver_that_does_not_fit_its_field_is_a_failure_masked_and_logged(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        [error] = errors(f"{{ {field} }}", {})
    assert error.extensions is not None
    assert error.extensions["code"] == "INTERNAL_SERVER_ERROR"
    assert "secret" not in error.message
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("kind", "code"),
    [(StoreTimeout, "TIMEOUT"), (StoreUnavailable, "UNAVAILABLE"), (Overloaded, "OVERLOADED")],
)
def test_an_error_of_the_store_has_its_code_and_the_sentence_of_its_class_if_it_has_none_of_its_own(
    kind: type[Exception], code: str
) -> None:
    for error, message in ((kind(), kind.__doc__), (kind("Its own."), "Its own.")):
        shown = to_api_error(error)
        assert shown is not None
        assert (shown.code, str(shown)) == (code, message)


def errors(query: str, variables: dict[str, object]) -> list[GraphQLError]:
    result = SCHEMA.execute_sync(query, variable_values=variables)
    return with_codes(result.errors or [], uuid4())
