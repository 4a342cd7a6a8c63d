"""Reads rows of es.events. A row that the driver cannot decode hides no other row."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from app.engine.database.batched_reads import BatchedReads
from app.engine.database.connections import retry_read
from app.engine.database.pool_reads import PoolReads

EVENT_COLUMNS = (
    "position, category, stream_id, version, type, type_version, data, command_id, correlation_id, caused_by, actor, "
    "occurred_at, recorded_at"
)
_MIN, _MAX = "'0001-01-01Z'::timestamptz", "'9999-12-30Z'::timestamptz"
_READABLE_COLUMNS = EVENT_COLUMNS.replace(
    "occurred_at, recorded_at",
    f"least(greatest(occurred_at, {_MIN}), {_MAX}) AS occurred_at, least(greatest(recorded_at, {_MIN}), {_MAX}) AS recorded_at,"
    f" NOT (occurred_at BETWEEN {_MIN} AND {_MAX} AND recorded_at BETWEEN {_MIN} AND {_MAX}) AS undecodable",
)
"""PostgreSQL knows moments that Python does not. A new row cannot hold one, but rows of before the constraint may."""


async def fetch_event_rows(
    pool: asyncpg.Pool | asyncpg.Connection | BatchedReads | PoolReads, query: str, *arguments: object
) -> Sequence[Any]:
    """The rows of a query that selects `EVENT_COLUMNS`. A row with a moment that Python cannot hold has `undecodable`."""

    async def read() -> Sequence[Any]:
        try:
            return await pool.fetch(query, *arguments)
        except (OverflowError, ValueError):
            return await pool.fetch(query.replace(EVENT_COLUMNS, _READABLE_COLUMNS), *arguments)

    return await retry_read(read)
