"""Lists and repairs processes: the actions of operators."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID, uuid5

import asyncpg

from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandHandler,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
)
from app.engine.database.connections import Database, retry_read
from app.engine.processes.records import StepOutcome
from app.engine.read_models.queries import Range
from domain.kernel.decider import code_of, message_of
from domain.kernel.process import (
    AnyProcess,
    ForceCompensation,
    LifecycleCommand,
    ProcessUnknown,
    RetryStep,
    SkipStep,
)

FOLD_TIMEOUT_SECONDS = 1.0
POLL_INTERVAL_SECONDS = 0.01
MAX_REASON_LENGTH = 500
type ProcessState = Literal["running", "stuck", "parked", "ended"]
STATES: tuple[ProcessState, ...] = ("running", "stuck", "parked", "ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One command or effect that an instance asked for."""

    name: str
    outcome: StepOutcome
    attempts: int
    error: str | None
    at: datetime
    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessView:
    """One instance. `status` comes from the process, `state` from the engine.

    Stuck: a step has failed in its last attempt. Parked: a fact could not be folded.
    """

    process: str
    id: UUID
    status: str
    state: ProcessState
    began: int
    started_at: datetime
    updated_at: datetime
    deadline: datetime | None
    parked_position: int | None
    error: str | None
    position: int
    """The position of the newest event that the instance has folded, or that one of its steps has led to."""
    steps: Sequence[StepView]


async def get_processes(database: Database, process: str, ids: Sequence[UUID]) -> Mapping[UUID, ProcessView]:
    """Those of these instances that exist, by id."""
    return {
        view.id: view
        for view in await _read(
            database,
            f"{_SELECT_INSTANCES} WHERE p.process = $1 AND p.id = ANY($2::uuid[])",
            process,
            list(ids),
        )
    }


async def wait_until_folded(database: Database, process: str, instance: UUID, position: int) -> None:
    """Wait up to a second until an instance has folded the fact at this position.

    Another server process may own the instance, so this reads its row.
    """
    query = "SELECT position >= $3 OR parked_position IS NOT NULL FROM es.processes WHERE process = $1 AND id = $2"
    try:
        async with asyncio.timeout(FOLD_TIMEOUT_SECONDS):
            while not await retry_read(partial(database.reads.fetchval, query, process, instance, position)):  # noqa: ASYNC110 - another process may own the instance
                await asyncio.sleep(POLL_INTERVAL_SECONDS)
    except TimeoutError:
        # The fact may not concern the instance.
        return


async def list_processes(
    database: Database, part: Range, *, process: str | None = None, state: str | None = None
) -> Sequence[ProcessView]:
    """The instances of a range of the list, the newest first.

    A place is the position of the first event, the id and the process. Two processes may begin at one event with one id.
    """
    end, arguments = part.sql(("v.began", "v.id", "v.process"), 3, descending=True)
    return await _read(database, f"SELECT * {_FROM_INSTANCES}{end}", process, state, *arguments)


async def count_processes(database: Database, *, process: str | None = None, state: str | None = None) -> int:
    """The number of instances in the list."""
    return await retry_read(
        partial(database.reads.fetchval, f"SELECT count(*) {_FROM_INSTANCES}", process, state)
    )


async def retry(
    database: Database,
    commands: CommandHandler,
    process: AnyProcess | None,
    instance: UUID,
    step: str | None,
    context: CommandContext,
) -> CommandOutcome:
    """Retry a stuck step, or all of them if `step` is None; or the fact that parked the instance."""
    if process is None:
        return _unknown()
    view = (await get_processes(database, process.category, [instance])).get(instance)
    if view is not None and view.state == "parked" and step is None:
        outcome = await _execute(commands, process, instance, RetryStep(step="", parked=True), context)
        # An outcome with events is the first one of a command id that has retried a step. A repeat without events requests the
        # retry, too: the first attempt may have been interrupted before this statement.
        if isinstance(outcome, CommandAccepted) and not outcome.facts:
            await database.pool.execute(
                "UPDATE es.processes SET retry = true WHERE process = $1 AND id = $2",
                process.category,
                instance,
            )
        return outcome
    if step is not None or view is None:
        return await _execute(commands, process, instance, RetryStep(step=step or ""), context)
    names = [*dict.fromkeys(step.name for step in view.steps if step.outcome == "stuck")]
    outcome = await _execute(commands, process, instance, RetryStep(step=next(iter(names), "")), context)
    for name in names:
        # Without events it is the first outcome of a command id that has retried a parked instance.
        if not isinstance(outcome, CommandAccepted | CommandPreview) or not outcome.facts:
            break
        # The repeat of a retry that was interrupted has the outcome of that one's first step.
        if all(fact.event.step != name for fact in outcome.facts):
            outcome = await _retry_also(commands, process, instance, name, context, outcome)
    return outcome


