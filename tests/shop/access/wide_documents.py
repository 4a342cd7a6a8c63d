"""Makes the documents of Schemathesis wider. It selects few fields at a time, and one that is not selected shows nothing."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    ArgumentNode,
    FieldNode,
    GraphQLAbstractType,
    GraphQLArgument,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    VisitorAction,
    build_ast_schema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    parse,
    parse_value,
    print_ast,
    visit,
)

from app.composition import application
from app.engine.graphql.schema import build_schema

SDL = build_schema(application.slices(), application.deciders)[0].as_str()
SCHEMA = build_ast_schema(parse(SDL))
MAX_NEW_ALIASES = 30
"""The API takes 60 in one document. Schemathesis makes some itself."""
MAX_LEVELS = 3
"""A tame document goes no deeper than a field of a list's row. The API refuses documents that may cost too much."""
MAX_KINDS = 6
"""Of a type with more members, such as the event, only the common fields are added."""
ONE_OF = re.findall(r"^input (\w+) @oneOf", SDL, re.MULTILINE)
"""Inputs that take one of their keys."""


def _ambiguous() -> Iterator[str]:
    """The names of fields whose type is not the same everywhere: side by side they need aliases."""
    found: dict[str, str] = {}
    for kind in SCHEMA.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                if found.setdefault(name, str(field.type)) != str(field.type):
                    yield name


AMBIGUOUS = frozenset(_ambiguous())
_POSITION = ObjectFieldNode(name=NameNode(value="position"), value=parse_value('"80"'))
"""What both of these inputs take."""
_FIRST = ArgumentNode(name=NameNode(value="first"), value=parse_value("3"))


class Widening(Visitor):
    """Adds to each selection what it can select without arguments, and the same `depth` levels below.

    An input that takes one key gets one: Schemathesis gives it several. A tame document has only the ids among the
    optional arguments, short pages and few levels.
    """

    def __init__(self, types: TypeInfo, depth: int, *, is_tame: bool) -> None:
        super().__init__()
        self._types, self._depth, self._is_tame = types, depth, is_tame
        self._aliases, self._level = MAX_NEW_ALIASES, 0

    def leave_field(self, node: FieldNode, *_: Any) -> FieldNode | VisitorAction:
        found = self._types.get_field_def()
        if not self._is_tame or found is None:
            return None
        if "at" in found.args:
            # It needs one of several optional arguments.
            return REMOVE
        kept = [
            argument
            for argument in node.arguments or ()
            if is_required_argument(found.args[argument.name.value])
            or (is_id(found.args[argument.name.value]) and not isinstance(argument.value, NullValueNode))
        ]
        return replace(node, arguments=(*kept, _FIRST) if "first" in found.args else tuple(kept))

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> None:
        del node
        self._level += 1

    def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode | None:
        self._level -= 1
        parent = self._types.get_parent_type()
        if parent is None or parent in (SCHEMA.query_type, SCHEMA.mutation_type):
            return None
        [wide] = parse(f"{{ {self._selection(parent, self._depth)} }}").definitions
        assert isinstance(wide, OperationDefinitionNode)
        kept = () if self._is_tame and self._level >= MAX_LEVELS else node.selections
        return SelectionSetNode(selections=(*kept, *wide.selection_set.selections))

    def leave_object_value(self, node: ObjectValueNode, *_: Any) -> ObjectValueNode | None:
        kind = self._types.get_input_type()
        is_one_of = kind is not None and get_named_type(kind).name in ONE_OF
        given = [field for field in node.fields if not isinstance(field.value, NullValueNode)]
        return ObjectValueNode(fields=tuple(given[:1] or [_POSITION])) if is_one_of else None

    def _selection(self, parent: GraphQLNamedType, depth: int) -> str:
        found = ["__typename"]
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            found += [self._field(parent, name, field, depth) for name, field in parent.fields.items()]
        if isinstance(parent, GraphQLAbstractType):
            kinds = SCHEMA.get_possible_types(parent)
            if len(kinds) <= MAX_KINDS:
                found += [f"... on {kind.name} {{ {self._selection(kind, 0)} }}" for kind in kinds]
        return " ".join(found)

    def _field(self, parent: GraphQLNamedType, name: str, field: GraphQLField, depth: int) -> str:
        kind = get_named_type(field.type)
        if "at" in field.args or any(is_required_argument(argument) for argument in field.args.values()):
            return ""
        if not is_leaf_type(kind) and not depth:
            return ""
        if field.args or name in AMBIGUOUS:
            if not self._aliases:
                return ""
            self._aliases -= 1
            name = f"{parent.name}_{name}: {name}"
        return name if is_leaf_type(kind) else f"{name} {{ {self._selection(kind, depth - 1)} }}"


def is_id(argument: GraphQLArgument) -> bool:
    return get_named_type(argument.type).name in ("ID", "UUID")


def widen(document: str, depth: int, *, is_tame: bool) -> str:
    """The document with all fields that need no argument, `depth` levels below each selection.

    Without `is_tame`, nine of ten documents of a list have an argument that is refused before anything is read.
    """
    types = TypeInfo(SCHEMA)
    return print_ast(visit(parse(document), TypeInfoVisitor(types, Widening(types, depth, is_tame=is_tame))))
