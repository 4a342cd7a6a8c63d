"""Rebuilds, verifies, promotes and drops tables of projections (operator actions)."""

from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Self

import strawberry
from strawberry.scalars import JSON

from app.engine.access.policy import OPERATORS, Policy
from app.engine.graphql.context import Info, Services
from app.engine.graphql.errors import BadInput
from app.engine.graphql.scalars import Count, Position
from app.engine.graphql.slices.projections import ProjectionStatus, statuses
from app.engine.projector.rebuild import compare, rebuild, swap
from app.engine.projector.rebuild.drop import drop
from app.engine.projector.rebuild.operation import (
    Operation,
    OperationRefused,
    RefusalReason,
    find_projection,
    start_operation,
)
from app.engine.projector.slots import FORMER, STAGING
from projections.kernel import AnyProjection

MAX_WAIT_SECONDS = 5.0
"""How long a mutation waits for its operation. A longer operation continues in the background."""
MAX_NAMES = 100

POLICY = Policy(
    mutations={
        "rebuildProjections": OPERATORS,
        "verifyProjection": OPERATORS,
        "promoteProjection": OPERATORS,
        "rollbackProjection": OPERATORS,
        "dropProjection": OPERATORS,
    },
)

_CODES: dict[str, Any] = {
    reason.name: strawberry.enum_value(reason.name, description=reason.value) for reason in RefusalReason
}
ProjectionRefusalCode: Any = strawberry.enum(
    Enum("ProjectionRefusalCode", _CODES), description="Why an operation on a projection is refused."
)
ProjectionSlot: Any = strawberry.enum(
    Enum(
        "ProjectionSlot",
        {
            "STAGING": strawberry.enum_value(STAGING, description="The table that a rebuild has filled."),
            "FORMER": strawberry.enum_value(
                FORMER, description="The table that was live before the last promotion."
            ),
        },
    ),
    description="A table of a projection that is not the live one.",
)


@strawberry.type(description="The operation is refused. Nothing was changed.")
class ProjectionRefused:
    code: ProjectionRefusalCode = strawberry.field(description="The kind of reason.")  # pyright: ignore[reportInvalidTypeForm] - derived
    message: str = strawberry.field(description="The reason and what to do.")


@strawberry.type(description="A row that differs between two tables.")
class ProjectionDifference:
    key: JSON = strawberry.field(description="The key columns of the row.")
    column: str | None = strawberry.field(
        description="The first column that differs; null if one of the tables does not have the row."
    )
    live: JSON | None = strawberry.field(description="The row of the live table, by column.")
    staging: JSON | None = strawberry.field(description="The row of the staging table, by column.")


@strawberry.type(description="The comparison of the live and the staging table at the same position.")
class ProjectionComparison:
    projection: str = strawberry.field(description="The name of the projection.")
    position: Position = strawberry.field(description="The position of both tables.")
    equal: bool = strawberry.field(description="Whether all rows are equal.")
    rows: Count = strawberry.field(description="The number of rows compared.")
    differing: Count = strawberry.field(description="The number of rows that differ.")
    missing: Count = strawberry.field(description="The number of rows that only the live table has.")
    extra: Count = strawberry.field(description="The number of rows that only the staging table has.")
    examples: list[ProjectionDifference] = strawberry.field(description="Some of the differences.")

    @classmethod
    def of(cls, comparison: compare.Comparison) -> Self:
        return cls(
            projection=comparison.projection,
            position=Position(comparison.position),
            equal=comparison.equal,
            rows=Count(comparison.rows),
            differing=Count(comparison.differing),
            missing=Count(comparison.missing),
            extra=Count(comparison.extra),
            examples=[
                ProjectionDifference(
                    key=_to_json(example.key),
                    column=example.column,
                    live=_to_json(example.live),
                    staging=_to_json(example.staging),
                )
                for example in comparison.examples
            ],
        )


@strawberry.type(description="The operation is done, or continues in the background.")
class ProjectionAccepted:
    finished: bool = strawberry.field(
        description="False if the operation continues: its progress is in `projections`."
    )
    comparisons: list[ProjectionComparison] = strawberry.field(description="The comparisons made.")
    dropped: list[str] = strawberry.field(description="The tables that were dropped.")

    @strawberry.field(description="The status of every projection after the operation.")
    async def projections(self, info: Info) -> list[ProjectionStatus]:
        return await statuses(info.context)


ProjectionOutcome = Annotated[
    ProjectionAccepted | ProjectionRefused,
    strawberry.union("ProjectionOutcome", description="The outcome of an operation on projections."),
]


@strawberry.input(description="The projections to rebuild.")
class RebuildProjectionsInput:
    names: list[str] = strawberry.field(
        description="The names of the projections; they are rebuilt in one pass over the log."
    )
    promote: bool = strawberry.field(
        default=True, description="Promote the tables that match. With false: rebuild and compare only."
    )
    stage: bool = strawberry.field(
        default=False,
        description="Rebuild and compare only.",
        deprecation_reason="Use promote: false.",
    )


