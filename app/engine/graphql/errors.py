"""Errors of the API. Each one has a code; unexpected errors are masked and logged.

ApiError
├── AnswerTooLarge     OPERATION_TOO_EXPENSIVE
├── BadInput           BAD_USER_INPUT
├── ReusedCommandId    COMMAND_ID_REUSED
├── NotFound           NOT_FOUND
├── Unauthenticated    UNAUTHENTICATED
├── Forbidden          FORBIDDEN
├── StaleRead          STALE_READ
├── ServerOverloaded   OVERLOADED
├── TimedOut           TIMEOUT
├── Unavailable        UNAVAILABLE
├── ReplacedLog        LOG_REPLACED
└── StreamUnreadable   UNREADABLE_STREAM
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from graphql import DirectiveNode, GraphQLError, GraphQLSyntaxError, ValueNode
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from app.engine.access.policy import AccessDenied
from app.engine.database.errors import (
    DRIVER_ERRORS,
    is_connection_error,
    is_missing_table,
    is_operational_error,
)
from app.engine.history.aggregate_history import InvalidPointInTime
from app.engine.projector.live_rows import ListTooLong
from app.engine.projector.projector import ProjectionStale
from app.engine.store.append import Overloaded
from app.engine.store.append_request import CommandIdReused
from app.engine.store.append_session import StoreTimeout, StoreUnavailable
from app.engine.store.feed import FeedStalled, LogReplaced
from app.engine.store.load import UnreadableStream
from app.engine.store.log_identity import LogHole
from projections.kernel import SCHEMA

log = logging.getLogger(__name__)

MAX_MESSAGE_LENGTH = 1_000
INTERNAL_ERROR = "Internal error. Quote the correlationId when you report it."


class ApiError(Exception):
    """An error whose message is shown to the client. `extensions` are added to its code."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str | None = None, **extensions: object) -> None:
        super().__init__(message)
        self.extensions = extensions


class AnswerTooLarge(ApiError):
    """An answer, or a message of a subscription, has more bytes than APP_MAX_ANSWER_BYTES."""

    code = "OPERATION_TOO_EXPENSIVE"


class BadInput(ApiError):
    """An argument is invalid."""

    code = "BAD_USER_INPUT"


class ReusedCommandId(ApiError):
    """The command id has the outcome of another command."""

    code = CommandIdReused.code


class NotFound(ApiError):
    """The requested object does not exist."""

    code = "NOT_FOUND"


class Unauthenticated(ApiError):
    """The operation needs a token."""

    code = "UNAUTHENTICATED"


class Forbidden(ApiError):
    """The caller has no permission."""

    code = AccessDenied.code


class StaleRead(ApiError):
    """The projection has not reached the requested position, or its table is made again."""

    code = "STALE_READ"


class ServerOverloaded(ApiError):
    """Too many commands wait."""

    code = "OVERLOADED"


class TimedOut(ApiError):
    """The operation took too long."""

    code = "TIMEOUT"


class Unavailable(ApiError):
    """The database cannot do it at the moment. Nothing was recorded."""

    code = "UNAVAILABLE"


class ReplacedLog(ApiError):
    """Events that the client knows are gone: the log was replaced."""

    code = "LOG_REPLACED"


class StreamUnreadable(ApiError):
    """The stream has an event that this code cannot read."""

    code = "UNREADABLE_STREAM"


def to_api_error(error: BaseException) -> ApiError | None:
    """The API's error for an error of the engine. None if the error is unexpected."""
    match error:
        case ApiError():
            return error
        case AccessDenied():
            return Forbidden(str(error))
        case ProjectionStale():
            return StaleRead(
                str(error),
                projection=error.projection,
                position=str(error.reached),
                wanted=str(error.wanted),
                behind=max(0, error.wanted - error.reached),
                behindSeconds=error.seconds,
            )
        case Overloaded():
            return ServerOverloaded(str(error) or Overloaded.__doc__)
        case CommandIdReused():
            return ReusedCommandId(str(error) or CommandIdReused.__doc__)
        case StoreTimeout():
            return _without_reason(TimedOut(StoreTimeout.__doc__), error)
        case StoreUnavailable():
            return _without_reason(Unavailable(StoreUnavailable.__doc__), error)
        case LogReplaced():
            return ReplacedLog(f"{error}. Read the state again, and subscribe without after.")
        case FeedStalled():
            return _without_reason(Unavailable(FeedStalled.__doc__), error)
        case LogHole():
            return Unavailable(str(error))
        case InvalidPointInTime() | ListTooLong():
            return BadInput(str(error))
        case UnreadableStream():
            return _without_reason(
                StreamUnreadable(
                    f"{error.place}. For operators: python -m app events check names the reason."
                ),
                error,
            )
        case _ if is_missing_table(error, SCHEMA):
            return StaleRead(
                "A table that the query reads is missing; it is made again from the log. Ask again in a moment."
            )
        case _ if is_missing_operation(error):
            return BadInput(missing_operation_reason(error))
        case TimeoutError():
            return TimedOut("The operation took too long.")
        case _ if isinstance(error, DRIVER_ERRORS) and is_connection_error(error):
            return _without_reason(TimedOut("The database does not answer. Try again."), error)
        case _ if is_operational_error(error):
            return _without_reason(Unavailable("The database cannot answer at the moment. Try again."), error)
        case _:
            return None


