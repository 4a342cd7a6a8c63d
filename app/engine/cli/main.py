"""The command line."""

import asyncio
import sys
from collections.abc import Coroutine, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, overload, override
from uuid import UUID

import typer
from typer.core import TyperGroup
from typer.main import get_command

from app.engine.application import AnyApplication
from app.engine.cli.session import application_of, open_session, settings_of
from app.engine.errors import UserError
from app.engine.logs import configure_logging

LAZY_COMMAND_GROUPS: Mapping[str, str] = {
    "projections": "app.engine.cli.projections",
    "processes": "app.engine.cli.processes",
}
"""Groups of commands, and the module of each."""


class LazyGroup(TyperGroup):
    """Imports a group where it is asked for: what all of them need takes a second to import, and a server none of it."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *LAZY_COMMAND_GROUPS, *_own_commands(ctx)]

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        own_commands = _own_commands(ctx)
        if cmd_name in own_commands:
            module, _, name = own_commands[cmd_name].partition(":")
            command = typer.Typer(add_completion=False)
            command.command()(getattr(import_module(module), name))
            found = get_command(command)
        elif cmd_name in LAZY_COMMAND_GROUPS:
            found = get_command(import_module(LAZY_COMMAND_GROUPS[cmd_name]).commands)
        else:
            return super().get_command(ctx, cmd_name)
        found.name = cmd_name
        return found


def _own_commands(context: Any) -> Mapping[str, str]:
    """The commands that the application adds."""
    application: AnyApplication | None = context.obj
    return {} if application is None else application.commands


cli = typer.Typer(
    cls=LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="An event-sourced GraphQL backend.",
)

audit = typer.Typer(no_args_is_help=True, help="Check that the log is as it was recorded.")
cli.add_typer(audit, name="audit")

Port = Annotated[int | None, typer.Option(help="Port to listen on; APP_PORT, else 8000.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; APP_HOST, else loopback.")]


@cli.command()
def serve(
    context: typer.Context,
    port: Port = None,
    host: Host = None,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the database to the newest migration first.")
    ] = False,
) -> None:
    """Serve the API until Ctrl-C."""
    application = application_of(context)
    settings = application.settings.from_environment(port=port, host=host)
    configure_logging(settings.log_level, lines="json" if settings.mode == "production" else "text")
    from app.engine.server.serve import serve as run

    _run(run(application, settings, migrate=migrate, say=_print_line))


@cli.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to the newest migration."""
    # A wrong setting is answered before the driver is imported.
    settings = settings_of(context)
    from app.engine.database.connections import open_database
    from app.engine.database.migrations import revision_names

    async def run() -> None:
        async with open_database(settings) as database:
            before, after = await database.migrate()
            _print_line(
                f"database at migration {revision_names(after)}"
                + ("" if before == after else f", was {revision_names(before)}")
            )

    _run(run())


@cli.command()
def schema(context: typer.Context) -> None:
    """Print the GraphQL schema."""
    from app.engine.graphql.schema import build_schema

    application = application_of(context)
    print(build_schema(application.slices(), application.deciders)[0].as_str())


@cli.command()
def lag(context: typer.Context) -> None:
    """Show how far each projection has come."""
    from app.engine.cli.lag import print_lag

    _run(print_lag(context))


@audit.command("verify")
def audit_verify(
    context: typer.Context,
    expect: Annotated[
        str | None,
        typer.Option(help="The hash of a seal, kept elsewhere: it has to be among the seals still."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Check this export instead, without a database.")] = None,
) -> None:
    """Check the log against its seals; exit code 1 names what was changed, removed or put in."""
    from app.engine.audit import verify_export as files
    from app.engine.audit import verify_log as verify

    wanted = verify.parse_expected_hash(expect)
    if not (
        asyncio.run(verify.show(settings_of(context), wanted)) if file is None else files.show(file, wanted)
    ):
        raise typer.Exit(1)


@audit.command("export")
def audit_export(
    context: typer.Context,
    stream: Annotated[
        str | None, typer.Option(help="The stream's category: order, product, …; with --id.")
    ] = None,
    id: Annotated[str | None, typer.Option(help="The stream's id.")] = None,
    correlation: Annotated[str | None, typer.Option(help="All that followed from one request.")] = None,
    first: Annotated[int | None, typer.Option("--from", help="The first position; with --to.")] = None,
    last: Annotated[int | None, typer.Option("--to", help="The last position.")] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; standard output if left out.")] = None,
) -> None:
    """Write a part of the log as JSON Lines, with its hashes and the seals that cover it."""
    from app.engine.audit import export

    what = export.parse_scope(stream, _uuid("--id", id), _uuid("--correlation", correlation), first, last)
    if not asyncio.run(export.show(settings_of(context), what, out)):
        raise typer.Exit(1)


@cli.command()
def trace(
    context: typer.Context,
    correlation: Annotated[
        str,
        typer.Argument(help="The correlation id of a request; every event and every masked error has it."),
    ],
) -> None:
    """Show the commands and events that followed from one request, as a tree."""
    from app.engine.history.trace import show

    wanted = _uuid("the correlation id", correlation)

    async def run() -> None:
        async with open_session(context) as session:
            await show(session.database, session.codec, wanted)

    _run(run())


@cli.command()
def history(
    context: typer.Context,
    stream: Annotated[str, typer.Argument(help="Its category, as its facts name it.")],
    id: Annotated[str, typer.Argument(help="Which one: its id, or the name that the id is made from.")],
    version: Annotated[int | None, typer.Option(help="Show the state after this version instead.")] = None,
    moment: Annotated[
        str | None, typer.Option(help="Show the state at this moment instead, like 2026-01-31T12:00:00Z.")
    ] = None,
    position: Annotated[
        int | None, typer.Option(help="Show the state when the log stood at this position instead.")
    ] = None,
    blame: Annotated[
        bool, typer.Option("--blame", help="Show which fact last set each field of the state.")
    ] = False,
) -> None:
    """Show what has become of one aggregate, fact by fact."""
    from app.engine.cli.history import point, show

    _run(show(context, stream, id, point(version, moment, position), blame=blame))


@cli.command()
def prove(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(help="How long to write.", min=1)] = 8,
    writers: Annotated[
        int, typer.Option(help="Processes that write; one of them is killed.", min=2, max=32)
    ] = 4,
    followers: Annotated[int, typer.Option(help="Processes that follow.", min=2, max=32)] = 4,
    seed: Annotated[int | None, typer.Option(help="Take the same chances again.")] = None,
    sabotage: Annotated[
        Literal["lock", "sequence"] | None,
        typer.Option(help="Break the store first, to see the proof fail.", hidden=True),
    ] = None,
) -> None:
    """Prove in a scratch database that nothing is lost, doubled or out of order."""
    from app.engine.prove.run import Plan
    from app.engine.prove.run import prove as run

    plan = Plan(seconds=seconds, writers=writers, followers=followers, seed=seed, sabotage=sabotage)
    if not asyncio.run(run(settings_of(context), plan)):
        raise typer.Exit(1)


events = typer.Typer(no_args_is_help=True, help="The events in the log.")
cli.add_typer(events, name="events")


@events.command("check")
def check_events(context: typer.Context) -> None:
    """Read the whole log and name what this code cannot read; exit code 1 where there is something."""
    from app.engine.cli.events import print_check

    if not asyncio.run(print_check(context)):
        raise typer.Exit(1)


def _print_line(line: str) -> None:
    print(line, flush=True)


@overload
def _uuid(what: str, given: str) -> UUID: ...
@overload
def _uuid(what: str, given: str | None) -> UUID | None: ...
def _uuid(what: str, given: str | None) -> UUID | None:
    try:
        return None if given is None else UUID(given)
    except ValueError:
        raise UserError(
            f"{what} is a UUID like 6b1f3c52-8e0d-4b0a-9a57-3a8b0e0f6f10, not {given!r}"
        ) from None


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def main(application: AnyApplication) -> None:
    """Run the command; what the user can mend is one line on stderr and exit code 2."""
    configure_logging("info", lines="text")
    try:
        cli(obj=application)
    except UserError as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
