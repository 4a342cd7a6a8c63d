"""Keeps one projection's table current: owns it, folds what the feed brings, and begins again from the checkpoint after a failure."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter

from app.engine.database.connections import Database, is_connection_error
from app.engine.logs import log_fields
from app.engine.projector.fingerprint import fingerprint
from app.engine.projector.parking.parked_keys import UnreadableCount, error_summary
from app.engine.projector.parking.retry import retry
from app.engine.projector.rebuild.bulk_load import BulkLoad, Moved, run_bulk_load
from app.engine.projector.slots import LIVE
from app.engine.projector.writer import LeaseLost, TableGone, TableWriter
from app.engine.store.feed import Feed
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

BATCH_SIZE = 1_000
CHECKPOINT_DELAY_SECONDS = 0.05
"""How long a checkpoint stays behind at most while no fact concerns its table: other processes read it."""
WRITE_DEBOUNCE_SECONDS = 0.01
"""How long a table that nobody waits for rests after it was written: the facts that come meanwhile are one batch then."""
BULK_LOAD_THRESHOLD = 10_000
"""How many facts behind a table has to be to be filled in bulk first."""


class ProjectionWorker:
    """One projection's table in one slot, kept current by this process whenever it owns it."""

    def __init__(self, projection: AnyProjection, database: Database, feed: Feed, slot: str = LIVE) -> None:
        self.projection = projection
        self.slot = slot
        self.position = 0
        self.table_exists = False
        """Whether the table is known to be there: made by this process, or by the one that owns it."""
        self.error: str | None = None
        self.stale_fingerprint: str | None = None
        """The fingerprint of the code that made the table, where it is not that of this code."""
        self.oldest_pending_at: datetime | None = None
        """When the first fact was recorded that it had not folded, a moment ago."""
        self.unreadable: dict[str, UnreadableCount] = {}
        """Events that its code cannot read and that it has passed over, by type and stored version."""
        self._database = database
        self._feed = feed
        self.writer: TableWriter | None = None
        """Where this process owns the table."""
        self._moved: asyncio.Future[None] | None = None
        self._last_write = 0.0
        self._waiting = 0
        self._bell = asyncio.Event()

    async def run(self) -> None:
        """Own, fold, write; after a failure again, from the checkpoint, until the feed closes."""
        pause = 0.05
        while not self._feed.closed:
            try:
                async with self._database.unpooled.connect() as connection:
                    seat = TableWriter(self.projection, self.slot, connection)
                    if await seat.acquire(lambda: self._feed.closed):
                        await self._start_owning(seat)
                    while await self._wait_for_work(seat):
                        seat = self.writer or seat
                        try:
                            await self._process_batch(seat)
                        except LeaseLost as error:
                            await self._reacquire(seat, error)
                        pause, self.error = 0.05, None
            except TableGone:
                return
            except Exception as error:
                # Whatever it is, this projection stops at its checkpoint, says so in health, and tries again.
                if isinstance(error, LeaseLost) or is_connection_error(error) or self.slot != LIVE:
                    log.warning(
                        "projection %s, %s table: %s; trying again",
                        self.projection.name,
                        self.slot,
                        error_summary(error).splitlines()[0],
                    )
                else:
                    self.error = error_summary(error).splitlines()[0]
                    log.exception("projection %s stands at position %d", self.projection.name, self.position)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                self.writer = None

    @property
    def owns(self) -> bool:
        return self.writer is not None

    async def retry_parked(self) -> None:
        """Fold parked keys again, where somebody asked for it and this process owns them."""
        seat = self.writer
        if seat is not None:
            try:
                await retry(seat, self.projection, self.slot, self._feed.reader, self._database)
            except LeaseLost as error:
                # They are still asked for, of the table that is here now.
                await self._reacquire(seat, error)

    async def _start_owning(self, seat: TableWriter) -> None:
        self.writer, self.position = seat, seat.position
        self.check_fingerprint(seat.fingerprint)
        self._notify_waiters()
        async with seat.write_lock:
            await self._bulk_catch_up(seat)
            await seat.create_indexes()
        self.position, self.table_exists = seat.position, True
        self._notify_waiters()
        log.info("projection %s: owned from position %d", self.projection.name, self.position)

    async def _reacquire(self, seat: TableWriter, fenced: LeaseLost) -> None:
        """The table has changed places: a new seat on the same connection, which holds the lease, at the one that is here now."""
        log.info("projection %s, %s table: %s; going on from there", self.projection.name, self.slot, fenced)
        new = TableWriter(self.projection, self.slot, seat.connection)
        new.write_lock = seat.write_lock
        async with seat.write_lock:
            if self.writer is not seat:
                return
            await seat.connection.rollback()
            await new.load_checkpoint()
            self.writer, self.position = new, new.position
        self.check_fingerprint(new.fingerprint)
        self._notify_waiters()

    async def _bulk_catch_up(self, seat: TableWriter) -> None:
        """Fold in bulk what lies far behind, as for the first table of its version."""
        table = BulkLoad(self.projection, self.slot, seat.position, seat.generation)
        table.target_position = self._feed.head
        if table.target_position - table.position < BULK_LOAD_THRESHOLD:
            return

        async def moved() -> None:
            if self.position < table.written < table.target_position:
                self.position = table.written
                self._notify_waiters()
                log.info(
                    "projection %s: at position %d of %d",
                    self.projection.name,
                    self.position,
                    table.target_position,
                )

        try:
            await run_bulk_load(seat.connection, self._feed.reader, [table], page=BATCH_SIZE, moved=moved)
        except Moved as error:
            raise LeaseLost(str(error)) from error
        seat.position = table.written
        seat.parked = table.aside

    async def _wait_for_work(self, seat: TableWriter) -> bool:
        """Wait for the next fact, or until the checkpoint has been left behind for long enough. False when the feed has closed."""
        try:
            async with asyncio.timeout_at(
                None
                if seat.checkpoint_pending_since is None
                else seat.checkpoint_pending_since + CHECKPOINT_DELAY_SECONDS
            ):
                there = await self._feed.wait_past(self.position)
        except TimeoutError:
            return True
        await self._debounce()
        return there

    async def _debounce(self) -> None:
        """Let more facts come, where the table was written a moment ago and nobody waits for it."""
        until = self._last_write + WRITE_DEBOUNCE_SECONDS
        if not self._bell.is_set() and until > asyncio.get_running_loop().time():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._bell.wait()

    async def _process_batch(self, seat: TableWriter) -> None:
        if (
            seat.checkpoint_pending_since is not None
            and asyncio.get_running_loop().time() >= seat.checkpoint_pending_since + CHECKPOINT_DELAY_SECONDS
        ):
            async with seat.write_lock:
                await seat.flush_checkpoint(self.position)
        facts, position = await self._feed.read_after(self.position, limit=BATCH_SIZE)
        if position == self.position:
            return
        began = perf_counter()
        async with seat.write_lock:
            rows = await seat.write_batch(facts, position)
        if rows:
            self._last_write = asyncio.get_running_loop().time()
        self.position = position
        self._notify_waiters()
        if log.isEnabledFor(logging.DEBUG):
            ms = round((perf_counter() - began) * 1000, 1)
            log.debug(
                "batch",
                extra=log_fields(
                    projection=self.projection.name, facts=len(facts), rows=rows, position=position, ms=ms
                ),
            )

    def seconds(self) -> float:
        """How long the first fact that it has yet to fold has waited; 0 where there is none, or nobody has read it so far."""
        if self.position >= self._feed.head:
            return 0.0
        fact = self._feed.buffered(self.position + 1)
        since = self.oldest_pending_at if fact is None else fact.recorded_at
        return 0.0 if since is None else max(0.0, round((datetime.now(UTC) - since).total_seconds(), 3))

    async def wait_for_progress(self) -> None:
        """Wait until this process has moved the projection; whoever waits gives it no rest."""
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._bell.set()
        try:
            await asyncio.shield(self._moved)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._bell.clear()

    def check_fingerprint(self, made_by: str | None) -> None:
        """Say so, once, where the table was made by other code under the same version."""
        known, self.stale_fingerprint = (
            self.stale_fingerprint,
            made_by if made_by not in (None, fingerprint(self.projection)) else None,
        )
        if self.stale_fingerprint is not None and known is None:
            log.warning(
                "projection %s v%d: its fold or its columns have changed since its %s table was made: give it a new version, or rebuild it",
                self.projection.name,
                self.projection.version,
                self.slot,
            )

    def on_checkpoint(self, position: int) -> None:
        """The checkpoint, as another process left it."""
        self.table_exists = True
        if not self.owns and position > self.position:
            self.position = position
            self._notify_waiters()

    def _notify_waiters(self) -> None:
        if self._moved is not None:
            self._moved.set_result(None)
            self._moved = None
