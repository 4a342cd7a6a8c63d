"""Toy projections with folds that raise, and what the tests of parked keys ask of them."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from app.engine.commands import CommandAccepted
from app.engine.database.connections import open_database
from app.engine.projector.parking.admin import RetryResult, list_parked_keys, request_retry, wait_for_retry
from app.engine.projector.parking.retry import no_progress
from app.engine.projector.row_cache import RowCache
from app.engine.projector.writer import TableWriter
from app.engine.read_models.queries import Range
from app.engine.settings import EngineSettings
from app.engine.store.codec import EventCodec
from app.engine.store.reader import EventReader
from domain.kernel.decider import Recorded
from projections.kernel import Key, Projection
from tests.support.row_history import same_at_every_position
from tests.support.scenarios import fold_all
from tests.support.toy_counter import Add, Engine, TallyRow, fold, request, table_rows, tallies, tally

POISON = "poison"
"""The note at which `breaks_at_poison` raises."""


class BrokenFold(Exception):
    """The exception that these folds raise."""


def with_fold(fold: Any) -> Projection[TallyRow]:
    return replace(tallies, fold=fold)


def breaks_at_poison(key: tuple[UUID], row: TallyRow | None, fact: Recorded[Any]) -> TallyRow | None:
    if fact.event.note == POISON:
        raise BrokenFold(fact.position)
    return fold(key, row, fact)


BROKEN = with_fold(breaks_at_poison)
BROKEN_FOLD_NAME = f"{BrokenFold.__module__}.{BrokenFold.__qualname__}"
"""How the error of a parked key names the exception."""


async def add(running: Engine, stream: UUID, amount: int = 1, note: str = "") -> int:
    """Record one event; its position."""
    outcome = await running.commands.execute(tally, stream, Add(amount=amount, note=note), request())
    assert isinstance(outcome, CommandAccepted)
    return outcome.position


async def wait_until_folded(running: Engine, projection: Projection[Any]) -> Sequence[Recorded[Any]]:
    """Wait until the projection has folded the log; the whole log."""
    history = await running.reader.read_all(0, 100_000)
    await running.projector.wait_for_position(projection.name, len(history), 10)
    return history


def key_text(stream: UUID) -> str:
    """The key of a stream's row as operators read and write it."""
    return f'["{stream}"]'


async def retried(running: Engine, projection: Projection[Any], key: str | None = None) -> RetryResult:
    """Ask for a retry of one key or of all, and wait until it is done."""
    asked, concerned = await request_retry(running.database, projection, key)
    return await wait_for_retry(running.database, projection, asked, concerned, 30, key=key)


async def assert_nothing_parked(
    running: Engine, projection: Projection[Any], without: Sequence[int] = ()
) -> None:
    """The table equals the fold of the log except the positions `without`, and no key is parked."""
    history = await wait_until_folded(running, projection)
    assert await list_parked_keys(running.database, projection, Range(10)) == []
    assert await table_rows(running, projection) == fold_all(
        projection, [fact for fact in history if fact.position not in without]
    )
    await same_at_every_position(running.database, projection, history, without=without)


def kill_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def retry_and_die(point: str) -> None:
    """Retry the parked keys, and kill this process at a point of the work.

    The points are "reading", "before writing", "before the commit" and "after the commit".
    """

    async def die_before_writing(self: TableWriter) -> None:
        kill_this_process()

    async def die_before_the_commit(self: TableWriter) -> None:
        await assert_owned(self)
        kill_this_process()

    def die_after_the_commit(self: RowCache, rows: Mapping[Key, Any]) -> None:
        kill_this_process()

    def die_while_reading(position: int, target: int) -> None:
        kill_this_process()

    assert_owned = TableWriter.assert_owned
    match point:
        case "before writing":
            TableWriter.assert_owned = die_before_writing
        case "before the commit":
            TableWriter.assert_owned = die_before_the_commit
        case "after the commit":
            RowCache.remember = die_after_the_commit
        case _:
            pass
    async with open_database(EngineSettings.from_environment()) as database:
        asked, concerned = await request_retry(database, tallies, None)
        await wait_for_retry(
            database,
            tallies,
            asked,
            concerned,
            30,
            reader=EventReader(database.pool, EventCodec([tally])),
            on_progress=die_while_reading if point == "reading" else no_progress,
        )
