"""Executes each operation and each subscription event within a time limit, in short turns of the event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast, override

from graphql import FieldNode, GraphQLError, OperationType, get_named_type
from graphql.execution import ExecutionResult

from app.engine.graphql.context import Context
from app.engine.graphql.costs import OperationCharge
from app.engine.graphql.errors import TimedOut
from app.engine.graphql.execution.cost import charged_from
from app.engine.graphql.execution.limits import MAX_ERRORS
from app.engine.graphql.live_list import Changes
from app.engine.graphql.strawberry_internals import (
    MAX_COERCION_ERRORS,
    ReusingExecutionContext,
    gather_with_cancel,
)
from app.engine.turns import LoopTurn, turn_of_loop


def asks_for_stream(node: FieldNode) -> bool:
    """Whether graphql-core has to execute the list of this field, because its items may be sent one by one."""
    return any(directive.name.value == "stream" for directive in node.directives or ())


class LimitedExecutionContext(ReusingExecutionContext):
    """Strawberry's executor with a limit of time.

    A query or a mutation that is too slow has the error `TIMEOUT` and no data. A subscription with such an event ends.
    """

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._turn: LoopTurn | None = None

    @classmethod
    @override
    def build(cls, *args: Any, **kwargs: Any) -> Any:
        # Each error of a variable prints the variable.
        if len(args) > MAX_COERCION_ERRORS:
            args = (*args[:MAX_COERCION_ERRORS], MAX_ERRORS, *args[MAX_COERCION_ERRORS + 1 :])
        return super().build(*args, **kwargs)

    @override
    def build_per_event_executor(self, payload: Any, context: Context | None = None) -> Any:
        executor = super().build_per_event_executor(payload)
        if context is not None:
            executor.context_value = context
        elif isinstance(self.context_value, Context):
            executor.context_value = self.context_value.for_event(
                payload.part if isinstance(payload, Changes) else 1.0
            )
        return executor

    @property
    def turn(self) -> LoopTurn:
        """The turn of the event loop that the operation runs in."""
        if self._turn is None:
            self._turn = turn_of_loop()
        return self._turn

    @override
    def execute_operation(self, serially: bool | None = None) -> Any:
        if self.operation.operation is OperationType.SUBSCRIPTION:
            context = self.context_value
            if isinstance(context, Context) and (seconds := context.charge.reserve()):
                return self._execute_in_debt(context.charge, seconds, serially)
            if self.turn.is_over():
                # One event wakes many subscribers.
                return self._within_limit(self._execute_later(serially))
        result = super().execute_operation(serially)
        return self._within_limit(cast("Awaitable[Any]", result)) if self.is_awaitable(result) else result

    async def _execute_in_debt(self, charge: OperationCharge, seconds: float, serially: bool | None) -> Any:
        # The time of the event begins when its caller has paid for those before it.
        await charge.wait(seconds)
        return await self._within_limit(self._execute_later(serially))

    async def _execute_later(self, serially: bool | None) -> Any:
        await self.turn.wait_for_next()
        result = super().execute_operation(serially)
        return await cast("Awaitable[Any]", result) if self.is_awaitable(result) else result

    async def _within_limit(self, result: Awaitable[Any]) -> Any:
        context = self.context_value
        if not isinstance(context, Context):
            return await result
        seconds = context.services.settings.operation_timeout_seconds
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await result
        except TimeoutError:
            if not limit.expired():
                raise
            error = TimedOut(
                f"The operation took longer than {seconds:g} s. Ask for less, or repeat a mutation with the same commandId."
            )
            if self.operation.operation is OperationType.SUBSCRIPTION:
                raise error from None
            return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])

    @override
    async def complete_awaitable_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        return await super().complete_awaitable_value(
            return_type, field_details_list, info, path, self._in_turn(result), position_context
        )

    @override
    def complete_iterable_value(
        self,
        item_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        items: Any,
        position_context: Any,
    ) -> Any:
        if (
            type(items) not in (list, tuple)
            or position_context is not None
            or asks_for_stream(field_details_list[0].node)
        ):
            return super().complete_iterable_value(
                item_type, field_details_list, info, path, items, position_context
            )
        field = info.parent_type.fields.get(info.field_name)
        if field is not None and (more := len(items) - charged_from(info.parent_type.name, field)) > 0:
            self.charge_items(more, field_details_list, get_named_type(item_type))
        results: list[Any] = []
        awaitable: list[int] = []

        def complete(index: int) -> None:
            item, item_path = items[index], path.add_key(index, None)
            if self.is_awaitable(item):
                results.append(
                    self.complete_awaitable_list_item_value(
                        item, item_type, field_details_list, info, item_path, None
                    )
                )
                awaitable.append(index)
            elif self.complete_list_item_value(
                item, results, item_type, field_details_list, info, item_path, None
            ):
                awaitable.append(index)

        return self.complete_items(len(items), complete, results, awaitable)

    def charge_items(self, number: float, field_details_list: Any, item_type: Any) -> None:
        """Charge the items by which a list is longer than was predicted. Raises `TooExpensive`."""
        if isinstance(self.context_value, Context):
            nodes = [details.node for details in field_details_list]
            self.context_value.charge.add_items(number, nodes, item_type)

    def complete_items(
        self, number: int, complete: Callable[[int], None], results: list[Any], awaitable: list[int]
    ) -> Any:
        """The results of a list. If the turn of the event loop ends before, an awaitable of them.

        `complete` adds the result of the item at an index to `results`. If the result is awaitable, it adds the index
        to `awaitable`, too.
        """
        if not self._complete_next_items(number, complete, results, awaitable):
            return self._complete_items_later(number, complete, results, awaitable)
        return self.await_results(results, awaitable) if awaitable else results

    def _complete_next_items(
        self, number: int, complete: Callable[[int], None], results: list[Any], awaitable: list[int]
    ) -> bool:
        """Complete items until the turn ends. True if all are complete."""
        turn, first = self.turn, len(results)
        try:
            for index in range(first, number):
                if index != first and turn.is_over():
                    return False
                complete(index)
        except Exception:
            # The list is an error now. What was started for its items is awaited, so that no coroutine is left over.
            if awaitable:
                self.settle_in_background([results[index] for index in awaitable])
            raise
        return True

    async def _complete_items_later(
        self, number: int, complete: Callable[[int], None], results: list[Any], awaitable: list[int]
    ) -> Sequence[Any]:
        try:
            await self.turn.wait_for_next()
            while not self._complete_next_items(number, complete, results, awaitable):
                await self.turn.wait_for_next()
        except asyncio.CancelledError:
            # The operation has ended: what has not begun does not begin.
            for index in awaitable:
                results[index].close()
            raise
        return await self.await_results(results, awaitable) if awaitable else results

    async def await_results[K](self, results: Any, awaitable: Sequence[K]) -> Any:
        """The results, a dict or a list, with those that were awaitable in their places."""
        if len(awaitable) == 1:
            results[awaitable[0]] = await results[awaitable[0]]
        else:
            awaited = await gather_with_cancel(*(results[key] for key in awaitable))
            for key, result in zip(awaitable, awaited, strict=True):
                results[key] = result
        return results

    async def _in_turn(self, result: Awaitable[Any]) -> Any:
        """The value of a resolver, once the event loop has time for what is below it."""
        value = await result
        if self.turn.is_over():
            await self.turn.wait_for_next()
        return value
