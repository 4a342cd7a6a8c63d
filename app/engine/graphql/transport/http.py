"""GraphQL over HTTP, server-sent events and sockets (graphql-transport-ws): whatever comes in gets an answer with a code."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast, override
from uuid import UUID

import msgspec
from anyio import CancelScope
from cross_web import HTTPException, StarletteRequestAdapter
from graphql import GraphQLError
from starlette import websockets
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter, GraphQL
from strawberry.exceptions import MissingQueryError
from strawberry.http import exceptions as strawberry_http
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from app.engine.graphql.context import Context, LiveHandover, Services
from app.engine.graphql.errors import reason_of, with_codes
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.execution.limits import MAX_LENGTH
from app.engine.graphql.execution.shared_subscriptions import SharedSubscriptions
from app.engine.graphql.json import encode_json
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.schema import Schema
from app.engine.uuid7 import uuid7

PAGE = Path(__file__).parents[2] / "graphiql" / "dist" / "index.html"
UNBUILT = PAGE.parent.parent / "unbuilt.html"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'"
)
_NO_OPERATION = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
_DISCONNECTED = (
    strawberry_http.WebSocketDisconnected,
    websockets.WebSocketDisconnect,
    websockets.WebSocketDisconnected,
)
_CODES = {404: "NOT_FOUND", 408: "TIMEOUT"}
_ACTOR = re.compile(r"[\w.@+:-]{1,100}")


class WebSocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """One socket. A mistake in one operation is that operation's error; the socket and its other operations go on."""

    @override
    async def handle_message(self, message: Any) -> None:
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message is a JSON object")
            return
        known: Any = message
        if message.get("type") in ("subscribe", "complete") and not (
            isinstance(message.get("id"), str) and message.get("id")
        ):
            await self.handle_invalid_message("A message about an operation needs its id, a string")
            return
        if (
            message.get("type") == "subscribe"
            and message["id"] not in self.operations
            and (refusal := self._refusal(message)) is not None
        ):
            error: Any = {
                "id": message["id"],
                "type": "error",
                "payload": [_error(refusal.reason, refusal.code)],
            }
            await self.send_message(error)
            return
        if message.get("type") == "subscribe" and isinstance(message.get("payload"), dict):
            known = {**known, "payload": _without_empty_operation_name(known["payload"])}
        if message.get("type") == "connection_init":
            if not isinstance(message.get("payload"), dict | None):
                await self.handle_invalid_message("The payload of connection_init is an object")
                return
            if message.get("payload") is None:
                known = {"type": "connection_init"}
        await super().handle_message(known)

    def _refusal(self, message: Mapping[str, Any]) -> "_BadRequest | None":
        if not isinstance(message.get("payload"), dict):
            return _BadRequest("The payload is an object with a query")
        most = self.max_subscriptions_per_connection
        if most is not None and len(self.operations) >= most:
            return _BadRequest(f"A socket carries at most {most} operations at a time", "OVERLOADED")
        return _validate_request(message["payload"])

    @override
    async def run_operation(self, operation: Any) -> None:
        try:
            await self._run(operation)
        except _DISCONNECTED:
            # The client is not there any more: it comes back with its position, and nobody has to be told.
            return
        except HTTPException as problem:
            await self._send_error(operation, problem.reason)
        except Exception as problem:
            # Whatever one operation raises is that operation's answer; the socket's other operations go on.
            if isinstance(problem, _NO_OPERATION):
                await self._send_error(operation, reason_of(problem))
                return
            [error] = with_codes(
                [GraphQLError(str(problem), original_error=problem, path=["?"])], self.context.correlation_id
            )
            await self._send_error(operation, error.message, error.extensions)

    async def _run(self, operation: Any) -> None:
        view, tail = cast("GraphQLEndpoint", self.view), LiveHandover()
        result = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=replace(self.context, handover=tail),
            root_value=self.root_value,
            operation_name=operation.operation_name,
        )
        async with aclosing(result):
            await self._send_result_stream(operation, result)
        if tail.execution is not None and tail.position is not None and not operation.completed:
            socket = cast("ASGIWebSocketAdapter", self.websocket).ws
            await view.tails.send(tail, operation.id, tail.execution.context.correlation_id, socket.send_text)
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _send_error(
        self, operation: Any, reason: str, extensions: Mapping[str, Any] | None = None
    ) -> None:
        shown = {"message": reason, "extensions": extensions or {"code": "BAD_USER_INPUT"}}
        if not operation.completed and self.operations.get(operation.id) is operation:
            await operation.send_operation_message({"id": operation.id, "type": "error", "payload": [shown]})

    @override
    async def handle_task_exception(self, error: Exception) -> None:
        del error

    @override
    async def _handle_pre_execution_error(self, operation: Any, result: Any) -> None:
        await operation.send_initial_errors(with_codes(result.errors or [], self.context.correlation_id))


