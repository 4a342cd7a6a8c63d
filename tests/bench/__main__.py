"""Runs every section on a PostgreSQL of its own and prints its lines: python -m tests.bench [SECTION …]

A section is named as its function; without a name all of them run, which takes some twenty minutes.
"""

import asyncio
import logging
import os
import platform
import sys
import time
from collections.abc import Sequence

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tests.bench import appends, sealing
from tests.bench.rounds import Bench, Section
from tests.measurements import MEASUREMENTS
from tests.support.databases import new_database, postgres_server

SECTIONS: tuple[Section, ...] = (
    appends.against_others,
    appends.one_hot_stream,
    sealing.during_appends,
    sealing.verifying,
    *MEASUREMENTS,
    appends.growth,
)


def chosen(names: Sequence[str]) -> Sequence[Section]:
    """The sections of these names; without any, all. Raises `SystemExit`."""
    known = {getattr(section, "__name__", ""): section for section in SECTIONS}
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"error: no section {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names] or SECTIONS


async def main() -> None:
    console = Console(highlight=False, soft_wrap=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
    )
    sections = chosen(sys.argv[1:])
    began = time.monotonic()
    with (
        postgres_server(folder=None, max_wal_size="4GB") as server,
        Progress(*columns, console=console, transient=True) as progress,
    ):
        connection = await asyncpg.connect(server)
        version = await connection.fetchval("SHOW server_version")
        durable = await connection.fetchval(
            "SELECT current_setting('fsync') || ', ' || current_setting('synchronous_commit')"
        )
        await connection.close()
        console.print(
            f"{os.cpu_count()} cores, Python {platform.python_version()}, PostgreSQL {version} (fsync and synchronous_commit: {durable})"
        )
        console.print("median of the rounds (least-most)")
        bench = Bench(console, progress)
        for section in sections:
            with new_database(server) as url:
                await section(bench, url)
    console.print(f"took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    asyncio.run(main())
