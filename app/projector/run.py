"""The projector: takes facts from the feed to the seats that this process holds, and knows where every projection stands."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from time import perf_counter

import msgspec

from app.database import DRIVER_ERRORS, Database, is_broken
from app.logs import told
from app.projector.bulk import Filling, Moved, fill
from app.projector.fingerprint import fingerprint
from app.projector.park import Unread, said
from app.projector.retry import retry
from app.projector.seat import Fenced, Gone, Seat
from app.projector.slots import FORMER, LIVE
from app.store.feed import Feed
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

BATCH = 1_000
LOOK_SECONDS = 0.01
"""How often a process looks at another's checkpoints while somebody waits for them."""
MEND_SECONDS = 0.25
"""How often a process looks whether somebody asks for parked keys."""
LEFT_SECONDS = 0.05
"""How long a checkpoint stays behind at most while no fact concerns its table: other processes read it."""
FAR = 10_000
"""How many facts behind a table has to be to be filled in bulk first."""


class Stale(Exception):
    """A projection did not reach the position in time. `seconds` is how long the first fact that it lacks has waited; None
    where the log has no such fact, or nobody can tell."""

    def __init__(self, projection: str, wanted: int, reached: int, seconds: float | None) -> None:
        waited = "" if seconds is None else f", and the first fact that it lacks has waited {seconds:.1f} s"
        super().__init__(f"{projection} is at position {reached}, {wanted - reached} behind {wanted}{waited}; ask again in a moment")
        self.projection = projection
        self.wanted = wanted
        self.reached = reached
        self.seconds = seconds


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
                    log.warning("projection %s, %s table: %s; trying again", self.projection.name, self.slot, said(problem).splitlines()[0])
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
                log.info("projection %s: at position %d of %d", self.projection.name, self.position, table.up_to)

        try:
            await fill(seat.connection, self._feed.reader, [table], page=BATCH, moved=moved)
        except Moved as problem:
            raise Fenced(str(problem)) from problem
        seat.position = table.written
        seat.aside = table.aside

    async def _beyond(self, seat: Seat) -> bool:
        """Wait for the next fact, or until the checkpoint has been left behind for long enough. False when the feed has closed."""
        if seat.behind_since is None:
            return await self._feed.beyond(self.position)
        try:
            async with asyncio.timeout_at(seat.behind_since + LEFT_SECONDS):
                return await self._feed.beyond(self.position)
        except TimeoutError:
            return True

    async def _step(self, seat: Seat) -> None:
        if seat.behind_since is not None and asyncio.get_running_loop().time() >= seat.behind_since + LEFT_SECONDS:
            async with seat.turn:
                await seat.catch_up(self.position)
        facts, position = await self._feed.take(self.position, most=BATCH)
        if position == self.position:
            return
        began = perf_counter()
        async with seat.turn:
            rows = await seat.take(facts, position)
        self.position = position
        self._tell()
        if log.isEnabledFor(logging.DEBUG):
            ms = round((perf_counter() - began) * 1000, 1)
            log.debug("batch", extra=told(projection=self.projection.name, facts=len(facts), rows=rows, position=position, ms=ms))

    def seconds(self) -> float:
        """How long the first fact that it has yet to fold has waited; 0 where there is none, or nobody has read it so far."""
        if self.position >= self._feed.head:
            return 0.0
        fact = self._feed.held(self.position + 1)
        since = self.next_at if fact is None else fact.recorded_at
        return 0.0 if since is None else max(0.0, round((datetime.now(UTC) - since).total_seconds(), 3))

    async def changed(self) -> None:
        """Wait until this process has moved the projection."""
        if self._moved is None:
            self._moved = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._moved)

    def compare(self, made_by: str | None) -> None:
        """Say so, once, where the table was made by other code under the same version."""
        known, self.made_by = self.made_by, made_by if made_by not in (None, fingerprint(self.projection)) else None
        if self.made_by is not None and known is None:
            log.warning(
                "projection %s v%d: its fold or its columns have changed since its %s table was made: give it a new version, or rebuild it",
                self.projection.name, self.projection.version, self.slot,
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


class Projector:
    """All projections of this process, and where they stand."""

    def __init__(self, projections: Sequence[AnyProjection], database: Database, feed: Feed) -> None:
        self.workers = {projection.name: Worker(projection, database, feed) for projection in projections}
        self._database = database
        self._feed = feed
        self._keepers: dict[str, tuple[Worker, asyncio.Task[None]]] = {}
        """Keep former tables current, for the way back."""
        self.parked: dict[str, int] = {}
        """How many keys each projection has parked, where it has any."""
        self._group: asyncio.TaskGroup | None = None
        self._looking = asyncio.Event()
        self._waiters = 0
        self._looked = 0.0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            for worker in self.workers.values():
                group.create_task(worker.run())

    async def watch(self) -> None:
        """Look at the checkpoints: once a second, and often while somebody waits for a projection that another process owns."""
        while not self._feed.closed:
            try:
                await self._look()
            except DRIVER_ERRORS as problem:
                log.warning("checkpoints cannot be read: %s", problem)
            try:
                async with asyncio.timeout(LOOK_SECONDS if self._waiters else 1.0):
                    await (asyncio.sleep(60) if self._waiters else self._looking.wait())
            except TimeoutError:
                pass
            self._looking.clear()

    async def mend(self) -> None:
        """Count parked keys, and fold again those that somebody asks for."""
        while not self._feed.closed:
            began, pause = perf_counter(), MEND_SECONDS
            try:
                await self._mend()
            except Exception as problem:
                # Whatever it is, nothing was changed, and it is still asked for.
                log.warning("parked keys cannot be folded again: %s", said(problem).splitlines()[0])
                pause = 2.0
            await asyncio.sleep(max(pause, 10 * (perf_counter() - began)) if pause == MEND_SECONDS else pause)

    async def _mend(self) -> None:
        parked: dict[str, int] = {}
        workers = [*self.workers.values(), *(worker for worker, _ in self._keepers.values())]
        for row in await self._database.pool.fetch(_PARKED):
            for worker in workers:
                if (worker.projection.name, worker.projection.version, worker.slot) == (row["projection"], row["version"], row["slot"]):
                    if worker.slot == LIVE:
                        parked[worker.projection.name] = row["parked"]
                    if row["asked"]:
                        await worker.mend()
        self.parked = parked

    async def wait(self, name: str, position: int, seconds: float) -> None:
        """Return when the projection has folded everything up to `position`; raise `Stale` after `seconds`."""
        worker = self.workers[name]
        if worker.position >= position:
            return
        self._waiters += 1
        self._looking.set()
        try:
            async with asyncio.timeout(seconds):
                while worker.position < position:
                    await worker.changed()
        except TimeoutError:
            raise Stale(name, position, worker.position, await self._waited(worker.position + 1)) from None
        finally:
            self._waiters -= 1

    def behind(self) -> dict[str, int]:
        """How many facts each projection has yet to fold."""
        return {name: max(0, self._feed.newest - worker.position) for name, worker in self.workers.items()}

    def seconds(self) -> dict[str, float]:
        """How long the first fact that each projection has yet to fold has waited."""
        return {name: worker.seconds() for name, worker in self.workers.items()}

    def unread(self) -> dict[str, int]:
        """Which events this code cannot read, by type and stored version, and how many a projection has passed over."""
        found: dict[str, int] = {}
        for worker in self.workers.values():
            for name, each in worker.unread.items():
                found[name] = max(found.get(name, 0), each.count)
        return found

    async def _waited(self, position: int) -> float | None:
        try:
            return await self._database.pool.fetchval(_WAITED, position, timeout=1)
        except DRIVER_ERRORS:
            return None

    async def _look(self) -> None:
        everything = perf_counter() - self._looked >= 1
        if not everything and all(worker.owns for worker in self.workers.values()):
            return
        rows = await self._database.pool.fetch(_CHECKPOINTS)
        for row in rows:
            worker = self.workers.get(row["projection"])
            if worker is None or worker.projection.version != row["version"]:
                continue
            if row["slot"] == LIVE:
                worker.saw(row["position"])
                worker.compare(row["fingerprint"])
                worker.next_at = row["next_at"]
                worker.unread = msgspec.json.decode(row["unread"], type=dict[str, Unread])
            elif row["slot"] == FORMER:
                self._keep(worker.projection)
        if everything:
            self._looked = perf_counter()

    def _keep(self, projection: AnyProjection) -> None:
        _, task = self._keepers.get(projection.name, (None, None))
        if self._group is not None and (task is None or task.done()):
            worker = Worker(projection, self._database, self._feed, FORMER)
            self._keepers[projection.name] = worker, self._group.create_task(worker.run())


# With the moment at which the next fact was recorded: the first that waits.
_CHECKPOINTS = """
    SELECT c.projection, c.version, c.slot, c.position, c.fingerprint, c.unread::text AS unread, e.recorded_at AS next_at
    FROM es.checkpoints c LEFT JOIN es.events e ON e.position = c.position + 1
"""
_WAITED = "SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float FROM es.events WHERE position = $1"
_PARKED = """
    SELECT projection, version, slot, count(*) AS parked, count(asked_at) AS asked FROM es.parked GROUP BY projection, version, slot
"""
