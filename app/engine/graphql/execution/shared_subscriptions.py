"""The live tail of subscriptions to events: each fact is executed and encoded once for all who ask for it in the same words.

Until it is level with the log, a subscriber is executed on its own. From there on it is a cursor into the feed, and what it
is sent is looked up by position: a slow one costs no queue, and for one that has fallen behind facts are rendered again.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from graphql import FieldNode, OperationDefinitionNode, VariableNode, execute_subscription_event
from strawberry.types import ExecutionContext

from app.engine.graphql.errors import with_codes
from app.engine.graphql.json import encode_json
from app.engine.store.reader import ALL_EVENTS, EventFilter, Fact

if TYPE_CHECKING:
    from app.engine.graphql.context import Context

MAX_CACHED_PAYLOADS = 1_000
"""How many facts stay rendered for one set of words."""
YIELD_EVERY = 25
"""After how many facts a subscriber lets others have their turn."""


@dataclass
class LiveHandover:
    """Where one operation stands that may share its tail."""

    execution: ExecutionContext | None = None
    """Its document, which is valid, with variables and context."""
    position: int | None = None
    """Where it became level with the log; None where it is not, or has not asked for what can be shared."""
    where: EventFilter = ALL_EVENTS

    def begin(self, position: int, where: EventFilter) -> None:
        """All up to `position` was sent; what follows and matches may be shared."""
        self.position, self.where = position, where


def response_extensions(context: "Context") -> dict[str, Any]:
    """What every answer carries as its extensions, but for the correlation id."""
    projector = context.services.projector
    return {
        "position": str(context.services.feed.latest_known),
        "lag": projector.lag_events(),
        "lagSeconds": projector.lag_seconds(),
    }


class SharedSubscription:
    """One document with variables, asked by one authority: what its answer is for each fact."""

    def __init__(self, schema: Any, execution: ExecutionContext) -> None:
        built = schema.execution_context_class.build(
            schema._schema,
            execution.graphql_document,
            context_value=execution.context,
            raw_variable_values=execution.variables,
            operation_name=execution.operation_name,
        )
        if isinstance(built, list):
            # The subscriber's own execution has come this far with the same document and variables.
            raise AssertionError(built)
        self._executor = built
        self._context: Context = execution.context
        self._payloads: OrderedDict[int, str | asyncio.Future[str]] = OrderedDict()

    def payload(self, fact: Fact) -> str | asyncio.Future[str]:
        """The payload for a fact as JSON, up to where the correlation id belongs."""
        known = self._payloads.get(fact.position)
        if known is None:
            known = self._payloads[fact.position] = self._render(fact)
            if len(self._payloads) > MAX_CACHED_PAYLOADS:
                self._payloads.popitem(last=False)
        return known

    def _render(self, fact: Fact) -> str | asyncio.Future[str]:
        """At once where nothing has to be waited for: a task for each fact would let a busy loop turn once for each."""
        executor = self._executor.build_per_event_executor(self._context.events.to_graphql(fact))
        executor.context_value = replace(self._context, loaders=self._context.new_loaders())
        result: Any = execute_subscription_event(executor)
        return (
            asyncio.ensure_future(self._waited(result))
            if executor.is_awaitable(result)
            else self._encoded(result)
        )

    async def _waited(self, result: Any) -> str:
        return self._encoded(await result)

    def _encoded(self, result: Any) -> str:
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [
                error.formatted for error in with_codes(result.errors, self._context.correlation_id)
            ]
        payload["extensions"] = response_extensions(self._context)
        return encode_json(payload)[:-2]


class SharedSubscriptions:
    """All tails that somebody of this process follows."""

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._shared: WeakValueDictionary[tuple[Any, ...], SharedSubscription] = WeakValueDictionary()

    async def send(
        self,
        tail: LiveHandover,
        operation_id: str,
        correlation_id: UUID,
        send: Callable[[str], Awaitable[None]],
    ) -> None:
        """Send the message (of graphql-transport-ws) for each fact after the tail's position, until the feed closes."""
        execution, cursor, where = tail.execution, tail.position, tail.where
        assert execution is not None
        assert cursor is not None
        feed = execution.context.services.feed
        head = f'{{"id":{encode_json(operation_id)},"type":"next","payload":'
        foot = f',"correlationId":"{correlation_id}"}}}}}}'
        shared = self._of(execution)
        while await feed.wait_past(cursor, low_priority=True):
            facts, cursor = await feed.read_after(cursor, where, YIELD_EVERY)
            for fact in facts:
                payload = shared.payload(fact)
                await send(
                    f"{head}{payload if isinstance(payload, str) else await asyncio.shield(payload)}{foot}"
                )
            if cursor < feed.head:
                await asyncio.sleep(0)

    def _of(self, execution: ExecutionContext) -> SharedSubscription:
        variables = {
            name: value
            for name, value in (execution.variables or {}).items()
            if name not in _cursors(execution)
        }
        words = msgspec.json.encode(variables, order="sorted")
        key = (execution.query, execution.operation_name, words, execution.context.actor)
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = SharedSubscription(self._schema, execution)
        return shared


def _cursors(execution: ExecutionContext) -> set[str]:
    """The variables that say where the subscriber begins, and nothing else."""
    document = execution.graphql_document
    assert document is not None
    return {
        argument.value.name.value
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
        for field in definition.selection_set.selections
        if isinstance(field, FieldNode)
        for argument in field.arguments or ()
        if argument.name.value == "after" and isinstance(argument.value, VariableNode)
    }
