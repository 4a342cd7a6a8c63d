"""Compares the live table of a projection with its staging table: every row, at the same position."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg
from sqlalchemy import Executable, Select, String, and_, cast, func, or_, select, text, tuple_

from app.engine.database.statements import CompiledStatement
from app.engine.projector.rebuild.bulk_load import BulkLoad
from app.engine.projector.rebuild.catch_up import MAX_FOLD_IN_TRANSACTION, catch_up, fold_remaining
from app.engine.projector.rebuild.operation import Operation, OperationRefused, RefusalReason, progress_of
from app.engine.projector.slots import LIVE, STAGING
from app.engine.projector.table import projection_table
from projections.kernel import AnyProjection

MAX_EXAMPLES = 5
LIVE_TIMEOUT_SECONDS = 10.0
"""How long a live table that is behind the staging one may stand still before the comparison is refused."""
POLL_INTERVAL_SECONDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One key whose rows differ: both rows by column, None for no row, and the first column that differs."""

    key: Mapping[str, str]
    column: str | None
    live: Mapping[str, Any] | None
    staging: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both tables at `position`. `missing` rows are only in the live table, `extra` ones only in staging."""

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


async def verify(operation: Operation, projection: AnyProjection, load: BulkLoad | None = None) -> Comparison:
    """Finish the staging table, compare it with the live one, and save the result.

    The live table is read in one snapshot and never locked. The staging table is brought to the position that the
    snapshot shows. Raises `OperationRefused`.
    """
    load = load or await operation.open_bulk_load(projection, STAGING)
    if load is None:
        raise OperationRefused(
            f"{projection.name} v{projection.version} has no staging table: run projections rebuild {projection.name} --no-promote",
            RefusalReason.MISSING,
        )
    await catch_up(operation, load)
    # An interrupted build has none yet, and a table that is verified can be promoted.
    await load.create_indexes()
    comparison = None
    while comparison is None:
        await catch_up(operation, load)
        await _wait_for_live_table(operation, load)
        async with operation.connection.transaction(isolation="repeatable_read"):
            comparison = await _compare_at_live_position(operation, load)
    state = "verified" if comparison.equal else "different"
    error = None if comparison.equal else str(comparison).split(": ", 1)[1]
    await operation.save_progress(progress_of(load, state, load.position, error))
    return comparison


async def _wait_for_live_table(operation: Operation, load: BulkLoad) -> None:
    """Wait while the live table is behind and moves: it was made again a moment ago. Raises `OperationRefused`."""
    loop, projection, reached = asyncio.get_running_loop(), load.projection, -1
    deadline = loop.time() + LIVE_TIMEOUT_SECONDS
    while (live := await operation.live_position(projection)) is not None and live < load.position:
        if live != reached:
            deadline, reached = loop.time() + LIVE_TIMEOUT_SECONDS, live
        if loop.time() > deadline:
            raise OperationRefused(
                f"{projection.name} v{projection.version}: the live table is at position {live}, behind the staging one at {load.position}. Verify it when it is there",
                RefusalReason.BEHIND,
            )
        await asyncio.sleep(POLL_INTERVAL_SECONDS)


async def _compare_at_live_position(operation: Operation, load: BulkLoad) -> Comparison | None:
    """Compare in the caller's transaction. None if the live table is too far ahead to fold the difference in it, or behind."""
    projection = load.projection
    live = await operation.live_position(projection)
    if live is None:
        # There is nothing to compare with: it is the first table of its version. Or the live table is unusable, or
        # made again.
        return Comparison(
            projection=projection.name, version=projection.version, position=load.position, rows=0
        )
    if not 0 <= live - load.position <= MAX_FOLD_IN_TRANSACTION:
        return None
    await fold_remaining(operation, load, live)
    return await compare(operation.connection, projection, load.position)


async def compare(connection: asyncpg.Connection, projection: AnyProjection, position: int) -> Comparison:
    """Compare every row of the two tables, as this transaction sees them."""
    live = projection_table(projection, LIVE).table.alias("live")
    staging = projection_table(projection, STAGING).table.alias("staging")
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
    [counts] = await _fetch(connection, counted)
    comparison = Comparison(
        projection=projection.name, version=projection.version, position=position, **dict(counts)
    )
    if comparison.equal:
        return comparison
    differing = select(live, staging).select_from(both).where(or_(missing, extra, differs))
    return replace(comparison, examples=await _examples(connection, projection, differing, live, staging))


async def _examples(
    connection: asyncpg.Connection, projection: AnyProjection, query: Select[Any], live: Any, staging: Any
) -> Sequence[Difference]:
    names = [column.name for column in live.c]
    as_text = query.with_only_columns(
        *(cast(live.c[name], String).label(f"live_{name}") for name in names),
        *(cast(staging.c[name], String).label(f"staging_{name}") for name in names),
        *(live.c[name].is_distinct_from(staging.c[name]).label(f"differs_{name}") for name in names),
    )
    ordered = as_text.order_by(
        *(func.coalesce(live.c[name], staging.c[name]) for name in projection.key)
    ).limit(MAX_EXAMPLES)
    differences: list[Difference] = []
    for record in await _fetch(connection, ordered):
        live_row, staging_row = (_side(record, side, names, projection.key) for side in ("live", "staging"))
        key = live_row or staging_row or {}
        both = live_row is not None and staging_row is not None
        differences.append(
            Difference(
                key={name: key[name] for name in projection.key},
                live=live_row,
                staging=staging_row,
                column=next(name for name in names if record[f"differs_{name}"]) if both else None,
            )
        )
    return differences


def _side(
    record: asyncpg.Record, side: str, names: Sequence[str], key: Sequence[str]
) -> Mapping[str, Any] | None:
    """The row of one side, None if it has none."""
    row = {name: record[f"{side}_{name}"] for name in names}
    return row if any(row[name] is not None for name in key) else None


async def _fetch(connection: asyncpg.Connection, query: Executable) -> Sequence[asyncpg.Record]:
    statement = CompiledStatement(query)
    return await connection.fetch(statement.sql, *statement.params())
