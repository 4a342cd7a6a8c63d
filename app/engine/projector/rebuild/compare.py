"""Compares the live table of a projection with the one built beside it: every row, at the same position."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, String, and_, cast, func, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.projector.parking.parked_keys import is_data_error
from app.engine.projector.rebuild.bulk_load import PAGE_SIZE, BulkLoad, run_bulk_load
from app.engine.projector.rebuild.operation import (
    Operation,
    OperationRefused,
    RebuildProgress,
    RefusalReason,
    with_position,
)
from app.engine.projector.slots import LIVE, STAGING, table_in
from projections.kernel import AnyProjection

MAX_EXAMPLES = 5
MAX_FOLD_IN_TRANSACTION = 1_000
"""How many facts may be folded inside the transaction that compares; further away, tables are filled up first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key where the tables differ: both rows by column, None for no row, and the first column that differs."""

    key: Mapping[str, str]
    column: str | None
    live: Mapping[str, Any] | None
    staging: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both tables at `position`. `missing` rows are in the live table alone, `extra` ones in staging alone."""

    projection: str
    version: int
    position: int
    rows: int
    differing: int = 0
    missing: int = 0
    extra: int = 0
    examples: Sequence[Difference] = ()

    @property
    def equal(self) -> bool:
        return not (self.differing or self.missing or self.extra)

    def __str__(self) -> str:
        name = f"{self.projection} v{self.version}"
        if self.equal:
            return f"{name}: {self.rows} rows, equal at position {self.position}"
        return f"{name}: at position {self.position} {self.differing} rows differ, {self.missing} are missing, {self.extra} are too many"


async def catch_up(work: Operation, table: BulkLoad, near: int = MAX_FOLD_IN_TRANSACTION) -> None:
    """Bring a table close to where the live one stands, so that the rest is folded in a moment. Never beyond it."""
    projection = table.projection
    while True:
        live = await work.live_position(projection)
        table.target_position = max(table.position, table.position if live is None else live)
        if table.target_position - table.position <= near:
            return
        progress = RebuildProgress(
            projection=projection.name,
            version=projection.version,
            slot=table.slot,
            state="building",
            position=table.position,
            target=table.target_position,
        )

        async def moved(progress: RebuildProgress = progress) -> None:
            await work.report_progress([with_position(progress, table, 0.0)])

        await run_bulk_load(work.connection, work.reader, [table], moved=moved)


async def verify(work: Operation, projection: AnyProjection, table: BulkLoad | None = None) -> Comparison:
    """Compare staging with live, and keep what came of it. The live table is read in one snapshot and never locked: the
    rows built beside it are brought to the position that the snapshot shows. Raises `NotPossible`."""
    table = table or await work.open_bulk_load(projection, STAGING)
    if table is None:
        raise OperationRefused(
            f"{projection.name} v{projection.version} has no staging table: run projections rebuild {projection.name} --no-promote",
            RefusalReason.MISSING,
        )
    await catch_up(work, table)
    comparison = await _compared(work, table)
    said = None if comparison.equal else str(comparison).split(": ", 1)[1]
    await work.save_progress(
        RebuildProgress(
            projection=projection.name,
            version=projection.version,
            slot=STAGING,
            state="verified" if comparison.equal else "different",
            position=table.position,
            target=table.position,
            error=said,
        )
    )
    return comparison


async def _compared(work: Operation, table: BulkLoad) -> Comparison:
    connection, projection = work.connection, table.projection
    while True:
        await connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        live = (
            await connection.execute(
                _POSITION, {"name": projection.name, "version": projection.version, "slot": LIVE}
            )
        ).scalar_one_or_none()
        if live is None:
            # The first table of its version has nothing to be compared with.
            await connection.rollback()
            return Comparison(
                projection=projection.name, version=projection.version, position=table.position, rows=0
            )
        if live < table.position:
            await connection.rollback()
            raise OperationRefused(
                f"{projection.name} v{projection.version}: the live table is at position {live}, behind the staging one at {table.position}: verify it when it is there",
                RefusalReason.BEHIND,
            )
        if live - table.position > MAX_FOLD_IN_TRANSACTION:
            await connection.rollback()
            await catch_up(work, table)
            continue
        await fold_remaining(work, table, live)
        comparison = await compare(connection, projection, table.position)
        await connection.commit()
        return comparison


