"""Shows how far each projection has come, without owning any of them: what it reads is all in the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.database import Database, open_database
from app.lease import held
from app.projector.slots import LIVE, lease_sql
from app.settings import Settings
from app.shown import columns
from projections import PROJECTIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one projection stands. `seconds` is how long the first fact that it has not folded has waited; `moved` how
    long ago it last moved, unknown where it never ran. `owner` is the process that holds it now."""

    projection: str
    version: int
    position: int
    behind: int
    seconds: float
    moved: float | None
    owner: str | None


async def show(settings: Settings) -> None:
    """Print it: a table in a terminal, plain columns elsewhere. Raises `DatabaseProblem`."""
    async with open_database(settings) as database:
        await database.check_migrated()
        standings = await standing(database)
    rows = [_shown(each) for each in standings]
    columns(_COLUMNS, rows, right=range(1, 6), marked=[bool(each.behind) for each in standings])


async def standing(database: Database) -> Sequence[Standing]:
    """Every projection of this code, and every other that has a checkpoint: those of older or newer code."""
    rows = await database.pool.fetch(
        _STANDING, [each.name for each in PROJECTIONS], [each.version for each in PROJECTIONS]
    )
    return [Standing(**dict(row)) for row in rows]


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
           extract(epoch FROM clock_timestamp() - c.moved_at)::float AS moved,
           CASE WHEN {held(lease_sql("known"))} THEN c.owner END AS owner
    FROM known
         LEFT JOIN es.checkpoints c USING (projection, version, slot)
         CROSS JOIN (SELECT coalesce(max(position), 0) AS position FROM es.events) head
         LEFT JOIN es.events next ON next.position = coalesce(c.position, 0) + 1
    ORDER BY known.projection, known.version
"""

_COLUMNS = ("projection", "version", "position", "behind", "seconds", "moved", "owner")


def _shown(each: Standing) -> tuple[str, ...]:
    return (
        each.projection,
        str(each.version),
        str(each.position),
        str(each.behind),
        f"{each.seconds:.1f}",
        "never" if each.moved is None else f"{each.moved:.1f} s ago",
        each.owner or "nobody",
    )
