"""Operations that give null to each argument and input field that has a default or may be left out."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

ID = str(uuid4())

SAMPLES: dict[str, object] = {
    "UUID": ID,
    "ID": ID,
    "Position": "0",
    "Sku": "TEA",
    "Quantity": 1,
    "Decimal": "1.00",
    "CurrencyCode": "EUR",
    "DateTime": "2026-01-01T00:00:00Z",
    "Date": "2026-01-01",
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "String": "TEA",
}
"""A valid value of each scalar."""


@dataclass(frozen=True)
class NullCase:
    """Null at one place, as a literal and as a variable."""

    place: str
    literal: str
    document: str
    """With the variable."""
    variables: dict[str, Any]

    @property
    def is_subscription(self) -> bool:
        return self.document.startswith("subscription")


class _Operation:
    """One operation that reaches a field, with a value for each required argument as a variable."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.declarations: list[str] = []
        self.variables: dict[str, Any] = {}

    def variable(self, graphql_type: str, value: object) -> str:
        name = f"v{len(self.declarations)}"
        self.declarations.append(f"${name}: {graphql_type}")
        self.variables[name] = value
        return f"${name}"

    def render(self, selection: str) -> str:
        declared = f"({', '.join(self.declarations)})" if self.declarations else ""
        return f"{self.kind} {declared} {{ {selection} }}"


def null_cases(schema: GraphQLSchema) -> Iterator[NullCase]:
    """A case for each optional argument of a field and each optional field of its inputs."""
    for parent, path in _paths(schema).items():
        for name, field in schema.type_map[parent].fields.items():  # pyright: ignore[reportAttributeAccessIssue]
            for argument_name, argument in field.args.items():
                for place in _places(argument):
                    yield _case(schema, path, (parent, name, field), argument_name, place)


type Step = tuple[str, str, GraphQLField]
type Place = tuple[str, ...]


def _paths(schema: GraphQLSchema) -> dict[str, tuple[Step, ...]]:
    """The shortest way of fields from a root to each object type and interface."""
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
    found: dict[str, tuple[Step, ...]] = {root.name: () for root in roots if root is not None}
    queue = deque(found)
    while queue:
        parent: Any = schema.type_map[queue.popleft()]
        for name, field in parent.fields.items():
            step = (*found[parent.name], (parent.name, name, field))
            for reached in _objects(get_named_type(field.type)):
                if reached.name not in found:
                    found[reached.name] = step
                    queue.append(reached.name)
    return found


def _objects(graphql_type: Any) -> list[Any]:
    match graphql_type:
        case GraphQLObjectType() | GraphQLInterfaceType():
            return [graphql_type]
        case GraphQLUnionType():
            return list(graphql_type.types)
        case _:
            return []


def _places(argument: GraphQLArgument | GraphQLInputField, seen: frozenset[str] = frozenset()) -> list[Place]:
    """The ways to each optional place of an argument: itself as (), and fields of its input type by name."""
    places: list[Place] = [()] if _is_optional(argument) else []
    inner = get_named_type(argument.type)
    if isinstance(inner, GraphQLInputObjectType) and inner.name not in seen:
        for name, field in inner.fields.items():
            places += [(name, *rest) for rest in _places(field, seen | {inner.name})]
    return places


def _is_optional(argument: GraphQLArgument | GraphQLInputField) -> bool:
    if isinstance(argument, GraphQLArgument):
        return not is_required_argument(argument)
    return not is_required_input_field(argument)


def _case(schema: GraphQLSchema, path: tuple[Step, ...], last: Step, argument: str, place: Place) -> NullCase:
    kind = _kind(schema, path[0][0] if path else last[0])
    documents: list[tuple[str, dict[str, Any]]] = []
    for as_literal in (True, False):
        operation = _Operation(kind)
        selection = _select_leaf(get_named_type(last[2].type))
        selection = _field(operation, last, argument, place, as_literal, selection)
        parent = last[0]
        for step in reversed(path):
            if get_named_type(step[2].type).name != parent:
                selection = f"... on {parent} {{ {selection} }}"
            selection = _field(operation, step, None, (), False, f"{{ {selection} }}")
            parent = step[0]
        documents.append((operation.render(selection), operation.variables))
    (literal, literal_variables), (document, variables) = documents
    name = ".".join((last[0], last[1], argument, *place))
    return NullCase(name, literal, document, literal_variables | variables)


def _kind(schema: GraphQLSchema, root: str) -> str:
    if schema.mutation_type is not None and root == schema.mutation_type.name:
        return "mutation"
    if schema.subscription_type is not None and root == schema.subscription_type.name:
        return "subscription"
    return "query"


def _field(
    operation: _Operation, step: Step, null_in: str | None, place: Place, as_literal: bool, selection: str
) -> str:
    _, name, field = step
    arguments: list[str] = []
    for argument_name, argument in field.args.items():
        if argument_name == null_in:
            arguments.append(f"{argument_name}: {_with_null(operation, argument, place, as_literal)}")
        elif not _is_optional(argument):
            arguments.append(f"{argument_name}: {_literal(argument.type)}")
    given = f"({', '.join(arguments)})" if arguments else ""
    return f"{name}{given} {selection}"


def _with_null(
    operation: _Operation, argument: GraphQLArgument | GraphQLInputField, place: Place, as_literal: bool
) -> str:
    """The argument's value with null at the place."""
    if not place:
        return "null" if as_literal else operation.variable(str(get_nullable_type(argument.type)), None)
    inner: Any = get_named_type(argument.type)
    fields = [
        f"{name}: {_with_null(operation, field, place[1:], as_literal)}"
        if name == place[0]
        else f"{name}: {_literal(field.type)}"
        for name, field in inner.fields.items()
        if name == place[0] or not _is_optional(field)
    ]
    text = f"{{{', '.join(fields)}}}"
    return f"[{text}]" if isinstance(get_nullable_type(argument.type), GraphQLList) else text


def _literal(graphql_type: Any) -> str:
    """A valid literal."""
    nullable = get_nullable_type(graphql_type)
    if isinstance(nullable, GraphQLList):
        return f"[{_literal(nullable.of_type)}]"
    if isinstance(nullable, GraphQLEnumType):
        return next(iter(nullable.values))
    if isinstance(nullable, GraphQLInputObjectType):
        fields = [
            f"{name}: {_literal(field.type)}"
            for name, field in nullable.fields.items()
            if not _is_optional(field)
        ]
        return f"{{{', '.join(fields)}}}"
    value = SAMPLES[nullable.name]
    return f'"{value}"' if isinstance(value, str) else str(value).lower()


def _select_leaf(graphql_type: Any) -> str:
    return "" if is_leaf_type(graphql_type) else "{ __typename }"
