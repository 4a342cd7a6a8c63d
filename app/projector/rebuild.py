"""Builds tables anew beside the live ones, which are read and kept current meanwhile; several in one pass over the log."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database import Database
from app.projector import swap
from app.projector.bulk import PAGE, Filling, fill
from app.projector.fingerprint import fingerprint
from app.projector.operation import NotPossible, Progress, Told, Why, Work, at, silent, working
from app.projector.rows import rows_of
from app.projector.slots import STAGING, table_names
from app.projector.verify import CLOSE, Comparison, verify
from app.store.codec import Codec
from projections.kernel import AnyProjection


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What came of one table: how it compared, and when it became the live one, None where it did not."""

    comparison: Comparison
    swapped: swap.Swapped | None


async def rebuild(
    database: Database,
    codec: Codec,
    projections: Sequence[AnyProjection],
    *,
    stage: bool = False,
    told: Told = silent,
    page: int = PAGE,
) -> Sequence[Rebuilt]:
    """Build, verify, and promote what is equal; with `stage`, promote nothing. What was interrupted is gone on with.

    The tables never overtake the live ones, so that each pair can be compared at one position. `page` is how many facts
    are folded at one go. Raises `NotPossible`.
    """
    async with working(database, codec, projections, told=told) as work:
        tables = [await begin(work, each, STAGING) for each in projections]
        await build(work, tables, page)
        comparisons = [await verify(work, each.projection, each) for each in tables]
        return [
            Rebuilt(
                comparison=comparison,
                swapped=await swap.promote(work, each.projection) if comparison.equal and not stage else None,
            )
            for each, comparison in zip(tables, comparisons, strict=True)
        ]


async def begin(work: Work, projection: AnyProjection, slot: str) -> Filling:
    """The table to go on with, where the same code began it; else a new one."""
    mine = {
        "name": projection.name,
        "version": projection.version,
        "slot": slot,
        "print": fingerprint(projection),
    }
    begun = await work.connection.execute(_BEGUN, mine)
    if not begun.scalar_one():
        await remove(work.connection, projection, slot)
        await rows_of(projection, slot).create_bare(work.connection)
        await work.connection.execute(_BEGIN, mine)
    await work.connection.commit()
    table = await work.filling(projection, slot)
    if table is None:
        raise NotPossible(
            f"{projection.name} v{projection.version}: the {slot} table was dropped a moment ago: run the command again",
            Why.MISSING,
        )
    return table


async def build(work: Work, tables: Sequence[Filling], page: int, up_to: int | None = None) -> None:
    """Fill the tables up to where the live ones stand, or to `up_to`, and make their indexes."""
    started = time.monotonic()
    first = min(each.position for each in tables)
    building = [
        Progress(
            projection=each.projection.name,
            version=each.projection.version,
            slot=each.slot,
            state="building",
            position=each.position,
            target=await _target(work, each) if up_to is None else up_to,
        )
        for each in tables
    ]

    def now() -> list[Progress]:
        done = min(each.position for each in tables) - first
        return [
            at(progress, each, done / (time.monotonic() - started))
            for progress, each in zip(building, tables, strict=True)
        ]

    async def moved() -> None:
        await work.moving(now())

    for each in building:
        await work.record(each)
    near = 0
    while True:
        for each in tables:
            each.up_to = max(each.position, await _target(work, each) if up_to is None else up_to)
        if all(each.up_to - each.position <= near for each in tables):
            break
        await fill(work.connection, work.reader, tables, page=page, moved=moved)
        near = CLOSE
    for each, progress in zip(tables, now(), strict=True):
        await each.table.create_indexes(work.connection)
        for table in each.table.tables:
            await work.connection.execute(text(f'ANALYZE {table.schema}."{table.name}"'))
        await work.connection.commit()
        await work.record(replace(progress, state="built"))


async def remove(connection: AsyncConnection, projection: AnyProjection, slot: str) -> None:
    """Drop the table in this slot, and all that belongs to it; the caller commits."""
    for name in table_names(projection.name, projection.version, slot):
        await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    await swap.forget(connection, {"name": projection.name, "version": projection.version, "slot": slot})
    await connection.execute(_FORGET, {"name": projection.name, "version": projection.version, "slot": slot})


async def _target(work: Work, table: Filling) -> int:
    live = await work.live(table.projection)
    return await work.reader.head() if live is None else live


_OF = "projection = :name AND version = :version AND slot = :slot"
_BEGUN = text(
    f"SELECT EXISTS (SELECT FROM es.checkpoints JOIN es.rebuilds USING (projection, version, slot)"
    f" WHERE {_OF} AND fingerprint = :print AND state IN ('building', 'failed'))"
)
_BEGIN = text(
    "INSERT INTO es.checkpoints (projection, version, slot, fingerprint) VALUES (:name, :version, :slot, :print)"
)
_FORGET = text(f"DELETE FROM es.rebuilds WHERE {_OF}")
