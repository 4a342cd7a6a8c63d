"""One projection's table in one slot: its definition, its history, and every SQL statement that reads or writes it.

A batch is small most of the time, so its cost is the cost of its round trips: one loads the rows of a batch, one writes
all that the batch changes: rows, their history, and the checkpoint.

A row of the history is valid from the position of the fact that made it up to the fact of its key that changed it. If
PostgreSQL refuses a row of the history, the row before it stays valid until the next change.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from functools import cache
from typing import Any

import asyncpg
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Delete,
    Integer,
    Table,
    Update,
    bindparam,
    cast,
    column,
    delete,
    exists,
    func,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, dialect, insert
from sqlalchemy.schema import CreateIndex, CreateTable

from app.engine.database.statements import CompiledStatement, array_params, unnest_table
from app.engine.projector.checkpoint import MOVE_CHECKPOINT
from app.engine.projector.slots import LIVE, SCHEMAS
from projections.kernel import SCHEMA, VALID_FROM, VALID_TO, AnyProjection, Key

CHUNK_SIZE = 10_000
"""Rows in one statement of a bulk load."""

type RowChange = tuple[Key, int, Any]
"""A key, the position of a fact, and the row after it: None for no row."""


@cache
def projection_table(projection: AnyProjection, slot: str = LIVE) -> "ProjectionTable":
    """The table in this slot; its statements are built once."""
    return ProjectionTable(projection, slot)


class ProjectionTable:
    """Reads and writes the rows of one table. Each statement takes any number of rows: columns are array parameters."""

    def __init__(self, projection: AnyProjection, slot: str = LIVE) -> None:
        self.projection = projection
        self.slot = slot
        self.table = table = _table(projection, slot)
        self.history = history = _history(projection, slot)
        self.tables: Sequence[Table] = [table] if history is None else [table, history]
        keys = [table.c[name] for name in projection.key]
        moved = MOVE_CHECKPOINT.columns(column("one", Integer)).cte("moved")
        is_owner: ColumnElement[bool] = exists(select(moved.c.one))
        parts: list[Any] = [
            _upsert(table, keys, is_owner).cte("writing"),
            _delete(table, keys, is_owner).cte("deleting"),
        ]
        self.statements = {
            "load rows": CompiledStatement(select(table).where(_key_in(keys, "loaded"))),
            "write rows": CompiledStatement(_upsert(table, keys)),
            "delete rows": CompiledStatement(_delete(table, keys)),
        }
        if history is not None:
            keys = [history.c[name] for name in projection.key]
            # Both see the history before the statement: the row that ends is never a row that is added.
            parts += [
                _close_history(history, keys, is_owner).cte("closing"),
                _insert(history, "added", is_owner).cte("adding"),
            ]
            since = bindparam("since", type_=BigInteger())
            self.statements |= {
                "close history": CompiledStatement(_close_history(history, keys)),
                "add history": CompiledStatement(_insert(history, "added")),
                "delete history": CompiledStatement(
                    delete(history).where(_key_in(keys, "deleted"), history.c[VALID_FROM] >= since)
                ),
                "reopen history": CompiledStatement(
                    update(history)
                    .values({VALID_TO: None})
                    .where(_key_in(keys, "deleted"), history.c[VALID_TO] >= since)
                ),
            }
        self.statements["write batch"] = CompiledStatement(select(func.count(moved.c.one)).add_cte(*parts))

    def definitions(self) -> Sequence[str]:
        """The statements that make the tables, without the indexes that are not keys."""
        return [_ddl(CreateTable(table, if_not_exists=True)) for table in self.tables]

    def index_definitions(self) -> Sequence[str]:
        """The statements that make the indexes."""
        return [
            _ddl(CreateIndex(index, if_not_exists=True))
            for table in self.tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        ]

    async def create_table(self, connection: asyncpg.Connection) -> None:
        """Make the table and its history if they are missing, without the indexes that are not keys."""
        for statement in self.definitions():
            await connection.execute(statement)

    async def create_indexes(self, connection: asyncpg.Connection) -> None:
        """Make the indexes that are missing."""
        for statement in self.index_definitions():
            await connection.execute(statement)

    async def load(self, connection: asyncpg.Connection, keys: Iterable[Key]) -> dict[Key, Any]:
        """The rows that exist, by key."""
        params = array_params(self.projection.key, [self._key_columns(key) for key in keys], "loaded")
        rows = map(self.projection.row_from_record, await self._fetch(connection, "load rows", params))
        return {self.projection.key_of(row): row for row in rows}

    async def write(self, connection: asyncpg.Connection, rows: Mapping[Key, Any]) -> None:
        """Write each row, and delete those that are None. Raises `ValueError` if a row belongs to another key."""
        written, deleted = self._row_params(rows)
        if any(row is not None for row in rows.values()):
            await self._fetch(connection, "write rows", written)
        if any(row is None for row in rows.values()):
            await self._fetch(connection, "delete rows", deleted)

    async def write_batch(
        self,
        connection: asyncpg.Connection,
        rows: Mapping[Key, Any],
        changes: Sequence[RowChange],
        move: Mapping[str, Any],
    ) -> bool:
        """Write rows, history and checkpoint in one statement. False if the checkpoint is not where `move` expects it:
        then nothing is written. Raises `ValueError` if a row belongs to another key."""
        written, deleted = self._row_params(rows)
        params = {**written, **deleted, **move}
        if self.history is not None:
            closed, added = self._history_rows(changes)
            params |= self._closed_params(closed) | self._added_params(added)
        [[moved]] = await self._fetch(connection, "write batch", params)
        return moved == 1

    async def copy(self, connection: asyncpg.Connection, rows: Mapping[Key, Any]) -> None:
        """Write rows whose keys are not in the table, by COPY."""
        self._check(rows)
        await _copy(connection, self.table, map(self.projection.columns_of, rows.values()))

    async def write_history(self, connection: asyncpg.Connection, changes: Sequence[RowChange]) -> None:
        """Add the changes to the history."""
        closed, added = self._history_rows(changes)
        if closed:
            await self._fetch(connection, "close history", self._closed_params(closed))
        if added:
            await self._fetch(connection, "add history", self._added_params(added))

    async def copy_history(
        self, connection: asyncpg.Connection, changes: Sequence[RowChange], stored: Set[Key]
    ) -> None:
        """Add the changes to the history, by COPY; only keys in `stored` have rows already."""
        assert self.history is not None
        closed, added = self._history_rows(changes)
        closed = [row for row in closed if tuple(row[name] for name in self.projection.key) in stored]
        for first in range(0, len(closed), CHUNK_SIZE):
            params = self._closed_params(closed[first : first + CHUNK_SIZE])
            await self._fetch(connection, "close history", params)
        await _copy(connection, self.history, added)

    async def delete_history(self, connection: asyncpg.Connection, keys: Iterable[Key], since: int) -> None:
        """Remove the changes of these keys from position `since` on."""
        params = array_params(self.projection.key, [self._key_columns(key) for key in keys], "deleted")
        await self._fetch(connection, "delete history", params | {"since": since})
        await self._fetch(connection, "reopen history", params | {"since": since})

    async def _fetch(
        self, connection: asyncpg.Connection, name: str, params: Mapping[str, Any]
    ) -> Sequence[asyncpg.Record]:
        statement = self.statements[name]
        return await connection.fetch(statement.sql, *statement.params(**params))

    def _row_params(self, rows: Mapping[Key, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        self._check(rows)
        written = [self.projection.columns_of(row) for row in rows.values() if row is not None]
        deleted = [self._key_columns(key) for key, row in rows.items() if row is None]
        return (
            array_params(self.table.columns.keys(), written, "written"),
            array_params(self.projection.key, deleted, "deleted"),
        )

    def _closed_params(self, closed: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        return array_params([*self.projection.key, "at"], closed, "closed")

    def _added_params(self, added: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        assert self.history is not None
        return array_params(self.history.columns.keys(), added, "added")

    def _history_rows(
        self, changes: Sequence[RowChange]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The position that closes the open row of each key, and the rows that follow. The parts of a split fact make
        one row for each key."""
        by_key: dict[Key, dict[int, Any]] = {}
        for key, position, row in changes:
            by_key.setdefault(key, {})[position] = row
        closed: list[dict[str, Any]] = []
        added: list[dict[str, Any]] = []
        for key, rows in by_key.items():
            positions = list(rows)
            closed.append(self._key_columns(key) | {"at": positions[0]})
            for position, until in zip(positions, [*positions[1:], None], strict=True):
                if rows[position] is not None:
                    columns = self.projection.columns_of(rows[position])
                    added.append(columns | {VALID_FROM: position, VALID_TO: until})
        return closed, added

    def _key_columns(self, key: Key) -> dict[str, Any]:
        return dict(zip(self.projection.key, key, strict=True))

    def _check(self, rows: Mapping[Key, Any]) -> None:
        for key, row in rows.items():
            if row is not None and self.projection.key_of(row) != key:
                raise ValueError(f"the fold of key {key} gave the row of {self.projection.key_of(row)}")


