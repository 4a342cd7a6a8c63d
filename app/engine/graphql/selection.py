"""Looks ahead in the selection of the operation that is executed."""

from graphql import FieldNode, FragmentSpreadNode, SelectionSetNode

from app.engine.graphql.context import Info
from app.engine.graphql.strawberry_internals import resolve_info


def selects_field(info: Info, name: str) -> bool:
    """Whether the selection has a field `name` at any depth below the current field. Directives are ignored."""
    resolving = resolve_info(info)
    visited: set[str] = set()

    def contains(selection: SelectionSetNode | None) -> bool:
        for node in () if selection is None else selection.selections:
            if isinstance(node, FragmentSpreadNode):
                if node.name.value not in visited:
                    visited.add(node.name.value)
                    if contains(resolving.fragments[node.name.value].selection_set):
                        return True
            elif (isinstance(node, FieldNode) and node.name.value == name) or contains(
                getattr(node, "selection_set", None)
            ):
                return True
        return False

    return any(contains(node.selection_set) for node in resolving.field_nodes)
