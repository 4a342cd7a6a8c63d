"""What an operation asks for below a field, before that is resolved."""

from typing import Any

from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionSetNode

from app.engine.graphql.context import Info


def selects_field(info: Info, name: str) -> bool:
    """Whether a field called `name` is asked for anywhere below the one that is being resolved; a directive may still leave it out."""
    # Strawberry's own view of the selection copies the whole of it.
    raw: GraphQLResolveInfo[Any] = info._raw_info  # pyright: ignore[reportPrivateUsage]
    seen: set[str] = set()

    def within(selected: SelectionSetNode | None) -> bool:
        for node in () if selected is None else selected.selections:
            if isinstance(node, FragmentSpreadNode):
                if node.name.value not in seen:
                    seen.add(node.name.value)
                    if within(raw.fragments[node.name.value].selection_set):
                        return True
            elif (isinstance(node, FieldNode) and node.name.value == name) or within(
                getattr(node, "selection_set", None)
            ):
                return True
        return False

    return any(within(node.selection_set) for node in raw.field_nodes)
