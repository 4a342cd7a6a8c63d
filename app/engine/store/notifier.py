"""Notifies other server processes that the log has grown: NOTIFY after the commit, on a connection of its own.

NOTIFY inside the append transaction would take a cluster-wide lock in every commit. A lost notification costs only the
time until the next poll. So a broken connection is opened again, and no notification is repeated.
"""

import asyncio
import logging
from collections.abc import Callable

import asyncpg

from app.engine.backoff import Backoff
from app.engine.database.connections import Connect
from app.engine.logs import error_line

log = logging.getLogger(__name__)

CHANNEL = "es_log"
MIN_NOTIFY_INTERVAL_SECONDS = 0.01
"""Commits within this interval share one notification."""


class LogNotifier:
    """One connection that listens and notifies. It calls `on_notify` with the position that another process sends, and
    `on_text` with any other text."""

    def __init__(
        self,
        connect: Connect,
        on_notify: Callable[[int], None],
        on_text: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._connect = connect
        self._on_notify = on_notify
        self._on_text = on_text
        self._wakeup = asyncio.Event()
        self._newest = 0
        self.error: str | None = None
        """Why notifications are off, in one line. The log is polled in the meantime."""

    def notify(self, position: int) -> None:
        """This process has recorded events up to `position`."""
        if position > self._newest:
            self._newest = position
            self._wakeup.set()

    def forget(self) -> None:
        """The log was replaced: the positions of its lost events are not sent again."""
        self._newest = 0

    async def run(self) -> None:
        """Listen and notify until cancelled."""
        backoff = Backoff(0.05, 2.0)
        while True:
            connection: asyncpg.Connection | None = None
            try:
                connection = await self._connect()
                # A notification holds nothing that the log does not hold, so it need not survive a crash.
                await connection.execute("SET synchronous_commit = off")
                await connection.add_listener(CHANNEL, self._receive)
                # An idle connection can end unnoticed. Its end wakes the loop, and the next statement fails.
                connection.add_termination_listener(self._ended)
                while True:
                    await self._wakeup.wait()
                    self._wakeup.clear()
                    await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, str(self._newest))
                    # Only a notification proves that they work: a full queue refuses it, and the connection is well.
                    self.error = None
                    backoff.reset()
                    await asyncio.sleep(MIN_NOTIFY_INTERVAL_SECONDS)
            except Exception as error:
                # No error ends the loop. A notification that is lost costs the time until the next poll.
                self.error = error_line(error)
                # The next server may lack the events that this one had. The first notification only proves that they work.
                self._newest = 0
                log.warning("notifications between processes are off, the log is polled: %s", self.error)
                self._wakeup.set()
                await backoff.sleep()
            finally:
                if connection is not None:
                    connection.terminate()

    def _ended(self, connection: object) -> None:
        self._wakeup.set()

    def _receive(self, connection: object, pid: int, channel: str, payload: object) -> None:
        text = str(payload)
        if text.isdigit():
            self._on_notify(int(text))
        else:
            self._on_text(text)
