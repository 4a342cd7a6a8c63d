"""The plans of fields: what a field needs for its result. They are built once, with the schema."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    is_leaf_type,
    is_object_type,
)
from strawberry.schema import BaseSchema

from app.engine.graphql.execution.cost import charged_from
from app.engine.graphql.strawberry_internals import (
    field_definition,
    graphql_schema,
    has_default_resolver,
    object_class,
)

PLANS = "field-plans"
"""The key of the plans in the extensions of the schema."""


@dataclass(frozen=True, slots=True)
class LeafPlan:
    """A scalar or an enum. Values of the class `unchanged` are results as they are; `coerce` gives the others."""

    attribute: str
    has_resolver: bool
    required: bool
    unchanged: type | None
    coerce: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """An object of one type. Its values are instances of `python_class`."""

    attribute: str
    has_resolver: bool
    required: bool
    field_type: Any
    object_type: GraphQLObjectType
    python_class: type


@dataclass(frozen=True, slots=True)
class ListPlan:
    """A list of objects of one type."""

    attribute: str
    has_resolver: bool
    required: bool
    field_type: Any
    item_type: Any
    object_type: GraphQLObjectType
    python_class: type
    length: float
    """What is longer costs more than was predicted."""


@dataclass(frozen=True, slots=True)
class TypeNamePlan:
    """`__typename`."""


@dataclass(frozen=True, slots=True)
class DefaultPlan:
    """graphql-core executes the field."""


type FieldPlan = LeafPlan | ObjectPlan | ListPlan | TypeNamePlan | DefaultPlan
type Plans = Mapping[str, Mapping[str, FieldPlan]]
"""The plan of each field, by the name of the type and of the field."""

_TYPE_NAME_PLAN = TypeNamePlan()
DEFAULT_PLAN = DefaultPlan()


def build_plans(schema: GraphQLSchema) -> Plans:
    """The plans of all object types of a schema."""
    return {
        name: {
            "__typename": _TYPE_NAME_PLAN,
            **{field_name: _plan(name, field) for field_name, field in graphql_type.fields.items()},
        }
        for name, graphql_type in schema.type_map.items()
        if isinstance(graphql_type, GraphQLObjectType)
    }


def add_plans(schema: BaseSchema) -> None:
    """Build the plans of a schema whose execution context is `FastExecutionContext`."""
    core = graphql_schema(schema)
    core.extensions[PLANS] = build_plans(core)


def _plan(type_name: str, field: GraphQLField) -> FieldPlan:
    definition = field_definition(field.extensions)
    if definition is None or definition.extensions or field.args or field.resolve is None:
        return DEFAULT_PLAN
    attribute, has_resolver = definition.python_name, not has_default_resolver(definition, field.resolve)
    required = isinstance(field.type, GraphQLNonNull)
    inner = _nullable(field.type)
    if is_leaf_type(inner):
        return LeafPlan(attribute, has_resolver, required, _unchanged_class(inner), inner.coerce_output_value)
    item_type = inner.of_type if isinstance(inner, GraphQLList) else None
    object_type = inner if item_type is None else _nullable(item_type)
    if not is_object_type(object_type) or (python_class := object_class(object_type.extensions)) is None:
        return DEFAULT_PLAN
    if item_type is None:
        return ObjectPlan(attribute, has_resolver, required, field.type, object_type, python_class)
    return ListPlan(
        attribute,
        has_resolver,
        required,
        field.type,
        item_type,
        object_type,
        python_class,
        charged_from(type_name, field),
    )


def _nullable(graphql_type: Any) -> Any:
    return graphql_type.of_type if isinstance(graphql_type, GraphQLNonNull) else graphql_type


def _unchanged_class(leaf_type: Any) -> type | None:
    if leaf_type is GraphQLInt:
        return int
    if leaf_type is GraphQLBoolean:
        return bool
    return str if leaf_type is GraphQLString or leaf_type.coerce_output_value is str else None


class PlannedField:
    """One field of a selection, with the fields below it once they are planned."""

    __slots__ = ("details", "name", "plan", "subfields")

    def __init__(self, name: str, details: Any, plan: FieldPlan) -> None:
        self.name = name
        self.details = details
        self.plan = plan
        self.subfields: Sequence[PlannedField] | None = None
