"""Watches the sessions of one process: a connection whose server does not work for it any more is ended.

A limit on statements cannot tell a slow one from a lost one. So another connection asks the server: is the process
behind the session still there, and does it work? Long statements live on, and lost ones end within seconds.
"""

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from weakref import WeakSet

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS, first_line
from app.engine.database.sessions import NotWritable, OnTheWay, Session, SessionKind, SessionLimits

log = logging.getLogger(__name__)

MAX_TICK_SECONDS = 0.5
_CLOSED = "unexpected connection_lost() call"
"""What the driver says if the other side closes the connection before it answers the request for TLS."""

type ConnectProbe = Callable[[], Awaitable[Session]]


class SessionWatch:
    """Sends the heartbeats of idle sessions, and ends sessions that are dead or on a server that takes no writes."""

    def __init__(
        self, limits: SessionLimits, connect: ConnectProbe, hosts: Sequence[tuple[str, int]]
    ) -> None:
        self._limits = limits
        self._connect = connect
        """Opens a connection to a server that takes writes. With several hosts it raises only `NotWritable`."""
        self._name = hosts[0][0] if len(hosts) == 1 and _is_name(hosts[0][0]) else None
        """The name of the only host. None if its address is known."""
        self._lookup: asyncio.Future[Any] | None = None
        self._sessions: WeakSet[Session] = WeakSet()
        self._task: asyncio.Task[None] | None = None
        self._probe: asyncio.Task[None] | None = None
        self._next_probe = 0.0

    def add(self, session: Session) -> None:
        """Watch this session until it is closed."""
        self._sessions.add(session)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        tasks = [task for task in (self._task, self._probe, self._lookup) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        tick = min(MAX_TICK_SECONDS, self._limits.failover_seconds / 20)
        while sessions := [session for session in self._sessions if not session.is_closed()]:
            suspects = self._visit(sessions)
            now = asyncio.get_running_loop().time()
            if suspects and now >= self._next_probe and (self._probe is None or self._probe.done()):
                self._next_probe = now + self._limits.suspicion_seconds / 2
                self._probe = asyncio.get_running_loop().create_task(self._examine(suspects))
            del sessions, suspects
            await asyncio.sleep(tick)

    def _visit(self, sessions: Sequence[Session]) -> Sequence[Session]:
        """Send what is due. Returns the sessions that need a second connection to judge them."""
        suspects: list[Session] = []
        for session in sessions:
            now = session.time()
            if session.waiting_since is not None:
                if self._seconds_busy(session) >= self._limits.suspicion_seconds:
                    suspects.append(session)
            elif session.has_become_read_only():
                if session.kind is SessionKind.WORK:
                    log.warning("%s: the server takes no writes any more; connecting again", session.label)
                    session.terminate()
                elif session.kind is SessionKind.READ:
                    suspects.append(session)
            elif (
                session.kind is SessionKind.WORK
                and now - session.idle_since >= self._limits.heartbeat_seconds
            ):
                session.start_heartbeat()
        return suspects

    async def _examine(self, suspects: Sequence[Session]) -> None:
        try:
            await self._look_up()
            probe = await self._connect()
        except NotWritable:
            return
        except DRIVER_ERRORS as error:
            if not _is_without_answer(error):
                # The server answers, though it takes no more connections: no reason to end those that work. Or the reason
                # lies in this process, as with its names of hosts, its certificates or its files.
                log.warning("connections cannot be examined: %s", first_line(error))
                return
            for session in suspects:
                if self._seconds_busy(session) >= self._limits.suspicion_seconds:
                    self._end(
                        session, f"the server does not answer new connections either ({first_line(error)})"
                    )
            return
        try:
            async with asyncio.timeout(self._limits.dead_seconds):
                records = await probe.fetch(_SELECT_BACKENDS, [session.pid for session in suspects])
                known = {(record["pid"], record["backend_start"]): record for record in records}
                for session in suspects:
                    # It may have ended while the others were judged.
                    if session.is_closed():
                        continue
                    await self._judge(probe, session, known.get((session.pid, session.backend_start)))
        except DRIVER_ERRORS as error:
            log.warning("connections cannot be examined: %s", first_line(error))
        finally:
            probe.terminate()

    async def _look_up(self) -> None:
        """Resolve the name of the host. The time-out of a connection does not tell a name server from a server.

        Raises `socket.gaierror`.
        """
        if self._name is None:
            return
        if self._lookup is None or self._lookup.done():
            # It holds a thread until it ends, so it is not repeated before.
            lookup = asyncio.get_running_loop().getaddrinfo(self._name, None)
            self._lookup = asyncio.gather(lookup, return_exceptions=True)
        if not (await asyncio.wait([self._lookup], timeout=self._limits.suspicion_seconds))[0]:
            raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer")
        [found] = self._lookup.result()
        if isinstance(found, BaseException):
            raise found

    async def _judge(self, probe: Session, session: Session, backend: Mapping[str, Any] | None) -> None:
        seconds = self._seconds_busy(session)
        if seconds < self._limits.suspicion_seconds:
            if session.waiting_since is None and session.has_become_read_only():
                self._end(session, "another server takes writes now")
            return
        if backend is None:
            self._end(session, f"no server process works for it; it has waited {seconds:.1f} s")
        elif self._waits_for_client(session, backend):
            self._end(session, f"the answer was lost; it has waited {seconds:.1f} s")
            # Nothing reaches that server process any more, but it still holds the leases of the session.
            await probe.execute(TERMINATE, session.pid, session.backend_start)
        elif backend["wait_event_type"] == "Lock" and session.reported_lock_of != session.waiting_since:
            session.reported_lock_of = session.waiting_since
            log.warning(
                "%s: has waited %.1f s for a lock: %s",
                session.label,
                seconds,
                await blockers(probe, session.pid) or "its holder has just ended",
            )

    def _waits_for_client(self, session: Session, backend: Mapping[str, Any]) -> bool:
        """Whether the server waits for a message of the session, which waits for an answer: something between was lost."""
        if not backend["reads"] or backend["idle_seconds"] < self._limits.suspicion_seconds:
            return False
        if session.on_the_way.statement != session.waiting_since:
            session.on_the_way = OnTheWay(session.waiting_since, since=session.waiting_since or 0.0)
        # Rows of a COPY, or a large statement on a slow link, are lost if they come no further.
        sent = OnTheWay(
            session.waiting_since, backend["copied"], session.unacknowledged_bytes(), session.time()
        )
        if sent.progress != session.on_the_way.progress:
            session.on_the_way = sent
        limit = self._limits.dead_seconds if any(sent.progress) else self._limits.suspicion_seconds
        return session.time() - session.on_the_way.since >= limit

    def _seconds_busy(self, session: Session) -> float:
        return 0.0 if session.waiting_since is None else session.time() - session.waiting_since

    def _end(self, session: Session, reason: str) -> None:
        if not session.is_closed():
            log.warning("%s: connection ended: %s", session.label, reason)
            session.terminate()


def _is_name(host: str) -> bool:
    """Whether the host is neither an address nor the folder of a unix socket."""
    try:
        ip_address(host)
    except ValueError:
        return not host.startswith("/")
    return False


def _is_without_answer(error: Exception) -> bool:
    """Whether a connection was tried, and no server answered."""
    if isinstance(
        error,
        TimeoutError
        | ConnectionRefusedError
        | ConnectionResetError
        | ConnectionAbortedError
        | asyncpg.ConnectionDoesNotExistError,
    ):
        return True
    if type(error) is ConnectionError:
        # A proxy has closed the connection. Other errors of this type are answers to the driver's request for TLS.
        return str(error) == _CLOSED
    # asyncio gives the failures of several addresses as one error, without a number.
    return type(error) is OSError and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, None)


