"""A wrong command line is one line and exit code 2, and output that cannot be written is one line."""

import errno
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.engine.application import Application
from app.engine.cli.main import main
from app.engine.database.connections import Database
from app.engine.settings import ROOT, EngineSettings
from tests.support.cli import TIMEOUT_SECONDS
from tests.support.sealed_log import fill
from tests.support.server import clean_environment
from tests.support.toy_counter import tallies, tally

TOY = Application(settings=EngineSettings, deciders=(tally,), projections=(tallies,))


def error_line(
    capsys: pytest.CaptureFixture[str], *arguments: str, application: Application[EngineSettings] = TOY
) -> str:
    """The one line on standard error of a command that ends with exit code 2."""
    with pytest.raises(SystemExit) as exit:
        main(application, arguments)
    captured = capsys.readouterr()
    assert (exit.value.code, captured.out) == (2, "")
    [line] = captured.err.splitlines()
    return line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nonsense"], "error: No such command 'nonsense'; see python -m app --help"),
        (["lag", "--nonsense"], "error: No such option: --nonsense; see python -m app lag --help"),
        (["token", "--as"], "error: Option '--as' requires an argument; see python -m app token --help"),
        (["trace"], "error: Missing argument 'correlation'; see python -m app trace --help"),
        (
            ["processes", "list", "--limit", "0"],
            "error: Invalid value for '--limit': Input should be greater than or equal to 1; see python -m app processes list --help",
        ),
    ],
)
def test_a_usage_error_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert error_line(capsys, *arguments) == line


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["processes", "list", "--most", "5"], "error: --most is now --limit"),
        (["projections", "rebuild", "--all", "--stage"], "error: --stage is now --no-promote"),
        (["history", "tally", "x", "--moment", "2026-01-01"], "error: --moment is now --at"),
        (["audit", "verify", "--expect", "00"], "error: --expect is now --expect-seal"),
        (
            ["projections", "skip", "tallies", "x", "--position", "1", "--undo"],
            "error: --undo is now the command `projections unskip`",
        ),
    ],
)
def test_an_old_option_is_refused_with_the_new_one(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert error_line(capsys, *arguments) == line


@pytest.mark.parametrize("name", ["audit", "events", "lag", "serve"])
def test_an_own_command_with_a_name_of_the_engine_is_refused_by_every_command(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    application = replace(TOY, commands={"greet": "greetings:greet", name: "greetings:greet"})
    assert error_line(capsys, "token", "--as", "ann", application=application) == (
        f"error: COMMANDS in app/composition.py has {name}, a command of the engine: give yours another name"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["history", "tally", "a\udcff"],
        ["projections", "parked", "tallies", "a\udcff"],
        ["projections", "retry", "tallies", "a\udcff"],
        ["processes", "retry", "--state", "stuck", "--step=a\udcff"],
        ["token", "--as", "a\udcff"],
    ],
)
def test_an_argument_that_is_not_utf_8_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    line = error_line(capsys, *arguments)
    assert line == f"error: the argument {arguments[-1].replace('\udcff', '\\udcff')} is not UTF-8"


@pytest.mark.parametrize("time", ["0001-01-01", "1899-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["history", "tally", "x", "--at"], "--at"),
        (["projections", "rebuild", "tallies", "--into", "past", "--as-of"], "--as-of"),
    ],
)
def test_a_time_outside_the_years_of_the_api_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], option: str, time: str
) -> None:
    line = f"error: {option} is not between the years 1900 and 9998"
    assert error_line(capsys, *arguments, time) == line


@pytest.mark.parametrize("group", [[], ["projections"], ["processes"], ["audit"], ["events"]])
def test_a_group_without_a_command_shows_its_help(
    capsys: pytest.CaptureFixture[str], group: list[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        main(TOY, group)
    captured = capsys.readouterr()
    assert exit.value.code == 2
    assert "Usage: python -m app" in captured.out + captured.err
    assert "error:" not in captured.err


def run_into(path: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m app` with standard output redirected to a file."""
    with open(path, "w") as output:
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=ROOT,
            env=clean_environment(**environment),
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )


FULL = "/dev/full"
NO_SPACE = os.strerror(errno.ENOSPC)


@pytest.mark.skipif(not Path(FULL).exists(), reason="needs /dev/full, which Linux has")
async def test_a_full_disk_is_one_line(database: Database) -> None:
    await fill(database, 3)
    export = ("audit", "export", "--from", "1", "--to", "3")
    for path, arguments, line in (
        (FULL, ("lag",), f"error: cannot write standard output: {NO_SPACE}\n"),
        (FULL, export, f"error: cannot write standard output: {NO_SPACE}\n"),
        (os.devnull, (*export, "--out", FULL), f"error: cannot write {FULL}: {NO_SPACE}\n"),
    ):
        result = run_into(path, *arguments, DATABASE_URL=database.url)
        assert (result.returncode, result.stderr) == (2, line), arguments


def test_ctrl_c_during_the_imports_ends_without_a_traceback() -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "app", "lag"],
        cwd=ROOT,
        env=clean_environment(DATABASE_URL="postgresql://127.0.0.1:1/none"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        # Each line is a finished import. The imports of the application go on after this one.
        line = next(line for line in process.stderr if re.search(r"\bpydantic_core\b", line))
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert "Traceback" not in line + rest
    assert process.returncode in (-signal.SIGINT, 130)
