"""The runtime: builds every component of the engine, and runs and stops their background tasks."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from app.engine.application import AnyApplication, Application
from app.engine.audit.sealer import Sealer
from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.history.aggregate_history import AggregateHistory
from app.engine.processes.dispatcher import RetryPolicy
from app.engine.processes.engine import ProcessEngine
from app.engine.projector.projector import Projector
from app.engine.projector.rebuild.background import BackgroundOperations
from app.engine.projector.status import StatusCache
from app.engine.server.metrics import Metrics
from app.engine.settings import EngineSettings
from app.engine.store.append import Appender
from app.engine.store.event_shapes import changed_events
from app.engine.store.feed import Feed
from app.engine.store.log_identity import EventIdentity
from app.engine.store.notifier import LogNotifier
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import SnapshotReader
from app.engine.store.snapshots.writer import SnapshotWriter

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Component:
    """One background task.

    `stop` asks it to end by itself; without one it is cancelled. The runtime waits `stop_timeout` seconds for its end
    before it stops the next component.
    """

    name: str
    run: Callable[[], Coroutine[Any, Any, None]]
    stop: Callable[[], None] | None = None
    stop_timeout: float = 0.0


class Runtime:
    """Everything behind the API, on an open database. It does nothing until `run`."""

    def __init__[S: EngineSettings](
        self, application: Application[S], settings: S, database: Database
    ) -> None:
        codec = application.codec
        self.application: AnyApplication = application
        self.settings: EngineSettings = settings
        self.database = database
        self.reader = EventReader(database.pool, codec)
        self.feed = Feed(
            self.reader, buffer_size=settings.feed_buffer_size, poll_interval=settings.poll_seconds
        )
        self.projector = Projector(application.projections, database, self.feed)
        self.metrics = Metrics(self.projector, self.feed)
        self._notifier = LogNotifier(database.connect, self.feed.notify)
        self._appender = Appender(
            database.connect,
            codec,
            self._on_commit,
            check_log=self.feed.check_log,
            max_pending=settings.max_queued_commands,
        )
        self.snapshots = SnapshotReader(
            database.pool, codec, application.deciders, every=settings.snapshot_every
        )
        self.snapshotter = SnapshotWriter(
            database.pool, self.reader, self.snapshots, seconds=settings.snapshot_check_interval_seconds
        )
        self.commands = CommandHandler(
            self._appender,
            self.reader,
            self.snapshots,
            cached=settings.aggregate_cache_size,
            on_outcome=self.metrics.observe_command,
        )
        self.feed.on_replaced += [self.commands.forget, self._appender.invalidate]
        self.history = AggregateHistory(self.reader, self.snapshots)
        self.operations = BackgroundOperations()
        self.statuses = StatusCache(database, application.projections)
        self.sealer = Sealer(
            database, self.feed, facts=settings.seal_max_events, seconds=settings.seal_interval_seconds
        )
        self.processes = ProcessEngine(
            application.processes,
            database,
            self.reader,
            self.feed,
            self.commands,
            application.deciders,
            application.ports(settings, database),
            RetryPolicy(max_attempts=settings.step_max_attempts, call_timeout=settings.port_timeout_seconds),
        )
        self.stopping = asyncio.Event()
        """Set when the server begins to stop. It ends subscriptions, which would never end by themselves."""
        self.pending_body_timeouts: set[asyncio.Timeout] = set()
        """The timeouts of requests whose body has not arrived yet."""
        self.failed: str | None = None
        """The component that failed, with its error."""
        self._changed_events: Mapping[str, str] = {}
        self._head_at_start = 0

    def _components(self) -> Sequence[_Component]:
        """All background tasks, in the order in which they stop."""
        return (
            # First, because steps send commands. The next owner continues the steps that are cancelled.
            _Component("processes", self.processes.run, stop_timeout=5),
            # It answers the commands that wait.
            _Component("appender", self._appender.run, stop=self._appender.drain, stop_timeout=10),
            # It ends the readers of the log.
            _Component("feed", self.feed.run, stop=self.feed.close),
            _Component("notifier", self._notifier.run),
            _Component("projector", self.projector.run),
            _Component("checkpoints", self.projector.poll_checkpoints),
            _Component("parked keys", self.projector.retry_parked),
            _Component("sealer", self.sealer.run),
            _Component("snapshots", self.snapshotter.run),
        )

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Run the components. At the end, answer the commands that wait, and stop."""
        self._changed_events = await changed_events(self.database.pool, self.application.codec)
        for line in self._changed_events.values():
            log.warning(line)
        await self.processes.create_missing_checkpoints()
        await self.feed.start()
        self._head_at_start = self.feed.head
        components = self._components()
        tasks = [asyncio.create_task(component.run(), name=component.name) for component in components]
        for task in tasks:
            task.add_done_callback(self._on_task_done)
        try:
            yield
        finally:
            await self.operations.stop()
            for component, task in zip(components, tasks, strict=True):
                if component.stop is None:
                    task.cancel()
                else:
                    component.stop()
                if component.stop_timeout:
                    await asyncio.wait([task], timeout=component.stop_timeout)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """Begin to stop: end the subscriptions, and the wait for bodies that may never arrive."""
        self.stopping.set()
        for timeout in self.pending_body_timeouts:
            timeout.reschedule(asyncio.get_running_loop().time())

    def readiness(self) -> dict[str, Any]:
        """The document at /readyz.

        The server is ready if every projection has reached the head of the log at the start, and no component has an
        error. These do not count: parked keys, unreadable events, and changed code without a new version.
        """
        workers = self.projector.workers
        is_current = all(
            worker.state.table_exists and worker.state.position >= self._head_at_start
            for worker in workers.values()
        )
        errors = {
            name: worker.state.error for name, worker in workers.items() if worker.state.error is not None
        }
        errors |= {
            worker.process.category: worker.error
            for worker in self.processes.workers.values()
            if worker.error is not None
        }
        return {
            "ready": is_current and not errors and self.failed is None,
            "position": self.feed.head,
            "lag": self.projector.lag_events(),
            "lagSeconds": self.projector.lag_seconds(),
            "parked": self.projector.parked_keys(),
            "unreadable": self.projector.unreadable_events(),
            "errors": errors,
            "snapshots": asdict(self.snapshotter.counts),
            "fingerprintChanged": [
                name for name, worker in workers.items() if worker.state.stale_fingerprint is not None
            ],
            "changedEvents": dict(self._changed_events),
        }

    def _on_commit(self, head: int, facts: Sequence[Fact], before: EventIdentity | None) -> None:
        self.metrics.observe_batch(len(facts))
        self.feed.publish(head, facts, before)
        self._notifier.notify(head)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.failed = f"{task.get_name()}: {error}"
            log.critical("component %s failed", task.get_name(), exc_info=error)
