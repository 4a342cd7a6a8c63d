"""The connections of a server: how many there may be, which is closed first, and how new ones are accepted.

A connection waits while it has no request that is complete up to the end of its header. A socket waits while it has no
operation. Those that wait are closed first to make room. Then the address with the most connections makes room for an
address that has at least two fewer. So all addresses come to have equally many, and none takes from an equal one.
Behind a proxy all clients have one address, and the rule does nothing.
"""

import asyncio
import errno
import logging
import os
import resource
import socket
import time
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Set
from functools import partial
from itertools import islice
from typing import Any, Literal, Protocol

from app.engine.errors import ConfigurationError
from app.engine.hosts import network_of
from app.engine.settings import EngineSettings

log = logging.getLogger(__name__)

BACKLOG = 512
ACCEPTS_PER_TURN = 32
"""New connections in one turn of the event loop, so that requests are answered between them."""
ACCEPT_PAUSE_SECONDS = 0.1
"""How long nothing is accepted after the system has refused a descriptor."""
LOG_INTERVAL_SECONDS = 1.0
SWEEP_SECONDS = 0.25
CLOSE_SECONDS = 2.0
"""How long a connection that is closed and has nothing left to send may take to end."""
MAX_PREFERRED = 100
"""Of so many connections that wait longest, the first one without an unread answer is closed."""
RESERVED_DESCRIPTORS = 100
"""Descriptors for files, other sockets, and connections that are just opened or closed."""
MAX_CONNECTIONS = 10_000
"""The largest cap that is derived. A connection takes a few kilobytes."""


SPARE_CONNECTIONS = 10
"""Connections above the cap. They may ask for health only, so that a busy server is not taken for a dead one."""
SPARES_PER_ADDRESS = 5
"""One address cannot have all of them."""


class Connection(Protocol):
    """uvicorn's protocol of requests or of sockets."""

    transport: asyncio.Transport

    def make_way(self) -> None:
        """Close the connection at once, so that another one has its place."""
        ...

    def sweep(self, now: float) -> None:
        """Close the connection if its time is over. `now` is the time of the event loop, in seconds."""
        ...


def max_connections(settings: EngineSettings) -> int:
    """The cap on connections: the setting, or what the limit of open files leaves. Raises `ConfigurationError`."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    reserved = RESERVED_DESCRIPTORS + 4 * settings.pool_size
    room = MAX_CONNECTIONS + reserved if soft == resource.RLIM_INFINITY else soft
    room -= reserved
    if room < 1 or settings.max_connections > room:
        raise ConfigurationError(
            f"the limit of open files is {soft} and leaves room for {max(room, 0)} connections."
            " Increase it with ulimit -n, or change APP_MAX_CONNECTIONS"
        )
    return settings.max_connections or min(room, MAX_CONNECTIONS)


class NetworkSizes:
    """How many connections each network has. The largest network is found without a search: a flood must stay cheap."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        # The first key of a plain dict takes a search if many before it were removed.
        self._networks: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        """The networks of each size."""
        self._largest = 0

    def change(self, network: str, step: Literal[1, -1]) -> None:
        """Count one connection more or one less."""
        size = self._sizes.pop(network, 0)
        if size:
            del self._networks[size][network]
            if not self._networks[size]:
                del self._networks[size]
        size += step
        if size:
            self._sizes[network] = size
            self._networks[size][network] = None
        if size > self._largest:
            self._largest = size
        elif self._largest not in self._networks:
            # The network that has just left this size is one smaller now.
            self._largest -= 1

    def to_take_from(self, network: str) -> str | None:
        """The largest network, if it has at least two connections more than this one."""
        if self._largest - self._sizes.get(network, 0) < 2:
            return None
        return next(iter(self._networks[self._largest]))


