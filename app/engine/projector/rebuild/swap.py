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

from app.engine.database.leases import release, try_acquire
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.rebuild.bulk_load import BulkLoad, Moved
from app.engine.projector.rebuild.compare import catch_up, fold_remaining
from app.engine.projector.rebuild.operation import Operation, OperationRefused, RebuildProgress, RefusalReason
from app.engine.projector.slots import FORMER, LIVE, RETIRING, SCHEMAS, STAGING, lease_name, table_names
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

LOCK_TIMEOUT_MILLISECONDS = 40
"""How long the swap waits for reads under way. Reads that come meanwhile wait behind it, so it gives up soon and tries again."""
BUDGET_SECONDS = 0.07
"""How long reads may wait before the commit; past it the swap is undone and tried again."""
MAX_TRIES = 60
MAX_FOLD_IN_SWAP = 200
"""How many facts are folded within the swap at most."""
FORMER_CATCH_UP_SECONDS = 10.0

BOOKKEEPING_TABLES = ("es.checkpoints", "es.parked")
"""What belongs to a table and goes with it from slot to slot."""


class _Behind(Exception):
    """The table that comes in is too far behind to be brought level within the swap."""


class _BudgetExceeded(Exception):
    """Reads would wait for too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapResult:
    """The tables changed places at `position`; a read that came meanwhile waited `milliseconds` at most."""

    position: int
    milliseconds: float


async def promote(
    work: Operation, projection: AnyProjection, *, accept_differences: bool = False
) -> SwapResult:
    """Make the staging table the live one, and keep the live one as the former. Raises `NotPossible`."""
    name = f"{projection.name} v{projection.version}"
    found = await work.connection.execute(_STATE, {"name": projection.name, "version": projection.version})
    state, said, made_by = found.one_or_none() or (None, None, None)
    await work.connection.commit()
    if state not in ("verified", "different"):
        raise OperationRefused(
            f"{name} has no verified staging table: run projections rebuild {projection.name} --no-promote, or projections verify {projection.name}",
            RefusalReason.NOT_VERIFIED,
        )
    if made_by != fingerprint(projection):
        raise OperationRefused(
            f"{name}: the staging table was built by other code: run projections rebuild {projection.name} again",
            RefusalReason.NOT_VERIFIED,
        )
    if state == "different" and not accept_differences:
        raise OperationRefused(
            f"{name}: staging differs from live ({said}): look with projections verify {projection.name}, then promote with --accept-differences",
            RefusalReason.DIFFERENT,
        )
    swapped = await _swap(work, projection, STAGING)
    at = swapped.position
    await work.save_progress(
        RebuildProgress(
            projection=projection.name,
            version=projection.version,
            slot=STAGING,
            state="promoted",
            position=at,
            target=at,
        )
    )
    return swapped


async def rollback(work: Operation, projection: AnyProjection) -> SwapResult:
    """Make the former table the live one again, and keep the live one as the former. Raises `NotPossible`."""
    if await work.open_bulk_load(projection, FORMER) is None:
        raise OperationRefused(
            f"{projection.name} v{projection.version} has no former table: none was kept, or it was dropped",
            RefusalReason.MISSING,
        )
    return await _swap(work, projection, FORMER)


async def _swap(work: Operation, projection: AnyProjection, incoming: str) -> SwapResult:
    pause = 0.05
    for _ in range(MAX_TRIES):
        try:
            await _catch_up_incoming(work, projection, incoming)
            swapped = await _swap_tables(work, projection, incoming)
        except (_Behind, Moved):
            await work.connection.rollback()
        except _BudgetExceeded:
            await work.connection.rollback()
            log.info("%s v%d: the swap took too long; it is tried again", projection.name, projection.version)
        except (DBAPIError, asyncpg.PostgresError) as error:
            await work.connection.rollback()
            if not is_lock_error(error):
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
    raise OperationRefused(
        f"{projection.name} v{projection.version}: long reads of the live table, or load, leave no moment to swap; it is as it was: try again when that is over",
        RefusalReason.IN_USE,
    )


async def _catch_up_incoming(work: Operation, projection: AnyProjection, incoming: str) -> None:
    """Bring the table that comes in close to the live one: it is this operation's own, or that of a process that keeps it current."""
    deadline = asyncio.get_running_loop().time() + FORMER_CATCH_UP_SECONDS
    while (table := await work.open_bulk_load(projection, incoming)) is not None:
        name = lease_name(projection.name, projection.version, incoming)
        if incoming == STAGING:
            await catch_up(work, table, MAX_FOLD_IN_SWAP)
            return
        if await try_acquire(work.connection, name):
            try:
                await catch_up(work, table, MAX_FOLD_IN_SWAP)
            finally:
                await release(work.connection, name)
            return
        live = await work.live_position(projection)
        if (
            live is None
            or live - table.position <= MAX_FOLD_IN_SWAP
            or asyncio.get_running_loop().time() > deadline
        ):
            return
        await asyncio.sleep(0.1)


