"""Processes, for operators: which there are, where each stands, and what to do about one that stands still."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry

from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.outcomes import (
    CommandOptions,
    Conflict,
    Preview,
    Rejected,
    command_context,
    to_outcome,
)
from app.engine.graphql.pagination import Connection, decode_cursor, encode_cursor, make_connection, page_size
from app.engine.graphql.scalars import Position, clean_text
from app.engine.processes import admin as operate
from app.engine.processes.admin import STATES, ProcessView, StepView


@strawberry.type(description="One thing that a process asked for.")
class ProcessStep:
    name: str = strawberry.field(description="What it is.")
    outcome: str = strawberry.field(description="due, done, refused, stuck, skipped or withdrawn.")
    at: datetime = strawberry.field(description="When it came to that.")
    position: Position | None = strawberry.field(description="The fact that it led to, if it led to one.")
    attempts: int = strawberry.field(description="How often it has failed.")
    error: str | None = strawberry.field(description="Why it was refused, or how it failed last.")

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
    process: str = strawberry.field(description="The name of the process: fulfilment, …")
    id: UUID = strawberry.field(description="What it works on.")
    status: str = strawberry.field(description="The process's own word for where it is.")
    state: str = strawberry.field(
        description="running, stuck (a step failed as often as it may), parked (a fact could not be folded) or ended."
    )
    stuck: bool = strawberry.field(description="Whether it stands still until an operator has looked.")
    deadline: datetime | None = strawberry.field(description="The next of its deadlines.")
    began_at: datetime = strawberry.field(description="When it began.")
    moved_at: datetime = strawberry.field(description="When it last moved.")
    parked_at: Position | None = strawberry.field(description="The fact that could not be folded.")
    error: str | None = strawberry.field(description="Why it could not be folded.")
    steps: list[ProcessStep] = strawberry.field(description="What it has asked for, in order.")

    @classmethod
    def of(cls, view: ProcessView) -> Self:
        return cls(
            process=view.process,
            id=view.id,
            status=view.status,
            state=view.state,
            stuck=view.state in ("stuck", "parked"),
            deadline=view.deadline,
            began_at=view.began_at,
            moved_at=view.moved_at,
            parked_at=None if view.parked_position is None else Position(view.parked_position),
            error=view.error,
            steps=[ProcessStep.of(step) for step in view.steps],
        )


async def process_of(loaders: Loaders, process: str, instance: UUID) -> ProcessView | None:
    """One instance, read with the others that are asked for at the same time."""

    async def read(ids: list[Any]) -> Sequence[ProcessView | None]:
        found = await operate.get_processes(loaders.database, process, ids)
        return [found.get(identity) for identity in ids]

    return await loaders.load(f"process {process}", read, instance)


# --- Mutations --------------------------------------------------------------


@strawberry.type(description="The command was taken.")
class ProcessAccepted:
    position: Position = strawberry.field(description="Where the log stood after this command.")
    version: int = strawberry.field(description="The version that it left the process's stream at.")
    events: list[EventInterface] = strawberry.field(
        description="What this command recorded; empty where a parked instance is tried again."
    )
    duplicate: bool = strawberry.field(description="True where this command id had been seen before.")
    of: strawberry.Private[tuple[str, UUID]]

    @strawberry.field(description="The process as it stands; what follows from the command comes later.")
    async def process(self, info: Info) -> Process | None:
        view = await process_of(info.context.new_loaders(), *self.of)
        return None if view is None else Process.of(view)


ProcessOutcome = Annotated[
    ProcessAccepted | Rejected | Conflict | Preview,
    strawberry.union("ProcessOutcome", description="What became of a command to a process."),
]


@strawberry.input(description="Names a process, and perhaps one of its stuck steps.")
class RetryProcessInput:
    process: str = strawberry.field(description="The name of the process: fulfilment, …")
    id: UUID = strawberry.field(description="The instance.")
    step: str | None = strawberry.field(
        default=None, description="The stuck step; all of them, or the fact that parked it, if left out."
    )


@strawberry.input(description="Names a stuck step of a process.")
class SkipProcessStepInput:
    process: str = strawberry.field(description="The name of the process: fulfilment, …")
    id: UUID = strawberry.field(description="The instance.")
    step: str = strawberry.field(description="The stuck step.")
    reason: str = strawberry.field(description="Why: 1 to 500 characters, recorded.")


@strawberry.input(description="Names a process that is to be undone.")
class CompensateProcessInput:
    process: str = strawberry.field(description="The name of the process: fulfilment, …")
    id: UUID = strawberry.field(description="The instance.")
    reason: str = strawberry.field(description="Why: 1 to 500 characters, recorded.")


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Have a stuck step of a process tried again, or the fact that parked it."
    )
    async def retry_process(
        self, info: Info, input: RetryProcessInput, options: CommandOptions | None = None
    ) -> ProcessOutcome:
        context: Context = info.context
        outcome = await operate.retry(
            context.services.database,
            context.services.commands,
            context.services.application.process(input.process),
            input.id,
            input.step,
            command_context(context, options),
        )
        return to_outcome(context, outcome, ProcessAccepted, of=(input.process, input.id))

    @strawberry.mutation(description="Take a stuck step of a process for done.")
    async def skip_process_step(
        self, info: Info, input: SkipProcessStepInput, options: CommandOptions | None = None
    ) -> ProcessOutcome:
        context: Context = info.context
        reason = clean_text(input.reason, "reason", 500)
        outcome = await operate.skip(
            context.services.commands,
            context.services.application.process(input.process),
            input.id,
            input.step,
            reason,
            command_context(context, options),
        )
        return to_outcome(context, outcome, ProcessAccepted, of=(input.process, input.id))

    @strawberry.mutation(description="Have everything that a process did undone.")
    async def compensate_process(
        self, info: Info, input: CompensateProcessInput, options: CommandOptions | None = None
    ) -> ProcessOutcome:
        context: Context = info.context
        reason = clean_text(input.reason, "reason", 500)
        outcome = await operate.compensate(
            context.services.commands,
            context.services.application.process(input.process),
            input.id,
            reason,
            command_context(context, options),
        )
        return to_outcome(context, outcome, ProcessAccepted, of=(input.process, input.id))


# --- Queries ----------------------------------------------------------------


@strawberry.type
class Query:
    @strawberry.field(description="The processes, the newest first.")
    async def processes(
        self,
        info: Info,
        state: str | None = None,
        first: int = 50,
        after: str | None = None,
        process: str | None = None,
    ) -> Connection[Process]:
        if state is not None and state not in STATES:
            raise BadInput(f"state is one of {', '.join(STATES)}.")
        names = [process.category for process in info.context.services.application.processes]
        if process is not None and process not in names:
            raise BadInput(f"process is one of {', '.join(names) or 'none'}.")
        size = page_size(first)
        found = await operate.list_processes(
            info.context.services.database, process=process, state=state, limit=size + 1, before=_place(after)
        )
        items = [(Process.of(view), _cursor(view)) for view in found[:size]]
        return make_connection(items, more=len(found) > size, after=after)


def _cursor(view: ProcessView) -> str:
    return encode_cursor(view.began, view.id)


def _place(cursor: str | None) -> tuple[int, UUID] | None:
    if cursor is None:
        return None
    first_position, instance_id = decode_cursor(cursor, int, UUID)
    return first_position, instance_id