class _Request(StarletteRequestAdapter):
    """Media types are the same in capitals."""

    @property
    @override
    def content_type(self) -> str | None:
        given = super().content_type
        return None if given is None else given.lower()


class GraphQLEndpoint(GraphQL[Context, None]):
    """The endpoint /graphql."""

    request_adapter_class = _Request
    graphql_transport_ws_handler_class = WebSocketHandler

    def __init__(self, schema: Schema, events: EventTypes, services: Services) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if services.settings.mode == "development" else None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=5),
            max_subscriptions_per_connection=50,
            allowed_origins=services.settings.allowed_origins,
        )
        self._events = events
        self._services = services
        self.tails = SharedSubscriptions(schema)

    @override
    async def run(self, request: Any, context: Any = ..., root_value: Any = ...) -> Any:
        if isinstance(request, WebSocket):
            return await super().run(request)
        try:
            return await super().run(request)
        except HTTPException as error:
            code = (
                error.code
                if isinstance(error, _BadRequest)
                else _CODES.get(error.status_code, "BAD_USER_INPUT")
            )
            return _error_response(error.reason, error.status_code, code)
        except Exception as error:
            if isinstance(error, _NO_OPERATION):
                return _error_response(reason_of(error), 400, "BAD_USER_INPUT")
            raise

    @override
    async def execute_operation(self, *args: Any, **kwargs: Any) -> Any:
        seconds = self._services.settings.operation_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await super().execute_operation(*args, **kwargs)
        except TimeoutError:
            said = f"The operation took longer than {seconds:g} s. Repeat a mutation with the same commandId."
            return _ErrorResult([_error(said, "TIMEOUT")])

    @override
    async def process_result(self, request: Request, result: Any) -> Any:
        if isinstance(result, _ErrorResult):
            return {"data": None, "errors": result.shown}
        if result.errors:
            # Most have their code by now; what was raised around the operation itself gets it here.
            result.errors = with_codes(result.errors, None)
        return await super().process_result(request, result)

    @override
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        given = _uuid(request.headers.get("x-correlation-id"))
        return Context(
            services=self._services,
            events=self._events,
            actor=self._actor(request),
            correlation_id=given or uuid7(),
            loaders=Loaders(self._services.database),
            requested_correlation_id=given,
            streams=isinstance(request, WebSocket)
            or "text/event-stream" in request.headers.get("accept", ""),
        )

    @override
    def encode_json(self, data: object) -> str:
        return encode_json(data)

    @override
    def decode_json(self, data: str | bytes) -> object:
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from error

    @override
    def parse_json(self, data: str | bytes) -> Any:
        try:
            body = self.decode_json(data)
        except json.JSONDecodeError as error:
            raise HTTPException(400, f"The body is not JSON: {error.msg}") from error
        if not isinstance(body, Mapping):
            raise HTTPException(400, "The body is not a JSON object with a query")
        asked = cast("Mapping[str, Any]", body)
        if (refusal := _validate_request(asked)) is not None:
            raise refusal
        return _without_empty_operation_name(asked)

    @override
    async def parse_http_body(self, request: Any) -> Any:
        """The body has as long as an operation has; where the server stops, who has not sent all of it is waited for no longer."""
        if request.method == "POST" and "application/json" not in (request.content_type or ""):
            raise HTTPException(415, "Unsupported content type: the body is JSON, sent as application/json")
        patience = asyncio.timeout(self._services.settings.operation_timeout_seconds)
        self._services.pending_body_timeouts.add(patience)
        try:
            async with patience:
                return await super().parse_http_body(request)
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time") from None
        finally:
            self._services.pending_body_timeouts.discard(patience)

    @override
    async def render_graphql_ide(self, request: Request) -> Response:
        page = (PAGE if PAGE.exists() else UNBUILT).read_text()
        return HTMLResponse(
            page,
            headers={
                "content-security-policy": CONTENT_SECURITY_POLICY,
                "x-content-type-options": "nosniff",
                "cache-control": "no-cache",
            },
        )

    @override
    async def create_streaming_response(self, request: Any, stream: Any, *args: Any, **kwargs: Any) -> Any:
        return await super().create_streaming_response(
            request, lambda: self._close_on_shutdown(stream()), *args, **kwargs
        )

    async def _close_on_shutdown(self, stream: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
        """The stream, cut off when the server stops: without a `complete`, so that its client comes back and resumes."""
        stopping = asyncio.ensure_future(self._services.stopping.wait())
        part: asyncio.Future[Any] | None = None
        try:
            while True:
                part = asyncio.ensure_future(anext(stream, None))
                await asyncio.wait((part, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not part.done() or (sent := part.result()) is None:
                    return
                yield sent
        finally:
            stopping.cancel()
            # Where the client has gone, whatever is awaited here would be cancelled anew; and a stream at work cannot be closed.
            with CancelScope(shield=True):
                if part is not None and not part.done():
                    part.cancel()
                    await asyncio.wait((part,))
                await stream.aclose()

    def _actor(self, request: Request | WebSocket) -> str:
        """Who asks: what the header X-Actor says, in development and from this machine; else nobody in particular."""
        header = request.headers.get("x-actor")
        local = request.client is not None and _is_loopback(request.client.host)
        if (
            self._services.settings.mode == "development"
            and local
            and header is not None
            and _ACTOR.fullmatch(header)
        ):
            return header
        return "anonymous"


class _ErrorResult:
    """Errors in place of a result."""

    errors = None

    def __init__(self, shown: list[dict[str, Any]]) -> None:
        self.shown = shown


class _BadRequest(HTTPException):
    """A request that is no operation: refused before it is looked at."""

    def __init__(self, reason: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(400, reason)
        self.code = code


def _validate_request(asked: Mapping[str, Any]) -> _BadRequest | None:
    """Why these parameters, from a body or a socket's message, are no operation."""
    query = asked.get("query")
    if not isinstance(query, str):
        return _BadRequest("query is a string, and it is missing" if query is None else "query is a string")
    if not query.strip():
        return _BadRequest("query is empty")
    if len(query) > MAX_LENGTH:
        return _BadRequest(
            f"The document has {len(query)} characters; at most {MAX_LENGTH} will do",
            "OPERATION_TOO_EXPENSIVE",
        )
    if not isinstance(asked.get("variables"), dict | None):
        return _BadRequest("variables is an object or null")
    if not isinstance(asked.get("operationName"), str | None):
        return _BadRequest("operationName is a string or null")
    return None


def _without_empty_operation_name(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same; an empty operationName, which some clients send, names none."""
    return {**asked, "operationName": None} if asked.get("operationName") == "" else asked


def _error(message: str, code: str = "BAD_USER_INPUT") -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _error_response(message: str, status: int, code: str) -> Response:
    return Response(
        msgspec.json.encode({"data": None, "errors": [_error(message, code)]}),
        status_code=status,
        media_type="application/json",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _uuid(given: str | None) -> UUID | None:
    try:
        return None if given is None else UUID(given)
    except ValueError:
        return None
