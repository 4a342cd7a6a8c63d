"""Responses of GraphQL over HTTP: their bodies, media types and status codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from app.engine.graphql.json import encode_answer, encode_json
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
    """The gravest status of the errors; 429 if the caller has spent its share."""
    if all(_has_spent(error) for error in errors):
        return 429
    return max(STATUS_CODES.get((error.get("extensions") or {}).get("code", ""), 400) for error in errors)


def result_response(body: Mapping[str, Any], media_type: str, max_bytes: int) -> Response:
    """The response with a result. `application/json` has the status 200 for every well-formed request."""
    body, text = encode_answer(body, max_bytes)
    status = status_of(body) if media_type == GRAPHQL_RESPONSE else 200
    return _response(text, media_type, status, _retry_after(body))


def refusal_response(error: BadRequest, media_type: str = JSON) -> Response:
    """The response to a request that is refused before execution."""
    body = {"errors": [error_body(error.reason, error.code, **error.extensions)]}
    return _response(encode_json(body), media_type, error.status_code, error.headers)


def errors_response(body: Mapping[str, Any], media_type: str = JSON) -> Response:
    """The response with errors, with their status in every media type."""
    return _response(encode_json(body), media_type, status_of(body), _retry_after(body))


def _retry_after(body: Mapping[str, Any]) -> Mapping[str, str]:
    """The header that says when a caller may go on that has spent its share."""
    seconds = [error["extensions"]["retryAfter"] for error in body.get("errors") or () if _has_spent(error)]
    return {"retry-after": str(max(seconds))} if seconds else {}


def _has_spent(error: Mapping[str, Any]) -> bool:
    return "retryAfter" in (error.get("extensions") or {})


def _response(text: str, media_type: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    # Responses are of one moment. Without this a cache may keep those of GET.
    challenge = {"www-authenticate": "Bearer"} if status == 401 else {}
    fixed = {"cache-control": "no-store", "vary": "Accept", "content-type": f"{media_type}; charset=utf-8"}
    return Response(text, status, {**fixed, **challenge, **(headers or {})})
