"""The roles of the database: a server appends events and cannot change them; a reader sees read models alone."""

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from app.engine.database import lock_attempts
from app.engine.database.connections import open_database
from app.engine.database.errors import DatabaseUnavailable
from app.engine.database.migrations import head_revisions
from app.engine.database.roles import READ_SCHEMAS, Roles, apply_roles, check_server_role, roles_sql
from app.engine.errors import UserError
from app.engine.settings import EngineSettings
from tests.support.cli import assert_user_error, run
from tests.support.clusters import Cluster, cluster
from tests.support.databases import ROLES, as_role, as_superuser, execute, migrate
from tests.support.toy_counter import Add, engine, request, tally

FORBIDDEN_TO_A_SERVER = [
    "UPDATE es.events SET actor = 'x'",
    "DELETE FROM es.events",
    "TRUNCATE es.events",
    "ALTER TABLE es.events DISABLE TRIGGER ALL",
    "DROP TRIGGER events_immutable ON es.events",
    "DELETE FROM es.commands",
    "UPDATE es.seals SET hash = ''",
    "UPDATE es.log SET log_id = gen_random_uuid()",
    "INSERT INTO es.log SELECT * FROM es.log",
    "CREATE TABLE es.more (n integer)",
    "DROP FUNCTION es.append_batch",
    "SET session_replication_role = replica",
    "SET ROLE shop_owner",
]
"""What would change the log, its guards or its identity."""


