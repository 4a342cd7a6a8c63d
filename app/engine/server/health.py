"""Decides whether this server is ready, and says why not: the document at /readyz.

Each reason is one line that names its cause. A reason goes by itself when its cause has gone, also without traffic.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.engine.access.authentication import Authenticator
from app.engine.audit.sealer import Sealer
from app.engine.processes.engine import ProcessEngine
from app.engine.projector.projector import Projector
from app.engine.server.database_probe import DatabaseProbe
from app.engine.server.lag_clock import LagClock
from app.engine.server.supervisor import Supervisor
from app.engine.settings import EngineSettings
from app.engine.store.append import Appender
from app.engine.store.feed import Feed
from app.engine.store.notifier import LogNotifier
from app.engine.store.snapshots.writer import SnapshotWriter

MAX_CLOCK_SKEW_SECONDS = 1.0
CHECK_INTERVAL_SECONDS = 0.5
PROCESSES_OFF = "processes are switched off: this server executes no step and no deadline (APP_PROCESSES)"
NO_LINES: Mapping[str, str] = {}


class Health:
    """What keeps this server from being ready, and what an operator should know."""

    def __init__(
        self,
        settings: EngineSettings,
        *,
        appender: Appender,
        feed: Feed,
        projector: Projector,
        processes: ProcessEngine,
        notifier: LogNotifier,
        snapshotter: SnapshotWriter,
        probe: DatabaseProbe,
        supervisor: Supervisor,
        sealer: Sealer,
        authenticator: Authenticator,
    ) -> None:
        self.head_at_start = 0
        self.changed_events: Mapping[str, str] = NO_LINES
        self.lag_clock = LagClock()
        self._settings = settings
        self._appender = appender
        self._feed = feed
        self._projector = projector
        self._processes = processes
        self._notifier = notifier
        self._snapshotter = snapshotter
        self._probe = probe
        self._supervisor = supervisor
        self._sealer = sealer
        self._authenticator = authenticator

    async def run(self) -> None:
        """Observe what has to be known before anyone asks, until cancelled."""
        while True:
            self._observe()
            await asyncio.sleep(CHECK_INTERVAL_SECONDS)

    def errors(self) -> dict[str, str]:
        """Why the server is not ready, by what is at fault: a component, a projection, a process or the database."""
        self._observe()
        errors = self._worker_errors()
        optional = {part.name for part in self._supervisor.components if not part.is_needed}
        errors |= {name: line for name, line in self._supervisor.errors.items() if name not in optional}
        for name, line in (
            ("writes", self._write_error()),
            ("feed", self._feed.trouble),
            ("database", self._probe.error),
            ("server", self._supervisor.failed),
        ):
            if line is not None:
                errors[name] = line
        return errors

    def warnings(self) -> dict[str, str]:
        """What an operator should know, and what does not make the server unready."""
        optional = {part.name for part in self._supervisor.components if not part.is_needed}
        warnings = {name: line for name, line in self._supervisor.errors.items() if name in optional}
        if not self._settings.processes:
            warnings["processes"] = PROCESSES_OFF
        if self._sealer.error is not None:
            # No client feels it: what is recorded is sealed later.
            warnings["sealer"] = self._sealer.error
        if self._notifier.error is not None:
            warnings["notifier"] = self._notifier.error
        if (line := self._authenticator.warning) is not None:
            warnings["issuer"] = line
        if self._feed.replacement is not None:
            warnings["log"] = self._feed.replacement
        if self._probe.error is None and (line := self._probe.pool_warning) is not None:
            # If a busy pool made the server unready, the next server would get its reads, too.
            warnings["pool"] = line
        if (line := self._clock_warning()) is not None:
            warnings["clocks"] = line
        return warnings

    async def document(self) -> dict[str, Any]:
        """The document at /readyz. It is ready within two seconds, also if the database does not answer."""
        await self._probe.fresh()
        workers, counts = self._projector.workers, self._probe.counts
        errors = self.errors()
        return {
            "ready": not errors,
            "position": self._feed.head,
            "log": {
                "id": None if self._feed.end.log_id is None else str(self._feed.end.log_id),
                "epoch": self._feed.epoch,
            },
            "lag": self._projector.lag_events(),
            "lagSeconds": self.lag_seconds(),
            "parked": self._projector.parked_keys(),
            "unreadable": self._projector.unreadable_events(),
            "errors": errors,
            "warnings": self.warnings(),
            "clockSkewSeconds": _rounded(self._probe.clock_skew_seconds),
            "stuckSteps": {} if counts is None else _stuck(counts.steps),
            "parkedInstances": {} if counts is None else dict(counts.parked_instances),
            "snapshots": asdict(self._snapshotter.counts),
            "fingerprintChanged": [
                name for name, worker in workers.items() if worker.state.stale_fingerprint is not None
            ],
            "changedEvents": dict(self.changed_events),
        }

    def lag_seconds(self) -> dict[str, float]:
        """How long each projection of this server has been behind the log, by this server's clock."""
        return {
            name: round(self.lag_clock.seconds_behind(worker.state.position), 3)
            for name, worker in self._projector.workers.items()
        }

    @property
    def write_trouble(self) -> str | None:
        """Why writes fail or stand, in one line; None if they do not."""
        if (trouble := self._appender.session.trouble) is not None:
            return trouble
        seconds = self._appender.session.stalled_seconds
        if seconds <= self._settings.ready_max_write_stall_seconds:
            return None
        return f"the database has worked on one batch for {seconds:.0f} s"

    def _observe(self) -> None:
        self.lag_clock.tick(self._feed.latest_known)
        positions: Sequence[int] = [worker.state.position for worker in self._projector.workers.values()]
        self.lag_clock.forget(min(positions, default=self._feed.latest_known))
        # A log that was replaced may end earlier.
        self.head_at_start = min(self.head_at_start, self._feed.head)

    def _write_error(self) -> str | None:
        is_late = self._appender.session.stalled_seconds > self._settings.ready_max_write_stall_seconds
        return self.write_trouble if is_late else None

    def _worker_errors(self) -> dict[str, str]:
        errors: dict[str, str] = {}
        lag, limit = self.lag_seconds(), self._settings.ready_max_lag_seconds
        for name, worker in self._projector.workers.items():
            position = worker.state.position
            if worker.state.problem is not None:
                errors[name] = worker.state.problem
            elif not worker.state.table_exists:
                errors[name] = "its table does not exist yet"
            elif position < self.head_at_start:
                errors[name] = f"at position {position}; the log was at {self.head_at_start} at the start"
            elif lag[name] > limit:
                events = self._projector.lag_events()[name]
                errors[name] = f"{events} events and {lag[name]:.0f} s behind the log"
        for worker in self._processes.workers.values():
            if worker.error is not None:
                errors[worker.process.category] = worker.error
        return errors

    def _clock_warning(self) -> str | None:
        lift = self._appender.session.clock_lift_seconds
        if lift > MAX_CLOCK_SKEW_SECONDS:
            return (
                f"events are recorded {lift:.0f} s ahead of the clock of the database, which was ahead once"
            )
        skew = self._probe.clock_skew_seconds
        if skew is None or abs(skew) - self._probe.clock_uncertainty_seconds <= MAX_CLOCK_SKEW_SECONDS:
            return None
        side = "ahead of" if skew > 0 else "behind"
        return f"the clock of the database is {abs(skew):.1f} s {side} the clock of this server"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)


def _stuck(steps: Mapping[tuple[str, str], int]) -> dict[str, int]:
    return {process: count for (process, outcome), count in steps.items() if outcome == "stuck"}
