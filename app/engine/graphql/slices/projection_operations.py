"""What operators do to projections: rebuild, compare, swap and drop their tables, and bring parked keys level."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self

import strawberry
from strawberry.scalars import JSON

from app.engine.graphql.context import Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.scalars import Position
from app.engine.graphql.slices.projections import ProjectionStatus, require_operator, statuses
from app.engine.projector.parking import admin as parked
from app.engine.projector.rebuild import compare as verify
from app.engine.projector.rebuild import rebuild as rebuilding
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.drop import drop
from app.engine.projector.rebuild.operation import (
    OperationRefused,
    RefusalReason,
    find_projection,
    start_operation,
)
from app.engine.projector.slots import FORMER, STAGING
from projections.kernel import AnyProjection

MAX_WAIT_SECONDS = 5.0
"""How many seconds an operator waits for an answer before the operation goes on without."""
MAX_NAMES = 100

_CODES: dict[str, Any] = {
    why.name: strawberry.enum_value(why.name, description=why.value) for why in RefusalReason
}
ProjectionRefusalCode: Any = strawberry.enum(
    Enum("ProjectionRefusalCode", _CODES), description="Why something cannot be done to a projection."
)
ProjectionSlot: Any = strawberry.enum(
    Enum(
        "ProjectionSlot",
        {
            "STAGING": strawberry.enum_value(
                STAGING, description="The one that was built beside the live one."
            ),
            "FORMER": strawberry.enum_value(FORMER, description="The one that the live one replaced."),
        },
    ),
    description="A table of a projection that is not the live one.",
)


@strawberry.type(description="It cannot be done; nothing was changed, and the live table is as it was.")
class ProjectionRefused:
    code: ProjectionRefusalCode = strawberry.field(description="The kind of reason.")  # pyright: ignore[reportInvalidTypeForm] - derived
    message: str = strawberry.field(description="The reason, and what to do.")


@strawberry.type(description="One row that two tables do not agree on.")
class ProjectionDifference:
    key: JSON = strawberry.field(description="Its key, by column.")
    column: str | None = strawberry.field(
        description="The first column that differs; null where one of the rows is missing."
    )
    live: JSON | None = strawberry.field(description="The row of the live table, by column.")
    staging: JSON | None = strawberry.field(description="The row of the staging table, by column.")


@strawberry.type(description="The live table and the staging one, compared row by row at the same position.")
class ProjectionComparison:
    projection: str = strawberry.field(description="The projection.")
    position: Position = strawberry.field(description="Where both stood.")
    equal: bool = strawberry.field(description="Whether every row is equal.")
    rows: int = strawberry.field(description="Rows compared.")
    differing: int = strawberry.field(description="Rows that differ.")
    missing: int = strawberry.field(description="Rows in the live table alone.")
    extra: int = strawberry.field(description="Rows in the staging table alone.")
    examples: list[ProjectionDifference] = strawberry.field(description="Some that do not agree.")

    @classmethod
    def of(cls, found: verify.Comparison) -> Self:
        return cls(
            projection=found.projection,
            position=Position(found.position),
            equal=found.equal,
            rows=found.rows,
            differing=found.differing,
            missing=found.missing,
            extra=found.extra,
            examples=[
                ProjectionDifference(
                    key=_json(example.key),
                    column=example.column,
                    live=_json(example.live),
                    staging=_json(example.staging),
                )
                for example in found.examples
            ],
        )


@strawberry.type(description="It was done, or goes on.")
class ProjectionAccepted:
    finished: bool = strawberry.field(
        description="False where it goes on after this answer: follow `projections`."
    )
    comparisons: list[ProjectionComparison] = strawberry.field(
        description="What was compared, and with what result."
    )
    dropped: list[str] = strawberry.field(description="The tables that were dropped.")

    @strawberry.field(description="Where all projections now stand.")
    async def projections(self, info: Info) -> list[ProjectionStatus]:
        return await statuses(info.context)


@strawberry.type(
    description="Parked keys were folded again, or will be by the process that owns the projection."
)
class ParkedRetried:
    level: int = strawberry.field(description="Keys that are level now.")
    parked: int = strawberry.field(description="Keys that are still parked: their errors are new.")
    waiting: int = strawberry.field(description="Keys that have yet to be folded.")


ProjectionOutcome = Annotated[
    ProjectionAccepted | ProjectionRefused,
    strawberry.union("ProjectionOutcome", description="What became of an operation on projections."),
]
ParkedOutcome = Annotated[
    ParkedRetried | ProjectionRefused,
    strawberry.union("ParkedOutcome", description="What became of parked keys."),
]


@strawberry.input(description="Names projections that are to be built anew.")
class RebuildProjectionsInput:
    names: list[str] = strawberry.field(description="Which; they are built in one pass over the log.")
    stage: bool = strawberry.field(default=False, description="Build and compare, promote nothing.")


@strawberry.input(description="Names a projection.")
class ProjectionRefInput:
    name: str = strawberry.field(description="The projection.")


@strawberry.input(description="Names a projection whose staging table is to be the live one.")
class PromoteProjectionInput:
    name: str = strawberry.field(description="The projection.")
    accept_differences: bool = strawberry.field(
        default=False, description="Also where the comparison has found some."
    )


@strawberry.input(description="Names tables that nobody needs any more.")
class DropProjectionInput:
    name: str = strawberry.field(
        description="The projection, also one that is no more; or a table that shows a moment of the past."
    )
    version: int | None = strawberry.field(default=None, description="All tables of another version.")
    slot: ProjectionSlot | None = strawberry.field(default=None, description="Only this one.")  # pyright: ignore[reportInvalidTypeForm] - derived


@strawberry.input(description="Names parked keys.")
class RetryParkedInput:
    projection: str = strawberry.field(description="The projection.")
    key: str | None = strawberry.field(
        default=None, description="The key as `parkedKeys` shows it; all of them if left out."
    )


@strawberry.input(description="Names a fact that is to be left out for a key.")
class SkipFactInput:
    projection: str = strawberry.field(description="The projection.")
    key: str = strawberry.field(description="The key as `parkedKeys` shows it.")
    position: Position = strawberry.field(description="The fact that parked it.")
    reason: str = strawberry.field(description="Why: 1 to 1000 characters, kept.")


@strawberry.input(description="Names a fact that is to be counted again.")
class UnskipFactInput:
    projection: str = strawberry.field(description="The projection.")
    key: str = strawberry.field(description="The key as `skippedFacts` shows it.")
    position: Position = strawberry.field(description="The fact.")


@dataclass(frozen=True)
class _OperationResult:
    """What an operation has to tell."""

    comparisons: Sequence[verify.Comparison] = ()
    dropped: Sequence[str] = ()


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Build tables anew beside the live ones, compare, and promote what is equal. What was interrupted is gone on with."
    )
    async def rebuild_projections(self, info: Info, input: RebuildProjectionsInput) -> ProjectionOutcome:
        services = require_operator(info).services
        if not 1 <= len(input.names) <= MAX_NAMES:
            raise BadInput(f"names has {len(input.names)} names; 1 to {MAX_NAMES} will do.")

        async def work() -> _OperationResult:
            chosen = [
                find_projection(services.application.projections, name) for name in dict.fromkeys(input.names)
            ]
            rebuilt = await rebuilding.rebuild(
                services.database, services.application.codec, chosen, stage=input.stage
            )
            return _OperationResult(comparisons=[result.comparison for result in rebuilt])

        return await _operate(info, work())

    @strawberry.mutation(
        description="Compare the staging table with the live one, row by row at the same position."
    )
    async def verify_projection(self, info: Info, input: ProjectionRefInput) -> ProjectionOutcome:
        services = require_operator(info).services

        async def work() -> _OperationResult:
            projection = find_projection(services.application.projections, input.name)
            async with start_operation(services.database, services.application.codec, [projection]) as begun:
                return _OperationResult(comparisons=[await verify.verify(begun, projection)])

        return await _operate(info, work())

    @strawberry.mutation(
        description="Make the verified staging table the live one, and keep the live one as the former."
    )
    async def promote_projection(self, info: Info, input: PromoteProjectionInput) -> ProjectionOutcome:
        services = require_operator(info).services

        async def work() -> _OperationResult:
            projection = find_projection(services.application.projections, input.name)
            async with start_operation(services.database, services.application.codec, [projection]) as begun:
                await swap.promote(begun, projection, accept_differences=input.accept_differences)
            return _OperationResult()

        return await _operate(info, work())

    @strawberry.mutation(description="Make the former table the live one again, and the live one the former.")
    async def rollback_projection(self, info: Info, input: ProjectionRefInput) -> ProjectionOutcome:
        services = require_operator(info).services

        async def work() -> _OperationResult:
            projection = find_projection(services.application.projections, input.name)
            async with start_operation(services.database, services.application.codec, [projection]) as begun:
                await swap.rollback(begun, projection)
            return _OperationResult()

        return await _operate(info, work())

    @strawberry.mutation(
        description="Drop what stands beside the live table, an older version, or a table that shows a moment of the past."
    )
    async def drop_projection(self, info: Info, input: DropProjectionInput) -> ProjectionOutcome:
        services = require_operator(info).services

        async def work() -> _OperationResult:
            current = {projection.name: projection.version for projection in services.application.projections}
            slot = None if input.slot is None else input.slot.value
            return _OperationResult(
                dropped=await drop(
                    services.database, current, input.name[:100], version=input.version, slot=slot
                )
            )

        return await _operate(info, work())

    @strawberry.mutation(
        description="Fold parked keys again from their facts: by mended code, or because what they need is there now."
    )
    async def retry_parked(self, info: Info, input: RetryParkedInput) -> ParkedOutcome:
        services = require_operator(info).services

        async def ask(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await parked.request_retry(services.database, projection, key)

        return await _retry_and_wait(info, input.projection, input.key, ask)

    @strawberry.mutation(
        description="Leave the fact that parked a key out for it, for good, and fold the key again."
    )
    async def skip_fact(self, info: Info, input: SkipFactInput) -> ParkedOutcome:
        context = require_operator(info)

        async def skip(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await parked.skip(
                context.services.database, projection, key or "", input.position, input.reason, context.actor
            ), 1

        return await _retry_and_wait(info, input.projection, input.key, skip)

    @strawberry.mutation(
        description="Count a fact again that was left out for a key, and fold the key with it."
    )
    async def unskip_fact(self, info: Info, input: UnskipFactInput) -> ParkedOutcome:
        services = require_operator(info).services

        async def unskip(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await parked.unskip(services.database, projection, key or "", input.position), 1

        return await _retry_and_wait(info, input.projection, input.key, unskip)


async def _operate(info: Info, work: Coroutine[Any, Any, _OperationResult]) -> Any:
    services = info.context.services
    try:
        done = await services.operations.run(
            work, min(MAX_WAIT_SECONDS, services.settings.operation_timeout_seconds / 2)
        )
    except OperationRefused as error:
        return _refused(error)
    shown = done or _OperationResult()
    return ProjectionAccepted(
        finished=done is not None,
        comparisons=[ProjectionComparison.of(comparison) for comparison in shown.comparisons],
        dropped=list(shown.dropped),
    )


async def _retry_and_wait(
    info: Info,
    name: str,
    key: str | None,
    ask: Callable[[AnyProjection, str | None], Awaitable[tuple[datetime, int]]],
) -> Any:
    services = info.context.services
    try:
        projection = find_projection(services.application.projections, name)
        given = None if key is None else parked.parse_key(projection, key)
        asked, concerned = await ask(projection, given)
    except OperationRefused as error:
        return _refused(error)
    seconds = min(MAX_WAIT_SECONDS, services.settings.operation_timeout_seconds / 2)
    answer = await parked.wait_for_retry(services.database, projection, asked, concerned, seconds, key=given)
    return ParkedRetried(level=answer.recovered, parked=answer.parked, waiting=answer.waiting)


def _refused(problem: OperationRefused) -> ProjectionRefused:
    return ProjectionRefused(code=ProjectionRefusalCode(problem.why.name), message=str(problem))


def _json(columns: Mapping[str, Any] | None) -> Any:
    """A row as JSON; what JSON has no word for as text."""
    return (
        None
        if columns is None
        else {
            name: value if isinstance(value, bool | int | None) else str(value)
            for name, value in columns.items()
        }
    )
