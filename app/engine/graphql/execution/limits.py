"""The limits of one document, checked before the rules of graphql-core. Each fragment is measured once.

Some of those rules compare all pairs of fields at the same place, or all pairs of fragments. So the limits bound these
pairs, and each later rule is linear in what the limits let through. Some limiters walk every spread. They need 2^n
steps for a chain of n fragments that each spread the next one twice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

MAX_TOKENS = 4_000
MAX_LENGTH = 64_000
MAX_LINES = 10_000
"""The parser takes as long for an empty line as for a character of a name."""
MAX_DEPTH = 15
MAX_FIELDS = 2_000
MAX_ROOTS = 30
MAX_ALIASES = 60
MAX_DIRECTIVES = 60
MAX_FRAGMENTS = 200
MAX_OPERATIONS = 50
MAX_VARIABLES = 200
MAX_VALUES = 500
MAX_ARGUMENTS = 50
MAX_COMPARISONS = 1_500
MAX_VARIABLE_VALUES = 2_000
"""Values in the variables of an operation, with the keys of objects. Each is coerced before a field can refuse it."""
MAX_ERRORS = 5
"""Errors of a document, or of its variables, that are told. Some of them print a part of the document."""

PAIR_OF_OBJECTS, PAIR_OF_LEAVES, PAIR_OF_FRAGMENTS, VISIT = 1.0, 0.05, 0.5, 0.1
"""The weights of three kinds of pairs in graphql-core's `OverlappingFieldsCanBeMergedRule`, and of a visit here.

