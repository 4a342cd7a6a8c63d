"""Checks that a checkpoint counts: its table exists, was moved with it, and has the log's event at its position.

The row in es.checkpoints and the row in the table's own schema move in one transaction. If a person drops a table, or
restores one of the schemas, the rows differ. Then nothing is known about the table, and it is made again from the log.
"""

import asyncpg

from app.engine.database.connections import AnyConnection
from app.engine.database.leases import process_name
from app.engine.projector.checkpoint import Checkpoint, create_checkpoint
from app.engine.projector.slots import LIVE, table_names
from app.engine.projector.table import projection_table
from projections.kernel import AnyProjection

LOCK_TIMEOUT_MILLISECONDS = 2_000
"""How long the table is waited for if it must be dropped. The reads of such a table are worth nothing."""

_BOOKKEEPING_TABLES = ("es.checkpoints", "es.parked_keys", "es.rebuilds")


async def table_problem(
    connection: AnyConnection | asyncpg.Pool, projection: AnyProjection, slot: str
) -> str | None:
    """Why the checkpoint of this table is worth nothing, in one line; None if it counts.

    A swap that commits at this moment can look like a problem, unless the caller has locked the checkpoint.
    """
    has_history = projection.history and projection_table(projection, slot).history is not None
    return await connection.fetchval(_SELECT_PROBLEM, projection.name, projection.version, slot, has_history)


async def create_table(
    connection: asyncpg.Connection, projection: AnyProjection, slot: str, owner: str | None = None
) -> Checkpoint:
    """Make an empty table with its history and its checkpoint, in the caller's transaction. Nothing is in the slot."""
    await connection.execute(_CREATE_SCHEMA, slot)
    await projection_table(projection, slot).create_table(connection)
    checkpoint, _ = await create_checkpoint(connection, projection, slot, owner)
    return checkpoint


async def drop_table(connection: asyncpg.Connection, projection: str, version: int, slot: str) -> None:
    """Drop the table in this slot, its history, its checkpoint and its parked keys, in the caller's transaction. Skipped
    events stay: they hold for every table of the version."""
    for name in table_names(projection, version, slot):
        await connection.execute(f"DROP TABLE IF EXISTS {name}")
    for table in _BOOKKEEPING_TABLES:
        await connection.execute(
            f"DELETE FROM {table} WHERE projection = $1 AND version = $2 AND slot = $3",
            projection,
            version,
            slot,
        )


async def claim_live_table(
    connection: asyncpg.Connection, projection: AnyProjection
) -> tuple[Checkpoint, str | None]:
    """The checkpoint of the live table, with this process as its owner, and why the table is made again.

    The reason is None if the table is not made again from the log. A table that is missing is made; one whose
    checkpoint counts for nothing is dropped first.

    The caller holds the lease and has no transaction. Until the table has the log of this moment, `es.rebuilds` says why.
    """
    async with connection.transaction():
        await connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MILLISECONDS}")
        # The row is locked from here on: no swap moves the table.
        checkpoint, is_new = await create_checkpoint(connection, projection, LIVE, process_name())
        exists = await connection.fetchval(_SELECT_EXISTS, projection.name, projection.version, LIVE)
        name = table_names(projection.name, projection.version, LIVE)[0].replace('"', "")
        if is_new:
            problem = f"table {name} has no checkpoint" if exists else None
        else:
            problem = await table_problem(connection, projection, LIVE)
        if is_new or problem is not None:
            await drop_table(connection, projection.name, projection.version, LIVE)
            checkpoint = await create_table(connection, projection, LIVE, process_name())
            if problem is not None:
                await connection.execute(
                    _INSERT_REBUILD,
                    projection.name,
                    projection.version,
                    process_name(),
                    problem,
                )
        else:
            await connection.execute(_WATCH, projection.name, projection.version, LIVE)
        return checkpoint, problem


async def unfinished_rebuild(
    connection: asyncpg.Connection, projection: AnyProjection
) -> tuple[str, int] | None:
    """Why the live table is made again, and the position from which it may be read. None if it is not made again."""
    record = await connection.fetchrow(_SELECT_REBUILD, projection.name, projection.version)
    return None if record is None else (record["error"], record["target"])


async def finish_rebuild(connection: asyncpg.Connection, projection: AnyProjection) -> None:
    """The live table may be read again."""
    await connection.execute(_DELETE_REBUILD, projection.name, projection.version)


_SELECT_PROBLEM = "SELECT es.table_problem($1, $2, $3, $4)"
_SELECT_EXISTS = "SELECT cardinality(es.slot_tables($1, $2, $3)) > 0"
_CREATE_SCHEMA = "SELECT es.create_slot_schema($1)"
_WATCH = "SELECT es.watch_tables($1, $2, $3)"
_INSERT_REBUILD = f"""
    INSERT INTO es.rebuilds (projection, version, slot, state, target, owner, error)
    SELECT $1, $2, '{LIVE}', 'building', coalesce(max(position), 0), $3, $4 FROM es.events
"""
_SELECT_REBUILD = f"""
    SELECT error, target FROM es.rebuilds
    WHERE projection = $1 AND version = $2 AND slot = '{LIVE}' AND state = 'building'
"""
_DELETE_REBUILD = f"DELETE FROM es.rebuilds WHERE projection = $1 AND version = $2 AND slot = '{LIVE}'"
