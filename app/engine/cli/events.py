"""The commands `events check` and `trace`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.tree import Tree

from app.engine.cli.output import markup, print_table, progress_bars
from app.engine.cli.session import async_command, open_session, parse_uuid, print_line
from app.engine.history.trace import CausedCommand, Trace, TracedEvent, read_trace
from app.engine.store.check_log import check_log

commands = typer.Typer(no_args_is_help=True, add_completion=False, help="Check the events in the log.")


@commands.callback()
def events() -> None:
    """Check the events in the log."""


@commands.command("check")
@async_command
async def check_events(context: typer.Context) -> None:
    """Read the whole log and list the events that this code cannot read; exit code 1 if there are any."""
    async with open_session(context) as session:
        with progress_bars() as update:
            report = await check_log(
                session.database, session.codec, lambda done, total: update("reading the log", done, total)
            )
    print_line(f"{report.head:,} events read in {report.seconds:.1f} s")
    if not report.unreadable:
        return
    shapes = sorted(report.unreadable.items(), key=lambda item: item[1].first)
    rows = [
        (stored.name, str(stored.version), str(shape.events), str(shape.first), shape.problem)
        for stored, shape in shapes
    ]
    print_table(("type", "version", "events", "first", "problem"), rows)
    print_line(
        "Their streams accept no commands, and projections lack them. Add an event class or an upcast for each, then rebuild the projections."
    )
    raise typer.Exit(1)


@async_command
async def trace(
    context: typer.Context,
    correlation: Annotated[
        str, typer.Argument(help="Correlation id of a request: every event and every internal error has it.")
    ],
) -> None:
    """Show the commands and events that one request caused, as a tree."""
    correlation_id = parse_uuid("the correlation id", correlation)
    async with open_session(context) as session:
        found = await read_trace(session.database, session.codec, correlation_id)
    console = Console(highlight=False)
    if not console.is_terminal:
        # A pipe has no width: no line is broken.
        console.width = 1_000
    console.print(_causation_tree(found))
    if found.truncated_at is not None:
        console.print(
            f"more events follow after position {found.truncated_at}: run `python -m app audit export --correlation {correlation_id}`",
            soft_wrap=True,
        )


def _causation_tree(trace: Trace) -> Tree:
    root = Tree(f"[bold]{trace.correlation_id}[/]  {trace.began_at:%Y-%m-%d %H:%M:%S} UTC", guide_style="dim")
    branches: dict[int, Tree] = {}
    for command in trace.commands:
        # The cause of a command precedes it in the log, so its branch exists already.
        parent = branches.get(command.caused_by or 0, root)
        branch = parent.add(_command_line(command, is_caused_outside=parent is root))
        for event in command.events:
            branches[event.position] = branch.add(_event_line(event, trace))
    return root


def _command_line(command: CausedCommand, *, is_caused_outside: bool) -> str:
    cause = (
        f"  caused by position {command.caused_by} of another request"
        if is_caused_outside and command.caused_by is not None
        else ""
    )
    name = markup(command.name or "unknown command")
    return f"[bold cyan]{name}[/]  by {markup(command.actor)}  [dim]{command.id}[/]{cause}"


def _event_line(event: TracedEvent, trace: Trace) -> str:
    seconds = (event.recorded_at - trace.began_at).total_seconds()
    elapsed = f"+{seconds * 1000:.0f} ms" if seconds < 10 else f"+{seconds:,.1f} s"
    stream = markup(f"{event.category} {event.stream_id}")
    return f"[green]{markup(event.type)}[/]  position {event.position}  {stream}  version {event.version}  [dim]{elapsed}[/]"
