"""Executes documents as graphql-core does, with a short way for what answers mostly consist of: attributes of objects in hand.

A field that has no resolver of its own needs no path, no resolve info and no look at its arguments, only its value. What is
not as plain as that, and whatever goes wrong, takes graphql-core's own way, so that the answer is the same either way.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple, cast, override
from uuid import UUID

from graphql import GraphQLField, GraphQLNonNull, GraphQLObjectType, Undefined, is_leaf_type, is_object_type
from graphql.pyutils import Path, gather_with_cancel
from strawberry.resolvers import is_default_resolver
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition

_PLAIN = (str, int, float, bool, UUID, Decimal, datetime, date)
"""Types whose values are neither awaitable nor an error. Enums are plain, too."""


class _Way(NamedTuple):
    """How a field of some type is answered."""

    attribute: str | None = None
    """What to read from the source; None where the field has to take graphql-core's way."""
    required: bool = False
    coerce: Callable[[Any], Any] | None = None
    """Gives a leaf as the answer has it."""
    kind: GraphQLObjectType | None = None
    """The type of an object, and the class whose instances it has."""
    origin: type | None = None


_LONG = _Way()
_ways: dict[int, tuple[GraphQLField, _Way]] = {}
"""By the identity of the field, which is kept so that it stays its own."""


def _way(field: GraphQLField) -> _Way:
    known = _ways.get(id(field))
    if known is None:
        known = _ways[id(field)] = field, _found(field)
    return known[1]


def _found(field: GraphQLField) -> _Way:
    definition = field.extensions.get("strawberry-definition")
    if definition is None or not definition.is_basic_field or field.args or field.resolve is None or not is_default_resolver(field.resolve):
        return _LONG
    required = isinstance(field.type, GraphQLNonNull)
    kind: Any = cast("GraphQLNonNull[Any]", field.type).of_type if required else field.type
    if is_leaf_type(kind):
        return _Way(definition.python_name, required, kind.coerce_output_value)
    if is_object_type(kind):
        of = kind.extensions.get("strawberry-definition")
        if isinstance(of, StrawberryObjectDefinition):
            return _Way(definition.python_name, required, None, kind, of.origin)
    return _LONG


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Strawberry's executor; `execute_fields`, which graphql-core documents as internal, is what the short way replaces.
    `tests/app/test_engine_executor.py` holds both to the same answers, and `APP_SHORT_EXECUTION` turns it off."""

    @override
    def execute_fields(self, parent_type: Any, source_value: Any, path: Any, grouped_field_set: Any, position_context: Any) -> Any:
        if position_context is not None or (self.middleware_manager is not None and self.middleware_manager.middlewares):
            return super().execute_fields(parent_type, source_value, path, grouped_field_set, position_context)
        results: dict[str, Any] = {}
        waiting: list[str] = []
        try:
            for name, details in grouped_field_set.items():
                found = self._short(parent_type, source_value, path, name, details)
                if found is Undefined:
                    found = self.execute_field(parent_type, source_value, details, Path(path, name, parent_type.name), None)
                    if found is Undefined:
                        continue
                results[name] = found
                # What is plain in the answer cannot be awaited.
                if type(found) not in _ANSWERS and self.is_awaitable(found):
                    waiting.append(name)
        except Exception:
            if waiting:
                self.settle_in_background([results[name] for name in waiting])
            raise
        return self._awaited(results, waiting) if waiting else results

    async def _awaited(self, results: dict[str, Any], waiting: list[str]) -> dict[str, Any]:
        if len(waiting) == 1:
            results[waiting[0]] = await results[waiting[0]]
        else:
            results.update(zip(waiting, await gather_with_cancel(*(results[name] for name in waiting)), strict=True))
        return results

    def _short(self, parent_type: Any, source: Any, path: Any, name: str, details: Any) -> Any:
        """The field's answer; `Undefined` where it has to take the long way."""
        called = details[0].node.name.value
        if called == "__typename":
            return parent_type.name
        field = parent_type.fields.get(called)
        if field is None:
            return Undefined
        way = _way(field)
        if way.attribute is None:
            return Undefined
        value = getattr(source, way.attribute, Undefined)
        if value is None:
            return Undefined if way.required else None
        if way.coerce is not None:
            if type(value) not in _PLAIN and not isinstance(value, Enum):
                return Undefined
            try:
                answer = way.coerce(value)
            except Exception:
                # The long way comes to the same, and says it in an error.
                return Undefined
            return Undefined if answer is None else answer
        if type(value) is not way.origin:
            return Undefined
        fields, deferred, _ = self.collect_subfields(cast("GraphQLObjectType", way.kind), details)
        if deferred:
            return Undefined
        return self._object(field, way, value, details, Path(path, name, parent_type.name), fields)

    def _object(self, field: GraphQLField, way: _Way, value: Any, details: Any, path: Path, fields: Any) -> Any:
        try:
            answer = self.execute_fields(way.kind, value, path, fields, None)
        except Exception as problem:
            self.handle_field_error(problem, field.type, details, path)
            return None
        if type(answer) is dict:
            return answer

        async def awaited() -> Any:
            try:
                return await answer
            except Exception as problem:
                self.handle_field_error(problem, field.type, details, path)
                return None

        return awaited()


_ANSWERS = frozenset({str, int, float, bool, dict, list, type(None)})
