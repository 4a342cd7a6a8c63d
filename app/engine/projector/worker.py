"""Keeps one projection's table current: owns it, folds what the feed brings, and restarts from the checkpoint after a failure."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter

import asyncpg

from app.engine.backoff import Backoff
from app.engine.database.connections import Database
from app.engine.database.errors import error_summary, is_connection_error
from app.engine.database.leases import LeaseLost
from app.engine.logs import log_fields
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.newer_events import NewerEvent, facts_before_newer_event
from app.engine.projector.parking.retry import retry
from app.engine.projector.rebuild.bulk_load import BulkLoad, run_bulk_load
from app.engine.projector.rewrites import Rewrites
from app.engine.projector.slots import LIVE
from app.engine.projector.state import ProjectionState
from app.engine.projector.writer import TableGone, TableUnusable, TableWriter
from app.engine.store.feed import Feed, LogReplaced
from domain.kernel.decider import UnreadableEvent
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

BATCH_SIZE = 1_000
CHECKPOINT_DELAY_SECONDS = 0.05
"""How long a stored checkpoint may stay behind while facts concern no row: other processes read it."""
WRITE_DEBOUNCE_SECONDS = 0.01
"""The pause after a write if no reader waits for the table: facts that arrive in it form one batch."""
BULK_LOAD_THRESHOLD = 10_000
"""How many facts behind a table has to be for a bulk load."""
NEWER_EVENT_PAUSE_SECONDS = 2.0
"""How long a process leaves the lease to others after it met an event of newer code. Those look for it more often."""
CHECK_INTERVAL_SECONDS = 1.0
"""How often the owner checks that its table is still the one of its checkpoint."""
MISSING_TABLE_ERRORS = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
"""What a statement raises if a table, or its whole schema, was dropped."""


class ProjectionWorker:
    """One projection's table in one slot, kept current by this process while it is the owner."""

    def __init__(self, projection: AnyProjection, database: Database, feed: Feed, slot: str = LIVE) -> None:
        self.projection = projection
        self.slot = slot
        self.state = ProjectionState()
        self.writer: TableWriter | None = None
        """Set while this process owns the table."""
        self.rewrites = Rewrites(feed)
        self._database = database
        self._feed = feed
        self._last_write = 0.0
        self._next_check = 0.0
        self._epoch = 0
        """The epoch of the log in which this process became the owner."""
        self._newer_position: int | None = None
        """The event of newer code before which this process has left the table to others."""
        self._unreadable_table: TableWriter | None = None
        """The table that holds events of newer code: this process cannot fold its keys again."""
        self._stored_position = 0
        """The stored position that was known last without a writer."""

    async def run(self) -> None:
        """Own, fold, write; after a failure again, from the checkpoint, until the feed closes."""
        backoff = Backoff(0.05, 5.0)
        while not self._feed.closed:
            try:
                self._epoch = self._feed.epoch
                async with self._database.connection() as connection:
                    writer = TableWriter(self.projection, self.slot, connection)
                    if await writer.acquire(self._closed_while_waiting()):
                        if not await self._feed.check_log(connection):
                            raise LogReplaced(self._feed.replacement)
                        await self._start_owning(writer)
                    while await self._wait_for_work(writer):
                        writer = self.writer or writer
                        try:
                            await self._process_batch(writer)
                        except (LeaseLost, TableUnusable) as error:
                            await self._reacquire(writer, error)
                        backoff.reset()
                        if self.state.error is not None:
                            self.state.update(error=None)
            except TableGone:
                return
            except NewerEvent as error:
                await self._leave_to_newer_code(error)
            except Exception as error:
                # Any error stops the projection at its checkpoint. Health shows it, and the worker tries again.
                summary = error_summary(error).splitlines()[0]
                passes = isinstance(
                    error, (LeaseLost, LogReplaced, *MISSING_TABLE_ERRORS)
                ) or is_connection_error(error)
                if passes or self.slot != LIVE:
                    log.warning(
                        "projection %s, %s table: %s; trying again", self.projection.name, self.slot, summary
                    )
                else:
                    self.state.update(error=summary)
                    log.exception(
                        "projection %s stands at position %d", self.projection.name, self.state.position
                    )
                await backoff.sleep()
            finally:
                self._leave()

    def _closed_while_waiting(self) -> Callable[[], bool]:
        """Whether the feed has closed. The lease asks it before each attempt to own the table."""
        attempts = 0

        def closed() -> bool:
            nonlocal attempts
            attempts += 1
            if attempts > 1 and self.state.error is not None:
                # Another process owns the table, so what stopped this one stops nothing now.
                self.state.update(error=None)
            return self._feed.closed

        return closed

    async def retry_parked(self) -> None:
        """Retry the parked keys that are requested, if this process is the owner and can read their events."""
        writer = self.writer
        if writer is not None and writer is not self._unreadable_table:
            try:
                if await retry(writer, self._feed.reader, self._database):
                    self.rewrites.add()
            except LeaseLost as error:
                # The requests stay, for the table that is in this slot now.
                await self._reacquire(writer, error)
            except NewerEvent as error:
                # The requests stay, for an owner of newer code.
                self._unreadable_table = writer
                log.warning(
                    "projection %s: parked keys are not folded again: %s", self.projection.name, error.remedy
                )

    async def _start_owning(self, writer: TableWriter) -> None:
        self._take_over(writer)
        async with writer.lock:
            await self._catch_up(writer)
        log.info("projection %s: owned from position %d", self.projection.name, self.state.position)

    async def _reacquire(self, writer: TableWriter, error: Exception) -> None:
        """Continue with the table that is in this slot now.

        The table of `writer` was swapped, or is not the one of the checkpoint. The connection still holds the lease.
        """
        log.info("projection %s, %s table: %s; continuing from there", self.projection.name, self.slot, error)
        new = TableWriter(self.projection, self.slot, writer.connection)
        new.lock = writer.lock
        async with writer.lock:
            if self.writer is not writer:
                return
            await new.claim()
            self._take_over(new)
            if new.remade_because is not None:
                await self._catch_up(new)

    def _take_over(self, writer: TableWriter) -> None:
        self.note_stored(writer.position, self.stored_position)
        self.writer = writer
        self._next_check = asyncio.get_running_loop().time() + CHECK_INTERVAL_SECONDS
        if writer.remade_because is not None:
            log.warning(
                "projection %s: %s; it is made again from the log",
                self.projection.name,
                writer.remade_because,
            )
        rebuilding = None if writer.rebuild is None else writer.rebuild[0]
        self.state.update(position=writer.position, is_owner=True, rebuilding=rebuilding, is_uncertain=False)
        self.rewrites.on_table(writer.checkpoint.generation)
        self.check_fingerprint(writer.checkpoint.fingerprint)

    def _leave(self) -> None:
        self._stored_position, self.writer, self._unreadable_table = self.stored_position, None, None
        self.state.update(is_owner=False)

    async def _catch_up(self, writer: TableWriter) -> None:
        await self._bulk_catch_up(writer)
        await writer.table.create_indexes(writer.connection)
        self.state.update(position=writer.position, table_exists=True)
        await self._finish_rebuild(writer)

    async def _finish_rebuild(self, writer: TableWriter) -> None:
        """Let the table be read again if it has reached the position at which its rebuild began."""
        if writer.rebuild is not None and self.state.position >= writer.rebuild[1]:
            await writer.finish_rebuild()
            self.state.update(rebuilding=None)
            log.info("projection %s: made again up to position %d", self.projection.name, self.state.position)

    async def _bulk_catch_up(self, writer: TableWriter) -> None:
        """Load in bulk if the table is far behind, as the first table of its version is."""
        load = BulkLoad(writer, self._feed.reader.codec)
        load.target_position = self._feed.head
        if load.target_position - load.position < BULK_LOAD_THRESHOLD:
            return

        async def report() -> None:
            if self.state.position < writer.position < load.target_position:
                self.state.update(position=writer.position)
                log.info(
                    "projection %s: at position %d of %d",
                    self.projection.name,
                    writer.position,
                    load.target_position,
                )

        await run_bulk_load(writer.connection, self._feed.reader, [load], page=BATCH_SIZE, on_page=report)

    async def _wait_for_work(self, writer: TableWriter) -> bool:
        """Wait for the next fact, the next check of the table, or the time to store a late checkpoint.

        False if the feed has closed.
        """
        if self.state.error is not None and self.state.position >= self._feed.head:
            # The table is current, so nothing stops it. The next fact may come late.
            self.state.update(error=None)
        pending_since = writer.checkpoint_pending_since
        until = self._next_check
        if pending_since is not None:
            until = min(until, pending_since + CHECKPOINT_DELAY_SECONDS)
        try:
            async with asyncio.timeout_at(until):
                is_open = await self._feed.wait_past(self.state.position, epoch=self._epoch)
        except TimeoutError:
            return True
        await self._debounce()
        return is_open

    async def _debounce(self) -> None:
        """Let more facts come, if the table was just written and no reader waits for it."""
        until = self._last_write + WRITE_DEBOUNCE_SECONDS
        if not self.state.has_waiters.is_set() and until > asyncio.get_running_loop().time():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self.state.has_waiters.wait()

    async def _process_batch(self, writer: TableWriter) -> None:
        """Check the table if that is due. Then fold and write the next facts, up to the first of newer code."""
        await self._check_and_flush(writer)
        facts, position = await self._feed.read_after(self.state.position, limit=BATCH_SIZE)
        if self._feed.epoch != self._epoch:
            raise LogReplaced(self._feed.replacement)
        newer, unreadable = None, [fact for fact in facts if isinstance(fact.event, UnreadableEvent)]
        if unreadable:
            facts, newer = await facts_before_newer_event(
                self._database.pool, self._feed.reader.codec, facts, writer.parked
            )
        if newer is not None:
            position = newer.position - 1
        if position > self.state.position:
            began = perf_counter()
            async with writer.lock:
                rows = await writer.write(facts, position)
            if rows:
                self._last_write = asyncio.get_running_loop().time()
            self.state.update(position=position)
            if writer.rebuild is not None:
                async with writer.lock:
                    await self._finish_rebuild(writer)
            if log.isEnabledFor(logging.DEBUG):
                self._log_batch(len(facts), rows, began)
        if newer is not None:
            if writer.checkpoint_pending_since is not None:
                async with writer.lock:
                    await writer.flush_checkpoint(position)
            raise newer

    async def _check_and_flush(self, writer: TableWriter) -> None:
        """Check the table every second, and store a checkpoint that has been behind long enough."""
        pending_since, now = writer.checkpoint_pending_since, asyncio.get_running_loop().time()
        if now >= self._next_check:
            self._next_check = now + CHECK_INTERVAL_SECONDS
            async with writer.lock:
                await writer.check_table()
            # The connection is older than the doubt, and no connection survives a crash of its server. A connection to
            # a former primary that still runs does survive. Its rows are those from before, and the watch of sessions
            # ends it.
            self.state.update(is_uncertain=False)
        if pending_since is not None and now >= pending_since + CHECKPOINT_DELAY_SECONDS:
            async with writer.lock:
                await writer.flush_checkpoint(self.state.position)

    def _log_batch(self, facts: int, rows: int, began: float) -> None:
        ms = round((perf_counter() - began) * 1000, 1)
        fields = log_fields(
            projection=self.projection.name, facts=facts, rows=rows, position=self.state.position, ms=ms
        )
        log.debug("batch", extra=fields)

    async def _leave_to_newer_code(self, newer: NewerEvent) -> None:
        """Say where the projection stands and why, and let other processes acquire the lease, which is free now."""
        self._leave()
        if self._newer_position != newer.position:
            self._newer_position = newer.position
            log.warning("projection %s stands: %s", self.projection.name, newer)
        self.state.update(error=str(newer))
        await asyncio.sleep(NEWER_EVENT_PAUSE_SECONDS)

    def lag_seconds(self) -> float:
        """How long the first fact after the position has waited, in seconds.

        0 if there is none, or if its moment is not known yet.
        """
        if self.state.position >= self._feed.head:
            return 0.0
        fact = self._feed.buffered(self.state.position + 1)
        since = self.state.oldest_pending_at if fact is None else fact.recorded_at
        return 0.0 if since is None else max(0.0, round((datetime.now(UTC) - since).total_seconds(), 3))

    def check_fingerprint(self, made_by: str | None) -> None:
        """Warn, once, if other code made the table under the same version."""
        known = self.state.stale_fingerprint
        self.state.update(
            stale_fingerprint=made_by if made_by not in (None, fingerprint(self.projection)) else None
        )
        if self.state.stale_fingerprint is not None and known is None:
            log.warning(
                "projection %s v%d: its fold or its columns have changed since its %s table was made. Give it a new version, or rebuild it",
                self.projection.name,
                self.projection.version,
                self.slot,
            )

    def on_checkpoint(self, position: int, rebuilding: str | None) -> None:
        """Take over the checkpoint that another process has stored, also if it is lower than before. Then the table is made
        again, or the log is another one."""
        if not self.state.is_owner:
            self._stored_position = position
            self.state.update(table_exists=True, position=position, rebuilding=rebuilding, is_uncertain=False)
            if self._newer_position is not None and position >= self._newer_position:
                self._newer_position = None
                self.state.update(error=None)

    @property
    def stored_position(self) -> int:
        """The position that the table has in the database, as far as this process knows. The owner may be further."""
        return self._stored_position if self.writer is None else self.writer.committed_position

    def note_stored(self, position: int, known: int) -> None:
        """The table was found at `position`, and was known at `known` before that look began.

        If `known` is higher, the database has lost rows. Then reads that have begun fail. Others wait until the
        checkpoint is known again.
        """
        # No read uses a former table. A swap can put a table that is a few events behind into its slot.
        if self.slot == LIVE and position < known and not self.state.is_uncertain:
            self._database.note_loss()
            self.state.update(is_uncertain=True)

    def on_table_problem(self, problem: str) -> None:
        """Take over that the table is not the one of its checkpoint. Its next owner makes it again."""
        if not self.state.is_owner:
            self.state.update(rebuilding=problem)
