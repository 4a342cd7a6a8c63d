"""The migrations: the revision of the database, the newest ones of the code, and the upgrade.

The code may have several newest revisions: the engine's, and that of a branch of your own.
Alembic is imported in the functions, since it takes a quarter of a second to import.
"""

from collections.abc import Set
from pathlib import Path

from sqlalchemy import Connection, text

from app.engine.settings import ROOT

FOLDER = ROOT / "migrations"
SCHEMA = "es"

type Revisions = frozenset[str]
"""One revision for each branch of the migrations."""


def head_revisions(folder: Path | None = None) -> Revisions:
    """The revisions that no other revision follows."""
    from alembic.script import ScriptDirectory

    return frozenset(ScriptDirectory(folder or FOLDER).get_heads())


def unknown_revisions(revisions: Set[str], folder: Path | None = None) -> Revisions:
    """Those of the revisions that the code has no migration for."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(folder or FOLDER).walk_revisions()}
    return frozenset(revisions - known)


def current_revisions(connection: Connection) -> Revisions:
    """The revisions of the database. An empty database has none."""
    if connection.scalar(text(f"SELECT to_regclass('{SCHEMA}.alembic_version')")) is None:
        return frozenset()
    return frozenset(connection.scalars(text(f"SELECT version_num FROM {SCHEMA}.alembic_version")))


def revision_names(revisions: Set[str]) -> str:
    """The revisions as a person reads them."""
    return ", ".join(sorted(revisions)) or "none"


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision of every branch."""
    if current_revisions(connection) == head_revisions():
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")
