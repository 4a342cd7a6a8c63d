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

from app.graphql.context import Context, Loaders, Room
from app.graphql.encode import encoded
from app.graphql.errors import labelled, reason_of
from app.graphql.events import EventTypes
from app.graphql.limits import MOST_LENGTH
from app.graphql.schema import Schema
from app.graphql.tail import Tail, Tails
from app.ids import ordered_id

PAGE = Path(__file__).parent.parent / "graphiql" / "dist" / "index.html"
UNBUILT = PAGE.parent.parent / "unbuilt.html"
POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; base-uri 'none'; frame-ancestors 'none'"
)
_NO_OPERATION = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
_GONE = (
    strawberry_http.WebSocketDisconnected,
    websockets.WebSocketDisconnect,
    websockets.WebSocketDisconnected,
)
_CODES = {404: "NOT_FOUND", 408: "TIMEOUT"}
_ACTOR = re.compile(r"[\w.@+:-]{1,100}")


class Handler(BaseGraphQLTransportWSHandler[Context, None]):
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
            known = {**known, "payload": _named(known["payload"])}
        if message.get("type") == "connection_init":
            if not isinstance(message.get("payload"), dict | None):
                await self.handle_invalid_message("The payload of connection_init is an object")
                return
            if message.get("payload") is None:
                known = {"type": "connection_init"}
        await super().handle_message(known)

    def _refusal(self, message: Mapping[str, Any]) -> "_Refusal | None":
        if not isinstance(message.get("payload"), dict):
            return _Refusal("The payload is an object with a query")
        most = self.max_subscriptions_per_connection
        if most is not None and len(self.operations) >= most:
            return _Refusal(f"A socket carries at most {most} operations at a time", "OVERLOADED")
        return _malformed(message["payload"])

    @override
    async def run_operation(self, operation: Any) -> None:
        try:
            await self._run(operation)
        except _GONE:
            # The client is not there any more: it comes back with its position, and nobody has to be told.
            return
        except HTTPException as problem:
            await self._refuse(operation, problem.reason)
        except Exception as problem:
            # Whatever one operation raises is that operation's answer; the socket's other operations go on.
            if isinstance(problem, _NO_OPERATION):
                await self._refuse(operation, reason_of(problem))
                return
            [error] = labelled(
                [GraphQLError(str(problem), original_error=problem, path=["?"])], self.context.correlation_id
            )
            await self._refuse(operation, error.message, error.extensions)

    async def _run(self, operation: Any) -> None:
        view, tail = cast("View", self.view), Tail()
        result = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=replace(self.context, tail=tail),
            root_value=self.root_value,
            operation_name=operation.operation_name,
        )
        async with aclosing(result):
            await self._send_result_stream(operation, result)
        if tail.execution is not None and tail.position is not None and not operation.completed:
            socket = cast("ASGIWebSocketAdapter", self.websocket).ws
            await view.tails.send(tail, operation.id, tail.execution.context.correlation_id, socket.send_text)
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _refuse(self, operation: Any, reason: str, extensions: Mapping[str, Any] | None = None) -> None:
        shown = {"message": reason, "extensions": extensions or {"code": "BAD_USER_INPUT"}}
        if not operation.completed and self.operations.get(operation.id) is operation:
            await operation.send_operation_message({"id": operation.id, "type": "error", "payload": [shown]})

    @override
    async def handle_task_exception(self, error: Exception) -> None:
        del error

    @override
    async def _handle_pre_execution_error(self, operation: Any, result: Any) -> None:
        await operation.send_initial_errors(labelled(result.errors or [], self.context.correlation_id))


class _Request(StarletteRequestAdapter):
    """Media types are the same in capitals."""

    @property
    @override
    def content_type(self) -> str | None:
        given = super().content_type
        return None if given is None else given.lower()


