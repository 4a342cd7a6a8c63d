"""Reads the parameters of an operation from an HTTP request or a message, and refuses what is not one."""

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec
from cross_web import HTTPException
from graphql import OperationType
from starlette.requests import Request

from app.engine.access.refusals import TokenRefused
from app.engine.graphql.execution.limits import (
    MAX_LENGTH,
    MAX_LINES,
    MAX_TOKENS,
    MAX_VARIABLE_VALUES,
    document_tokens,
    has_too_many_tokens,
    has_too_many_values,
)
from app.engine.graphql.execution.trusted_documents import NO_DOCUMENTS, TrustedDocuments

MAX_REQUEST_BYTES = 256 * 1024
"""Bytes of a body or of a `subscribe` message. The longest document fits, with at least 6 KB for its variables."""

_FIELD = re.compile(r"[`.](\w+)`?$")
_EXPECTED = {
    "query": '"query" is required and must be a string',
    "variables": '"variables" must be an object or null',
    "operationName": '"operationName" must be a string or null',
    "extensions": '"extensions" must be an object or null',
}
_GZIP = b"\x1f\x8b"
_UTF_8 = {"utf-8", "utf8", "us-ascii"}
_OPENING, _CLOSING = {"{", "(", "["}, {"}", ")", "]"}
_OPERATION_TYPES = {"{": OperationType.QUERY} | {known.value: known for known in OperationType}
_OTHER_THAN_QUERY = re.compile(r"\b(mutation|subscription)\b")


class RequestEnvelope(msgspec.Struct):
    """The parameters of one operation, from an HTTP body or a `subscribe` message."""

    query: str
    variables: dict[str, Any] | None = None
    operationName: str | None = None
    extensions: dict[str, Any] | None = None


class BadRequest(HTTPException):
    """The request is refused before execution."""

    def __init__(
        self,
        reason: str,
        code: str = "BAD_USER_INPUT",
        status_code: int = 400,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(status_code, reason)
        self.code = code
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})
        """What the error says besides its code."""


class PersistedQueryNotSupported(BadRequest):
    """The request names a document by its hash. Clients recognise this message and code, and send the document."""

    def __init__(self) -> None:
        # Apollo's and urql's links read the body of a response only if its status is 200.
        super().__init__("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED", 200)


class PersistedQueryNotFound(BadRequest):
    """No trusted document has this hash. Clients recognise this message and code, and send the document."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND", 200)


class Unauthenticated(BadRequest):
    """The token of the request is refused."""

    def __init__(self, error: TokenRefused) -> None:
        challenge = f'Bearer error="invalid_token", error_description="{error.reason}"'
        super().__init__(
            str(error), "UNAUTHENTICATED", 401, {"www-authenticate": challenge}, {"reason": error.reason}
        )


def too_large(size: str) -> BadRequest:
    """The refusal of a body or a message over the limit."""
    return BadRequest(
        f"The request has {size} bytes; the limit is {MAX_REQUEST_BYTES}", "OPERATION_TOO_EXPENSIVE", 413
    )


def parse_request(payload: object, documents: TrustedDocuments = NO_DOCUMENTS) -> dict[str, Any]:
    """The payload as a valid envelope, with the text of a trusted document that it names. Raises `BadRequest`.

    An empty operationName, which some clients send, becomes null.
    """
    if isinstance(payload, list):
        raise BadRequest("Batches are not supported: send each operation in a request of its own")
    if not isinstance(payload, dict):
        raise BadRequest("The request must be a JSON object with a query")
    known = cast("dict[str, Any]", payload)
    name = _document_name(known, relay=bool(documents))
    if name is not None:
        known = _with_document(known, name, documents)
    try:
        envelope = msgspec.convert(known, RequestEnvelope)
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
    if _count_line_ends(envelope.query) >= MAX_LINES:
        raise BadRequest(
            f"The document has more than {MAX_LINES} lines, which is the limit", "OPERATION_TOO_EXPENSIVE"
        )
    if has_too_many_tokens(envelope.query):
        raise BadRequest(
            f"The document has more than {MAX_TOKENS} tokens, which is the limit", "OPERATION_TOO_EXPENSIVE"
        )
    if envelope.variables and has_too_many_values(envelope.variables):
        raise BadRequest(
            f"The variables have more than {MAX_VARIABLE_VALUES} values, which is the limit. Send several operations.",
            "OPERATION_TOO_EXPENSIVE",
        )
    if not documents.allows(envelope.query):
        raise BadRequest(
            "Only the documents that this server knows are executed: send the documentId of one",
            "DOCUMENT_NOT_KNOWN",
            403,
        )
    return known if envelope.operationName else {**known, "operationName": None}


def _count_line_ends(text: str) -> int:
    """A line of GraphQL ends with a line feed, a carriage return, or both."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def _document_name(payload: Mapping[str, Any], *, relay: bool) -> str | None:
    """The name by which a request names its document. None if there is none; empty if it cannot be read.

    The request gives it as Apollo does, as Appendix A of GraphQL over HTTP does, or as Relay does.
    """
    extensions = payload.get("extensions")
    if isinstance(extensions, dict) and "persistedQuery" in extensions:
        query = cast("dict[str, Any]", extensions)["persistedQuery"]
        digest = cast("dict[str, Any]", query).get("sha256Hash") if isinstance(query, dict) else None
        return digest if isinstance(digest, str) else ""
    for field in ("documentId", "doc_id", "id") if relay else ("documentId",):
        if isinstance(name := payload.get(field), str):
            return name
    return None


