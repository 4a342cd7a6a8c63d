"""Executes most fields without a resolve info, arguments or type checks; results are identical to graphql-core's.

A field without a resolver needs only its value. A field with a resolver needs only its value if its object has prefetched it
(`HasPrefetched`). So a list can read the values of all its items in one statement. All other fields, and every error, fall
back to graphql-core. It follows the plans of `app/engine/graphql/execution/field_plans.py`.
"""

from collections.abc import Awaitable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, assert_never, cast, override
from uuid import UUID

from graphql import GraphQLObjectType, Undefined

from app.engine.graphql.execution.field_plans import (
    DEFAULT_PLAN,
    PLANS,
    DefaultPlan,
    LeafPlan,
    ListPlan,
    ObjectPlan,
    PlannedField,
    Plans,
    TypeNamePlan,
)
from app.engine.graphql.execution.limited_executor import LimitedExecutionContext, asks_for_stream
from app.engine.graphql.loaders import HasPrefetched
from app.engine.graphql.strawberry_internals import Path

_PLAIN_VALUES = (str, int, float, bool, UUID, Decimal, datetime, date)
"""Types whose values are no awaitables and no errors. So are enums, and the driver's own class of UUIDs."""
_PLAIN_RESULTS = frozenset({str, int, float, bool, dict, list, type(None)})
"""Types of results that are no awaitables."""
_MIN_INT, _MAX_INT = -(2**31), 2**31 - 1
"""The range of GraphQL's Int."""


