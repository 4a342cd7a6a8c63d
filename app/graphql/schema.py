"""The schema: the slices of the aggregates, and what all share."""

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types
from strawberry.types import ExecutionContext

from app.graphql import (
    customer,
    fulfilment,
    log,
    operators,
    order,
    payment,
    processes,
    product,
    projections,
    sales,
    values,
)
from app.graphql.events import EventTypes, Shape
from app.graphql.executor import Executor
from app.graphql.operation import Operation
from app.graphql.scalars import SCALARS
from domain import DECIDERS

SLICES: tuple[ModuleType, ...] = (
    log,
    projections,
    operators,
    processes,
    values,
    product,
    order,
    payment,
    fulfilment,
    customer,
    sales,
)
"""The register: one module an aggregate, a read model or a value, each with any of Query, Mutation, Subscription and VALUES."""


class Schema(strawberry.Schema):
    """Errors are labelled and logged where they are translated, so nothing is logged twice or for a client's mistake."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        del errors, execution_context


@cache
def build(slices: tuple[ModuleType, ...] = SLICES, *, short: bool = True) -> tuple[Schema, EventTypes]:
    """The schema of these slices, and the GraphQL types of the events. Documents are executed the `short` way, or
    graphql-core's own. Made once."""
    shapes: dict[type, Shape] = {}
    for part in slices:
        shapes.update(getattr(part, "VALUES", {}))
    events = EventTypes(DECIDERS, shapes)
    return (
        Schema(
            query=_merged("Query", slices, "What can be asked."),
            mutation=_merged("Mutation", slices, "What can be done: each field is one command."),
            subscription=_merged("Subscription", slices, "What can be followed."),
            types=events.types,
            config=StrawberryConfig(scalar_map=SCALARS, relay_max_results=100),
            extensions=[Operation],
            execution_context_class=Executor if short else None,
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
