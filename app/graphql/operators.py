"""What operators do to projections: rebuild, compare, swap and drop their tables, and bring parked keys level."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Self

import strawberry
from strawberry.scalars import JSON

from app.graphql.context import Info
from app.graphql.errors import BadInput
from app.graphql.projections import ProjectionStatus, operators_only, statuses
from app.graphql.scalars import Position
from app.projector import parked, swap, verify
from app.projector import rebuild as rebuilding
from app.projector.drop import drop
from app.projector.operation import NotPossible, Why, named, working
from app.projector.slots import FORMER, STAGING
from app.store.codec import registered
from projections import PROJECTIONS
from projections.kernel import AnyProjection

PATIENCE = 5.0
"""How many seconds an operator waits for an answer before the operation goes on without."""
MOST_NAMES = 100

_CODES: dict[str, Any] = {why.name: strawberry.enum_value(why.name, description=why.value) for why in Why}
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
                    key=_json(each.key),
                    column=each.column,
                    live=_json(each.live),
                    staging=_json(each.staging),
                )
                for each in found.examples
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
class ParkedAnswered:
    level: int = strawberry.field(description="Keys that are level now.")
    parked: int = strawberry.field(description="Keys that are still parked: their errors are new.")
    waiting: int = strawberry.field(description="Keys that have yet to be folded.")


ProjectionOutcome = Annotated[
    ProjectionAccepted | ProjectionRefused,
    strawberry.union("ProjectionOutcome", description="What became of an operation on projections."),
]
ParkedOutcome = Annotated[
    ParkedAnswered | ProjectionRefused,
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
class _Done:
    """What an operation has to tell."""

    comparisons: Sequence[verify.Comparison] = ()
    dropped: Sequence[str] = ()


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Build tables anew beside the live ones, compare, and promote what is equal. What was interrupted is gone on with."
    )
    async def rebuild_projections(self, info: Info, input: RebuildProjectionsInput) -> ProjectionOutcome:
        database = operators_only(info).room.database
        if not 1 <= len(input.names) <= MOST_NAMES:
            raise BadInput(f"names has {len(input.names)} names; 1 to {MOST_NAMES} will do.")

        async def work() -> _Done:
            chosen = [named(PROJECTIONS, name) for name in dict.fromkeys(input.names)]
            rebuilt = await rebuilding.rebuild(database, registered(), chosen, stage=input.stage)
            return _Done(comparisons=[each.comparison for each in rebuilt])

        return await _operate(info, work())

    @strawberry.mutation(
        description="Compare the staging table with the live one, row by row at the same position."
    )
    async def verify_projection(self, info: Info, input: ProjectionRefInput) -> ProjectionOutcome:
        database = operators_only(info).room.database

        async def work() -> _Done:
            projection = named(PROJECTIONS, input.name)
            async with working(database, registered(), [projection]) as begun:
                return _Done(comparisons=[await verify.verify(begun, projection)])

        return await _operate(info, work())

    @strawberry.mutation(
        description="Make the verified staging table the live one, and keep the live one as the former."
    )
    async def promote_projection(self, info: Info, input: PromoteProjectionInput) -> ProjectionOutcome:
        database = operators_only(info).room.database

        async def work() -> _Done:
            projection = named(PROJECTIONS, input.name)
            async with working(database, registered(), [projection]) as begun:
                await swap.promote(begun, projection, accept_differences=input.accept_differences)
            return _Done()

        return await _operate(info, work())

    @strawberry.mutation(description="Make the former table the live one again, and the live one the former.")
    async def rollback_projection(self, info: Info, input: ProjectionRefInput) -> ProjectionOutcome:
        database = operators_only(info).room.database

        async def work() -> _Done:
            projection = named(PROJECTIONS, input.name)
            async with working(database, registered(), [projection]) as begun:
                await swap.rollback(begun, projection)
            return _Done()

        return await _operate(info, work())

    @strawberry.mutation(
        description="Drop what stands beside the live table, an older version, or a table that shows a moment of the past."
    )
    async def drop_projection(self, info: Info, input: DropProjectionInput) -> ProjectionOutcome:
        database = operators_only(info).room.database

        async def work() -> _Done:
            current = {each.name: each.version for each in PROJECTIONS}
            slot = None if input.slot is None else input.slot.value
            return _Done(
                dropped=await drop(database, current, input.name[:100], version=input.version, slot=slot)
            )

        return await _operate(info, work())

    @strawberry.mutation(
        description="Fold parked keys again from their facts: by mended code, or because what they need is there now."
    )
    async def retry_parked(self, info: Info, input: RetryParkedInput) -> ParkedOutcome:
        database = operators_only(info).room.database

        async def ask(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await parked.ask(database, projection, key)

        return await _bring_level(info, input.projection, input.key, ask)

    @strawberry.mutation(
        description="Leave the fact that parked a key out for it, for good, and fold the key again."
    )
    async def skip_fact(self, info: Info, input: SkipFactInput) -> ParkedOutcome:
        context = operators_only(info)

        async def skip(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await parked.skip(
                context.room.database, projection, key or "", input.position, input.reason, context.actor
            ), 1

        return await _bring_level(info, input.projection, input.key, skip)

    @strawberry.mutation(
        description="Count a fact again that was left out for a key, and fold the key with it."
    )
    async def unskip_fact(self, info: Info, input: UnskipFactInput) -> ParkedOutcome:
        database = operators_only(info).room.database

        async def unskip(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await parked.unskip(database, projection, key or "", input.position), 1

        return await _bring_level(info, input.projection, input.key, unskip)


async def _operate(info: Info, work: Coroutine[Any, Any, _Done]) -> Any:
    room = info.context.room
    try:
        done = await room.operations.run(work, min(PATIENCE, room.settings.operation_seconds / 2))
    except NotPossible as problem:
        return _refused(problem)
    shown = done or _Done()
    return ProjectionAccepted(
        finished=done is not None,
        comparisons=[ProjectionComparison.of(each) for each in shown.comparisons],
        dropped=list(shown.dropped),
    )


async def _bring_level(
    info: Info,
    name: str,
    key: str | None,
    ask: Callable[[AnyProjection, str | None], Awaitable[tuple[datetime, int]]],
) -> Any:
    room = info.context.room
    try:
        projection = named(PROJECTIONS, name)
        given = None if key is None else parked.key_given(projection, key)
        asked, concerned = await ask(projection, given)
    except NotPossible as problem:
        return _refused(problem)
    seconds = min(PATIENCE, room.settings.operation_seconds / 2)
    answer = await parked.answered(room.database, projection, asked, concerned, seconds, key=given)
    return ParkedAnswered(level=answer.level, parked=answer.parked, waiting=answer.waiting)


def _refused(problem: NotPossible) -> ProjectionRefused:
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
