"""Keeps one projection's table current: owns it, folds what the feed brings, and restarts from the checkpoint after a failure."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from app.engine.backoff import Backoff
from app.engine.database.connections import Database
from app.engine.database.errors import error_summary, is_connection_error
from app.engine.database.leases import LeaseLost
from app.engine.logs import log_fields
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.parking.parked_keys import UnreadableCount
from app.engine.projector.parking.retry import retry
from app.engine.projector.rebuild.bulk_load import BulkLoad, run_bulk_load
from app.engine.projector.slots import LIVE
from app.engine.projector.writer import TableGone, TableWriter
from app.engine.store.feed import Feed
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

BATCH_SIZE = 1_000
CHECKPOINT_DELAY_SECONDS = 0.05
"""How long a stored checkpoint may stay behind while facts concern no row: other processes read it."""
WRITE_DEBOUNCE_SECONDS = 0.01
"""The pause after a write if no reader waits for the table: facts that arrive in it form one batch."""
BULK_LOAD_THRESHOLD = 10_000
"""How many facts behind a table has to be for a bulk load."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectionState:
    """What this process knows of one table, at one moment."""

    position: int = 0
    is_owner: bool = False
    """Whether this process owns the table."""
    table_exists: bool = False
    """Whether the table is known to exist: made by this process, or by the owner."""
    error: str | None = None
    """What keeps it at its position."""
    stale_fingerprint: str | None = None
    """The fingerprint of the code that made the table, if it is not that of this code."""
    oldest_pending_at: datetime | None = None
    """When the first fact after the stored checkpoint was recorded, a moment ago."""
    unreadable: Mapping[str, UnreadableCount] = field(default_factory=dict[str, UnreadableCount])
    """Events that were passed over because the code cannot read them, by type and stored version."""
    parked: int = 0
    """The number of parked keys, a moment ago."""


