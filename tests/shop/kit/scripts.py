"""Scripts in TypeScript that use the client kit, compiled with it and run in Node.js."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.engine.settings import ROOT
from tests.support.json_lines import JsonLines
from tests.template.readmes import fences

HERE = Path(__file__).parent
README = ROOT / "app" / "web" / "README.md"
KIT = ROOT / "app" / "web" / "kit.ts"
NPM = shutil.which("npm")
PATIENCE = 30.0
BUILD_SECONDS = 300

MARKS = [
    pytest.mark.long,
    pytest.mark.skipif(NPM is None, reason="no npm on this machine; Debian: apt-get install npm"),
]


def build(folder: Path) -> None:
    """Check the kit, its scripts and the examples of its README strictly, and compile them."""
    for file in (KIT, *HERE.glob("*.ts"), *HERE.glob("*.json")):
        shutil.copy(file, folder)
    for fence in fences(README.read_text(), "ts"):
        (folder / fence.about).write_text(fence.text)
    for command in (
        [str(NPM), "ci", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts"],
        ["node", "node_modules/typescript/bin/tsc", "--project", "."],
        # A browser has no types of Node.js.
        ["node", "node_modules/typescript/bin/tsc", "--project", "browser.json"],
    ):
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            pytest.fail(
                f"{' '.join(command)} has not ended within {BUILD_SECONDS} s: does the registry of npm answer?"
            )
        assert done.returncode == 0, done.stdout + done.stderr


class Page:
    """A script as it runs, with the lines that it has printed."""

    def __init__(self, folder: Path, script: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            ["node", f"built/{script}", *arguments],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._output = JsonLines(self._process.stdout)
        self.lines = self._output.lines

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def wait_for(self, **line: Any) -> None:
        """Wait until it has printed a line with these values."""
        assert self._output.wait_for(
            lambda: any(line.items() <= printed.items() for printed in self.lines), PATIENCE
        ), (line, self.lines)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._output.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
