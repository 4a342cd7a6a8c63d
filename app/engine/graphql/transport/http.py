"""GraphQL over HTTP and server-sent events. Each refused request gets a body with an error code."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any, override
from uuid import UUID

import msgspec
from anyio import CancelScope
from cross_web import HTTPException, StarletteRequestAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from app.engine.graphql.context import Context, Services
from app.engine.graphql.errors import is_missing_operation, missing_operation_reason, with_codes
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.execution.shared_subscriptions import SharedSubscriptions
from app.engine.graphql.json import encode_json
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.schema import Schema
from app.engine.graphql.transport.graphiql import graphiql_page
from app.engine.graphql.transport.requests import BadRequest, error_body, parse_request
from app.engine.graphql.transport.websocket import WebSocketHandler
from app.engine.hosts import is_local_caller
from app.engine.uuid7 import uuid7

MAX_OPERATIONS_PER_SOCKET = 50
_CODES = {404: "NOT_FOUND", 408: "TIMEOUT"}
_ACTOR = re.compile(r"[\w.@+:-]{1,100}")


class _RequestAdapter(StarletteRequestAdapter):
    """Media types are compared in lower case. `state` is that of the request."""

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.state = request.state

    @property
    @override
    def content_type(self) -> str | None:
        media_type = super().content_type
        return None if media_type is None else media_type.lower()


class GraphQLEndpoint(GraphQL[Context, None]):
    """The endpoint /graphql, for requests and for sockets."""

    request_adapter_class = _RequestAdapter
    graphql_transport_ws_handler_class = WebSocketHandler

    def __init__(self, schema: Schema, events: EventTypes, services: Services) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if services.settings.mode == "development" else None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=5),
            max_subscriptions_per_connection=MAX_OPERATIONS_PER_SOCKET,
            allowed_origins=services.settings.allowed_origins,
        )
        self._events = events
        self._services = services
        self.shared_subscriptions = SharedSubscriptions(schema)

    @override
    async def run(self, request: Any, context: Any = ..., root_value: Any = ...) -> Any:
        if isinstance(request, WebSocket):
            return await super().run(request)
        try:
            return await super().run(request)
        except BadRequest as error:
            return _error_response(error.reason, error.status_code, error.code)
        except HTTPException as error:
            code = _CODES.get(error.status_code, "BAD_USER_INPUT")
            return _error_response(error.reason, error.status_code, code)
        except Exception as error:
            if is_missing_operation(error):
                return _error_response(missing_operation_reason(error), 400, "BAD_USER_INPUT")
            raise

    @override
    async def execute_operation(self, *args: Any, **kwargs: Any) -> Any:
        seconds = self._services.settings.operation_timeout_seconds
        try:
            async with asyncio.timeout(seconds):
                return await super().execute_operation(*args, **kwargs)
        except TimeoutError:
            message = (
                f"The operation took longer than {seconds:g} s. Repeat a mutation with the same commandId."
            )
            return _ErrorResult([error_body(message, "TIMEOUT")])

    @override
    async def process_result(self, request: Request, result: Any) -> Any:
        if isinstance(result, _ErrorResult):
            return {"data": None, "errors": result.bodies}
        if result.errors:
            # Errors raised around the operation, not in it, have no code yet.
            result.errors = with_codes(result.errors, None)
        return await super().process_result(request, result)

    @override
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        request.state.extensions = extensions = dict[str, Any]()
        correlation_id = _parse_uuid(request.headers.get("x-correlation-id"))
        return Context(
            services=self._services,
            events=self._events,
            actor=self._actor(request),
            correlation_id=correlation_id or uuid7(),
            loaders=Loaders(self._services.database),
            requested_correlation_id=correlation_id,
            request_extensions=extensions,
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
            return parse_request(self.decode_json(data))
        except json.JSONDecodeError as error:
            raise BadRequest(f"The body is not JSON: {error.msg}") from error

    @override
    async def parse_http_body(self, request: Any) -> Any:
        """The timeout of an operation holds for the body, too. A server that stops ends all these timeouts."""
        if request.method == "POST" and "application/json" not in (request.content_type or ""):
            raise HTTPException(415, "Unsupported content type: send JSON as application/json")
        timeout = asyncio.timeout(self._services.settings.operation_timeout_seconds)
        self._services.pending_body_timeouts.add(timeout)
        try:
            async with timeout:
                body = await super().parse_http_body(request)
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time") from None
        finally:
            self._services.pending_body_timeouts.discard(timeout)
        if not isinstance(body, list):
            request.state.extensions.update(body.extensions or {})
        return body

    @override
    async def render_graphql_ide(self, request: Request) -> Response:
        return graphiql_page()

    @override
    async def create_streaming_response(self, request: Any, stream: Any, *args: Any, **kwargs: Any) -> Any:
        return await super().create_streaming_response(
            request, lambda: self._close_on_shutdown(stream()), *args, **kwargs
        )

    async def _close_on_shutdown(self, stream: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
        """The stream, ended without `complete` when the server stops, so that the client reconnects and resumes."""
        stopping = asyncio.ensure_future(self._services.stopping.wait())
        part: asyncio.Future[Any] | None = None
        try:
            while True:
                part = asyncio.ensure_future(anext(stream, None))
                await asyncio.wait((part, stopping), return_when=asyncio.FIRST_COMPLETED)
                if not part.done() or (message := part.result()) is None:
                    return
                yield message
        finally:
            stopping.cancel()
            # If the client has gone, every await here is cancelled again. A generator that runs cannot be closed.
            with CancelScope(shield=True):
                if part is not None and not part.done():
                    part.cancel()
                    await asyncio.wait((part,))
                await stream.aclose()

    def _actor(self, request: Request | WebSocket) -> str:
        """The header X-Actor, in development mode and straight from this machine; else "anonymous"."""
        header = request.headers.get("x-actor")
        local = is_local_caller(request.headers, request.client and request.client.host)
        if (
            self._services.settings.mode == "development"
            and local
            and header is not None
            and _ACTOR.fullmatch(header)
        ):
            return header
        return "anonymous"


class _ErrorResult:
    """Errors instead of a result."""

    errors = None

    def __init__(self, bodies: list[dict[str, Any]]) -> None:
        self.bodies = bodies


def _error_response(message: str, status: int, code: str) -> Response:
    return Response(
        msgspec.json.encode({"data": None, "errors": [error_body(message, code)]}),
        status_code=status,
        media_type="application/json",
    )


def _parse_uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