They take 25, 1, 9 and 2 µs (2026-11-26).
"""

_LEXEMES = re.compile(
    r"""
    (?:[\s,\ufeff]++ | \#[^\r\n]*+)++  # what is no token
    # A string that is not closed is one token. If it were none, each quote in it would begin a search for the end.
    | ( \"\"\"(?:[^"\\] | \\\"\"\" | \\ | "(?!""))*+(?:\"\"\")?
      | "(?:[^"\\\r\n] | \\.)*+"?
      | [A-Za-z_][A-Za-z0-9_]*+
      | -?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+
      | \.\.\.
      | .
      )
    """,
    re.VERBOSE,
)


def has_too_many_tokens(text: str) -> bool:
    """Whether a document has more than `MAX_TOKENS` tokens. Takes 2 ms, where the parser needs 50 to find it out.

    A document that is not well-formed may be told to have too many. A well-formed one is counted as the parser counts.
    """
    if len(text) <= MAX_TOKENS:
        return False
    return next(islice(document_tokens(text), MAX_TOKENS, None), None) is not None


def document_tokens(text: str) -> Iterator[str]:
    """The tokens of a document, without comments, as the parser sees them. Strings keep their quotes."""
    return (found[0] for found in _LEXEMES.finditer(text) if found.lastindex)


def has_too_many_values(variables: Mapping[str, Any]) -> bool:
    """Whether variables have more than `MAX_VARIABLE_VALUES` values and keys."""
    number, rest = 0, list[Any]([variables])
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            number += 2 * len(cast("dict[str, Any]", value))
            rest.extend(cast("dict[str, Any]", value).values())
        elif isinstance(value, list):
            number += len(cast("list[Any]", value))
            rest.extend(cast("list[Any]", value))
        if number > MAX_VARIABLE_VALUES:
            return True
    return False


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


def check_limits(document: DocumentNode) -> list[GraphQLError]:
    """The errors of a document that is over a limit. The time is linear in its length.

    Its fragments must not spread themselves.
    """
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    operations = [
        definition for definition in document.definitions if isinstance(definition, OperationDefinitionNode)
    ]
    if len(operations) > MAX_OPERATIONS:
        return [_error("operations", len(operations), operations[0])]
    sizes: dict[str, SelectionSize] = {}
    measured = [_measure(operation.selection_set, fragments, sizes) for operation in operations]
    errors = [
        _error(name, getattr(size, name), operation)
        for operation, size in zip(operations, measured, strict=True)
        for name in ("depth", "roots", "aliases", "directives")
        if getattr(size, name) > _LIMITS[name]
    ]
    counts = {
        "fields": sum(size.fields for size in measured),
        "fragments": len(document.definitions) - len(operations),
        "variables": sum(len(operation.variable_definitions or ()) for operation in operations),
        **_count_nodes(document),
    }
    errors += [
        _error(name, count, document.definitions[0])
        for name, count in counts.items()
        if count > _LIMITS[name]
    ]
    # The pairs are counted in documents whose expanded size is bounded.
    if not errors and (pairs := _count_comparisons(document, fragments)) > MAX_COMPARISONS:
        errors.append(_error("comparisons", round(pairs), document.definitions[0]))
    return errors[:MAX_ERRORS]


_LIMITS: Mapping[str, int] = {
    "depth": MAX_DEPTH,
    "fields": MAX_FIELDS,
    "roots": MAX_ROOTS,
    "aliases": MAX_ALIASES,
    "directives": MAX_DIRECTIVES,
    "plain_directives": MAX_DIRECTIVES,
    "fragments": MAX_FRAGMENTS,
    "operations": MAX_OPERATIONS,
    "variables": MAX_VARIABLES,
    "values": MAX_VALUES,
    "arguments": MAX_ARGUMENTS,
    "comparisons": MAX_COMPARISONS,
}
_PHRASES: Mapping[str, str] = {
    "depth": "The operation has a depth of {}",
    "fields": "The operation has {} fields",
    "roots": "The operation has {} root fields",
    "aliases": "The operation has {} aliases",
    "directives": "The operation has {} directives",
    "plain_directives": "The document has {} directives",
    "fragments": "The document has {} fragments",
    "operations": "The document has {} operations",
    "variables": "The document has {} variables",
    "values": "The document has {} values in lists and objects: send them as variables",
    "arguments": "A field has {} arguments",
    "comparisons": "The document repeats fields and fragments in the same place, {} comparisons",
}


def _error(name: str, actual: int, node: Node) -> GraphQLError:
    message = f"{_PHRASES[name].format(actual)}; the limit is {_LIMITS[name]}."
    return GraphQLError(message, node, extensions={"code": "OPERATION_TOO_EXPENSIVE"})


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


def _count_nodes(document: DocumentNode) -> Mapping[str, int]:
    """The values in the lists and objects of literals, the directives, and the most arguments of a field, as written."""
    values = directives = arguments = 0
    stack: list[Node] = [document]
    while stack:
        node = stack.pop()
        match node:
            case ListValueNode():
                values += len(node.values)
            case ObjectValueNode():
                values += len(node.fields)
            case DirectiveNode():
                directives += 1
            case FieldNode():
                arguments = max(arguments, len(node.arguments or ()))
            case _:
                pass
        stack.extend(child_nodes(node))
    return {"values": values, "plain_directives": directives, "arguments": arguments}


def child_nodes(node: Node) -> list[Node]:
    """The nodes right below a node."""
    children: list[Node] = []
    for key in node.keys:
        child = getattr(node, key, None)
        if isinstance(child, Node):
            children.append(child)
        elif isinstance(child, (list, tuple)):
            children.extend(item for item in cast("Sequence[Any]", child) if isinstance(item, Node))
    return children


# --- Pairs ------------------------------------------------------------------


def _count_comparisons(document: DocumentNode, fragments: dict[str, FragmentDefinitionNode]) -> float:
    """What the pairs cost that graphql-core compares: of fields at the same place, and of fragments."""
    counter = _PairCounter(fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            counter.count([definition.selection_set])
    return counter.pairs


class _PairCounter:
    """Counts pairs until there are too many. What it visits costs a little, too: fragments count at each place."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.pairs = 0.0
        self._fragments = fragments

    def count(self, selections: Sequence[SelectionSetNode]) -> None:
        """Count the pairs among the fields of selections that are merged, and below them."""
        if self.pairs > MAX_COMPARISONS:
            return
        fields: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        stack = [*selections]
        while stack:
            for node in stack.pop().selections:
                match node:
                    case FieldNode():
                        name = node.name if node.alias is None else node.alias
                        fields.setdefault(name.value, []).append(node)
                    case InlineFragmentNode():
                        stack.append(node.selection_set)
                    case FragmentSpreadNode() if node.name.value not in spread:
                        spread.add(node.name.value)
                        if node.name.value in self._fragments:
                            stack.append(self._fragments[node.name.value].selection_set)
                    case _:
                        pass
        self.pairs += PAIR_OF_FRAGMENTS * _pairs(len(spread)) + VISIT * (1 + len(fields))
        for nodes in fields.values():
            below = [node.selection_set for node in nodes if node.selection_set]
            self.pairs += (PAIR_OF_OBJECTS if below else PAIR_OF_LEAVES) * _pairs(len(nodes))
            if below:
                self.count(below)


def _pairs(number: int) -> float:
    return number * (number - 1) / 2
