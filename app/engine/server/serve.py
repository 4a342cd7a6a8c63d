"""Serves the application until it is asked to stop: one Ctrl-C or SIGTERM drains, and the exit code is 0.

The whole shutdown has one limit: see `app/engine/server/shutdown.py`.
"""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from app.engine.application import Application
from app.engine.database.connections import open_database
from app.engine.errors import ConfigurationError
from app.engine.graphql.transport.requests import MAX_REQUEST_BYTES
from app.engine.server.asgi import create_app
from app.engine.server.runtime import Runtime
from app.engine.server.shutdown import EXIT_CODE, Shutdown
from app.engine.server.websocket_transport import WriteCombiningWebSocketProtocol
from app.engine.settings import EngineSettings

log = logging.getLogger(__name__)


REQUESTS_SHARE = 0.5
"""The share of the time for the shutdown in which requests are answered."""

MAX_SOCKET_MESSAGE_BYTES = 4 * MAX_REQUEST_BYTES
"""Bytes. A message up to here is refused on its own, with the id of its operation. A larger one ends the socket: 1009."""


class _GracefulServer(uvicorn.Server):
    """uvicorn raises a caught signal again when it has stopped, which would end a clean stop in a traceback."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        shutdown: Shutdown,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping
        self._shutdown = shutdown
        self._loop: asyncio.AbstractEventLoop

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # It runs also if the event loop is blocked: the limit holds then, too.
        if self._shutdown.has_begun:
            self._shutdown.end_now()
        else:
            self._shutdown.begin()
            self._loop.call_soon_threadsafe(self.begin_stop)

    def begin_stop(self) -> None:
        """Accept no more connections, and end what waits."""
        self._shutdown.begin()
        self._stopping()
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # The handlers stay: a signal that comes after the last request ends the process, too.
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


def tune_gc() -> None:
    """Have Python look for cycles less often, and never in what stays until the end.

    A server keeps facts, states and rows in memory, and makes few cycles; with the collector as it comes a durable mutation
    took 1.9 ms of CPU, with it calmed 1.6 (2026-11-25). New objects are still checked often, since everything waits
    meanwhile: 20,000 of them at once took 20 ms and more, every second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 100)


def bind_socket(settings: EngineSettings) -> socket.socket:
    """The socket to listen on. Raises `ConfigurationError` if it cannot be used."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and a frame waits 40 ms for the acknowledgement of the one before.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}; choose another with --port or APP_PORT"
        ) from None
    listener.set_inheritable(True)
    return listener


async def serve[S: EngineSettings](
    application: Application[S], settings: S, *, migrate: bool, print_line: Callable[[str], None]
) -> int:
    """Run until SIGINT or SIGTERM, or until a component gives up. Returns the exit code.

    Raises `ConfigurationError` or `DatabaseUnavailable` before it has begun to listen.
    """
    listener = bind_socket(settings)
    shutdown = Shutdown(settings.shutdown_timeout_seconds)
    with listener:
        async with open_database(settings) as database:
            if migrate or settings.database_url is None:
                await database.migrate()
            await database.check_migrated()
            runtime = Runtime(application, settings, database)
            async with runtime.run():
                port = listener.getsockname()[1]
                tune_gc()
                server = _GracefulServer(
                    _uvicorn_config(runtime),
                    lambda: print_line(f"ready: http://localhost:{port}/graphql"),
                    runtime.stop,
                    shutdown,
                )
                watch = asyncio.create_task(_stop_if_given_up(runtime, server))
                await server.serve(sockets=[listener])
                watch.cancel()
                print_line("stopping: answering pending requests")
                shutdown.phase = "components"
            shutdown.phase = "the connections to the database"
    if runtime.unstopped:
        log.error(
            "not stopped within %g s: %s; their connections are torn down",
            settings.shutdown_timeout_seconds,
            ", ".join(runtime.unstopped),
        )
    shutdown.phase = "the interpreter"
    return EXIT_CODE if runtime.unstopped or runtime.failed is not None else 0


async def _stop_if_given_up(runtime: Runtime, server: _GracefulServer) -> None:
    await runtime.gave_up.wait()
    server.begin_stop()


def _uvicorn_config(runtime: Runtime) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(runtime),
        loop="asyncio",
        http="httptools",
        ws=WriteCombiningWebSocketProtocol,
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=runtime.settings.shutdown_timeout_seconds * REQUESTS_SHARE,  # pyright: ignore[reportArgumentType] - asyncio takes fractions
    )
