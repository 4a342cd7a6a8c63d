"""The internals of Strawberry and graphql-core that the engine uses. An upgrade that changes one breaks only this file.

`tests/engine/graphql/test_strawberry_internals.py` names the versions for which they hold.
"""

import weakref
from collections.abc import Awaitable, Iterator, Sequence
from functools import partial
from typing import Any, override

from graphql import (
    ASTValidationRule,
    GraphQLResolveInfo,
    GraphQLResolveInfoHelpers,
    GraphQLSchema,
    execute_subscription_event,
)
from graphql.pyutils import Path, gather_with_cancel
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry.resolvers import is_default_resolver
from strawberry.schema import BaseSchema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types import ExecutionContext, Info
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition
from strawberry.types.field import StrawberryField

__all__ = [
    "MAX_COERCION_ERRORS",
    "STRAWBERRY_RULES",
    "Path",
    "ReusingExecutionContext",
    "StrawberryGraphQLCoreExecutionContext",
    "SubscriptionExecutor",
    "coerce_default_value",
    "field_definition",
    "gather_with_cancel",
    "graphql_schema",
    "has_default_resolver",
    "has_operation_name",
    "object_class",
    "python_names",
    "resolve_info",
    "same_names",
    "set_description",
]


MAX_COERCION_ERRORS = 9
"""The place of this argument where graphql-core builds an executor."""
STRAWBERRY_RULES: Sequence[type[ASTValidationRule]] = (MaybeNullValidationRule, OneOfInputValidationRule)
"""The rules that Strawberry adds to those of an operation."""


def graphql_schema(schema: BaseSchema) -> GraphQLSchema:
    """The schema of graphql-core behind Strawberry's."""
    return schema._schema  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]


def resolve_info(info: Info[Any, Any]) -> GraphQLResolveInfo[Any]:
    """The resolve info of graphql-core. Strawberry's own view of a selection copies all of it."""
    return info._raw_info  # pyright: ignore[reportPrivateUsage]


def has_operation_name(execution: ExecutionContext) -> bool:
    """Whether the request names its operation. The public property falls back to the document's first operation."""
    return bool(execution._provided_operation_name)  # pyright: ignore[reportPrivateUsage]


def set_description(strawberry_type: Any, description: str) -> None:
    """Describe a type that `merge_types` has made."""
    strawberry_type.__strawberry_definition__.description = description


def field_definition(extensions: Any) -> StrawberryField | None:
    """Strawberry's definition of a field, from the extensions of graphql-core's field."""
    definition = extensions.get("strawberry-definition")
    return definition if isinstance(definition, StrawberryField) else None


def has_default_resolver(definition: StrawberryField, resolve: Any) -> bool:
    """Whether the field reads an attribute of its object."""
    return definition.is_basic_field and is_default_resolver(resolve)


def python_names(strawberry_type: type) -> Sequence[str]:
    """The Python names of the fields of a Strawberry type."""
    definition = get_object_definition(strawberry_type, strict=True)
    return [field.python_name for field in definition.fields]


def same_names(schema: BaseSchema) -> Iterator[tuple[str, str, str, str]]:
    """Each type of a schema and its name for two fields, with their names in Python. GraphQL has only the last of them."""
    for type_name, graphql_type in graphql_schema(schema).type_map.items():
        definition = graphql_type.extensions.get("strawberry-definition")
        names: dict[str, str] = {}
        for field in definition.fields if isinstance(definition, StrawberryObjectDefinition) else ():
            name = schema.config.name_converter.get_graphql_name(field)
            if (other := names.setdefault(name, field.python_name)) != field.python_name:
                yield type_name, name, other, field.python_name


def object_class(extensions: Any) -> type | None:
    """The Python class of an object type, from the extensions of graphql-core's type."""
    definition = extensions.get("strawberry-definition")
    return definition.origin if isinstance(definition, StrawberryObjectDefinition) else None


def _gather_work(values: Sequence[Awaitable[Any]]) -> Awaitable[list[Any]]:
    return gather_with_cancel(*values)


def _track_work(executor: "weakref.ref[ReusingExecutionContext]", values: Sequence[Any]) -> None:
    if (present := executor()) is not None:
        present.track_async_work(values)


class ReusingExecutionContext(StrawberryGraphQLCoreExecutionContext):
    """An executor that collects the fields of a subscription once, not once for each of its events.

    graphql-core remembers the fields below a field for as long as the subscription lives. The key is the identity of
    the list that was collected for that field. graphql-core collects the root again for each event: each one left
    2.5 KB behind.
    """

    @override
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._root_fields: list[Any] = []
        """The collected root fields, once they are. The executors of all events are copies that share this list."""
        # graphql-core's own helpers refer to the executor, and the executor to them. Everything that an operation has
        # made would stay until the garbage collector finds the cycle.
        self.async_helpers = GraphQLResolveInfoHelpers(
            gather=_gather_work, track=partial(_track_work, weakref.ref(self))
        )

    @override
    def execute_collected_root_fields(
        self,
        root_type: Any,
        root_value: Any,
        grouped_field_set: Any,
        serially: bool,
        new_defer_usages: Any,
    ) -> Any:
        if not new_defer_usages:
            # The operation and its variables are the same for each event, so that the fields are equal.
            if not self._root_fields:
                self._root_fields.append(grouped_field_set)
            grouped_field_set = self._root_fields[0]
        return super().execute_collected_root_fields(
            root_type, root_value, grouped_field_set, serially, new_defer_usages
        )


class SubscriptionExecutor:
    """Executes one valid subscription for one event after another."""

    def __init__(self, schema: Any, execution: ExecutionContext) -> None:
        executor = schema.execution_context_class.build(
            graphql_schema(schema),
            execution.graphql_document,
            context_value=execution.context,
            raw_variable_values=execution.variables,
            operation_name=execution.operation_name,
        )
        if isinstance(executor, list):
            # The subscriber's own execution has accepted the same document and variables.
            raise AssertionError(executor)
        self._executor = executor

    def execute(self, root_value: object, context: object) -> Any:
        """The result for one event: at once, or an awaitable."""
        return execute_subscription_event(self._executor.build_per_event_executor(root_value, context))

    def is_awaitable(self, result: Any) -> bool:
        return self._executor.is_awaitable(result)
