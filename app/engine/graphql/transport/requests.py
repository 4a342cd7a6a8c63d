"""Validates the envelope of a request, and gives the body of an error."""

import re
from typing import Any, cast

import msgspec
from cross_web import HTTPException

from app.engine.graphql.execution.limits import MAX_LENGTH

_FIELD = re.compile(r"[`.](\w+)`?$")
_EXPECTED = {
    "query": '"query" is required and must be a string',
    "variables": '"variables" must be an object or null',
    "operationName": '"operationName" must be a string or null',
    "extensions": '"extensions" must be an object or null',
}


class RequestEnvelope(msgspec.Struct):
    """The parameters of one operation, from an HTTP body or a `subscribe` message."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None


class BadRequest(HTTPException):
    """The request is refused before execution."""

    def __init__(self, reason: str, code: str = "BAD_USER_INPUT", status_code: int = 400) -> None:
        super().__init__(status_code, reason)
        self.code = code


def parse_request(payload: object) -> dict[str, Any]:
    """The payload as a valid envelope. Raises `BadRequest`.

    An empty operationName, which some clients send, becomes null.
    """
    if not isinstance(payload, dict):
        raise BadRequest("The request must be a JSON object with a query")
    try:
        envelope = msgspec.convert(payload, RequestEnvelope)
    except msgspec.ValidationError as error:
        field = _FIELD.search(str(error))
        raise BadRequest(str(error) if field is None else _EXPECTED.get(field[1], str(error))) from None
    if not envelope.query.strip():
        raise BadRequest('"query" is empty')
    if len(envelope.query) > MAX_LENGTH:
        raise BadRequest(
            f"The document has {len(envelope.query)} characters; the limit is {MAX_LENGTH}",
            "OPERATION_TOO_EXPENSIVE",
        )
    known = cast("dict[str, Any]", payload)
    return known if envelope.operationName else {**known, "operationName": None}


def error_body(message: str, code: str = "BAD_USER_INPUT") -> dict[str, Any]:
    """One error as responses and messages carry it."""
    return {"message": message, "extensions": {"code": code}}
