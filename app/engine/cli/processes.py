"""The commands `processes`: list, show, status, retry, compensate and skip."""

import logging
from collections.abc import Callable, Coroutine
from typing import Annotated
from uuid import UUID

import typer

from app.engine.cli.output import print_table, progress_bars
from app.engine.cli.session import (
    Session,
    application_of,
    async_command,
    clean_option,
    open_session,
    print_line,
    user_name,
)
from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandHandler,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
    open_command_handler,
)
from app.engine.database.connections import DRIVER_ERRORS, Database
from app.engine.errors import UserError
from app.engine.logs import error_line
from app.engine.processes import admin
from app.engine.processes.bulk_retry import RETRIED_STATES, RetrySelection, count_selected, retry_selected
from app.engine.processes.counts import checkpoint_views, step_counts
from app.engine.read_models.queries import Range
from app.engine.store.notifier import CHANNEL
from app.engine.uuid7 import uuid7
from domain.kernel.process import AnyProcess

log = logging.getLogger(__name__)
commands = typer.Typer(no_args_is_help=True, add_completion=False, help="List, inspect and repair processes.")

Process = Annotated[str, typer.Argument(help="Name of the process.")]
Instance = Annotated[str, typer.Argument(help="Id of the instance.")]
Reason = Annotated[str, typer.Option(help="The reason; it is recorded.")]


@commands.command("list")
@async_command
async def list_processes(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help=f"Only one state: {', '.join(admin.STATES)}.")] = None,
    process: Annotated[str | None, typer.Option(help="Only instances of this process.")] = None,
    limit: Annotated[int, typer.Option(help="Maximum number of instances.", min=1, max=1_000)] = 50,
) -> None:
    """List process instances, the newest first."""
    if state not in (None, *admin.STATES):
        raise UserError(f"there is no state {state}; there are {', '.join(admin.STATES)}")
    if process is not None:
        _find_process(context, process)
    async with open_session(context) as session:
        views = await admin.list_processes(session.database, Range(limit), process=process, state=state)
    rows = [
        (
            view.process,
            str(view.id),
            view.state,
            view.status,
            f"{view.updated_at:%Y-%m-%d %H:%M:%S}",
            _last_step(view),
        )
        for view in views
    ]
    highlighted = [view.state in ("stuck", "parked") for view in views]
    print_table(
        ("process", "id", "state", "status", "last change", "last step"), rows, highlighted=highlighted
    )


@commands.command()
@async_command
async def show(context: typer.Context, process: Process, instance: Instance) -> None:
    """Show one process instance with all its steps."""
    category, instance_id = _find_process(context, process).category, _parse_id(instance)
    async with open_session(context) as session:
        views = await admin.get_processes(session.database, category, [instance_id])
    view = views.get(instance_id)
    if view is None:
        raise UserError(f"there is no {process} with the id {instance_id}")
    print_line(f"{view.process} {view.id}: {view.state}, {view.status}")
    if view.deadline is not None:
        print_line(f"waits until {view.deadline:%Y-%m-%d %H:%M:%S} UTC")
    if view.error is not None:
        print_line(f"parked at position {view.parked_position}:\n{view.error}", keep_lines=True)
    rows = [
        (
            step.name,
            step.outcome,
            str(step.attempts),
            f"{step.at:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            str(step.position or ""),
            step.error or "",
        )
        for step in view.steps
    ]
    highlighted = [step.outcome == "stuck" for step in view.steps]
    header = ("step", "outcome", "failed", "at", "position", "error")
    print_table(header, rows, right=range(2, 3), highlighted=highlighted)


@commands.command()
@async_command
async def status(context: typer.Context) -> None:
    """Show each process: its position, its owner, what waits, and what it has passed over."""
    categories = [process.category for process in application_of(context).processes]
    async with open_session(context) as session:
        checkpoints = await checkpoint_views(session.database.pool, categories)
        counts = await step_counts(session.database.pool)
        head = await session.reader.head_position()

    def waiting(process: str, state: str) -> str:
        found = [count for count in counts if (count.process, count.state) == (process, state)]
        oldest = max((count.oldest_seconds for count in found), default=0.0)
        return f"{sum(count.count for count in found)} ({oldest:.0f} s)" if found else "0"

    rows = [
        (
            view.process,
            str(view.position),
            str(max(0, head - view.position)),
            view.owner or "none",
            *(waiting(view.process, state) for state in ("due", "stuck", "parked")),
            f"{view.skipped_events} (newest at {view.last_skipped})" if view.skipped_events else "0",
        )
        for view in checkpoints
    ]
    header = (
        "process",
        "position",
        "lag",
        "owner",
        "due steps",
        "stuck steps",
        "parked instances",
        "skipped events",
    )
    print_table(header, rows, right=range(1, 3))


