"""GraphQL over HTTP and server-sent events. Each refused request gets a body with an error code."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any, override
from uuid import UUID

import msgspec
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import graphql as strawberry_graphql
from strawberry.types.execution import ExecutionResult, PreExecutionError

from app.engine.access.caller import ANONYMOUS, Caller
from app.engine.access.refusals import TokenRefused
from app.engine.graphql.context import RequestContext, ResumePoint, Services
from app.engine.graphql.errors import TimedOut, is_missing_operation, missing_operation_reason, with_codes
from app.engine.graphql.event_types import EventTypes
from app.engine.graphql.execution.shared_subscriptions import SharedSubscriptions
from app.engine.graphql.execution.trusted_documents import NO_DOCUMENTS, TrustedDocuments
from app.engine.graphql.json import encode_bounded, encode_json
from app.engine.graphql.policies import access_policy
from app.engine.graphql.rates import RateLimiter
from app.engine.graphql.scalars import parse_position
from app.engine.graphql.schema import Schema
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.graphql.transport.departure import cancelled_by_departure
from app.engine.graphql.transport.event_stream import (
    EventStreamResponse,
    close_results,
    next_frame,
    single_result,
    subscription_frames,
)
from app.engine.graphql.transport.graphiql import PAGE, built_page
from app.engine.graphql.transport.negotiation import GRAPHQL_RESPONSE, JSON, Acceptable, parse_accept
from app.engine.graphql.transport.requests import (
    BadRequest,
    Unauthenticated,
    check_content_type,
    error_body,
    operation_type,
    parse_body,
    parse_query_string,
    read_body,
)
from app.engine.graphql.transport.responses import errors_response, refusal_response, result_response
from app.engine.graphql.transport.socket_messages import WebSocketAdapter
from app.engine.graphql.transport.subscriptions import ends_subscription
from app.engine.graphql.transport.websocket import WebSocketHandler
from app.engine.hosts import network_of
from app.engine.read_models.stream_owners import StreamOwners
from app.engine.uuid7 import uuid7
from projections.kernel import AnyProjection

MAX_OPERATIONS_PER_SOCKET = 50
STOPPING = "The server stops. Repeat the operation, a mutation with the same commandId."
FIRST_RESULT_SECONDS = 2.0
"""How long a subscription by GET waits for its first result, so that an error of it has a status."""


class GraphQLEndpoint(GraphQL[RequestContext, None]):
    """The endpoint /graphql, for requests and for sockets."""

    websocket_adapter_class = WebSocketAdapter  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride] - Strawberry names its own adapter, not a protocol
    graphql_transport_ws_handler_class = WebSocketHandler

    def __init__(
        self,
        schema: Schema,
        events: EventTypes,
        services: Services,
        documents: TrustedDocuments = NO_DOCUMENTS,
    ) -> None:
        super().__init__(
            schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=5),
            max_subscriptions_per_connection=MAX_OPERATIONS_PER_SOCKET,
            allowed_origins=services.settings.allowed_origins,
        )
        self._events = events
        self._services = services
        self.documents = documents
        self._rates = RateLimiter(services.settings.max_cost_per_second)
        self._max_bytes = services.settings.max_answer_bytes
        application = services.application
        self._policy = access_policy(
            graphql_schema(schema), application, names_roles=services.settings.mode == "development"
        )
        self._owners = StreamOwners(
            services.database.for_caller("stream owners"), self._policy.streams, self._wait_for
        )
        self.shared_subscriptions = SharedSubscriptions(schema)

    @override
    async def run(self, request: Any, context: Any = ..., root_value: Any = ...) -> Any:
        if isinstance(request, WebSocket):
            return await super().run(request)
        acceptable = parse_accept(",".join(request.headers.getlist("accept")) or None)
        try:
            return await self._respond(request, acceptable)
        except BadRequest as error:
            return refusal_response(error, acceptable.json or JSON)
        except ClientDisconnect:
            return Response()
        except asyncio.CancelledError:
            # The server stops, and the time for answers is over. The connection is still there.
            if (task := asyncio.current_task()) is not None:
                task.uncancel()
            return errors_response(_failure(TimedOut(STOPPING), uuid7()), acceptable.json or JSON)
        except Exception as error:
            # Any other error gets a code and a correlation id, and is logged.
            return errors_response(_failure(error, uuid7()), acceptable.json or JSON)

    async def _respond(self, request: Request, acceptable: Acceptable) -> Response:
        if request.method not in ("GET", "POST"):
            raise BadRequest("Send GET or POST", status_code=405, headers={"allow": "GET, POST"})
        if request.method == "GET":
            parameters = request.query_params
            names_operation = not {"query", "documentId", "doc_id", "id", "extensions"}.isdisjoint(parameters)
            if self._services.settings.mode == "development" and acceptable.html and not names_operation:
                return built_page(PAGE, self._services.authenticator.header_roles)
        # Before anything of the operation is read.
        request.state.caller = await self._caller(request)
        if request.method == "GET":
            envelope = parse_query_string(request.query_params, self.documents)
        else:
            check_content_type(request.headers)
            envelope = parse_body(await self._read_body(request), self.documents)
        if acceptable.json is None and not acceptable.stream:
            raise BadRequest(
                f"Accept {GRAPHQL_RESPONSE}, {JSON} or, for a subscription, text/event-stream",
                status_code=406,
            )
        kind = OperationType.QUERY
        if acceptable.stream or request.method == "GET":
            kind = operation_type(envelope["query"], envelope.get("operationName"))
        if request.method == "GET" and kind is OperationType.MUTATION:
            raise BadRequest("A mutation needs POST", status_code=405, headers={"allow": "POST"})
        request.state.extensions = envelope.get("extensions") or {}
        if acceptable.stream and kind is OperationType.SUBSCRIPTION:
            return await self._stream(request, envelope, acceptable.json or JSON)
        body = await self._execute(request, envelope)
        if acceptable.prefers_stream and (request.method == "POST" or "data" in body):
            return EventStreamResponse(single_result(body, self._max_bytes))
        if acceptable.json is None:
            return errors_response(body)
        return result_response(body, acceptable.json, self._max_bytes)

    async def _read_body(self, request: Request) -> bytes:
        """The timeout of an operation holds for the body, too. A server that stops ends all these timeouts."""
        timeout = asyncio.timeout(self._services.settings.operation_timeout_seconds)
        self._services.pending_body_timeouts.add(timeout)
        try:
            async with timeout:
                return await read_body(request)
        except TimeoutError:
            raise BadRequest("The body did not arrive in time", "TIMEOUT", 408) from None
        finally:
            self._services.pending_body_timeouts.discard(timeout)

    async def _execute(self, request: Request, envelope: dict[str, Any]) -> dict[str, Any]:
        """The result of a query or a mutation, as a response carries it."""
        context = await self.get_context(request, Response())
        allowed = strawberry_graphql.OperationType.from_http("GET" if request.method == "GET" else "POST")
        try:
            async with cancelled_by_departure(request, envelope):
                result = await self.schema.execute(
                    envelope["query"],
                    variable_values=envelope.get("variables"),
                    context_value=context,
                    operation_name=envelope.get("operationName"),
                    allowed_operation_types=allowed,
                )
        except ClientDisconnect:
            raise
        except Exception as error:
            # Strawberry raises several types for a document without an operation. All others go on.
            if is_missing_operation(error):
                return {"errors": [error_body(missing_operation_reason(error))]}
            raise
        return _result_body(result)

    async def _stream(self, request: Request, envelope: dict[str, Any], error_type: str) -> Response:
        """The event stream of a subscription. An error over GET has a status, because a client would try again."""
        point = ResumePoint(after=_last_event_id(request))
        context = replace(await self.get_context(request, Response()), streams=True, resume_point=point)
        results = self._results(context, envelope)
        first = asyncio.ensure_future(anext(results, None))
        if request.method == "GET":
            listening = asyncio.ensure_future(point.listening.wait())
            try:
                await asyncio.wait(
                    (first, listening), timeout=FIRST_RESULT_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
            finally:
                listening.cancel()
            if first.done() and (result := first.result()) is not None and ends_subscription(result):
                await close_results(results, first)
                return errors_response(_subscription_body(result), error_type)

        def render(result: Any) -> str:
            position = None if ends_subscription(result) else point.position
            return next_frame(encode_bounded(_subscription_body(result), self._max_bytes), position)

        def start() -> int | None:
            # Only an EventSource resumes by the id, and it sends GET.
            return point.start if request.method == "GET" else None

        return EventStreamResponse(
            subscription_frames(results, first, render, self._services.stopping, context.caller, start),
            close=lambda: close_results(results, first),
        )

    async def _results(
        self, context: RequestContext, envelope: dict[str, Any]
    ) -> AsyncGenerator[ExecutionResult]:
        """The results of a subscription. An unexpected error is the last one."""
        try:
            results: Any = await self.schema.stream(
                envelope["query"],
                variable_values=envelope.get("variables"),
                context_value=context,
                operation_name=envelope.get("operationName"),
            )
            async with aclosing(results):
                async for result in results:
                    yield result
        except Exception as error:
            # Any error ends this stream with a result that has a code.
            yield PreExecutionError(data=None, errors=_coded(error, context.correlation_id))

    @override
    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> RequestContext:
        correlation_id = _parse_uuid(request.headers.get("x-correlation-id"))
        return replace(
            self.context_of(getattr(request.state, "caller", ANONYMOUS)),
            correlation_id=correlation_id or uuid7(),
            requested_correlation_id=correlation_id,
            request_extensions=getattr(request.state, "extensions", {}),
            streams=isinstance(request, WebSocket),
            rates=self._rates,
            address="" if request.client is None else network_of(request.client.host),
        )

    def context_of(self, caller: Caller) -> RequestContext:
        """The context of a caller without a request: nothing limits what it spends."""
        return RequestContext(
            services=self._services,
            events=self._events,
            caller=caller,
            access_policy=self._policy,
            stream_owners=self._owners,
            correlation_id=uuid7(),
        )

    @override
    def encode_json(self, data: Any) -> str:
        """A message of a socket. Raises `AnswerTooLarge` for a result that is over the limit."""
        if data.get("type") != "next":
            return encode_json(data)
        payload = encode_bounded(data["payload"], self._max_bytes)
        return f'{{"id":{encode_json(data["id"])},"type":"next","payload":{payload}}}'

    @override
    def decode_json(self, data: str | bytes) -> object:
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise json.JSONDecodeError(str(error), "", 0) from error

    async def _caller(self, connection: HTTPConnection, init: Mapping[str, Any] | None = None) -> Caller:
        client = connection.client and connection.client.host
        version = connection.scope.get("http_version", "1.1")
        try:
            return await self._services.authenticator.caller(connection.headers, client, version, init)
        except TokenRefused as error:
            raise Unauthenticated(error) from None

    async def authenticate_socket(
        self, socket: WebSocket, context: RequestContext, init: Mapping[str, Any] | None
    ) -> RequestContext:
        """The context of a socket's operations, by the payload of its connection_init. Raises `Unauthenticated`."""
        return replace(context, caller=await self._caller(socket, init))

    async def _wait_for(self, projection: AnyProjection, position: int) -> None:
        services = self._services
        seconds = services.settings.min_position_timeout_seconds
        await services.projector.wait_for_position(projection.name, position, seconds)


