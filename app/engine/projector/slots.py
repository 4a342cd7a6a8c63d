"""Where the table of a projection can stand: live, built beside it, replaced by another, or apart, as it was at a moment."""

from collections.abc import Sequence

from sqlalchemy import Table

from projections.kernel import SCHEMA, AnyProjection

LIVE = "live"
STAGING = "staging"
FORMER = "former"
RETIRING = "leaving"
"""Where the live table stands for the moment in which two tables change places."""
SCHEMAS = {
    LIVE: SCHEMA,
    STAGING: f"{SCHEMA}_staging",
    FORMER: f"{SCHEMA}_former",
    RETIRING: f"{SCHEMA}_leaving",
}
"""Their tables have the same names: a table changes its slot by changing its schema, and its indexes go with it."""


def table_in(projection: AnyProjection, slot: str) -> Table:
    """The projection's table in this slot; a slot that has no schema of its own is the name of a table apart."""
    if slot == LIVE:
        return projection.table
    if slot in SCHEMAS:
        return projection.table_as(SCHEMAS[slot], projection.table.name)
    return projection.table_as(SCHEMA, slot)


def history_in(projection: AnyProjection, slot: str) -> Table | None:
    """The history beside it. None where none is kept: not for a table apart, which stays as it is."""
    return (
        projection.history_as(SCHEMAS[slot], projection.table.name)
        if projection.history and slot in SCHEMAS
        else None
    )


def table_names(projection: str, version: int, slot: str) -> Sequence[str]:
    """The table's name as SQL has it and that of its history, which is there where the projection keeps one."""
    name = table_name(projection, version, slot)
    return [name, f'{name.removesuffix('"')}_history"'] if slot in SCHEMAS else [name]


def table_name(projection: str, version: int, slot: str) -> str:
    """The table's name as SQL has it; also where this code does not know the projection or its version."""
    return f'{SCHEMAS[slot]}."{projection}_v{version}"' if slot in SCHEMAS else f'{SCHEMA}."{slot}"'


def lease_name(projection: str, version: int, slot: str) -> str:
    """The name of the work of keeping this table current."""
    return f"{projection}_v{version}/{slot}"


def lease_name_sql(row: str) -> str:
    """The same as an SQL expression over `row`, an alias that has the columns projection, version and slot."""
    return f"{row}.projection || '_v' || {row}.version || '/' || {row}.slot"
