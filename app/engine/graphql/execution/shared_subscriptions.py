"""Shares live `events` subscriptions: subscribers with the same document and variables share one execution per event.

A subscriber that is behind the head of the log is executed alone. At the head it becomes a cursor into the feed, and its
messages are looked up by position. A slow subscriber has no queue: events that are no longer cached are executed again.

What the rows of a live list refer to changes also while the list does not. So the first message is shared only by those that
join together. A message with an error that may pass is not cached: for the next subscriber it may succeed.

A message whose resolvers read the actor is for that actor alone. Each of its subscribers then shares with its own actor only.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from graphql import FieldNode, FragmentDefinitionNode, Node, VariableNode, get_operation_ast
from strawberry.types import ExecutionContext

from app.engine.access.caller import ANONYMOUS
from app.engine.graphql.context import Context, LiveHandover, LiveMessage, response_extensions
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.errors import AnswerTooLarge, with_codes
from app.engine.graphql.execution.limits import child_nodes
from app.engine.graphql.json import encode_bounded, encode_json
from app.engine.graphql.strawberry_internals import SubscriptionExecutor
from app.engine.sized_cache import SharedMemory, SharingCache
from app.engine.store.interests import filter_interests
from app.engine.store.reader import Fact

LIVE_MESSAGES = "live messages"
"""Who takes the turns of reads for messages that several callers may get."""
MAX_CACHED_PAYLOADS = 1_000
"""Events of one shared subscription whose payloads are cached."""
MAX_PAYLOAD_BYTES = 32 * 2**20
"""Bytes of the cached payloads of all shared subscriptions."""
PASSING_CODES = (
    "INTERNAL_SERVER_ERROR",
    "LOG_REPLACED",
    "OVERLOADED",
    "STALE_READ",
    "TIMEOUT",
    "UNAVAILABLE",
)
"""The codes of errors that may be over at the next attempt. All others belong to the document and its caller."""
YIELD_EVERY = 25
"""Events that one subscriber sends before other tasks run."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The payload of a message as JSON, without the correlation id and the closing braces."""

    text: str
    may_pass: bool
    """Whether it has an error that may be over at the next attempt."""
    is_personal: bool
    """Whether its resolvers have read who calls: it is the answer to the caller whose context made it."""
    too_large: str | None = None
    """Why the subscription ends instead. None if it goes on."""

    @property
    def size(self) -> int:
        """The bytes of its text; text that is not ASCII takes up to four bytes a character."""
        return sys.getsizeof(self.text)


type PayloadOrFuture = Payload | asyncio.Future[Payload]


