"""The owner's two statements, which the driver itself runs: one loads the rows of a batch, the other writes all that the batch
changes: rows, their history, and the checkpoint. One round trip each, and the second is a transaction of its own.

A batch is small most of the time, so what it costs is what its round trips cost, and what is done for each of them here.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import asyncpg
from sqlalchemy import BigInteger, ColumnElement, Integer, Text, bindparam, column, exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.database.arrays import array_parameters
from app.engine.database.statements import CompiledStatement, jsonb_as_text
from app.engine.projector.row_history import RowChange
from app.engine.projector.table import TableStatements, table_statements
from projections.kernel import AnyProjection, Key

PLANNER_SETTINGS = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
"""Every row is found by its key. A plan that was made while the tables were small would read them whole ever after."""


@cache
def batch_statements(projection: AnyProjection, slot: str) -> "BatchStatements":
    """The statements of the table in this slot, made once."""
    return BatchStatements(projection, table_statements(projection, slot))


class BatchStatements:
    """The statements for one projection's table. The connection has to be outside of a transaction."""

    def __init__(self, projection: AnyProjection, rows: TableStatements) -> None:
        self._projection = projection
        self._rows = rows
        self._load = CompiledStatement(
            rows.select_by_keys().with_only_columns(*jsonb_as_text(rows.table.columns))
        )
        moved = MOVE_CHECKPOINT.columns(column("one", Integer)).cte("moved")
        still: ColumnElement[bool] = exists(select(moved.c.one))
        parts: list[Any] = [
            rows.upsert("written", still).cte("writing"),
            rows.delete("gone", still).cte("removing"),
        ]
        if rows.history is not None:
            # Both see the history as it was before: the row that is ended is never the one that is added.
            parts += [
                rows.history.close_rows("ended", still).cte("ending"),
                rows.history.insert_rows("became", still).cte("adding"),
            ]
        self._move = CompiledStatement(MOVE_CHECKPOINT)
        self._write = CompiledStatement(select(func.count(moved.c.one)).add_cte(*parts))

    async def load(self, connection: AsyncConnection, keys: Sequence[Key]) -> dict[Key, Any]:
        """The rows that exist, by key."""
        found = await _run(
            connection,
            self._load,
            array_parameters(dict(zip(self._projection.key, key, strict=True)) for key in keys),
        )
        rows = [self._projection.row_from_record(each) for each in found]
        return {self._projection.key_of(row): row for row in rows}

    async def write(
        self,
        connection: AsyncConnection,
        rows: Mapping[Key, Any],
        steps: Sequence[RowChange],
        checkpoint: dict[str, Any],
    ) -> bool:
        """Write the rows, what they became on the way, and the `checkpoint`. False where this is not where its `at` and `build`
        say any more: then nothing is written. Raises `ValueError` for a row that is another key's."""
        kept, gone = self._rows.columns(rows)
        ended, became = ([], []) if self._rows.history is None else self._rows.history.changes_to_rows(steps)
        given = (
            array_parameters(kept, "written")
            | array_parameters(gone, "gone")
            | array_parameters(ended, "ended")
            | array_parameters(became, "became")
        )
        [[moved]] = await _run(connection, self._write, given | checkpoint)
        return moved == 1

    async def move(self, connection: AsyncConnection, checkpoint: dict[str, Any]) -> bool:
        """Write the `checkpoint` alone, likewise."""
        return bool(await _run(connection, self._move, checkpoint))


async def _run(
    connection: AsyncConnection, statement: CompiledStatement, given: Mapping[str, Any]
) -> Sequence[asyncpg.Record]:
    """Raises what the driver does."""
    driver = cast("asyncpg.Connection", (await connection.get_raw_connection()).driver_connection)
    return await driver.fetch(statement.sql, *statement.arguments(given))


MOVE_CHECKPOINT = text(
    "UPDATE es.checkpoints SET position = :to, owner = :owner, moved_at = clock_timestamp()"
    " WHERE projection = :name AND version = :version AND slot = :slot AND build = :build AND position = :at RETURNING 1 AS one"
).bindparams(
    *(bindparam(name, type_=BigInteger()) for name in ("to", "at", "build")),
    bindparam("version", type_=Integer()),
    *(bindparam(name, type_=Text()) for name in ("owner", "name", "slot")),
)