def _without_reason(shown: ApiError, reason: BaseException) -> ApiError:
    """The API's error for a reason that only the log names: it may have hosts, tables and data."""
    shown.__cause__ = reason
    return shown


def is_missing_operation(error: BaseException) -> bool:
    """Whether the document has no operation that can be executed."""
    return isinstance(error, MissingQueryError | CannotGetOperationTypeError | InvalidOperationTypeError)


def missing_operation_reason(error: BaseException) -> str:
    """Why the document has no operation, in Strawberry's words."""
    reason = getattr(error, "as_http_error_reason", None)
    return str(reason() if callable(reason) else str(error) or "The request has no query")


def with_codes(errors: Sequence[GraphQLError], correlation_id: UUID | None) -> list[GraphQLError]:
    """The errors, each with `extensions.code`. Unexpected errors are logged and masked, with the correlation id."""
    return [_with_code(error, correlation_id) for error in errors]


def with_validation_code(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """Errors of validation, each with its code."""
    return [
        error if _code(error) else _copy(error, error.message, {"code": "GRAPHQL_VALIDATION_FAILED"})
        for error in errors
    ]


def without_suggestions(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """The errors without the names that graphql-core guesses: they would show a hidden schema piece by piece."""
    return [
        _copy(error, without_suggestion(error.message), dict(error.extensions or {}))
        if "Did you mean" in error.message
        else error
        for error in errors
    ]


def without_suggestion(message: str) -> str:
    """The message without `Did you mean …?`. Linear in its length: it may hold 64,000 characters of the client's text."""
    first, *others = message.split("Did you mean ")
    kept = [first]
    for part in others:
        _, mark, after = part.partition("?")
        if mark:
            kept[-1] = kept[-1].rstrip()
            kept.append(after)
        else:
            kept.append(f"Did you mean {part}")
    return "".join(kept)


def _with_code(error: GraphQLError, correlation_id: UUID | None) -> GraphQLError:
    if _code(error):
        return error
    if isinstance(error, GraphQLSyntaxError):
        return _copy(error, error.message, {"code": "GRAPHQL_PARSE_FAILED"})
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        if _code(cause):
            return _copy(error, cause.message, {"code": _code(cause)})
        cause = cause.original_error
    if cause is not None and (known := to_api_error(cause)) is not None:
        if known.__cause__ is cause:
            log.warning("%s, correlation %s, at %s", known.code, correlation_id, error.path, exc_info=cause)
        return _copy(error, str(known), {"code": known.code} | known.extensions)
    if cause is None and (not error.path or _is_about_input(error)):
        return _copy(error, error.message, {"code": "BAD_USER_INPUT"})
    log.error("unexpected error, correlation %s, at %s", correlation_id, error.path, exc_info=cause or error)
    return _copy(
        error, INTERNAL_ERROR, {"code": "INTERNAL_SERVER_ERROR", "correlationId": str(correlation_id)}
    )


def _is_about_input(error: GraphQLError) -> bool:
    """Whether an error at a field is about a value of the document or of a variable.

    graphql-core has refused the value, such as null for `Int!`. Its errors about a value that a resolver returned point
    at the field.
    """
    return any(isinstance(node, ValueNode | DirectiveNode) for node in error.nodes or ())


def _code(error: GraphQLError) -> object:
    return (error.extensions or {}).get("code")


def _copy(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    # Some messages of graphql-core print what the client has sent.
    return GraphQLError(
        message if len(message) <= MAX_MESSAGE_LENGTH else f"{message[:MAX_MESSAGE_LENGTH]}…",
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
