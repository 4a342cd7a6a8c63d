"""The scalars of the API, and the checks that keep bad input out of the domain."""

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import strawberry
from graphql import GraphQLError, StringValueNode, ValueNode
from graphql.language import IntValueNode, print_ast
from strawberry.types.scalar import ScalarDefinition

from app.engine.graphql.errors import BadInput

Position = NewType("Position", int)
Sku = NewType("Sku", str)
Quantity = NewType("Quantity", int)

_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}")
_NUMBER = re.compile(r"(?=.{1,64}$)[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,4})?")
_DIGITS = re.compile(r"[0-9]{1,19}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def _position(value: object) -> Position:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return Position(value)
    if isinstance(value, str) and _DIGITS.fullmatch(value) and int(value) < 2**63:
        return Position(int(value))
    raise _bad(
        f"Position is a string of digits, as an event's `position` gives it, not {quote_input(value)}."
    )


def _sku(value: object) -> Sku:
    if isinstance(value, str) and _SKU.fullmatch(value):
        return Sku(value)
    raise _bad(f"Sku is 1 to 64 of letters, digits, '.', '_' and '-', not {quote_input(value)}.")


def _quantity(value: object) -> Quantity:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10_000:
        return Quantity(value)
    raise _bad(f"Quantity is a whole number from 1 to 10000, not {quote_input(value)}.")


def _decimal(value: object) -> Decimal:
    try:
        if isinstance(value, str | int) and not isinstance(value, bool) and _NUMBER.fullmatch(str(value)):
            number = Decimal(value)
            if number.is_finite():
                return number
    except InvalidOperation:
        pass
    raise _bad(f'Decimal is an exact number as a string, like "3.50", not {quote_input(value)}.')


def _bad(message: str) -> GraphQLError:
    """The same code whether the value came as a literal or in a variable."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def quote_input(value: object) -> str:
    """What was given, as a message may repeat it."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
    """Only strings and whole numbers are literals of these scalars; anything else is shown as it was written."""
    del variables
    match node:
        case StringValueNode():
            return node.value
        case IntValueNode():
            return int(node.value)
        case _:
            return _InvalidLiteral(print_ast(node))


class _InvalidLiteral:
    """A literal of another kind: no valid value of any scalar, and shown as it was written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _scalar(name: str, description: str, parse: Any, serialize: Any) -> ScalarDefinition:
    def literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        try:
            return parse(_literal(node, variables))
        except GraphQLError as error:
            raise GraphQLError(error.message, node, extensions=error.extensions) from None

    return strawberry.scalar(
        name=name, description=description, parse_value=parse, serialize=serialize, parse_literal=literal
    )


def _plain_decimal(value: Decimal) -> str:
    return format(value, "f")


SCALARS: dict[object, ScalarDefinition] = {
    Position: _scalar(
        "Position",
        "A place in the log, counted from 1 without gaps. A string of digits: GraphQL's Int has 32 bits.",
        _position,
        str,
    ),
    Sku: _scalar("Sku", "A stock keeping unit: 1 to 64 of letters, digits, '.', '_' and '-'.", _sku, str),
    Quantity: _scalar("Quantity", "A whole number from 1 to 10000.", _quantity, int),
    Decimal: _scalar("Decimal", "An exact decimal, as a string.", _decimal, _plain_decimal),
}


def clean_text(value: str, name: str, most: int) -> str:
    """The text, trimmed; it has something in it, at most `most` characters, and none that cannot be printed."""
    trimmed = value.strip()
    if not trimmed:
        raise BadInput(f"{name} is empty.")
    if len(trimmed) > most:
        raise BadInput(f"{name} has {len(trimmed)} characters; at most {most} will do.")
    if _UNPRINTABLE.search(trimmed):
        raise BadInput(f"{name} has a character that cannot be printed.")
    return trimmed


def parse_datetime(value: datetime, name: str) -> datetime:
    """A moment since 1900, in UTC; one without a zone is read as UTC."""
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    if not 1900 <= value.year <= 9998:
        raise BadInput(f"{name} is not between the years 1900 and 9998.")
    return aware.astimezone(UTC)
