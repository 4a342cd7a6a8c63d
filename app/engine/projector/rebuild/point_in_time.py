"""Gives a read model as it was at a position or a moment, in a table of its own that stays as it is."""

import re
from datetime import UTC, datetime

from sqlalchemy import text

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
from app.engine.projector.slots import SCHEMAS
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
    told: ProgressCallback = no_progress,
    page: int = PAGE_SIZE,
) -> int:
    """Build `read.<into>` from the facts up to a position, or recorded up to a moment. Gives the position.

    What was interrupted is gone on with. Raises `NotPossible`: for a bad name, one that is taken, or what has yet to come.
    """
    if not TABLE_NAME.fullmatch(into):
        raise OperationRefused(
            f"{into!r} cannot name a table: give a small letter, then up to 39 small letters, digits or _"
        )
    if into in SCHEMAS or re.search(r"_v\d+(_history)?$", into):
        raise OperationRefused(f"{into} is a name that projections use themselves: give another")
    async with start_operation(database, codec, [projection], slot=into, told=told) as work:
        position = await _position(work, moment)
        await _check_free(work, projection, into, position)
        table = await prepare_table(work, projection, into)
        await build(work, [table], page, up_to=position)
        return position


async def _position(work: Operation, moment: int | datetime) -> int:
    head = await work.reader.head_position()
    if isinstance(moment, int):
        if not 0 <= moment <= head:
            raise OperationRefused(f"position {moment} is not in the log, which ends at {head}")
        return moment
    if moment.tzinfo is None:
        raise OperationRefused(
            f"{moment.isoformat()} has no time zone: give one, as in {moment.isoformat()}Z"
        )
    if moment > datetime.now(UTC):
        raise OperationRefused(f"{moment.isoformat()} has yet to come")
    # The moments never decrease along the positions, and the positions have no gaps: halve until it is found.
    low, high = 0, head
    while low < high:
        middle = (low + high + 1) // 2
        at = (await work.connection.execute(_RECORDED, {"position": middle})).scalar_one()
        low, high = (middle, high) if at <= moment else (low, middle - 1)
    await work.connection.commit()
    return low


async def _check_free(work: Operation, projection: AnyProjection, into: str, position: int) -> None:
    mine = {
        "name": projection.name,
        "version": projection.version,
        "slot": into,
        "target": position,
        "table": f'{SCHEMA}."{into}"',
    }
    there, begun, projects = (await work.connection.execute(_TAKEN, mine)).one()
    await work.connection.commit()
    if projects:
        raise OperationRefused(f"{into} is the name of a projection: give another")
    if there and not begun:
        raise OperationRefused(f"read.{into} is there already: give another name, or projections drop {into}")


_RECORDED = text("SELECT recorded_at FROM es.events WHERE position = :position")
_TAKEN = text(
    "SELECT to_regclass(:table) IS NOT NULL, EXISTS (SELECT FROM es.rebuilds WHERE projection = :name AND version = :version"
    " AND slot = :slot AND target = :target AND state IN ('building', 'failed')),"
    " EXISTS (SELECT FROM es.checkpoints WHERE projection = :slot)"
)
