"""Swaps two tables of a projection in one short transaction, to promote or to roll back.

It also removes the table that is left over.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import asyncpg

from app.engine.backoff import Backoff
from app.engine.database.errors import DRIVER_ERRORS, first_line
from app.engine.database.leases import Lease, LeaseLost
from app.engine.database.lock_attempts import LOCK_ERRORS
from app.engine.projector.checkpoint import read_checkpoint
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.rebuild.bulk_load import BulkLoad
from app.engine.projector.rebuild.catch_up import catch_up, fold_remaining
from app.engine.projector.rebuild.operation import Operation, OperationRefused, RebuildProgress, RefusalReason
from app.engine.projector.rewrites import notify_rewrite
from app.engine.projector.slots import FORMER, LIVE, RETIRING, SCHEMAS, STAGING, lease_name, table_names
from app.engine.projector.table_integrity import drop_table, table_problem
from app.engine.projector.writer import TableWriter
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

LOCK_TIMEOUT_MILLISECONDS = 40
"""How long the swap waits for running reads. New reads queue behind it, so it gives up soon and tries again."""
BUDGET_SECONDS = 0.07
"""How long reads may wait before the commit. Past it, the swap is rolled back and tried again."""
MAX_TRIES = 60
MAX_FOLD_IN_SWAP = 200
"""How many facts are folded within the swap at most."""
FORMER_CATCH_UP_SECONDS = 10.0
COMMIT_TIMEOUT_SECONDS = 10
"""How long a session that was lost at its commit is waited for."""

BOOKKEEPING_TABLES = ("es.checkpoints", "es.parked_keys")
"""Rows about a table, which move with it from slot to slot. Triggers move the second checkpoint."""


class _Behind(Exception):
    """The incoming table is too far behind to fold the difference within the swap."""


class _BudgetExceeded(Exception):
    """Reads would wait too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapResult:
    """The tables were swapped at `position`; reads in the meantime waited `milliseconds` at most."""

    position: int
    milliseconds: float


async def promote(
    operation: Operation, projection: AnyProjection, *, accept_differences: bool = False
) -> SwapResult:
    """Make the staging table live, and the live one the former. Raises `OperationRefused`."""
    name = f"{projection.name} v{projection.version}"
    state, reason, made_by = await operation.connection.fetchrow(
        _SELECT_STAGING, projection.name, projection.version
    ) or (None, None, None)
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
            f"{name}: staging differs from live ({reason}): look with projections verify {projection.name}, then promote with --accept-differences",
            RefusalReason.DIFFERENT,
        )
    swapped = await _swap(operation, projection, STAGING)
    promoted = RebuildProgress(
        projection=projection.name,
        version=projection.version,
        slot=STAGING,
        state="promoted",
        position=swapped.position,
        target=swapped.position,
    )
    try:
        await operation.save_progress(promoted)
    except DRIVER_ERRORS as error:
        # The state was stored with the swap.
        log.warning("%s: its position is not stored: %s", name, first_line(error))
    return swapped


async def rollback(operation: Operation, projection: AnyProjection) -> SwapResult:
    """Make the former table live again, and the live one the former. Raises `OperationRefused`."""
    if await operation.open_bulk_load(projection, FORMER) is None:
        raise OperationRefused(
            f"{projection.name} v{projection.version} has no former table: none was kept, or it was dropped",
            RefusalReason.MISSING,
        )
    return await _swap(operation, projection, FORMER)


async def _swap(operation: Operation, projection: AnyProjection, incoming: str) -> SwapResult:
    name, backoff = f"{projection.name} v{projection.version}", Backoff(0.05, 1.0, 1.5)
    for _ in range(MAX_TRIES):
        try:
            await _catch_up_incoming(operation, projection, incoming)
            swapped = await _swap_tables(operation, projection, incoming)
        except (_Behind, LeaseLost):
            pass
        except _BudgetExceeded:
            log.info("%s: the swap took too long; it is tried again", name)
        except LOCK_ERRORS:
            log.info("%s: reads are under way; the swap is tried again", name)
        else:
            log.info(
                "%s: the %s table is live, from position %d; reads waited %.0f ms at most",
                name,
                incoming,
                swapped.position,
                swapped.milliseconds,
            )
            return swapped
        await backoff.sleep()
    raise OperationRefused(
        f"{name}: long reads of the live table, or load, leave no moment to swap. It is as it was: try again when that is over",
        RefusalReason.IN_USE,
    )