def _result_body(result: Any) -> dict[str, Any]:
    """A result as a response carries it. Without `data` if the operation did not begin."""
    errors = with_codes(result.errors, None) if result.errors else None
    return {
        **({} if isinstance(result, PreExecutionError) else {"data": result.data}),
        **({"errors": [error.formatted for error in errors]} if errors else {}),
        **({"extensions": result.extensions} if result.extensions else {}),
    }


def _subscription_body(result: Any) -> dict[str, Any]:
    """A result of a subscription as a response carries it. The client has received nothing with the one that ends it:
    a resume starts at the position before."""
    body = _result_body(result)
    if ends_subscription(result) and "extensions" in body:
        body["extensions"] = {name: value for name, value in body["extensions"].items() if name != "position"}
    return body


def _failure(error: Exception, correlation_id: UUID) -> dict[str, Any]:
    """The body for an error around an operation."""
    return {"errors": [coded.formatted for coded in _coded(error, correlation_id)]}


def _coded(error: Exception, correlation_id: UUID) -> list[GraphQLError]:
    [coded] = with_codes([GraphQLError(str(error), original_error=error, path=["?"])], correlation_id)
    return [GraphQLError(coded.message, extensions=coded.extensions)]


def _last_event_id(request: Request) -> int | None:
    """The position that a client of event streams has seen last. Raises `BadRequest`."""
    text = request.headers.get("last-event-id", "").strip()
    if not text:
        return None
    try:
        return parse_position(text)
    except GraphQLError as error:
        raise BadRequest(f"Last-Event-ID: {error.message}") from None


def _parse_uuid(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None
