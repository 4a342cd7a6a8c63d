"""The tests of a file hold in any shell and in any order, and an option reverses them."""

import subprocess
import sys

from app.engine.settings import ROOT
from tests.support.server import clean_environment
from tests.support.tokens import TOKEN_KEY

FILE = "tests/engine/projector/test_row_cache.py"


def run_pytest(*options: str, **environment: str) -> list[str]:
    """The lines that pytest prints. It has to succeed."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.splitlines()


def collected(*options: str) -> list[str]:
    """The tests of one file in the order in which they would run."""
    return [line for line in run_pytest("--collect-only", FILE, *options) if line.startswith(FILE)]


def test_an_option_reverses_the_tests_of_each_file() -> None:
    tests = collected()
    assert len(tests) > 1
    assert collected("--reversed-files") == tests[::-1]


def test_the_settings_of_the_shell_do_not_reach_a_test() -> None:
    """As `set -a; . ./.env; set +a` exports them. The tests make settings and call commands in their process."""
    run_pytest(
        "tests/engine/access/test_development.py::test_a_setting_that_lets_no_server_start_is_one_line_without_the_secret",
        APP_TOKEN_KEY=TOKEN_KEY,
        APP_PORT="none",
        DATABASE_URL="postgresql://127.0.0.1:1/none",
        DATABASE_URL_FILE="/none",
        PGSSLMODE="none",
    )
