"""Looks ahead in the selection of the operation that is executed."""

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from app.engine.graphql.context import Info
from app.engine.graphql.strawberry_internals import resolve_info


def selects_field(info: Info, name: str) -> bool:
    """Whether the selection has a field `name` at any depth below the current field. Directives are ignored."""
    resolving = resolve_info(info)
    # A stack, and no inner function that calls itself: that is a cycle which holds all of the operation.
    pending: list[SelectionSetNode | None] = [node.selection_set for node in resolving.field_nodes]
    visited: set[str] = set()
    while pending:
        selection = pending.pop()
        for node in () if selection is None else selection.selections:
            if isinstance(node, FieldNode):
                if node.name.value == name:
                    return True
                pending.append(node.selection_set)
            elif isinstance(node, InlineFragmentNode):
                pending.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                pending.append(resolving.fragments[node.name.value].selection_set)
    return False
