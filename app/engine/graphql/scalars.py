"""The scalars of the engine, the way to make others, and checks of text and datetimes."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from operator import methodcaller
from typing import Any, NewType
from uuid import UUID

import strawberry
from graphql import GraphQLError, StringValueNode, ValueNode
from graphql.language import IntValueNode, print_ast
from strawberry.types.scalar import ScalarDefinition

from app.engine.graphql.errors import BadInput
from app.engine.text import clean_line, time_problem

Position = NewType("Position", int)
Count = NewType("Count", int)

_NUMBER = re.compile(r"(?=.{1,64}$)[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_DIGITS = re.compile(r"[0-9]{1,19}")
_UUID = re.compile(
    r"[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)


def make_scalar(
    name: str, description: str, parse: Callable[[object], Any], serialize: Callable[[Any], object]
) -> ScalarDefinition:
    """A scalar whose literals are strings and whole numbers. `parse` raises `invalid_scalar`."""

    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        del variables
        try:
            return parse(_literal_value(node))
        except GraphQLError as error:
            raise GraphQLError(error.message, node, extensions=error.extensions) from None

    return strawberry.scalar(
        name=name,
        description=description,
        parse_value=parse,
        serialize=serialize,
        parse_literal=parse_literal,
    )


def invalid_scalar(message: str) -> GraphQLError:
    """The error for an invalid value, with the same code for literals and variables."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def quote_input(value: object) -> str:
    """A value as an error message quotes it, at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def clean_text(value: str, name: str, max_length: int) -> str:
    """One line of visible text in NFC, without spaces around it. Raises `BadInput` with the name if it is not."""
    text, problem = clean_line(value, max_length)
    if problem is not None:
        raise BadInput(f"{name} {problem}.")
    return text


def parse_datetime(value: datetime, name: str) -> datetime:
    """The datetime in UTC; without a zone it is UTC already. Raises `BadInput` outside of the years 1900 to 9998."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if (problem := time_problem(value)) is not None:
        raise BadInput(f"{name} {problem}.")
    return aware.astimezone(UTC)


def parse_position(value: object) -> Position:
    """A position from a number or a string of digits. Raises `GraphQLError` with the code BAD_USER_INPUT."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return Position(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value) and int(value) < 2**63:
        return Position(int(value))
    raise invalid_scalar(
        f"Position must be a string of digits, as in an event's `position`, not {quote_input(value)}."
    )


def _parse_count(value: object) -> Count:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 2**53:
        return Count(value)
    raise invalid_scalar(f"Count must be a whole number from 0, not {quote_input(value)}.")


def _parse_decimal(value: object) -> Decimal:
    try:
        if isinstance(value, str | int) and not isinstance(value, bool) and _NUMBER.fullmatch(str(value)):
            number = Decimal(value)
            if number.is_finite():
                return _without_negative_zero(number)
    except InvalidOperation:
        pass
    raise invalid_scalar(
        f'Decimal must be an exact number as a string, like "3.50", not {quote_input(value)}.'
    )


def _parse_text(read: Callable[[str], object], name: str, form: str) -> Callable[[object], object]:
    """A parser of strings by `read`, which raises `ValueError`."""

    def parse(value: object) -> object:
        try:
            if isinstance(value, str):
                return read(value)
        except (ValueError, OverflowError):
            pass
        # Without a code of its own: a wrong literal is an invalid document, as with the scalars of GraphQL.
        raise GraphQLError(f"{name} must be {form}, not {quote_input(value)}.")

    return parse


def _read_uuid(text: str) -> UUID:
    # Python's UUID takes signs, spaces, underscores and other digits, and makes another UUID of them.
    if _UUID.fullmatch(text) is None:
        raise ValueError
    return UUID(text)


def _serialize_decimal(value: Decimal) -> str:
    return format(_without_negative_zero(value), "f")


def _without_negative_zero(number: Decimal) -> Decimal:
    return number or number.copy_abs()


def _literal_value(node: ValueNode) -> object:
    match node:
        case StringValueNode():
            return node.value
        case IntValueNode():
            return int(node.value)
        case _:
            return _InvalidLiteral(print_ast(node))


class _InvalidLiteral:
    """A literal that no scalar accepts. Error messages quote it as it was written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


SCALARS: dict[object, ScalarDefinition] = {
    Position: make_scalar(
        "Position",
        "A position in the log, counted from 1 without gaps. A string of digits: GraphQL's Int has 32 bits.",
        parse_position,
        str,
    ),
    Count: make_scalar(
        "Count",
        "A whole number from 0, as a JSON number; exact up to 2^53. Numbers that count or add up may pass GraphQL's Int.",
        _parse_count,
        int,
    ),
    UUID: make_scalar(
        "UUID",
        "A UUID (RFC 9562).",
        _parse_text(_read_uuid, "UUID", "32 hexadecimal digits, with hyphens or without"),
        str,
    ),
    datetime: make_scalar(
        "DateTime",
        "A date with time in ISO 8601. Without an offset it is UTC; a date alone is its midnight in UTC.",
        _parse_text(
            datetime.fromisoformat, "DateTime", 'a date, with or without a time, like "2026-11-27T09:30:00Z"'
        ),
        methodcaller("isoformat"),
    ),
    date: make_scalar(
        "Date",
        "A date in ISO 8601.",
        _parse_text(date.fromisoformat, "Date", 'a date, like "2026-11-27"'),
        methodcaller("isoformat"),
    ),
    Decimal: make_scalar("Decimal", "An exact decimal, as a string.", _parse_decimal, _serialize_decimal),
}
