"""Lets two tables of a projection change places in one short transaction: promote and rollback; and removes what is left over."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import cast

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.lease import attempt, release
from app.projector.bulk import Filling, Moved
from app.projector.fingerprint import fingerprint
from app.projector.operation import NotPossible, Progress, Why, Work
from app.projector.slots import FORMER, LEAVING, LIVE, SCHEMAS, STAGING, lease, table_names
from app.projector.verify import catch_up, fold_rest
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

LOCK_MILLISECONDS = 40
"""How long the swap waits for reads under way. Reads that come meanwhile wait behind it, so it gives up soon and tries again."""
BUDGET_SECONDS = 0.07
"""How long reads may wait before the commit; past it the swap is undone and tried again."""
TRIES = 60
NEAR = 200
"""How many facts are folded within the swap at most."""
KEEPER_SECONDS = 10.0

CARRIED = ("es.checkpoints", "es.parked")
"""What belongs to a table and goes with it from slot to slot."""


class _Behind(Exception):
    """The table that comes in is too far behind to be brought level within the swap."""


class _Late(Exception):
    """Reads would wait for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """The tables changed places at `position`; a read that came meanwhile waited `milliseconds` at most."""

    position: int
    milliseconds: float


async def promote(work: Work, projection: AnyProjection, *, accept_differences: bool = False) -> Swapped:
    """Make the staging table the live one, and keep the live one as the former. Raises `NotPossible`."""
    name = f"{projection.name} v{projection.version}"
    found = await work.connection.execute(_STATE, {"name": projection.name, "version": projection.version})
    state, said, made_by = found.one_or_none() or (None, None, None)
    await work.connection.commit()
    if state not in ("verified", "different"):
        raise NotPossible(
            f"{name} has no verified staging table: run projections rebuild {projection.name} --stage, or projections verify {projection.name}",
            Why.NOT_VERIFIED,
        )
    if made_by != fingerprint(projection):
        raise NotPossible(
            f"{name}: the staging table was built by other code: run projections rebuild {projection.name} again",
            Why.NOT_VERIFIED,
        )
    if state == "different" and not accept_differences:
        raise NotPossible(
            f"{name}: staging differs from live ({said}): look with projections verify {projection.name}, then promote with --accept-differences",
            Why.DIFFERENT,
        )
    swapped = await _swap(work, projection, STAGING)
    at = swapped.position
    await work.record(
        Progress(
            projection=projection.name,
            version=projection.version,
            slot=STAGING,
            state="promoted",
            position=at,
            target=at,
        )
    )
    return swapped


async def rollback(work: Work, projection: AnyProjection) -> Swapped:
    """Make the former table the live one again, and keep the live one as the former. Raises `NotPossible`."""
    if await work.filling(projection, FORMER) is None:
        raise NotPossible(
            f"{projection.name} v{projection.version} has no former table: none was kept, or it was dropped",
            Why.MISSING,
        )
    return await _swap(work, projection, FORMER)


async def _swap(work: Work, projection: AnyProjection, incoming: str) -> Swapped:
    pause = 0.05
    for _ in range(TRIES):
        try:
            await _level(work, projection, incoming)
            swapped = await _exchange(work, projection, incoming)
        except (_Behind, Moved):
            await work.connection.rollback()
        except _Late:
            await work.connection.rollback()
            log.info("%s v%d: the swap took too long; it is tried again", projection.name, projection.version)
        except (DBAPIError, asyncpg.PostgresError) as problem:
            await work.connection.rollback()
            if not blocked(problem):
                raise
            log.info(
                "%s v%d: reads are under way; the swap is tried again", projection.name, projection.version
            )
        else:
            log.info(
                "%s v%d: the %s table is live, from position %d; reads waited %.0f ms at most",
                projection.name,
                projection.version,
                incoming,
                swapped.position,
                swapped.milliseconds,
            )
            return swapped
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
    raise NotPossible(
        f"{projection.name} v{projection.version}: long reads of the live table, or load, leave no moment to swap; it is as it was: try again when that is over",
        Why.IN_USE,
    )


async def _level(work: Work, projection: AnyProjection, incoming: str) -> None:
    """Bring the table that comes in close to the live one: it is this operation's own, or that of a process that keeps it current."""
    deadline = asyncio.get_running_loop().time() + KEEPER_SECONDS
    while (table := await work.filling(projection, incoming)) is not None:
        name = lease(projection.name, projection.version, incoming)
        if incoming == STAGING:
            await catch_up(work, table, NEAR)
            return
        if await attempt(work.connection, name):
            try:
                await catch_up(work, table, NEAR)
            finally:
                await release(work.connection, name)
            return
        live = await work.live(projection)
        if live is None or live - table.position <= NEAR or asyncio.get_running_loop().time() > deadline:
            return
        await asyncio.sleep(0.1)


