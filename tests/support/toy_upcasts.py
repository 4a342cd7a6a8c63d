"""The toy counter with upcasts of events that its older code stored, and such events."""

import json
from dataclasses import replace
from uuid import UUID

from app.engine.database.connections import Database
from domain.kernel.decider import Data, StoredName, Upcast
from tests.support.toy_counter import tally


def failing_upcast(data: Data) -> Data:
    raise RuntimeError("no such thing")


tally_with_upcasts = replace(
    tally,
    upcasts=(
        Upcast("tally.grown", 1, into=StoredName("tally.added", 1)),
        Upcast(
            "tally.moved",
            1,
            lambda data: ({"amount": data["in"]}, {"amount": data["out"]}),
            into=(StoredName("tally.added", 1), StoredName("tally.taken", 1)),
        ),
        Upcast("tally.looked-at", 1, into=()),
        Upcast("tally.burnt", 1, failing_upcast, into=StoredName("tally.taken", 1)),
    ),
)


async def insert_events(database: Database, stream: UUID, *stored: tuple[str, int, Data]) -> None:
    """Put events in the log as older code did: stored name, version of the shape, data."""
    for version, (name, shape, data) in enumerate(stored, start=1):
        await database.pool.execute(
            "INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor,"
            " occurred_at, recorded_at) SELECT coalesce(max(position), 0) + 1, 'tally', $1, $2, $3, $4, $5::jsonb, gen_random_uuid(),"
            " gen_random_uuid(), 'x', now(), now() FROM es.events",
            stream,
            version,
            name,
            shape,
            json.dumps(data),
        )


GROWN = ("tally.grown", 1, {"amount": 10})
MOVED = ("tally.moved", 1, {"in": 5, "out": 2})
LOOKED = ("tally.looked-at", 1, {})
BURNT = ("tally.burnt", 1, {"amount": 1})
ADDED = ("tally.added", 1, {"amount": 1})
