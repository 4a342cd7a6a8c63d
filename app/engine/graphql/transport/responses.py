"""Responses of GraphQL over HTTP: their bodies, media types and status codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from app.engine.graphql.json import encode_json
from app.engine.graphql.transport.negotiation import GRAPHQL_RESPONSE, JSON
from app.engine.graphql.transport.requests import BadRequest, error_body

STATUS_CODES = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "DOCUMENT_NOT_KNOWN": 403,
    "NOT_FOUND": 404,
    "LOG_REPLACED": 409,
    "INTERNAL_SERVER_ERROR": 500,
    "UNREADABLE_STREAM": 500,
    "OVERLOADED": 503,
    "STALE_READ": 503,
    "UNAVAILABLE": 503,
    "TIMEOUT": 504,
}
"""The status of `application/graphql-response+json` without data, by the code of its error. All other codes have 400."""


def status_of(body: Mapping[str, Any]) -> int:
    """The status of a response in `application/graphql-response+json`: 200 if it has data, in part or as a whole."""
    if body.get("data") is not None or not body.get("errors"):
        return 200
    return status_of_errors(body["errors"])


def status_of_errors(errors: Sequence[Mapping[str, Any]]) -> int:
    """The gravest status of the errors."""
    return max(STATUS_CODES.get((error.get("extensions") or {}).get("code", ""), 400) for error in errors)


def result_response(body: Mapping[str, Any], media_type: str) -> Response:
    """The response with a result. `application/json` has the status 200 for every well-formed request."""
    return _response(body, media_type, status_of(body) if media_type == GRAPHQL_RESPONSE else 200)


def refusal_response(error: BadRequest, media_type: str = JSON) -> Response:
    """The response to a request that is refused before execution."""
    body = {"errors": [error_body(error.reason, error.code, **error.extensions)]}
    return _response(body, media_type, error.status_code, error.headers)


def errors_response(body: Mapping[str, Any], media_type: str = JSON) -> Response:
    """The response with errors, with their status in every media type."""
    return _response(body, media_type, status_of(body))


def _response(
    body: Mapping[str, Any], media_type: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    # Responses are of one moment. Without this a cache may keep those of GET.
    challenge = {"www-authenticate": "Bearer"} if status == 401 else {}
    fixed = {"cache-control": "no-store", "vary": "Accept", "content-type": f"{media_type}; charset=utf-8"}
    return Response(encode_json(body), status, {**fixed, **challenge, **(headers or {})})
