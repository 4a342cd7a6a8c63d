"""Lets two tables of a projection change places in one short transaction: promote and rollback; and removes what is left over."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.lease import attempt, release
from app.projector.operation import NotPossible, Progress, Work
from app.projector.slots import FORMER, LEAVING, LIVE, SCHEMAS, STAGING, lease, table_names
from app.projector.verify import CLOSE, catch_up, fold_rest
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

LOCK_MILLISECONDS = 40
"""How long the swap waits for reads under way. Reads that come meanwhile wait behind it, so it gives up soon and tries again."""
TRIES = 60
KEEPER_SECONDS = 10.0

CARRIED = ("es.checkpoints", "es.parked")
"""What belongs to a table and goes with it from slot to slot."""


class _Behind(Exception):
    """The table that comes in is too far behind to be brought level within the swap."""


async def promote(work: Work, projection: AnyProjection, *, accept_differences: bool = False) -> int:
    """Make the staging table the live one, and keep the live one as the former. Gives the position. Raises `NotPossible`."""
    name = f"{projection.name} v{projection.version}"
    table = await work.filling(projection, STAGING)
    found = await work.connection.execute(_STATE, {"name": projection.name, "version": projection.version})
    state, said = found.one_or_none() or (None, None)
    await work.connection.commit()
    if table is None or state not in ("verified", "different"):
        raise NotPossible(f"{name} has no verified staging table: run projections rebuild {projection.name} --stage, or projections verify {projection.name}")
    if state == "different" and not accept_differences:
        raise NotPossible(f"{name}: staging differs from live ({said}): look with projections verify {projection.name}, then promote with --accept-differences")
    position = await _swap(work, projection, STAGING)
    await work.record(Progress(projection=projection.name, version=projection.version, slot=STAGING, state="promoted", position=position, target=position))
    return position


async def rollback(work: Work, projection: AnyProjection) -> int:
    """Make the former table the live one again, and keep the live one as the former. Gives the position. Raises `NotPossible`."""
    if await work.filling(projection, FORMER) is None:
        raise NotPossible(f"{projection.name} v{projection.version} has no former table: none was kept, or it was dropped")
    return await _swap(work, projection, FORMER)


async def _swap(work: Work, projection: AnyProjection, incoming: str) -> int:
    pause = 0.05
    for _ in range(TRIES):
        try:
            await _level(work, projection, incoming)
            position = await _exchange(work, projection, incoming)
        except _Behind:
            await work.connection.rollback()
        except DBAPIError as problem:
            await work.connection.rollback()
            if not blocked(problem):
                raise
            log.info("%s v%d: reads are under way; the swap is tried again", projection.name, projection.version)
        else:
            log.info("%s v%d: the %s table is live, from position %d", projection.name, projection.version, incoming, position)
            return position
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
    raise NotPossible(
        f"{projection.name} v{projection.version}: long reads of the live table leave no moment to swap; it is as it was: try again when they are over"
    )


async def _level(work: Work, projection: AnyProjection, incoming: str) -> None:
    """Bring the table that comes in close to the live one: it is this operation's own, or that of a process that keeps it current."""
    deadline = asyncio.get_running_loop().time() + KEEPER_SECONDS
    while (table := await work.filling(projection, incoming)) is not None:
        name = lease(projection.name, projection.version, incoming)
        if incoming == STAGING:
            await catch_up(work, table)
            return
        if await attempt(work.connection, name):
            try:
                await catch_up(work, table)
            finally:
                await release(work.connection, name)
            return
        live = await work.live(projection)
        if live is None or live - table.position < CLOSE or asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(0.1)


async def _exchange(work: Work, projection: AnyProjection, incoming: str) -> int:
    """One transaction: wait for reads under way, fold the last facts, exchange the tables and all that belongs to them."""
    connection = work.connection
    table = await work.filling(projection, incoming)
    if table is None:
        raise NotPossible(f"{projection.name} v{projection.version}: the {incoming} table is gone")
    slots = [slot for slot in (FORMER, STAGING, LIVE) if await _tables(connection, projection, slot)]
    concerned = [slot for slot in slots if slot in (FORMER, LIVE, incoming)]
    # Ends a vacuum of these tables and keeps it off, which the short lock below is too short for; reads and writes go on.
    await connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    for slot in concerned:
        for name in await _tables(connection, projection, slot):
            await connection.execute(text(f"LOCK TABLE {name} IN SHARE UPDATE EXCLUSIVE MODE"))
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'"))
    for slot in concerned:
        # The live one comes last: it alone is read by others.
        for name in await _tables(connection, projection, slot):
            await connection.execute(text(f"LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE"))
    mine = {"name": projection.name, "version": projection.version}
    positions: dict[str, int] = {row.slot: row.position for row in await connection.execute(_LOCKED, mine)}
    if positions.get(incoming) != table.position:
        raise _Behind
    live = positions.get(LIVE, table.position)
    if live - table.position > CLOSE:
        raise _Behind
    await fold_rest(work, table, live)
    if incoming == STAGING and FORMER in slots:
        for name in await _tables(connection, projection, FORMER):
            await connection.execute(text(f"DROP TABLE {name}"))
        await forget(connection, mine | {"slot": FORMER})
    moves = [(LIVE, LEAVING)] * (LIVE in slots) + [(incoming, LIVE)] + [(LEAVING, FORMER)] * (LIVE in slots)
    for source, to in moves:
        for name in await _tables(connection, projection, source):
            await connection.execute(text(f"ALTER TABLE {name} SET SCHEMA {SCHEMAS[to]}"))
        for carried in CARRIED:
            await connection.execute(text(f"UPDATE {carried} SET slot = :to WHERE {_OF} AND slot = :source"), mine | {"source": source, "to": to})
    if incoming == STAGING:
        await connection.execute(_PROMOTED, mine)
    await connection.commit()
    return table.position


async def forget(connection: AsyncConnection, table: Mapping[str, object]) -> None:
    """Remove what belongs to a table, which is named by projection `name`, `version` and `slot`."""
    for carried in CARRIED:
        await connection.execute(text(f"DELETE FROM {carried} WHERE {_OF} AND slot = :slot"), dict(table))


def blocked(problem: DBAPIError) -> bool:
    """Whether others hold what was to be locked, so that trying again will help."""
    cause = problem.orig.__cause__ if problem.orig is not None else None
    return isinstance(cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError)


async def _tables(connection: AsyncConnection, projection: AnyProjection, slot: str) -> Sequence[str]:
    """The table and its history, those of them that are there."""
    names = table_names(projection.name, projection.version, slot)
    there = await connection.execute(text("SELECT name FROM unnest(CAST(:names AS text[])) AS given (name) WHERE to_regclass(name) IS NOT NULL"), {"names": names})
    return sorted(there.scalars(), key=names.index)


_OF = "projection = :name AND version = :version"
_STATE = text(f"SELECT state, error FROM es.rebuilds WHERE {_OF} AND slot = '{STAGING}'")
_LOCKED = text(f"SELECT slot, position FROM es.checkpoints WHERE {_OF} ORDER BY slot FOR UPDATE")
_PROMOTED = text(f"UPDATE es.rebuilds SET state = 'promoted', error = NULL, updated_at = clock_timestamp() WHERE {_OF} AND slot = '{STAGING}'")
