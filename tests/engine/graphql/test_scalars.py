"""Every scalar says where a wrong value is and what it should be, for literals and for variables."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import strawberry
from graphql import GraphQLError, parse
from strawberry.schema.config import StrawberryConfig

from app.engine.graphql.scalars import SCALARS, Count, Position

AS_IN_GRAPHQL = {"UUID", "DateTime", "Date"}
"""A wrong literal of these makes the document invalid. It has no code of its own."""


def field(kind: Any) -> Any:
    """A field that gives its argument back."""

    def resolve(value: Any) -> Any:
        return value

    resolve.__annotations__ = {"value": kind, "return": kind}
    return strawberry.field(resolver=resolve)


@strawberry.type
class Query:
    UUID = field(UUID)
    DateTime = field(datetime)
    Date = field(date)
    Decimal = field(Decimal)
    Position = field(Position)
    Count = field(Count)


SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(auto_camel_case=False, scalar_map=SCALARS))
WRONG = {
    "UUID": ("zz", "UUID must be 32 hexadecimal digits, with hyphens or without, not 'zz'."),
    "DateTime": (
        "soon",
        "DateTime must be a date, with or without a time, like \"2026-11-27T09:30:00Z\", not 'soon'.",
    ),
    "Date": ("2026-13-01", "Date must be a date, like \"2026-11-27\", not '2026-13-01'."),
    "Decimal": ("1,5", "Decimal must be an exact number as a string, like \"3.50\", not '1,5'."),
    "Position": ("-1", "Position must be a string of digits, as in an event's `position`, not '-1'."),
    "Count": ("-1", "Count must be a whole number from 0, not '-1'."),
}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-11-27T09:30:00+02:00", "2026-11-27T09:30:00+02:00"),
        ("2026-11-27T09:30:00", "2026-11-27T09:30:00"),
        ("2026-11-27", "2026-11-27T00:00:00"),
    ],
)
def test_a_moment_may_be_a_date_alone(text: str, meant: str) -> None:
    result = SCHEMA.execute_sync(f'{{ DateTime(value: "{text}") }}')
    assert (result.errors, result.data) == (None, {"DateTime": meant})


def test_every_scalar_of_the_engine_is_tested() -> None:
    assert {definition.name for definition in SCALARS.values()} == {*WRONG}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("as_variable", [False, True])
def test_a_wrong_value_is_located_and_has_a_code(name: str, as_variable: bool) -> None:
    text, message = WRONG[name]
    if as_variable:
        result = SCHEMA.execute_sync(
            f"query($v: {name}!) {{ {name}(value: $v) }}", variable_values={"v": text}
        )
    else:
        result = SCHEMA.execute_sync(f'{{ {name}(value: "{text}") }}')
    assert result.errors is not None
    [error] = result.errors
    assert error.message.endswith(message)
    assert error.locations
    original = error.original_error if as_variable else error
    assert isinstance(original, GraphQLError)
    assert (original.extensions or {}).get("code") == (None if name in AS_IN_GRAPHQL else "BAD_USER_INPUT")


@pytest.mark.parametrize(
    "text",
    [
        "0x345678123456781234567812345678",
        "1234_678123456781234567812345678",
        "+2345678123456781234567812345678",
        " 2345678-1234-5678-1234-567812345678",
        "12345678-1234-5678-1234-56781234567 ",
        "12345678-1234-5678-1234-567812345678\n",
        "١٢٣٤٥٦٧٨-1234-5678-1234-567812345678",
        "1234567-81234-5678-1234-567812345678",
        "12345678-123456781234567812345678",
        "{12345678-1234-5678-1234-567812345678}",
        "urn:uuid:12345678-1234-5678-1234-567812345678",
        "12345678-1234-5678-1234-56781234567",
        "",
    ],
)
def test_a_text_that_is_not_exactly_a_uuid_names_no_other_one(text: str) -> None:
    result = SCHEMA.execute_sync("query($v: UUID!) { UUID(value: $v) }", variable_values={"v": text})
    assert result.data is None
    assert "UUID must be 32 hexadecimal digits, with hyphens or without, not" in str(result.errors)


@pytest.mark.parametrize("literal", ["7.5", "true", "[]", "{}", "A"])
@pytest.mark.parametrize("name", WRONG)
def test_a_literal_of_another_kind_is_refused_at_its_place(name: str, literal: str) -> None:
    document = f"{{ {name}(value: {literal}) }}"
    assert parse(document)
    result = SCHEMA.execute_sync(document)
    assert result.errors is not None
    assert result.errors[0].locations


@pytest.mark.parametrize(
    ("name", "literal", "value"),
    [
        ("UUID", '"01994C3B6F7A7D3E8A5B0C1D2E3F4A5B"', "01994c3b-6f7a-7d3e-8a5b-0c1d2e3f4a5b"),
        ("UUID", '"01994c3b-6F7A-7d3e-8a5b-0c1d2e3f4a5b"', "01994c3b-6f7a-7d3e-8a5b-0c1d2e3f4a5b"),
        ("DateTime", '"2026-11-27T09:30:00.25Z"', "2026-11-27T09:30:00.250000+00:00"),
        ("DateTime", '"2026-11-27T09:30+01:00"', "2026-11-27T09:30:00+01:00"),
        ("DateTime", '"2026-11-27"', "2026-11-27T00:00:00"),
        ("Date", '"2026-11-27"', "2026-11-27"),
        ("Decimal", '"3.50"', "3.50"),
        ("Position", '"12"', "12"),
        ("Count", "12", 12),
    ],
)
def test_a_right_value_is_read_and_written(name: str, literal: str, value: object) -> None:
    result = SCHEMA.execute_sync(f"{{ {name}(value: {literal}) }}")
    assert (result.errors, result.data) == (None, {name: value})
