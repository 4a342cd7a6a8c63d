"""What an operator does at the terminal about processes: list them, look at one, and get one going that stands still."""

import asyncio
import getpass
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated
from uuid import UUID

import typer

from app.engine.cli.output import print_table
from app.engine.cli.session import application_of, open_session
from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandHandler,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
)
from app.engine.database.connections import Database
from app.engine.errors import UserError
from app.engine.processes import admin as operate
from app.engine.store.append import Appender
from app.engine.store.notifier import CHANNEL
from app.engine.store.reader import Fact
from app.engine.uuid7 import uuid7
from domain.kernel.process import AnyProcess

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="List processes, look at one, and get one going that stands still.",
)

Process = Annotated[str, typer.Argument(help="Which process: fulfilment, …")]
Instance = Annotated[str, typer.Argument(help="Which instance: the id of what it works on.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]


@commands.command("list")
def list_processes(
    context: typer.Context,
    state: Annotated[
        str | None, typer.Option(help="Only those that are running, stuck, parked or ended.")
    ] = None,
    process: Annotated[str | None, typer.Option(help="Only those of this process.")] = None,
    most: Annotated[int, typer.Option("--most", help="How many, the newest first.", min=1, max=1_000)] = 50,
) -> None:
    """List processes, the newest first."""
    if state not in (None, *operate.STATES):
        raise UserError(f"there is no state {state}; there are {', '.join(operate.STATES)}")
    if process is not None:
        _named(context, process)

    async def run() -> None:
        async with open_session(context) as session:
            found = await operate.list_processes(session.database, process=process, state=state, limit=most)
        rows = [
            (
                view.process,
                str(view.id),
                view.state,
                view.status,
                f"{view.moved_at:%Y-%m-%d %H:%M:%S}",
                _last_step(view),
            )
            for view in found
        ]
        print_table(
            ("process", "id", "state", "status", "moved", "last step"),
            rows,
            marked=[view.state in ("stuck", "parked") for view in found],
        )

    asyncio.run(run())


@commands.command()
def show(context: typer.Context, process: Process, instance: Instance) -> None:
    """Show one process with all it has asked for."""
    named, identity = _named(context, process), _parse_id(instance)

    async def run() -> None:
        async with open_session(context) as session:
            view = (await operate.get_processes(session.database, named.category, [identity])).get(identity)
        if view is None:
            raise UserError(f"no {process} is known of {identity}")
        print(f"{view.process} {view.id}: {view.state}, {view.status}")
        if view.deadline is not None:
            print(f"waits until {view.deadline:%Y-%m-%d %H:%M:%S} UTC")
        if view.error is not None:
            print(f"parked at position {view.parked_position}:\n{view.error}")
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
        print_table(
            ("step", "outcome", "failed", "at", "position", "error"),
            rows,
            right=range(2, 3),
            marked=[step.outcome == "stuck" for step in view.steps],
        )

    asyncio.run(run())


@commands.command()
def retry(
    context: typer.Context,
    process: Process,
    instance: Instance,
    step: Annotated[
        str | None,
        typer.Option(help="Only this stuck step; all of them, or the fact that parked it, if left out."),
    ] = None,
) -> None:
    """Have stuck steps tried again, or the fact that parked the process."""
    named, identity = _named(context, process), _parse_id(instance)
    _submit(
        context, lambda database, tell, asked: operate.retry(database, tell, named, identity, step, asked)
    )


@commands.command()
def compensate(context: typer.Context, process: Process, instance: Instance, reason: Reason) -> None:
    """Have everything that the process did undone."""
    named, identity = _named(context, process), _parse_id(instance)
    why = _validated_reason(reason)
    _submit(context, lambda _, tell, asked: operate.compensate(tell, named, identity, why, asked))


@commands.command()
def skip(
    context: typer.Context,
    process: Process,
    instance: Instance,
    step: Annotated[str, typer.Argument(help="The stuck step.")],
    reason: Reason,
) -> None:
    """Take a stuck step for done."""
    named, identity = _named(context, process), _parse_id(instance)
    why = _validated_reason(reason)
    _submit(context, lambda _, tell, asked: operate.skip(tell, named, identity, step, why, asked))


def _validated_reason(reason: str) -> str:
    """The reason as it is recorded. Raises `Mistake` where it says nothing, or too much."""
    if not reason.strip() or len(reason) > operate.MAX_REASON_LENGTH or "\0" in reason:
        raise UserError(f"--reason is why: 1 to {operate.MAX_REASON_LENGTH} characters, since it is recorded")
    return reason


def _submit(
    context: typer.Context,
    ask: Callable[[Database, CommandHandler, CommandContext], Coroutine[object, object, CommandOutcome]],
) -> None:
    """Record what the operator wants; the server that owns the process acts on it. Raises `Mistake` where it is refused."""

    # What comes of it is said below, in words.
    logging.getLogger("app.engine.commands").setLevel(logging.WARNING)

    async def run() -> None:
        async with open_session(context) as session:
            database = session.database
            appender = Appender(database.connect, session.codec, _ignore_commits)
            running = asyncio.create_task(appender.run())
            try:
                asked = CommandContext(actor=f"operator:{getpass.getuser()}", correlation_id=uuid7())
                outcome = await ask(database, CommandHandler(appender, session.reader), asked)
                await database.pool.execute(
                    "SELECT pg_notify($1, (SELECT coalesce(max(position), 0)::text FROM es.events))", CHANNEL
                )
            finally:
                appender.drain()
                await running
        match outcome:
            case CommandAccepted(facts=facts):
                print(
                    "recorded: "
                    + ", ".join(f"{fact.event.stored.name} at position {fact.position}" for fact in facts)
                    if facts
                    else "asked for"
                )
            case CommandRejected(message=message):
                raise UserError(message)
            case CommandConflict() | CommandPreview():
                raise UserError("something else came first; look again")

    asyncio.run(run())


def _ignore_commits(position: int, facts: Sequence[Fact]) -> None:
    """This process has no feed."""


def _named(context: typer.Context, name: str) -> AnyProcess:
    processes = application_of(context).processes
    for process in processes:
        if process.category == name:
            return process
    raise UserError(
        f"there is no process {name}; there are {', '.join(process.category for process in processes) or 'none'}"
    )


def _parse_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise UserError(f"{text} is no id: give one as python -m app processes list shows it") from None


def _last_step(view: operate.ProcessView) -> str:
    stuck = next((step for step in view.steps if step.outcome == "stuck"), None)
    last = stuck or (view.steps[-1] if view.steps else None)
    return "" if last is None else f"{last.name}: {last.outcome}" + (f" ({last.error})" if last.error else "")