@strawberry.input(description="A projection.")
class ProjectionRefInput:
    name: str = strawberry.field(description="The name of the projection.")


@strawberry.input(description="A projection whose staging table becomes the live one.")
class PromoteProjectionInput:
    name: str = strawberry.field(description="The name of the projection.")
    accept_differences: bool = strawberry.field(
        default=False, description="Promote even if the comparison has found differences."
    )


@strawberry.input(description="The tables to drop.")
class DropProjectionInput:
    name: str = strawberry.field(
        description="The name of a projection, also of one that this code does not have; or of a point-in-time table."
    )
    version: int | None = strawberry.field(default=None, description="All tables of another version.")
    slot: ProjectionSlot | None = strawberry.field(default=None, description="Only this table.")  # pyright: ignore[reportInvalidTypeForm] - derived


@dataclass(frozen=True)
class _OperationResult:
    comparisons: Sequence[compare.Comparison] = ()
    dropped: Sequence[str] = ()


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Rebuild projections in staging tables, compare them with the live tables, and promote those that match. Resumes an interrupted rebuild."
    )
    async def rebuild_projections(self, info: Info, input: RebuildProjectionsInput) -> ProjectionOutcome:
        services = info.context.services
        if not 1 <= len(input.names) <= MAX_NAMES:
            raise BadInput(f"names must have 1 to {MAX_NAMES} names, not {len(input.names)}.")

        async def work() -> _OperationResult:
            projections = [
                find_projection(services.application.projections, name) for name in dict.fromkeys(input.names)
            ]
            results = await rebuild.rebuild(
                services.database,
                services.application.codec,
                projections,
                stage=input.stage or not input.promote,
            )
            return _OperationResult(comparisons=[result.comparison for result in results])

        return await _run_operation(info, work())

    @strawberry.mutation(
        description="Compare the staging table with the live one, row by row at the same position."
    )
    async def verify_projection(self, info: Info, input: ProjectionRefInput) -> ProjectionOutcome:
        services = info.context.services

        async def work() -> _OperationResult:
            async with _operation(services, input.name) as (operation, projection):
                return _OperationResult(comparisons=[await compare.verify(operation, projection)])

        return await _run_operation(info, work())

    @strawberry.mutation(
        description="Make the verified staging table the live one. The live one becomes the former one."
    )
    async def promote_projection(self, info: Info, input: PromoteProjectionInput) -> ProjectionOutcome:
        services = info.context.services

        async def work() -> _OperationResult:
            async with _operation(services, input.name) as (operation, projection):
                await swap.promote(operation, projection, accept_differences=input.accept_differences)
            return _OperationResult()

        return await _run_operation(info, work())

    @strawberry.mutation(
        description="Make the former table the live one again. The live one becomes the former one."
    )
    async def rollback_projection(self, info: Info, input: ProjectionRefInput) -> ProjectionOutcome:
        services = info.context.services

        async def work() -> _OperationResult:
            async with _operation(services, input.name) as (operation, projection):
                await swap.rollback(operation, projection)
            return _OperationResult()

        return await _run_operation(info, work())

    @strawberry.mutation(
        description="Drop the staging and former tables, the tables of another version, or a point-in-time table."
    )
    async def drop_projection(self, info: Info, input: DropProjectionInput) -> ProjectionOutcome:
        services = info.context.services

        async def work() -> _OperationResult:
            versions = {
                projection.name: projection.version for projection in services.application.projections
            }
            slot = None if input.slot is None else input.slot.value
            tables = await drop(
                services.database, versions, input.name[:100], version=input.version, slot=slot
            )
            return _OperationResult(dropped=tables)

        return await _run_operation(info, work())


@asynccontextmanager
async def _operation(services: Services, name: str) -> AsyncGenerator[tuple[Operation, AnyProjection]]:
    """An operation on the projection of this name."""
    projection = find_projection(services.application.projections, name)
    async with start_operation(services.database, services.application.codec, [projection]) as operation:
        yield operation, projection


async def _run_operation(
    info: Info, work: Coroutine[Any, Any, _OperationResult]
) -> ProjectionAccepted | ProjectionRefused:
    """Run the operation, and wait for its result at most `MAX_WAIT_SECONDS`."""
    services = info.context.services
    try:
        result = await services.operations.run(
            work, min(MAX_WAIT_SECONDS, services.settings.operation_timeout_seconds / 2)
        )
    except OperationRefused as error:
        return to_refused(error)
    shown = result or _OperationResult()
    return ProjectionAccepted(
        finished=result is not None,
        comparisons=[ProjectionComparison.of(comparison) for comparison in shown.comparisons],
        dropped=list(shown.dropped),
    )


def to_refused(error: OperationRefused) -> ProjectionRefused:
    return ProjectionRefused(code=ProjectionRefusalCode(error.why.name), message=str(error))


def _to_json(columns: Mapping[str, Any] | None) -> Any:
    """A row as JSON. Values without a JSON type become text."""
    return (
        None
        if columns is None
        else {
            name: value if isinstance(value, bool | int | None) else str(value)
            for name, value in columns.items()
        }
    )
