"""The command line: the root command, and what every command ends with."""

import asyncio
import errno
import logging
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, NoReturn, override

import typer
from typer.core import TyperGroup
from typer.exceptions import Abort, TyperException
from typer.main import get_command, get_group

from app.engine.application import AnyApplication
from app.engine.cli.session import (
    OUTPUT_ERRORS,
    application_of,
    async_command,
    discard_output,
    print_line,
    settings_of,
)
from app.engine.errors import UserError
from app.engine.logs import configure_logging, log_python_output

log = logging.getLogger(__name__)

LAZY_COMMANDS: Mapping[str, str] = {
    "audit": "app.engine.cli.audit:commands",
    "events": "app.engine.cli.events:commands",
    "history": "app.engine.cli.history:history",
    "lag": "app.engine.cli.projections:lag",
    "processes": "app.engine.cli.processes:commands",
    "projections": "app.engine.cli.projections:commands",
    "prove": "app.engine.cli.prove:prove",
    "restore-check": "app.engine.cli.restore_check:restore_check",
    "roles": "app.engine.cli.roles:roles",
    "token": "app.engine.cli.token:token",
    "trace": "app.engine.cli.events:trace",
}
"""Commands and groups, each with `module:name`. They are imported when they are used: a server needs none of them."""

RENAMED_OPTIONS: Mapping[str, str] = {
    "--expect": "--expect-seal",
    "--moment": "--at",
    "--most": "--limit",
    "--stage": "--no-promote",
    "--undo": "the command `projections unskip`",
}
"""Options by their old names: an old name is refused with the new one in the message."""


class LazyGroup(TyperGroup):
    """The root command. It imports a command when it is used, and has the application's own commands, too."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *LAZY_COMMANDS, *_own_commands(ctx)]

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        path = {**LAZY_COMMANDS, **_own_commands(ctx)}.get(cmd_name)
        if path is None:
            return super().get_command(ctx, cmd_name)
        module, _, name = path.partition(":")
        loaded = getattr(import_module(module), name)
        if not isinstance(loaded, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command()(loaded)
            loaded = single
        command = get_command(loaded)
        command.name = cmd_name
        return command


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

Port = Annotated[int | None, typer.Option(help="Port to listen on; APP_PORT if omitted.")]
Host = Annotated[str | None, typer.Option(help="Address to listen on; APP_HOST if omitted.")]


@cli.command()
def serve(
    context: typer.Context,
    port: Port = None,
    host: Host = None,
    migrate: Annotated[bool, typer.Option("--migrate", help="Migrate the database first.")] = False,
) -> None:
    """Serve the API until Ctrl-C."""
    application = application_of(context)
    settings = application.settings.from_environment(port=port, host=host)
    is_production = settings.mode == "production"
    configure_logging(settings.log_level, lines="json" if is_production else "text")
    log_python_output()
    from app.engine.server.serve import serve as run_server

    print_state = log.info if is_production else _print_if_read
    try:
        code = asyncio.run(run_server(application, settings, migrate=migrate, print_line=print_state))
    except UserError as error:
        if not is_production:
            raise
        log.error("%s", error)
        code = 2
    raise typer.Exit(code)


def _print_if_read(line: str) -> None:
    """Print a line. A server goes on without a reader: Ctrl-C ends `serve | tee` with `tee` first."""
    try:
        print_line(line)
    except OSError as error:
        # A terminal that was closed is no pipe: it says EIO.
        if error.errno not in (errno.EPIPE, errno.EIO):
            raise
        discard_output()


@cli.command()
@async_command
async def migrate(context: typer.Context) -> None:
    """Migrate the database to the newest migration."""
    # A wrong setting is reported before the driver is imported.
    settings = settings_of(context)
    from app.engine.database.connections import open_database
    from app.engine.database.migrations import revision_names

    async with open_database(settings) as database:
        before, after = await database.migrate()
    was = "" if before == after else f", was {revision_names(before)}"
    print_line(f"database at migration {revision_names(after)}{was}")


@cli.command()
def schema(context: typer.Context) -> None:
    """Print the GraphQL schema, if each POLICY has the lines that it needs."""
    from app.engine.graphql.policies import check_policies
    from app.engine.graphql.schema import build_schema
    from app.engine.graphql.strawberry_internals import graphql_schema

    application = application_of(context)
    schema, _ = build_schema(application.slices(), application.deciders)
    check_policies(graphql_schema(schema), application)
    print_line(schema.as_str(), keep_lines=True)


def main(application: AnyApplication, arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command, and exit.

    A user error is one line on stderr and exit code 2. Ctrl-C is exit code 130.
    """
    configure_logging("info", lines="text")
    try:
        _check_encoding(sys.argv[1:] if arguments is None else arguments)
        root = get_group(cli)
        _check_names(application.commands, {*LAZY_COMMANDS, *root.commands})
        code = root.main(args=arguments, prog_name="python -m app", standalone_mode=False, obj=application)
        sys.stdout.flush()
    except TyperException as error:
        _exit_on_usage_error(error, sys.argv[1:] if arguments is None else arguments)
    except UserError as error:
        _exit_with_error(str(error))
    except (KeyboardInterrupt, Abort):
        sys.exit(130)
    except OSError as error:
        if error.errno not in OUTPUT_ERRORS:
            raise
        discard_output()
        _exit_with_error(f"cannot write standard output: {error.strerror}")
    sys.exit(code if isinstance(code, int) else 0)


def _check_encoding(arguments: Sequence[str]) -> None:
    """Raises `UserError` for bytes that are no text. The database, a token and an id would refuse them later."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise UserError(f"the argument {argument} is not UTF-8") from None


def _check_names(own: Iterable[str], engine: Collection[str]) -> None:
    """Raises `UserError` for an own command with a name of the engine's: it would hide that command or group."""
    for name in own:
        if name in engine:
            raise UserError(
                f"COMMANDS in app/composition.py has {name}, a command of the engine: give yours another name"
            )


def _exit_on_usage_error(error: TyperException, arguments: Sequence[str]) -> NoReturn:
    """A command or option that does not exist, a missing or malformed value: one line instead of a box."""
    message = " ".join(error.format_message().split())
    if not message:
        # The help was printed, because the command was called without arguments.
        sys.exit(error.exit_code)
    option: str = getattr(error, "option_name", "")
    if option in RENAMED_OPTIONS:
        _exit_with_error(f"{option} is now {RENAMED_OPTIONS[option]}")
    context: Any = getattr(error, "ctx", None)
    help_command = _command_of(arguments) if context is None else context.command_path
    _exit_with_error(f"{message.rstrip('.')}; see {help_command} --help")


def _command_of(arguments: Sequence[str]) -> str:
    """The command that the first word names, for an error that does not say where it happened."""
    return " ".join(["python -m app", *arguments[:1]])


def _exit_with_error(message: str) -> NoReturn:
    print_line(f"error: {message}", error=True)
    sys.exit(2)
