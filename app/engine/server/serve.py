"""Serves the application until a signal asks it to stop.

After one Ctrl-C, SIGTERM or SIGHUP it drains, and the exit code is 0. The whole shutdown has one limit: see
`app/engine/server/shutdown.py`.
"""

import asyncio
import gc
import logging
import math
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.applications import Starlette
from uvicorn.server import ServerState

from app.engine.access.authentication import check_access, development_warning, trusts_headers
from app.engine.application import AnyApplication, Application
from app.engine.database.connections import open_database
from app.engine.database.roles import check_server_role
from app.engine.database.sessions import SessionKind
from app.engine.errors import ConfigurationError
from app.engine.graphql.policies import check_policies
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.graphql.transport.requests import MAX_REQUEST_BYTES
from app.engine.hosts import is_loopback_name
from app.engine.server.asgi import create_app, create_operations_app, documents_of, schema_of
from app.engine.server.connections import BACKLOG, ConnectionTable, Listener, max_connections
from app.engine.server.http_protocol import BoundedHttpProtocol, RequestLimits
from app.engine.server.refusals import NO_ROOM, refusal
from app.engine.server.runtime import Runtime
from app.engine.server.shutdown import EXIT_CODE, Shutdown
from app.engine.server.websocket_transport import (
    PING_INTERVAL_SECONDS,
    PONG_TIMEOUT_SECONDS,
    limited_protocol,
)
from app.engine.settings import EngineSettings

log = logging.getLogger(__name__)


API_PORT, OPERATIONS_PORT = "--port or APP_PORT", "APP_OPERATIONS_PORT"
"""What chooses each port, for the messages."""
ALL_ADDRESSES = {"0.0.0.0", "::"}  # noqa: S104 - compared, and not bound
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MAX_OPERATIONS_CONNECTIONS = 50
REQUESTS_SHARE = 0.5
"""The share of the time for the shutdown in which requests are answered."""

MAX_SOCKET_MESSAGE_BYTES = 4 * MAX_REQUEST_BYTES
"""Bytes. A message up to here is refused on its own, with the id of its operation. A larger one ends the socket: 1009."""


class GracefulServer(uvicorn.Server):
    """uvicorn raises a caught signal again when it has stopped, which would end a clean stop in a traceback."""

    def __init__(
        self,
        config: uvicorn.Config,
        settings: EngineSettings,
        ready: Callable[[], None],
        stopping: Callable[[], None],
        shutdown: Shutdown,
        operations: "Operations | None" = None,
    ) -> None:
        super().__init__(config)
        self._operations = operations
        self._settings = settings
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
        # First, so that an error of the rest does not keep the server from its end.
        self.should_exit = True
        self._stopping()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, in place of uvicorn's way to do so: see `Listener`."""
        await self.lifespan.startup()
        settings = self._settings
        table = ConnectionTable(self.server_state.connections, max_connections(settings))
        create_protocol = partial(
            BoundedHttpProtocol,
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
            table=table,
            limits=RequestLimits(
                header_bytes=settings.max_header_bytes,
                headers=settings.max_headers,
                url_bytes=settings.max_url_bytes,
                header_seconds=settings.header_timeout_seconds,
                idle_seconds=settings.idle_timeout_seconds,
            ),
        )
        overloaded = refusal(*NO_ROOM)
        for listener in sockets or ():
            listen(listener, API_PORT)
        listeners = [Listener(listener, create_protocol, table, overloaded) for listener in sockets or ()]
        if self._operations is not None:
            listeners.append(self._operations.listener(create_protocol, overloaded))
        for listener in listeners:
            listener.start()
        self.servers = cast("Any", listeners)
        self.started = True
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._operations is not None:
            self._operations.close_connections()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        # The handlers stay: a signal that comes after the last request ends the process, too.
        self._loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            # nohup ignores SIGHUP, and it stays ignored.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self.handle_exit)
        yield


class Operations:
    """The operations port. Its connections are its own, so that clients cannot take the room of an operator."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        self._config = config
        self._socket = listener
        self._state = ServerState()

    def listener(self, create_protocol: partial[BoundedHttpProtocol], refusal: bytes) -> Listener:
        """`create_protocol` is that of the public port. Raises `ConfigurationError` if the port is taken."""
        listen(self._socket, OPERATIONS_PORT)
        table = ConnectionTable(self._state.connections, MAX_OPERATIONS_CONNECTIONS)
        create = partial(create_protocol, config=self._config, server_state=self._state, table=table)
        return Listener(self._socket, create, table, refusal)

    def close_connections(self) -> None:
        """Close what is idle, and the others after their answers."""
        for connection in list(self._state.connections):
            connection.shutdown()


def tune_gc() -> None:
    """Have Python look for cycles less often, and never in what stays until the end.

    A server keeps facts, states and rows in memory, and makes few cycles. With Python's own thresholds a durable
    mutation took 1.9 ms of CPU, with these 1.6 (2026-11-25). New objects are still checked often, since everything
    waits for a check. A check of 20,000 at once took 20 ms and more, every second. An ordinary operation leaves no
    cycles. The validation of a new document and errors do. If old objects were checked after 4 million new ones, memory
    grew by 0.2 MB/s under hostile clients. After 400,000 it does not grow, and a check takes 30 to 80 ms every ten
    seconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(2_000, 20, 10)


