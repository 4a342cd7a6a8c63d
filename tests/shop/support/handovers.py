"""What the handler of a socket has in hand when the resolver of a subscription has ended."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graphql import ExecutionResult

from app.composition import application
from app.engine.access.caller import Caller
from app.engine.graphql.context import LiveHandover, RequestContext
from app.engine.graphql.schema import build_schema
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.server.runtime import Runtime


def endpoint(runtime: Runtime) -> GraphQLEndpoint:
    return GraphQLEndpoint(*build_schema(application.slices(), application.deciders), runtime)


def context_of(view: GraphQLEndpoint, actor: str, role: str = "operator") -> RequestContext:
    """The context of a socket of a caller."""
    return replace(view.context_of(Caller(actor, frozenset({role}))), streams=True)


async def handed_over(
    view: GraphQLEndpoint,
    context: RequestContext,
    variables: dict[str, Any],
    document: str,
    operation_name: str | None = None,
) -> LiveHandover:
    """The handover of a subscriber that has become level with the log."""
    found = LiveHandover()
    stream = await view.schema.stream(
        document,
        variable_values=variables,
        context_value=replace(context, handover=found),
        operation_name=operation_name,
    )
    async for result in stream:
        assert isinstance(result, ExecutionResult)
        assert result.errors is None
    assert found.cursor is not None
    return found


async def cancel_all(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
