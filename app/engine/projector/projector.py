"""The projector runs a worker for each projection, and knows the position of each, in any process."""

import asyncio
import logging
from collections.abc import Mapping, Sequence, Set
from time import perf_counter

import msgspec

from app.engine.backoff import Backoff
from app.engine.database.connections import Database
from app.engine.database.errors import DRIVER_ERRORS, error_summary
from app.engine.database.sessions import Session
from app.engine.projector.parking.parked_keys import UnreadableCount
from app.engine.projector.rewrites import JointRewrites, parse_notification
from app.engine.projector.slots import FORMER, LIVE
from app.engine.projector.table_integrity import table_problem
from app.engine.projector.worker import ProjectionWorker
from app.engine.store.feed import Feed
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

FAST_POLL_SECONDS = 0.01
"""How often a process reads the checkpoints of others while a caller waits for one."""
RETRY_INTERVAL_SECONDS, MAX_RETRY_INTERVAL_SECONDS = 0.25, 2.0
"""How often a process looks for requests to retry parked keys, and how seldom if the look takes long."""


class ProjectionStale(Exception):
    """A projection did not reach the position in time. `seconds` is how long the first fact that it lacks has waited. It is
    None if the log has no such fact, or if it cannot be read. `head` is the end of the log, as far as this process knows.
    `is_rebuilding`: the table is made again, and `wanted` may be 0."""

    def __init__(
        self,
        projection: str,
        wanted: int,
        reached: int,
        seconds: float | None,
        head: int,
        *,
        is_rebuilding: bool = False,
    ) -> None:
        waited = "" if seconds is None else f", the oldest event has waited {seconds:.1f} s"
        advice = f"The log ends at {head}." if wanted > head else "Ask again in a moment."
        super().__init__(
            f"Projection {projection} is made again from the log, at position {reached} of {head}. {advice}"
            if is_rebuilding
            else f"Projection {projection} is at position {reached}, {wanted - reached} behind {wanted}{waited}. {advice}"
        )
        self.projection = projection
        self.wanted = wanted
        self.reached = reached
        self.seconds = seconds


