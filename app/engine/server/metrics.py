"""The metrics of one server process, in the text format of Prometheus. All names begin with `app_`."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import override

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from app.engine.command_outcomes import OUTCOMES
from app.engine.server.gauges import MetricSources, StateCollector
from app.engine.server.instruments import LoopCounter, LoopHistogram

log = logging.getLogger(__name__)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DURATION_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH_SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
FORMER_NAMES: Mapping[str, str] = {
    "app_append_batch_events": "append_batch_size",
    "app_command_duration_seconds": "command_duration_seconds",
    "app_commands": "commands",
    "app_event_log_position": "event_log_position",
    "app_feed_subscribers": "feed_subscribers",
    "app_process_stuck_steps": "process_steps_stuck",
    "app_projection_failed": "projection_failed",
    "app_projection_lag_events": "projection_lag_events",
    "app_projection_lag_seconds": "projection_lag_seconds",
    "app_projection_parked_keys": "projection_parked_keys",
    "app_projection_position": "projection_position",
    "app_unreadable_events": "unreadable_events",
}
"""Names that the metrics had before they got their prefix. They are served, too, so that no alert falls silent."""


class Metrics:
    """The metrics of one runtime, in a registry of their own: several runtimes can live in one process.

    `team` are those of the team that uses the engine. Raises `ValueError` if two of them have one name.
    """

    def __init__(self, sources: MetricSources, team: Sequence[Collector] = ()) -> None:
        self._team = CollectorRegistry()
        self._team_failed = False
        """Whether the metrics of the team were left out of the last page."""
        for collector in team:
            self._team.register(collector)
        self._registry = CollectorRegistry()
        self._registry.register(StateCollector(sources))
        self._former = CollectorRegistry()
        self._former.register(_FormerNames(self._registry))
        ProcessCollector(registry=self._registry)
        self._commands = LoopCounter("app_commands", "Commands by outcome.", "outcome", OUTCOMES)
        self._command_duration = LoopHistogram(
            "app_command_duration_seconds",
            "Time from a command to its outcome, in seconds.",
            DURATION_BUCKETS_SECONDS,
        )
        self.append_wait = LoopHistogram(
            "app_append_wait_seconds",
            "Time from the queue of the appender to the answer of the database, in seconds.",
            DURATION_BUCKETS_SECONDS,
        )
        self.append_batch_events = LoopHistogram(
            "app_append_batch_events", "Events in one batch of the appender.", BATCH_SIZE_BUCKETS
        )
        self.pool_wait = LoopHistogram(
            "app_pool_wait_seconds",
            "Time that a read waited for its turn and a connection of the pool, in seconds.",
            DURATION_BUCKETS_SECONDS,
        )
        for instrument in (
            self._commands,
            self._command_duration,
            self.append_wait,
            self.append_batch_events,
            self.pool_wait,
        ):
            self._registry.register(instrument)

    def observe_command(self, outcome: str, seconds: float) -> None:
        """Count a command. The outcome is a word of `OUTCOMES`."""
        self._commands.increment(outcome)
        self._command_duration.observe(seconds)

    def render(self) -> bytes:
        """The page at /metrics."""
        return generate_latest(self._registry) + generate_latest(self._former) + self._render_team()

    def _render_team(self) -> bytes:
        try:
            page = generate_latest(self._team)
        except Exception:
            # The team's code may raise any error. It must not hide the metrics of the engine, on which alerts rest.
            if not self._team_failed:
                self._team_failed = True
                log.exception("metrics of the application are left out")
            return b""
        self._team_failed = False
        return page


class _FormerNames(Collector):
    """The same samples under the names that the metrics had before."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    @override
    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            if (former := FORMER_NAMES.get(metric.name)) is not None:
                copy = Metric(former, metric.documentation, metric.type)
                copy.samples = [
                    sample._replace(name=former + sample.name.removeprefix(metric.name))
                    for sample in metric.samples
                ]
                yield copy
