"""Counts what waits in the processes, for metrics, health and operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import asyncpg

from app.engine.database.leases import is_held_sql
from app.engine.processes.storage import LEASE_PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class StepCount:
    """What waits in one process. `step` is the stored name of the command or call; empty for parked instances.

    `count` counts steps, or parked instances. The oldest waits for `oldest_seconds`, since it was asked for or since its
    instance was parked.
    """

    process: str
    step: str
    state: Literal["due", "stuck", "parked"]
    count: int
    oldest_seconds: float


async def step_counts(pool: asyncpg.Pool) -> Sequence[StepCount]:
    """The steps that are due or stuck by process and stored name, and the parked instances by process.

    It reads two partial indexes, so its cost grows with what waits and not with what is done.
    """
    return [StepCount(**row) for row in await pool.fetch(COUNT_STEPS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointView:
    """Where a process stands. `owner` runs it now; None if no server does. `skipped_events` are those that it passed over,
    the newest at `last_skipped`."""

    process: str
    position: int
    owner: str | None
    skipped_events: int
    last_skipped: int | None


async def checkpoint_views(pool: asyncpg.Pool, processes: Sequence[str]) -> Sequence[CheckpointView]:
    """The checkpoints of these processes that exist."""
    return [CheckpointView(**row) for row in await pool.fetch(_SELECT_CHECKPOINTS, list(processes))]


COUNT_STEPS = """
    SELECT process, name AS step, outcome AS state, count(*) AS count,
           extract(epoch FROM clock_timestamp() - min(asked_at))::float8 AS oldest_seconds
    FROM es.process_steps WHERE outcome IN ('due', 'stuck') GROUP BY process, name, outcome
    UNION ALL
    SELECT process, '', 'parked', count(*), extract(epoch FROM clock_timestamp() - min(moved_at))::float8
    FROM es.processes WHERE parked_position IS NOT NULL GROUP BY process
    ORDER BY 1, 3, 2
"""
# The owner in a checkpoint may be a server that has ended. It is the owner only while the lease is held.
_SELECT_CHECKPOINTS = f"""
    SELECT process, position, CASE WHEN {is_held_sql(f"'{LEASE_PREFIX}' || c.process")} THEN owner END AS owner,
           skipped_events, last_skipped
    FROM es.process_checkpoints c WHERE process = ANY($1::text[]) ORDER BY process
"""
