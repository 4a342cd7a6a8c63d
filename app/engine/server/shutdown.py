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
from collections.abc import Callable

log = logging.getLogger(__name__)

EXIT_CODE = 1
"""Of a process that did not stop in time, or that ended because a component gave up."""
WRITE_SECONDS = 0.2
"""How long the last line may take."""


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
        """Start the clock. A signal handler may call it. A process that ends in time ends without the timer."""
        if self._timer is None:
            self._timer = threading.Timer(self.seconds, self._tear_down)
            self._timer.daemon = True
            self._timer.start()

    def end_now(self) -> None:
        """End the process at once: a second signal has come. A signal handler may call it."""
        _start_thread(lambda: _end_process(f"stopped at once by a second signal; not stopped: {self.phase}"))

    def _tear_down(self) -> None:
        _end_process(f"not stopped within {self.seconds:g} s: {self.phase}; the connections are torn down")


def _end_process(line: str) -> None:
    """End without the handlers of the interpreter: they wait for threads, and those may wait for the database."""
    # The reader of the log may have stopped, too, so that the line waits for ever.
    _start_thread(lambda: _write(line)).join(WRITE_SECONDS)
    os._exit(EXIT_CODE)


def _write(line: str) -> None:
    log.error(line)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _start_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread
