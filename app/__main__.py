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

from app.logs import set_up
from app.settings import Mistake, Settings

GROUPS: Mapping[str, str] = {"projections": "app.operate", "processes": "app.steer"}
"""Groups of commands, and the module of each."""


class Groups(TyperGroup):
    """Imports a group where it is asked for: what all of them need takes a second to import, and a server none of it."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *GROUPS]

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        group = get_command(import_module(GROUPS[cmd_name]).commands)
        group.name = cmd_name
        return group


cli = typer.Typer(
    cls=Groups,
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
    port: Port = None,
    host: Host = None,
    migrate: Annotated[
        bool, typer.Option("--migrate", help="Bring the database to the newest migration first.")
    ] = False,
) -> None:
    """Serve the API until Ctrl-C."""
    settings = Settings.read(port=port, host=host)
    set_up(settings.log, lines="json" if settings.mode == "production" else "text")
    from app.serve import serve as run

    _run(run(settings, migrate=migrate, say=_say))


@cli.command()
def migrate() -> None:
    """Bring the database to the newest migration."""
    from app.database import open_database

    async def run() -> None:
        async with open_database(Settings.read()) as database:
            before, after = await database.migrate()
            _say(f"database at migration {after}" + ("" if before == after else f", was {before or 'none'}"))

    _run(run())


@cli.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from app.graphql.schema import build

    print(build()[0].as_str())


@cli.command()
def lag() -> None:
    """Show how far each projection has come."""
    from app.lag import show

    _run(show(Settings.read()))


@audit.command("verify")
def audit_verify(
    expect: Annotated[
        str | None,
        typer.Option(help="The hash of a seal, kept elsewhere: it has to be among the seals still."),
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Check this export instead, without a database.")] = None,
) -> None:
    """Check the log against its seals; exit code 1 names what was changed, removed or put in."""
    from app.audit import file as files
    from app.audit import verify

    wanted = verify.expected(expect)
    if not (asyncio.run(verify.show(Settings.read(), wanted)) if file is None else files.show(file, wanted)):
        raise typer.Exit(1)


@audit.command("export")
def audit_export(
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
    from app.audit import export

    what = export.asked(stream, _uuid("--id", id), _uuid("--correlation", correlation), first, last)
    if not asyncio.run(export.show(Settings.read(), what, out)):
        raise typer.Exit(1)


@cli.command()
def trace(
    correlation: Annotated[
        str,
        typer.Argument(help="The correlation id of a request; every event and every masked error has it."),
    ],
) -> None:
    """Show the commands and events that followed from one request, as a tree."""
    from app.trace import show

    _run(show(Settings.read(), _uuid("the correlation id", correlation)))


@cli.command()
def history(
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
    from app.history.show import point, show

    _run(show(Settings.read(), stream, id, point(version, moment, position), blame=blame))


@cli.command()
def demo(
    url: Annotated[str, typer.Option(help="The API to drive.")] = "http://localhost:8000/graphql",
    rate: Annotated[float, typer.Option(help="Orders per second.", min=0.1, max=200)] = 5,
    orders: Annotated[
        int | None, typer.Option(help="Stop after so many orders; until Ctrl-C if left out.", min=1)
    ] = None,
) -> None:
    """Drive believable traffic through a running API until Ctrl-C."""
    from app.demo import drive

    _run(drive(url, rate, orders))


@cli.command()
def prove(
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
    from app.prove.run import Plan
    from app.prove.run import prove as run

    plan = Plan(seconds=seconds, writers=writers, followers=followers, seed=seed, sabotage=sabotage)
    if not asyncio.run(run(Settings.read(), plan)):
        raise typer.Exit(1)


events = typer.Typer(no_args_is_help=True, help="The events in the log.")
cli.add_typer(events, name="events")


@events.command("check")
def check_events() -> None:
    """Read the whole log and name what this code cannot read; exit code 1 where there is something."""
    from app.check import check

    if not asyncio.run(check(Settings.read())):
        raise typer.Exit(1)


def _say(line: str) -> None:
    print(line, flush=True)


@overload
def _uuid(what: str, given: str) -> UUID: ...
@overload
def _uuid(what: str, given: str | None) -> UUID | None: ...
def _uuid(what: str, given: str | None) -> UUID | None:
    try:
        return None if given is None else UUID(given)
    except ValueError:
        raise Mistake(f"{what} is a UUID like 6b1f3c52-8e0d-4b0a-9a57-3a8b0e0f6f10, not {given!r}") from None


def _run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def main() -> None:
    """Run the command; what the user can mend is one line on stderr and exit code 2."""
    set_up("info", lines="text")
    try:
        cli()
    except Mistake as problem:
        print(f"error: {problem}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