async def blockers(connection: asyncpg.Connection, pid: int) -> str | None:
    """Who holds the lock that this server process waits for, as text. None if it waits for no session any more."""
    records = await connection.fetch(_SELECT_BLOCKERS, pid)
    return "; ".join(format_holder(record) for record in records) or None


def format_holder(record: Mapping[str, Any]) -> str:
    """A record with pid, application_name, client_addr, state and state_since, as text."""
    address = record["client_addr"] or "a local socket"
    return (
        f"held by process {record['pid']} ({record['application_name'] or 'no application name'}, from {address},"
        f" {record['state'] or 'unknown state'} since {record['state_since'] or 'an unknown time'})"
    )


# From the parse of a statement to its execution a session is active, not idle. The driver sends one after the other.
_SELECT_BACKENDS = """
    SELECT a.pid, a.backend_start, a.wait_event_type, c.bytes_processed AS copied,
        coalesce(a.state LIKE 'idle%' OR a.wait_event = 'ClientRead', false) AS reads,
        extract(epoch FROM clock_timestamp() - a.state_change)::float8 AS idle_seconds
    FROM pg_stat_activity a LEFT JOIN pg_stat_progress_copy c ON c.pid = a.pid WHERE a.pid = ANY ($1)
"""
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
HOLDER_COLUMNS = (
    "a.pid, a.application_name, host(a.client_addr) AS client_addr, a.state,"
    " to_char(a.state_change, 'HH24:MI:SS TZ') AS state_since"
)
_SELECT_BLOCKERS = f"""
    SELECT {HOLDER_COLUMNS} FROM unnest(pg_blocking_pids($1)) blocker JOIN pg_stat_activity a ON a.pid = blocker
"""
