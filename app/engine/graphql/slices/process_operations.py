"""Retries and skips steps of processes, and compensates processes (operator actions)."""

from functools import partial
from typing import Annotated
from uuid import UUID

import strawberry

from app.engine.access.policy import NOBODY, OPERATORS, AccessDenied, Policy
from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.outcomes import (
    CommandOptions,
    Conflict,
    Preview,
    Rejected,
    command_context,
    to_outcome,
)
from app.engine.graphql.scalars import Count, Position, clean_text
from app.engine.graphql.slices.processes import Process, check_process_name, process_of
from app.engine.processes import admin
from app.engine.processes.bulk_retry import RETRIED_STATES, RetrySelection, retry_selected
from domain.kernel.process import ForceCompensation, LifecycleCommand, RetryStep, SkipStep

MAX_RETRIES = 10_000
MAX_STEP_LENGTH = 1_000

POLICY = Policy(
    commands={
        "process.record-event": NOBODY,
        "process.retry-step": OPERATORS,
        "process.skip-step": OPERATORS,
        "process.force-compensation": OPERATORS,
    },
    mutations={
        "retryProcess": "process.retry-step",
        "retryProcesses": "process.retry-step",
        "skipProcessStep": "process.skip-step",
        "compensateProcess": "process.force-compensation",
    },
)


@strawberry.type(description="The command was accepted.")
class ProcessAccepted:
    position: Position = strawberry.field(description="The head of the log after this command.")
    version: int = strawberry.field(description="The version of the process's stream after this command.")
    events: list[EventInterface] = strawberry.field(
        description="The events that this command recorded; empty for the retry of a parked instance."
    )
    duplicate: bool = strawberry.field(description="Whether this command id had been executed before.")
    instance: strawberry.Private[tuple[str, UUID]]

    @strawberry.field(description="The process now. The effects of the command follow later.")
    async def process(self, info: Info) -> Process | None:
        view = await process_of(info.context.new_loaders(), *self.instance)
        return None if view is None else Process.of(view)


ProcessOutcome = Annotated[
    ProcessAccepted | Rejected | Conflict | Preview,
    strawberry.union("ProcessOutcome", description="The outcome of a command to a process."),
]


@strawberry.input(description="A process, and one of its stuck steps or all of them.")
class RetryProcessInput:
    process: str = strawberry.field(description="The name of the process.")
    id: UUID = strawberry.field(description="The id of the instance.")
    step: str | None = strawberry.field(
        default=None,
        description="The name of the stuck step. Without it: all stuck steps, or the event that parked the process.",
    )


@strawberry.input(description="The stuck steps or the parked instances to retry.")
class RetryProcessesInput:
    state: str = strawberry.field(
        default="stuck", description=f"Retry what is in this state: {' or '.join(RETRIED_STATES)}."
    )
    process: str | None = strawberry.field(
        default=None, description="Only instances of the process with this name."
    )
    step: str | None = strawberry.field(
        default=None,
        description="Only stuck steps with this name, or with this stored name of their command or call.",
    )
    limit: int = strawberry.field(
        default=1_000, description=f"Retry at most so many, 1 to {MAX_RETRIES:,}, the oldest first."
    )


@strawberry.type(description="The result of a retry of many processes. The effects follow later.")
class ProcessesRetried:
    retried: Count = strawberry.field(description="The number of steps or instances that are retried now.")
    unchanged: Count = strawberry.field(
        description="The number of steps that were retried already, or are not stuck any more."
    )
    more: bool = strawberry.field(description="Whether the limit left some out: call again.")


@strawberry.input(description="A stuck step of a process.")
class SkipProcessStepInput:
    process: str = strawberry.field(description="The name of the process.")
    id: UUID = strawberry.field(description="The id of the instance.")
    step: str = strawberry.field(description="The name of the stuck step.")
    reason: str = strawberry.field(description="The reason, 1 to 500 characters. It is recorded.")


@strawberry.input(description="A process to compensate.")
class CompensateProcessInput:
    process: str = strawberry.field(description="The name of the process.")
    id: UUID = strawberry.field(description="The id of the instance.")
    reason: str = strawberry.field(description="The reason, 1 to 500 characters. It is recorded.")


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Retry stuck steps, or the event that parked the process.")
    async def retry_process(
        self, info: Info, input: RetryProcessInput, options: CommandOptions | None = None
    ) -> ProcessOutcome:
        context: Context = info.context
        # Also for the retry of a parked instance, whose command names no step.
        _check_command(context, input.process, input.id, RetryStep(step=input.step or ""))
        outcome = await admin.retry(
            context.services.database,
            context.services.commands,
            context.services.application.process(input.process),
            input.id,
            input.step,
            command_context(context, options),
        )
        return to_outcome(context, outcome, ProcessAccepted, instance=(input.process, input.id))

    @strawberry.mutation(
        description="Retry all stuck steps or parked instances that the input selects. A repeat retries nothing twice."
    )
    async def retry_processes(self, info: Info, input: RetryProcessesInput) -> ProcessesRetried:
        context: Context = info.context
        if input.state not in RETRIED_STATES:
            raise BadInput(f"state must be one of: {', '.join(RETRIED_STATES)}.")
        if not 1 <= input.limit <= MAX_RETRIES:
            raise BadInput(f"limit must be a number from 1 to {MAX_RETRIES}.")
        step = None if input.step is None else clean_text(input.step, "step", MAX_STEP_LENGTH)
        if step is not None and input.state == "parked":
            raise BadInput("step selects stuck steps only.")
        application = context.services.application
        check_process_name(info, input.process)
        counts = await retry_selected(
            context.services.database,
            context.services.commands,
            RetrySelection(
                processes=[
                    process for process in application.processes if input.process in (None, process.category)
                ],
                codec=application.codec,
                state=input.state,
                step=step,
            ),
            command_context(context, None),
            limit=input.limit,
            check=partial(_check_command, context),
        )
        return ProcessesRetried(
            retried=Count(counts.retried),
            unchanged=Count(counts.found - counts.retried),
            more=counts.more,
        )

    @strawberry.mutation(description="Skip a stuck step: the process continues as if the step was done.")
    async def skip_process_step(
        self, info: Info, input: SkipProcessStepInput, options: CommandOptions | None = None
    ) -> ProcessOutcome:
        context: Context = info.context
        reason = clean_text(input.reason, "reason", 500)
        _check_command(context, input.process, input.id, SkipStep(step=input.step, reason=reason))
        outcome = await admin.skip(
            context.services.commands,
            context.services.application.process(input.process),
            input.id,
            input.step,
            reason,
            command_context(context, options),
        )
        return to_outcome(context, outcome, ProcessAccepted, instance=(input.process, input.id))

    @strawberry.mutation(description="Compensate a process: undo all its completed steps.")
    async def compensate_process(
        self, info: Info, input: CompensateProcessInput, options: CommandOptions | None = None
    ) -> ProcessOutcome:
        context: Context = info.context
        reason = clean_text(input.reason, "reason", 500)
        _check_command(context, input.process, input.id, ForceCompensation(reason=reason))
        outcome = await admin.compensate(
            context.services.commands,
            context.services.application.process(input.process),
            input.id,
            reason,
            command_context(context, options),
        )
        return to_outcome(context, outcome, ProcessAccepted, instance=(input.process, input.id))


def _check_command(context: Context, process: str, instance_id: UUID, command: LifecycleCommand) -> None:
    """Raises `AccessDenied` if the caller may not send the command to this instance."""
    if context.access.check_command(process, instance_id, command) is not None:
        raise AccessDenied(f"You may not send {command.stored.name}: its state does not say whose it is.")
