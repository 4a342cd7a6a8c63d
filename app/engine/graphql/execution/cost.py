"""The cost of an operation: of its fields, each as often as the lists around it are long.

The length of a page is its `first` or `last`, from the document, the variables or the schema. The length of a list by ids is
the number of ids. Any other list has the length that its field declares.
"""

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeNameMetaFieldDef,
    Undefined,
    ValueNode,
    VariableNode,
    coerce_input_literal,
    coerce_input_value,
    get_named_type,
    get_operation_ast,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
)

from app.engine.graphql.costs import COST, OPERATION, ROOT, TYPICAL_LIST_LENGTH, FieldCost
from app.engine.graphql.live_list import MAX_LIVE_ROWS
from app.engine.graphql.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.engine.graphql.strawberry_internals import field_definition, has_default_resolver

MUTATION = 500.0
"""Of each mutation."""
LEAF, OBJECT, RESOLVER, ITEM, ROW = 1.0, 2.0, 35.0, 1.0, 35.0
"""Of a plain scalar, a plain object, a field with a resolver, a list item, and a page row."""
SCHEMA_LEAF, SCHEMA_OBJECT = 8.0, 8.0
"""Of the fields of introspection: graphql-core executes them."""
_PAGES = ("Connection", "Changes")
"""Ends of the names of types whose lists are as long as an argument of the field says."""
_LENGTH_ARGUMENTS = {"most": MAX_LIVE_ROWS, "first": MAX_PAGE_SIZE, "ids": MAX_PAGE_SIZE}
"""Arguments that say how long the list of their field is, each with the largest length that is predicted.

`last` stands only next to `first`.
"""
_SCHEMA_LENGTHS = "introspection-lengths"
"""The key of the mean lengths of the lists of introspection in the extensions of a schema."""


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
        self._fragment_costs: dict[tuple[str, float], float] = {}
        self._defaults: dict[str, Any] = {}

    def max_cost(self) -> float:
        """The cost of the most expensive operation of the document."""
        highest = 0.0
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._begin(definition)
                root = self._schema.get_root_type(definition.operation)
                highest = max(highest, OPERATION + self._selection_cost(definition.selection_set, root))
        return highest

    def item_cost(self, node: FieldNode, item_type: Any, operation_name: str | None = None) -> float:
        """The cost of an item of a field's list, in the operation with this name or the only one."""
        operation = get_operation_ast(self._document, operation_name)
        if operation is not None:
            self._begin(operation)
        return ITEM + OBJECT + self._selection_cost(node.selection_set, item_type)

    def _begin(self, operation: OperationDefinitionNode) -> None:
        """Let the variables have the defaults of an operation."""
        self._fragment_costs.clear()
        self._defaults = {
            variable.variable.name.value: variable.default_value
            for variable in operation.variable_definitions or ()
        }

    def _selection_cost(self, selection: SelectionSetNode | None, parent: Any, page: float = 1) -> float:
        """The cost of a selection on a type. The lists of a connection have `page` items."""
        cost = 0.0
        exclusive: dict[str, float] = {}
        for node in selection.selections if selection else ():
            match node:
                case FieldNode():
                    cost += self._field_cost(node, parent, page)
                case InlineFragmentNode(type_condition=condition):
                    name = None if condition is None else condition.name.value
                    inner = parent if name is None else self._schema.get_type(name)
                    part = self._selection_cost(node.selection_set, inner, page)
                    cost += _add(exclusive, parent, inner, part)
                case FragmentSpreadNode():
                    name = self._fragments[node.name.value].type_condition.name.value
                    inner = self._schema.get_type(name)
                    cost += _add(exclusive, parent, inner, self._fragment_cost(node.name.value, page))
                case _:
                    pass
        # An object has one type: of the fragments on several types one applies.
        return cost + max(exclusive.values(), default=0.0)

    def _fragment_cost(self, name: str, page: float) -> float:
        if (name, page) not in self._fragment_costs:
            fragment = self._fragments[name]
            self._fragment_costs[name, page] = self._selection_cost(
                fragment.selection_set, self._schema.get_type(fragment.type_condition.name.value), page
            )
        return self._fragment_costs[name, page]

    def _field_cost(self, node: FieldNode, parent: Any, page: float) -> float:
        field = self._schema.get_field(parent, node.name.value) if parent is not None else None
        if field is None:
            return 0.0
        declared = cost_of(field)
        named = get_named_type(field.type)
        length, is_page = self._length(node, field, parent, page)
        own = _default_cost(field, named, parent, self._schema) if declared.own is None else declared.own
        item = declared.item if declared.item is not None else ROW if is_page else 0.0
        if _is_list(field):
            # Each item is an object.
            item += ITEM + (OBJECT if node.selection_set else 0.0)
        if is_page and not _is_list(field):
            return own + length * item + self._selection_cost(node.selection_set, named, length)
        return own + length * (item + self._selection_cost(node.selection_set, named))

    def _length(self, node: FieldNode, field: GraphQLField, parent: Any, page: float) -> tuple[float, bool]:
        """The length of a list or page, 1 for one object, and whether an argument of the field says it."""
        if "most" in field.args:
            return self._most(node, field), True
        if "first" in field.args:
            # The resolver refuses a longer page.
            return min(max(1, self._page_size(node, field)), MAX_PAGE_SIZE), True
        if "ids" in field.args:
            ids = self._argument(node, "ids")
            # The execution makes a list of a single value.
            length = len(cast("list[Any]", ids)) if isinstance(ids, list) else 1
            return min(max(1, length), MAX_PAGE_SIZE), True
        if str(parent).startswith("__"):
            return _introspection_length(self._schema, str(parent), node.name.value), False
        if not _is_list(field):
            return 1, False
        # The lists of a connection are as long as its page.
        return (page if str(parent).endswith(_PAGES) else typical_length(field)), False

    def _page_size(self, node: FieldNode, field: GraphQLField) -> int:
        for name in ("first", "last"):
            size = self._number(node, field, name, MAX_PAGE_SIZE)
            if size is not None:
                return size
        default = field.args["first"].default_value
        return default if isinstance(default, int) else DEFAULT_PAGE_SIZE

    def _number(self, node: FieldNode, field: GraphQLField, name: str, most: int) -> int | None:
        """The number that an argument is for the execution; None if it is null or not given.

        A value of another type counts as `most`, and a value that the execution refuses counts as 1.
        """
        value = self._argument(node, name)
        if value is None:
            return None
        # The scalar of the argument decides: 100.0 is an Int in JSON, and others read strings.
        coerce = coerce_input_literal if isinstance(value, ValueNode) else coerce_input_value
        number = coerce(value, field.args[name].type)
        if number is Undefined:
            # The execution refuses it.
            return 1
        return number if isinstance(number, int) else most

    def _argument(self, node: FieldNode, name: str) -> Any:
        """The value of an argument: JSON, a literal or a list; None if it is not given or null."""
        value: Any = next(
            (argument.value for argument in node.arguments or () if argument.name.value == name), None
        )
        if isinstance(value, VariableNode):
            self.depends_on_variables = True
            name = value.name.value
            value = self._variables.get(name, self._defaults.get(name))
        match value:
            case ListValueNode():
                return list(value.values)
            case NullValueNode():
                return None
            case _:
                return value

    def _most(self, node: FieldNode, field: GraphQLField) -> int:
        """The length of a live list, which its resolver keeps below `MAX_LIVE_ROWS`."""
        most = self._number(node, field, "most", MAX_LIVE_ROWS)
        if most is None:
            most = field.args["most"].default_value
        return min(max(1, most), MAX_LIVE_ROWS) if isinstance(most, int) else MAX_LIVE_ROWS