def _with_document(payload: dict[str, Any], name: str, documents: TrustedDocuments) -> dict[str, Any]:
    """The payload with the document of this name. A request may have the document, too. Raises `BadRequest`."""
    text = documents.find(name)
    if payload.get("query") in (None, ""):
        if text is None:
            raise PersistedQueryNotFound if documents else PersistedQueryNotSupported
        return {**payload, "query": text}
    if text is not None and payload["query"] != text:
        raise BadRequest("The document is not the one that its hash names")
    return payload


def parse_query_string(
    parameters: Mapping[str, str], documents: TrustedDocuments = NO_DOCUMENTS
) -> dict[str, Any]:
    """The envelope of a GET request: `variables` and `extensions` are JSON. Raises `BadRequest`."""
    payload: dict[str, Any] = dict(parameters)
    for name in ("variables", "extensions"):
        text = payload.pop(name, None)
        if text:
            try:
                payload[name] = msgspec.json.decode(text.encode())
            except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
                raise BadRequest(f'"{name}" is not JSON: {error}') from None
    return parse_request(payload, documents)


def parse_body(body: bytes, documents: TrustedDocuments = NO_DOCUMENTS) -> dict[str, Any]:
    """The envelope of a POST request. A byte order mark is skipped. Raises `BadRequest`."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadRequest("The body is UTF-16: send UTF-8")
    if body.startswith(_GZIP):
        raise BadRequest("The body is compressed: send it as it is")
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise BadRequest(f"The body is not UTF-8: byte {error.start} is invalid") from None
    try:
        return parse_request(msgspec.json.decode(text.removeprefix("\ufeff").encode()), documents)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise BadRequest(f"The body is not JSON: {error}") from None


def check_content_type(headers: Mapping[str, str]) -> None:
    """Refuse bodies that are not JSON in UTF-8. Raises `BadRequest` with the status 415."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", ""):
        raise BadRequest(
            f"The body has the encoding {encoding[:40]}: send it as it is",
            status_code=415,
            headers={"accept-encoding": "identity"},
        )
    media_type, *parameters = (part.strip() for part in headers.get("content-type", "").lower().split(";"))
    if media_type != "application/json":
        raise BadRequest("Unsupported content type: send JSON as application/json", status_code=415)
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        charset = value.strip().strip('"')
        if name.strip() == "charset" and charset not in _UTF_8:
            raise BadRequest(f"The body has the charset {charset[:40]}: send UTF-8", status_code=415)


async def read_body(request: Request) -> bytes:
    """The whole body. Raises `BadRequest` if it is over the limit."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_REQUEST_BYTES:
        raise too_large(length)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_REQUEST_BYTES:
            raise too_large("more")
    return bytes(body)


def operation_type(query: str, operation_name: str | None) -> OperationType:
    """The type of the operation that would run. A document that execution refuses may have any.

    The document is not parsed for it. Execution parses a new document once, and only if the caller has a share left.
    """
    if _OTHER_THAN_QUERY.search(query) is None:
        return OperationType.QUERY
    types = [
        operation
        for operation, name in _operations(query)
        if operation_name is None or name == operation_name
    ]
    # With several operations and no name, execution refuses the document.
    return types[0] if types and (operation_name is not None or len(types) == 1) else OperationType.QUERY


def _operations(query: str) -> Iterator[tuple[OperationType, str]]:
    """The type of each operation of a document with its name, or with the token in its place."""
    head, depth = list[str](), 0
    for lexeme in document_tokens(query):
        if depth == 0 and not lexeme.startswith('"'):
            head.append(lexeme)
        if lexeme in _OPENING:
            depth += 1
        elif lexeme in _CLOSING:
            depth -= 1
        if lexeme == "}" and depth == 0:
            if head[0] in _OPERATION_TYPES:
                yield _OPERATION_TYPES[head[0]], "".join(head[1:2])
            head = []


def error_body(message: str, code: str = "BAD_USER_INPUT", **extensions: object) -> dict[str, Any]:
    """One error as responses and messages carry it."""
    return {"message": message, "extensions": {"code": code, **extensions}}
