"""The rows of a table that were written last, so that the next batch does not read them."""

from collections.abc import Mapping
from typing import Any

from app.engine.sized_cache import ENTRY_BYTES, memory_size
from projections.kernel import Key

MAX_CACHE_BYTES = 2**23
"""Memory for the rows of one table that were written last."""
MEASURED_ROWS = 64
"""How many rows are measured, for the size of all."""


class RowCache(dict[Key, Any]):
    """The rows that were written last, so that the next event finds them, in about `max_bytes`.

    All are dropped when they are more. To measure each row would cost as much as to fold it. So some are measured, each time
    that as many were remembered as there are, or as have room.
    """

    def __init__(self, max_bytes: int = MAX_CACHE_BYTES) -> None:
        super().__init__()
        self._max_bytes = max_bytes
        self._remembered = 0
        """Rows that were remembered since the last measurement."""
        self._measure_at = 1

    def remember(self, rows: Mapping[Key, Any]) -> None:
        """The table holds these rows now. May drop all that were remembered before."""
        if self._remembered >= self._measure_at:
            self._trim()
        self.update(rows)
        self._remembered += len(rows)

    def _trim(self) -> None:
        """Measure some rows, and drop all if together they are too large."""
        some = [*self.values()][:: max(1, len(self) // MEASURED_ROWS)]
        room = self._max_bytes * len(some) // (ENTRY_BYTES * len(some) + memory_size(some)) - len(self)
        if room < 0:
            self.clear()
        self._remembered, self._measure_at = 0, max(min(len(self), room), MEASURED_ROWS)