def cost_of(field: GraphQLField) -> FieldCost:
    """The cost that a field declares."""
    definition = field_definition(field.extensions)
    declared = None if definition is None or definition.metadata is None else definition.metadata.get(COST)
    return declared if isinstance(declared, FieldCost) else FieldCost()


def typical_length(field: GraphQLField) -> float:
    """The length that a list has if nothing is known of it."""
    length = cost_of(field).length
    return TYPICAL_LIST_LENGTH if length is None else length


def charged_from(type_name: str, field: GraphQLField) -> float:
    """The length above which the items of a list are charged while it is executed.

    Infinity if an argument of the field above or the schema says the length. If an argument of the field does, it is
    the largest length that is predicted. The resolver of a team may take more.
    """
    if type_name.endswith(_PAGES) or type_name.startswith("__"):
        return float("inf")
    return next(
        (most for name, most in _LENGTH_ARGUMENTS.items() if name in field.args), typical_length(field)
    )


def _add(exclusive: dict[str, float], parent: Any, condition: Any, cost: float) -> float:
    """The cost of a fragment, or 0 if it is one of those that exclude each other."""
    if is_abstract_type(parent) and isinstance(condition, GraphQLObjectType):
        exclusive[condition.name] = exclusive.get(condition.name, 0.0) + cost
        return 0.0
    return cost


