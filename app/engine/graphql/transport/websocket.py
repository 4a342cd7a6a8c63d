"""GraphQL over WebSocket (graphql-transport-ws). An error in one operation ends that operation, not the socket."""

from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Protocol, cast, override

from cross_web import HTTPException
from graphql import GraphQLError
from starlette import websockets
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http import exceptions as strawberry_http
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler

from app.engine.graphql.context import Context, LiveHandover
from app.engine.graphql.errors import is_missing_operation, missing_operation_reason, with_codes
from app.engine.graphql.execution.shared_subscriptions import SharedSubscriptions
from app.engine.graphql.transport.requests import BadRequest, error_body, parse_request

_DISCONNECTED = (
    strawberry_http.WebSocketDisconnected,
    websockets.WebSocketDisconnect,
    websockets.WebSocketDisconnected,
)


class _Endpoint(Protocol):
    shared_subscriptions: SharedSubscriptions


class WebSocketHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """The operations of one socket."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._init_extensions: dict[str, Any] = {}
        """What connection_init says for all operations."""
        self._extensions: dict[str, dict[str, Any]] = {}
        """The extensions of operations that have not begun, by id."""

    @override
    async def handle_message(self, message: Any) -> None:
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message must be a JSON object")
            return
        known = cast("dict[str, Any]", message)
        if known.get("type") in ("subscribe", "complete") and not (
            isinstance(known.get("id"), str) and known["id"]
        ):
            await self.handle_invalid_message('"id" is required and must be a string')
            return
        if known.get("type") == "connection_init":
            if not isinstance(known.get("payload"), dict | None):
                await self.handle_invalid_message("The payload of connection_init must be an object or null")
                return
            if known.get("payload") is None:
                known = {"type": "connection_init"}
            elif "logToken" in known["payload"]:
                self._init_extensions = {"logToken": known["payload"]["logToken"]}
        # The base class closes the socket if the id is in use already.
        operation_id = str(known.get("id"))
        if known.get("type") == "subscribe" and operation_id not in self.operations:
            try:
                payload = self._parse_subscribe(known.get("payload"))
                known = {**known, "payload": payload}
                if payload.get("extensions"):
                    self._extensions[operation_id] = {**self._init_extensions, **payload["extensions"]}
            except BadRequest as error:
                await self._send_refusal(operation_id, error)
                return
        await super().handle_message(cast("Any", known))

    def _parse_subscribe(self, payload: object) -> dict[str, Any]:
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) >= limit:
            raise BadRequest(f"The limit is {limit} operations at a time on one socket", "OVERLOADED")
        return parse_request(payload)

    async def _send_refusal(self, operation_id: str, error: BadRequest) -> None:
        body = error_body(error.reason, error.code)
        await self.send_message(cast("Any", {"id": operation_id, "type": "error", "payload": [body]}))

    @override
    async def run_operation(self, operation: Any) -> None:
        try:
            await self._run(operation)
        except _DISCONNECTED:
            # The client has gone. It reconnects and resumes after its last position.
            return
        except HTTPException as error:
            await self._send_error(operation, error_body(error.reason))
        except Exception as error:
            # Any error ends this operation only: other operations use the same socket.
            if is_missing_operation(error):
                await self._send_error(operation, error_body(missing_operation_reason(error)))
                return
            [coded] = with_codes(
                [GraphQLError(str(error), original_error=error, path=["?"])], self.context.correlation_id
            )
            await self._send_error(operation, {"message": coded.message, "extensions": coded.extensions})

    async def _run(self, operation: Any) -> None:
        """Send the operation's own results, then those of the shared stream if the resolver has handed over."""
        handover = LiveHandover()
        results = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=replace(
                self.context,
                handover=handover,
                request_extensions=self._extensions.pop(operation.id, self._init_extensions),
            ),
            root_value=self.root_value,
            operation_name=operation.operation_name,
        )
        async with aclosing(results):
            await self._send_result_stream(operation, results)
        if handover.execution is not None and handover.position is not None and not operation.completed:
            endpoint = cast("_Endpoint", self.view)
            socket = cast("ASGIWebSocketAdapter", self.websocket).ws
            await endpoint.shared_subscriptions.send(
                handover, operation.id, handover.execution.context.correlation_id, socket.send_text
            )
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _send_error(self, operation: Any, body: Mapping[str, Any]) -> None:
        if not operation.completed and self.operations.get(operation.id) is operation:
            await operation.send_operation_message({"id": operation.id, "type": "error", "payload": [body]})

    @override
    async def handle_task_exception(self, error: Exception) -> None:
        # `run_operation` has sent or logged it.
        del error

    @override
    async def _handle_pre_execution_error(self, operation: Any, result: Any) -> None:
        await operation.send_initial_errors(with_codes(result.errors or [], self.context.correlation_id))
