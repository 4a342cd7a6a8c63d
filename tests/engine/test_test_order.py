"""The tests of a file hold in any order, and an option runs them in another one."""

import subprocess
import sys

from app.engine.settings import ROOT

FILE = "tests/engine/projector/test_row_cache.py"


def collected(*options: str) -> list[str]:
    """The tests of one file in the order in which they would run."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--collect-only",
        "-p",
        "no:cacheprovider",
        FILE,
        *options,
    ]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return [line for line in result.stdout.splitlines() if line.startswith(FILE)]


def test_an_option_reverses_the_tests_of_each_file() -> None:
    tests = collected()
    assert len(tests) > 1
    assert collected("--reversed-files") == tests[::-1]
