"""Lists the tables of all projections: where each stands, who keeps it current, and what is being done to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.engine.database.connections import Database
from app.engine.database.leases import is_held_sql
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.rebuild.operation import RebuildProgress
from app.engine.projector.slots import LIVE, lease_name_sql, table_name
from projections.kernel import AnyProjection


@dataclass(frozen=True, slots=True, kw_only=True)
class TableStatus:
    """One table. `current` where its version is the one of this code, `changed` where other code made it under the same
    version. `owner` keeps it current or works on it now. `rebuild` is what was last done to it beside the live one."""

    projection: str
    version: int
    slot: str
    table: str
    current: bool
    changed: bool
    position: int | None
    behind: int
    bytes: int
    owner: str | None
    rebuild: RebuildProgress | None


async def table_statuses(database: Database, projections: Sequence[AnyProjection]) -> Sequence[TableStatus]:
    """Every table that there is, and every live one that this code has yet to make."""
    known = {(projection.name, projection.version): projection for projection in projections}
    rows = await database.pool.fetch(_TABLES, [name for name, _ in known], [version for _, version in known])
    found: list[TableStatus] = []
    for row in rows:
        name, version, slot = row["projection"], row["version"], row["slot"]
        mine = known.get((name, version))
        rebuilt = row["state"] is not None
        found.append(
            TableStatus(
                projection=name,
                version=version,
                slot=slot,
                table=table_name(name, version, slot).replace('"', ""),
                current=mine is not None,
                changed=mine is not None
                and row["fingerprint"] is not None
                and row["fingerprint"] != fingerprint(mine),
                position=row["position"],
                behind=row["head"] - (row["position"] or 0),
                owner=row["owner"],
                bytes=await database.pool.fetchval(
                    "SELECT coalesce(pg_total_relation_size(to_regclass($1)), 0)",
                    table_name(name, version, slot),
                ),
                rebuild=RebuildProgress(
                    projection=name,
                    version=version,
                    slot=slot,
                    state=row["state"],
                    position=row["done"],
                    target=row["target"],
                    events_per_second=row["events_per_second"],
                    error=row["error"],
                )
                if rebuilt
                else None,
            )
        )
    return found


_TABLES = f"""
    WITH known AS (
        SELECT projection, version, slot FROM es.checkpoints
        UNION SELECT projection, version, slot FROM es.rebuilds WHERE state <> 'promoted'
        UNION SELECT *, '{LIVE}' FROM unnest($1::text[], $2::integer[])
    )
    SELECT known.projection, known.version, known.slot, c.position, c.fingerprint, head.position AS head,
           r.state, r.position AS done, r.target, r.events_per_second, r.error,
           CASE WHEN {is_held_sql(lease_name_sql("known"))} THEN coalesce(r.owner, c.owner) END AS owner
    FROM known
         LEFT JOIN es.checkpoints c USING (projection, version, slot)
         LEFT JOIN es.rebuilds r USING (projection, version, slot)
         CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM es.events) head
    ORDER BY known.projection, known.version, known.slot = '{LIVE}' DESC, known.slot
"""