def _table(projection: AnyProjection, slot: str) -> Table:
    """A slot without a schema of its own is the name of a point-in-time table."""
    if slot == LIVE:
        return projection.table
    if slot in SCHEMAS:
        return projection.table_as(SCHEMAS[slot], projection.table.name)
    return projection.table_as(SCHEMA, slot)


def _history(projection: AnyProjection, slot: str) -> Table | None:
    """None if the projection has no history, and for a point-in-time table, which never changes."""
    if not projection.history or slot not in SCHEMAS:
        return None
    return projection.history_as(SCHEMAS[slot], projection.table.name)


def _key_in(keys: Sequence[Any], prefix: str) -> ColumnElement[bool]:
    listed = unnest_table(keys, prefix)
    return tuple_(*keys).in_(select(*(listed.c[key.name] for key in keys)))


def _insert(table: Table, prefix: str, *where: ColumnElement[bool]) -> Insert:
    rows = unnest_table(table.columns, prefix)
    return insert(table).from_select(
        table.columns.keys(),
        select(*(cast(rows.c[column.name], column.type) for column in table.columns)).where(*where),
    )


def _upsert(table: Table, keys: Sequence[Any], *where: ColumnElement[bool]) -> Insert:
    insertion = _insert(table, "written", *where)
    names = {key.name for key in keys}
    others = {name: insertion.excluded[name] for name in table.columns.keys() if name not in names}  # noqa: SIM118 - a collection of columns
    return insertion.on_conflict_do_update(index_elements=keys, set_=others)


