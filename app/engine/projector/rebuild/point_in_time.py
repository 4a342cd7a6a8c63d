"""Builds a read model as of a position or a moment, in a table of its own that never changes."""

import re
from datetime import datetime, timedelta

from app.engine.database.connections import Database
from app.engine.projector.rebuild.bulk_load import PAGE_SIZE
from app.engine.projector.rebuild.operation import (
    Operation,
    OperationRefused,
    ProgressCallback,
    no_progress,
    start_operation,
)
from app.engine.projector.rebuild.rebuild import build, prepare_table
from app.engine.projector.slots import SCHEMAS, TABLE_CHECKPOINTS
from app.engine.store.codec import EventCodec
from projections.kernel import SCHEMA, AnyProjection

TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


async def rebuild_as_of(
    database: Database,
    codec: EventCodec,
    projection: AnyProjection,
    moment: int | datetime,
    into: str,
    *,
    on_progress: ProgressCallback = no_progress,
) -> int:
    """Build `read.<into>` from the facts up to a position, or recorded up to a moment. Returns the position.

    Continues an interrupted build. Raises `OperationRefused` for a bad or taken name, and for a moment in the future.
    """
    if not TABLE_NAME.fullmatch(into):
        raise OperationRefused(
            f"{into!r} cannot name a table: give a small letter, then up to 39 small letters, digits or _"
        )
    if into in SCHEMAS or into == TABLE_CHECKPOINTS or re.search(r"_v\d+(_history)?$", into):
        raise OperationRefused(f"{into} is a name that projections use themselves: give another")
    async with start_operation(
        database, codec, [projection], slot=into, on_progress=on_progress
    ) as operation:
        position = await _position(operation, moment)
        await _check_free(operation, projection, into, position)
        load = await prepare_table(operation, projection, into)
        await build(operation, [load], PAGE_SIZE, up_to=position)
        return position


async def _position(operation: Operation, moment: int | datetime) -> int:
    head = await operation.reader.head_position()
    if isinstance(moment, int):
        if not 0 <= moment <= head:
            raise OperationRefused(f"position {moment} is not in the log, which ends at {head}")
        return moment
    if moment.tzinfo is None:
        raise OperationRefused(
            f"{moment.isoformat()} has no time zone: give one, as in {moment.isoformat()}Z"
        )
    if await operation.reader.is_future(moment, tolerance=timedelta(0)):
        raise OperationRefused(f"{moment.isoformat()} has yet to come")
    return await operation.reader.position_at(moment)


async def _check_free(operation: Operation, projection: AnyProjection, into: str, position: int) -> None:
    [[exists, is_begun, is_projection]] = await operation.connection.fetch(
        _SELECT_TAKEN, projection.name, projection.version, into, position, f'{SCHEMA}."{into}"'
    )
    if is_projection:
        raise OperationRefused(f"{into} is the name of a projection: give another")
    if exists and not is_begun:
        raise OperationRefused(f"read.{into} is there already: give another name, or projections drop {into}")


_SELECT_TAKEN = """
    SELECT to_regclass($5) IS NOT NULL,
           EXISTS (SELECT FROM es.rebuilds WHERE projection = $1 AND version = $2 AND slot = $3 AND target = $4
                   AND state IN ('building', 'failed')),
           EXISTS (SELECT FROM es.checkpoints WHERE projection = $3)
"""
