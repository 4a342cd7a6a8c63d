"""Where each live table stands, whoever owns it: all of it is in the database."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import msgspec

from app.engine.database.connections import Database
from app.engine.database.leases import is_held_sql
from app.engine.projector.parking.parked_keys import UnreadableCount
from app.engine.projector.rebuild.operation import RebuildProgress
from app.engine.projector.slots import LIVE, STAGING, lease_name_sql
from projections.kernel import AnyProjection

CACHE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """Where one projection stands. `seconds` is how long the first fact that it has not folded has waited; `moved` how
    long ago it last moved, unknown where it never ran. `parked` counts keys, `unread` events that its code cannot read, by
    type. `owner` is the process that holds it now. `rebuild` is what was last done beside it, and is not live."""

    projection: str
    version: int
    position: int
    behind: int
    seconds: float
    seconds_since_moved: float | None
    parked: int
    unread: Mapping[str, UnreadableCount]
    owner: str | None
    rebuild: RebuildProgress | None


async def projection_statuses(
    database: Database, projections: Sequence[AnyProjection]
) -> Sequence[ProjectionStatus]:
    """Every one of these, and every other that has a checkpoint: those of older or newer code."""
    rows = await database.pool.fetch(
        _STANDING,
        [projection.name for projection in projections],
        [projection.version for projection in projections],
    )
    return [_standing(dict(row)) for row in rows]


def _standing(row: dict[str, object]) -> ProjectionStatus:
    state, position, target, rate, error = (
        row.pop(name) for name in ("state", "done", "target", "rate", "error")
    )
    unread = msgspec.convert(msgspec.json.decode(str(row.pop("unread"))), dict[str, UnreadableCount])
    rebuild = None
    if state is not None:
        about = {"projection": row["projection"], "version": row["version"], "slot": STAGING, "state": state}
        rebuild = msgspec.convert(
            about | {"position": position, "target": target, "events_per_second": rate, "error": error},
            RebuildProgress,
        )
    return msgspec.convert(row | {"unread": unread, "rebuild": rebuild}, ProjectionStatus)


# An owner holds the advisory lock of its projection; the name that it left in the checkpoint may be that of a process
# which is gone.
_STANDING = f"""
    WITH known AS (
        SELECT projection, version, slot FROM es.checkpoints WHERE slot = '{LIVE}'
        UNION SELECT *, '{LIVE}' FROM unnest($1::text[], $2::integer[])
    )
    SELECT known.projection, known.version, coalesce(c.position, 0) AS position,
           head.position - coalesce(c.position, 0) AS behind,
           coalesce(extract(epoch FROM clock_timestamp() - next.recorded_at), 0)::float AS seconds,
           extract(epoch FROM clock_timestamp() - c.moved_at)::float AS seconds_since_moved,
           (SELECT count(*) FROM es.parked p
            WHERE p.projection = known.projection AND p.version = known.version AND p.slot = known.slot) AS parked,
           coalesce(c.unread, '{{}}')::text AS unread,
           CASE WHEN {is_held_sql(lease_name_sql("known"))} THEN c.owner END AS owner,
           r.state, r.position AS done, r.target, r.events_per_second AS rate, r.error
    FROM known
         LEFT JOIN es.checkpoints c USING (projection, version, slot)
         LEFT JOIN es.rebuilds r ON r.projection = known.projection AND r.version = known.version AND r.slot = '{STAGING}'
                                AND r.state <> 'promoted'
         CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM es.events) head
         LEFT JOIN es.events next ON next.position = coalesce(c.position, 0) + 1
    ORDER BY known.projection, known.version
"""


class StatusCache:
    """Where everything stands, looked up once for all who follow it in this process."""

    def __init__(self, database: Database, projections: Sequence[AnyProjection]) -> None:
        self._database = database
        self._projections = projections
        self._lock = asyncio.Lock()
        self._at = float("-inf")
        self._found: Sequence[ProjectionStatus] = ()

    async def get(self) -> Sequence[ProjectionStatus]:
        """At most `RECENT_SECONDS` old."""
        async with self._lock:
            if perf_counter() - self._at > CACHE_SECONDS:
                self._found = await projection_statuses(self._database, self._projections)
                self._at = perf_counter()
            return self._found