def _delete(table: Table, keys: Sequence[Any], *where: ColumnElement[bool]) -> Delete:
    return delete(table).where(_key_in(keys, "deleted"), *where)


def _close_history(history: Table, keys: Sequence[Any], *where: ColumnElement[bool]) -> Update:
    """End the open row of each key at its position `closed_at`."""
    closed = unnest_table([*keys, column("at", BigInteger)], "closed")
    newest = history.alias("newest")
    # A lookup for each key: a hot row has very many versions, of which only the newest can be open.
    last = (
        select(newest.c[VALID_FROM])
        .where(*(newest.c[key.name] == closed.c[key.name] for key in keys))
        .order_by(newest.c[VALID_FROM].desc())
        .limit(1)
        .lateral("last")
    )
    same_key = (key == closed.c[key.name] for key in keys)
    is_open = history.c[VALID_FROM] == last.c[VALID_FROM], history.c[VALID_TO].is_(None)
    return update(history).values({VALID_TO: closed.c.at}).where(*same_key, *is_open, *where)


def _ddl(statement: CreateTable | CreateIndex) -> str:
    return str(statement.compile(dialect=dialect()))


async def _copy(connection: asyncpg.Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
    await connection.copy_records_to_table(
        table.name,
        schema_name=table.schema,
        columns=table.columns.keys(),
        records=(tuple(row.values()) for row in rows),
    )
