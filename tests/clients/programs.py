"""Clients as programs of their own, which print what they do as lines of JSON."""

import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.json_lines import JsonLines
from tests.support.server import Server

HERE = Path(__file__).parent
SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """How a client is started, and what it does of what some do."""

    command: Sequence[str]
    folder: Path = HERE
    is_compiled: bool = False
    """It cannot send a document that is invalid."""
    has_cache: bool = False
    repeats: bool = False
    """It repeats a query until a server answers."""


class Client:
    """A client that runs, with the lines that it has printed."""

    def __init__(self, program: Program, server: Server, name: str, order_id: str = "") -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [*program.command, server.url, server.socket, name, order_id],
            cwd=program.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self._output = JsonLines(self._process.stdout)
        self.lines = self._output.lines

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        # A client that has failed does not read. What it lacks shows in the test of this client.
        with suppress(BrokenPipeError):
            self._process.stdin.write(f"{word}\n")
            self._process.stdin.flush()

    def wait_for_step(self, step: str) -> None:
        """Wait until it has printed this step, or patience ends."""
        self._wait_until(lambda: any(line["step"] == step for line in self.lines))

    def wait_for(self, position: int) -> None:
        """Wait until it has printed the event at a position, or patience ends."""
        self._wait_until(lambda: position in self.positions())

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        self._output.wait_for(lambda: condition() or self._process.poll() is not None, SECONDS)

    def wait(self) -> None:
        """Wait until the script has ended."""
        self._process.wait(SECONDS)
        self._output.join(SECONDS)

    def positions(self) -> list[int]:
        return [int(line["position"]) for line in self.lines if line["step"] == "event"]

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> str:
        """End it. What it has said on stderr."""
        self.kill()
        self._process.wait()
        self._output.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with suppress(BrokenPipeError):
                pipe.close()
        with self.errors:
            self.errors.seek(0)
            return self.errors.read()
