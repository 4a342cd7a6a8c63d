"""Runs the command line in a process of its own, as a user does, or faster in this process.

All functions block. A test with an event loop calls them through `asyncio.to_thread`.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from app.composition import application as registered_application
from app.engine.application import AnyApplication
from app.engine.cli.main import cli
from app.engine.errors import UserError
from app.engine.settings import ROOT
from tests.support.server import ForkedProcess, clean_environment

TIMEOUT_SECONDS = 60

type CliResult = subprocess.CompletedProcess[str]


def run(*arguments: str, **environment: str) -> CliResult:
    """Run a command in a process of its own, which is forked from one that has imported the code."""
    with tempfile.TemporaryDirectory(prefix="command-") as folder:
        output, errors = Path(folder, "output"), Path(folder, "errors")
        process = ForkedProcess(arguments, clean_environment(**environment), str(output), str(errors))
        try:
            code = process.wait(TIMEOUT_SECONDS)
        finally:
            process.kill()
        return subprocess.CompletedProcess(arguments, code, output.read_text(), errors.read_text())


def run_cold(*arguments: str, root: Path = ROOT, **environment: str) -> CliResult:
    """Run `python -m app` as a user types it, with the code in `root`."""
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=root,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def start(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start `python -m app` and return the running process."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=clean_environment(**environment),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def run_python(code: str, *arguments: str, **environment: str) -> CliResult:
    """Run a Python program in a process of its own. It can import the project."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=clean_environment(PYTHONPATH=str(ROOT), **environment),
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        check=False,
    )


def invoke(
    *arguments: str, application: AnyApplication = registered_application, **environment: str
) -> CliResult:
    """Run a command in this process, on the registers of `application`. Other exceptions than `UserError` pass."""
    # None removes a variable.
    env = dict.fromkeys(os.environ) | clean_environment(**environment)
    result = CliRunner().invoke(cli, list(arguments), env=env, obj=application)
    match result.exception:
        case None | SystemExit():
            return subprocess.CompletedProcess(arguments, result.exit_code, result.stdout, result.stderr)
        case UserError() as error:
            return subprocess.CompletedProcess(arguments, 2, result.stdout, f"error: {error}\n")
        case error:
            raise error


def assert_user_error(result: CliResult, text: str) -> None:
    """The command ended with exit code 2 and one line on standard error that contains `text`."""
    assert result.returncode == 2, result
    [line] = result.stderr.strip().splitlines()
    assert line.startswith("error: "), line
    assert text in line
    assert "Traceback" not in result.stdout


def next_line(process: subprocess.Popen[str], seconds: float = TIMEOUT_SECONDS) -> str:
    """The next line on the standard output of a process.

    If none comes in time the process is killed and the line is empty.
    """
    assert process.stdout is not None
    timer = threading.Timer(seconds, process.kill)
    timer.start()
    try:
        return process.stdout.readline()
    finally:
        timer.cancel()


def engine_commands() -> Iterator[tuple[str, Any]]:
    """Each command and group of the engine, by the words that a user types. The application's own are not among them."""
    yield from _commands_of("python -m app", typer.main.get_group(cli))


def _commands_of(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield path, command
    if hasattr(command, "commands"):
        context = typer.Context(command)
        for name in command.list_commands(context):
            yield from _commands_of(f"{path} {name}", command.get_command(context, name))
