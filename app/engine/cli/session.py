"""What commands share: the application, its settings, the open database, the event loop, ids, and lines of output."""

import asyncio
import errno
import getpass
import os
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, overload
from uuid import UUID

import typer

from app.engine.application import AnyApplication
from app.engine.errors import UserError
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from app.engine.text import clean_line, escape_text, time_problem

if TYPE_CHECKING:
    # The driver is imported only by commands that open the database.
    from app.engine.database.connections import Database
    from app.engine.store.reader import EventReader


@dataclass(frozen=True)
class Session:
    """The open database of one command, and the reader of its log."""

    application: AnyApplication
    database: "Database"
    codec: EventCodec
    reader: "EventReader"


OUTPUT_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""What only a write of output raises: the disk is full, or gone."""


def async_command[**P](function: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a command of an async function: each call gets an event loop of its own. An error of the
    database becomes a `UserError`."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            asyncio.run(function(*args, **kwargs))
        except (UserError, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            # The driver has no common base of its errors. All others go on as they are.
            reason = _database_failure(error)
            if reason is None:
                raise
            raise UserError(reason) from error

    return run


def _database_failure(error: Exception) -> str | None:
    """Why the database did not do its part, in one line. None if the error is one of the code, of its data, or of a file."""
    from app.engine.database.errors import first_line, is_database_failure
    from app.engine.database.leases import LeaseLost
    from app.engine.store.append import Overloaded
    from app.engine.store.append_session import StoreTimeout, StoreUnavailable

    if isinstance(error, Overloaded | StoreTimeout | StoreUnavailable | LeaseLost):
        return str(error) or type(error).__doc__
    if isinstance(error, OSError) and error.errno in (errno.EPIPE, *OUTPUT_ERRORS):
        return None
    return f"the command did not finish: {first_line(error)}" if is_database_failure(error) else None


def application_of(context: typer.Context) -> AnyApplication:
    """The application that the terminal was started for."""
    return context.obj


def settings_of(context: typer.Context) -> EngineSettings:
    """Its settings, from the environment. Raises `ConfigurationError`."""
    return application_of(context).settings.from_environment()


def user_name() -> str:
    """The user of this machine. A container may run as a number without a name."""
    try:
        return getpass.getuser()
    except OSError:
        return f"uid {os.getuid()}"


@asynccontextmanager
async def open_session(context: typer.Context, *, writes: bool = False) -> AsyncGenerator[Session]:
    """Open the database and check its migrations. A command that `writes` needs a server that takes writes; others accept
    a standby. Raises `UserError` if that fails."""
    from app.engine.database.connections import open_database
    from app.engine.store.reader import EventReader

    application = application_of(context)
    async with open_database(settings_of(context), accept_standby=not writes) as database:
        await database.check_migrated()
        codec = application.codec
        yield Session(application, database, codec, EventReader(database.pool, codec))


def print_line(line: str, *, keep_lines: bool = False, error: bool = False) -> None:
    """Print a line at once, also into a pipe; with `error` to stderr. Stored text cannot control the terminal."""
    print(escape_text(line, keep_lines=keep_lines), file=sys.stderr if error else sys.stdout, flush=not error)


def discard_output() -> None:
    """Write nothing more. The interpreter flushes standard output at exit, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def clean_option(name: str, text: str, max_length: int) -> str:
    """The text of an option as it is recorded. Raises `UserError` if it is not one line of visible text."""
    cleaned, problem = clean_line(text, max_length)
    if problem is not None:
        raise UserError(f"{name} {problem}")
    return cleaned


def check_time(name: str, time: datetime) -> datetime:
    """The time that an option gives; `name` is for the message. Raises `UserError` outside of the years of the API."""
    if (problem := time_problem(time)) is not None:
        raise UserError(f"{name} {problem}")
    return time


@overload
def parse_uuid(name: str, text: str) -> UUID: ...
@overload
def parse_uuid(name: str, text: str | None) -> UUID | None: ...
def parse_uuid(name: str, text: str | None) -> UUID | None:
    """The UUID that an option or argument gives; `name` is for the message. Raises `UserError`."""
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise UserError(f"{name} is a UUID like 6b1f3c52-8e0d-4b0a-9a57-3a8b0e0f6f10, not {text!r}") from None
