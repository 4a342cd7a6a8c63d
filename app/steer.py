"""What an operator does at the terminal about processes: list them, look at one, and get one going that stands still."""

import asyncio
import getpass
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

import typer

from app.commands import Accepted, Commands, Conflicted, Outcome, Previewed, Refused, Request
from app.database import Database, open_database
from app.ids import ordered_id
from app.processes import operate
from app.settings import Mistake, Settings
from app.shown import columns
from app.store.append import Appender
from app.store.codec import registered
from app.store.read import Fact, Reader
from app.store.wake import CHANNEL
from domain import PROCESSES
from domain.process import AnyProcess

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
    state: Annotated[
        str | None, typer.Option(help="Only those that are running, stuck, parked or ended.")
    ] = None,
    process: Annotated[str | None, typer.Option(help="Only those of this process.")] = None,
    most: Annotated[int, typer.Option("--most", help="How many, the newest first.", min=1, max=1_000)] = 50,
) -> None:
    """List processes, the newest first."""
    if state not in (None, *operate.STATES):
        raise Mistake(f"there is no state {state}; there are {', '.join(operate.STATES)}")
    if process is not None:
        _named(process)

    async def run() -> None:
        async with _open() as database:
            found = await operate.listing(database, process=process, state=state, limit=most)
        rows = [
            (
                view.process,
                str(view.id),
                view.state,
                view.status,
                f"{view.moved_at:%Y-%m-%d %H:%M:%S}",
                _last(view),
            )
            for view in found
        ]
        columns(
            ("process", "id", "state", "status", "moved", "last step"),
            rows,
            marked=[view.state in ("stuck", "parked") for view in found],
        )

    asyncio.run(run())


@commands.command()
def show(process: Process, instance: Instance) -> None:
    """Show one process with all it has asked for."""
    named, identity = _named(process), _identity(instance)

    async def run() -> None:
        async with _open() as database:
            view = (await operate.views(database, named.category, [identity])).get(identity)
        if view is None:
            raise Mistake(f"no {process} is known of {identity}")
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
        columns(
            ("step", "outcome", "failed", "at", "position", "error"),
            rows,
            right=range(2, 3),
            marked=[step.outcome == "stuck" for step in view.steps],
        )

    asyncio.run(run())


@commands.command()
def retry(
    process: Process,
    instance: Instance,
    step: Annotated[
        str | None,
        typer.Option(help="Only this stuck step; all of them, or the fact that parked it, if left out."),
    ] = None,
) -> None:
    """Have stuck steps tried again, or the fact that parked the process."""
    named, identity = _named(process), _identity(instance)
    _told(lambda database, tell, asked: operate.retry(database, tell, named, identity, step, asked))


@commands.command()
def compensate(process: Process, instance: Instance, reason: Reason) -> None:
    """Have everything that the process did undone."""
    named, identity = _named(process), _identity(instance)
    why = _why(reason)
    _told(lambda _, tell, asked: operate.compensate(tell, named, identity, why, asked))


@commands.command()
def skip(
    process: Process,
    instance: Instance,
    step: Annotated[str, typer.Argument(help="The stuck step.")],
    reason: Reason,
) -> None:
    """Take a stuck step for done."""
    named, identity = _named(process), _identity(instance)
    why = _why(reason)
    _told(lambda _, tell, asked: operate.skip(tell, named, identity, step, why, asked))


def _why(reason: str) -> str:
    """The reason as it is recorded. Raises `Mistake` where it says nothing, or too much."""
    if not reason.strip() or len(reason) > operate.MOST_REASON or "\0" in reason:
        raise Mistake(f"--reason is why: 1 to {operate.MOST_REASON} characters, since it is recorded")
    return reason


def _told(ask: Callable[[Database, Commands, Request], Coroutine[object, object, Outcome]]) -> None:
    """Record what the operator wants; the server that owns the process acts on it. Raises `Mistake` where it is refused."""

    # What comes of it is said below, in words.
    logging.getLogger("app.commands").setLevel(logging.WARNING)

    async def run() -> None:
        async with _open() as database:
            codec = registered()
            appender = Appender(database.connect, codec, _nobody_follows)
            running = asyncio.create_task(appender.run())
            try:
                asked = Request(actor=f"operator:{getpass.getuser()}", correlation_id=ordered_id())
                outcome = await ask(database, Commands(appender, Reader(database.pool, codec)), asked)
                await database.pool.execute(
                    "SELECT pg_notify($1, (SELECT coalesce(max(position), 0)::text FROM es.events))", CHANNEL
                )
            finally:
                appender.drain()
                await running
        match outcome:
            case Accepted(facts=facts):
                print(
                    "recorded: "
                    + ", ".join(f"{fact.event.stored.name} at position {fact.position}" for fact in facts)
                    if facts
                    else "asked for"
                )
            case Refused(message=message):
                raise Mistake(message)
            case Conflicted() | Previewed():
                raise Mistake("something else came first; look again")

    asyncio.run(run())


def _nobody_follows(position: int, facts: Sequence[Fact]) -> None:
    """This process has no feed."""


@asynccontextmanager
async def _open() -> AsyncGenerator[Database]:
    async with open_database(Settings.read()) as database:
        await database.check_migrated()
        yield database


def _named(name: str) -> AnyProcess:
    for process in PROCESSES:
        if process.category == name:
            return process
    raise Mistake(
        f"there is no process {name}; there are {', '.join(each.category for each in PROCESSES) or 'none'}"
    )


def _identity(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Mistake(f"{text} is no id: give one as python -m app processes list shows it") from None


def _last(view: operate.View) -> str:
    stuck = next((step for step in view.steps if step.outcome == "stuck"), None)
    last = stuck or (view.steps[-1] if view.steps else None)
    return "" if last is None else f"{last.name}: {last.outcome}" + (f" ({last.error})" if last.error else "")