async def _retry_also(
    commands: CommandHandler,
    process: AnyProcess,
    instance: UUID,
    step: str,
    context: CommandContext,
    outcome: CommandAccepted | CommandPreview,
) -> CommandOutcome:
    """Retry a further step; `outcome` is that of the steps before it. Returns the outcome of all.

    The version that the caller expects was compared with the first step. A step that is not stuck any more changes nothing.
    """
    command_id = None if context.command_id is None else uuid5(context.command_id, step)
    own = replace(context, command_id=command_id, expected_version=None)
    match await _execute(commands, process, instance, RetryStep(step=step), own):
        case CommandAccepted(facts=facts) as further:
            return replace(further, facts=[*outcome.facts, *facts])
        case CommandPreview(facts=facts):
            count = len(outcome.facts)
            moved = [
                replace(fact, position=fact.position + count, version=fact.version + count) for fact in facts
            ]
            return CommandPreview(facts=[*outcome.facts, *moved])
        case CommandRejected() | CommandConflict():
            return outcome


async def skip(
    commands: CommandHandler,
    process: AnyProcess | None,
    instance: UUID,
    step: str,
    reason: str,
    context: CommandContext,
) -> CommandOutcome:
    """Skip a stuck step. The reason is recorded."""
    return await _execute(commands, process, instance, SkipStep(step=step, reason=reason), context)


async def compensate(
    commands: CommandHandler, process: AnyProcess | None, instance: UUID, reason: str, context: CommandContext
) -> CommandOutcome:
    """Compensate a process: undo all its completed steps. The reason is recorded."""
    return await _execute(commands, process, instance, ForceCompensation(reason=reason), context)


async def _execute(
    commands: CommandHandler,
    process: AnyProcess | None,
    instance: UUID,
    command: LifecycleCommand,
    context: CommandContext,
) -> CommandOutcome:
    if process is None:
        return _unknown()
    return await commands.execute(process.stream_decider, instance, command, context)


def _unknown() -> CommandRejected:
    return CommandRejected(code=code_of(ProcessUnknown), message=message_of(ProcessUnknown))


async def _read(database: Database, query: str, *arguments: object) -> Sequence[ProcessView]:
    rows = await retry_read(partial(database.reads.fetch, query, *arguments))
    keys = [row["process"] for row in rows], [row["id"] for row in rows]
    steps: dict[tuple[str, Any], list[StepView]] = {}
    for row in await retry_read(partial(database.reads.fetch, _SELECT_STEPS, *keys)) if rows else ():
        steps.setdefault((row["process"], row["instance"]), []).append(
            StepView(
                name=row["step"],
                outcome=row["outcome"],
                attempts=row["attempts"],
                error=row["error"],
                at=row["moved_at"],
                position=row["position"],
            )
        )
    return [_view(row, steps.get((row["process"], row["id"]), [])) for row in rows]


def _view(row: asyncpg.Record, steps: Sequence[StepView]) -> ProcessView:
    return ProcessView(
        process=row["process"],
        id=UUID(int=row["id"].int),
        status=row["status"],
        state=row["state"],
        began=row["began"],
        started_at=row["began_at"],
        updated_at=row["moved_at"],
        deadline=row["deadline"],
        parked_position=row["parked_position"],
        error=row["parked_error"],
        position=max(row["position"], *(step.position or 0 for step in steps), 0),
        steps=steps,
    )


_SELECT_INSTANCES = """
    SELECT p.process, p.id, p.status, p.began, p.began_at, p.moved_at, p.position, p.parked_position, p.parked_error,
           (SELECT min(d.due) FROM es.process_deadlines d WHERE d.process = p.process AND d.instance = p.id) AS deadline,
           CASE
               WHEN p.parked_position IS NOT NULL THEN 'parked'
               WHEN EXISTS (SELECT FROM es.process_steps s WHERE s.process = p.process AND s.instance = p.id AND s.outcome = 'stuck') THEN 'stuck'
               WHEN p.ended AND NOT EXISTS (
                   SELECT FROM es.process_steps s WHERE s.process = p.process AND s.instance = p.id AND s.outcome = 'due'
               ) THEN 'ended'
               ELSE 'running'
           END AS state
    FROM es.processes p
"""

_FROM_INSTANCES = f"FROM ({_SELECT_INSTANCES} WHERE ($1::text IS NULL OR p.process = $1)) v WHERE ($2::text IS NULL OR v.state = $2)"

_SELECT_STEPS = """
    SELECT s.process, s.instance, s.step, s.outcome, s.attempts, s.error, s.moved_at, s.position
    FROM es.process_steps s JOIN unnest($1::text[], $2::uuid[]) n (process, instance) ON s.process = n.process AND s.instance = n.instance
    WHERE s.kind <> 'note' ORDER BY s.seq
"""
