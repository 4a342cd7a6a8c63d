"""The runtime: builds every component of the engine, and runs and stops their background tasks."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import override

import asyncpg

from app.engine.access.authentication import Authenticator
from app.engine.application import AnyApplication, Application
from app.engine.audit.sealer import Sealer
from app.engine.commands import CommandHandler
from app.engine.database.connections import Connect, Database
from app.engine.database.errors import DRIVER_ERRORS, DatabaseUnavailable
from app.engine.history.aggregate_history import AggregateHistory
from app.engine.logs import error_line
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.engine import ProcessEngine
from app.engine.processes.recovery import create_missing_checkpoints
from app.engine.projector.live_lists import LiveLists
from app.engine.projector.projector import Projector
from app.engine.projector.rebuild.background import BackgroundOperations
from app.engine.projector.status import StatusCache
from app.engine.server.database_probe import DatabaseProbe
from app.engine.server.gauges import MetricSources
from app.engine.server.health import PROCESSES_OFF, Health
from app.engine.server.metrics import Metrics
from app.engine.server.supervisor import Component, Supervisor
from app.engine.settings import EngineSettings
from app.engine.shares import FairSlots
from app.engine.store.append import Appender
from app.engine.store.append_request import AppendRequest, AppendResult, VersionConflict
from app.engine.store.event_shapes import changed_events
from app.engine.store.feed import Feed
from app.engine.store.log_identity import EventIdentity
from app.engine.store.notifier import LogNotifier
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import SnapshotReader
from app.engine.store.snapshots.writer import SnapshotWriter

log = logging.getLogger(__name__)

MAX_CATCH_UP, MAX_CATCH_UP_PER_CALLER = 4, 2
"""How many subscribers that are behind the log get stored events at once, and how many of one caller."""
RUNTIME_SHARE = 0.4
"""The share of the time for the shutdown that the components have. The rest is for requests and for the database."""


class _MeasuredAppender(Appender):
    """An appender that tells how long each request has waited for its answer."""

    on_wait: Callable[[float], None]

    @override
    async def append(self, request: AppendRequest) -> AppendResult | VersionConflict:
        began = perf_counter()
        try:
            return await super().append(request)
        finally:
            self.on_wait(perf_counter() - began)


class Runtime:
    """Everything behind the API, on an open database. It does nothing until `run`."""

    def __init__[S: EngineSettings](
        self, application: Application[S], settings: S, database: Database
    ) -> None:
        codec = application.codec
        self.application: AnyApplication = application
        self.settings: EngineSettings = settings
        self.database = database
        self.authenticator = Authenticator(settings, application.roles.names)
        self.reader = EventReader(database.pool, codec)
        self.feed = Feed(
            self.reader,
            buffer_size=settings.feed_buffer_size,
            buffer_bytes=settings.feed_buffer_bytes,
            poll_interval=settings.poll_seconds,
        )
        self.projector = Projector(application.projections, database, self.feed)
        database.on_read_connection = self.projector.check_new_connection
        self.catch_up = FairSlots(MAX_CATCH_UP, MAX_CATCH_UP_PER_CALLER)
        self.live_lists = LiveLists(
            # One statement tells lists of several callers what has changed.
            database.for_caller("live lists"),
            self.feed,
            self.projector,
            settings.min_position_timeout_seconds,
        )
        self.probe = DatabaseProbe(database)
        self._connects: Counter[str] = Counter()
        self._notifier = LogNotifier(self._counted("notifier"), self.feed.notify, self.projector.on_notified)
        self.appender = _MeasuredAppender(
            self._counted("appender"),
            codec,
            self._on_commit,
            check_log=self.feed.check_log,
            max_pending=settings.max_queued_commands,
        )
        self.snapshots = SnapshotReader(
            database.pool, self.reader, application.deciders, every=settings.snapshot_every
        )
        self.snapshotter = SnapshotWriter(
            database.pool, self.reader, self.snapshots, seconds=settings.snapshot_check_interval_seconds
        )
        self.commands = CommandHandler(
            self.appender, self.reader, self.snapshots, cache_bytes=settings.aggregate_cache_bytes
        )
        self.feed.on_replaced += [self.commands.forget, self.appender.invalidate, self._notifier.forget]
        self.history = AggregateHistory(self.reader, self.snapshots, epoch=lambda: self.feed.epoch)
        self.operations = BackgroundOperations()
        self.statuses = StatusCache(database.for_caller("statuses"), application.projections)
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
            RetryPolicy(
                retry_seconds=settings.step_retry_seconds,
                max_attempts=settings.step_max_attempts,
                call_timeout=settings.port_timeout_seconds,
            ),
        )
        self.stopping = asyncio.Event()
        """Set when the server begins to stop. It ends subscriptions, which would never end by themselves."""
        self.pending_body_timeouts: set[asyncio.Timeout] = set()
        """The timeouts of requests whose body has not arrived yet."""
        self.gave_up = asyncio.Event()
        """Set when only a new process may help: see `failed`."""
        self.supervisor = Supervisor(self._components(), self.gave_up.set)
        self.health = Health(
            settings,
            appender=self.appender,
            feed=self.feed,
            projector=self.projector,
            processes=self.processes,
            notifier=self._notifier,
            sealer=self.sealer,
            snapshotter=self.snapshotter,
            probe=self.probe,
            supervisor=self.supervisor,
            authenticator=self.authenticator,
        )
        self.metrics = Metrics(
            MetricSources(
                projector=self.projector,
                feed=self.feed,
                processes=self.processes,
                probe=self.probe,
                supervisor=self.supervisor,
                health=self.health,
                authenticator=self.authenticator,
                database=database,
                reconnects=self.reconnects,
                makes_seals=settings.seal_max_events > 0,
            ),
            application.metrics(),
        )
        database.pool_waits.on_wait = self.metrics.pool_wait.observe
        self.appender.on_wait = self.metrics.append_wait.observe
        self.commands.on_outcome = self.metrics.observe_command
        self.shutdown_seconds = settings.shutdown_timeout_seconds * RUNTIME_SHARE
        """How long the components may take to stop."""
        self.unstopped: Sequence[str] = ()
        """The components that did not stop in time."""

    @property
    def failed(self) -> str | None:
        """The component for which only a new process may help, with its error."""
        return self.supervisor.failed

    def _components(self) -> Sequence[Component]:
        """All background tasks, in the order in which they stop."""
        # First, because steps send commands. The next owner continues the steps that are cancelled.
        processes = (Component("processes", self.processes.run, stop_share=0.4),)
        return (
            *(processes if self.settings.processes else ()),
            # It answers the commands that wait.
            Component("appender", self.appender.run, stop=self.appender.drain, stop_share=0.8),
            # It ends the readers of the log.
            Component("feed", self.feed.run, stop=self.feed.close),
            Component("notifier", self._notifier.run, is_needed=False),
            Component("projector", self.projector.run),
            Component("checkpoints", self.projector.poll_checkpoints),
            Component("parked keys", self.projector.retry_parked),
            Component("sealer", self.sealer.run),
            Component("snapshots", self.snapshotter.run, is_needed=False),
            Component("health", lambda: self.health.run()),
            Component("database probe", self.probe.run),
            Component("issuer", self.authenticator.run, is_needed=False),
        )

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Run the components. At the end, answer the commands that wait, and stop.

        Raises `DatabaseUnavailable`, or `ConfigurationError` if the issuer of tokens does not answer.
        """
        try:
            await self._start()
        except DRIVER_ERRORS as error:
            raise DatabaseUnavailable(
                f"the database does not answer at the start: {error_line(error)}"
            ) from error
        self.supervisor.start()
        try:
            yield
        finally:
            await self._stop()

    def stop(self) -> None:
        """Begin to stop: end the subscriptions, and the wait for bodies that may never arrive."""
        self.stopping.set()
        for timeout in self.pending_body_timeouts:
            # One that has just passed ends its wait by itself, and cannot be changed.
            if not timeout.expired():
                timeout.reschedule(asyncio.get_running_loop().time())

    async def _start(self) -> None:
        await self.authenticator.start()
        self.health.changed_events = await changed_events(self.database.pool, self.application.codec)
        for line in self.health.changed_events.values():
            log.warning(line)
        if (problem := self.database.collations.problem()) is not None:
            log.info(problem)
        if not self.settings.processes:
            log.warning(PROCESSES_OFF)
        await create_missing_checkpoints(self.database.pool, list(self.processes.workers))
        await self.feed.start()
        self.health.head_at_start = self.feed.head

    async def _stop(self) -> None:
        began = asyncio.get_running_loop().time()
        late: list[str] = []
        operations = asyncio.create_task(self.operations.stop())
        await asyncio.wait([operations], timeout=self.shutdown_seconds / 4)
        if not operations.done():
            late.append("operations")
        passed = asyncio.get_running_loop().time() - began
        self.unstopped = (*late, *await self.supervisor.stop(max(0.0, self.shutdown_seconds - passed)))

    def reconnects(self) -> Mapping[str, int]:
        """How often each component has lost its connection or opened it again. Workers have the names of their leases."""
        opened_again = {name: max(0, count - 1) for name, count in self._connects.items()}
        return {**self.database.lost_sessions, **opened_again}

    def _counted(self, component: str) -> Connect:
        """`Database.connect`, counted for a component."""
        self._connects[component] = 0

        async def connect() -> asyncpg.Connection:
            self._connects[component] += 1
            return await self.database.connect(component=component)

        return connect

    def _on_commit(self, head: int, facts: Sequence[Fact], before: EventIdentity | None) -> None:
        self.metrics.append_batch_events.observe(len(facts))
        self.feed.publish(head, facts, before)
        self._notifier.notify(head)
