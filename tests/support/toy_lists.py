"""Live lists over the toy counter."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from app.engine.database.connections import Database
from app.engine.projector.live_lists import LiveLists
from app.engine.projector.live_rows import LiveRows, RowChanges
from app.engine.read_models.queries import Columns, Condition
from projections.kernel import Key, Projection
from tests.support.toy_counter import Engine, TallyRow, engine, tallies
from tests.support.toy_parking import add


@asynccontextmanager
async def started(database: Database, **options: Any) -> AsyncGenerator[Engine]:
    """The engine with its tables, and one event whose row is in no list."""
    async with engine(database, **options) as running:
        await add(running, uuid4(), 1)
        for name in running.projector.workers:
            await running.projector.wait_for_position(name, 1, 10)
        yield running


def above_two(columns: Columns) -> Sequence[Condition]:
    return [columns.sum > 2]


def lists(running: Engine, timeout: float = 5.0) -> LiveLists:
    return LiveLists(running.database, running.feed, running.projector, timeout)


def found(
    running: Engine, most: int = 10, projection: Projection[Any] = tallies, timeout: float = 5.0
) -> LiveRows[Any]:
    return lists(running, timeout).find(projection, above_two, most, None, running.database)


async def idle(running: Engine, position: int, live: LiveLists) -> None:
    """Wait until the lists know of a position."""
    (table,) = live._tables.values()  # pyright: ignore[reportPrivateUsage] - its position is told nowhere
    async with asyncio.timeout(10):
        while table.position < position:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0)
    assert running.feed.head >= position


async def next_after(rows: LiveRows[Any], cursor: int) -> RowChanges[Any] | None:
    async with asyncio.timeout(30):
        return await rows.next_after(cursor)


def sums(changes: RowChanges[TallyRow] | None) -> tuple[bool, list[int], list[Key]]:
    assert changes is not None
    return changes.initial, sorted(row.sum for row in changes.upserted), list(changes.removed)
