"""Builds the GraphQL schema from the engine's slices and the application's."""

from collections.abc import Sequence
from functools import cache, partial
from types import ModuleType
from typing import Any

import strawberry
from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_enum_type,
    is_input_object_type,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext
from strawberry.types.scalar import ScalarDefinition

from app.engine.errors import ConfigurationError
from app.engine.graphql.event_types import EventTypes, OutputMapping
from app.engine.graphql.execution.extension import CachedDocument, DocumentCache, OperationExtension
from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.execution.field_plans import add_plans
from app.engine.graphql.execution.limited_executor import LimitedExecutionContext
from app.engine.graphql.execution.limits import NoIntrospectionRule
from app.engine.graphql.execution.refused_documents import RefusedDocuments
from app.engine.graphql.execution.trusted_documents import NO_DOCUMENTS, TrustedDocuments
from app.engine.graphql.pagination import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from app.engine.graphql.policies import TABLES, add_field_checks
from app.engine.graphql.request_digest import add_request_digests
from app.engine.graphql.scalars import SCALARS
from app.engine.graphql.slices import (
    event_log,
    node,
    parked_keys,
    process_operations,
    processes,
    projection_operations,
    projections,
)
from app.engine.graphql.strawberry_internals import graphql_schema, same_names, set_description
from domain.kernel.decider import AnyDecider

ENGINE_SLICES: tuple[ModuleType, ...] = (
    node,
    event_log,
    projections,
    projection_operations,
    parked_keys,
    processes,
    process_operations,
)
"""The slices of every application."""


ARGUMENT_DESCRIPTIONS = {
    "first": f"The maximum number of items: 0 to {MAX_PAGE_SIZE}; {DEFAULT_PAGE_SIZE} without first and last.",
    "after": "Continue after this cursor: the `endCursor` of the page before.",
    "last": f"The maximum number of items, from the end: 0 to {MAX_PAGE_SIZE}. Not together with first.",
    "before": "Only items before this cursor: the `startCursor` of the page after.",
    "minPosition": "Wait until the read model has reached this position. The error STALE_READ means: not in time.",
    "id": "The id.",
    "version": "As of the event with this version.",
    "moment": "As of this moment: after all events recorded up to it.",
    "position": "As of this position: after all events up to it.",
}
"""The descriptions of arguments that have none of their own. Arguments of input types and enums take their type's."""


class Schema(strawberry.Schema):
    """A schema that does not log errors: `with_codes` logs the unexpected ones."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        del errors, execution_context


@cache
def build_schema(
    slices: tuple[ModuleType, ...],
    deciders: tuple[AnyDecider, ...],
    *,
    fast_executor: bool = True,
    hides_schema: bool = False,
    document_cache_bytes: int = 64 * 2**20,
    trusted: TrustedDocuments = NO_DOCUMENTS,
) -> tuple[Schema, EventTypes]:
    """The schema, and the GraphQL types of the deciders' events. The same arguments give the same schema.

    `hides_schema` refuses introspection and removes suggestions from errors. `document_cache_bytes` bounds the memory of
    valid documents. `trusted` are documents that stay in memory. Raises `ConfigurationError` if one of them is not valid, or
    if two fields of a type have one name.

    A slice is a module with any of the types `Query`, `Mutation` and `Subscription`, and any of four constants.
    `OUTPUT_TYPES` maps types of the domain to types of GraphQL, and `SCALARS` maps its scalars. `NODES` has the sources of
    its nodes, and `POLICY` says who may use it.
    """
    slices = (*ENGINE_SLICES, *slices)
    output_types: dict[type, OutputMapping] = {}
    scalars: dict[object, ScalarDefinition] = {**SCALARS}
    node_sources: list[node.NodeSource[Any]] = []
    for module in slices:
        output_types.update(getattr(module, "OUTPUT_TYPES", {}))
        scalars.update(getattr(module, "SCALARS", {}))
        node_sources.extend(getattr(module, "NODES", ()))
    events = EventTypes(deciders, output_types)
    documents = DocumentCache(document_cache_bytes)
    schema = Schema(
        query=_merge("Query", slices, "Reads."),
        mutation=_merge("Mutation", slices, "Commands: each field is one command."),
        subscription=_merge("Subscription", slices, "Live results."),
        types=events.types,
        config=StrawberryConfig(scalar_map=scalars),
        extensions=[partial(OperationExtension, documents, RefusedDocuments(), hides_schema=hides_schema)],
        execution_context_class=FastExecutionContext if fast_executor else LimitedExecutionContext,
    )
    for type_name, name, first, second in same_names(schema):
        raise ConfigurationError(
            f"the fields {first} and {second} of the GraphQL type {type_name} are both {name}: rename one of them"
        )
    graphql_schema(schema).extensions[node.NODE_SOURCES] = node_sources
    graphql_schema(schema).extensions[TABLES] = [
        module.POLICY for module in slices if hasattr(module, "POLICY")
    ]
    _add_descriptions(graphql_schema(schema))
    add_request_digests(graphql_schema(schema))
    add_field_checks(graphql_schema(schema))
    if fast_executor:
        add_plans(schema)
    rules = (NoIntrospectionRule,) if hides_schema else ()
    documents.trusted.update(
        {
            text: CachedDocument(parsed)
            for text, parsed in trusted.check(graphql_schema(schema), rules).items()
        }
    )
    return schema, events


def _add_descriptions(schema: GraphQLSchema) -> None:
    for graphql_type in schema.type_map.values():
        if isinstance(graphql_type, GraphQLObjectType) and not graphql_type.name.startswith("__"):
            for field in graphql_type.fields.values():
                for name, argument in field.args.items():
                    argument_type = get_named_type(argument.type)
                    if (argument.description is None and is_input_object_type(argument_type)) or (
                        argument.description is None and is_enum_type(argument_type)
                    ):
                        argument.description = argument_type.description
                    elif argument.description is None:
                        argument.description = ARGUMENT_DESCRIPTIONS.get(name)


def _merge(name: str, slices: Sequence[ModuleType], description: str) -> Any:
    """One root type of the fields of all slices. None if no slice has the type."""
    types = tuple(getattr(module, name) for module in slices if hasattr(module, name))
    if not types:
        return None
    merged = merge_types(name, types)
    set_description(merged, description)
    return merged
