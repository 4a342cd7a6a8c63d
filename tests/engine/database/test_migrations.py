"""The migrations of the engine and those of a team's own branch are applied and checked together."""

import asyncio
from pathlib import Path

import pytest

from app.engine.database import lock_attempts, migration_lock, migrations
from app.engine.database.connections import Database, DatabaseUnavailable
from app.engine.database.migrations import (
    Revisions,
    head_revisions,
    revision_names,
    unknown_revisions,
)
from app.engine.database.sessions import SessionKind
from tests.support.databases import as_superuser
from tests.support.own_migration import copy_migrations, write_own_migration


@pytest.fixture
def database_url(database_url: str) -> str:
    """For a superuser: the tests migrate."""
    return as_superuser(database_url)


CREATE_TABLE = "CREATE TABLE own_table (id uuid)"


def write_migrations(folder: Path, *sources: str) -> Path:
    (folder / "versions").mkdir()
    for number, source in enumerate(sources):
        (folder / "versions" / f"{number}.py").write_text(f'"""A migration."""\n\n{source}\n')
    return folder


@pytest.fixture
def own_branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Revisions:
    """The migrations of the project and one on a branch of its own; the newest without it."""
    newest = head_revisions()
    folder = copy_migrations(tmp_path / "migrations")
    write_own_migration(folder, CREATE_TABLE)
    monkeypatch.setattr(migrations, "FOLDER", folder)
    return newest


def test_a_merge_of_two_branches_leaves_one_newest_revision(tmp_path: Path) -> None:
    folder = write_migrations(
        tmp_path,
        "revision = 'a'\ndown_revision = None",
        "revision: str = 'b'\ndown_revision: str | None = 'a'",
        'revision = "c"\ndown_revision = "a"',
        "revision = 'd'\ndown_revision = ('b', 'c')",
    )
    assert head_revisions(folder) == {"d"}
    assert unknown_revisions({"a", "d", "e"}, folder) == {"e"}


async def test_a_branch_of_the_teams_own_is_missing_until_it_is_migrated(
    own_branch: Revisions, database: Database
) -> None:
    with pytest.raises(
        DatabaseUnavailable, match=f"is at migration {revision_names(own_branch)}, the code at .*own_1"
    ):
        await database.check_migrated()
    before, after = await database.migrate()
    assert before == own_branch
    assert after == own_branch | {"own_1"}
    await database.check_migrated()
    assert await database.pool.fetchval("SELECT count(*) FROM own_table") == 0


async def test_a_branch_that_depends_on_the_engines_newest_migration_takes_the_place_of_its_row(
    own_branch: Revisions, database: Database
) -> None:
    """Alembic keeps no row of a migration that another one depends on."""
    file = write_own_migration(migrations.FOLDER, CREATE_TABLE, *own_branch)
    with pytest.raises(
        DatabaseUnavailable, match=f"is at migration {revision_names(own_branch)}, the code at own_1:"
    ):
        await database.check_migrated()
    assert await database.migrate() == (own_branch, {"own_1"})
    await database.check_migrated()
    assert await database.migrate() == ({"own_1"}, {"own_1"})
    # Code without the branch is older than this database.
    file.unlink()
    with pytest.raises(DatabaseUnavailable, match=r"is at migration own_1, which this code does not have"):
        await database.check_migrated()


async def test_a_database_with_a_branch_that_the_code_lacks_is_refused(database: Database) -> None:
    await database.pool.execute("INSERT INTO es.alembic_version VALUES ('own_1')")
    with pytest.raises(DatabaseUnavailable, match=r"is at migration own_1, which this code does not have"):
        await database.check_migrated()
    with pytest.raises(DatabaseUnavailable, match=r"is at migration own_1, which this code does not have"):
        await database.migrate()


async def test_a_migration_that_waits_for_a_lock_lets_reads_and_appends_through(
    own_branch: Revisions, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_own_migration(migrations.FOLDER, "ALTER TABLE es.events ADD own text")
    monkeypatch.setattr(lock_attempts, "PAUSE_SECONDS", 0.5)
    async with database.connection(SessionKind.TASK, "backup") as backup:
        async with backup.transaction():
            await backup.execute("LOCK TABLE es.events IN ACCESS SHARE MODE")
            migrating = asyncio.create_task(database.migrate())
            async with asyncio.timeout(30):
                while not await database.pool.fetchval(SELECT_WAITING):  # noqa: ASYNC110 - PostgreSQL tells by being asked
                    await asyncio.sleep(0.02)
            # The backup still reads: only the migration can have given way.
            assert await database.pool.fetchval("SELECT count(*) FROM es.events") == 0
            await database.pool.execute("BEGIN; LOCK TABLE es.events IN ROW EXCLUSIVE MODE; COMMIT")
            assert not migrating.done()
        assert await migrating == (own_branch, own_branch | {"own_1"})


def test_a_migration_pauses_for_longer_than_others_wait_for_it() -> None:
    assert lock_attempts.PAUSE_SECONDS > lock_attempts.LOCK_TIMEOUT_SECONDS
    # The holder is seen in each wait.
    assert migration_lock.LOOK_INTERVAL_SECONDS <= lock_attempts.LOCK_TIMEOUT_SECONDS / 2


SELECT_WAITING = """
    SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
        AND application_name LIKE '% migration')
"""