def _is_list(field: GraphQLField) -> bool:
    field_type: Any = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
    return is_list_type(field_type)


def _default_cost(field: GraphQLField, named: Any, parent: Any, schema: GraphQLSchema) -> float:
    leaf = is_leaf_type(named)
    if field is TypeNameMetaFieldDef:
        return LEAF
    if str(parent).startswith("__"):
        return SCHEMA_LEAF if leaf else SCHEMA_OBJECT
    if str(field.type).startswith("__") or field.resolve is None:
        return SCHEMA_OBJECT if not leaf else LEAF
    if parent is schema.mutation_type:
        return MUTATION
    if parent in (schema.query_type, schema.subscription_type):
        return ROOT
    definition = field_definition(field.extensions)
    if definition is not None and not has_default_resolver(definition, field.resolve):
        return RESOLVER
    return LEAF if leaf else OBJECT


# --- Introspection ----------------------------------------------------------


def _introspection_length(schema: GraphQLSchema, type_name: str, field: str) -> float:
    """The mean length of a list of introspection in this schema; 1 for a field that is no list."""
    lengths = schema.extensions.get(_SCHEMA_LENGTHS)
    if lengths is None:
        lengths = schema.extensions[_SCHEMA_LENGTHS] = _introspection_lengths(schema)
    return lengths.get(f"{type_name}.{field}", 1.0)


def _introspection_lengths(schema: GraphQLSchema) -> Mapping[str, float]:
    types = [*schema.type_map.values()]
    inputs = [graphql_type for graphql_type in types if isinstance(graphql_type, GraphQLInputObjectType)]
    fields = [
        field
        for graphql_type in types
        if graphql_type not in inputs
        for field in getattr(graphql_type, "fields", {}).values()
    ]
    number = len(types)
    return {
        "__Schema.types": number,
        "__Schema.directives": len(schema.directives),
        "__Type.fields": len(fields) / number,
        "__Type.inputFields": sum(len(graphql_type.fields) for graphql_type in inputs) / number,
        "__Type.enumValues": sum(len(found.values) for found in types if is_enum_type(found)) / number,
        "__Type.interfaces": sum(len(getattr(found, "interfaces", ())) for found in types) / number,
        "__Type.possibleTypes": sum(len(schema.get_possible_types(t)) for t in types if is_abstract_type(t))
        / number,
        # Half of the types are wrapped, and few of them twice.
        "__Type.ofType": 0.6,
        "__Field.args": sum(len(field.args) for field in fields) / max(1, len(fields)),
        "__Directive.args": 1.0,
        "__Directive.locations": 3.0,
    }
