"""Which migration the database is at, which is the newest, and the way from the one to the other.

Alembic, which goes that way, is imported where there is something to do: most starts find everything done, and it takes a
quarter of a second to import.
"""

import ast
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, text

from app.engine.errors import UserError
from app.engine.settings import ROOT

FOLDER = ROOT / "migrations"
SCHEMA = "es"


def head_revision(folder: Path = FOLDER) -> str:
    """The revision that no other one follows. Raises `Mistake` where there is not just one."""
    found = [_module_constants(path) for path in (folder / "versions").glob("*.py")]
    followed = {each for names in found for each in _as_list(names.get("down_revision"))}
    last = sorted({str(names["revision"]) for names in found if "revision" in names} - followed)
    if len(last) != 1:
        raise UserError(
            f"the migrations in {folder} have to end in one: they end in {', '.join(last) or 'none'}"
        )
    return last[0]


def is_unknown_revision(revision: str | None, folder: Path = FOLDER) -> bool:
    """Whether this code has no such migration."""
    known = {str(_module_constants(path).get("revision")) for path in (folder / "versions").glob("*.py")}
    return revision is not None and revision not in known


def current_revision(connection: Connection) -> str | None:
    """The revision that the database is at; None where it has none."""
    if connection.scalar(text(f"SELECT to_regclass('{SCHEMA}.alembic_version')")) is None:
        return None
    return connection.scalar(text(f"SELECT version_num FROM {SCHEMA}.alembic_version"))


def upgrade(connection: Connection) -> None:
    """Bring the database to the newest revision."""
    if current_revision(connection) == head_revision():
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _module_constants(path: Path) -> dict[str, object]:
    """The constants of a migration, by name, without running it."""
    found: dict[str, object] = {}
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                with suppress(ValueError):
                    found[name] = ast.literal_eval(value)
            case _:
                pass
    return found


def _as_list(names: object) -> Sequence[str]:
    """What a migration follows: one, several where lines are joined, or none."""
    if isinstance(names, tuple | list):
        return [str(name) for name in cast("Sequence[object]", names)]
    return [] if names is None else [str(names)]
