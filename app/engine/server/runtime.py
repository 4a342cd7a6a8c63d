"""The one place that builds things: the engine, its workers, and the application in front of it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from app.engine.application import AnyApplication, Application
from app.engine.audit.sealer import Sealer
from app.engine.commands import CommandHandler
from app.engine.database.connections import Database
from app.engine.graphql.schema import build_schema
from app.engine.graphql.transport.graphiql import PAGE
from app.engine.graphql.transport.http import GraphQLEndpoint
from app.engine.history.aggregate_history import AggregateHistory
from app.engine.processes.dispatcher import RetryPolicy
from app.engine.processes.engine import ProcessEngine
from app.engine.projector.projector import Projector
from app.engine.projector.rebuild.background import BackgroundOperations
from app.engine.projector.status import StatusCache
from app.engine.server.metrics import TYPE, render_metrics
from app.engine.server.security_headers import SecurityHeadersMiddleware
from app.engine.settings import EngineSettings
from app.engine.store.append import Appender
from app.engine.store.event_shapes import changed_events
from app.engine.store.feed import Feed
from app.engine.store.notifier import LogNotifier
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import SnapshotReader
from app.engine.store.snapshots.writer import SnapshotWriter

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024


class Runtime:
    """Everything behind the API, built on an open database and not yet running."""

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
        self._wake = LogNotifier(database.connect, self.feed.notify)
        self._appender = Appender(
            database.connect, codec, self._committed, max_pending=settings.max_queued_commands
        )
        self.snapshots = SnapshotReader(
            database.pool, codec, application.deciders, every=settings.snapshot_every
        )
        self.snapshotter = SnapshotWriter(
            database.pool, self.reader, self.snapshots, seconds=settings.snapshot_check_interval_seconds
        )
        self.commands = CommandHandler(
            self._appender, self.reader, self.snapshots, cached=settings.aggregate_cache_size
        )
        self.history = AggregateHistory(self.reader, self.snapshots)
        self.projector = Projector(application.projections, database, self.feed)
        self.operations = BackgroundOperations()
        self.statuses = StatusCache(database, application.projections)
        self.sealer = Sealer(
            database, self.feed, facts=settings.seal_max_events, seconds=settings.seal_interval_seconds
        )
        retry_policy = RetryPolicy(
            max_attempts=settings.step_max_attempts, call_timeout=settings.port_timeout_seconds
        )
        self.processes = ProcessEngine(
            application.processes,
            database,
            self.reader,
            self.feed,
            self.commands,
            application.deciders,
            application.ports(settings, database),
            retry_policy,
        )
        self.stopping = asyncio.Event()
        """Set when the server begins to stop: streams that would never end are cut off."""
        self.pending_body_timeouts: set[asyncio.Timeout] = set()
        """How long each request whose body has not arrived yet is waited for."""
        self.failed: str | None = None
        self._changed_events: Mapping[str, str] = {}
        self._began_at = 0

    @asynccontextmanager
    async def run(self) -> AsyncGenerator[None]:
        """Run the workers; at the end answer what waits, and stop."""
        self._changed_events = await changed_events(self.database.pool, self.application.codec)
        for line in self._changed_events.values():
            log.warning(line)
        await self.processes.create_missing_checkpoints()
        await self.feed.start()
        self._began_at = self.feed.head
        workers = {
            name: asyncio.create_task(work, name=name)
            for name, work in {
                "appender": self._appender.run(),
                "feed": self.feed.run(),
                "wake": self._wake.run(),
                "projector": self.projector.run(),
                "checkpoints": self.projector.poll_checkpoints(),
                "parked": self.projector.retry_parked(),
                "sealer": self.sealer.run(),
                "processes": self.processes.run(),
                "snapshots": self.snapshotter.run(),
            }.items()
        }
        for task in workers.values():
            task.add_done_callback(self._on_task_done)
        try:
            yield
        finally:
            await self.operations.stop()
            # What it leaves undone is carried out by the next owner.
            workers["processes"].cancel()
            await asyncio.wait([workers["processes"]], timeout=5)
            self._appender.drain()
            await asyncio.wait([workers["appender"]], timeout=10)
            self.feed.close()
            for name in (
                "processes",
                "appender",
                "wake",
                "projector",
                "checkpoints",
                "parked",
                "sealer",
                "snapshots",
                "feed",
            ):
                workers[name].cancel()
            await asyncio.gather(*workers.values(), return_exceptions=True)

    def stop(self) -> None:
        """Begin to: what would never end, or may never come, is not waited for."""
        self.stopping.set()
        for patience in self.pending_body_timeouts:
            patience.reschedule(asyncio.get_running_loop().time())

    def readiness(self) -> dict[str, Any]:
        """What /readyz says: whether every projection has reached where the log stood at start, and none has a problem.
        What does not count against it: parked keys, events that this code cannot read, and projections and event classes
        that have changed without a new version."""
        workers = self.projector.workers.values()
        behind = {
            w.projection.name: w.state.position
            for w in workers
            if not w.state.table_exists or w.state.position < self._began_at
        }
        problems = {w.projection.name: w.state.error for w in workers if w.state.error is not None}
        problems |= {
            w.process.category: w.error for w in self.processes.workers.values() if w.error is not None
        }
        return {
            "ready": not behind and not problems and self.failed is None,
            "position": self.feed.head,
            "lag": self.projector.lag_events(),
            "lagSeconds": self.projector.lag_seconds(),
            "parked": self.projector.parked_keys(),
            "unread": self.projector.unreadable_events(),
            "problems": problems,
            "snapshots": asdict(self.snapshotter.counts),
            "changed": [
                name
                for name, worker in self.projector.workers.items()
                if worker.state.stale_fingerprint is not None
            ],
            "changedEvents": dict(self._changed_events),
        }

    def _committed(self, head: int, facts: Sequence[Fact]) -> None:
        self.feed.publish(head, facts)
        self._wake.notify(head)

    def _on_task_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.failed = f"{task.get_name()}: {problem}"
            log.critical("the %s has stopped", task.get_name(), exc_info=problem)


def create_app(runtime: Runtime) -> Starlette:
    """The ASGI application on a engine that is running."""
    schema, events = build_schema(
        runtime.application.slices(),
        runtime.application.deciders,
        fast_executor=runtime.settings.fast_executor,
    )
    view = GraphQLEndpoint(schema, events, runtime)

    async def live(_: Request) -> PlainTextResponse:
        return PlainTextResponse(runtime.failed or "alive", 200 if runtime.failed is None else 503)

    async def ready(_: Request) -> JSONResponse:
        state = runtime.readiness()
        try:
            await runtime.database.pool.fetchval("SELECT 1", timeout=2)
        except Exception as error:
            # Whatever keeps the database from answering, this is what readiness is there to say.
            state |= {"ready": False, "problems": {"database": type(error).__name__}}
        return JSONResponse(state, 200 if state["ready"] else 503)

    async def measured(_: Request) -> PlainTextResponse:
        return PlainTextResponse(render_metrics(runtime.projector, runtime.feed.head), media_type=TYPE)

    routes: list[Route | WebSocketRoute | Mount] = [
        Route("/graphql", view, max_body_size=MAX_BODY_BYTES),
        WebSocketRoute("/graphql", view),
        Route("/livez", live),
        Route("/readyz", ready),
        Route("/metrics", measured),
    ]
    if runtime.settings.mode == "development":
        # It may be built while the server runs.
        routes.append(Mount("/graphiql", StaticFiles(directory=PAGE.parent, check_dir=False)))
    middleware = [Middleware(SecurityHeadersMiddleware)]
    if runtime.settings.allowed_origins:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=runtime.settings.allowed_origins,
                allow_methods=["POST"],
                allow_headers=["*"],
            )
        )
    return Starlette(routes=routes, middleware=middleware)
