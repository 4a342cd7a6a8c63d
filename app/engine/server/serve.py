"""Serves the application until it is asked to stop: one Ctrl-C or SIGTERM drains, and the exit code is 0."""

import asyncio
import gc
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
from app.engine.server.websocket_transport import WriteCombiningWebSocketProtocol
from app.engine.settings import EngineSettings

MAX_SOCKET_MESSAGE_BYTES = 4 * MAX_REQUEST_BYTES
"""Bytes. A message up to here is refused on its own, with the id of its operation. A larger one ends the socket: 1009."""


class _GracefulServer(uvicorn.Server):
    """uvicorn raises a caught signal again when it has stopped, which would end a clean stop in a traceback."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], stopping: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(number, lambda: None)


def tune_gc() -> None:
    """Have Python look for cycles less often, and never in what stays until the end.

    A server keeps facts, states and rows in memory, and makes few cycles; with the collector as it comes a durable mutation
    took 1.9 ms of CPU, with it calmed 1.6 (2026-11-25). The young are looked through often all the same, since everybody
    waits meanwhile: 20,000 of them at once took 20 ms and more, every second.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 100)


def bind_socket(settings: EngineSettings) -> socket.socket:
    """The socket to listen on. Raises `BadSetting` where it cannot be had."""
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
) -> None:
    """Run until SIGINT or SIGTERM. Raises `BadSetting` or `DatabaseProblem` before it has begun to listen."""
    listener = bind_socket(settings)
    with listener:
        async with open_database(settings) as database:
            if migrate or settings.database_url is None:
                await database.migrate()
            await database.check_migrated()
            runtime = Runtime(application, settings, database)
            async with runtime.run():
                config = uvicorn.Config(
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
                    timeout_graceful_shutdown=5,
                )
                port = listener.getsockname()[1]
                tune_gc()
                server = _GracefulServer(
                    config, lambda: print_line(f"ready: http://localhost:{port}/graphql"), runtime.stop
                )
                await server.serve(sockets=[listener])
                print_line("stopping: answering pending requests")