class View(GraphQL[Context, None]):
    """The endpoint /graphql."""

    request_adapter_class = _Request
    graphql_transport_ws_handler_class = Handler

    def __init__(self, schema: Schema, events: EventTypes, room: Room) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if room.settings.mode == "development" else None,
            allow_queries_via_get=False,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=5),
            max_subscriptions_per_connection=50,
            allowed_origins=room.settings.origins,
        )
        self._events = events
        self._room = room
        self.tails = Tails(schema)

    @override
    async def run(self, request: Any, context: Any = ..., root_value: Any = ...) -> Any:
        if isinstance(request, WebSocket):
            return await super().run(request)
        try:
            return await super().run(request)
        except HTTPException as problem:
            code = (
                problem.code
                if isinstance(problem, _Refusal)
                else _CODES.get(problem.status_code, "BAD_USER_INPUT")
            )
            return _answer(problem.reason, problem.status_code, code)
        except Exception as problem:
            if isinstance(problem, _NO_OPERATION):
                return _answer(reason_of(problem), 400, "BAD_USER_INPUT")
            raise

    @override
    async def execute_operation(self, *args: Any, **kwargs: Any) -> Any:
        seconds = self._room.settings.operation_seconds
        try:
            async with asyncio.timeout(seconds):
                return await super().execute_operation(*args, **kwargs)
        except TimeoutError:
            said = f"The operation took longer than {seconds:g} s. Repeat a mutation with the same commandId."
            return _Answer([_error(said, "TIMEOUT")])

    @override
    async def process_result(self, request: Request, result: Any) -> Any:
        if isinstance(result, _Answer):
            return {"data": None, "errors": result.shown}
        if result.errors:
            # Most have their code by now; what was raised around the operation itself gets it here.
            result.errors = labelled(result.errors, None)
        return await super().process_result(request, result)

    @override
    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        given = _uuid(request.headers.get("x-correlation-id"))
        return Context(
            room=self._room,
            events=self._events,
            actor=self._actor(request),
            correlation_id=given or ordered_id(),
            loaders=Loaders(self._room.database),
            given_correlation=given,
            streams=isinstance(request, WebSocket)
            or "text/event-stream" in request.headers.get("accept", ""),
        )

    @override
    def encode_json(self, data: object) -> str:
        return encoded(data)

    @override
    def decode_json(self, data: str | bytes) -> object:
        try:
            return msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as problem:
            raise json.JSONDecodeError(str(problem), "", 0) from problem

    @override
    def parse_json(self, data: str | bytes) -> Any:
        try:
            body = self.decode_json(data)
        except json.JSONDecodeError as problem:
            raise HTTPException(400, f"The body is not JSON: {problem.msg}") from problem
        if not isinstance(body, Mapping):
            raise HTTPException(400, "The body is not a JSON object with a query")
        asked = cast("Mapping[str, Any]", body)
        if (refusal := _malformed(asked)) is not None:
            raise refusal
        return _named(asked)

    @override
    async def parse_http_body(self, request: Any) -> Any:
        """The body has as long as an operation has; where the server stops, who has not sent all of it is waited for no longer."""
        if request.method == "POST" and "application/json" not in (request.content_type or ""):
            raise HTTPException(415, "Unsupported content type: the body is JSON, sent as application/json")
        patience = asyncio.timeout(self._room.settings.operation_seconds)
        self._room.reading.add(patience)
        try:
            async with patience:
                return await super().parse_http_body(request)
        except TimeoutError:
            raise HTTPException(408, "The body did not arrive in time") from None
        finally:
            self._room.reading.discard(patience)

    @override
    async def render_graphql_ide(self, request: Request) -> Response:
        page = (PAGE if PAGE.exists() else UNBUILT).read_text()
        return HTMLResponse(
            page,
            headers={
                "content-security-policy": POLICY,
                "x-content-type-options": "nosniff",
                "cache-control": "no-cache",
            },
        )

    @override
    async def create_streaming_response(self, request: Any, stream: Any, *args: Any, **kwargs: Any) -> Any:
        return await super().create_streaming_response(
            request, lambda: self._until_stopping(stream()), *args, **kwargs
        )

    async def _until_stopping(self, stream: AsyncGenerator[Any]) -> AsyncGenerator[Any]:
        """The stream, cut off when the server stops: without a `complete`, so that its client comes back and resumes."""
        stopping = asyncio.ensure_future(self._room.stopping.wait())
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
            self._room.settings.mode == "development"
            and local
            and header is not None
            and _ACTOR.fullmatch(header)
        ):
            return header
        return "anonymous"


class _Answer:
    """Errors in place of a result."""

    errors = None

    def __init__(self, shown: list[dict[str, Any]]) -> None:
        self.shown = shown


class _Refusal(HTTPException):
    """A request that is no operation: refused before it is looked at."""

    def __init__(self, reason: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(400, reason)
        self.code = code


def _malformed(asked: Mapping[str, Any]) -> _Refusal | None:
    """Why these parameters, from a body or a socket's message, are no operation."""
    query = asked.get("query")
    if not isinstance(query, str):
        return _Refusal("query is a string, and it is missing" if query is None else "query is a string")
    if not query.strip():
        return _Refusal("query is empty")
    if len(query) > MOST_LENGTH:
        return _Refusal(
            f"The document has {len(query)} characters; at most {MOST_LENGTH} will do",
            "OPERATION_TOO_EXPENSIVE",
        )
    if not isinstance(asked.get("variables"), dict | None):
        return _Refusal("variables is an object or null")
    if not isinstance(asked.get("operationName"), str | None):
        return _Refusal("operationName is a string or null")
    return None


def _named(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same; an empty operationName, which some clients send, names none."""
    return {**asked, "operationName": None} if asked.get("operationName") == "" else asked


def _error(message: str, code: str = "BAD_USER_INPUT") -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def _answer(message: str, status: int, code: str) -> Response:
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
