"""Builds tables again next to the live ones, which stay readable and current; several in one pass over the log."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.engine.database.connections import Database
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.rebuild import swap
from app.engine.projector.rebuild.bulk_load import PAGE_SIZE, BulkLoad, run_bulk_load
from app.engine.projector.rebuild.catch_up import MAX_FOLD_IN_TRANSACTION
from app.engine.projector.rebuild.compare import Comparison, verify
from app.engine.projector.rebuild.operation import (
    Operation,
    OperationRefused,
    ProgressCallback,
    RebuildProgress,
    RefusalReason,
    no_progress,
    progress_of,
    start_operation,
    with_position,
)
from app.engine.projector.slots import STAGING
from app.engine.projector.table_integrity import create_table, drop_table, table_problem
from app.engine.store.codec import EventCodec
from projections.kernel import AnyProjection


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildResult:
    """The result for one table: the comparison, and the swap that made it live, None if there was none."""

    comparison: Comparison
    swapped: swap.SwapResult | None


async def rebuild(
    database: Database,
    codec: EventCodec,
    projections: Sequence[AnyProjection],
    *,
    stage: bool = False,
    on_progress: ProgressCallback = no_progress,
    page: int = PAGE_SIZE,
) -> Sequence[RebuildResult]:
    """Build, verify, and promote the tables that are equal; with `stage`, promote none. Continues an interrupted build.

    The tables never overtake the live ones, so that each pair can be compared at one position. A live table that is
    made again does not count. `page` is the number of
    facts in one read of the log. Raises `OperationRefused`.
    """
    async with start_operation(database, codec, projections, on_progress=on_progress) as operation:
        loads = [await prepare_table(operation, projection, STAGING) for projection in projections]
        await build(operation, loads, page)
        comparisons = [await verify(operation, load.projection, load) for load in loads]
        return [
            RebuildResult(
                comparison=comparison,
                swapped=await swap.promote(operation, load.projection)
                if comparison.equal and not stage
                else None,
            )
            for load, comparison in zip(loads, comparisons, strict=True)
        ]


async def prepare_table(operation: Operation, projection: AnyProjection, slot: str) -> BulkLoad:
    """The load of an interrupted build. If other code began it, or a key of it waits for a retry: the load of a new table."""
    connection, table = operation.connection, (projection.name, projection.version, slot)
    async with connection.transaction():
        is_begun = await connection.fetchval(_SELECT_IS_BEGUN, *table, fingerprint(projection))
        if not is_begun or await table_problem(connection, projection, slot) is not None:
            await drop_table(connection, *table)
            await create_table(connection, projection, slot)
    load = await operation.open_bulk_load(projection, slot)
    if load is None:
        raise OperationRefused(
            f"{projection.name} v{projection.version}: the {slot} table was dropped a moment ago: run the command again",
            RefusalReason.MISSING,
        )
    return load


async def build(operation: Operation, loads: Sequence[BulkLoad], page: int, up_to: int | None = None) -> None:
    """Fill the tables up to the positions of the live ones, or to `up_to`, and make their indexes."""
    started = time.monotonic()
    first = min(load.position for load in loads)
    at_start = [
        progress_of(
            load,
            "building",
            await operation.target_position(load.projection) if up_to is None else up_to,
        )
        for load in loads
    ]

    def progress_now() -> list[RebuildProgress]:
        folded = min(load.position for load in loads) - first
        return [
            with_position(progress, load, folded / (time.monotonic() - started))
            for progress, load in zip(at_start, loads, strict=True)
        ]

    async def report() -> None:
        await operation.report_progress(progress_now())

    for progress in at_start:
        await operation.save_progress(progress)
    max_behind = 0
    while True:
        for load in loads:
            target = await operation.target_position(load.projection) if up_to is None else up_to
            load.target_position = max(load.position, target)
        if all(load.target_position - load.position <= max_behind for load in loads):
            break
        await run_bulk_load(operation.connection, operation.reader, loads, page=page, on_page=report)
        max_behind = MAX_FOLD_IN_TRANSACTION
    for load, progress in zip(loads, progress_now(), strict=True):
        await load.create_indexes()
        await operation.save_progress(replace(progress, state="built"))


_SELECT_IS_BEGUN = """
    SELECT EXISTS (
        SELECT FROM es.checkpoints JOIN es.rebuilds USING (projection, version, slot)
        WHERE projection = $1 AND version = $2 AND slot = $3 AND fingerprint = $4 AND state IN ('building', 'built', 'failed')
    ) AND NOT EXISTS (
        SELECT FROM es.parked_keys
        WHERE projection = $1 AND version = $2 AND slot = $3 AND retry_requested_at IS NOT NULL
    )
"""