@pytest.mark.parametrize("statement", FORBIDDEN_TO_A_SERVER)
async def test_the_role_of_a_server_cannot_change_the_log_or_its_guards(
    database_url: str, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(database_url, statement)


@pytest.mark.parametrize(
    ("role", "said"), [("postgres", "is a superuser"), (ROLES.owner, "is an owner of es.events")]
)
async def test_outside_of_development_a_role_that_can_change_events_is_refused_unless_it_is_allowed(
    database_url: str, role: str, said: str
) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(as_role(database_url, role))
    try:
        with pytest.raises(DatabaseUnavailable, match=rf"^the database role {role} {said}[^\n]*$"):
            await check_server_role(connection, allow_owner=False)
        await check_server_role(connection, allow_owner=True)
    finally:
        await connection.close()


async def test_outside_of_development_the_role_of_a_server_is_taken(database_url: str) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(database_url)
    try:
        await check_server_role(connection, allow_owner=False)
    finally:
        await connection.close()


async def test_a_role_that_cannot_create_a_schema_migrates_if_nothing_is_missing(database_url: str) -> None:
    name = make_url(database_url).database
    await execute(as_superuser(database_url), f'REVOKE CREATE ON DATABASE "{name}" FROM {ROLES.app}')
    async with open_database(EngineSettings(database_url=database_url)) as database:
        assert await database.migrate() == (head_revisions(), head_revisions())


def test_the_printed_statements_make_the_roles_and_may_be_executed_again(database_url: str) -> None:
    superuser = as_superuser(database_url)
    printed = run("roles", "--prefix", "printed", DATABASE_URL=superuser)
    assert printed.returncode == 0, printed.stderr
    for _ in range(2):
        asyncio.run(execute(superuser, printed.stdout))
    asyncio.run(
        execute(as_role(database_url, "printed_app"), "SELECT FROM es.events", "DELETE FROM es.checkpoints")
    )
    applied = run("roles", "--apply", DATABASE_URL=superuser)
    name = make_url(database_url).database
    assert applied.returncode == 0, applied.stderr
    assert f"{name}_app: servers." in applied.stdout
    assert applied.stdout.splitlines()[-1].startswith(f"DATABASE_URL=postgresql://{name}_app@")


def test_roles_are_made_after_a_restore_without_the_schemas_of_read_models(database_url: str) -> None:
    superuser = as_superuser(database_url)
    schemas = ", ".join(READ_SCHEMAS)
    asyncio.run(execute(superuser, f"DROP SCHEMA {schemas} CASCADE"))
    applied = run("roles", "--apply", "--prefix", "shop", DATABASE_URL=superuser)
    assert applied.returncode == 0, applied.stderr
    asyncio.run(execute(database_url, "CREATE TABLE read.teas (n integer)"))
    reader = as_role(database_url, ROLES.reader)
    asyncio.run(execute(reader, "SELECT FROM read.teas", "SELECT FROM read.table_checkpoints"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        asyncio.run(execute(reader, "SELECT FROM read_staging.table_checkpoints"))


def test_an_error_of_the_statements_is_one_line(database_url: str) -> None:
    superuser = as_superuser(database_url)
    asyncio.run(execute(superuser, "DROP TABLE es.seals CASCADE"))
    assert_user_error(run("roles", "--apply", DATABASE_URL=superuser), "the roles are not made: ")


async def test_a_table_that_another_role_has_migrated_is_for_servers_when_the_roles_are_applied_again(
    database_url: str,
) -> None:
    superuser, added = as_superuser(database_url), "INSERT INTO es.later VALUES (1)"
    await execute(superuser, "CREATE TABLE es.later (n integer)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(database_url, added)
    connection: asyncpg.Connection = await asyncpg.connect(superuser)
    try:
        await apply_roles(connection, ROLES, make_url(superuser).database or "")
    finally:
        await connection.close()
    await execute(database_url, added)
    await execute(as_role(database_url, ROLES.owner), "ALTER TABLE es.later ADD more text")


async def test_servers_use_the_tables_of_a_schema_of_the_team_and_the_owner_migrates_it(
    database_url: str,
) -> None:
    superuser, owner = as_superuser(database_url), as_role(database_url, ROLES.owner)
    added = "INSERT INTO \"order\".counts (kind) VALUES ('new')"
    await execute(
        superuser,
        'CREATE SCHEMA "order"',
        "CREATE TYPE \"order\".kind AS ENUM ('new')",
        'CREATE TABLE "order".counts (id serial, number integer GENERATED ALWAYS AS IDENTITY, kind "order".kind)',
        'CREATE VIEW "order".kinds AS SELECT DISTINCT kind FROM "order".counts',
        'CREATE SEQUENCE "order".numbers',
        'CREATE FUNCTION "order".one() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
    )
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(database_url, added)
    connection: asyncpg.Connection = await asyncpg.connect(superuser)
    try:
        for _ in range(2):
            await apply_roles(connection, ROLES, make_url(superuser).database or "", ["order"])
    finally:
        await connection.close()
    await execute(
        database_url,
        added,
        "UPDATE \"order\".counts SET kind = 'new'",
        'SELECT nextval(\'"order".numbers\'), "order".one() FROM "order".kinds',
        'DELETE FROM "order".counts',
    )
    await execute(
        owner,
        "ALTER TYPE \"order\".kind ADD VALUE 'old'",
        'ALTER TABLE "order".counts ADD note text',
        'DROP FUNCTION "order".one()',
        'DROP SEQUENCE "order".numbers',
        'CREATE TABLE "order".later (id serial)',
    )
    await execute(database_url, 'INSERT INTO "order".later DEFAULT VALUES')
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(database_url, 'CREATE TABLE "order".mine (n integer)')
    for table in ("counts", "later"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await execute(as_role(database_url, ROLES.reader), f'SELECT FROM "order".{table}')


@pytest.mark.parametrize(
    "schema", ["es", "read_staging", "public", "pg_catalog", "information_schema", 'a"b', "Mine"]
)
def test_a_schema_that_no_migration_of_the_team_makes_is_refused(schema: str) -> None:
    with pytest.raises(
        UserError, match=f"^SCHEMAS names '{schema}': name a schema that your migrations make"
    ):
        roles_sql(ROLES, "shop", [schema])


async def test_a_schema_that_is_missing_is_one_line(database_url: str) -> None:
    superuser = as_superuser(database_url)
    connection: asyncpg.Connection = await asyncpg.connect(superuser)
    try:
        with pytest.raises(
            DatabaseUnavailable, match=r'^the database lacks .*"missing" does not exist\)[^\n]*$'
        ):
            await apply_roles(connection, ROLES, make_url(superuser).database or "", ["missing"])
    finally:
        await connection.close()


def test_a_prefix_that_is_no_name_and_a_role_that_must_not_make_roles_are_one_line(database_url: str) -> None:
    assert_user_error(run("roles", "--prefix", 'a"b', DATABASE_URL=database_url), "is not a name")
    assert_user_error(run("roles", "--apply", DATABASE_URL=database_url), "cannot make roles")


async def test_roles_that_wait_for_a_lock_let_reads_through(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_attempts, "PAUSE_SECONDS", 0.5)
    url = as_superuser(database_url)
    connections: list[asyncpg.Connection] = [await asyncpg.connect(url) for _ in range(3)]
    backup, applying, reader = connections
    try:
        async with backup.transaction():
            await backup.execute("LOCK TABLE es.events IN ACCESS SHARE MODE")
            roles = asyncio.create_task(apply_roles(applying, ROLES, make_url(url).database or ""))
            async with asyncio.timeout(30):
                while not await reader.fetchval(  # noqa: ASYNC110 - PostgreSQL tells by being asked
                    "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = $1",
                    applying.get_server_pid(),
                ):
                    await asyncio.sleep(0.02)
            # The backup still reads: only the roles can have given way.
            assert await reader.fetchval("SELECT count(*) FROM es.events", timeout=15) == 0
            assert not roles.done()
        await roles
    finally:
        for connection in connections:
            connection.terminate()


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cluster]:
    """A cluster whose administrator is no superuser, as at a provider."""
    with cluster() as made:
        made.execute("CREATE ROLE administrator LOGIN CREATEROLE CREATEDB")
        yield made


async def test_an_administrator_who_is_no_superuser_makes_the_roles_and_the_owner_migrates(
    cloud: Cluster,
) -> None:
    administrator = as_role(cloud.url(), "administrator")
    await execute(administrator, "CREATE DATABASE cloud")
    url = as_role(cloud.url("cloud"), "administrator")
    await migrate(url)
    connection: asyncpg.Connection = await asyncpg.connect(url)
    roles = Roles.named("cloud")
    try:
        for _ in range(2):
            await apply_roles(connection, roles, "cloud")
    finally:
        await connection.close()
    # The owner runs a later migration. Here it finds nothing to do, and it may add a table that servers use.
    await migrate(as_role(url, roles.owner))
    await execute(as_role(url, roles.owner), "CREATE TABLE es.later (n integer)")
    await execute(as_role(url, roles.app), "INSERT INTO es.later VALUES (1)")
    async with (
        open_database(EngineSettings(database_url=as_role(url, roles.app), pool_size=2)) as database,
        engine(database) as running,
    ):
        await running.commands.execute(tally, uuid4(), Add(amount=1), request())
        await running.projector.wait_for_position("tallies", 1, 5)