async def _catch_up_incoming(operation: Operation, projection: AnyProjection, incoming: str) -> None:
    """Bring the incoming table close to the live one: this operation does it, or the process that keeps it current."""
    deadline = asyncio.get_running_loop().time() + FORMER_CATCH_UP_SECONDS
    lease = Lease(operation.connection, lease_name(projection.name, projection.version, incoming))
    while (load := await operation.open_bulk_load(projection, incoming)) is not None:
        if incoming == STAGING:
            await catch_up(operation, load, MAX_FOLD_IN_SWAP, keeps_state=True)
            return
        if await lease.try_acquire():
            try:
                await catch_up(operation, load, MAX_FOLD_IN_SWAP, keeps_state=True)
            finally:
                await lease.release()
            return
        live = await operation.live_position(projection)
        if (
            live is None
            or live - load.position <= MAX_FOLD_IN_SWAP
            or asyncio.get_running_loop().time() > deadline
        ):
            return
        await asyncio.sleep(0.1)


async def _swap_tables(operation: Operation, projection: AnyProjection, incoming: str) -> SwapResult:
    """Swap in one transaction, and drop the table that is left in another one."""
    connection, generation, position, locked_at = operation.connection, None, 0, perf_counter()
    try:
        async with connection.transaction():
            position, locked_at, generation = await _swap_in_transaction(operation, projection, incoming)
        milliseconds = (perf_counter() - locked_at) * 1000
        await notify_rewrite(connection, projection, generation)
        await _flush(connection)
    except DRIVER_ERRORS as error:
        if generation is None or not await _is_swapped(operation, projection, generation, error):
            raise
        milliseconds = (perf_counter() - locked_at) * 1000
    # Files are removed now that no read waits.
    try:
        async with connection.transaction():
            await _drop_retiring(connection, projection)
    except DRIVER_ERRORS as error:
        log.warning(
            "%s v%d: the table that is left is dropped by the next swap: %s",
            projection.name,
            projection.version,
            first_line(error),
        )
    return SwapResult(position=position, milliseconds=milliseconds)


async def _flush(connection: asyncpg.Connection) -> None:
    """Return when the swap would survive a crash of the database."""
    async with connection.transaction():
        await connection.execute("SET LOCAL synchronous_commit = on")
        await connection.execute("SELECT pg_logical_emit_message(true, 'swap', '')")


async def _is_swapped(
    operation: Operation, projection: AnyProjection, generation: int, error: Exception
) -> bool:
    """Whether the swap has been committed, after an error at its commit or later. Raises `OperationRefused` if that cannot be
    found out."""
    try:
        async with operation.database.connection() as connection:
            # The session of the swap may still commit: it holds the row until then. The first look waits for it, the
            # second one sees the row that it has moved.
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{COMMIT_TIMEOUT_SECONDS}s'")
                await read_checkpoint(connection, projection, LIVE, lock=True)
            live = await read_checkpoint(connection, projection, LIVE)
            if live is None or live.generation != generation:
                return False
            await notify_rewrite(connection, projection, generation)
            await _flush(connection)
            return True
    except DRIVER_ERRORS:
        raise OperationRefused(
            f"{first_line(error)}; {projection.name} v{projection.version} may be swapped or not: look with projections status before you run the command again"
        ) from error


async def _swap_in_transaction(
    operation: Operation, projection: AnyProjection, incoming: str
) -> tuple[int, float, int]:
    """Fold the last facts, wait for running reads, and move the tables and their bookkeeping. Returns the position, the time
    from which reads wait, and the generation of the table that becomes the live one.

    Reads wait from the lock of the live table until the commit. So as much as possible is done before that lock. If the
    rest takes too long, the swap is rolled back and tried again.
    """
    connection = operation.connection
    # A swap that was killed before its second transaction leaves its table.
    await _drop_retiring(connection, projection)
    for slot in SCHEMAS:
        await connection.execute("SELECT es.create_slot_schema($1)", slot)
    await _drop_unusable(connection, projection, incoming)
    tables = {
        slot: names
        for slot in (FORMER, STAGING, LIVE)
        if (names := await _tables(connection, projection, slot))
    }
    if incoming not in tables:
        raise OperationRefused(
            f"{projection.name} v{projection.version}: the {incoming} table is gone", RefusalReason.MISSING
        )
    # This lock ends a vacuum of these tables and prevents another; the short lock below could not wait for it.
    await connection.execute("SET LOCAL lock_timeout = '5s'")
    swapped = [name for slot, names in tables.items() if slot in (FORMER, LIVE, incoming) for name in names]
    await connection.execute(f"LOCK TABLE {', '.join(swapped)} IN SHARE UPDATE EXCLUSIVE MODE")
    # No query reads these.
    unread = [name for slot, names in tables.items() if slot in (FORMER, incoming) for name in names]
    await connection.execute(f"LOCK TABLE {', '.join(unread)} IN ACCESS EXCLUSIVE MODE")
    checkpoint = await read_checkpoint(connection, projection, incoming, lock=True)
    if checkpoint is None:
        raise _Behind
    load = BulkLoad(TableWriter(projection, incoming, connection, checkpoint), operation.reader.codec)
    head = await operation.reader.head_position()
    await fold_remaining(operation, load, min(head, checkpoint.position + MAX_FOLD_IN_SWAP))
    await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MILLISECONDS}ms'")
    locked_at = perf_counter()
    if LIVE in tables:
        await connection.execute(f"LOCK TABLE {', '.join(tables[LIVE])} IN ACCESS EXCLUSIVE MODE")
        live = await read_checkpoint(connection, projection, LIVE, lock=True)
        live_position = 0 if live is None else live.position
        if live_position > load.position + MAX_FOLD_IN_SWAP:
            raise _Behind
        await fold_remaining(operation, load, live_position)
    # All statements at once: while reads wait, each round trip counts.
    await connection.execute(";\n".join(_swap_statements(projection, incoming, tables, load.position)))
    if perf_counter() - locked_at > BUDGET_SECONDS:
        raise _BudgetExceeded
    return load.position, locked_at, checkpoint.generation


