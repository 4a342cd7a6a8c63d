"""The digest of the code that made a projection's table.

It covers the columns, the fold, and all of our own code that the fold leads to.
"""

import logging
from functools import cache
from hashlib import sha256

from sqlalchemy.dialects import postgresql

from app.engine.store.code_fingerprint import reachable_source
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

LENGTH = 16


@cache
def fingerprint(projection: AnyProjection) -> str:
    """The same for the same rows, for any layout of the code."""
    dialect = postgresql.dialect()
    columns = [
        f"{column.name} {column.type.compile(dialect=dialect)} {'null' if column.nullable else 'not null'}{' key' if column.primary_key else ''}"
        for column in projection.table.columns
    ]
    if projection.history:
        columns.append("history")
    try:
        parts = reachable_source(projection.row, projection.keys, projection.fold)
    except Exception as error:
        # The values that a fold uses are business code.
        log.warning(
            "projection %s: a change of its fold is not noticed: %s: %s",
            projection.name,
            type(error).__name__,
            error,
        )
        parts = ()
    return sha256("\n".join([*columns, *parts]).encode()).hexdigest()[:LENGTH]
