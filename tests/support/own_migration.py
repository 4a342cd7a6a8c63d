"""A migration of a team's own, next to those of the engine."""

import shutil
from pathlib import Path

from app.engine.database.migrations import FOLDER

SOURCE = '''"""A migration on a branch of its own."""

from alembic import op

revision = "own_1"
down_revision = None
branch_labels = ("own",)
depends_on = {depends_on}


def upgrade() -> None:
    op.execute({statement!r})
'''


def write_own_migration(folder: Path, statement: str, *depends_on: str) -> Path:
    """Write the migration `own_1`, which executes this statement, into a folder of migrations. The path of its file."""
    path = folder / "versions" / "own_1.py"
    path.write_text(SOURCE.format(statement=statement, depends_on=depends_on))
    return path


def copy_migrations(folder: Path) -> Path:
    """A copy of the migrations of the project."""
    return shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
