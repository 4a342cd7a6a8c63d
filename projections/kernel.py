"""A projection is a keyed fold: facts in, rows out. Its row class is its table, written once."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from types import NoneType, UnionType
from typing import Any, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from domain.kernel.decider import AnyDecider, Recorded

type Key = tuple[Any, ...]
"""The values of the key columns, in their order."""

SCHEMA = "read"
VALID_FROM = "valid_from"
VALID_TO = "valid_to"


@dataclass(frozen=True)
class Owner:
    """Who owns a row: the actor in `column`. With `of`, `column` is the key of a row of that projection, whose owner it is.

    An actor is text, so the column is a `str` or a `UUID`. It is None while the row has no owner.
    """

    column: str
    of: "AnyProjection | None" = None


@dataclass(frozen=True)
class Projection[R]:
    """`keys(fact)` returns the keys of the rows that a fact changes. `fold(key, row, fact)` returns the row after it, None for no row.

    Both are pure. `key` lists the key columns, `indexes` the columns of each further index. With `history` every state
    of every row is kept, so that the rows can be read as of any position. A change of the fold, of the columns or of
    `history` needs a new `version`. The version is part of the table's name. `owner` says whose each row is; it needs
    none. Raises `ValueError` if it names a column that the row does not have, or one that cannot hold an owner.
    """

    name: str
    version: int
    row: type[R]
    key: tuple[str, ...]
    keys: Callable[[Recorded[Any]], Sequence[Key]]
    fold: Callable[[Any, R | None, Recorded[Any]], R | None]
    indexes: tuple[tuple[str, ...], ...] = ()
    history: bool = False
    owner: Owner | None = None

    def __post_init__(self) -> None:
        columns = {field.name for field in fields(cast("Any", self.row))}
        named = {"key": self.key, "indexes": [name for index in self.indexes for name in index]}
        if self.owner is not None:
            named["owner"] = [self.owner.column]
        for argument, names in named.items():
            if unknown := [name for name in names if name not in columns]:
                raise ValueError(
                    f"projection {self.name}: {argument} has {unknown[0]!r}, but {self.row.__name__} has only"
                    f" {', '.join(sorted(columns))}"
                )
        if not self.key:
            raise ValueError(f"projection {self.name}: key has no column")
        if self.owner is not None and self.owner.of is None:
            hint = get_type_hints(self.row)[self.owner.column]
            # Other types have several texts for one value: an actor `012` would own the rows of 12.
            if _required(hint) not in (str, UUID):
                raise ValueError(
                    f"projection {self.name}: owner has {self.owner.column!r}, which is {getattr(hint, '__name__', hint)}: an actor is text."
                    " Give the row a column with the actor as str or UUID"
                )
        if self.owner is not None and self.owner.of is not None:
            of = self.owner.of
            if of.owner is None:
                raise ValueError(
                    f"projection {self.name}: its rows belong to the owner of {of.name}, which has none"
                )
            if len(of.key) != 1:
                raise ValueError(
                    f"projection {self.name}: the key of {of.name} has {len(of.key)} columns, and owner is one"
                )

    @cached_property
    def table(self) -> Table:
        """The live table: its name carries the version."""
        return self.table_as(SCHEMA, f"{self.name}_v{self.version}")

    @cached_property
    def history_table(self) -> Table:
        """The history of the live table, which exists if `history` is set."""
        return self.history_as(SCHEMA, self.table.name)

    def history_as(self, schema: str, name: str) -> Table:
        """The history table of this name.

        It has the columns of a row, and the positions from which and up to which the row was valid.
        """
        history = self.table_as(schema, f"{name}_history")
        history.append_column(Column(VALID_FROM, BigInteger(), primary_key=True, autoincrement=False))
        history.append_column(Column(VALID_TO, BigInteger(), nullable=True))
        return history

    def table_as(self, schema: str, name: str) -> Table:
        """One column for each field: scalars as PostgreSQL types, values and sequences of values as jsonb."""
        hints = get_type_hints(self.row)
        columns = [
            Column(field.name, *_column(hints[field.name]), primary_key=field.name in self.key)
            for field in fields(cast("Any", self.row))
        ]
        indexes = [Index(f"{name}_{'_'.join(over)}", *over) for over in self.indexes]
        for column in columns:
            column.nullable = _optional(hints[column.name])
        return Table(name, MetaData(), *columns, *indexes, schema=schema)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.table.columns)

    @cached_property
    def _json(self) -> dict[str, Any]:
        hints = get_type_hints(self.row)
        return {c.name: hints[c.name] for c in self.table.columns if isinstance(c.type, JSONB)}

    def row_from_record(self, columns: Iterable[Any]) -> R:
        """The row from its values in the order of the table's columns; jsonb is text."""
        values = dict(zip(self._names, columns, strict=True))
        for name, kind in self._json.items():
            if values[name] is not None:
                values[name] = msgspec.json.decode(values[name], type=kind)
        return self.row(**values)

    def key_of(self, row: R) -> Key:
        return tuple(getattr(row, name) for name in self.key)


type AnyProjection = Projection[Any]


def rows_as_of(history: Table, position: Any) -> Any:
    """A derived table: the rows of a history table as of a position, with the columns of the row alone."""
    columns = [column for column in history.columns if column.name not in (VALID_FROM, VALID_TO)]
    valid_to = history.c[VALID_TO]
    return (
        select(*columns)
        .where(history.c[VALID_FROM] <= position, func.coalesce(valid_to > position, True))
        .subquery("as_of")
    )


def by_stream(decider: AnyDecider) -> Callable[[Recorded[Any]], Sequence[Key]]:
    """The `keys` of a projection with one row for each stream of the decider, under the id of the stream."""

    def keys(fact: Recorded[Any]) -> Sequence[Key]:
        return [(fact.stream_id,)] if isinstance(fact.event, decider.event_types) else []

    return keys


_TYPES: dict[type, TypeEngine[Any]] = {
    str: Text(),
    int: BigInteger(),
    bool: Boolean(),
    Decimal: Numeric(),
    UUID: Uuid(),
    datetime: DateTime(timezone=True),
    date: Date(),
}


def _optional(hint: Any) -> bool:
    return isinstance(hint, UnionType) and NoneType in get_args(hint)


def _required(hint: Any) -> Any:
    """The hint without None."""
    if not _optional(hint):
        return hint
    (required,) = (argument for argument in get_args(hint) if argument is not NoneType)
    return required


def _column(hint: Any) -> tuple[TypeEngine[Any]]:
    hint = _required(hint)
    if hint in _TYPES:
        return (_TYPES[hint],)
    if get_origin(hint) is tuple or is_dataclass(hint):
        return (JSONB(none_as_null=True),)
    raise TypeError(f"no column type for {hint}")
