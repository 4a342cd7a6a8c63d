"""Retries all stuck steps or parked instances that an operator selects. A repeat retries nothing twice."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

import asyncpg

from app.engine.commands import CommandAccepted, CommandContext, CommandHandler
from app.engine.database.connections import Database
from app.engine.store.codec import EventCodec
from app.engine.store.stored_names import classes_by_name
from domain.kernel.process import AnyProcess, Call, RetryStep

PAGE_SIZE = 500
MAX_CONCURRENT_RETRIES = 64
RETRIED_STATES = ("stuck", "parked")

type Check = Callable[[str, UUID, RetryStep], None]
"""Raises an error if a step of this instance of a process may not be retried. The step of a parked instance is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySelection:
    """The stuck steps of these processes, all or those called `step`; or their parked instances.

    `step` is the name of a step, or a stored name of its command or call, also a former one. `codec` knows the commands.
    """

    processes: Sequence[AnyProcess]
    codec: EventCodec
    state: str = "stuck"
    step: str | None = None

    def stuck_steps(self, process: AnyProcess) -> tuple[object, ...]:
        """The arguments of `_IS_SELECTED`: a class is stored under each of its names. A call has no category."""
        classes = (*self.codec.commands.items(), ("", classes_by_name(process.category, Call, process.calls)))
        names = [
            (category, name)
            for category, by_name in classes
            if (kind := by_name.get(self.step or "")) is not None
            for name in (kind.stored.name, *kind.stored.formerly)
        ]
        return process.category, self.step, [category for category, _ in names], [name for _, name in names]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryCounts:
    """`found` were selected. `retried` of them are retried now; the others were already, or are not stuck any more.

    `more` tells that the limit left some out.
    """

    found: int = 0
    retried: int = 0
    more: bool = False


async def count_selected(database: Database, selection: RetrySelection) -> int:
    """How many steps or instances a retry would find."""
    if selection.state == "parked":
        names = [process.category for process in selection.processes]
        return await _count(database.pool, _COUNT_PARKED_INSTANCES, names)
    return sum(
        [
            await _count(database.pool, _COUNT_STUCK_STEPS, *selection.stuck_steps(process))
            for process in selection.processes
        ]
    )


async def retry_selected(
    database: Database,
    commands: CommandHandler,
    selection: RetrySelection,
    context: CommandContext,
    *,
    limit: int | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
    check: Check = lambda process, instance, command: None,
) -> RetryCounts:
    """Retry up to `limit` of them, the oldest first. `on_progress` gets the number of those that are done.

    `check` is called for each instance and step. What it raises ends the retry before any of the same page is retried.
    """
    if selection.state == "parked":
        names = [process.category for process in selection.processes]
        requested, last = 0, (0, UUID(int=0), "")
        while parked := await database.pool.fetch(
            _SELECT_PARKED_INSTANCES,
            names,
            *last,
            PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - requested),
        ):
            for row in parked:
                check(row["process"], UUID(int=row["id"].int), RetryStep(step=""))
            processes, ids = [row["process"] for row in parked], [row["id"] for row in parked]
            requested += await _count(database.pool, _UPDATE_PARKED_INSTANCES, processes, ids)
            on_progress(requested)
            # One that is parked again in the meantime is not retried again.
            last = parked[-1]["parked_position"], parked[-1]["id"], parked[-1]["process"]
        more = limit is not None and await count_selected(database, selection) > 0
        return RetryCounts(found=requested, retried=requested, more=more)
    counts = RetryCounts()
    for process in selection.processes:
        after = 0
        while True:
            left = PAGE_SIZE if limit is None else min(PAGE_SIZE, limit - counts.found)
            rows = await database.pool.fetch(
                _SELECT_STUCK_STEPS, *selection.stuck_steps(process), after, left + 1
            )
            if left == 0:
                counts = replace(counts, more=counts.more or bool(rows))
            page = rows[:left]
            if not page:
                break
            for row in page:
                check(process.category, UUID(int=row["instance"].int), RetryStep(step=row["step"]))
            retried = await _retry_page(commands, process, page, context)
            counts = replace(counts, found=counts.found + len(page), retried=counts.retried + retried)
            on_progress(counts.found)
            after = page[-1]["seq"]
    return counts


async def _retry_page(
    commands: CommandHandler, process: AnyProcess, rows: Sequence[asyncpg.Record], context: CommandContext
) -> int:
    places = asyncio.Semaphore(MAX_CONCURRENT_RETRIES)

    async def retry(row: asyncpg.Record) -> bool:
        # A step that is retried already is not stuck any more for its stream, which rejects a second retry.
        async with places:
            outcome = await commands.execute(
                process.stream_decider, UUID(int=row["instance"].int), RetryStep(step=row["step"]), context
            )
        return isinstance(outcome, CommandAccepted)

    return sum(await asyncio.gather(*(retry(row) for row in rows)))


async def _count(pool: asyncpg.Pool, query: str, *arguments: object) -> int:
    [row] = await pool.fetch(query, *arguments)
    return row["count"]


_IS_SELECTED = """
    process = $1 AND outcome = 'stuck' AND kind <> 'note' AND (
        $2::text IS NULL OR $2 IN (step, name) OR (category, name) IN (SELECT * FROM unnest($3::text[], $4::text[])))
"""

_SELECT_STUCK_STEPS = f"""
    SELECT instance, step, seq FROM es.process_steps WHERE {_IS_SELECTED} AND seq > $5 ORDER BY seq LIMIT $6
"""

_COUNT_STUCK_STEPS = f"SELECT count(*) AS count FROM es.process_steps WHERE {_IS_SELECTED}"

_COUNT_PARKED_INSTANCES = """
    SELECT count(*) AS count FROM es.processes
    WHERE process = ANY($1::text[]) AND parked_position IS NOT NULL AND NOT retry
"""

_SELECT_PARKED_INSTANCES = """
    SELECT process, id, parked_position FROM es.processes
    WHERE process = ANY($1::text[]) AND (parked_position, id, process) > ($2, $3, $4) AND NOT retry
    ORDER BY parked_position, id, process LIMIT $5
"""

_UPDATE_PARKED_INSTANCES = """
    WITH requested AS (
        UPDATE es.processes p SET retry = true
        FROM unnest($1::text[], $2::uuid[]) selected (process, id)
        WHERE p.process = selected.process AND p.id = selected.id AND p.parked_position IS NOT NULL AND NOT p.retry
        RETURNING 1
    )
    SELECT count(*) AS count FROM requested
"""