class Projector:
    """All projections of this process, and their positions."""

    def __init__(self, projections: Sequence[AnyProjection], database: Database, feed: Feed) -> None:
        self.workers = {
            projection.name: ProjectionWorker(projection, database, feed) for projection in projections
        }
        self._database = database
        self._feed = feed
        self._former_workers: dict[str, tuple[ProjectionWorker, asyncio.Task[None]]] = {}
        """Keep former tables current, for a rollback."""
        self._group: asyncio.TaskGroup | None = None
        self._has_waiters = asyncio.Event()
        self._waiters = 0
        self._polled_at = 0.0
        self._problems: Mapping[str, str] = {}
        """Tables of other owners that are not those of their checkpoints, a moment ago."""

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            for worker in self.workers.values():
                group.create_task(worker.run())

    async def poll_checkpoints(self) -> None:
        """Read the checkpoints: once a second, and often while a caller waits for a projection that another process owns."""
        backoff, failure = Backoff(0.05, 1.0), None
        while not self._feed.closed:
            try:
                await self._poll_once()
            except DRIVER_ERRORS as error:
                summary = error_summary(error).splitlines()[0]
                if summary != failure:
                    log.warning("checkpoints cannot be read: %s; trying again", summary)
                failure = summary
                await backoff.sleep()
                continue
            backoff.reset()
            failure = None
            try:
                async with asyncio.timeout(FAST_POLL_SECONDS if self._waiters else 1.0):
                    await (asyncio.sleep(60) if self._waiters else self._has_waiters.wait())
            except TimeoutError:
                pass
            self._has_waiters.clear()

    async def retry_parked(self) -> None:
        """Count parked keys, and retry those that are requested."""
        while not self._feed.closed:
            began = perf_counter()
            try:
                await self._retry_requested()
                # A look that takes long is repeated seldom.
                pause = max(RETRY_INTERVAL_SECONDS, 10 * (perf_counter() - began))
            except Exception as error:
                # Any error leaves the rows as they were, and the request stays.
                log.warning("parked keys cannot be folded again: %s", error_summary(error).splitlines()[0])
                pause = MAX_RETRY_INTERVAL_SECONDS
            await asyncio.sleep(min(pause, MAX_RETRY_INTERVAL_SECONDS))

    async def _retry_requested(self) -> None:
        former = (worker for worker, _ in self._former_workers.values())
        workers = [(worker, worker.rewrites.count) for worker in (*self.workers.values(), *former)]
        counts = {
            (name, version, slot): (parked, requested, retried_at)
            for name, version, slot, parked, requested, retried_at in await self._database.pool.fetch(
                _COUNT_PARKED
            )
        }
        for worker, rewrites in workers:
            table = worker.projection.name, worker.projection.version, worker.slot
            parked, requested, retried_at = counts.get(table, (0, 0, None))
            if parked != worker.state.parked:
                worker.state.update(parked=parked)
            worker.rewrites.on_parked_read(parked, retried_at, rewrites)
            if requested:
                await worker.retry_parked()

    async def wait_for_position(self, name: str, position: int, seconds: float) -> None:
        """Return when the projection has folded the log up to `position`, and its table is not being made again. Raises
        `ProjectionStale` after `seconds`."""
        worker = self.workers[name]
        if worker.state.has_reached(position):
            return
        self._waiters += 1
        self._has_waiters.set()
        try:
            async with asyncio.timeout(seconds):
                while not worker.state.has_reached(position):
                    await worker.state.wait_for_progress()
        except TimeoutError:
            raise ProjectionStale(
                name,
                position,
                worker.state.position,
                await self._seconds_since(worker.state.position + 1),
                self._feed.latest_known,
                is_rebuilding=worker.state.rebuilding is not None,
            ) from None
        finally:
            self._waiters -= 1

    def on_notified(self, text: str) -> None:
        """Another process, or this one, has sent a notification that is no position of the log."""
        if (rewritten := parse_notification(text)) is None:
            return
        name, version, generation = rewritten
        worker = self.workers.get(name)
        if worker is not None and worker.projection.version == version:
            worker.rewrites.on_notified(generation, is_owner=worker.state.is_owner)

    def rewrites_of(self, projection: AnyProjection, owning: Sequence[AnyProjection]) -> JointRewrites:
        """The rewrites of a live table, and of those that say whose its rows are."""
        # Lists of all rows need no other projection, even if it is not registered.
        others = [self.workers[other.name].rewrites for other in owning if other.name in self.workers]
        return JointRewrites(self.workers[projection.name].rewrites, others)

    def lag_events(self) -> dict[str, int]:
        """How many facts each projection has still to fold."""
        return {
            name: max(0, self._feed.latest_known - worker.state.position)
            for name, worker in self.workers.items()
        }

    def lag_seconds(self) -> dict[str, float]:
        """How long the first fact that each projection has still to fold has waited."""
        return {name: worker.lag_seconds() for name, worker in self.workers.items()}

    def parked_keys(self) -> dict[str, int]:
        """The number of parked keys of each projection that has some."""
        return {name: worker.state.parked for name, worker in self.workers.items() if worker.state.parked}

    def unreadable_events(self) -> dict[str, int]:
        """The number of events that this code cannot read, by type and stored version."""
        counts: dict[str, int] = {}
        for worker in self.workers.values():
            for name, unreadable in worker.state.unreadable.items():
                counts[name] = max(counts.get(name, 0), unreadable.count)
        return counts

    async def wait_for_all(self, names: Sequence[str], position: int, seconds: float) -> None:
        """As `wait_for_position`. Returns when all have reached the position at one moment. A crash of the database takes
        rows back also from one that was waited for before."""
        while lacking := [name for name in names if not self.workers[name].state.has_reached(position)]:
            await self.wait_for_position(lacking[0], position, seconds)

    async def _seconds_since(self, position: int) -> float | None:
        try:
            return await self._database.pool.fetchval(_SELECT_SECONDS_SINCE, position, timeout=1)
        except DRIVER_ERRORS:
            return None

    async def check_new_connection(self, session: Session) -> None:
        """Look whether the database has lost rows, before the connection is used for reads.

        Rows are not flushed when they are committed. A crash loses the newest of them together with their checkpoint, and
        ends all connections. So all later reads use a new one.
        """
        known = self._stored_positions()
        stored = {
            (name, version): position
            for name, version, position in await session.fetch(_SELECT_POSITIONS, LIVE)
        }
        for name, worker in self.workers.items():
            worker.note_stored(stored.get((name, worker.projection.version), 0), known[name])

    def _stored_positions(self) -> Mapping[str, int]:
        """The positions before a look at the database: what is committed during the look is no loss."""
        return {name: worker.stored_position for name, worker in self.workers.items()}

    async def _poll_once(self) -> None:
        is_due = perf_counter() - self._polled_at >= 1
        if not is_due and all(worker.state.is_owner for worker in self.workers.values()):
            return
        known, losses = self._stored_positions(), self._database.losses
        rewrites = {name: worker.rewrites.count for name, worker in self.workers.items()}
        rows = await self._database.pool.fetch(_SELECT_CHECKPOINTS)
        if is_due:
            problems = await self._find_problems({row["projection"] for row in rows})
            # A table that was made again during the look has no problem any more, and is empty. Its checkpoint says so now.
            rows = await self._database.pool.fetch(_SELECT_CHECKPOINTS)
            if self._database.losses != losses:
                # The rows may be of before the loss.
                return
            self._problems, self._polled_at = problems, perf_counter()
        for name, problem in self._problems.items():
            self.workers[name].on_table_problem(problem)
        for row in rows:
            worker = self.workers.get(row["projection"])
            if worker is None or worker.projection.version != row["version"]:
                continue
            if row["slot"] == LIVE:
                if row["projection"] not in self._problems:
                    worker.note_stored(row["position"], known[row["projection"]])
                    worker.on_checkpoint(row["position"], row["rebuilding"])
                worker.rewrites.on_table_read(row["generation"], rewrites[row["projection"]])
                worker.check_fingerprint(row["fingerprint"])
                worker.state.update(
                    oldest_pending_at=row["next_at"],
                    unreadable=msgspec.json.decode(row["unread"], type=dict[str, UnreadableCount]),
                )
            elif row["slot"] == FORMER:
                self._maintain_former(worker.projection)

    async def _find_problems(self, have_checkpoints: Set[str]) -> Mapping[str, str]:
        """Why tables are not those of their checkpoints, by projection. The owner of a table checks it by itself."""
        problems: dict[str, str] = {}
        for name, worker in self.workers.items():
            problem = None
            # A swap that commits at this moment can look like a problem, but not twice.
            for _ in range(2):
                if not worker.state.is_owner and (worker.state.table_exists or name in have_checkpoints):
                    problem = await table_problem(self._database.pool, worker.projection, LIVE)
                if problem is None:
                    break
            if problem is not None:
                problems[name] = problem
        return problems

    def _maintain_former(self, projection: AnyProjection) -> None:
        _, task = self._former_workers.get(projection.name, (None, None))
        if self._group is not None and (task is None or task.done()):
            worker = ProjectionWorker(projection, self._database, self._feed, FORMER)
            self._former_workers[projection.name] = worker, self._group.create_task(worker.run())


# With the moment of the first fact after the checkpoint, and why the live table is made again.
_SELECT_CHECKPOINTS = f"""
    SELECT c.projection, c.version, c.slot, c.position, c.build AS generation, c.fingerprint, c.unread::text AS unread, e.recorded_at AS next_at,
           r.error AS rebuilding
    FROM es.checkpoints c
         LEFT JOIN es.events e ON e.position = c.position + 1
         LEFT JOIN es.rebuilds r ON r.projection = c.projection AND r.version = c.version AND r.slot = c.slot
                                AND r.slot = '{LIVE}' AND r.state = 'building'
"""
_SELECT_POSITIONS = "SELECT projection, version, position FROM es.checkpoints WHERE slot = $1"
_SELECT_SECONDS_SINCE = (
    "SELECT extract(epoch FROM clock_timestamp() - recorded_at)::float FROM es.events WHERE position = $1"
)
_COUNT_PARKED = """
    SELECT projection, version, slot, count(*), count(retry_requested_at), max(last_retried_at)
    FROM es.parked_keys GROUP BY projection, version, slot
"""
