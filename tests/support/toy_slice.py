"""The toy counter with a GraphQL slice and its table: one query, one mutation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any
from uuid import UUID

import strawberry

from app.engine.access.policy import Policy, Roles, allow
from app.engine.application import Application
from app.engine.graphql.context import Info
from app.engine.graphql.outcomes import command_context, execute
from app.engine.graphql.scalars import Position
from app.engine.settings import EngineSettings
from tests.support.toy_counter import Add, tallies, tally

ROLES = Roles(names=("clerk", "boss"), operators=frozenset({"boss"}), importers=frozenset())
COMPLETE = Policy(
    commands={kind.stored.name: allow(clerk="all") for kind in tally.command_types},
    queries={"tallied": allow(clerk="all")},
    mutations={"add": "tally.add"},
    rows={tallies: allow(clerk="all")},
    events={kind.stored.name: allow(clerk="all") for kind in tally.event_types},
)


@strawberry.type(description="The command was accepted.")
class Added:
    position: Position = strawberry.field(description="The position.")
    version: strawberry.Private[int]
    events: strawberry.Private[Sequence[Any]]
    duplicate: strawberry.Private[bool]


@strawberry.type
class Query:
    @strawberry.field(description="The number of pieces.")
    async def tallied(self, info: Info, id: UUID) -> int | None:
        await info.context.wait_for_projection(tallies, None)
        row = await info.context.loaders.row(tallies, "id", id)
        return None if row is None else row.sum


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Add one.")
    async def add(self, info: Info, id: UUID) -> Position:
        context = info.context
        outcome = await execute(context, tally, id, Add(amount=1), command_context(context, None), Added)
        assert isinstance(outcome, Added)
        return outcome.position


def application_with(policy: Policy, **more: Any) -> Application[EngineSettings]:
    """The toy with a slice that has this table."""
    module = ModuleType("slice")
    vars(module).update(Query=Query, Mutation=Mutation, POLICY=policy)
    return Application(
        settings=EngineSettings,
        deciders=(tally,),
        projections=(tallies,),
        slices=lambda: (module,),
        roles=ROLES,
        **more,
    )


def without(policy: Policy, part: str, key: object) -> Policy:
    lines: Mapping[Any, Any] = getattr(policy, part)
    return replace(policy, **{part: {name: rule for name, rule in lines.items() if name != key}})