def check_hosts(settings: EngineSettings) -> None:
    """Raises `ConfigurationError` if other machines can reach a server in production that knows no name of its own."""
    if settings.mode == "production" and not settings.allowed_hosts and not is_loopback_name(settings.host):
        raise ConfigurationError(
            f"setting APP_ALLOWED_HOSTS is empty: name the hosts by which clients reach {settings.host}"
        )


def check_ports(settings: EngineSettings) -> None:
    """Raises `ConfigurationError` if the operations port is the port of the API, on the same address.

    The system would say so only when the server listens: see `listen`.
    """
    hosts = {settings.host, settings.operations_host}
    is_shared = len(hosts) == 1 or hosts & ALL_ADDRESSES
    if settings.operations_port and settings.operations_port == settings.port and is_shared:
        raise ConfigurationError(
            f"setting {OPERATIONS_PORT} is {settings.port}, as is the port of the API: choose another"
        )


def bind_socket(settings: EngineSettings) -> socket.socket:
    """The socket to listen on. Raises `ConfigurationError` if it cannot be used."""
    return _bind(settings.host, settings.port, API_PORT)


def _bind(host: str, port: int, options: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener: socket.socket | None = None
    try:
        # Without `IPPROTO_TCP`, asyncio leaves Nagle's algorithm on. Then a frame waits 40 ms for the acknowledgement of
        # the one before.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except (OSError, TypeError) as error:
        # Python raises TypeError for a name that is none, such as `ä..b`.
        if listener is not None:
            listener.close()
        raise _cannot_listen(host, port, options, error) from None
    listener.set_inheritable(True)
    return listener


def listen(listener: socket.socket, options: str) -> None:
    """Listen on a bound socket. Raises `ConfigurationError` if another program listens there.

    Linux lets two programs bind one port, so that a restart need not wait. Only one of them can listen.
    """
    try:
        listener.listen(BACKLOG)
    except OSError as error:
        host, port, *_ = listener.getsockname()
        raise _cannot_listen(host, port, options, error) from None


def _cannot_listen(host: str, port: int, options: str, error: OSError | TypeError) -> ConfigurationError:
    reason = getattr(error, "strerror", None) or error
    return ConfigurationError(f"cannot listen on {host}:{port}: {reason}; choose another with {options}")


def _addresses(application: AnyApplication, settings: EngineSettings, port: int) -> list[str]:
    """Where the API is, and the pages."""
    pages = application.pages if settings.mode == "development" else ()
    return [f"http://localhost:{port}{path}" for path in ("/graphql", *pages)]


async def serve[S: EngineSettings](
    application: Application[S], settings: S, *, migrate: bool, print_line: Callable[[str], None]
) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP, or until a component gives up. Returns the exit code.

    Raises `ConfigurationError` or `DatabaseUnavailable` before it has accepted a connection.
    """
    check_hosts(settings)
    check_ports(settings)
    check_access(settings)
    check_policies(graphql_schema(schema_of(application, settings, documents_of(settings))[0]), application)
    max_connections(settings)
    listener = bind_socket(settings)
    shutdown = Shutdown(settings.shutdown_timeout_seconds)
    with listener, _operations_socket(settings) as operations_listener:
        async with open_database(settings) as database:
            if migrate or settings.database_url is None:
                await database.migrate()
            await database.check_migrated()
            if settings.mode != "development":
                with database.translate_errors():
                    async with database.connection(SessionKind.READ, "check of the role") as connection:
                        await check_server_role(connection, allow_owner=settings.allow_database_owner)
            runtime = Runtime(application, settings, database)
            app = create_app(runtime)
            async with runtime.run():
                port = listener.getsockname()[1]
                tune_gc()
                operations = None
                if operations_listener is not None:
                    config = _uvicorn_config(create_operations_app(runtime), runtime.settings)
                    config.load()
                    operations = Operations(config, operations_listener)
                if trusts_headers(settings):
                    log.info(
                        "development: callers on this machine name themselves, by the headers X-Actor and X-Roles"
                    )
                if (warning := development_warning(settings)) is not None:
                    log.warning(warning)
                server = GracefulServer(
                    _uvicorn_config(app, runtime.settings),
                    settings,
                    lambda: print_line(f"ready: {', '.join(_addresses(application, settings, port))}"),
                    runtime.stop,
                    shutdown,
                    operations,
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


@contextmanager
def _operations_socket(settings: EngineSettings) -> Generator[socket.socket | None]:
    if not settings.operations_port:
        yield None
        return
    with _bind(settings.operations_host, settings.operations_port, "APP_OPERATIONS_PORT") as listener:
        yield listener


async def _stop_if_given_up(runtime: Runtime, server: GracefulServer) -> None:
    await runtime.gave_up.wait()
    server.begin_stop()


def _uvicorn_config(app: Starlette, settings: EngineSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        ws=limited_protocol(settings.max_socket_frames_per_second),
        ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
        ws_ping_interval=PING_INTERVAL_SECONDS,
        ws_ping_timeout=PONG_TIMEOUT_SECONDS,
        ws_per_message_deflate=False,
        lifespan="off",
        # Clients can write these headers: they do not choose the address whose share a request spends.
        proxy_headers=False,
        # Without a configuration of its own, uvicorn logs like everything else.
        log_config=None,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=math.ceil(settings.idle_timeout_seconds),
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_timeout_seconds * REQUESTS_SHARE,  # pyright: ignore[reportArgumentType] - asyncio takes fractions
    )
