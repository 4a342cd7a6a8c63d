"""The slots of a projection's table: live, staging, former; or a point-in-time table, whose slot is its own name."""

from collections.abc import Sequence

from projections.kernel import SCHEMA

LIVE = "live"
STAGING = "staging"
FORMER = "former"
RETIRING = "leaving"
"""The slot of a table for the moment in which two tables are swapped."""
SCHEMAS = {
    LIVE: SCHEMA,
    STAGING: f"{SCHEMA}_staging",
    FORMER: f"{SCHEMA}_former",
    RETIRING: f"{SCHEMA}_leaving",
}
"""A table has the same name in each. It changes its slot by changing its schema, and its indexes move with it."""
TABLE_CHECKPOINTS = "table_checkpoints"
"""The table in each schema that has the second checkpoints. Triggers keep it."""


def table_names(projection: str, version: int, slot: str) -> Sequence[str]:
    """The names of the table and of its history in SQL; the history exists if the projection keeps one."""
    name = table_name(projection, version, slot)
    return [name, f'{name.removesuffix('"')}_history"'] if slot in SCHEMAS else [name]


def table_name(projection: str, version: int, slot: str) -> str:
    """The name of the table in SQL; also if this code does not know the projection or its version."""
    return f'{SCHEMAS[slot]}."{projection}_v{version}"' if slot in SCHEMAS else f'{SCHEMA}."{slot}"'


def lease_name(projection: str, version: int, slot: str) -> str:
    """The name of the lease of this table."""
    return f"{projection}_v{version}/{slot}"


def lease_name_sql(row: str) -> str:
    """The same as an SQL expression over `row`, an alias with the columns projection, version and slot."""
    return f"{row}.projection || '_v' || {row}.version || '/' || {row}.slot"
