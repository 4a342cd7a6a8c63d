"""Reads the whole log and names what this code cannot read: before a release on a copy of the real one, and whenever in doubt."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from app.engine.cli.session import open_session
from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from domain.kernel.decider import StoredName, UnreadableEvent

PAGE_SIZE = 10_000

type ProgressCallback = Callable[[int, int, float], None]
"""Told of the position that was reached, the one to reach, and events per second."""


@dataclass(slots=True)
class UnreadableShape:
    """Events stored in one shape that cannot be read: how many, where the first stands, and what is wrong with that one."""

    events: int
    first: int
    problem: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What reading the log up to position `head` took and found."""

    head: int
    seconds: float
    troubles: Mapping[StoredName, UnreadableShape]


async def print_check(context: typer.Context) -> bool:
    """Print what cannot be read; whether everything can. Raises `DatabaseProblem`."""
    columns = (
        TextColumn("reading the log"),
        BarColumn(),
        TaskProgressColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    async with open_session(context) as session:
        with Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as progress:
            task = progress.add_task("", total=None, rate="")

            def came(position: int, head: int, rate: float) -> None:
                progress.update(task, completed=position, total=head, rate=f"{rate:,.0f} events/s")

            found = await check_log(session.database, session.codec, came)
    print(f"{found.head:,} events read in {found.seconds:.1f} s")
    if not found.troubles:
        return True
    rows = [("type", "version", "events", "first", "problem"), *_rows(found.troubles)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row[:4], widths, strict=True)), row[4]]))
    print(
        "Their streams take no commands, and read models lack them. Give the code an event class or an upcast for each; then rebuild the read models."
    )
    return False


async def check_log(
    database: Database, codec: EventCodec, came: ProgressCallback = lambda position, head, rate: None
) -> CheckReport:
    """Decode everything up to where the log stands now."""
    began = time.perf_counter()
    head = await database.pool.fetchval("SELECT coalesce(max(position), 0) FROM es.events")
    troubles: dict[StoredName, UnreadableShape] = {}
    page = asyncio.ensure_future(_page(database, 0, head))
    while rows := await page:
        position = rows[-1]["position"]
        # The next page is under way while this one is decoded.
        page = asyncio.ensure_future(_page(database, position, head))
        await asyncio.sleep(0)
        for at, name, version, data in rows:
            event = codec.decode(name, version, data)
            if isinstance(event, UnreadableEvent):
                trouble = troubles.setdefault(
                    StoredName(name, version), UnreadableShape(0, at, event.problem)
                )
                trouble.events += 1
        came(position, head, position / (time.perf_counter() - began))
    return CheckReport(head, time.perf_counter() - began, troubles)


async def _page(database: Database, after: int, head: int) -> Sequence[Any]:
    return await database.pool.fetch(
        "SELECT position, type, type_version, data FROM es.events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
        after,
        head,
        PAGE_SIZE,
    )


def _rows(troubles: Mapping[StoredName, UnreadableShape]) -> Sequence[tuple[str, str, str, str, str]]:
    ordered = sorted(troubles.items(), key=lambda each: each[1].first)
    return [
        (stored.name, str(stored.version), str(each.events), str(each.first), each.problem)
        for stored, each in ordered
    ]
