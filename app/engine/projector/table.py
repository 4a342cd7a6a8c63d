"""One projection's table in one slot: its definition, its history, and every SQL statement that reads or writes it.

A batch is small most of the time, so its cost is the cost of its round trips. One loads the rows of a batch. One writes all
that the batch changes: rows, their history, and the checkpoint.

A row of the history is valid from the position of the fact that made it. It is valid up to the next fact that changed it. If
PostgreSQL refuses a row of the history, the row before it stays valid until the next change.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from functools import cache
from typing import Any

import asyncpg
import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Delete,
    Integer,
    Numeric,
    Table,
    Text,
    Update,
    Uuid,
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
from sqlalchemy.dialects.postgresql import JSONB, Insert, dialect, insert
from sqlalchemy.schema import CreateIndex, CreateTable

from app.engine.database.errors import error_summary
from app.engine.database.statements import CompiledStatement
from app.engine.projector.checkpoint import MOVE_CHECKPOINT, Checkpoint
from app.engine.projector.slots import LIVE, SCHEMAS
from projections.kernel import SCHEMA, VALID_FROM, VALID_TO, AnyProjection, Key

CHUNK_SIZE = 10_000
"""Rows in one statement of a bulk load."""
FITTING_TYPES = (BigInteger, Boolean, Date, DateTime, Numeric, Uuid)
"""The types whose values fit in an index: a number would need 5,400 digits to be too large."""

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
        self._names = [column.name for column in table.columns]
        self._key_indexes = [self._names.index(name) for name in projection.key]
        self._json_indexes = [
            index for index, column in enumerate(table.columns) if isinstance(column.type, JSONB)
        ]
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

    def index_definitions(self, *, refusing: bool = False, existing: Collection[str] = ()) -> Sequence[str]:
        """The statements that make the indexes, without the `existing` ones.

        With `refusing`, only the indexes that can refuse a row because its values are too large.
        """
        return [
            _ddl(CreateIndex(index, if_not_exists=True))
            for table in self.tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
            if index.name not in existing
            and not (refusing and all(isinstance(column.type, FITTING_TYPES) for column in index.columns))
        ]

    async def create_table(self, connection: asyncpg.Connection) -> None:
        """Make the table and its history if they are missing, with the indexes that can refuse a row.

        So a bulk load meets the refused row, and parks its key. An index that is made afterwards would refuse the
        table.
        """
        for statement in (*self.definitions(), *self.index_definitions(refusing=True)):
            await connection.execute(statement)

    async def create_indexes(self, connection: asyncpg.Connection) -> None:
        """Make the indexes that are missing. If none is, this locks no table.

        `CREATE INDEX IF NOT EXISTS` waits for a vacuum before it looks.
        """
        records = await connection.fetch(_SELECT_INDEXES, self.table.schema)
        for statement in self.index_definitions(existing={record["indexname"] for record in records}):
            await connection.execute(statement)

    def batch(
        self, rows: Mapping[Key, Any], changes: Sequence[RowChange], checkpoint: Checkpoint, position: int
    ) -> tuple[str, Sequence[Any]]:
        """The statement that writes rows, history and checkpoint at once, with its parameters. It returns 1; or 0 if the
        checkpoint is not as given, and then it writes nothing. Raises `ValueError` if a row belongs to another key."""
        params = {**checkpoint.move_constants, "known_position": checkpoint.position, "position": position}
        params |= self._written_params(rows) | self._key_params("deleted", _deleted_keys(rows))
        if self.history is not None:
            closed, added = self._history_rows(changes)
            params |= self._closed_params(closed) | self._added_params(added)
        statement = self.statements["write batch"]
        return statement.sql, statement.params(**params)

    async def load(self, connection: asyncpg.Connection, keys: Collection[Key]) -> dict[Key, Any]:
        """The row of each key, None if there is none. Raises `ValueError` if the class of a row refuses it."""
        records = await self._fetch(connection, "load rows", self._key_params("loaded", keys))
        try:
            rows = [self.projection.row_from_record(record) for record in records]
        except Exception as error:
            # The classes of a row are business code.
            raise ValueError(f"a stored row is refused: {error_summary(error)}") from error
        return dict.fromkeys(keys) | {self.projection.key_of(row): row for row in rows}

    async def write(self, connection: asyncpg.Connection, rows: Mapping[Key, Any]) -> None:
        """Write each row, and delete those that are None. Raises `ValueError` if a row belongs to another key."""
        deleted = _deleted_keys(rows)
        if len(deleted) < len(rows):
            await self._fetch(connection, "write rows", self._written_params(rows))
        if deleted:
            await self._fetch(connection, "delete rows", self._key_params("deleted", deleted))

    async def copy(self, connection: asyncpg.Connection, rows: Mapping[Key, Any]) -> None:
        """Write rows whose keys are not in the table, by COPY."""
        await _copy(connection, self.table, [self._values(key, row) for key, row in rows.items()])

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
        closed = [(*key, at) for *key, at in closed if tuple(key) in stored]
        for first in range(0, len(closed), CHUNK_SIZE):
            params = self._closed_params(closed[first : first + CHUNK_SIZE])
            await self._fetch(connection, "close history", params)
        await _copy(connection, self.history, added)

    async def delete_history(self, connection: asyncpg.Connection, keys: Collection[Key], since: int) -> None:
        """Remove the changes of these keys from position `since` on."""
        params = self._key_params("deleted", keys) | {"since": since}
        await self._fetch(connection, "delete history", params)
        await self._fetch(connection, "reopen history", params)

    async def _fetch(
        self, connection: asyncpg.Connection, name: str, params: Mapping[str, Any]
    ) -> Sequence[asyncpg.Record]:
        statement = self.statements[name]
        return await connection.fetch(statement.sql, *statement.params(**params))

    def _values(self, key: Key, row: Any) -> list[Any]:
        """The columns of a row; jsonb as text. Raises `ValueError` if the row belongs to another key."""
        values = [getattr(row, name) for name in self._names]
        row_key = tuple([values[index] for index in self._key_indexes])
        if row_key != key:
            raise ValueError(f"the fold of key {key} gave the row of {row_key}")
        for index in self._json_indexes:
            values[index] = msgspec.json.encode(values[index]).decode()
        return values

    def _history_rows(self, changes: Sequence[RowChange]) -> tuple[list[Sequence[Any]], list[Sequence[Any]]]:
        """The position that closes the open row of each key, and the rows that follow. The parts of a split fact make
        one row for each key."""
        by_key: dict[Key, dict[int, Any]] = {}
        for key, position, row in changes:
            by_key.setdefault(key, {})[position] = row
        closed: list[Sequence[Any]] = []
        added: list[Sequence[Any]] = []
        for key, rows in by_key.items():
            positions = list(rows)
            closed.append((*key, positions[0]))
            for position, until in zip(positions, [*positions[1:], None], strict=True):
                if rows[position] is not None:
                    added.append((*self._values(key, rows[position]), position, until))
        return closed, added

    def _written_params(self, rows: Mapping[Key, Any]) -> dict[str, Any]:
        values = [self._values(key, row) for key, row in rows.items() if row is not None]
        return _array_params("written", self._names, values)

    def _key_params(self, prefix: str, keys: Collection[Key]) -> dict[str, Any]:
        return _array_params(prefix, self.projection.key, keys)

    def _closed_params(self, closed: Sequence[Sequence[Any]]) -> dict[str, Any]:
        return _array_params("closed", [*self.projection.key, "at"], closed)

    def _added_params(self, added: Sequence[Sequence[Any]]) -> dict[str, Any]:
        return _array_params("added", [*self._names, VALID_FROM, VALID_TO], added)


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


def _deleted_keys(rows: Mapping[Key, Any]) -> list[Key]:
    return [key for key, row in rows.items() if row is None]


def _array_params(
    prefix: str, names: Sequence[str], rows: Collection[Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    """The parameters of `_unnest` for these rows: one array a column."""
    return {f"{prefix}_{name}": [row[index] for row in rows] for index, name in enumerate(names)}


def _unnest(columns: Iterable[Any], prefix: str) -> Any:
    """A derived table of these columns, each filled from an array parameter `<prefix>_<column>`; jsonb is given as text.

    A statement with one parameter a column has the same text for any number of rows.
    """
    types = {
        column.name: ARRAY(Text() if isinstance(column.type, JSONB) else column.type, dimensions=1)
        for column in columns
    }
    arrays = [cast(bindparam(f"{prefix}_{name}", type_=array), array) for name, array in types.items()]
    parts = [column(name, array.item_type) for name, array in types.items()]
    return func.unnest(*arrays).table_valued(*parts).render_derived(name=prefix)


def _key_in(keys: Sequence[Any], prefix: str) -> ColumnElement[bool]:
    listed = _unnest(keys, prefix)
    return tuple_(*keys).in_(select(*(listed.c[key.name] for key in keys)))


def _insert(table: Table, prefix: str, *where: ColumnElement[bool]) -> Insert:
    rows = _unnest(table.columns, prefix)
    return insert(table).from_select(
        table.columns.keys(),
        select(*(cast(rows.c[column.name], column.type) for column in table.columns)).where(*where),
    )


def _upsert(table: Table, keys: Sequence[Any], *where: ColumnElement[bool]) -> Insert:
    insertion = _insert(table, "written", *where)
    names = {key.name for key in keys}
    others = {name: insertion.excluded[name] for name in table.columns.keys() if name not in names}  # noqa: SIM118 - a collection of columns
    if not others:
        # A row that has its key alone never changes.
        return insertion.on_conflict_do_nothing(index_elements=keys)
    return insertion.on_conflict_do_update(index_elements=keys, set_=others)


def _delete(table: Table, keys: Sequence[Any], *where: ColumnElement[bool]) -> Delete:
    return delete(table).where(_key_in(keys, "deleted"), *where)


def _close_history(history: Table, keys: Sequence[Any], *where: ColumnElement[bool]) -> Update:
    """End the open row of each key at its position `closed_at`."""
    closed = _unnest([*keys, column("at", BigInteger)], "closed")
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


async def _copy(connection: asyncpg.Connection, table: Table, rows: Iterable[Sequence[Any]]) -> None:
    await connection.copy_records_to_table(
        table.name, schema_name=table.schema, columns=table.columns.keys(), records=rows
    )


_SELECT_INDEXES = "SELECT indexname FROM pg_indexes WHERE schemaname = $1"
