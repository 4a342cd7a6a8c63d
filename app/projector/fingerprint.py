"""What a projection's table was made by, as a digest: its columns, its fold, and all of our own code that the fold leads to."""

from functools import cache
from hashlib import sha256

from sqlalchemy.dialects import postgresql

from app.source import source
from projections.kernel import AnyProjection

LENGTH = 16


@cache
def fingerprint(projection: AnyProjection) -> str:
    """The same for the same rows, whatever the layout of the code."""
    dialect = postgresql.dialect()
    columns = [
        f"{each.name} {each.type.compile(dialect=dialect)} {'null' if each.nullable else 'not null'}{' key' if each.primary_key else ''}"
        for each in projection.table.columns
    ]
    if projection.history:
        columns.append("history")
    parts = sorted(set(source(projection.row, projection.keys, projection.fold)))
    return sha256("\n".join([*columns, *parts]).encode()).hexdigest()[:LENGTH]
