"""Cursors: opaque texts that hold the values of one place in a list."""

import base64
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from app.engine.graphql.errors import BadInput


def encode_cursor(*values: object) -> str:
    """The values as an opaque cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode()


def decode_cursor(cursor: str, *types: type, argument: str = "after") -> tuple[Any, ...]:
    """The values of a cursor. Raises `BadInput`, with the name of the argument, if it has other values than of these types."""
    try:
        values = _decode(cursor)
        if len(values) != len(types):
            raise invalid_cursor(argument)
        converted = tuple(
            msgspec.convert(value, expected) for value, expected in zip(values, types, strict=True)
        )
    except (ValueError, msgspec.MsgspecError):
        raise invalid_cursor(argument) from None
    if not all(_is_storable(value) for value in converted):
        raise invalid_cursor(argument)
    return converted


def invalid_cursor(argument: str = "after") -> BadInput:
    """The error for a cursor that this list has not returned."""
    return BadInput(f"{argument} is not a cursor of this list: pass a cursor that this list returned.")


def cursor_scope(cursor: str | None) -> str | None:
    """The order and point in time of the list that returned this cursor. None if the cursor does not say it."""
    if cursor is None:
        return None
    try:
        values = _decode(cursor)
    except (ValueError, msgspec.MsgspecError):
        return None
    return values[0] if values and isinstance(values[0], str) else None


def _decode(cursor: str) -> list[Any]:
    """The JSON values of a cursor. Raises `ValueError` or `msgspec.MsgspecError`."""
    try:
        return msgspec.json.decode(
            base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True), type=list[Any]
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _is_storable(value: object) -> bool:
    """Whether PostgreSQL can store the value. A forged cursor may have one that it cannot."""
    match value:
        case str():
            return "\0" not in value
        case Decimal():
            return value.is_finite() and abs(value.adjusted()) < 1_000
        case datetime():
            return value.tzinfo is not None and 1 < value.year < 9999
        case int():
            return -(2**63) <= value < 2**63
        case _:
            return True
