"""Errors of the database: which ones the driver raises, whose fault they are, and their texts.

Tree: `UserError` > `DatabaseUnavailable`. All other errors are the driver's own: see `DRIVER_ERRORS`.
"""

import re
import traceback

import asyncpg
import msgspec

from app.engine.errors import UserError

DRIVER_ERRORS = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What a call to the database raises. asyncpg raises InternalClientError if the server ends the connection at that moment."""

_RECOVERY_SOURCES = ("lock.c", "xlogfuncs.c")
"""The files of PostgreSQL that raise 55000 only if the server is in recovery."""
MAX_ERROR_LENGTH = 1_000
MAX_TRACEBACK_LENGTH = 16_000


class DatabaseUnavailable(UserError):
    """The database cannot be used. The message is one line: the reason and the remedy."""


def is_connection_error(error: BaseException) -> bool:
    """Whether the connection or its server failed and not the statement, so that a new connection may succeed.

    A cancelled statement (57014) is none. A server that takes no writes, or is in recovery, is one: another host may take
    them. The texts of errors have the language of the server.
    """
    if isinstance(error, asyncpg.PostgresError):
        state = getattr(error, "sqlstate", None) or ""
        return (
            state.startswith(("08", "57P"))
            or state in ("25006", "53300")
            or (state == "55000" and getattr(error, "server_source_filename", None) in _RECOVERY_SOURCES)
        )
    return isinstance(error, OSError | TimeoutError | asyncpg.InterfaceError | asyncpg.InternalClientError)


def is_operational_error(error: BaseException) -> bool:
    """Whether the database refuses for a reason that passes, or that its operator can remove: neither data nor code.

    These are locks, time-outs, conflicts of transactions, a full disk and too few resources. A server that is read-only or
    in recovery, missing rights and internal errors count, too.
    """
    if not isinstance(error, asyncpg.PostgresError):
        return False
    state = getattr(error, "sqlstate", None) or ""
    return state[:2] in ("08", "25", "28", "3D", "40", "53", "55", "57", "58", "XX") or state == "42501"


def is_database_failure(error: BaseException) -> bool:
    """Whether the database did not do its part. An error of the code, of its data, or of a file is none."""
    if isinstance(error, OSError) and error.filename is not None:
        return False
    if isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError):
        # A parameter of a wrong type is an error of the code.
        return False
    return is_connection_error(error) or is_operational_error(error)


def is_missing_table(error: BaseException, schema: str) -> bool:
    """Whether a statement names a table of this schema that does not exist."""
    # The quotes around a name are those of the server's language.
    return isinstance(error, asyncpg.UndefinedTableError) and bool(
        re.search(rf"\b{re.escape(schema)}\.", str(error))
    )


def is_data_error(error: BaseException) -> bool:
    """Whether a row or a key is at fault. PostgreSQL refuses it, or its values do not have the types of the columns."""
    if isinstance(error, asyncpg.PostgresError):
        # Data that does not fit, rows that break a constraint, one row twice, and values too large for an index.
        return (getattr(error, "sqlstate", None) or "")[:2] in ("21", "22", "23", "54")
    if isinstance(error, OSError | asyncpg.ClientConfigurationError):
        # A certificate that is refused or missing is a ValueError, too. No connection was made.
        return False
    return isinstance(
        error,
        ValueError | TypeError | AttributeError | ArithmeticError | LookupError | msgspec.MsgspecError,
    )


def error_summary(error: BaseException) -> str:
    """The error's type and message, as PostgreSQL can store it: at most `MAX_ERROR_LENGTH` characters."""
    return _storable_text("".join(traceback.format_exception_only(error)).strip())[:MAX_ERROR_LENGTH]


def traceback_text(error: BaseException) -> str:
    """The last `MAX_TRACEBACK_LENGTH` characters of the traceback, as PostgreSQL can store them."""
    return _storable_text("".join(traceback.format_exception(error)))[-MAX_TRACEBACK_LENGTH:]


def first_line(error: BaseException) -> str:
    """The first line of the error's message; the name of its type if it has none."""
    return (str(error) or type(error).__name__).strip().splitlines()[0]


def _storable_text(text: str) -> str:
    return text.encode(errors="backslashreplace").decode().replace("\0", "\\0")