class ProjectionWorker:
    """One projection's table in one slot, kept current by this process while it is the owner."""

    def __init__(self, projection: AnyProjection, database: Database, feed: Feed, slot: str = LIVE) -> None:
        self.projection = projection
        self.slot = slot
        self.state = ProjectionState()
        self.writer: TableWriter | None = None
        """Set while this process owns the table."""
        self._database = database
        self._feed = feed
        self._moved: asyncio.Future[None] | None = None
        self._last_write = 0.0
        self._waiting = 0
        self._has_waiters = asyncio.Event()

    async def run(self) -> None:
        """Own, fold, write; after a failure again, from the checkpoint, until the feed closes."""
        backoff = Backoff(0.05, 5.0)
        while not self._feed.closed:
            try:
                async with self._database.connection() as connection:
                    writer = TableWriter(self.projection, self.slot, connection)
                    if await writer.acquire(self._closed_while_waiting()):
                        await self._start_owning(writer)
                    while await self._wait_for_work(writer):
                        writer = self.writer or writer
                        try:
                            await self._process_batch(writer)
                        except LeaseLost as error:
                            await self._reacquire(writer, error)
                        backoff.reset()
                        if self.state.error is not None:
                            self.update(error=None)
            except TableGone:
                return
            except Exception as error:
                # Any error stops the projection at its checkpoint. Health shows it, and the worker tries again.
                summary = error_summary(error).splitlines()[0]
                if isinstance(error, LeaseLost) or is_connection_error(error) or self.slot != LIVE:
                    log.warning(
                        "projection %s, %s table: %s; trying again", self.projection.name, self.slot, summary
                    )
                else:
                    self.update(error=summary)
                    log.exception(
                        "projection %s stands at position %d", self.projection.name, self.state.position
                    )
                await backoff.sleep()
            finally:
                self.writer = None
                self.update(is_owner=False)

    def _closed_while_waiting(self) -> Callable[[], bool]:
        """Whether the feed has closed. The lease asks it before each attempt to own the table."""
        attempts = 0

        def closed() -> bool:
            nonlocal attempts
            attempts += 1
            if attempts > 1 and self.state.error is not None:
                # Another process owns the table, so what stopped this one stops nothing now.
                self.update(error=None)
            return self._feed.closed

        return closed

    def update(self, **changes: Any) -> None:
        """Replace the state by one with these changes, and wake those who wait for a new position or owner."""
        before, self.state = self.state, replace(self.state, **changes)
        if self._moved is not None and (before.position, before.is_owner) != (
            self.state.position,
            self.state.is_owner,
        ):
            self._moved.set_result(None)
            self._moved = None

    async def retry_parked(self) -> None:
        """Retry the parked keys that are requested, if this process is the owner."""
        writer = self.writer
        if writer is not None:
            try:
                await retry(writer, self._feed.reader, self._database)
            except LeaseLost as error:
                # The requests stay, for the table that is in this slot now.
                await self._reacquire(writer, error)

    async def _start_owning(self, writer: TableWriter) -> None:
        self._take_over(writer)
        async with writer.lock:
            await self._bulk_catch_up(writer)
            await writer.table.create_indexes(writer.connection)
        self.update(position=writer.position, table_exists=True)
        log.info("projection %s: owned from position %d", self.projection.name, self.state.position)

    async def _reacquire(self, writer: TableWriter, error: LeaseLost) -> None:
        """The table was swapped: continue with the one that is in this slot now. The connection still holds the lease."""
        log.info("projection %s, %s table: %s; going on from there", self.projection.name, self.slot, error)
        new = TableWriter(self.projection, self.slot, writer.connection)
        new.lock = writer.lock
        async with writer.lock:
            if self.writer is not writer:
                return
            await new.claim()
            self._take_over(new)

    def _take_over(self, writer: TableWriter) -> None:
        self.writer = writer
        self.update(position=writer.position, is_owner=True)
        self.check_fingerprint(writer.checkpoint.fingerprint)

    async def _bulk_catch_up(self, writer: TableWriter) -> None:
        """Load in bulk if the table is far behind, as the first table of its version is."""
        load = BulkLoad(writer)
        load.target_position = self._feed.head
        if load.target_position - load.position < BULK_LOAD_THRESHOLD:
            return

        async def report() -> None:
            if self.state.position < writer.position < load.target_position:
                self.update(position=writer.position)
                log.info(
                    "projection %s: at position %d of %d",
                    self.projection.name,
                    writer.position,
                    load.target_position,
                )

        await run_bulk_load(writer.connection, self._feed.reader, [load], page=BATCH_SIZE, on_page=report)

    async def _wait_for_work(self, writer: TableWriter) -> bool:
        """Wait for the next fact, or until a stored checkpoint has been behind long enough. False if the feed has closed."""
        if self.state.error is not None and self.state.position >= self._feed.head:
            # The table is current, so nothing stops it. The next fact may come late.
            self.update(error=None)
        pending_since = writer.checkpoint_pending_since
        try:
            async with asyncio.timeout_at(
                None if pending_since is None else pending_since + CHECKPOINT_DELAY_SECONDS
            ):
                is_open = await self._feed.wait_past(self.state.position)
        except TimeoutError:
            return True
        await self._debounce()
        return is_open

    async def _debounce(self) -> None:
        """Let more facts come, if the table was just written and no reader waits for it."""
        until = self._last_write + WRITE_DEBOUNCE_SECONDS
        if not self._has_waiters.is_set() and until > asyncio.get_running_loop().time():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._has_waiters.wait()

    async def _process_batch(self, writer: TableWriter) -> None:
        pending_since, now = writer.checkpoint_pending_since, asyncio.get_running_loop().time()
        if pending_since is not None and now >= pending_since + CHECKPOINT_DELAY_SECONDS:
            async with writer.lock:
                await writer.flush_checkpoint(self.state.position)
        facts, position = await self._feed.read_after(self.state.position, limit=BATCH_SIZE)
        if position == self.state.position:
            return
        began = perf_counter()
        async with writer.lock:
            rows = await writer.write(facts, position)
        if rows:
            self._last_write = asyncio.get_running_loop().time()
        self.update(position=position)
        if log.isEnabledFor(logging.DEBUG):
            ms = round((perf_counter() - began) * 1000, 1)
            log.debug(
                "batch",
                extra=log_fields(
                    projection=self.projection.name, facts=len(facts), rows=rows, position=position, ms=ms
                ),
            )

    def lag_seconds(self) -> float:
        """How long the first fact after the position has waited; 0 if there is none, or if its moment is not known yet."""
        if self.state.position >= self._feed.head:
            return 0.0
        fact = self._feed.buffered(self.state.position + 1)
        since = self.state.oldest_pending_at if fact is None else fact.recorded_at
        return 0.0 if since is None else max(0.0, round((datetime.now(UTC) - since).total_seconds(), 3))

    async def wait_for_progress(self) -> None:
        """Wait until the position or the owner changes. The worker makes no pauses meanwhile."""
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._has_waiters.set()
        try:
            await asyncio.shield(self._moved)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._has_waiters.clear()

    def check_fingerprint(self, made_by: str | None) -> None:
        """Warn, once, if other code made the table under the same version."""
        known = self.state.stale_fingerprint
        self.update(
            stale_fingerprint=made_by if made_by not in (None, fingerprint(self.projection)) else None
        )
        if self.state.stale_fingerprint is not None and known is None:
            log.warning(
                "projection %s v%d: its fold or its columns have changed since its %s table was made: give it a new version, or rebuild it",
                self.projection.name,
                self.projection.version,
                self.slot,
            )

    def on_checkpoint(self, position: int) -> None:
        """Take over the checkpoint that another process has stored."""
        if self.state.is_owner:
            position = self.state.position
        self.update(table_exists=True, position=max(position, self.state.position))
