"""The projector: runs a worker for each projection, and knows where every one of them stands, whichever process owns it."""

import asyncio
import logging
from collections.abc import Sequence
from time import perf_counter

import msgspec

from app.engine.database.connections import DRIVER_ERRORS, Database
from app.engine.projector.parking.parked_keys import UnreadableCount, error_summary
from app.engine.projector.slots import FORMER, LIVE
from app.engine.projector.worker import ProjectionWorker
from app.engine.store.feed import Feed
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

FAST_POLL_SECONDS = 0.01
"""How often a process looks at another's checkpoints while somebody waits for them."""
MEND_SECONDS, MOST_MEND_SECONDS = 0.25, 2.0
"""How often a process looks whether somebody asks for parked keys, and how seldom it does at most where looking takes long."""


class ProjectionStale(Exception):
    """A projection did not reach the position in time. `seconds` is how long the first fact that it lacks has waited; None
    where the log has no such fact, or nobody can tell. `head` is where the log ends, as far as this process knows."""

    def __init__(self, projection: str, wanted: int, reached: int, seconds: float | None, head: int) -> None:
        waited = "" if seconds is None else f", and the first fact that it lacks has waited {seconds:.1f} s"
        advice = f"the log itself ends at {head}" if wanted > head else "ask again in a moment"
        super().__init__(
            f"{projection} is at position {reached}, {wanted - reached} behind {wanted}{waited}; {advice}"
        )
        self.projection = projection
        self.wanted = wanted
        self.reached = reached
        self.seconds = seconds


class Projector:
    """All projections of this process, and where they stand."""

    def __init__(self, projections: Sequence[AnyProjection], database: Database, feed: Feed) -> None:
        self.workers = {
            projection.name: ProjectionWorker(projection, database, feed) for projection in projections
        }
        self._database = database
        self._feed = feed
        self._former_workers: dict[str, tuple[ProjectionWorker, asyncio.Task[None]]] = {}
        """Keep former tables current, for the way back."""
        self.parked: dict[str, int] = {}
        """How many keys each projection has parked, where it has any."""
        self._group: asyncio.TaskGroup | None = None
        self._poll_now = asyncio.Event()
        self._waiters = 0
        self._looked = 0.0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            for worker in self.workers.values():
                group.create_task(worker.run())

    async def poll_checkpoints(self) -> None:
        """Look at the checkpoints: once a second, and often while somebody waits for a projection that another process owns."""
        while not self._feed.closed:
            try:
                await self._poll_once()
            except DRIVER_ERRORS as error:
                log.warning("checkpoints cannot be read: %s", error)
            try:
                async with asyncio.timeout(FAST_POLL_SECONDS if self._waiters else 1.0):
                    await (asyncio.sleep(60) if self._waiters else self._poll_now.wait())
            except TimeoutError:
                pass
            self._poll_now.clear()

    async def retry_parked(self) -> None:
        """Count parked keys, and fold again those that somebody asks for."""
        while not self._feed.closed:
            began, pause = perf_counter(), MEND_SECONDS
            try:
                await self._mend()
            except Exception as error:
                # Whatever it is, nothing was changed, and it is still asked for.
                log.warning("parked keys cannot be folded again: %s", error_summary(error).splitlines()[0])
                pause = 2.0
            await asyncio.sleep(
                min(max(pause, 10 * (perf_counter() - began)), MOST_MEND_SECONDS)
                if pause == MEND_SECONDS
                else pause
            )

    async def _mend(self) -> None:
        parked: dict[str, int] = {}
        workers = [*self.workers.values(), *(worker for worker, _ in self._former_workers.values())]
        for row in await self._database.pool.fetch(_PARKED):
            for worker in workers:
                if (worker.projection.name, worker.projection.version, worker.slot) == (
                    row["projection"],
                    row["version"],
                    row["slot"],
                ):
                    if worker.slot == LIVE:
                        parked[worker.projection.name] = row["parked"]
                    if row["asked"]:
                        await worker.retry_parked()
        self.parked = parked

    async def wait_for_position(self, name: str, position: int, seconds: float) -> None:
        """Return when the projection has folded everything up to `position`; raise `Stale` after `seconds`."""
        worker = self.workers[name]
        if worker.position >= position:
            return
        self._waiters += 1
        self._poll_now.set()
        try:
            async with asyncio.timeout(seconds):
                while worker.position < position:
                    await worker.wait_for_progress()
        except TimeoutError:
            raise ProjectionStale(
                name,
                position,
                worker.position,
                await self._waited(worker.position + 1),
                self._feed.latest_known,
            ) from None
        finally:
            self._waiters -= 1

    def lag_events(self) -> dict[str, int]:
        """How many facts each projection has yet to fold."""
        return {
            name: max(0, self._feed.latest_known - worker.position) for name, worker in self.workers.items()
        }

    def lag_seconds(self) -> dict[str, float]:
        """How long the first fact that each projection has yet to fold has waited."""
        return {name: worker.seconds() for name, worker in self.workers.items()}

    def unreadable_events(self) -> dict[str, int]:
        """Which events this code cannot read, by type and stored version, and how many a projection has passed over."""
        found: dict[str, int] = {}
        for worker in self.workers.values():
            for name, each in worker.unreadable.items():
                found[name] = max(found.get(name, 0), each.count)
        return found

    async def _waited(self, position: int) -> float | None:
        try:
            return await self._database.pool.fetchval(_WAITED, position, timeout=1)
        except DRIVER_ERRORS:
            return None

    async def _poll_once(self) -> None:
        everything = perf_counter() - self._looked >= 1
        if not everything and all(worker.owns for worker in self.workers.values()):
            return
        rows = await self._database.pool.fetch(_CHECKPOINTS)
        for row in rows:
            worker = self.workers.get(row["projection"])
            if worker is None or worker.projection.version != row["version"]:
                continue
            if row["slot"] == LIVE:
                worker.on_checkpoint(row["position"])
                worker.check_fingerprint(row["fingerprint"])
                worker.oldest_pending_at = row["next_at"]
                worker.unreadable = msgspec.json.decode(row["unread"], type=dict[str, UnreadableCount])
            elif row["slot"] == FORMER:
                self._maintain_former(worker.projection)
        if everything:
            self._looked = perf_counter()

    def _maintain_former(self, projection: AnyProjection) -> None:
        _, task = self._former_workers.get(projection.name, (None, None))
        if self._group is not None and (task is None or task.done()):
            worker = ProjectionWorker(projection, self._database, self._feed, FORMER)
            self._former_workers[projection.name] = worker, self._group.create_task(worker.run())


# With the moment at which the next fact was recorded: the first that waits.
_CHECKPOINTS = """
    SELECT c.projection, c.version, c.slot, c.position, c.fingerprint, c.unread::text AS unread, e.recorded_at AS next_at
    FROM es.checkpoints c LEFT JOIN es.events e ON e.position = c.position + 1
"""
_WAITED = (
    "SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float FROM es.events WHERE position = $1"
)
_PARKED = """
    SELECT projection, version, slot, count(*) AS parked, count(asked_at) AS asked FROM es.parked GROUP BY projection, version, slot
"""
