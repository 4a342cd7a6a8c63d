"""Builds the GraphQL schema: the slices of the application and what all slices share."""

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from app.engine.graphql.event_types import EventTypes, OutputMapping
from app.engine.graphql.execution.extension import OperationExtension
from app.engine.graphql.execution.fast_executor import FastExecutionContext
from app.engine.graphql.scalars import SCALARS
from app.engine.graphql.slices import event_log, processes, projection_operations, projections
from domain.kernel.decider import AnyDecider

ENGINE_SLICES: tuple[ModuleType, ...] = (
    event_log,
    projections,
    projection_operations,
    processes,
)
"""The slices that every application has."""


class Schema(strawberry.Schema):
    """Errors are labelled and logged where they are translated, so nothing is logged twice or for a client's mistake."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        del errors, execution_context


@cache
def build_schema(
    slices: tuple[ModuleType, ...], deciders: tuple[AnyDecider, ...], *, fast_executor: bool = True
) -> tuple[Schema, EventTypes]:
    """The schema of the engine's slices and these, and the GraphQL types of the deciders' events. Made once.

    A slice is a module with any of the types `Query`, `Mutation` and `Subscription`, and the mapping `OUTPUT_TYPES`.
    """
    slices = (*ENGINE_SLICES, *slices)
    shapes: dict[type, OutputMapping] = {}
    for part in slices:
        shapes.update(getattr(part, "OUTPUT_TYPES", {}))
    events = EventTypes(deciders, shapes)
    return (
        Schema(
            query=_merged("Query", slices, "What can be asked."),
            mutation=_merged("Mutation", slices, "What can be done: each field is one command."),
            subscription=_merged("Subscription", slices, "What can be followed."),
            types=events.types,
            config=StrawberryConfig(scalar_map=SCALARS),
            extensions=[OperationExtension],
            execution_context_class=FastExecutionContext if fast_executor else None,
        ),
        events,
    )


def _merged(name: str, slices: Sequence[ModuleType], description: str) -> Any:
    found = tuple(getattr(part, name) for part in slices if hasattr(part, name))
    if not found:
        return None
    merged = merge_types(name, found)
    merged.__strawberry_definition__.description = description  # pyright: ignore[reportAttributeAccessIssue]
    return merged
