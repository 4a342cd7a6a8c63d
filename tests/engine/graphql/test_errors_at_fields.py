"""An error that graphql-core raises at a field is the client's if it is about input, else the server's."""

import logging
from datetime import date
from enum import Enum
from typing import NewType
from uuid import uuid4

import asyncpg
import pytest
import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig

from app.engine.graphql.errors import to_api_error, with_codes
from app.engine.graphql.schema import Schema
from app.engine.store.append import Overloaded
from app.engine.store.append_session import StoreTimeout, StoreUnavailable
from app.engine.store.feed import FeedStalled


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


REASON = "db-1:5432, user app"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (StoreTimeout(REASON), "TIMEOUT", StoreTimeout.__doc__),
        (StoreUnavailable(REASON), "UNAVAILABLE", StoreUnavailable.__doc__),
        (FeedStalled(REASON), "UNAVAILABLE", FeedStalled.__doc__),
        (OSError(111, REASON), "TIMEOUT", "The database does not answer. Try again."),
        (asyncpg.TooManyConnectionsError(REASON), "TIMEOUT", "The database does not answer. Try again."),
        *(
            (kind(REASON), "UNAVAILABLE", "The database cannot answer at the moment. Try again.")
            for kind in (
                asyncpg.InvalidPasswordError,
                asyncpg.InvalidCatalogNameError,
                asyncpg.InsufficientPrivilegeError,
                asyncpg.DiskFullError,
            )
        ),
    ],
)
def test_why_the_database_is_away_is_in_the_log_alone(
    error: Exception, code: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    correlation_id = uuid4()
    field = GraphQLError(str(error), path=["page"], original_error=error)
    [shown] = shown_twice = with_codes([field], correlation_id)
    assert (shown.message, shown.extensions) == (message, {"code": code})
    assert with_codes(shown_twice, correlation_id) == shown_twice
    [record] = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    assert (record.levelname, str(correlation_id) in record.getMessage()) == ("WARNING", True)


@pytest.mark.parametrize(
    ("error", "message"), [(Overloaded(), Overloaded.__doc__), (Overloaded("Its own."), "Its own.")]
)
def test_a_full_queue_has_the_sentence_of_its_class_if_it_has_none_of_its_own(
    error: Exception, message: str
) -> None:
    shown = to_api_error(error)
    assert shown is not None
    assert (shown.code, str(shown)) == ("OVERLOADED", message)


def errors(query: str, variables: dict[str, object]) -> list[GraphQLError]:
    result = SCHEMA.execute_sync(query, variable_values=variables)
    return with_codes(result.errors or [], uuid4())
