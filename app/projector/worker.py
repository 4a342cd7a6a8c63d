"""Keeps one projection's table current: owns it, folds what the feed brings, and begins again from the checkpoint after a failure."""

import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime
from time import perf_counter

from app.database import Database, is_broken
from app.logs import told
from app.projector.bulk import Filling, Moved, fill
from app.projector.fingerprint import fingerprint
from app.projector.park import Unread, said
from app.projector.retry import retry
from app.projector.seat import Fenced, Gone, Seat
from app.projector.slots import LIVE
from app.store.feed import Feed
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

BATCH = 1_000
LEFT_SECONDS = 0.05
"""How long a checkpoint stays behind at most while no fact concerns its table: other processes read it."""
REST_SECONDS = 0.01
"""How long a table that nobody waits for rests after it was written: the facts that come meanwhile are one batch then."""
FAR = 10_000
"""How many facts behind a table has to be to be filled in bulk first."""


class Worker:
    """One projection's table in one slot, kept current by this process whenever it owns it."""

    def __init__(self, projection: AnyProjection, database: Database, feed: Feed, slot: str = LIVE) -> None:
        self.projection = projection
        self.slot = slot
        self.position = 0
        self.found = False
        """Whether the table is known to be there: made by this process, or by the one that owns it."""
        self.problem: str | None = None
        self.made_by: str | None = None
        """The fingerprint of the code that made the table, where it is not that of this code."""
        self.next_at: datetime | None = None
        """When the first fact was recorded that it had not folded, a moment ago."""
        self.unread: dict[str, Unread] = {}
        """Events that its code cannot read and that it has passed over, by type and stored version."""
        self._database = database
        self._feed = feed
        self.seat: Seat | None = None
        """Where this process owns the table."""
        self._moved: asyncio.Future[None] | None = None
        self._wrote = 0.0
        self._waiting = 0
        self._bell = asyncio.Event()

    async def run(self) -> None:
        """Own, fold, write; after a failure again, from the checkpoint, until the feed closes."""
        pause = 0.05
        while not self._feed.closed:
            try:
                async with self._database.direct.connect() as connection:
                    seat = Seat(self.projection, self.slot, connection)
                    if await seat.claim(lambda: self._feed.closed):
                        await self._take(seat)
                    while await self._beyond(seat):
                        seat = self.seat or seat
                        try:
                            await self._step(seat)
                        except Fenced as problem:
                            await self._again(seat, problem)
                        pause, self.problem = 0.05, None
            except Gone:
                return
            except Exception as problem:
                # Whatever it is, this projection stops at its checkpoint, says so in health, and tries again.
                if isinstance(problem, Fenced) or is_broken(problem) or self.slot != LIVE:
                    log.warning(
                        "projection %s, %s table: %s; trying again",
                        self.projection.name,
                        self.slot,
                        said(problem).splitlines()[0],
                    )
                else:
                    self.problem = said(problem).splitlines()[0]
                    log.exception("projection %s stands at position %d", self.projection.name, self.position)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)
            finally:
                self.seat = None

    @property
    def owns(self) -> bool:
        return self.seat is not None

    async def mend(self) -> None:
        """Fold parked keys again, where somebody asked for it and this process owns them."""
        seat = self.seat
        if seat is not None:
            try:
                await retry(seat, self.projection, self.slot, self._feed.reader, self._database)
            except Fenced as problem:
                # They are still asked for, of the table that is here now.
                await self._again(seat, problem)

    async def _take(self, seat: Seat) -> None:
        self.seat, self.position = seat, seat.position
        self.compare(seat.made_by)
        self._tell()
        async with seat.turn:
            await self._hurry(seat)
            await seat.create_indexes()
        self.position, self.found = seat.position, True
        self._tell()
        log.info("projection %s: owned from position %d", self.projection.name, self.position)

    async def _again(self, seat: Seat, fenced: Fenced) -> None:
        """The table has changed places: a new seat on the same connection, which holds the lease, at the one that is here now."""
        log.info("projection %s, %s table: %s; going on from there", self.projection.name, self.slot, fenced)
        new = Seat(self.projection, self.slot, seat.connection)
        new.turn = seat.turn
        async with seat.turn:
            if self.seat is not seat:
                return
            await seat.connection.rollback()
            await new.sit()
            self.seat, self.position = new, new.position
        self.compare(new.made_by)
        self._tell()

    async def _hurry(self, seat: Seat) -> None:
        """Fold in bulk what lies far behind, as for the first table of its version."""
        table = Filling(self.projection, self.slot, seat.position, seat.build)
        table.up_to = self._feed.head
        if table.up_to - table.position < FAR:
            return

        async def moved() -> None:
            if self.position < table.written < table.up_to:
                self.position = table.written
                self._tell()
                log.info(
                    "projection %s: at position %d of %d", self.projection.name, self.position, table.up_to
                )

        try:
            await fill(seat.connection, self._feed.reader, [table], page=BATCH, moved=moved)
        except Moved as problem:
            raise Fenced(str(problem)) from problem
        seat.position = table.written
        seat.aside = table.aside

    async def _beyond(self, seat: Seat) -> bool:
        """Wait for the next fact, or until the checkpoint has been left behind for long enough. False when the feed has closed."""
        try:
            async with asyncio.timeout_at(
                None if seat.behind_since is None else seat.behind_since + LEFT_SECONDS
            ):
                there = await self._feed.beyond(self.position)
        except TimeoutError:
            return True
        await self._rest()
        return there

    async def _rest(self) -> None:
        """Let more facts come, where the table was written a moment ago and nobody waits for it."""
        until = self._wrote + REST_SECONDS
        if not self._bell.is_set() and until > asyncio.get_running_loop().time():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(until):
                    await self._bell.wait()

    async def _step(self, seat: Seat) -> None:
        if (
            seat.behind_since is not None
            and asyncio.get_running_loop().time() >= seat.behind_since + LEFT_SECONDS
        ):
            async with seat.turn:
                await seat.catch_up(self.position)
        facts, position = await self._feed.take(self.position, most=BATCH)
        if position == self.position:
            return
        began = perf_counter()
        async with seat.turn:
            rows = await seat.take(facts, position)
        if rows:
            self._wrote = asyncio.get_running_loop().time()
        self.position = position
        self._tell()
        if log.isEnabledFor(logging.DEBUG):
            ms = round((perf_counter() - began) * 1000, 1)
            log.debug(
                "batch",
                extra=told(
                    projection=self.projection.name, facts=len(facts), rows=rows, position=position, ms=ms
                ),
            )

    def seconds(self) -> float:
        """How long the first fact that it has yet to fold has waited; 0 where there is none, or nobody has read it so far."""
        if self.position >= self._feed.head:
            return 0.0
        fact = self._feed.held(self.position + 1)
        since = self.next_at if fact is None else fact.recorded_at
        return 0.0 if since is None else max(0.0, round((datetime.now(UTC) - since).total_seconds(), 3))

    async def changed(self) -> None:
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

    def compare(self, made_by: str | None) -> None:
        """Say so, once, where the table was made by other code under the same version."""
        known, self.made_by = (
            self.made_by,
            made_by if made_by not in (None, fingerprint(self.projection)) else None,
        )
        if self.made_by is not None and known is None:
            log.warning(
                "projection %s v%d: its fold or its columns have changed since its %s table was made: give it a new version, or rebuild it",
                self.projection.name,
                self.projection.version,
                self.slot,
            )

    def saw(self, position: int) -> None:
        """The checkpoint, as another process left it."""
        self.found = True
        if not self.owns and position > self.position:
            self.position = position
            self._tell()

    def _tell(self) -> None:
        if self._moved is not None:
            self._moved.set_result(None)
            self._moved = None
