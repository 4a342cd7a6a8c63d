"""The status of projections and of their tables, read from the database: any process may own them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import asyncpg
import msgspec

from app.engine.database.connections import Database
from app.engine.database.leases import is_held_sql
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.parking.parked_keys import UnreadableCount
from app.engine.projector.rebuild.operation import RebuildProgress
from app.engine.projector.slots import LIVE, STAGING, lease_name_sql, table_name
from projections.kernel import AnyProjection

CACHE_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionStatus:
    """The status of one projection's live table. `lag` counts the events after its position, and `seconds` is how long
    the first of them has waited. `seconds_since_moved` is None if it has never moved. `parked` counts keys, `unreadable` the
    events that its code cannot read, by type. `rebuild` is the last operation on its staging table, if that is not live."""

    projection: str
    version: int
    position: int
    lag: int
    seconds: float
    seconds_since_moved: float | None
    parked: int
    unreadable: Mapping[str, UnreadableCount]
    owner: str | None
    rebuild: RebuildProgress | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """The status of one table. `current` if its version is that of this code, `changed` if other code made it under the
    same version. `owner` keeps it current or works on it now. `rebuild` is the last operation that filled it."""

    projection: str
    version: int
    slot: str
    table: str
    current: bool
    changed: bool
    position: int | None
    lag: int
    bytes: int
    owner: str | None
    rebuild: RebuildProgress | None


async def projection_statuses(
    database: Database, projections: Sequence[AnyProjection]
) -> Sequence[ProjectionStatus]:
    """Each of these projections, and each other one that has a checkpoint: those of older or newer code."""
    records = await database.reads.fetch(_SELECT_PROJECTIONS, *_names_and_versions(projections))
    return [
        ProjectionStatus(
            projection=record["projection"],
            version=record["version"],
            position=record["position"],
            lag=record["lag"],
            seconds=record["seconds"],
            seconds_since_moved=record["seconds_since_moved"],
            parked=record["parked"],
            unreadable=msgspec.json.decode(record["unreadable"], type=dict[str, UnreadableCount]),
            owner=record["owner"],
            rebuild=_rebuild(record, STAGING),
        )
        for record in records
    ]


async def table_statuses(database: Database, projections: Sequence[AnyProjection]) -> Sequence[TableStatus]:
    """Each table that exists, and each live one that this code has still to make."""
    known = {(projection.name, projection.version): projection for projection in projections}
    statuses: list[TableStatus] = []
    for record in await database.pool.fetch(_SELECT_TABLES, *_names_and_versions(projections)):
        name, version, slot = record["projection"], record["version"], record["slot"]
        projection = known.get((name, version))
        statuses.append(
            TableStatus(
                projection=name,
                version=version,
                slot=slot,
                table=table_name(name, version, slot).replace('"', ""),
                current=projection is not None,
                changed=projection is not None
                and record["fingerprint"] not in (None, fingerprint(projection)),
                position=record["position"],
                lag=record["head"] - (record["position"] or 0),
                owner=record["owner"],
                bytes=await database.pool.fetchval(_SELECT_SIZE, table_name(name, version, slot)),
                rebuild=_rebuild(record, slot),
            )
        )
    return statuses


class StatusCache:
    """The status of all projections, read once for all subscribers of this process."""

    def __init__(self, database: Database, projections: Sequence[AnyProjection]) -> None:
        self._database = database
        self._projections = projections
        self._lock = asyncio.Lock()
        self._read_at = float("-inf")
        self._statuses: Sequence[ProjectionStatus] = ()

    async def get(self) -> Sequence[ProjectionStatus]:
        """At most `CACHE_SECONDS` old."""
        async with self._lock:
            if perf_counter() - self._read_at > CACHE_SECONDS:
                self._statuses = await projection_statuses(self._database, self._projections)
                self._read_at = perf_counter()
            return self._statuses


def _names_and_versions(projections: Sequence[AnyProjection]) -> tuple[list[str], list[int]]:
    return [projection.name for projection in projections], [projection.version for projection in projections]


def _rebuild(record: asyncpg.Record, slot: str) -> RebuildProgress | None:
    if record["state"] is None:
        return None
    return RebuildProgress(
        projection=record["projection"],
        version=record["version"],
        slot=slot,
        state=record["state"],
        position=record["rebuilt_position"],
        target=record["target"],
        events_per_second=record["events_per_second"],
        error=record["error"],
    )


# The owner in a checkpoint may be a process that has ended. It is the owner only while the lease is held.
_SELECT_PROJECTIONS = f"""
    WITH known AS (
        SELECT projection, version, slot FROM es.checkpoints WHERE slot = '{LIVE}'
        UNION SELECT *, '{LIVE}' FROM unnest($1::text[], $2::integer[])
    )
    SELECT known.projection, known.version, coalesce(c.position, 0) AS position,
           head.position - coalesce(c.position, 0) AS lag,
           coalesce(extract(epoch FROM clock_timestamp() - next.recorded_at), 0)::float AS seconds,
           extract(epoch FROM clock_timestamp() - c.moved_at)::float AS seconds_since_moved,
           (SELECT count(*) FROM es.parked_keys p
            WHERE p.projection = known.projection AND p.version = known.version AND p.slot = known.slot) AS parked,
           coalesce(c.unread, '{{}}')::text AS unreadable,
           CASE WHEN {is_held_sql(lease_name_sql("known"))} THEN c.owner END AS owner,
           r.state, r.position AS rebuilt_position, r.target, r.events_per_second, r.error
    FROM known
         LEFT JOIN es.checkpoints c USING (projection, version, slot)
         LEFT JOIN es.rebuilds r ON r.projection = known.projection AND r.version = known.version AND r.slot = '{STAGING}'
                                AND r.state <> 'promoted'
         CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM es.events) head
         LEFT JOIN es.events next ON next.position = coalesce(c.position, 0) + 1
    ORDER BY known.projection, known.version
"""
_SELECT_TABLES = f"""
    WITH known AS (
        SELECT projection, version, slot FROM es.checkpoints
        UNION SELECT projection, version, slot FROM es.rebuilds WHERE state <> 'promoted'
        UNION SELECT *, '{LIVE}' FROM unnest($1::text[], $2::integer[])
    )
    SELECT known.projection, known.version, known.slot, c.position, c.fingerprint, head.position AS head,
           r.state, r.position AS rebuilt_position, r.target, r.events_per_second, r.error,
           CASE WHEN {is_held_sql(lease_name_sql("known"))} THEN coalesce(r.owner, c.owner) END AS owner
    FROM known
         LEFT JOIN es.checkpoints c USING (projection, version, slot)
         LEFT JOIN es.rebuilds r USING (projection, version, slot)
         CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM es.events) head
    ORDER BY known.projection, known.version, known.slot = '{LIVE}' DESC, known.slot
"""
_SELECT_SIZE = "SELECT coalesce(pg_total_relation_size(to_regclass($1)), 0)"
