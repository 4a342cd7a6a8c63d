"""Reads the whole log and finds the events that this code cannot read. Run it before a release, on a copy of the real log."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from app.engine.store.event_rows import EVENT_COLUMNS, fetch_event_rows
from domain.kernel.decider import StoredName, UnreadableEvent

PAGE_SIZE = 10_000

type ProgressCallback = Callable[[int, int], None]
"""Takes the position that was read, and the last position."""


@dataclass(slots=True)
class UnreadableShape:
    """Events of one stored name and version that cannot be read: their number, the first position and its problem."""

    events: int
    first: int
    problem: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The result of reading the log up to position `head`."""

    head: int
    seconds: float
    unreadable: Mapping[StoredName, UnreadableShape]


async def check_log(
    database: Database, codec: EventCodec, on_progress: ProgressCallback = lambda position, head: None
) -> CheckReport:
    """Decode every event up to the current end of the log."""
    started = time.perf_counter()
    head: int = await database.pool.fetchval("SELECT coalesce(max(position), 0) FROM es.events")
    unreadable: dict[StoredName, UnreadableShape] = {}
    page = asyncio.ensure_future(_read_page(database, 0, head))
    while rows := await page:
        position = rows[-1]["position"]
        # The database reads the next page while this one is decoded.
        page = asyncio.ensure_future(_read_page(database, position, head))
        await asyncio.sleep(0)
        for row in rows:
            event = codec.event(row)
            if isinstance(event, UnreadableEvent):
                shape = unreadable.setdefault(
                    StoredName(event.name, event.version),
                    UnreadableShape(0, row["position"], event.problem),
                )
                shape.events += 1
        on_progress(position, head)
    return CheckReport(head, time.perf_counter() - started, unreadable)


async def _read_page(database: Database, after: int, head: int) -> Sequence[Any]:
    return await fetch_event_rows(
        database.pool,
        f"SELECT {EVENT_COLUMNS} FROM es.events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3",
        after,
        head,
        PAGE_SIZE,
    )
