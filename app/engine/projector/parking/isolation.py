"""Writes the rows that PostgreSQL accepts, and parks the keys of those that it refuses. The caller has a transaction."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import asyncpg

from app.engine.database.errors import first_line, is_data_error
from app.engine.projector.parking.folding import Folded, fold, fold_key, route
from app.engine.projector.parking.parked_keys import NO_POSITION, ParkedKeys
from app.engine.projector.table import ProjectionTable, RowChange
from app.engine.store.reader import Fact
from projections.kernel import Key

log = logging.getLogger(__name__)


async def write_what_fits(
    connection: asyncpg.Connection, table: ProjectionTable, facts: Sequence[Fact], parked: ParkedKeys
) -> Folded:
    """Fold the facts, and write rows and history. An unusable key parks its stream, a refused row its key."""
    while True:
        routed = route(facts, parked)
        rows: dict[Key, Any] = {}

        async def load(keys: Sequence[Key], rows: dict[Key, Any] = rows) -> None:
            rows.update(await table.load(connection, keys))

        unusable = dict(await bisect_failures(connection, list(routed.keys), load))
        if unusable:
            parked = routed.parked.copy()
            for fact, keys in routed.keyed:
                for key in keys:
                    if key in unusable:
                        parked.park_stream(fact, unusable[key])
            continue
        folded = fold(routed, rows)
        savepoint = connection.transaction()
        await savepoint.start()
        parked = folded.parked.copy()
        refused = await write_rows(connection, table, folded.rows)
        folded.changes[:] = [change for change in folded.changes if change[0] not in refused]
        written = [
            await _write_fact_by_fact(connection, table, key, rows[key], folded, parked) for key in refused
        ]
        if all(written):
            await write_history(connection, table, folded.changes)
            await savepoint.commit()
            return replace(folded, parked=parked)
        # A stream was parked, which concerns other keys, too.
        await savepoint.rollback()


async def _write_fact_by_fact(
    connection: asyncpg.Connection,
    table: ProjectionTable,
    key: Key,
    row: Any,
    folded: Folded,
    parked: ParkedKeys,
) -> bool:
    """Write the row after each fact, and park the key from the first fact whose row is refused. False if the stream was
    parked instead."""
    folded.rows[key] = row
    concerning = [keyed for keyed in folded.keyed if key in keyed[1]]
    for position, group in groupby(concerning, key=lambda keyed: keyed[0].position):
        if parked.positions.get(key, NO_POSITION) <= position:
            break
        keyed = list(group)
        try:
            row = fold_key(table.projection, key, folded.rows[key], keyed)
        except Exception as error:
            # The team's code may raise any error: this key waits, all others continue.
            return parked.park(key, keyed[0][0], error)
        refused = await write_rows(connection, table, {key: row})
        if refused:
            return parked.park(key, keyed[0][0], refused[key])
        if table.projection.history and row != folded.rows[key]:
            folded.changes.append((key, position, row))
        folded.rows[key] = row
    return True


async def write_rows(
    connection: asyncpg.Connection, table: ProjectionTable, rows: Mapping[Key, Any]
) -> dict[Key, Exception]:
    """Write the rows; those that PostgreSQL refuses stay as they are, and are returned."""

    async def write(keys: Sequence[Key]) -> None:
        await table.write(connection, {key: rows[key] for key in keys})

    return dict(await bisect_failures(connection, list(rows), write))


async def write_history(
    connection: asyncpg.Connection, table: ProjectionTable, changes: Sequence[RowChange]
) -> None:
    """Add the changes to the history, without those that PostgreSQL refuses."""
    if table.history is None:
        return

    async def write(changes: Sequence[RowChange]) -> None:
        await table.write_history(connection, changes)

    for (key, position, _), error in await bisect_failures(connection, changes, write):
        log.warning(
            "the history of %s leaves out the row %s at position %d: %s",
            table.table.name,
            key,
            position,
            first_line(error),
        )


async def bisect_failures[T](
    connection: asyncpg.Connection, items: Sequence[T], attempt: Callable[[Sequence[T]], Awaitable[None]]
) -> list[tuple[T, Exception]]:
    """Attempt all items at once and, if they are refused, ever smaller halves. What is possible is done; the other items
    are returned with their errors."""
    if not items:
        return []
    try:
        async with connection.transaction():
            await attempt(items)
    except Exception as error:
        # The encoding of a row may raise any error. Those of the connection and of the lease concern no item.
        if not is_data_error(error):
            raise
        if len(items) == 1:
            return [(items[0], error)]
        middle = len(items) // 2
        return [
            *await bisect_failures(connection, items[:middle], attempt),
            *await bisect_failures(connection, items[middle:], attempt),
        ]
    return []
