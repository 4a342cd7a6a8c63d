"""Executes documents as graphql-core does, with a short way for what answers mostly consist of: attributes of objects in hand.

A field that has no resolver of its own needs no resolve info and no look at its arguments, only its value. Nor does one whose
value its object has `prefetched`, by the field's name in Python: a list reads what all its items lead to in one go, and gives
each its own. What is not as plain as that, and whatever goes wrong, takes graphql-core's own way, so that the answer is the
same either way.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, cast, override
from uuid import UUID

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
    Undefined,
    is_leaf_type,
    is_object_type,
)
from graphql.pyutils import Path, gather_with_cancel
from strawberry.resolvers import is_default_resolver
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition

_PLAIN = (str, int, float, bool, UUID, Decimal, datetime, date)
"""Types whose values are neither awaitable nor an error. Enums and the driver's own UUIDs are plain, too."""
_LEAST, _MOST = -(2**31), 2**31 - 1
"""GraphQL's Int."""


class _FieldPlan(NamedTuple):
    """How a field of some type is answered."""

    attribute: str | None = None
    """What to read from the source; None where the field has to take graphql-core's way."""
    resolved: bool = False
    """Whether it has a resolver: what to read is among what the source has at hand, or else not there."""
    required: bool = False
    same: type | None = None
    """Leaves of this class are in the answer as they are."""
    coerce: Callable[[Any], Any] | None = None
    """Gives any other leaf as the answer has it."""
    kind: GraphQLObjectType | None = None
    """The type of an object, and the class whose instances it has."""
    origin: type | None = None
    item: Any = None
    """The type of the items, where it is a list of objects."""


class _PlannedField(NamedTuple):
    """One field of a selection."""

    name: str
    details: Any
    field: GraphQLField | None
    """None where it is `__typename`, or the type has no such field."""
    way: _FieldPlan


_DEFAULT_PLAN = _FieldPlan()
_ways: dict[int, tuple[GraphQLField, _FieldPlan]] = {}
"""By the identity of the field, which is kept so that it stays its own."""


def _way(field: GraphQLField) -> _FieldPlan:
    known = _ways.get(id(field))
    if known is None:
        known = _ways[id(field)] = field, _found(field)
    return known[1]


def _found(field: GraphQLField) -> _FieldPlan:
    definition = field.extensions.get("strawberry-definition")
    if definition is None or definition.extensions or field.args or field.resolve is None:
        return _DEFAULT_PLAN
    name, resolved = (
        definition.python_name,
        not (definition.is_basic_field and is_default_resolver(field.resolve)),
    )
    required = isinstance(field.type, GraphQLNonNull)
    kind: Any = _inner(field.type)
    if is_leaf_type(kind):
        return _FieldPlan(name, resolved, required, _identity_type(kind), kind.coerce_output_value)
    item = kind.of_type if isinstance(kind, GraphQLList) else None
    if item is not None:
        kind = _inner(cast("Any", item))
    if is_object_type(kind):
        of = kind.extensions.get("strawberry-definition")
        if isinstance(of, StrawberryObjectDefinition):
            return _FieldPlan(name, resolved, required, None, None, kind, of.origin, item)
    return _DEFAULT_PLAN