async def fold_remaining(work: Operation, table: BulkLoad, up_to: int) -> None:
    """Fold the last few facts inside the caller's transaction."""
    table.target_position = max(table.position, up_to)
    since = table.written
    try:
        async with work.connection.begin_nested():
            while table.position < table.target_position:
                facts = await work.reader.read_all(table.position, PAGE_SIZE, up_to=table.target_position)
                await table.fold(work.connection, facts)
            await table.flush(work.connection)
    except Exception as error:
        if not is_data_error(error):
            raise
        table.position = table.target_position
        await table.replay_isolating_failures(work.connection, work.reader, since)


async def compare(
    connection: AsyncConnection,
    projection: AnyProjection,
    position: int,
    left: str = LIVE,
    right: str = STAGING,
) -> Comparison:
    """Every row of two tables, as this transaction sees them."""
    live, staging = table_in(projection, left).alias("live"), table_in(projection, right).alias("staging")
    first = projection.key[0]
    same_key = and_(*(live.c[name] == staging.c[name] for name in projection.key))
    missing, extra = staging.c[first].is_(None), live.c[first].is_(None)
    columns = [name for name in live.c.keys() if name not in projection.key]  # noqa: SIM118 - a collection of columns, not a dict
    differs = (
        tuple_(*(live.c[name] for name in columns)).is_distinct_from(
            tuple_(*(staging.c[name] for name in columns))
        )
        if columns
        else text("false")
    )
    both = live.join(staging, same_key, full=True)
    counted = select(
        func.count().label("rows"),
        func.count().filter(missing).label("missing"),
        func.count().filter(extra).label("extra"),
        func.count().filter(and_(~missing, ~extra, differs)).label("differing"),
    ).select_from(both)
    counts = (await connection.execute(counted)).mappings().one()
    found = Comparison(projection=projection.name, version=projection.version, position=position, **counts)
    if found.equal:
        return found
    return Comparison(
        projection=found.projection,
        version=found.version,
        position=position,
        **counts,
        examples=await _examples(
            connection,
            projection,
            select(live, staging).select_from(both).where(or_(missing, extra, differs)),
            live,
            staging,
        ),
    )


async def _examples(
    connection: AsyncConnection, projection: AnyProjection, query: Select[Any], live: Any, staging: Any
) -> Sequence[Difference]:
    names = [column.name for column in live.c]
    shown = query.with_only_columns(
        *(cast(live.c[name], String).label(f"live_{name}") for name in names),
        *(cast(staging.c[name], String).label(f"staging_{name}") for name in names),
        *(live.c[name].is_distinct_from(staging.c[name]).label(f"differs_{name}") for name in names),
    )
    ordered = shown.order_by(
        *(func.coalesce(live.c[name], staging.c[name]) for name in projection.key)
    ).limit(MAX_EXAMPLES)
    differences: list[Difference] = []
    for row in (await connection.execute(ordered)).mappings():
        sides = {side: {name: row[f"{side}_{name}"] for name in names} for side in ("live", "staging")}
        there = {
            side: columns if any(columns[name] is not None for name in projection.key) else None
            for side, columns in sides.items()
        }
        key = there["live"] or there["staging"] or {}
        both = there["live"] is not None and there["staging"] is not None
        differences.append(
            Difference(
                key={name: key[name] for name in projection.key},
                live=there["live"],
                staging=there["staging"],
                column=next(name for name in names if row[f"differs_{name}"]) if both else None,
            )
        )
    return differences


_POSITION = text(
    "SELECT position FROM es.checkpoints WHERE projection = :name AND version = :version AND slot = :slot"
)
