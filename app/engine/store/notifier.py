"""Tells other processes that the log has grown, and hears it from them: NOTIFY after commit, from a connection of its own.

NOTIFY inside the append transaction would take a cluster-wide lock in every commit. A lost notification costs nothing
but the time until the next poll, so a broken connection is only made again.
"""

import asyncio
import logging
from collections.abc import Callable

import asyncpg

from app.engine.database.connections import Connect
from app.engine.database.errors import DRIVER_ERRORS, is_connection_error

log = logging.getLogger(__name__)

CHANNEL = "es_log"
MIN_NOTIFY_INTERVAL_SECONDS = 0.01
"""Seconds between two notifications: what is committed in between shares one."""


class LogNotifier:
    """One connection that both listens and notifies. `heard` is called with the position another process names."""

    def __init__(self, connect: Connect, heard: Callable[[int], None]) -> None:
        self._connect = connect
        self._on_notify = heard
        self._bell = asyncio.Event()
        self._newest = 0

    def notify(self, position: int) -> None:
        """The log of this process now ends at `position`."""
        if position > self._newest:
            self._newest = position
            self._bell.set()

    async def run(self) -> None:
        pause = 0.05
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await self._connect()
                # The notification says nothing that the log does not hold: it need not survive a crash.
                await connection.execute("SET synchronous_commit = off")
                await connection.add_listener(CHANNEL, self._receive)
                # A connection that ends while nothing is told would never be missed: its end rings, and telling fails.
                connection.add_termination_listener(self._ended)
                pause = 0.05
                while True:
                    await self._bell.wait()
                    self._bell.clear()
                    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(self._newest))
                    await asyncio.sleep(MIN_NOTIFY_INTERVAL_SECONDS)
            except DRIVER_ERRORS as error:
                if not is_connection_error(error):
                    raise
                log.warning("wake-ups between processes are off (%s); the log is polled", error)
                self._bell.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
            finally:
                if connection is not None:
                    connection.terminate()

    def _ended(self, connection: object) -> None:
        self._bell.set()

    def _receive(self, connection: object, pid: int, channel: str, payload: object) -> None:
        if str(payload).isdigit():
            self._on_notify(int(str(payload)))