class SharedSubscription:
    """One document with variables, for callers who may see the same. Gives the payload for each event."""

    def __init__(self, schema: Any, execution: ExecutionContext, memory: SharedMemory, share: str) -> None:
        self._share = share
        self._executor = SubscriptionExecutor(schema, execution)
        self._context: Context = execution.context
        # First in, first out: all subscribers read positions in order. Every message looks here, so it is no LRU cache.
        self._payloads: SharingCache[object, PayloadOrFuture] = SharingCache(memory)
        self._awaited: dict[object, dict[str, asyncio.Future[Any]]] = {}
        """What callers in debt wait for, by key and caller: a `PayloadOrFuture`. None if the subscriber that pays leaves."""

    def first_key(self, message: LiveMessage) -> object:
        """The key of the payload for a subscriber that joins now.

        Subscribers that join in the same second share it, unless the log or a read model has moved on. The rows of the
        payload may refer to data that has changed by then.
        """
        services = self._context.services
        reached = (worker.state.position for worker in services.projector.workers.values())
        return message.key, services.feed.latest_known, *reached, int(monotonic())

    async def payload(
        self, key: object, message: Fact | LiveMessage, charge: OperationCharge, part: float
    ) -> Payload:
        """The payload, which costs its caller nothing if another subscriber has made it."""
        payload = self._payloads.get(key)
        if payload is None:
            payload = await self._pay_and_make(key, message, charge.for_event(part))
        # Others may wait for it, so it is made to its end also if this task is cancelled.
        return payload if isinstance(payload, Payload) else await asyncio.shield(payload)

    async def _pay_and_make(
        self, key: object, message: Fact | LiveMessage, charge: OperationCharge
    ) -> PayloadOrFuture:
        """Make the payload when its caller has paid its debt, unless another subscriber makes it before.

        One subscriber of each caller pays. If it leaves, another one takes over.
        """
        while charge.due and (awaited := self._awaited.get(key, {}).get(charge.caller)) is not None:
            await asyncio.wait([awaited])
            if (payload := awaited.result() or self._payloads.get(key)) is not None:
                return payload
        if not (seconds := charge.reserve()):
            return self._make(key, message, charge)
        # Not as one that all wait for: other callers have no part in this debt.
        awaited = asyncio.get_running_loop().create_future()
        self._awaited.setdefault(key, {})[charge.caller] = awaited
        try:
            await charge.wait(seconds, awaited)
            return awaited.result() if awaited.done() else self._make(key, message, charge)
        finally:
            if not awaited.done():
                awaited.set_result(None)
                del self._awaited[key][charge.caller]
                if not self._awaited[key]:
                    del self._awaited[key]

    def _make(self, key: object, message: Fact | LiveMessage, charge: OperationCharge) -> PayloadOrFuture:
        if isinstance(message, LiveMessage):
            root = message.make_root()
        else:
            root = self._context.events.to_graphql(message, self._context.access)
        payload = self._render(root, message.position, charge)
        self._keep(key, payload)
        for awaited in self._awaited.pop(key, {}).values():
            awaited.set_result(payload)
        return payload

    def _keep(self, key: object, payload: PayloadOrFuture) -> None:
        if isinstance(payload, Payload):
            if payload.may_pass:
                return
            self._payloads.keep(key, payload, payload.size)
        else:
            payload.add_done_callback(partial(self._resolved, key))
            self._payloads[key] = payload
        if len(self._payloads) > MAX_CACHED_PAYLOADS:
            self._payloads.drop_oldest()

    def _resolved(self, key: object, future: asyncio.Future[Payload]) -> None:
        """Keep the payload instead of the future. Those that wait for it get it also if it is not kept."""
        if self._payloads.get(key) is not future:
            return
        if future.cancelled() or future.exception() is not None or future.result().may_pass:
            del self._payloads[key]
            return
        self._payloads.keep(key, future.result(), future.result().size)

    def _render(self, root: object, position: int, charge: OperationCharge) -> PayloadOrFuture:
        """The payload at once if no resolver waits. A task per event would cost one iteration of the event loop each."""
        context = self._context.for_message(charge, self._share)
        context.reads.note_answer(position)
        result = self._executor.execute(root, context)
        if self._executor.is_awaitable(result):
            return asyncio.ensure_future(self._await_and_encode(result, context))
        return self._encode(result, context)

    async def _await_and_encode(self, result: Any, context: Context) -> Payload:
        return self._encode(await result, context)

    def _encode(self, result: Any, context: Context) -> Payload:
        payload: dict[str, Any] = {"data": result.data}
        errors = with_codes(result.errors or [], self._context.correlation_id)
        if errors:
            payload["errors"] = [error.formatted for error in errors]
        payload["extensions"] = response_extensions(context)
        is_personal = context.actor_use.is_read
        try:
            text = encode_bounded(payload, context.services.settings.max_answer_bytes)
        except AnswerTooLarge as error:
            return Payload("", may_pass=False, is_personal=is_personal, too_large=str(error))
        may_pass = any((error.extensions or {}).get("code") in PASSING_CODES for error in errors)
        return Payload(text[:-2], may_pass, is_personal)


