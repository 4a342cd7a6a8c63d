"""The current and the newest migration of the database, and the upgrade from one to the other.

Alembic takes a quarter of a second to import. Most starts have nothing to upgrade, and do not import it.
"""

import ast
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

import asyncpg

from app.engine.errors import UserError
from app.engine.settings import ROOT

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = ROOT / "migrations"
SCHEMA = "es"


def head_revision(folder: Path = FOLDER) -> str:
    """The revision that no other one follows. Raises `UserError` if there is not exactly one."""
    constants = [_module_constants(path) for path in (folder / "versions").glob("*.py")]
    followed = {name for names in constants for name in _as_list(names.get("down_revision"))}
    last = sorted({str(names["revision"]) for names in constants if "revision" in names} - followed)
    if len(last) != 1:
        raise UserError(
            f"the migrations in {folder} have to end in one: they end in {', '.join(last) or 'none'}"
        )
    return last[0]


def is_unknown_revision(revision: str | None, folder: Path = FOLDER) -> bool:
    """Whether this code has no such migration."""
    known = {str(_module_constants(path).get("revision")) for path in (folder / "versions").glob("*.py")}
    return revision is not None and revision not in known


async def current_revision(connection: asyncpg.Connection) -> str | None:
    """The revision of the database; None if no migration has run."""
    if await connection.fetchval(f"SELECT to_regclass('{SCHEMA}.alembic_version')") is None:
        return None
    return await connection.fetchval(f"SELECT version_num FROM {SCHEMA}.alembic_version")


async def upgrade(connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
    """Bring the database to the newest revision. Alembic is the one user of an SQLAlchemy connection."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    def run(connection: "Connection") -> None:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    except DBAPIError as error:
        raise (error.orig and error.orig.__cause__) or error from error
    finally:
        await engine.dispose()


def _module_constants(path: Path) -> dict[str, object]:
    """The constants of a migration, by name, without running it."""
    constants: dict[str, object] = {}
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                with suppress(ValueError):
                    constants[name] = ast.literal_eval(value)
            case _:
                pass
    return constants


def _as_list(names: object) -> Sequence[str]:
    """The revisions that a migration follows: one, several if branches are joined, or none."""
    if isinstance(names, tuple | list):
        return [str(name) for name in cast("Sequence[object]", names)]
    return [] if names is None else [str(names)]