def _swap_statements(
    projection: AnyProjection, incoming: str, tables: Mapping[str, Sequence[str]], position: int
) -> Sequence[str]:
    """The statements of the swap, with the incoming table at `position`. The table that is left goes to a slot of its own
    until it is dropped."""
    where = f"projection = '{projection.name}' AND version = {projection.version}"
    names_in = dict(tables)
    moves = (
        [(FORMER, RETIRING), (LIVE, FORMER), (STAGING, LIVE)]
        if incoming == STAGING
        else [(LIVE, RETIRING), (FORMER, LIVE), (RETIRING, FORMER)]
    )
    # The owner of the live table stays its owner. The former table has none until a process claims it.
    live_owner = f"SELECT owner FROM es.checkpoints WHERE {where} AND slot = '{LIVE}'"
    statements = [
        # The old live table may have been in the making, up to a target. The new one is not read before that position.
        f"DELETE FROM es.rebuilds WHERE {where} AND slot = '{LIVE}' AND target <= {position}",
        f"UPDATE es.checkpoints SET owner = ({live_owner}) WHERE {where} AND slot = '{incoming}' AND EXISTS ({live_owner})",
        f"UPDATE es.checkpoints SET owner = NULL WHERE {where} AND slot = '{LIVE}'",
    ]
    for source, target in moves:
        moving = names_in.pop(source, ())
        statements += [f"ALTER TABLE {name} SET SCHEMA {SCHEMAS[target]}" for name in moving]
        statements += [
            f"UPDATE {table} SET slot = '{target}' WHERE {where} AND slot = '{source}'"
            for table in BOOKKEEPING_TABLES
        ]
        names_in[target] = [name.replace(f"{SCHEMAS[source]}.", f"{SCHEMAS[target]}.", 1) for name in moving]
    if incoming == STAGING:
        statements += [
            f"DELETE FROM {table} WHERE {where} AND slot = '{RETIRING}'" for table in BOOKKEEPING_TABLES
        ]
        statements.append(
            f"UPDATE es.rebuilds SET state = 'promoted', error = NULL, updated_at = clock_timestamp() WHERE {where} AND slot = '{STAGING}'"
        )
    return statements


async def _drop_unusable(connection: asyncpg.Connection, projection: AnyProjection, incoming: str) -> None:
    """Drop the tables that would move and whose checkpoints are worth nothing. Raises `OperationRefused` if the incoming
    table is one of them."""
    for slot in (FORMER, LIVE, incoming):
        problem = await table_problem(connection, projection, slot)
        if problem is not None:
            # Under the lock of the checkpoint no owner makes the table again in the meantime.
            await read_checkpoint(connection, projection, slot, lock=True)
            problem = await table_problem(connection, projection, slot)
        if problem is not None and slot == incoming:
            raise OperationRefused(
                f"{projection.name} v{projection.version}: {problem}: run projections rebuild {projection.name}",
                RefusalReason.MISSING,
            )
        if problem is not None:
            await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MILLISECONDS}ms'")
            await drop_table(connection, projection.name, projection.version, slot)


async def _drop_retiring(connection: asyncpg.Connection, projection: AnyProjection) -> None:
    for name in table_names(projection.name, projection.version, RETIRING):
        await connection.execute(f"DROP TABLE IF EXISTS {name}")


async def _tables(connection: asyncpg.Connection, projection: AnyProjection, slot: str) -> Sequence[str]:
    """The names of the table and of its history, as far as they exist."""
    names = table_names(projection.name, projection.version, slot)
    return [name for name in names if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name)]


_SELECT_STAGING = f"""
    SELECT r.state, r.error, c.fingerprint FROM es.rebuilds r JOIN es.checkpoints c USING (projection, version, slot)
    WHERE projection = $1 AND version = $2 AND slot = '{STAGING}'
"""
