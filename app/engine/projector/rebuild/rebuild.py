"""Builds tables anew beside the live ones, which are read and kept current meanwhile; several in one pass over the log."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.database.connections import Database
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.bulk_load import PAGE_SIZE, BulkLoad, run_bulk_load
from app.engine.projector.rebuild.compare import MAX_FOLD_IN_TRANSACTION, Comparison, verify
from app.engine.projector.rebuild.operation import (
    Operation,
    OperationRefused,
    ProgressCallback,
    RebuildProgress,
    RefusalReason,
    no_progress,
    start_operation,
    with_position,
)
from app.engine.projector.slots import STAGING, table_names
from app.engine.projector.table import table_statements
from app.engine.store.codec import EventCodec
from projections.kernel import AnyProjection


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildResult:
    """What came of one table: how it compared, and when it became the live one, None where it did not."""

    comparison: Comparison
    swapped: swap.SwapResult | None


async def rebuild(
    database: Database,
    codec: EventCodec,
    projections: Sequence[AnyProjection],
    *,
    stage: bool = False,
    told: ProgressCallback = no_progress,
    page: int = PAGE_SIZE,
) -> Sequence[RebuildResult]:
    """Build, verify, and promote what is equal; with `stage`, promote nothing. What was interrupted is gone on with.

    The tables never overtake the live ones, so that each pair can be compared at one position. `page` is how many facts
    are folded at one go. Raises `NotPossible`.
    """
    async with start_operation(database, codec, projections, told=told) as work:
        tables = [await prepare_table(work, projection, STAGING) for projection in projections]
        await build(work, tables, page)
        comparisons = [await verify(work, table.projection, table) for table in tables]
        return [
            RebuildResult(
                comparison=comparison,
                swapped=await swap.promote(work, each.projection) if comparison.equal and not stage else None,
            )
            for each, comparison in zip(tables, comparisons, strict=True)
        ]


async def prepare_table(work: Operation, projection: AnyProjection, slot: str) -> BulkLoad:
    """The table to go on with, where the same code began it; else a new one."""
    mine = {
        "name": projection.name,
        "version": projection.version,
        "slot": slot,
        "print": fingerprint(projection),
    }
    begun = await work.connection.execute(_BEGUN, mine)
    if not begun.scalar_one():
        await drop_slot(work.connection, projection, slot)
        await table_statements(projection, slot).create_table(work.connection)
        await work.connection.execute(_BEGIN, mine)
    await work.connection.commit()
    table = await work.open_bulk_load(projection, slot)
    if table is None:
        raise OperationRefused(
            f"{projection.name} v{projection.version}: the {slot} table was dropped a moment ago: run the command again",
            RefusalReason.MISSING,
        )
    return table


async def build(work: Operation, tables: Sequence[BulkLoad], page: int, up_to: int | None = None) -> None:
    """Fill the tables up to where the live ones stand, or to `up_to`, and make their indexes."""
    started = time.monotonic()
    first = min(table.position for table in tables)
    building = [
        RebuildProgress(
            projection=table.projection.name,
            version=table.projection.version,
            slot=table.slot,
            state="building",
            position=table.position,
            target=await _target(work, table) if up_to is None else up_to,
        )
        for table in tables
    ]

    def now() -> list[RebuildProgress]:
        done = min(table.position for table in tables) - first
        return [
            with_position(progress, each, done / (time.monotonic() - started))
            for progress, each in zip(building, tables, strict=True)
        ]

    async def moved() -> None:
        await work.report_progress(now())

    for each in building:
        await work.save_progress(each)
    near = 0
    while True:
        for each in tables:
            each.target_position = max(each.position, await _target(work, each) if up_to is None else up_to)
        if all(table.target_position - table.position <= near for table in tables):
            break
        await run_bulk_load(work.connection, work.reader, tables, page=page, moved=moved)
        near = MAX_FOLD_IN_TRANSACTION
    for each, progress in zip(tables, now(), strict=True):
        await each.table.create_indexes(work.connection)
        for table in each.table.tables:
            await work.connection.execute(text(f'ANALYZE {table.schema}."{table.name}"'))
        await work.connection.commit()
        await work.save_progress(replace(progress, state="built"))


async def drop_slot(connection: AsyncConnection, projection: AnyProjection, slot: str) -> None:
    """Drop the table in this slot, and all that belongs to it; the caller commits."""
    for name in table_names(projection.name, projection.version, slot):
        await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
    await swap.delete_bookkeeping(
        connection, {"name": projection.name, "version": projection.version, "slot": slot}
    )
    await connection.execute(_FORGET, {"name": projection.name, "version": projection.version, "slot": slot})


async def _target(work: Operation, table: BulkLoad) -> int:
    live = await work.live_position(table.projection)
    return await work.reader.head_position() if live is None else live


_OF = "projection = :name AND version = :version AND slot = :slot"
_BEGUN = text(
    f"SELECT EXISTS (SELECT FROM es.checkpoints JOIN es.rebuilds USING (projection, version, slot)"
    f" WHERE {_OF} AND fingerprint = :print AND state IN ('building', 'failed'))"
)
_BEGIN = text(
    "INSERT INTO es.checkpoints (projection, version, slot, fingerprint) VALUES (:name, :version, :slot, :print)"
)
_FORGET = text(f"DELETE FROM es.rebuilds WHERE {_OF}")
