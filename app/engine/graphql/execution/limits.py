"""How much one operation may ask for: one rule over the document, each fragment weighed once.

Weighing every spread anew, as limiters that walk spreads do, costs 2^n on a chain of fragments that each spread the
next one twice.
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
    """What a selection comes to, fragments expanded."""

    depth: int = 0
    fields: int = 0
    roots: int = 0
    aliases: int = 0
    directives: int = 0


class LimitsRule(ASTValidationRule):
    """Refuses operations that nest too deep or expand to too much."""

    def enter_document(self, node: DocumentNode, *_: Any) -> None:
        fragments = {
            definition.name.value: definition
            for definition in node.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        known: dict[str, SelectionSize] = {}
        for definition in node.definitions:
            if isinstance(definition, OperationDefinitionNode):
                weight = _weigh(definition.selection_set, fragments, known)
                for name, most in _BOUNDS.items():
                    if (found := getattr(weight, name)) > most:
                        said = f"The operation has {_NAMES[name]} {found}; at most {most} will do."
                        self.report_error(
                            GraphQLError(said, definition, extensions={"code": "OPERATION_TOO_EXPENSIVE"})
                        )


_BOUNDS = {
    "depth": MAX_DEPTH,
    "fields": MAX_FIELDS,
    "roots": MAX_ROOTS,
    "aliases": MAX_ALIASES,
    "directives": MAX_DIRECTIVES,
}
_NAMES = {
    "depth": "a depth of",
    "fields": "a number of fields of",
    "roots": "a number of root fields of",
    "aliases": "a number of aliases of",
    "directives": "a number of directives of",
}


def _weigh(
    selected: SelectionSetNode | None,
    fragments: dict[str, FragmentDefinitionNode],
    known: dict[str, SelectionSize],
) -> SelectionSize:
    depth = fields = roots = aliases = directives = 0
    for node in selected.selections if selected else ():
        inner = SelectionSize()
        directives += len(node.directives or ())
        match node:
            case FieldNode():
                inner = _weigh(node.selection_set, fragments, known)
                # Introspection is bounded by a rule of its own in graphql-core.
                own = 0 if node.name.value.startswith("__") else 1
                fields += own
                roots += own
                aliases += node.alias is not None
                depth = max(depth, inner.depth + own)
            case InlineFragmentNode():
                inner = _weigh(node.selection_set, fragments, known)
                roots += inner.roots
                depth = max(depth, inner.depth)
            case FragmentSpreadNode():
                inner = _fragment(node.name.value, fragments, known)
                roots += inner.roots
                depth = max(depth, inner.depth)
            case _:
                pass
        fields += inner.fields
        aliases += inner.aliases
        directives += inner.directives
    return SelectionSize(depth=depth, fields=fields, roots=roots, aliases=aliases, directives=directives)


def _fragment(
    name: str, fragments: dict[str, FragmentDefinitionNode], known: dict[str, SelectionSize]
) -> SelectionSize:
    if name not in known:
        # A fragment that spreads itself, or is not there, weighs nothing: other rules name it.
        known[name] = SelectionSize()
        if name in fragments:
            known[name] = _weigh(fragments[name].selection_set, fragments, known)
    return known[name]
