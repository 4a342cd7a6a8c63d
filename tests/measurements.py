"""Yours: what `make bench` measures of your code, next to that of the engine."""

from tests.bench.rounds import Section
from tests.shop.bench import fulfilment, queries, rebuilding, requests, streams

MEASUREMENTS: tuple[Section, ...] = (
    requests.durable_mutation,
    requests.authorization,
    requests.lag_at_half_of_peak,
    requests.live_events,
    requests.many_subscribers,
    queries.twenty_orders,
    fulfilment.placed_to_confirmed,
    streams.long_streams,
    streams.whole_log,
    rebuilding.against_reading,
    rebuilding.against_the_library,
    rebuilding.memory,
    rebuilding.million,
)
"""Each gets an empty, migrated database, and is named as its function."""