async def _exchange(work: Work, projection: AnyProjection, incoming: str) -> Swapped:
    """One transaction: fold the last facts, wait for reads under way, exchange the tables and all that belongs to them.

    From the moment it asks for the live table until its end, reads wait: what can be done before is done before, and
    where it takes too long all the same, it is undone and tried again.
    """
    connection = work.connection
    mine = {"name": projection.name, "version": projection.version}
    # What an exchange that was killed has left.
    await _remove_leaving(connection, projection)
    there = {
        slot: names
        for slot in (FORMER, STAGING, LIVE)
        if (names := await _tables(connection, projection, slot))
    }
    if incoming not in there:
        raise NotPossible(
            f"{projection.name} v{projection.version}: the {incoming} table is gone", Why.MISSING
        )
    # Ends a vacuum of these tables and keeps it off, which the short lock below is too short for; reads and writes go on.
    await connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    concerned = [name for slot, names in there.items() if slot in (FORMER, LIVE, incoming) for name in names]
    await connection.execute(text(f"LOCK TABLE {', '.join(concerned)} IN SHARE UPDATE EXCLUSIVE MODE"))
    # These nobody reads.
    beside = [name for slot, names in there.items() if slot in (FORMER, incoming) for name in names]
    await connection.execute(text(f"LOCK TABLE {', '.join(beside)} IN ACCESS EXCLUSIVE MODE"))
    found = await connection.execute(_CHECKPOINT, mine | {"slot": incoming})
    position, build = found.one()
    table = Filling(projection, incoming, position, build)
    await fold_rest(work, table, min(await work.reader.head(), position + NEAR))
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'"))
    began = perf_counter()
    if LIVE in there:
        await connection.execute(text(f"LOCK TABLE {', '.join(there[LIVE])} IN ACCESS EXCLUSIVE MODE"))
        live = (await connection.execute(_LOCKED, mine | {"slot": LIVE})).scalar_one_or_none() or 0
        if live > table.position + NEAR:
            raise _Behind
        await fold_rest(work, table, live)
    await _script(connection, _exchanged(projection, incoming, there))
    if perf_counter() - began > BUDGET_SECONDS:
        raise _Late
    await connection.commit()
    swapped = Swapped(position=table.position, milliseconds=(perf_counter() - began) * 1000)
    # Files are removed when nobody waits for it; and nobody is told before the swap would outlive a crash of the database.
    await connection.execute(text("SET LOCAL synchronous_commit = on"))
    await connection.execute(text("SELECT pg_logical_emit_message(true, 'swap', '')"))
    await _remove_leaving(connection, projection)
    await connection.commit()
    return swapped


def _exchanged(projection: AnyProjection, incoming: str, there: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The statements of the exchange. The table that leaves for good is out of the way until it is dropped."""
    mine = f"projection = '{projection.name}' AND version = {projection.version}"
    there_now = dict(there)
    moves = (
        [(FORMER, LEAVING), (LIVE, FORMER), (STAGING, LIVE)]
        if incoming == STAGING
        else [(LIVE, LEAVING), (FORMER, LIVE), (LEAVING, FORMER)]
    )
    # Whoever owns the live table goes on to own it, whichever that is; the former is nobody's until it is claimed.
    keeps = f"SELECT owner FROM es.checkpoints WHERE {mine} AND slot = '{LIVE}'"
    statements = [
        f"UPDATE es.checkpoints SET owner = ({keeps}) WHERE {mine} AND slot = '{incoming}' AND EXISTS ({keeps})",
        f"UPDATE es.checkpoints SET owner = NULL WHERE {mine} AND slot = '{LIVE}'",
    ]
    for source, to in moves:
        moving = there_now.pop(source, ())
        statements += [f"ALTER TABLE {name} SET SCHEMA {SCHEMAS[to]}" for name in moving]
        statements += [
            f"UPDATE {carried} SET slot = '{to}' WHERE {mine} AND slot = '{source}'" for carried in CARRIED
        ]
        there_now[to] = [name.replace(f"{SCHEMAS[source]}.", f"{SCHEMAS[to]}.", 1) for name in moving]
    if incoming == STAGING:
        statements += [f"DELETE FROM {carried} WHERE {mine} AND slot = '{LEAVING}'" for carried in CARRIED]
        statements.append(
            f"UPDATE es.rebuilds SET state = 'promoted', error = NULL, updated_at = clock_timestamp() WHERE {mine} AND slot = '{STAGING}'"
        )
    return statements


async def _script(connection: AsyncConnection, statements: Sequence[str]) -> None:
    """All at once: while reads wait, each round trip counts."""
    driver = cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
    await driver.execute(";\n".join(statements))


async def forget(connection: AsyncConnection, table: Mapping[str, object]) -> None:
    """Remove what belongs to a table, which is named by projection `name`, `version` and `slot`."""
    for carried in CARRIED:
        await connection.execute(text(f"DELETE FROM {carried} WHERE {_OF} AND slot = :slot"), dict(table))


def blocked(problem: BaseException) -> bool:
    """Whether others hold what was to be locked, so that trying again will help."""
    cause = (
        problem.orig.__cause__ if isinstance(problem, DBAPIError) and problem.orig is not None else problem
    )
    return isinstance(cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError)


async def _remove_leaving(connection: AsyncConnection, projection: AnyProjection) -> None:
    for name in table_names(projection.name, projection.version, LEAVING):
        await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))


async def _tables(connection: AsyncConnection, projection: AnyProjection, slot: str) -> Sequence[str]:
    """The table and its history, those of them that are there."""
    names = table_names(projection.name, projection.version, slot)
    there = await connection.execute(
        text(
            "SELECT name FROM unnest(CAST(:names AS text[])) AS given (name) WHERE to_regclass(name) IS NOT NULL"
        ),
        {"names": names},
    )
    return sorted(there.scalars(), key=names.index)


_OF = "projection = :name AND version = :version"
_STATE = text(
    "SELECT r.state, r.error, c.fingerprint FROM es.rebuilds r JOIN es.checkpoints c USING (projection, version, slot)"
    f" WHERE {_OF} AND slot = '{STAGING}'"
)
_CHECKPOINT = text(f"SELECT position, build FROM es.checkpoints WHERE {_OF} AND slot = :slot FOR UPDATE")
_LOCKED = text(f"SELECT position FROM es.checkpoints WHERE {_OF} AND slot = :slot FOR UPDATE")
