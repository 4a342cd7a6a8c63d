"""The gauges of a server: the state of its components when the page of the metrics is rendered."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import override

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.engine.access.authentication import Authenticator
from app.engine.database.connections import Database
from app.engine.processes.engine import ProcessEngine
from app.engine.projector.projector import Projector
from app.engine.server.database_probe import DatabaseProbe
from app.engine.server.health import Health
from app.engine.server.supervisor import Supervisor
from app.engine.store.feed import Feed


@dataclass(frozen=True, slots=True)
class MetricSources:
    """The components whose state the gauges show."""

    projector: Projector
    feed: Feed
    processes: ProcessEngine
    probe: DatabaseProbe
    supervisor: Supervisor
    health: Health
    authenticator: Authenticator
    database: Database
    reconnects: Callable[[], Mapping[str, int]]
    makes_seals: bool


def _labelled(
    family: type[GaugeMetricFamily | CounterMetricFamily],
    name: str,
    help: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    """A metric with one label."""
    metric = family(name, help, labels=[label])
    for key, value in values.items():
        metric.add_metric([key], value)
    return metric


_gauge, _counter = partial(_labelled, GaugeMetricFamily), partial(_labelled, CounterMetricFamily)


class StateCollector(Collector):
    """Reads the gauges from the components when the page is rendered. It asks the database nothing."""

    def __init__(self, sources: MetricSources) -> None:
        self._sources = sources

    @override
    def collect(self) -> Iterator[Metric]:
        yield from self._server()
        yield from self._callers()
        yield from self._log()
        yield from self._projections()
        yield from self._processes()
        yield from self._database()

    def _server(self) -> Iterable[Metric]:
        supervisor, errors = self._sources.supervisor, self._sources.health.errors()
        names = [component.name for component in supervisor.components]
        yield GaugeMetricFamily("app_ready", "1 if the server is ready, else 0.", value=int(not errors))
        yield _gauge(
            "app_component_failed",
            "1 if a component has failed and has not recovered, else 0.",
            "component",
            {name: int(name in supervisor.errors) for name in names},
        )
        yield _counter(
            "app_component_restarts",
            "How often a component has started again after an error.",
            "component",
            supervisor.restarts,
        )
        yield _counter(
            "app_reconnects",
            "How often a component has opened its connection to the database again.",
            "component",
            self._sources.reconnects(),
        )

    def _callers(self) -> Iterable[Metric]:
        authenticator = self._sources.authenticator
        yield _counter("app_tokens_refused", "Refused tokens by reason.", "reason", authenticator.refused)
        yield GaugeMetricFamily(
            "app_issuer_failed",
            "1 if the issuer of tokens does not give its keys, so that the last ones count, else 0.",
            value=int(authenticator.warning is not None),
        )

    def _log(self) -> Iterable[Metric]:
        feed, health = self._sources.feed, self._sources.health
        yield GaugeMetricFamily("app_event_log_position", "Newest position in the log.", value=feed.head)
        yield GaugeMetricFamily(
            "app_event_log_epoch",
            "How often the log has turned out to be another one since the start.",
            value=feed.epoch,
        )
        yield GaugeMetricFamily(
            "app_feed_subscribers",
            "Subscriptions that wait for the next event.",
            value=feed.waiting_subscribers,
        )
        yield GaugeMetricFamily(
            "app_feed_trouble",
            "1 if this server does not read on in the log, else 0.",
            value=int(feed.trouble is not None),
        )
        yield GaugeMetricFamily(
            "app_write_trouble",
            "1 if writes fail or stand, else 0.",
            value=int(health.write_trouble is not None),
        )

    def _projections(self) -> Iterable[Metric]:
        projector, counts = self._sources.projector, self._sources.probe.counts
        workers = projector.workers
        yield _gauge(
            "app_projection_position",
            "Position of the newest event in each projection.",
            "projection",
            {name: worker.state.position for name, worker in workers.items()},
        )
        yield _gauge(
            "app_projection_lag_events",
            "Events that each projection has not processed.",
            "projection",
            projector.lag_events(),
        )
        yield _gauge(
            "app_projection_lag_seconds",
            "Time that the oldest unprocessed event has waited, in seconds.",
            "projection",
            self._sources.health.lag_seconds(),
        )
        yield _gauge(
            "app_projection_parked_keys",
            "Parked keys of each projection.",
            "projection",
            dict.fromkeys(workers, 0) | projector.parked_keys(),
        )
        yield _gauge(
            "app_projection_failed",
            "1 if an error stops the projection, else 0.",
            "projection",
            {name: int(worker.state.error is not None) for name, worker in workers.items()},
        )
        yield _gauge(
            "app_unreadable_events",
            "Events that this code cannot read, by type and stored version.",
            "type",
            projector.unreadable_events(),
        )
        if counts is not None:
            yield _gauge(
                "app_projection_oldest_parked_key_seconds",
                "Time that the oldest parked key of each projection has waited, in seconds.",
                "projection",
                {**dict.fromkeys(workers, 0.0), **counts.oldest_parked_key_seconds},
            )

    def _processes(self) -> Iterable[Metric]:
        workers, counts = self._sources.processes.workers, self._sources.probe.counts
        yield _gauge(
            "app_process_failed",
            "1 if an error stops the process, else 0.",
            "process",
            {name: int(worker.error is not None) for name, worker in workers.items()},
        )
        if counts is None:
            return
        steps = GaugeMetricFamily(
            "app_process_steps",
            "Open steps of each process by state: due or stuck.",
            labels=["process", "state"],
        )
        ages = GaugeMetricFamily(
            "app_process_oldest_step_seconds",
            "Time since the oldest open step was asked for, in seconds.",
            labels=["process", "state"],
        )
        for name in workers:
            for state in ("due", "stuck"):
                steps.add_metric([name, state], counts.steps.get((name, state), 0))
                ages.add_metric([name, state], counts.oldest_step_seconds.get((name, state), 0))
        yield steps
        yield ages
        yield _gauge(
            "app_process_stuck_steps",
            "Stuck steps of each process.",
            "process",
            {name: counts.steps.get((name, "stuck"), 0) for name in workers},
        )
        yield _gauge(
            "app_process_parked_instances",
            "Parked instances of each process.",
            "process",
            {**dict.fromkeys(workers, 0), **counts.parked_instances},
        )

    def _database(self) -> Iterable[Metric]:
        probe, pool = self._sources.probe, self._sources.database.pool
        size, idle = pool.get_size(), pool.get_idle_size()
        yield _gauge(
            "app_pool_connections",
            "Connections of the pool for reads: in use, idle, and the largest number.",
            "state",
            {"used": size - idle, "idle": idle, "max": pool.get_max_size()},
        )
        yield GaugeMetricFamily(
            "app_pool_waiting_reads",
            "Reads that wait for their turn or for a connection of the pool.",
            value=self._sources.database.pool_waits.count,
        )
        yield GaugeMetricFamily(
            "app_database_failed",
            "1 if the database does not answer this server, else 0.",
            value=int(probe.error is not None),
        )
        if probe.clock_skew_seconds is not None:
            yield GaugeMetricFamily(
                "app_clock_skew_seconds",
                "How far the clock of the database is ahead of the clock of this server, in seconds.",
                value=probe.clock_skew_seconds,
            )
        if probe.counts is not None and (self._sources.makes_seals or probe.counts.has_seals):
            yield GaugeMetricFamily(
                "app_seal_age_seconds",
                "Time that the oldest event without a seal has waited, in seconds.",
                value=probe.counts.seal_age_seconds,
            )
