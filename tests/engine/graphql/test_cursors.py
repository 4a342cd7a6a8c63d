"""All lists use one codec for cursors. A cursor that the list has not returned is bad input."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from app.engine.graphql.cursors import cursor_scope, decode_cursor, encode_cursor
from app.engine.graphql.errors import BadInput

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


def test_a_cursor_gives_back_its_values_in_their_types() -> None:
    values = ("-opened_at,id", 2**63 - 1, UUID(int=7), MOMENT, Decimal("1.50"))
    assert decode_cursor(encode_cursor(*values), str, int, UUID, datetime, Decimal) == values


@pytest.mark.parametrize(
    ("cursor", "types"),
    [
        ("", [int]),
        ("x", [int]),
        ("ünï", [int]),
        ("%%%%", [int]),
        (encode_cursor(), [int]),
        (encode_cursor(1, 2), [int]),
        (encode_cursor("1"), [int]),
        (encode_cursor(None), [str]),
        (encode_cursor("a\0b"), [str]),
        (encode_cursor(2**63), [int]),
        (encode_cursor("Infinity"), [Decimal]),
        (encode_cursor("1e999999"), [Decimal]),
        (encode_cursor("2026-01-01T00:00:00"), [datetime]),
        (encode_cursor("nobody"), [UUID]),
    ],
)
def test_a_cursor_with_other_values_is_bad_input(cursor: str, types: list[type]) -> None:
    with pytest.raises(BadInput, match="after is not a cursor of this list"):
        decode_cursor(cursor, *types)


@pytest.mark.parametrize(
    ("cursor", "scope"),
    [
        (None, None),
        ("x", None),
        (encode_cursor(), None),
        (encode_cursor(1), None),
        (encode_cursor("+id@5", 1), "+id@5"),
    ],
)
def test_the_scope_of_a_cursor_is_its_first_text(cursor: Any, scope: str | None) -> None:
    assert cursor_scope(cursor) == scope