async def _swap_tables(work: Operation, projection: AnyProjection, incoming: str) -> SwapResult:
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
        raise OperationRefused(
            f"{projection.name} v{projection.version}: the {incoming} table is gone", RefusalReason.MISSING
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
    table = BulkLoad(projection, incoming, position, build)
    await fold_remaining(work, table, min(await work.reader.head_position(), position + MAX_FOLD_IN_SWAP))
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MILLISECONDS}ms'"))
    began = perf_counter()
    if LIVE in there:
        await connection.execute(text(f"LOCK TABLE {', '.join(there[LIVE])} IN ACCESS EXCLUSIVE MODE"))
        live = (await connection.execute(_LOCKED, mine | {"slot": LIVE})).scalar_one_or_none() or 0
        if live > table.position + MAX_FOLD_IN_SWAP:
            raise _Behind
        await fold_remaining(work, table, live)
    await _script(connection, _swap_statements(projection, incoming, there))
    if perf_counter() - began > BUDGET_SECONDS:
        raise _BudgetExceeded
    await connection.commit()
    swapped = SwapResult(position=table.position, milliseconds=(perf_counter() - began) * 1000)
    # Files are removed when nobody waits for it; and nobody is told before the swap would outlive a crash of the database.
    await connection.execute(text("SET LOCAL synchronous_commit = on"))
    await connection.execute(text("SELECT pg_logical_emit_message(true, 'swap', '')"))
    await _remove_leaving(connection, projection)
    await connection.commit()
    return swapped


def _swap_statements(
    projection: AnyProjection, incoming: str, there: Mapping[str, Sequence[str]]
) -> Sequence[str]:
    """The statements of the exchange. The table that leaves for good is out of the way until it is dropped."""
    mine = f"projection = '{projection.name}' AND version = {projection.version}"
    there_now = dict(there)
    moves = (
        [(FORMER, RETIRING), (LIVE, FORMER), (STAGING, LIVE)]
        if incoming == STAGING
        else [(LIVE, RETIRING), (FORMER, LIVE), (RETIRING, FORMER)]
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
            f"UPDATE {carried} SET slot = '{to}' WHERE {mine} AND slot = '{source}'"
            for carried in BOOKKEEPING_TABLES
        ]
        there_now[to] = [name.replace(f"{SCHEMAS[source]}.", f"{SCHEMAS[to]}.", 1) for name in moving]
    if incoming == STAGING:
        statements += [
            f"DELETE FROM {carried} WHERE {mine} AND slot = '{RETIRING}'" for carried in BOOKKEEPING_TABLES
        ]
        statements.append(
            f"UPDATE es.rebuilds SET state = 'promoted', error = NULL, updated_at = clock_timestamp() WHERE {mine} AND slot = '{STAGING}'"
        )
    return statements


async def _script(connection: AsyncConnection, statements: Sequence[str]) -> None:
    """All at once: while reads wait, each round trip counts."""
    driver = cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
    await driver.execute(";\n".join(statements))


async def delete_bookkeeping(connection: AsyncConnection, table: Mapping[str, object]) -> None:
    """Remove what belongs to a table, which is named by projection `name`, `version` and `slot`."""
    for carried in BOOKKEEPING_TABLES:
        await connection.execute(text(f"DELETE FROM {carried} WHERE {_OF} AND slot = :slot"), dict(table))


def is_lock_error(problem: BaseException) -> bool:
    """Whether others hold what was to be locked, so that trying again will help."""
    cause = (
        problem.orig.__cause__ if isinstance(problem, DBAPIError) and problem.orig is not None else problem
    )
    return isinstance(cause, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError)


async def _remove_leaving(connection: AsyncConnection, projection: AnyProjection) -> None:
    for name in table_names(projection.name, projection.version, RETIRING):
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
