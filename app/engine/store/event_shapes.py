"""Finds event classes that changed without a new version. It compares them with the shapes recorded in the database."""

import json
from collections.abc import Mapping

import asyncpg

from app.engine.store.codec import EventCodec
from app.engine.store.type_shape import Shape, difference, type_shape
from app.engine.store.upcasts import format_stored_name
from domain.kernel.decider import Event, StoredName


async def changed_events(pool: asyncpg.Pool, codec: EventCodec) -> Mapping[str, str]:
    """One line for each changed event class, with what to do, by stored name and version.

    Records the shapes that are not in `es.event_shapes` yet. Recorded shapes stay as they are.
    """
    event_types = {event_type.stored: event_type for event_type in codec.event_types.values()}
    await pool.execute(
        _INSERT_SHAPES,
        [stored.name for stored in event_types],
        [stored.version for stored in event_types],
        [json.dumps(type_shape(event_type)) for event_type in event_types.values()],
    )
    changed: dict[str, str] = {}
    for row in await pool.fetch("SELECT name, version, shape FROM es.event_shapes ORDER BY name, version"):
        stored = StoredName(row["name"], row["version"])
        event_type, recorded = event_types.get(stored), json.loads(row["shape"])
        if event_type is None or recorded == type_shape(event_type):
            continue
        changed[format_stored_name(stored)] = changed_shape(
            event_type, recorded, "than this database recorded"
        ) + (
            ". Only if that version was never released, DELETE FROM es.event_shapes"
            f" WHERE name = '{stored.name}' AND version = {stored.version} instead"
        )
    return changed


def changed_shape(event_type: type[Event], recorded: Shape, than: str) -> str:
    """The line for an event class that changed without a new version: what differs, and what to do."""
    stored = event_type.stored
    return (
        f"{format_stored_name(stored)} has another shape {than} ({difference(recorded, type_shape(event_type))})."
        f" Give {event_type.__qualname__} version={stored.version + 1}, and write an Upcast from {stored.version}"
        " at the bottom of its file. Then run make samples and commit what that writes"
    )


_INSERT_SHAPES = """
    INSERT INTO es.event_shapes (name, version, shape)
    SELECT * FROM unnest($1::text[], $2::integer[], $3::json[])
    ON CONFLICT (name, version) DO NOTHING
"""