def _inner(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _identity_type(kind: Any) -> type | None:
    if kind is GraphQLInt:
        return int
    if kind is GraphQLBoolean:
        return bool
    return str if kind is GraphQLString or kind.coerce_output_value is str else None


class FastExecutionContext(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor; `execute_fields`, which graphql-core documents as internal, is what the short way replaces.
    `tests/engine/graphql/test_fast_executor.py` holds both to the same answers, and `APP_FAST_EXECUTOR` turns it off."""

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._steps: dict[int, tuple[Any, Sequence[_PlannedField]]] = {}
        """By the identity of the selection, which is kept so that it stays its own."""

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
        known = self._steps.get(id(grouped_field_set))
        if known is None:
            known = self._steps[id(grouped_field_set)] = (
                grouped_field_set,
                _steps(parent_type, grouped_field_set),
            )
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for step in known[1]:
                name, details, _, way = step
                found: Any = Undefined
                if way.attribute is not None:
                    value: Any = (
                        _prefetched(source_value, way.attribute)
                        if way.resolved
                        else getattr(source_value, way.attribute, Undefined)
                    )
                    if type(value) is way.same and (way.same is not int or _LEAST <= value <= _MOST):
                        results[name] = value
                        continue
                    found = self._complete_fast(step, value, parent_type, path)
                elif step.field is None and details[0].node.name.value == "__typename":
                    found = parent_type.name
                if found is Undefined:
                    found = self.execute_field(
                        parent_type, source_value, details, Path(path, name, parent_type.name), None
                    )
                    if found is Undefined:
                        continue
                results[name] = found
                # What is plain in the answer cannot be awaited.
                if type(found) not in _PLAIN_RESULTS and self.is_awaitable(found):
                    waiting.append(name)
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return self._awaited(results, waiting) if waiting else results

    async def _awaited[K](self, results: Any, waiting: Sequence[K]) -> Any:
        """The results, a dictionary or a list, with what waits in its place."""
        if len(waiting) == 1:
            results[waiting[0]] = await results[waiting[0]]
        else:
            for key, found in zip(
                waiting, await gather_with_cancel(*(results[key] for key in waiting)), strict=True
            ):
                results[key] = found
        return results

    def _complete_fast(self, step: _PlannedField, value: Any, parent_type: Any, path: Any) -> Any:
        """The field's answer; `Undefined` where it has to take the long way."""
        name, details, field, way = step
        if value is None:
            return Undefined if way.required else None
        if way.coerce is not None:
            if type(value) not in _PLAIN and not isinstance(value, UUID | Enum):
                return Undefined
            try:
                answer = way.coerce(value)
            except Exception:
                # The long way comes to the same, and says it in an error.
                return Undefined
            return Undefined if answer is None else answer
        if way.item is None:
            if type(value) is not way.origin:
                return Undefined
        elif (
            type(value) is not list
            or details[0].node.directives
            or any(type(each) is not way.origin for each in cast("list[Any]", value))
        ):
            # A directive might want the list as a stream.
            return Undefined
        fields, deferred, _ = self.collect_subfields(cast("GraphQLObjectType", way.kind), details)
        if deferred:
            return Undefined
        here, kind = Path(path, name, parent_type.name), cast("GraphQLField", field).type
        try:
            answer = (
                self.execute_fields(way.kind, value, here, fields, None)
                if way.item is None
                else self._list(way, value, here, details, fields)
            )
        except Exception as problem:
            # As graphql-core does: what a field raises is its own error.
            self.handle_field_error(problem, kind, details, here)
            return None
        return (
            answer if type(answer) in _PLAIN_RESULTS else self._await_and_handle(answer, kind, details, here)
        )

    def _list(self, way: _FieldPlan, values: Sequence[Any], path: Path, details: Any, fields: Any) -> Any:
        results: list[Any] = []
        waiting: list[int] = []
        try:
            for index, value in enumerate(values):
                here = path.add_key(index, None)
                try:
                    found: Any = self.execute_fields(way.kind, value, here, fields, None)
                except Exception as problem:
                    # As graphql-core does: what an item raises is its own error.
                    self.handle_field_error(problem, way.item, details, here)
                    found = None
                if type(found) not in _PLAIN_RESULTS:
                    found = self._await_and_handle(found, way.item, details, here)
                    waiting.append(index)
                results.append(found)
        except Exception:
            if waiting:
                self.settle_in_background([results[index] for index in waiting])
            raise
        return self._awaited(results, waiting) if waiting else results

    async def _await_and_handle(self, answer: Awaitable[Any], kind: Any, details: Any, path: Path) -> Any:
        try:
            return await answer
        except Exception as problem:
            # As graphql-core does: what a resolver raises is the answer's error at this place.
            self.handle_field_error(problem, kind, details, path)
            return None


def _steps(parent_type: Any, grouped_field_set: Any) -> Sequence[_PlannedField]:
    steps: list[_PlannedField] = []
    for name, details in grouped_field_set.items():
        field = parent_type.fields.get(details[0].node.name.value)
        steps.append(_PlannedField(name, details, field, _DEFAULT_PLAN if field is None else _way(field)))
    return steps


def _prefetched(source: Any, name: str) -> Any:
    held = getattr(source, "prefetched", None)
    return cast("dict[str, Any]", held).get(name, Undefined) if type(held) is dict else Undefined


_PLAIN_RESULTS = frozenset({str, int, float, bool, dict, list, type(None)})
