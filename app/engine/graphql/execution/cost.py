"""The cost of an operation: the number of its fields, each multiplied by the lengths of the lists around it.

The length of a page is its `first` or `last`, from the document, the variables or the schema; that of a list by ids the
number of ids. Any other list counts as `ASSUMED_LIST_LENGTH` items.
"""

from collections.abc import Mapping
from typing import Any, cast

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
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_list_type,
)

from app.engine.graphql.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE

MAX_COST = 20_000
ASSUMED_LIST_LENGTH = 5
MAX_LIVE_ROWS = 1_000
"""How long a live list can be."""
_PAGES = ("Connection", "Changes")
"""Ends of the names of types whose lists are as long as an argument of the field says."""


class CostCalculator:
    """Computes the cost of the operations of one valid document. Each fragment is computed once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self.depends_on_variables = False
        """Whether the cost depends on the variables. Known after `max_cost`."""
        self._schema = schema
        self._document = document
        self._variables = variables
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._fragment_costs: dict[str, int] = {}
        self._defaults: dict[str, Any] = {}

    def max_cost(self) -> int:
        """The cost of the most expensive operation of the document."""
        highest = 0
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._fragment_costs.clear()
                self._defaults = {
                    variable.variable.name.value: variable.default_value
                    for variable in definition.variable_definitions or ()
                }
                highest = max(
                    highest,
                    self._selection_cost(
                        definition.selection_set, self._schema.get_root_type(definition.operation)
                    ),
                )
        return highest

    def _selection_cost(self, selection: SelectionSetNode | None, parent: Any) -> int:
        cost = 0
        for node in selection.selections if selection else ():
            match node:
                case FieldNode():
                    field = getattr(parent, "fields", {}).get(node.name.value)
                    if field is not None:
                        inner = get_named_type(field.type)
                        cost += 1 + self._length(node, field, parent) * self._selection_cost(
                            node.selection_set, inner
                        )
                case InlineFragmentNode(type_condition=condition):
                    cost += self._selection_cost(
                        node.selection_set,
                        parent if condition is None else self._schema.get_type(condition.name.value),
                    )
                case FragmentSpreadNode():
                    cost += self._fragment_cost(node.name.value)
                case _:
                    pass
        return cost

    def _fragment_cost(self, name: str) -> int:
        if name not in self._fragment_costs:
            fragment = self._fragments[name]
            self._fragment_costs[name] = self._selection_cost(
                fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value)
            )
        return self._fragment_costs[name]

    def _length(self, node: FieldNode, field: GraphQLField, parent: Any) -> int:
        if "most" in field.args:
            return self._most(node, field)
        if "first" in field.args:
            # The resolver refuses a longer page.
            return min(max(1, self._page_size(node, field)), MAX_PAGE_SIZE)
        if "ids" in field.args:
            ids = self._argument(node, "ids")
            # The execution makes a list of a single value.
            return min(max(1, len(cast("list[Any]", ids)) if isinstance(ids, list) else 1), MAX_PAGE_SIZE)
        field_type: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
        # The lists of a connection are as long as its page, which is counted already.
        return ASSUMED_LIST_LENGTH if is_list_type(field_type) and not str(parent).endswith(_PAGES) else 1

    def _page_size(self, node: FieldNode, field: GraphQLField) -> int:
        for name in ("first", "last"):
            value = self._argument(node, name)
            if value is not None:
                # The execution refuses a value that is not a number.
                return value if isinstance(value, int) else 1
        default = field.args["first"].default_value
        return default if isinstance(default, int) else DEFAULT_PAGE_SIZE

    def _argument(self, node: FieldNode, name: str) -> Any:
        """The value of an argument, a number or a list; None if it is not given or null."""
        value: Any = next(
            (argument.value for argument in node.arguments or () if argument.name.value == name), None
        )
        if isinstance(value, VariableNode):
            self.depends_on_variables = True
            name = value.name.value
            value = self._variables.get(name, self._defaults.get(name))
        match value:
            case IntValueNode():
                return int(value.value)
            case ListValueNode():
                return list(value.values)
            case NullValueNode():
                return None
            case _:
                return value

    def _most(self, node: FieldNode, field: GraphQLField) -> int:
        """The length of a live list, which its resolver keeps below `MAX_LIVE_ROWS`."""
        value: Any = next(
            (argument.value for argument in node.arguments or () if argument.name.value == "most"), None
        )
        if isinstance(value, VariableNode):
            self.depends_on_variables = True
            value = self._variables.get(value.name.value, self._defaults.get(value.name.value))
        if isinstance(value, IntValueNode):
            value = int(value.value)
        most = field.args["most"].default_value if value is None else value
        return min(max(1, most if isinstance(most, int) else 1), MAX_LIVE_ROWS)


def too_expensive(cost: int) -> GraphQLError | None:
    """The error for a cost above the limit."""
    if cost <= MAX_COST:
        return None
    message = f"The operation may have {cost:,} fields, list items included; the limit is {MAX_COST:,}. Request shorter pages, or fewer lists within lists."
    return GraphQLError(message, extensions={"code": "OPERATION_TOO_EXPENSIVE"})
