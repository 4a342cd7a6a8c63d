"""What this process knows of one projection's table, and the tasks that wait for its progress."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.engine.projector.parking.parked_keys import UnreadableCount


@dataclass(slots=True, kw_only=True, eq=False)
class ProjectionState:
    """What this process knows of one table. Its owner and the polls change it by `update`, which wakes those who wait."""

    position: int = 0
    is_owner: bool = False
    """Whether this process owns the table."""
    table_exists: bool = False
    """Whether the table is known to exist: made by this process, or by the owner."""
    error: str | None = None
    """What keeps it at its position."""
    is_uncertain: bool = False
    """Whether the database was seen at a lower position: it has crashed, and lost the newest rows with their checkpoint."""
    rebuilding: str | None = None
    """Why the table is made again from the log, until it may be read."""
    stale_fingerprint: str | None = None
    """The fingerprint of the code that made the table, if it is not that of this code."""
    oldest_pending_at: datetime | None = None
    """When the first fact after the stored checkpoint was recorded, a moment ago."""
    unreadable: Mapping[str, UnreadableCount] = field(default_factory=dict[str, UnreadableCount])
    """Events that were passed over because the code cannot read them, by type and stored version."""
    parked: int = 0
    """The number of parked keys, a moment ago."""
    has_waiters: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while a task waits for progress."""
    _waiting: int = 0
    _moved: asyncio.Future[None] | None = None

    @property
    def problem(self) -> str | None:
        """Why the table cannot be relied on, in one line; None if it can."""
        if self.error is None and self.rebuilding is not None:
            return f"it is made again from the log: {self.rebuilding}"
        return self.error

    def update(self, **changes: Any) -> None:
        """Set these fields, and wake those who wait for progress."""
        before = self._progress
        for name, value in changes.items():
            setattr(self, name, value)
        if self._moved is not None and before != self._progress:
            self._moved.set_result(None)
            self._moved = None

    def has_reached(self, position: int) -> bool:
        """Whether the table has everything up to a position, and may be read."""
        return self.position >= position and self.rebuilding is None and not self.is_uncertain

    @property
    def _progress(self) -> tuple[object, ...]:
        return self.position, self.is_owner, self.rebuilding, self.is_uncertain

    async def wait_for_progress(self) -> None:
        """Wait until the position, the owner or whether the table may be read changes. The worker makes no pauses until then."""
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self.has_waiters.set()
        try:
            await asyncio.shield(self._moved)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self.has_waiters.clear()