class SharedSubscriptions:
    """The shared subscriptions of this process. One ends with its last subscriber."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self.memory = SharedMemory(MAX_PAYLOAD_BYTES)
        self._shared: WeakValueDictionary[tuple[Any, ...], SharedSubscription] = WeakValueDictionary()

    async def send(
        self,
        handover: LiveHandover,
        operation_id: str,
        correlation_id: UUID,
        send: Callable[[str], Awaitable[None]],
    ) -> None:
        """Send a graphql-transport-ws message for each event after the handover, until the feed closes.

        Raises `AnswerTooLarge`: after a message that is lost the client could not go on.
        """
        execution, cursor, where = handover.execution, handover.cursor, handover.where
        assert execution is not None
        assert cursor is not None
        feed = execution.context.services.feed
        prefix = f'{{"id":{encode_json(operation_id)},"type":"next","payload":'
        suffix = f',"correlationId":"{correlation_id}"}}}}}}'
        # Another epoch has other events at the same positions.
        epoch, actor = feed.epoch, None
        shared = self._shared_by(execution, epoch)

        async def send_payload(key: object, message: Fact | LiveMessage, part: float = 1.0) -> None:
            nonlocal shared, actor
            payload = await shared.payload(key, message, execution.context.charge, part)
            if payload.is_personal and actor is None:
                # It may be the answer to another caller.
                actor = execution.context.caller.actor
                shared = self._shared_by(execution, epoch, actor)
                payload = await shared.payload(key, message, execution.context.charge, part)
            if payload.too_large is not None:
                raise AnswerTooLarge(payload.too_large)
            await send(f"{prefix}{payload.text}{suffix}")

        if handover.next_after is not None:
            if (first := handover.take_first()) is not None:
                await send_payload(shared.first_key(first), first, first.part)
            del first
            sent = 0
            while (message := await handover.next_after(cursor)) is not None:
                cursor = message.cursor
                await send_payload(message.key, message, message.part)
                sent += 1
                # It may have a whole list, and is not kept while the subscriber waits.
                del message
                if sent % YIELD_EVERY == 0:
                    await asyncio.sleep(0)
            return
        interests = filter_interests(where)
        while (found := await feed.wait_for(cursor, interests, epoch=handover.epoch)) is not None:
            facts, cursor = await feed.read_after(found, where, YIELD_EVERY)
            if handover.owned is not None:
                facts = await handover.owned(facts)
            for fact in facts:
                await send_payload(fact.position, fact)
            # They are not kept while the subscriber waits.
            del facts
            if cursor < feed.head:
                await asyncio.sleep(0)

    def _shared_by(
        self, execution: ExecutionContext, epoch: int, actor: str | None = None
    ) -> SharedSubscription:
        """The shared subscription of all who send the same document and variables, and may see the same.

        With `actor` only the sockets of that actor share it.
        """
        start_variables = _start_variables(execution)
        variables = {
            name: value for name, value in (execution.variables or {}).items() if name not in start_variables
        }
        key = (
            execution.query,
            execution.operation_name,
            msgspec.json.encode(variables, order="sorted"),
            # Two callers who may see different things never share an execution.
            execution.context.access.share_key,
            actor,
            epoch,
        )
        shared = self._shared.get(key)
        if shared is None:
            # If subscribers of several callers wait for a message, it takes no turn of one of them.
            actor = actor or execution.context.access.only_actor
            has_several = actor is None or actor == ANONYMOUS.actor
            share = LIVE_MESSAGES if has_several else execution.context.share
            shared = self._shared[key] = SharedSubscription(self._schema, execution, self.memory, share)
        return shared


def _start_variables(execution: ExecutionContext) -> set[str]:
    """The variables that say where a subscriber starts, and nothing else: they do not change any payload.

    They stand for `after` at the top of the operation, and nowhere else in it or in a fragment.
    """
    document = execution.graphql_document
    assert document is not None
    operation = get_operation_ast(document, execution.operation_name or None)
    assert operation is not None
    started = {
        argument.value.name.value
        for field in operation.selection_set.selections
        if isinstance(field, FieldNode)
        for argument in field.arguments or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    }
    if not started:
        return started
    fragments = (
        definition for definition in document.definitions if isinstance(definition, FragmentDefinitionNode)
    )
    uses = _count_variables(operation.selection_set, *(operation.directives or ()), *fragments)
    return {name for name in started if uses[name] == 1}


def _count_variables(*nodes: Node) -> Counter[str]:
    """How often each variable is used below some nodes of a document."""
    uses = Counter[str]()
    stack = [*nodes]
    while stack:
        node = stack.pop()
        if isinstance(node, VariableNode):
            uses[node.name.value] += 1
        stack.extend(child_nodes(node))
    return uses
