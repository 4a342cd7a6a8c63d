"""The metrics of one server process, in the text format of Prometheus."""

from collections.abc import Iterator, Mapping
from typing import override

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
)
from app.engine.projector.projector import Projector
from app.engine.store.feed import Feed

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
DURATION_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
BATCH_SIZE_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class Metrics:
    """The metrics of one runtime, in a registry of their own: several runtimes can live in one process."""

    def __init__(self, projector: Projector, feed: Feed) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_StateCollector(projector, feed))
        ProcessCollector(registry=self._registry)
        self._commands = Counter("commands", "Commands by outcome.", ["outcome"], registry=self._registry)
        self._command_duration = Histogram(
            "command_duration_seconds",
            "Time from a command to its outcome, in seconds.",
            buckets=DURATION_BUCKETS_SECONDS,
            registry=self._registry,
        )
        self._append_batch_size = Histogram(
            "append_batch_size",
            "Events in one batch of the appender.",
            buckets=BATCH_SIZE_BUCKETS,
            registry=self._registry,
        )

    def observe_command(self, outcome: CommandOutcome | None, seconds: float) -> None:
        """Count a command. The outcome is None if the command raised an error."""
        self._commands.labels(_outcome_label(outcome)).inc()
        self._command_duration.observe(seconds)

    def observe_batch(self, events: int) -> None:
        """Count a batch that the appender stored."""
        self._append_batch_size.observe(events)

    def render(self, stuck_steps: Mapping[str, int] | None) -> bytes:
        """The page at /metrics. `stuck_steps` by process come from the database, or are None if it does not answer."""
        page = generate_latest(self._registry)
        if stuck_steps is None:
            return page
        steps = CollectorRegistry()
        steps.register(_StuckStepsCollector(stuck_steps))
        return page + generate_latest(steps)


def _outcome_label(outcome: CommandOutcome | None) -> str:
    match outcome:
        case CommandAccepted(duplicate=True):
            return "duplicate"
        case CommandAccepted():
            return "accepted"
        case CommandRejected():
            return "rejected"
        case CommandConflict():
            return "conflict"
        case CommandPreview():
            return "preview"
        case None:
            return "failed"


def _gauge(name: str, help: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, help, labels=[label])
    for key, value in values.items():
        gauge.add_metric([key], value)
    return gauge


class _StateCollector(Collector):
    """Reads the gauges from the projector and the feed when the page is rendered."""

    def __init__(self, projector: Projector, feed: Feed) -> None:
        self._projector = projector
        self._feed = feed

    @override
    def collect(self) -> Iterator[Metric]:
        projector, workers = self._projector, self._projector.workers
        yield GaugeMetricFamily("event_log_position", "Newest position in the log.", value=self._feed.head)
        yield GaugeMetricFamily(
            "feed_subscribers",
            "Subscriptions that wait for the next event.",
            value=self._feed.waiting_subscribers,
        )
        yield _gauge(
            "projection_position",
            "Position of the newest event in each projection.",
            "projection",
            {name: worker.state.position for name, worker in workers.items()},
        )
        yield _gauge(
            "projection_lag_events",
            "Events that each projection has not processed.",
            "projection",
            projector.lag_events(),
        )
        yield _gauge(
            "projection_lag_seconds",
            "Time that the oldest unprocessed event has waited, in seconds.",
            "projection",
            projector.lag_seconds(),
        )
        yield _gauge(
            "projection_parked_keys",
            "Parked keys of each projection.",
            "projection",
            dict.fromkeys(workers, 0) | projector.parked_keys(),
        )
        yield _gauge(
            "projection_failed",
            "1 if an error stops the projection, else 0.",
            "projection",
            {name: int(worker.state.error is not None) for name, worker in workers.items()},
        )
        yield _gauge(
            "unreadable_events",
            "Events that this code cannot read, by type and stored version.",
            "type",
            projector.unreadable_events(),
        )


class _StuckStepsCollector(Collector):
    def __init__(self, stuck_steps: Mapping[str, int]) -> None:
        self._stuck_steps = stuck_steps

    @override
    def collect(self) -> Iterator[Metric]:
        yield _gauge(
            "process_steps_stuck",
            "Steps of each process that failed as often as they may.",
            "process",
            self._stuck_steps,
        )
