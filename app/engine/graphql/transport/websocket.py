"""GraphQL over WebSocket (graphql-transport-ws). An error in one operation ends that operation, not the socket."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, cast, override

from cross_web import HTTPException
from graphql import GraphQLError
from starlette import websockets
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http import exceptions as strawberry_http
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.types import ExecutionContext
from strawberry.types import graphql as strawberry_graphql
from strawberry.types.execution import PreExecutionError

from app.engine.access.authentication import has_expired, wait_for_expiry
from app.engine.access.caller import Caller
from app.engine.graphql.context import LiveHandover, RequestContext
from app.engine.graphql.errors import (
    AnswerTooLarge,
    is_missing_operation,
    missing_operation_reason,
    with_codes,
)
from app.engine.graphql.execution.shared_subscriptions import SharedSubscriptions
from app.engine.graphql.execution.trusted_documents import TrustedDocuments
from app.engine.graphql.json import without_data
from app.engine.graphql.transport.requests import (
    BadRequest,
    Unauthenticated,
    error_body,
    parse_request,
)
from app.engine.graphql.transport.socket_messages import (
    MAX_ID_LENGTH,
    TooLarge,
    operation_bytes,
)
from app.engine.graphql.transport.subscriptions import ends_subscription

_DISCONNECTED = (
    strawberry_http.WebSocketDisconnected,
    websockets.WebSocketDisconnect,
    websockets.WebSocketDisconnected,
)


YIELD_EVERY = 5
"""Results of one operation that are made before other tasks run. Each takes up to a millisecond."""

FORBIDDEN = 4403
"""The code of a socket whose token is refused or has expired. Clients of graphql-ws try again, with another token."""

BUSY_EXTENSION = "app.busy"
"""The extension of a scope by which the server learns whether the socket has operations: a function of a bool."""

MAX_MESSAGES_BEFORE_INIT = 10
"""A client says `connection_init` first. Some send pings before it."""
TOO_MANY_MESSAGES = 1008

MAX_OPERATION_BYTES = 2 * 2**20
"""Bytes of the ids, documents, variables and extensions of all operations that one socket runs at a time."""


async def _in_turns[R](results: AsyncGenerator[R]) -> AsyncGenerator[R]:
    """The results, with a turn of the event loop for other tasks after every `YIELD_EVERY`.

    Stored events are in memory, so no result waits for anything. Without turns thousands of them are sent before any
    other request goes on. Only then does the socket read that its client has completed the operation.
    """
    number = 0
    async with aclosing(results):
        async for result in results:
            yield result
            number += 1
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)


def _is_failure(result: Any, execution: ExecutionContext | None) -> bool:
    """Whether the operation did not begin, or is a subscription that ends with this result."""
    return ends_subscription(result) if _is_subscription(execution) else isinstance(result, PreExecutionError)


def _is_subscription(execution: ExecutionContext | None) -> bool:
    return execution is not None and execution.operation_type is strawberry_graphql.OperationType.SUBSCRIPTION


class _Endpoint(Protocol):
    documents: TrustedDocuments
    shared_subscriptions: SharedSubscriptions

    async def authenticate_socket(
        self, socket: websockets.WebSocket, context: RequestContext, init: Mapping[str, Any] | None
    ) -> RequestContext: ...


@dataclass
class _OperationState:
    """What the socket knows of an operation."""

    extensions: dict[str, Any]
    handover: LiveHandover = field(default_factory=LiveHandover)


class WebSocketHandler(BaseGraphQLTransportWSHandler[RequestContext, None]):
    """The operations of one socket."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._init_extensions: dict[str, Any] = {}
        """What connection_init says for all operations."""
        self._states: dict[Operation[RequestContext, None], _OperationState] = {}
        """The operations whose tasks have not ended. An id may be that of a later one already."""
        self._bytes: dict[str, int] = {}
        """What operations keep, by id. Some of them may have ended."""
        self._mutations: dict[asyncio.Task[None], int] = {}
        """The mutations that go on without their client, with the bytes that they keep."""
        self._messages_before_init = 0
        self._expiry: asyncio.Task[None] | None = None
        """Closes the socket when the token expires."""

    @override
    async def handle_connection_init(self, message: Any) -> None:
        """Who calls is fixed here, for all operations of the socket."""
        if not self.connection_init_received and not self.connection_timed_out:
            if self.connection_init_timeout_task is not None:
                self.connection_init_timeout_task.cancel()
            endpoint = cast("_Endpoint", self.view)
            try:
                self.context = await endpoint.authenticate_socket(
                    self._socket, self.context, message.get("payload")
                )
            except Unauthenticated as error:
                await self.websocket.close(FORBIDDEN, str(error.extensions["reason"]))
                return
            if self.context.caller.expires_at is not None:
                self._expiry = asyncio.create_task(self._close_at_expiry(self.context.caller))
        await super().handle_connection_init(message)

    async def _close_at_expiry(self, caller: Caller) -> None:
        await wait_for_expiry(caller)
        await self._close_expired()

    async def _close_expired(self) -> None:
        """End all operations, then the socket. Clients connect again with another token."""
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        # The client may have closed it, or be gone.
        with suppress(*_DISCONNECTED, RuntimeError):
            await self.websocket.close(FORBIDDEN, "expired")

    @override
    async def shutdown(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        for operation_id in list(self.operations):
            self._leave_mutation(operation_id)
        await super().shutdown()
        try:
            if self._mutations:
                await asyncio.wait(self._mutations)
        finally:
            # The server stops, and the time for answers is over.
            for task in self._mutations:
                task.cancel()

    @override
    async def cleanup_operation(self, operation_id: str) -> None:
        if not self._leave_mutation(operation_id):
            await super().cleanup_operation(operation_id)

    def _leave_mutation(self, operation_id: str) -> bool:
        """Let the operation go on without its client if it is a mutation.

        Its commands may be recorded already, and its time is limited. It counts for the limits of the socket until it ends.
        """
        operation: Any = self.operations.get(operation_id)
        state = self._states.get(operation)
        # Without an execution nothing of it has begun.
        execution = None if state is None else state.handover.execution
        if execution is None or execution.operation_type is not strawberry_graphql.OperationType.MUTATION:
            return False
        del self.operations[operation_id]
        operation.completed = True
        self._mutations[operation.task] = self._bytes.pop(operation_id, 0)
        operation.task.add_done_callback(self._mutations.pop)
        return True

    @property
    def _socket(self) -> websockets.WebSocket:
        return cast("ASGIWebSocketAdapter", self.websocket).ws

    @override
    async def handle_message(self, message: Any) -> None:
        try:
            await self._handle_message(message)
        finally:
            if isinstance(message, dict):
                # Strawberry's loop refers to it until the next one arrives.
                cast("dict[str, Any]", message).clear()

    async def _handle_message(self, message: Any) -> None:
        if not self.connection_init_received:
            self._messages_before_init += 1
            if self._messages_before_init > MAX_MESSAGES_BEFORE_INIT:
                await self.websocket.close(TOO_MANY_MESSAGES, "Too many messages before connection_init")
                return
        if has_expired(self.context.caller):
            # A message that was on its way when the socket was closed, or the timer is late.
            await self._close_expired()
            return
        if isinstance(message, TooLarge):
            if message.operation_id is None or message.operation_id in self.operations:
                await self.handle_invalid_message(message.refusal.reason)
            elif not self.connection_acknowledged:
                await self.websocket.close(4401, "Unauthorized")
            else:
                await self._send_refusal(message.operation_id, message.refusal)
            return
        if not isinstance(message, dict):
            await self.handle_invalid_message("A message must be a JSON object")
            return
        known = cast("dict[str, Any]", message)
        if known.get("type") in ("subscribe", "complete") and not (
            isinstance(known.get("id"), str) and known["id"]
        ):
            await self.handle_invalid_message('"id" is required and must be a string')
            return
        if len(str(known.get("id", ""))) > MAX_ID_LENGTH:
            await self.handle_invalid_message(f'"id" has more than {MAX_ID_LENGTH} characters')
            return
        if known.get("type") == "connection_init":
            if not isinstance(known.get("payload"), dict | None):
                await self.handle_invalid_message("The payload of connection_init must be an object or null")
                return
            if known.get("payload") is None:
                known = {"type": "connection_init"}
            elif "logToken" in known["payload"]:
                token = known["payload"]["logToken"]
                # It is kept for as long as the socket. Another text than a token is refused when it is used.
                self._init_extensions = {"logToken": str(token)[:MAX_ID_LENGTH] if token else token}
        # The base class closes the socket if the id is in use already, or if the socket is not initialised.
        operation_id = str(known.get("id"))
        if (
            known.get("type") == "subscribe"
            and self.connection_acknowledged
            and operation_id not in self.operations
        ):
            try:
                known = {**known, "payload": self._parse_subscribe(operation_id, known.get("payload"))}
            except BadRequest as error:
                await self._send_refusal(operation_id, error)
                return
        await super().handle_message(cast("Any", known))
        self._tell_busy()

    @override
    async def handle_subscribe(self, message: Any) -> None:
        await super().handle_subscribe(message)
        operation = self.operations.get(message["id"])
        if operation is None or operation in self._states:
            # The socket was closed instead: it is not initialised, or the id is in use.
            return
        extensions = message["payload"].get("extensions") or {}
        self._states[operation] = _OperationState({**self._init_extensions, **extensions})
        task = cast("asyncio.Task[None]", operation.task)
        # A task that is cancelled before it begins never runs.
        task.add_done_callback(lambda _: self._states.pop(operation, None))

    def _parse_subscribe(self, operation_id: str, payload: object) -> dict[str, Any]:
        limit = self.max_subscriptions_per_connection
        if limit is not None and len(self.operations) + len(self._mutations) >= limit:
            raise BadRequest(f"The limit is {limit} operations at a time on one socket", "OVERLOADED")
        parsed = parse_request(payload, cast("_Endpoint", self.view).documents)
        self._bytes = {name: size for name, size in self._bytes.items() if name in self.operations}
        self._bytes[operation_id] = operation_bytes(operation_id, parsed)
        size = sum(self._bytes.values()) + sum(self._mutations.values())
        if size > MAX_OPERATION_BYTES:
            raise BadRequest(
                f"The operations of this socket have {size} bytes; the limit is {MAX_OPERATION_BYTES} at a time",
                "OVERLOADED",
            )
        return parsed

    async def _send_refusal(self, operation_id: str, error: BadRequest) -> None:
        body = error_body(error.reason, error.code)
        await self.send_message(cast("Any", {"id": operation_id, "type": "error", "payload": [body]}))

    @override
    async def run_operation(self, operation: Any) -> None:
        try:
            await self._run_to_the_end(operation)
        finally:
            self._tell_busy()

    def _tell_busy(self) -> None:
        """Tell the server whether the socket has operations: without any it is closed first to make room for others."""
        if (tell := self._socket.scope.get("extensions", {}).get(BUSY_EXTENSION)) is not None:
            tell(bool(self.operations))

    async def _run_to_the_end(self, operation: Any) -> None:
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
        """Send the operation's own results, then those of the shared stream if the resolver has handed over.

        A failure is the message `error`: after `complete` a client takes a subscription for finished.
        """
        state = self._states[operation]
        handover = state.handover
        results: Any = await self.schema.stream(
            operation.query,
            variable_values=operation.variables,
            context_value=replace(self.context, handover=handover, request_extensions=state.extensions),
            root_value=self.root_value,
            operation_name=operation.operation_name,
        )
        # The execution has them. It keeps those that the document declares.
        operation.variables = None
        try:
            async with aclosing(_in_turns(results)) as turns:
                async for result in turns:
                    if _is_failure(result, handover.execution):
                        errors = with_codes(result.errors or [], self.context.correlation_id)
                        await operation.send_initial_errors(errors)
                        break
                    await self._send_next(operation, result, handover.execution)
            if handover.execution is not None and handover.cursor is not None and not operation.completed:
                endpoint = cast("_Endpoint", self.view)
                await endpoint.shared_subscriptions.send(
                    handover, operation.id, handover.execution.context.correlation_id, self._socket.send_text
                )
        finally:
            # The execution's context refers to the handover: all of an operation would wait for the collector of cycles.
            handover.execution = None
        await operation.send_operation_message({"id": operation.id, "type": "complete"})

    async def _send_next(self, operation: Any, result: Any, execution: ExecutionContext | None) -> None:
        """Send a result. Raises `AnswerTooLarge` for one of a subscription, which then ends."""
        try:
            await operation.send_next(result)
        except AnswerTooLarge as error:
            if _is_subscription(execution):
                raise
            payload = without_data({"extensions": result.extensions}, error)
            await operation.send_operation_message({"id": operation.id, "type": "next", "payload": payload})

    async def _send_error(self, operation: Any, body: Mapping[str, Any]) -> None:
        if not operation.completed and self.operations.get(operation.id) is operation:
            await operation.send_operation_message({"id": operation.id, "type": "error", "payload": [body]})

    @override
    async def handle_task_exception(self, error: Exception) -> None:
        # `run_operation` has sent or logged it.
        del error
