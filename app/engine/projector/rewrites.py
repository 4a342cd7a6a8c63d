"""Rewrites: rows of a live table change without a new event.

The cause is a retry of parked keys or a swap of tables. After the commit every server is notified. Each server polls
the checkpoints and the number of parked keys. So it finds a rewrite even if it gets no notifications. Each rewrite
wakes the subscribers, which read the rows again.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS
from app.engine.logs import error_line
from app.engine.store.feed import Feed
from app.engine.store.notifier import CHANNEL
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

PREFIX = "rewritten"
"""The first word of a notification. Servers of older code ignore it, as it is no position."""


class Rewrites:
    """The rewrites of one projection's live table, as far as this process knows."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._generation: int | None = None
        """The live table; None if it is not known."""
        self._parked: tuple[int, datetime | None] | None = None
        """The number of its parked keys a moment ago, and the last retry of one. None if the last rewrite is newer."""
        self.count = 0
        """How many rewrites this process knows of. A reader that knows a lower number reads again."""
        self.position = 0
        """A client that was complete up to this position, or a lower one, may lack a known rewrite."""

    def add(self) -> None:
        """Rows were rewritten, and the transaction has committed; or newer code may have written rows unnoticed."""
        self.count += 1
        self.position = max(self.position, self._feed.latest_known)
        self._parked = None
        self._feed.wake_subscribers()

    def on_table(self, generation: int) -> None:
        """The live table is this one now. Another one than before may have other rows."""
        known, self._generation = self._generation, generation
        if known not in (None, generation):
            self.add()

    def on_table_read(self, generation: int, known: int) -> None:
        """The live table was this one when the database was read. `known` is `count` from before that read."""
        if known == self.count:
            self.on_table(generation)

    def on_parked_read(self, parked: int, retried_at: datetime | None, known: int) -> None:
        """There were so many parked keys, and one of them was last retried at this moment. If they were more before, or if
        a retry has failed since, rows were folded again. `known` is `count` from before the read."""
        if known != self.count:
            # The read may be older than a rewrite that was counted meanwhile. The next read would count that one again.
            return
        if self._parked is not None:
            known_parked, known_retry = self._parked
            if parked < known_parked or (retried_at is not None and retried_at != known_retry):
                self.add()
        self._parked = parked, retried_at

    def on_notified(self, generation: int, *, is_owner: bool) -> None:
        """A process has rewritten rows. The owner of the table knows already, unless the table is another one."""
        if generation != self._generation:
            self.on_table(generation)
        elif not is_owner:
            self.add()


class JointRewrites:
    """The rewrites of several live tables, for a reader of all of them. `own` is that of the rows that it reads."""

    def __init__(self, own: Rewrites, others: Iterable[Rewrites]) -> None:
        self._own = own
        self._tables = (own, *others)

    @property
    def count(self) -> int:
        """As `Rewrites.count`."""
        return sum(table.count for table in self._tables)

    @property
    def position(self) -> int:
        """As `Rewrites.position`."""
        return max(table.position for table in self._tables)

    def add(self) -> None:
        """Rows of the own table were rewritten."""
        self._own.add()


async def notify_rewrite(connection: asyncpg.Connection, projection: AnyProjection, generation: int) -> None:
    """Tell all servers, after the commit. A notification that is lost costs the time until the next poll."""
    text = f"{PREFIX} {projection.name} {projection.version} {generation}"
    try:
        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, text)
    except DRIVER_ERRORS as error:
        log.warning(
            "projection %s: servers are not notified of new rows: %s", projection.name, error_line(error)
        )


def parse_notification(text: str) -> tuple[str, int, int] | None:
    """The projection, its version and the generation of its live table; None if the text says something else."""
    match text.split(" "):
        case [prefix, name, version, generation] if prefix == PREFIX and _are_numbers((version, generation)):
            return name, int(version), int(generation)
        case _:
            return None


def _are_numbers(words: Iterable[str]) -> bool:
    return all(word.isascii() and word.isdigit() for word in words)
