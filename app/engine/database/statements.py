"""Statements of SQLAlchemy's that the driver runs itself: compiled once, they cost what the driver costs, which is a fifth."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Executable, Text
from sqlalchemy import cast as as_type
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.asyncpg import dialect


class CompiledStatement:
    """One statement. Its parameters are given by name, in the types of the driver."""

    def __init__(self, statement: Executable) -> None:
        compiled = cast("Any", statement).compile(dialect=dialect())
        self.sql = str(compiled)
        # A part of the statement that has nothing to do is given empty columns.
        self._given: dict[str, Any] = {
            name: () if (value := compiled.params[name]) is None else value for name in compiled.positiontup
        }

    def arguments(self, given: Mapping[str, Any]) -> Sequence[Any]:
        """The parameters in their order; an empty array for each that is not given."""
        return list({**self._given, **given}.values())


def jsonb_as_text(columns: Iterable[Any]) -> list[Any]:
    """The columns with jsonb as text, which drivers and their settings do not differ over."""
    return [
        as_type(column, Text).label(column.name) if isinstance(column.type, JSONB) else column
        for column in columns
    ]
