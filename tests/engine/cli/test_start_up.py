"""A command imports only what it needs. The database driver costs a seventh of a short command's CPU time (2026-11-26)."""

import os
import subprocess
import sys

from app.engine.settings import ROOT

MIGRATE = """
import sys

from app.composition import application
from app.engine.cli.main import main

sys.argv = ["app", "migrate"]
try:
    main(application)
finally:
    print([name for name in ("asyncpg", "sqlalchemy.ext.asyncio", "alembic") if name in sys.modules])
"""


def test_a_wrong_setting_is_answered_before_the_database_driver_is_imported() -> None:
    result = subprocess.run(
        [sys.executable, "-c", MIGRATE],
        cwd=ROOT,
        env={**os.environ, "APP_PORT": "abc"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: setting APP_PORT: ")
    assert result.stdout == "[]\n"
