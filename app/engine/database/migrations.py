"""The migrations: the revision of the database, the newest ones of the code, and the upgrade.

The code may have several newest revisions: the engine's, and that of a branch of your own.
Alembic is imported in the functions, since it takes a quarter of a second to import.
"""

from collections.abc import Awaitable, Callable, Set
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from app.engine.database.lock_attempts import lock_timeout_sql, retry_locked
from app.engine.settings import ROOT

if TYPE_CHECKING:
    from sqlalchemy import Connection

FOLDER = ROOT / "migrations"
SCHEMA = "es"

type Revisions = frozenset[str]
"""One revision for each branch of the migrations."""


def head_revisions(folder: Path | None = None) -> Revisions:
    """The revisions that no other revision follows or depends on: those that a migrated database has."""
    from alembic.script import ScriptDirectory

    return frozenset(ScriptDirectory(folder or FOLDER).get_heads(consider_depends_on=True))


def unknown_revisions(revisions: Set[str], folder: Path | None = None) -> Revisions:
    """Those of the revisions that the code has no migration for."""
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(folder or FOLDER).walk_revisions()}
    return frozenset(revisions - known)


async def current_revisions(connection: asyncpg.Connection) -> Revisions:
    """The revisions of the database. An empty database has none."""
    if await connection.fetchval(f"SELECT to_regclass('{SCHEMA}.alembic_version')") is None:
        return frozenset()
    records = await connection.fetch(f"SELECT version_num FROM {SCHEMA}.alembic_version")
    return frozenset(record["version_num"] for record in records)


def revision_names(revisions: Set[str]) -> str:
    """The revisions as a person reads them."""
    return ", ".join(sorted(revisions)) or "none"


async def upgrade(connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
    """Bring the database to the newest revision of every branch, in one transaction. Raises one of `LOCK_ERRORS` if others
    hold a lock that it needs for too long."""
    await retry_locked(partial(_upgrade, connect))


async def _upgrade(connect: Callable[[], Awaitable[asyncpg.Connection]]) -> None:
    """One attempt. Only this and Alembic run statements through SQLAlchemy."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    def run(connection: "Connection") -> None:
        config = Config()
        config.set_main_option("script_location", str(FOLDER))
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(lock_timeout_sql())
            await connection.run_sync(run)
    except DBAPIError as error:
        raise (error.orig and error.orig.__cause__) or error from error
    finally:
        await engine.dispose()