class ConnectionTable:
    """All connections, and those that wait, the oldest first. `connections` is uvicorn's set."""

    def __init__(self, connections: Set[Any], limit: int) -> None:
        self._connections = connections
        self._limit = limit
        self._waiting: OrderedDict[Connection, None] = OrderedDict()
        self._networks: dict[Connection, str] = {}
        self._of_network: defaultdict[str, OrderedDict[Connection, None]] = defaultdict(OrderedDict)
        """The connections of each network, the oldest first."""
        self._sizes = NetworkSizes()
        """Those that are opening count, too: many are accepted in one turn of the event loop."""
        self._spares: dict[Connection, str] = {}
        self._leaving: set[Connection] = set()
        self._closing_since: dict[Connection, float] = {}
        self._opening = 0
        """Connections that are accepted and have no protocol yet."""
        self._opening_spares: Counter[str] = Counter()
        """The same for spares, by network."""

    def count_opening(self, address: str, step: Literal[1, -1], *, is_spare: bool) -> None:
        """Count one more or one less of those that are accepted and have no protocol yet."""
        network = network_of(address)
        if not is_spare:
            self._opening += step
            self._sizes.change(network, step)
        else:
            self._opening_spares[network] += step
            if not self._opening_spares[network]:
                del self._opening_spares[network]

    def opened(self, connection: Connection, address: str, *, is_spare: bool) -> None:
        """A connection that was accepted from this address has its protocol."""
        self.count_opening(address, -1, is_spare=is_spare)
        if is_spare:
            self._spares[connection] = network_of(address)
        else:
            self.enter(connection, address)

    def enter(self, connection: Connection, address: str) -> None:
        """The connection has a place from now on, until it is lost."""
        network = network_of(address)
        self._networks[connection] = network
        self._of_network[network][connection] = None
        self._sizes.change(network, 1)

    def wait(self, connection: Connection) -> None:
        """The connection waits for a request from now on."""
        if connection in self._networks:
            self._waiting[connection] = None
            self._waiting.move_to_end(connection)

    def leave(self, connection: Connection) -> None:
        """The connection has a request, or is lost."""
        self._waiting.pop(connection, None)

    def lost(self, connection: Connection) -> None:
        self._release(connection)
        self._leaving.discard(connection)
        self._spares.pop(connection, None)

    def _release(self, connection: Connection) -> None:
        self.leave(connection)
        if (network := self._networks.pop(connection, None)) is not None:
            held = self._of_network[network]
            del held[connection]
            if not held:
                del self._of_network[network]
            self._sizes.change(network, -1)

    def _close(self, connection: Connection) -> None:
        self._release(connection)
        self._leaving.add(connection)
        connection.make_way()

    def make_room(self, address: str) -> bool:
        """Close a connection if there is no room for one from this address. False if none may be closed."""
        number = len(self._connections) - len(self._leaving) - len(self._spares) + self._opening
        return number < self._limit or self.close_oldest() or self._take_from_largest(network_of(address))

    def has_spare(self, address: str) -> bool:
        """Whether a connection from this address may be opened above the cap."""
        taken = Counter(self._spares.values()) + self._opening_spares
        return taken.total() < SPARE_CONNECTIONS and taken[network_of(address)] < SPARES_PER_ADDRESS

    def _take_from_largest(self, network: str) -> bool:
        """Close a connection of the largest network. False if no network has at least two more than this one.

        The newest goes: its client loses least, and a stream that is old stays.
        """
        largest = self._sizes.to_take_from(network)
        if largest is None or largest not in self._of_network:
            return False
        self._close(next(reversed(self._of_network[largest])))
        return True

    def close_oldest(self) -> bool:
        """Close the connection that has waited longest. Those whose answers have been read come first. False if none waits."""
        if not self._waiting:
            return False
        oldest = islice(self._waiting, MAX_PREFERRED)
        self._close(next((found for found in oldest if not _has_unread(found)), next(iter(self._waiting))))
        return True

    def sweep(self, now: float) -> None:
        """Close connections whose time is over, and abort those that do not close."""
        for connection in [*self._waiting, *self._spares]:
            connection.sweep(now)
        closing: dict[Connection, float] = {}
        for connection in list(self._connections):
            if connection.transport.is_closing() and not _has_unread(connection):
                since = closing[connection] = self._closing_since.get(connection, now)
                if now - since > CLOSE_SECONDS:
                    connection.transport.abort()
            elif (check := getattr(connection, "check_stalled", None)) is not None:
                check(now)
        self._closing_since = closing


