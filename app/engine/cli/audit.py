"""The commands `audit verify` and `audit export`."""

import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, BinaryIO, Self
from uuid import uuid4

import typer

from app.engine.audit.export import Tampered, export_log, parse_scope
from app.engine.audit.verify_export import InvalidExport, verify_export
from app.engine.audit.verify_log import Report, parse_expected_hash, pluralize, verify
from app.engine.cli.output import progress_bars
from app.engine.cli.session import async_command, discard_output, open_session, parse_uuid, print_line
from app.engine.database.connections import DRIVER_ERRORS, DatabaseUnavailable
from app.engine.errors import UserError
from app.engine.text import escape_text

commands = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Verify that the event log is unchanged; export parts of it.",
)

MAX_SHOWN_FINDINGS = 20


@commands.command("verify")
@async_command
async def audit_verify(
    context: typer.Context,
    expect_seal: Annotated[
        str | None, typer.Option(help="Hash of a seal that you kept elsewhere: the log must still have it.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="Verify this export instead, without a database.")] = None,
) -> None:
    """Verify the log against its seals; exit code 1 if an event was changed, removed or inserted."""
    expected = parse_expected_hash(expect_seal)
    unchanged = await _verify_log(context, expected) if file is None else _verify_export(file, expected)
    if not unchanged:
        raise typer.Exit(1)


async def _verify_log(context: typer.Context, expected: bytes | None) -> bool:
    async with open_session(context) as session:
        with progress_bars() as update:
            try:
                report = await verify(
                    session.database, expected, lambda done, total: update("verifying the log", done, total)
                )
            except DRIVER_ERRORS as error:
                raise DatabaseUnavailable(
                    f"the log cannot be read to its end: {str(error) or type(error).__name__}"
                ) from error
    _print_report(report)
    return not report.findings


def _print_report(report: Report) -> None:
    if report.findings:
        for line in report.findings[:MAX_SHOWN_FINDINGS]:
            print_line(line)
        if (more := len(report.findings) - MAX_SHOWN_FINDINGS) > 0:
            print_line(f"and {more:,} more")
        return
    if report.head is None:
        print_line(f"nothing to verify: the log has no seal yet, and {pluralize(report.newer, 'event')}")
        return
    newer = f"; {pluralize(report.newer, 'newer event')} not sealed yet" if report.newer else ""
    print_line(
        f"ok: {pluralize(report.facts, 'event')} as recorded, under {pluralize(report.seals, 'seal')}{newer}"
    )
    print_line(f"newest seal: {report.head.number} {report.head.hash.hex()}")


def _verify_export(path: Path, expected: bytes | None) -> bool:
    try:
        with path.open("rb") as file, progress_bars() as update:
            export = verify_export(file, lambda done, total: update("verifying the file", done, total))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except InvalidExport as error:
        print_line(f"{path}: {error}")
        return False
    if expected is not None and expected.hex() not in {seal.hash for seal in export.seals}:
        print_line(f"{path}: none of its seals has the hash {expected.hex()}")
        return False
    events = f"{pluralize(export.facts, 'event')} ({export.scope})"
    if not export.seals:
        print_line(f"nothing to verify: no seal covers the {events}; only this file vouches for them")
        return True
    unsealed = f"; {export.unsealed:,} of them not sealed yet: only this file vouches for them"
    print_line(
        f"ok: {events} under {pluralize(len(export.seals), 'seal')}{unsealed if export.unsealed else ''}"
    )
    print_line(f"newest seal: {export.seals[-1].number} {export.seals[-1].hash}")
    return True


@commands.command("export")
@async_command
async def audit_export(
    context: typer.Context,
    stream: Annotated[str | None, typer.Option(help="Category of the stream; needs --id.")] = None,
    id: Annotated[str | None, typer.Option(help="Id of the stream.")] = None,
    correlation: Annotated[str | None, typer.Option(help="All events with this correlation id.")] = None,
    first: Annotated[int | None, typer.Option("--from", help="The first position; needs --to.")] = None,
    last: Annotated[int | None, typer.Option("--to", help="The last position.")] = None,
    out: Annotated[Path | None, typer.Option(help="File to write; standard output if omitted.")] = None,
) -> None:
    """Write a part of the log as JSON Lines, with its hashes and the seals that cover it."""
    scope = parse_scope(stream, parse_uuid("--id", id), parse_uuid("--correlation", correlation), first, last)
    async with open_session(context) as session:
        with _Output(out) as output, progress_bars(hidden=output.is_terminal) as update:
            try:
                await export_log(
                    session.database,
                    scope,
                    output.write,
                    lambda done, total: update("exporting", done, total),
                )
            except Tampered as error:
                print_line(f"{error}: run `python -m app audit verify` for details", error=True)
                raise typer.Exit(1) from None
            except DRIVER_ERRORS as error:
                raise UserError(f"the export stopped: {str(error) or type(error).__name__}") from error


class _Output:
    """The file or pipe that an export is written to. It turns errors of writing into errors of the user.

    A file gets its name when the export is complete. An export that fails leaves an earlier file as it was. If the
    folder takes no further file, the earlier one is written over.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: BinaryIO = sys.stdout.buffer
        self._target: Path | None = None
        """The file that the finished export replaces or becomes. None for a pipe or a device."""
        self.is_terminal = path is None and sys.stdout.isatty()

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._file = self._open(self._path)
            except OSError as error:
                raise self._error(error) from None
        return self

    def _open(self, path: Path) -> BinaryIO:
        if path.exists() and not path.is_file():
            return path.open("wb")
        # A symbolic link stays one.
        target = path.resolve()
        exists = target.exists()
        if exists:
            # A file that is protected against writing is refused, although its folder would let another take its place.
            target.open("ab").close()
        try:
            file = target.with_name(f".export-{uuid4()}.part").open("xb")
        except PermissionError:
            # The folder takes no further file.
            return path.open("wb")
        self._target = target
        if exists:
            with suppress(OSError):
                shutil.copymode(target, file.name)
        return file

    def write(self, data: bytes) -> None:
        if self.is_terminal:
            data = escape_text(data.decode(), keep_lines=True).encode()
        try:
            self._file.write(data)
        except OSError as error:
            raise self._error(error) from None

    def __exit__(self, kind: type[BaseException] | None, error: object, traceback: object) -> None:
        try:
            self._file.flush()
            if self._target is not None and kind is None:
                os.fsync(self._file.fileno())
                os.replace(self._file.name, self._target)
        except OSError as error:
            # A write that failed before has the same cause.
            if kind is None:
                raise self._error(error) from None
        finally:
            self._close()

    def _close(self) -> None:
        with suppress(OSError):
            if self._path is not None:
                self._file.close()
        if self._target is not None:
            # It is gone if it has got its name.
            Path(self._file.name).unlink(missing_ok=True)

    def _error(self, error: OSError) -> Exception:
        if self._path is None:
            discard_output()
            if isinstance(error, BrokenPipeError):
                # The reader has read enough.
                return typer.Exit(0)
        return UserError(f"cannot write {self._path or 'standard output'}: {error.strerror}")
