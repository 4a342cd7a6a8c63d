"""Drops tables that are not in use: former and abandoned ones, those of older versions, and point-in-time tables."""

from collections.abc import Mapping, Sequence

import asyncpg

from app.engine.backoff import Backoff
from app.engine.database.connections import Database
from app.engine.database.errors import DRIVER_ERRORS, first_line
from app.engine.database.leases import Lease
from app.engine.database.lock_attempts import LOCK_ERRORS
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason
from app.engine.projector.rebuild.swap import LOCK_TIMEOUT_MILLISECONDS, MAX_TRIES
from app.engine.projector.slots import LIVE, SCHEMAS, STAGING, TABLE_CHECKPOINTS, lease_name, table_name
from app.engine.projector.table_integrity import drop_table

type TableRef = tuple[str, int, str]
"""Projection, version, slot."""


async def drop(
    database: Database,
    current: Mapping[str, int],
    name: str,
    *,
    version: int | None = None,
    slot: str | None = None,
) -> Sequence[str]:
    """Drop the other tables of projection `name`, all tables of another `version`, or the point-in-time table `name`. `current`
    has the versions of this code. Returns the names of the tables. Raises `OperationRefused`."""
    try:
        async with database.connection() as connection:
            tables = _select_tables(await _all_tables(connection), current, name, version, slot)
            for table in tables:
                await _assert_unused(connection, table)
            for table in tables:
                await _drop(connection, table)
            return [_display_name(table) for table in tables]
    except DRIVER_ERRORS as error:
        raise OperationRefused(f"{first_line(error)}; the live table is as it was: try again") from error


def _select_tables(
    tables: Sequence[TableRef], current: Mapping[str, int], name: str, version: int | None, slot: str | None
) -> Sequence[TableRef]:
    apart = [table for table in tables if table[2] == name and table[2] not in SCHEMAS]
    if apart and name not in current:
        if slot is not None:
            raise OperationRefused(
                f"{name} is a table apart, in no slot: drop it by its name alone", RefusalReason.MISSING
            )
        return apart
    versions = sorted(
        {table[1] for table in tables if table[0] == name}
        | {number for known, number in current.items() if known == name}
    )
    if not versions:
        raise OperationRefused(
            f"there is no projection and no table {name}; there are {_list_names(tables, current)}",
            RefusalReason.UNKNOWN,
        )
    wanted = version if version is not None else current.get(name, versions[-1])
    if wanted not in versions:
        raise OperationRefused(
            f"{name} has no version {wanted}; there are {', '.join(map(str, versions))}",
            RefusalReason.UNKNOWN,
        )
    is_current = wanted == current.get(name)
    if is_current and slot == LIVE:
        raise OperationRefused(
            f"{name} v{wanted} is what this code reads: its live table stays", RefusalReason.IN_USE
        )
    selected = [
        table
        for table in tables
        if table[:2] == (name, wanted)
        and table[2] in SCHEMAS
        and (slot is None or table[2] == slot)
        and not (is_current and table[2] == LIVE)
    ]
    if not selected:
        raise OperationRefused(
            f"{name} v{wanted} has {'nothing next to its live table' if slot is None else f'no {slot} table'}",
            RefusalReason.MISSING,
        )
    return selected


def _list_names(tables: Sequence[TableRef], current: Mapping[str, int]) -> str:
    apart = {slot for _, _, slot in tables if slot not in SCHEMAS}
    return ", ".join(sorted({*current, *(name for name, _, _ in tables), *apart})) or "none"


async def _all_tables(connection: asyncpg.Connection) -> Sequence[TableRef]:
    return [tuple(record) for record in await connection.fetch(_SELECT_TABLES)]


async def _assert_unused(connection: asyncpg.Connection, table: TableRef) -> None:
    """No operation may work on the table. A former table may have a worker, which ends with the table."""
    name, version, slot = table
    # An operation in any of the three slots holds the lease of staging.
    operation = STAGING if slot in SCHEMAS else slot
    for held in (LIVE, operation) if slot == LIVE else (operation,):
        if not await Lease(connection, lease_name(name, version, held)).try_acquire():
            owner = await connection.fetchval(_SELECT_OWNER, name, version, held)
            raise OperationRefused(
                f"{_display_name(table)} is kept current or worked on by {owner or 'another process'}: stop it first",
                RefusalReason.BUSY,
            )


async def _drop(connection: asyncpg.Connection, table: TableRef) -> None:
    backoff = Backoff(0.05, 1.0, 1.5)
    for _ in range(MAX_TRIES):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MILLISECONDS}ms'")
                await drop_table(connection, *table)
            return
        except LOCK_ERRORS:
            await backoff.sleep()
    raise OperationRefused(
        f"{_display_name(table)} is being read: try again when that is over", RefusalReason.IN_USE
    )


def _display_name(table: TableRef) -> str:
    return table_name(*table).replace('"', "")


# Those with a checkpoint, and those that a person or a restore has left without one.
_SELECT_TABLES = f"""
    SELECT projection, version, slot FROM es.checkpoints
    UNION
    SELECT substring(tablename FROM '^(.*)_v[0-9]+$'), substring(tablename FROM '_v([0-9]+)$')::integer, slot
    FROM pg_tables JOIN unnest(ARRAY['live', 'staging', 'former']) AS slot ON schemaname = es.slot_schema(slot)
    WHERE tablename ~ '_v[0-9]{{1,9}}$'
    UNION
    SELECT tablename, 0, tablename FROM pg_tables
    WHERE schemaname = '{SCHEMAS[LIVE]}' AND tablename !~ '_v[0-9]+(_history)?$' AND tablename <> '{TABLE_CHECKPOINTS}'
      AND NOT EXISTS (SELECT FROM es.checkpoints c WHERE c.slot = tablename)
    ORDER BY projection, version, slot
"""
_SELECT_OWNER = """
    SELECT coalesce(r.owner, c.owner) FROM es.checkpoints c LEFT JOIN es.rebuilds r USING (projection, version, slot)
    WHERE c.projection = $1 AND c.version = $2 AND c.slot = $3
"""
