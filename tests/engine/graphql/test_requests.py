"""The envelope of a request is validated before anything is executed."""

from typing import Any

import pytest

from app.engine.graphql.execution.limits import MAX_LENGTH, MAX_LINES, MAX_VARIABLE_VALUES
from app.engine.graphql.transport.requests import BadRequest, error_body, parse_request

QUERY = "{ position }"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "The request must be a JSON object with a query"),
        (QUERY, "The request must be a JSON object with a query"),
        ([{"query": QUERY}], "Batches are not supported: send each operation in a request of its own"),
        ({}, '"query" is required and must be a string'),
        ({"query": None}, '"query" is required and must be a string'),
        ({"query": 1}, '"query" is required and must be a string'),
        ({"query": " "}, '"query" is empty'),
        ({"query": QUERY, "variables": []}, '"variables" must be an object or null'),
        ({"query": QUERY, "operationName": 1}, '"operationName" must be a string or null'),
        ({"query": QUERY, "extensions": "x"}, '"extensions" must be an object or null'),
    ],
)
def test_an_invalid_envelope_is_bad_input_and_the_field_is_named(payload: Any, reason: str) -> None:
    with pytest.raises(BadRequest) as raised:
        parse_request(payload)
    assert (raised.value.reason, raised.value.code, raised.value.status_code) == (
        reason,
        "BAD_USER_INPUT",
        400,
    )


def test_a_document_over_the_limit_is_too_expensive() -> None:
    assert parse_request({"query": "#" * MAX_LENGTH})
    with pytest.raises(BadRequest) as raised:
        parse_request({"query": "#" * (MAX_LENGTH + 1)})
    assert raised.value.code == "OPERATION_TOO_EXPENSIVE"
    assert raised.value.reason == f"The document has {MAX_LENGTH + 1} characters; the limit is {MAX_LENGTH}"


@pytest.mark.parametrize(
    ("within", "over"),
    [
        ({"a": [1] * (MAX_VARIABLE_VALUES - 2)}, {"a": [1] * (MAX_VARIABLE_VALUES - 1)}),
        ({"a": "x" * 100_000}, {"a": [[["x"]] * 500] * 2}),
        ({"a": {"b": {}}}, {"a": {f"k{number}": {} for number in range(MAX_VARIABLE_VALUES // 2)}}),
    ],
)
def test_variables_with_too_many_values_are_too_expensive(within: Any, over: Any) -> None:
    assert parse_request({"query": QUERY, "variables": within})["variables"] == within
    with pytest.raises(BadRequest) as raised:
        parse_request({"query": QUERY, "variables": over})
    assert raised.value.code == "OPERATION_TOO_EXPENSIVE"
    assert (
        raised.value.reason
        == f"The variables have more than {MAX_VARIABLE_VALUES} values, which is the limit. Send several operations."
    )


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n"])
def test_a_document_with_too_many_lines_is_too_expensive(line_end: str) -> None:
    assert parse_request({"query": line_end * (MAX_LINES - 1) + QUERY})
    with pytest.raises(BadRequest) as raised:
        parse_request({"query": line_end * MAX_LINES + QUERY})
    assert raised.value.code == "OPERATION_TOO_EXPENSIVE"
    assert raised.value.reason == f"The document has more than {MAX_LINES} lines, which is the limit"


def test_an_empty_operation_name_is_none() -> None:
    payload = {"query": QUERY, "variables": {"a": [1]}, "operationName": ""}
    assert parse_request(payload) == payload | {"operationName": None}
    assert parse_request({"query": QUERY, "operationName": "A"})["operationName"] == "A"


def test_an_error_has_a_message_and_a_code() -> None:
    assert error_body("No.", "NOT_FOUND") == {"message": "No.", "extensions": {"code": "NOT_FOUND"}}
