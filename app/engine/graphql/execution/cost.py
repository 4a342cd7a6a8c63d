"""How much an operation may come to: its fields, each as often as the lists around it are long.

A page is as long as its `first`, from the document, the variables or the schema; any other list is taken for `LISTED` long.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
    get_named_type,
    is_list_type,
)

from app.engine.graphql.pagination import MAX_PAGE_SIZE

MAX_COST = 20_000
ASSUMED_LIST_LENGTH = 5


class CostCalculator:
    """Works out what the operations of one valid document come to; each fragment is weighed once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.depends_on_variables = False
        """Whether it depends on the variables; known when it was worked out."""
        self._schema = schema
        self._document = document
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._known: dict[str, int] = {}
        self._defaults: dict[str, Any] = {}

    def max_cost(self) -> int:
        """The cost of the dearest operation of the document."""
        found = 0
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._known.clear()
                self._defaults = {
                    given.variable.name.value: given.default_value
                    for given in definition.variable_definitions or ()
                }
                found = max(
                    found,
                    self._of(definition.selection_set, self._schema.get_root_type(definition.operation)),
                )
        return found

    def _of(self, selected: SelectionSetNode | None, parent: Any) -> int:
        cost = 0
        for node in selected.selections if selected else ():
            match node:
                case FieldNode():
                    field = getattr(parent, "fields", {}).get(node.name.value)
                    if field is not None:
                        inner = get_named_type(field.type)
                        cost += 1 + self._length(node, field, parent) * self._of(node.selection_set, inner)
                case InlineFragmentNode(type_condition=named):
                    cost += self._of(
                        node.selection_set,
                        parent if named is None else self._schema.get_type(named.name.value),
                    )
                case FragmentSpreadNode():
                    cost += self._fragment(node.name.value)
                case _:
                    pass
        return cost

    def _fragment(self, name: str) -> int:
        if name not in self._known:
            fragment = self._fragments[name]
            self._known[name] = self._of(
                fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value)
            )
        return self._known[name]

    def _length(self, node: FieldNode, field: GraphQLField, parent: Any) -> int:
        if "first" in field.args:
            # A page that is longer than any may be is refused for that.
            return min(max(1, self._first(node, field)), MAX_PAGE_SIZE)
        kind: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        # The page has counted its items already.
        return ASSUMED_LIST_LENGTH if is_list_type(kind) and not str(parent).endswith("Connection") else 1

    def _first(self, node: FieldNode, field: GraphQLField) -> int:
        given: Any = next(
            (argument.value for argument in node.arguments or () if argument.name.value == "first"), None
        )
        if isinstance(given, VariableNode):
            self.depends_on_variables = True
            name = given.name.value
            given = self._variables.get(name, self._defaults.get(name))
        if isinstance(given, IntValueNode):
            given = int(given.value)
        if given is None:
            given = field.args["first"].default_value
        # Whatever is no number, the execution refuses.
        return given if isinstance(given, int) and given is not Undefined else 1


def too_expensive(cost: int) -> GraphQLError | None:
    """What to answer where it costs too much."""
    if cost <= MAX_COST:
        return None
    said = f"The operation may come to {cost:,} fields, lists included; at most {MAX_COST:,} will do. Ask for shorter pages, or for fewer lists within lists."
    return GraphQLError(said, extensions={"code": "OPERATION_TOO_EXPENSIVE"})
