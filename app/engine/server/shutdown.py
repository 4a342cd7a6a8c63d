"""The shutdown of a server process has one limit: after it, connections are torn down with the process.

SIGTERM, SIGINT or a component that gave up
  ├─ requests are answered, components stop, connections close ──▶ exit code 0, or 1 if a component gave up
  ├─ a component does not stop in its share of the time ─────────▶ a line names it; exit code 1
  ├─ the limit passes ───────────────────────────────────────────▶ a line names the phase; exit code 1
  └─ a second signal ────────────────────────────────────────────▶ the process ends at once; exit code 1
"""

import logging
import os
import sys
import threading

log = logging.getLogger(__name__)

EXIT_CODE = 1
"""Of a process that did not stop in time, or that ended because a component gave up."""


class Shutdown:
    """Ends the process when its shutdown takes longer than `seconds`, also if the event loop is blocked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.phase = "requests"
        """What the shutdown waits for."""
        self._timer: threading.Timer | None = None

    @property
    def has_begun(self) -> bool:
        return self._timer is not None

    def begin(self) -> None:
        """Start the clock. The timer is a daemon: a process that ends in time ends without it."""
        if self._timer is None:
            self._timer = threading.Timer(self.seconds, self._tear_down)
            self._timer.daemon = True
            self._timer.start()

    def end_now(self) -> None:
        """End the process at once: a second signal has come."""
        log.error("stopped at once by a second signal; not stopped: %s", self.phase)
        _end_process()

    def _tear_down(self) -> None:
        log.error("not stopped within %g s: %s; the connections are torn down", self.seconds, self.phase)
        _end_process()


def _end_process() -> None:
    """End without the handlers of the interpreter: they wait for threads, and those may wait for the database."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(EXIT_CODE)