class FastExecutionContext(LimitedExecutionContext):
    """Strawberry's executor with another `execute_fields`, which graphql-core calls internal.

    `tests/engine/graphql/test_fast_executor.py` compares the results of both. `APP_FAST_EXECUTOR=false` turns it off.
    """

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: Plans = self.schema.extensions[PLANS]
        self._planned: dict[tuple[str, int], tuple[Any, Sequence[PlannedField]]] = {}
        """The planned fields by the name of their type and the identity of their set, which is kept with them.

        Sets are remembered for the whole operation, so that there are no more of them than the document has selections.
        """

    @override
    def execute_fields(
        self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any
    ) -> Any:
        if position_context is not None or (
            self.middleware_manager is not None and self.middleware_manager.middlewares
        ):
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        key = parent_type.name, id(grouped_field_set)
        planned = self._planned.get(key)
        if planned is None:
            planned = self._planned[key] = (
                grouped_field_set,
                self._plan_fields(parent_type, grouped_field_set),
            )
        return self._execute_planned(parent_type, source_value, path, planned[1])

    def _plan_fields(self, parent_type: GraphQLObjectType, grouped_field_set: Any) -> Sequence[PlannedField]:
        plans = self._plans[parent_type.name]
        return [
            PlannedField(name, details, plans.get(details[0].node.name.value, DEFAULT_PLAN))
            for name, details in grouped_field_set.items()
        ]

    def _execute_planned(
        self, parent_type: GraphQLObjectType, source: Any, path: Any, fields: Sequence[PlannedField]
    ) -> Any:
        """The results of the fields by name; an awaitable if one of them is."""
        results: dict[str, Any] = {}
        awaitable: list[str] = []
        try:
            for field in fields:
                plan = field.plan
                match plan:
                    case LeafPlan():
                        # As `_value`: a call costs as much as the rest of a leaf.
                        value: Any = (
                            _prefetched_value(source, plan.attribute)
                            if plan.has_resolver
                            else getattr(source, plan.attribute, Undefined)
                        )
                        unchanged = plan.unchanged
                        if type(value) is unchanged and (
                            unchanged is not int or _MIN_INT <= value <= _MAX_INT
                        ):
                            results[field.name] = value
                            continue
                        result = _complete_leaf(plan, value)
                    case ObjectPlan():
                        result = self._complete_object(plan, field, _value(source, plan), parent_type, path)
                    case ListPlan():
                        result = self._complete_list(plan, field, _value(source, plan), parent_type, path)
                    case TypeNamePlan():
                        result = parent_type.name
                    case DefaultPlan():
                        result = Undefined
                    case _:
                        assert_never(plan)
                if result is Undefined:
                    result = self.execute_field(
                        parent_type, source, field.details, Path(path, field.name, parent_type.name), None
                    )
                    if result is Undefined:
                        continue
                results[field.name] = result
                if type(result) not in _PLAIN_RESULTS and self.is_awaitable(result):
                    awaitable.append(field.name)
        except Exception:
            # The object is an error now. What was started for its fields is awaited, so that no coroutine is left over.
            if awaitable:
                self.settle_in_background([results[name] for name in awaitable])
            raise
        return self.await_results(results, awaitable) if awaitable else results

    def _complete_object(
        self, plan: ObjectPlan, field: PlannedField, value: Any, parent_type: GraphQLObjectType, path: Any
    ) -> Any:
        """The result of an object; `Undefined` if graphql-core has to execute the field."""
        if value is None:
            return Undefined if plan.required else None
        if type(value) is not plan.python_class:
            return Undefined
        subfields = self._subfields(field, plan.object_type)
        if subfields is None:
            return Undefined
        field_path = Path(path, field.name, parent_type.name)
        try:
            result = self._execute_planned(plan.object_type, value, field_path, subfields)
        except Exception as error:
            # As graphql-core does: an error below a field is an error of that field.
            self.handle_field_error(error, plan.field_type, field.details, field_path)
            return None
        return self._handle_later(result, plan.field_type, field.details, field_path)

    def _complete_list(
        self, plan: ListPlan, field: PlannedField, values: Any, parent_type: GraphQLObjectType, path: Any
    ) -> Any:
        """The results of a list of objects; `Undefined` if graphql-core has to execute the field."""
        if values is None:
            return Undefined if plan.required else None
        if type(values) is not list or asks_for_stream(field.details[0].node):
            return Undefined
        if any(type(value) is not plan.python_class for value in cast("list[Any]", values)):
            return Undefined
        subfields = self._subfields(field, plan.object_type)
        if subfields is None:
            return Undefined
        field_path = Path(path, field.name, parent_type.name)
        try:
            if len(cast("list[Any]", values)) > plan.length:
                self.charge_items(
                    len(cast("list[Any]", values)) - plan.length, field.details, plan.object_type
                )
            result = self._execute_items(
                plan, field.details, cast("list[Any]", values), field_path, subfields
            )
        except Exception as error:
            # As graphql-core does: an error below a field is an error of that field.
            self.handle_field_error(error, plan.field_type, field.details, field_path)
            return None
        return self._handle_later(result, plan.field_type, field.details, field_path)

    def _execute_items(
        self,
        plan: ListPlan,
        details: Any,
        values: Sequence[Any],
        path: Path,
        subfields: Sequence[PlannedField],
    ) -> Any:
        results: list[Any] = []
        awaitable: list[int] = []

        def complete(index: int) -> None:
            item_path = path.add_key(index, None)
            try:
                result: Any = self._execute_planned(plan.object_type, values[index], item_path, subfields)
            except Exception as error:
                # As graphql-core does: an error below an item is an error of that item.
                self.handle_field_error(error, plan.item_type, details, item_path)
                result = None
            if type(result) not in _PLAIN_RESULTS:
                result = self._handle_later(result, plan.item_type, details, item_path)
                awaitable.append(index)
            results.append(result)

        return self.complete_items(len(values), complete, results, awaitable)

    def _subfields(
        self, field: PlannedField, object_type: GraphQLObjectType
    ) -> Sequence[PlannedField] | None:
        """The fields below a field, planned once for an operation. None if some of them are deferred."""
        if field.subfields is None:
            grouped_field_set, deferred, _ = self.collect_subfields(object_type, field.details)
            if deferred:
                return None
            field.subfields = self._plan_fields(object_type, grouped_field_set)
        return field.subfields

    def _handle_later(self, result: Any, graphql_type: Any, details: Any, path: Path) -> Any:
        """The result. If it is an awaitable, an error that it raises is an error at this path."""
        if type(result) in _PLAIN_RESULTS:
            return result
        return self._await_and_handle(result, graphql_type, details, path)

    async def _await_and_handle(
        self, result: Awaitable[Any], graphql_type: Any, details: Any, path: Path
    ) -> Any:
        try:
            return await result
        except Exception as error:
            # As graphql-core does: an error of a resolver is an error at its path.
            self.handle_field_error(error, graphql_type, details, path)
            return None


def _value(source: Any, plan: ObjectPlan | ListPlan) -> Any:
    """The field's value, or `Undefined` if its resolver has to give it."""
    if plan.has_resolver:
        return _prefetched_value(source, plan.attribute)
    return getattr(source, plan.attribute, Undefined)


def _prefetched_value(source: Any, attribute: str) -> Any:
    prefetched = getattr(cast("HasPrefetched", source), "prefetched", None)
    return prefetched.get(attribute, Undefined) if type(prefetched) is dict else Undefined


def _complete_leaf(plan: LeafPlan, value: Any) -> Any:
    """The result of a leaf; `Undefined` if graphql-core has to execute the field."""
    if value is None:
        return Undefined if plan.required else None
    if type(value) not in _PLAIN_VALUES and not isinstance(value, UUID | Enum):
        return Undefined
    try:
        result = plan.coerce(value)
    except Exception:
        # graphql-core comes to the same error, and reports it.
        return Undefined
    return Undefined if result is None else result
