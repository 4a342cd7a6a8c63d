"""How PostgreSQL sorts text for people, and what it holds for the same letter in upper and lower case."""

from dataclasses import dataclass

import asyncpg

ICU = "und-x-icu"
"""Unicode's order of letters, for any language. A PostgreSQL that is built without ICU does not have it."""
BUILT_IN = "pg_unicode_fast"
"""Knows upper and lower case of all letters, and sorts by code points. PostgreSQL has it since version 18."""


@dataclass(frozen=True, slots=True)
class Collations:
    """The collations that a server has. SQL is written for `ICU`."""

    icu: bool = True
    built_in: bool = False

    def adapt(self, sql: str) -> str:
        """The SQL text with a collation that the server has, in place of `ICU`."""
        if self.icu:
            return sql
        return sql.replace(f' COLLATE "{ICU}"', f' COLLATE "{BUILT_IN}"' if self.built_in else "")

    def problem(self) -> str | None:
        """What is worse without ICU, in one line."""
        if self.icu:
            return None
        case = "" if self.built_in else "; only the database's own letters are equal in upper and lower case"
        return f"this PostgreSQL has no ICU: names are sorted by their letters without accents{case}"


async def find_collations(pool: asyncpg.Pool) -> Collations:
    """The collations of the server."""
    rows = await pool.fetch(
        "SELECT collname FROM pg_collation WHERE collnamespace = 'pg_catalog'::regnamespace"
        " AND collname = ANY($1::text[])",
        [ICU, BUILT_IN],
    )
    names = {row["collname"] for row in rows}
    return Collations(icu=ICU in names, built_in=BUILT_IN in names)