@commands.command()
@async_command
async def retry(
    context: typer.Context,
    process: Annotated[
        str | None, typer.Argument(help="Name of the process; with --state, all if omitted.")
    ] = None,
    instance: Annotated[str | None, typer.Argument(help="Id of the instance; omitted with --state.")] = None,
    step: Annotated[
        str | None,
        typer.Option(
            help="Only this stuck step; if omitted, all of them, or the event that parked the process."
            " With --state stuck, the stored name of a command or call means all steps that send it."
        ),
    ] = None,
    state: Annotated[str | None, typer.Option(help="All instances of this state: stuck or parked.")] = None,
) -> None:
    """Retry stuck steps, or the event that parked the process: of one instance, or of all in a state."""
    if state is not None:
        await _retry_all(context, process, instance, step, state)
        return
    if process is None or instance is None:
        raise UserError("name a process and an instance, or give --state stuck or --state parked")
    target, instance_id = _find_process(context, process), _parse_id(instance)
    await _submit(
        context,
        lambda database, handler, request: admin.retry(database, handler, target, instance_id, step, request),
    )


async def _retry_all(
    context: typer.Context, process: str | None, instance: str | None, step: str | None, state: str
) -> None:
    if state not in RETRIED_STATES:
        raise UserError(f"--state must be one of {', '.join(RETRIED_STATES)}, not {state}")
    if instance is not None:
        raise UserError("--state retries all instances; leave the id out")
    if step is not None and state == "parked":
        raise UserError("--step goes with --state stuck: a parked instance waits at an event")
    application = application_of(context)
    targets = application.processes if process is None else [_find_process(context, process)]
    selection = RetrySelection(processes=targets, codec=application.codec, state=state, step=step)
    request = _operator_request()
    async with (
        open_session(context, writes=True) as session,
        open_command_handler(session.database, session.codec) as handler,
    ):
        total = await count_selected(session.database, selection)
        with progress_bars() as update:
            counts = await retry_selected(
                session.database,
                handler,
                selection,
                request,
                on_progress=lambda done: update(f"retrying {state}", done, total),
            )
        await _notify_servers(session)
    rest = counts.found - counts.retried
    print_line(
        f"{counts.retried} retried"
        + (f", {rest} were retried already or are not stuck any more" if rest else "")
    )


@commands.command()
@async_command
async def compensate(context: typer.Context, process: Process, instance: Instance, reason: Reason) -> None:
    """Compensate a process: undo all its completed steps."""
    target, instance_id = _find_process(context, process), _parse_id(instance)
    valid_reason = clean_option("--reason", reason, admin.MAX_REASON_LENGTH)
    await _submit(
        context,
        lambda _, handler, request: admin.compensate(handler, target, instance_id, valid_reason, request),
    )


@commands.command()
@async_command
async def skip(
    context: typer.Context,
    process: Process,
    instance: Instance,
    step: Annotated[str, typer.Argument(help="Name of the stuck step.")],
    reason: Reason,
) -> None:
    """Treat a stuck step as done."""
    target, instance_id = _find_process(context, process), _parse_id(instance)
    valid_reason = clean_option("--reason", reason, admin.MAX_REASON_LENGTH)
    await _submit(
        context,
        lambda _, handler, request: admin.skip(handler, target, instance_id, step, valid_reason, request),
    )


async def _submit(
    context: typer.Context,
    submit: Callable[[Database, CommandHandler, CommandContext], Coroutine[object, object, CommandOutcome]],
) -> None:
    """Record the operator's command and print the outcome. The server that owns the process acts on it.

    Raises `UserError` if the command is rejected.
    """
    request = _operator_request()
    async with (
        open_session(context, writes=True) as session,
        open_command_handler(session.database, session.codec) as handler,
    ):
        outcome = await submit(session.database, handler, request)
        await _notify_servers(session)
    match outcome:
        case CommandAccepted(facts=facts):
            recorded = ", ".join(f"{fact.event.stored.name} at position {fact.position}" for fact in facts)
            print_line(f"recorded: {recorded}" if facts else "requested")
        case CommandRejected(message=message):
            raise UserError(message)
        case CommandConflict() | CommandPreview():
            raise UserError(
                "conflict: another command changed this process; run `processes show` and try again"
            )


def _operator_request() -> CommandContext:
    # The outcome is printed; the log line of the command would repeat it.
    logging.getLogger("app.engine.commands").setLevel(logging.WARNING)
    return CommandContext(actor=f"operator:{user_name()}", correlation_id=uuid7())


async def _notify_servers(session: Session) -> None:
    """Tell all servers, after the commit. A notification that is lost costs the time until the next poll."""
    try:
        await session.database.pool.execute(
            "SELECT pg_notify($1, (SELECT coalesce(max(position), 0)::text FROM es.events))", CHANNEL
        )
    except DRIVER_ERRORS as error:
        log.warning("servers are not notified of the new events: %s", error_line(error))


def _find_process(context: typer.Context, name: str) -> AnyProcess:
    application = application_of(context)
    process = application.process(name)
    if process is None:
        known = ", ".join(process.category for process in application.processes) or "none"
        raise UserError(f"there is no process {name}; there are {known}")
    return process


def _parse_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UserError(f"{text} is not an id; `python -m app processes list` shows the ids") from None


def _last_step(view: admin.ProcessView) -> str:
    stuck = next((step for step in view.steps if step.outcome == "stuck"), None)
    step = stuck or (view.steps[-1] if view.steps else None)
    return "" if step is None else f"{step.name}: {step.outcome}" + (f" ({step.error})" if step.error else "")
