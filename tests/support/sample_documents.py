"""Documents that call each root field of a schema once, with values that fit the types of its arguments."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

SAMPLES: Mapping[str, str] = {
    "Int": "1",
    "Float": "1",
    "Boolean": "true",
    "UUID": '"00000000-0000-4000-8000-000000000001"',
    "DateTime": '"2026-01-01T00:00:00Z"',
    "Decimal": '"1.00"',
    "Position": '"1"',
    "Quantity": "1",
}


def _sample(kind: Any) -> str:
    match kind:
        case GraphQLNonNull():
            return _sample(kind.of_type)
        case GraphQLList():
            return f"[{_sample(kind.of_type)}]"
        case GraphQLEnumType():
            return next(iter(kind.values))
        case GraphQLInputObjectType():
            required = [(name, f) for name, f in kind.fields.items() if is_required_input_field(f)]
            if kind.is_one_of:
                required = list(kind.fields.items())[:1]
            return "{" + ", ".join(f"{name}: {_sample(field.type)}" for name, field in required) + "}"
        case _:
            return SAMPLES.get(kind.name, '"a"')


def field_document(operation: str, name: str, field: GraphQLField) -> str:
    """A document with this root field alone, its required arguments and `__typename` or nothing below it."""
    arguments = ", ".join(
        f"{argument}: {_sample(definition.type)}"
        for argument, definition in field.args.items()
        if is_required_argument(definition)
    )
    selection = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{operation} {{ {name}{f'({arguments})' if arguments else ''}{selection} }}"


def documents(operation: str, root: GraphQLObjectType) -> dict[str, str]:
    """The documents of all fields of a root type, by the name of the field."""
    return {name: field_document(operation, name, field) for name, field in root.fields.items()}
