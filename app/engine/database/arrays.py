"""Many rows as one parameter for each column, so that a statement stays the same whatever their number."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, cast, column, func
from sqlalchemy.dialects.postgresql import JSONB

ALL = "all"


def unnest_table(parts: Iterable[Any], given: str = ALL) -> Any:
    """The columns as one derived table, each filled from an array parameter named <given>_<column>; jsonb comes as text."""
    parts = list(parts)
    types = {
        part.name: ARRAY(Text() if isinstance(part.type, JSONB) else part.type, dimensions=1)
        for part in parts
    }
    arrays = [cast(bindparam(f"{given}_{name}", type_=kind), kind) for name, kind in types.items()]
    columns = [column(name, kind.item_type) for name, kind in types.items()]
    return func.unnest(*arrays).table_valued(*columns, name=given).render_derived()


def array_parameters(rows: Iterable[Mapping[str, Any]], given: str = ALL) -> dict[str, list[Any]]:
    """The parameters of `table_of` for these rows, of which there has to be one."""
    columns: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            columns.setdefault(f"{given}_{name}", []).append(value)
    return columns