def _has_unread(connection: Connection) -> bool:
    """Whether an answer is not read yet. A socket that waits has none, and limits the time of its end itself."""
    return getattr(connection, "has_unread", False)


class Listener:
    """Accepts connections, in place of asyncio's loop.

    asyncio accepts a whole backlog in one turn, past any cap. When descriptors run out, it logs an error for each of
    these attempts, and tries again for each.
    """

    def __init__(
        self,
        listener: socket.socket,
        create_protocol: Callable[..., asyncio.Protocol],
        table: ConnectionTable,
        refusal: bytes,
    ) -> None:
        self._socket = listener
        self._create_protocol = create_protocol
        self._table = table
        self._refusal = refusal
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[Any]] = set()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._is_closed = False
        self._logged_at = -LOG_INTERVAL_SECONDS
        self._failures = 0

    def start(self) -> None:
        """Accept. The socket listens already."""
        self._socket.setblocking(False)
        self._resume()
        self._sweep()

    def close(self) -> None:
        """Accept nothing more."""
        self._is_closed = True
        self._loop.remove_reader(self._socket)
        for timer in self._timers.values():
            timer.cancel()

    async def wait_closed(self) -> None:
        """Nothing is left to wait for: uvicorn waits for the connections."""

    def _resume(self) -> None:
        if not self._is_closed:
            self._loop.add_reader(self._socket, self._accept)

    def _sweep(self) -> None:
        self._table.sweep(self._loop.time())
        self._timers["sweep"] = self._loop.call_later(SWEEP_SECONDS, self._sweep)

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                connection, (address, *_) = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            connection.setblocking(False)
            if self._table.make_room(address):
                self._open(connection, address, is_spare=False)
                continue
            self._log("no room for another connection: %s", "all have requests")
            if self._table.has_spare(address):
                self._open(connection, address, is_spare=True)
            else:
                self._refuse(connection)

    def _open(self, connection: socket.socket, address: str, *, is_spare: bool) -> None:
        """`is_spare` says whether the connection is one above the cap."""
        self._table.count_opening(address, 1, is_spare=is_spare)
        # The system does not tell the address of a connection that its client has reset meanwhile.
        create = partial(self._create_protocol, address=address, is_spare=is_spare)
        task = self._loop.create_task(self._loop.connect_accepted_socket(create, connection), name="accept")
        self._opening.add(task)
        task.add_done_callback(partial(self._opened, address=address, is_spare=is_spare))

    def _opened(self, task: asyncio.Task[Any], address: str, *, is_spare: bool) -> None:
        self._opening.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        self._table.count_opening(address, -1, is_spare=is_spare)
        self._log("a connection was not opened: %s", error)

    def _refuse(self, connection: socket.socket) -> None:
        """Every connection has a request. The answer fits the empty buffer of a new connection."""
        with connection:
            try:
                connection.send(self._refusal)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                # The client has gone.
                return

    def _pause(self, error: OSError) -> None:
        if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            for _ in range(ACCEPTS_PER_TURN):
                self._table.close_oldest()
        self._log("cannot accept connections: %s", os.strerror(error.errno or 0))
        self._loop.remove_reader(self._socket)
        self._timers["resume"] = self._loop.call_later(ACCEPT_PAUSE_SECONDS, self._resume)

    def _log(self, message: str, reason: object) -> None:
        """Log a warning once a second at most, with the number of others since."""
        self._failures += 1
        if (now := time.monotonic()) - self._logged_at >= LOG_INTERVAL_SECONDS:
            log.warning(f"{message} (%d times)", reason, self._failures)
            self._logged_at, self._failures = now, 0
