"""Errors that are nobody's decision: each leaves with a code, and what is unexpected leaves masked.

ApiError
├── BadInput       BAD_USER_INPUT
├── NotFound       NOT_FOUND
├── Forbidden      FORBIDDEN
├── StaleRead      STALE_READ
├── Busy           OVERLOADED
├── TimedOut       TIMEOUT
└── CannotRead     UNREADABLE_STREAM
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app.engine.database.errors import DRIVER_ERRORS, is_connection_error
from app.engine.history.aggregate_history import InvalidPointInTime
from app.engine.projector.projector import ProjectionStale
from app.engine.store.append import CommandIdReused, Overloaded, StoreTimeout
from app.engine.store.load import UnreadableStream

log = logging.getLogger(__name__)


class ApiError(Exception):
    """An error that is shown as it stands, with `extensions` beside its code."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str | None = None, **extensions: object) -> None:
        super().__init__(message)
        self.extensions = extensions


class BadInput(ApiError):
    """What was sent cannot be meant."""

    code = "BAD_USER_INPUT"


class NotFound(ApiError):
    """There is no such thing."""

    code = "NOT_FOUND"


class Forbidden(ApiError):
    """This caller may not."""

    code = "FORBIDDEN"


class StaleRead(ApiError):
    """The read model is not there yet."""

    code = "STALE_READ"


class ServerOverloaded(ApiError):
    """Too much at once."""

    code = "OVERLOADED"


class TimedOut(ApiError):
    """It took too long."""

    code = "TIMEOUT"


class StreamUnreadable(ApiError):
    """What is stored is not what this code knows."""

    code = "UNREADABLE_STREAM"


def to_api_error(problem: BaseException) -> ApiError | None:
    """What the engine raised, in the API's words; None where it is unexpected."""
    match problem:
        case ApiError():
            return problem
        case ProjectionStale():
            return StaleRead(
                str(problem),
                projection=problem.projection,
                position=str(problem.reached),
                wanted=str(problem.wanted),
                behind=problem.wanted - problem.reached,
                behindSeconds=problem.seconds,
            )
        case Overloaded():
            return ServerOverloaded(str(problem) or Overloaded.__doc__)
        case CommandIdReused():
            return BadInput(str(problem) or CommandIdReused.__doc__)
        case StoreTimeout():
            return TimedOut(str(problem) or StoreTimeout.__doc__)
        case InvalidPointInTime():
            return BadInput(str(problem))
        case UnreadableStream():
            return StreamUnreadable(str(problem))
        case CannotGetOperationTypeError() | InvalidOperationTypeError():
            return BadInput(reason_of(problem))
        case TimeoutError():
            return TimedOut("The operation took too long.")
        case _ if isinstance(problem, DRIVER_ERRORS) and is_connection_error(problem):
            return TimedOut("The database does not answer; try again in a moment.")
        case _:
            return None


def reason_of(problem: BaseException) -> str:
    """Why a document has no operation to execute, in Strawberry's words."""
    said = getattr(problem, "as_http_error_reason", None)
    return str(said() if callable(said) else str(problem) or "No GraphQL query found in the request")


def with_codes(errors: Sequence[GraphQLError], correlation_id: UUID | None) -> list[GraphQLError]:
    """The errors as they may leave: each with `extensions.code`, unexpected ones masked, logged and findable by `extensions.correlationId`."""
    return [_labelled(error, correlation_id) for error in errors]


def with_validation_code(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Errors of validation, with their code."""
    return [
        error if _code(error) else _with(error, error.message, {"code": "GRAPHQL_VALIDATION_FAILED"})
        for error in errors
    ]


def _labelled(error: GraphQLError, correlation_id: UUID | None) -> GraphQLError:
    if _code(error):
        return error
    if isinstance(error, GraphQLSyntaxError):
        return _with(error, error.message, {"code": "GRAPHQL_PARSE_FAILED"})
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        if _code(cause):
            return _with(error, cause.message, {"code": _code(cause)})
        cause = cause.original_error
    if cause is not None and (known := to_api_error(cause)) is not None:
        return _with(error, str(known), {"code": known.code} | known.extensions)
    if cause is None and not error.path:
        return _with(error, error.message, {"code": "BAD_USER_INPUT"})
    log.error("unexpected, correlation %s, at %s", correlation_id, error.path, exc_info=cause or error)
    return _with(
        error,
        "Something went wrong on our side.",
        {"code": "INTERNAL_SERVER_ERROR", "correlationId": str(correlation_id)},
    )


def _code(error: GraphQLError) -> object:
    return (error.extensions or {}).get("code")


def _with(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
