"""Lists processes (operator queries). The mutations are in process_operations."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.engine.access.access import Access
from app.engine.access.policy import OPERATORS, Policy
from app.engine.graphql.context import Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.pagination import Connection, parse_page, read_page
from app.engine.graphql.scalars import Position
from app.engine.graphql.stream_access import may_read_instance
from app.engine.processes import admin
from app.engine.processes.admin import STATES, ProcessView, StepView

POLICY = Policy(
    queries={"processes": OPERATORS},
)


@strawberry.type(description="One step of a process: a command or a call that it requested.")
class ProcessStep:
    name: str = strawberry.field(description="The name of the step.")
    outcome: str = strawberry.field(description="due, done, refused, stuck, skipped or withdrawn.")
    at: datetime = strawberry.field(description="When the step reached this outcome.")
    position: Position | None = strawberry.field(
        description="The position of the event that the step led to; null if it led to none."
    )
    attempts: int = strawberry.field(description="The number of failed attempts.")
    error: str | None = strawberry.field(
        description="Why the step was refused, or its last error. Callers who may not read that error get one fixed sentence."
    )

    @classmethod
    def of(cls, step: StepView) -> Self:
        return cls(
            name=step.name,
            outcome=step.outcome,
            at=step.at,
            position=None if step.position is None else Position(step.position),
            attempts=step.attempts,
            error=step.error,
        )


@strawberry.type(description="One instance of a process.")
class Process:
    process: str = strawberry.field(description="The name of the process.")
    instance_id: UUID = strawberry.field(
        description="The id of the instance. It names the instance together with its process."
    )
    status: str = strawberry.field(description="The status, in the process's own words.")
    state: str = strawberry.field(
        description="running, stuck (a step has failed too often), parked (an event could not be folded) or ended."
    )
    stuck: bool = strawberry.field(description="Whether an operator has to act before it continues.")
    deadline: datetime | None = strawberry.field(description="The next deadline.")
    started_at: datetime = strawberry.field(description="When the instance started.")
    updated_at: datetime = strawberry.field(description="When the instance last changed.")
    parked_position: Position | None = strawberry.field(
        description="The position of the event that could not be folded."
    )
    error: str | None = strawberry.field(description="Why the event could not be folded.")
    steps: list[ProcessStep] = strawberry.field(description="The steps, in order.")

    @strawberry.field(description="When the instance started.", deprecation_reason="Use startedAt.")
    def began_at(self) -> datetime:
        return self.started_at

    @strawberry.field(description="When the instance last changed.", deprecation_reason="Use updatedAt.")
    def moved_at(self) -> datetime:
        return self.updated_at

    @strawberry.field(
        description="The position of the event that could not be folded.",
        deprecation_reason="Use parkedPosition.",
    )
    def parked_at(self) -> Position | None:
        return self.parked_position

    @classmethod
    def of(cls, view: ProcessView) -> Self:
        return cls(
            process=view.process,
            instance_id=view.id,
            status=view.status,
            state=view.state,
            stuck=view.state in ("stuck", "parked"),
            deadline=view.deadline,
            started_at=view.started_at,
            updated_at=view.updated_at,
            parked_position=None if view.parked_position is None else Position(view.parked_position),
            error=view.error,
            steps=[ProcessStep.of(step) for step in view.steps],
        )


async def process_of(loaders: Loaders, process: str, instance_id: UUID) -> ProcessView | None:
    """One instance; None if the caller may not see it. An operation reads its instances in batches. Raises `AccessDenied`.

    Its errors are those that the caller may read: see `Access.visible_error`.
    """
    if not await may_read_instance(loaders, process, instance_id):
        return None

    database, access = loaders.database, loaders.access

    async def read(ids: list[UUID]) -> Sequence[ProcessView | None]:
        views = await admin.get_processes(database, process, ids)
        return [None if (view := views.get(id)) is None else _visible(view, access) for id in ids]

    return await loaders.load(f"process {process}", read, instance_id)


def _visible(view: ProcessView, access: Access) -> ProcessView:
    """The instance with the errors that the caller may read. The rejection of a command is meant for all who see it."""
    return replace(
        view,
        error=None if view.error is None else access.visible_error(view.process, view.error),
        steps=[
            step
            if step.error is None or step.outcome == "refused"
            else replace(step, error=access.visible_error(view.process, step.error))
            for step in view.steps
        ],
    )


@strawberry.type
class Query:
    @strawberry.field(description="The instances of processes, newest first.")
    async def processes(
        self,
        info: Info,
        state: Annotated[
            str | None, strawberry.argument(description=f"Only this state: {', '.join(STATES)}.")
        ] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        process: Annotated[
            str | None, strawberry.argument(description="Only the process with this name.")
        ] = None,
    ) -> Connection[Process]:
        if state is not None and state not in STATES:
            raise BadInput(f"state must be one of: {', '.join(STATES)}.")
        check_process_name(info, process)
        database = info.context.database
        return await read_page(
            info,
            parse_page(first, after, last, before),
            partial(admin.list_processes, database, process=process, state=state),
            Process.of,
            place=lambda view: (view.began, view.id, view.process),
            types=(int, UUID, str),
            count=partial(admin.count_processes, database, process=process, state=state),
        )


def check_process_name(info: Info, process: str | None) -> None:
    names = [process.category for process in info.context.services.application.processes]
    if process is not None and process not in names:
        raise BadInput(f"process must be one of: {', '.join(names) or 'none yet'}.")
