"""The one place that builds things: the machine room, its workers, and the application in front of it."""

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

from app.audit.seal import Sealer
from app.commands import Commands
from app.database import Database
from app.graphql.schema import build
from app.graphql.view import PAGE, View
from app.history.past import Past
from app.metrics import TYPE, metrics
from app.ports import ports
from app.processes.dispatch import Patience
from app.processes.run import Processes
from app.projector.background import Operations
from app.projector.run import Projector
from app.projector.standing import Board
from app.settings import Settings
from app.store.append import Appender
from app.store.codec import registered
from app.store.event_shapes import changed_events
from app.store.feed import Feed
from app.store.read import Fact, Reader
from app.store.snapshots import Snapshots
from app.store.snapshotter import Snapshotter
from app.store.wake import Wake
from domain import DECIDERS, PROCESSES
from projections import PROJECTIONS

log = logging.getLogger(__name__)

MOST_BODY = 256 * 1024


class MachineRoom:
    """Everything behind the API, built on an open database and not yet running."""

    def __init__(self, settings: Settings, database: Database) -> None:
        codec = registered()
        self._codec = codec
        self.settings = settings
        self.database = database
        self.reader = Reader(database.pool, codec)
        self.feed = Feed(self.reader, ring=settings.ring, poll=settings.poll_seconds)
        self._wake = Wake(database.connect, self.feed.wake)
        self._appender = Appender(database.connect, codec, self._committed, bound=settings.waiting_commands)
        self.snapshots = Snapshots(database.pool, codec, DECIDERS, every=settings.snapshot_events)
        self.snapshotter = Snapshotter(
            database.pool, self.reader, self.snapshots, seconds=settings.snapshot_check_seconds
        )
        self.commands = Commands(self._appender, self.reader, self.snapshots, cached=settings.cached_streams)
        self.past = Past(self.reader, self.snapshots)
        self.projector = Projector(PROJECTIONS, database, self.feed)
        self.operations = Operations()
        self.board = Board(database, PROJECTIONS)
        self.sealer = Sealer(database, self.feed, facts=settings.seal_facts, seconds=settings.seal_seconds)
        patience = Patience(attempts=settings.step_attempts, call=settings.call_seconds)
        self.processes = Processes(
            PROCESSES,
            database,
            self.reader,
            self.feed,
            self.commands,
            DECIDERS,
            ports(settings, database),
            patience,
        )
        self.stopping = asyncio.Event()
        """Set when the server begins to stop: streams that would never end are cut off."""
        self.reading: set[asyncio.Timeout] = set()
        """How long each request whose body has not arrived yet is waited for."""
        self.failed: str | None = None
        self._changed_events: Mapping[str, str] = {}
        self._began_at = 0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Run the workers; at the end answer what waits, and stop."""
        self._changed_events = await changed_events(self.database.pool, self._codec)
        for line in self._changed_events.values():
            log.warning(line)
        await self.processes.begin()
        await self.feed.start()
        self._began_at = self.feed.head
        workers = {
            name: asyncio.create_task(work, name=name)
            for name, work in {
                "appender": self._appender.run(),
                "feed": self.feed.run(),
                "wake": self._wake.run(),
                "projector": self.projector.run(),
                "checkpoints": self.projector.watch(),
                "parked": self.projector.mend(),
                "sealer": self.sealer.run(),
                "processes": self.processes.run(),
                "snapshots": self.snapshotter.run(),
            }.items()
        }
        for task in workers.values():
            task.add_done_callback(self._ended)
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
        for patience in self.reading:
            patience.reschedule(asyncio.get_running_loop().time())

    def ready(self) -> dict[str, Any]:
        """What /readyz says: whether every projection has reached where the log stood at start, and none has a problem.
        What does not count against it: parked keys, events that this code cannot read, and projections and event classes
        that have changed without a new version."""
        workers = self.projector.workers.values()
        behind = {
            w.projection.name: w.position for w in workers if not w.found or w.position < self._began_at
        }
        problems = {w.projection.name: w.problem for w in workers if w.problem is not None}
        problems |= {
            w.process.category: w.problem for w in self.processes.workers.values() if w.problem is not None
        }
        return {
            "ready": not behind and not problems and self.failed is None,
            "position": self.feed.head,
            "lag": self.projector.behind(),
            "lagSeconds": self.projector.seconds(),
            "parked": self.projector.parked,
            "unread": self.projector.unread(),
            "problems": problems,
            "snapshots": asdict(self.snapshotter.counts),
            "changed": [
                name for name, worker in self.projector.workers.items() if worker.made_by is not None
            ],
            "changedEvents": dict(self._changed_events),
        }

    def _committed(self, head: int, facts: Sequence[Fact]) -> None:
        self.feed.offer(head, facts)
        self._wake.tell(head)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None:
            self.failed = f"{task.get_name()}: {problem}"
            log.critical("the %s has stopped", task.get_name(), exc_info=problem)


def application(room: MachineRoom) -> Starlette:
    """The ASGI application on a machine room that is running."""
    schema, events = build(short=room.settings.short_execution)
    view = View(schema, events, room)

    async def live(_: Request) -> PlainTextResponse:
        return PlainTextResponse(room.failed or "alive", 200 if room.failed is None else 503)

    async def ready(_: Request) -> JSONResponse:
        state = room.ready()
        try:
            await room.database.pool.fetchval("SELECT 1", timeout=2)
        except Exception as problem:
            # Whatever keeps the database from answering, this is what readiness is there to say.
            state |= {"ready": False, "problems": {"database": type(problem).__name__}}
        return JSONResponse(state, 200 if state["ready"] else 503)

    async def measured(_: Request) -> PlainTextResponse:
        return PlainTextResponse(metrics(room.projector, room.feed.head), media_type=TYPE)

    routes: list[Route | WebSocketRoute | Mount] = [
        Route("/graphql", view, max_body_size=MOST_BODY),
        WebSocketRoute("/graphql", view),
        Route("/livez", live),
        Route("/readyz", ready),
        Route("/metrics", measured),
    ]
    if room.settings.mode == "development":
        # It may be built while the server runs.
        routes.append(Mount("/graphiql", StaticFiles(directory=PAGE.parent, check_dir=False)))
    middleware = (
        [
            Middleware(
                CORSMiddleware,
                allow_origins=room.settings.origins,
                allow_methods=["POST"],
                allow_headers=["*"],
            )
        ]
        if room.settings.origins
        else []
    )
    return Starlette(routes=routes, middleware=middleware)
