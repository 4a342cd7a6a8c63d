"""The limits of one operation: depth, fields, aliases and directives. Each fragment is measured once.

Limiters that walk every spread need 2^n steps for a chain of n fragments that each spread the next one twice.
"""

from dataclasses import dataclass
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

MAX_TOKENS = 4_000
MAX_LENGTH = 64_000
MAX_DEPTH = 15
MAX_FIELDS = 2_000
MAX_ROOTS = 30
MAX_ALIASES = 60
MAX_DIRECTIVES = 60


@dataclass(frozen=True, slots=True)
class SelectionSize:
    """The size of a selection with its fragments expanded. `roots` are fields at its top level."""

    depth: int = 0
    fields: int = 0
    roots: int = 0
    aliases: int = 0
    directives: int = 0


INTROSPECTION_FIELDS = frozenset({"__schema", "__type"})


class NoIntrospectionRule(ASTValidationRule):
    """Refuses the fields that describe the schema. `__typename` stays."""

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        if node.name.value in INTROSPECTION_FIELDS:
            message = f"{node.name.value} is not available: introspection is off in production mode."
            self.report_error(GraphQLError(message, node, extensions={"code": "FORBIDDEN"}))


class LimitsRule(ASTValidationRule):
    """Refuses operations above a limit."""

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        fragments = {
            definition.name.value: definition
            for definition in node.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        sizes: dict[str, SelectionSize] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                size = _measure(definition.selection_set, fragments, sizes)
                for name, limit in _LIMITS.items():
                    if (actual := getattr(size, name)) > limit:
                        message = f"The operation has {_PHRASES[name].format(actual)}; the limit is {limit}."
                        self.report_error(
                            GraphQLError(message, definition, extensions={"code": "OPERATION_TOO_EXPENSIVE"})
                        )


_LIMITS = {
    "depth": MAX_DEPTH,
    "fields": MAX_FIELDS,
    "roots": MAX_ROOTS,
    "aliases": MAX_ALIASES,
    "directives": MAX_DIRECTIVES,
}
_PHRASES = {
    "depth": "a depth of {}",
    "fields": "{} fields",
    "roots": "{} root fields",
    "aliases": "{} aliases",
    "directives": "{} directives",
}


def _measure(
    selection: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    sizes: dict[str, SelectionSize],
) -> SelectionSize:
    depth = fields = roots = aliases = directives = 0
    for node in selection.selections if selection else ():
        inner = SelectionSize()
        directives += len(node.directives or ())
        match node:
            case FieldNode():
                inner = _measure(node.selection_set, fragments, sizes)
                # graphql-core has a rule of its own for introspection.
                own = 0 if node.name.value.startswith("__") else 1
                fields += own
                roots += own
                aliases += node.alias is not None
                depth = max(depth, inner.depth + own)
            case InlineFragmentNode():
                inner = _measure(node.selection_set, fragments, sizes)
                roots += inner.roots
                depth = max(depth, inner.depth)
            case FragmentSpreadNode():
                inner = _fragment_size(node.name.value, fragments, sizes)
                roots += inner.roots
                depth = max(depth, inner.depth)
            case _:
                pass
        fields += inner.fields
        aliases += inner.aliases
        directives += inner.directives
    return SelectionSize(depth=depth, fields=fields, roots=roots, aliases=aliases, directives=directives)


def _fragment_size(
    name: str, fragments: dict[str, FragmentDefinitionNode], sizes: dict[str, SelectionSize]
) -> SelectionSize:
    if name not in sizes:
        # A fragment that spreads itself or does not exist has no size: other rules report it.
        sizes[name] = SelectionSize()
        if name in fragments:
            sizes[name] = _measure(fragments[name].selection_set, fragments, sizes)
    return sizes[name]
