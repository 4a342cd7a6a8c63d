"""Reads what one request caused: its commands, and the events that each recorded."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from app.engine.database.connections import Database, retry_read
from app.engine.errors import UserError
from app.engine.store.codec import EventCodec

MAX_EVENTS = 5_000
"""Events in one trace. A longer one is better read as an export."""


@dataclass(frozen=True, slots=True)
class TracedEvent:
    """One recorded event of the trace."""

    position: int
    category: str
    stream_id: UUID
    version: int
    type: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CausedCommand:
    """One command, with its events in order.

    `name` is None if es.commands has no entry for it. `caused_by` is the position of the event that caused it.
    `on_behalf_of` is the caller whose command led to it, if another actor sent it, such as a process.
    """

    id: UUID
    name: str | None
    actor: str
    caused_by: int | None
    on_behalf_of: str | None
    events: list[TracedEvent] = field(default_factory=list[TracedEvent])


@dataclass(frozen=True, slots=True)
class Trace:
    """All commands of one correlation id, in the order of the log.

    The commands form a tree: the parent of a command is the event at its `caused_by`. `truncated_at` is the last
    position that is included, if there are more events.
    """

    correlation_id: UUID
    began_at: datetime
    commands: Sequence[CausedCommand]
    truncated_at: int | None


async def read_trace(database: Database, codec: EventCodec, correlation_id: UUID) -> Trace:
    """The trace of a correlation id. Raises `UserError` if no event has it."""
    rows = await database.reads.fetch(_SELECT_EVENTS, correlation_id, MAX_EVENTS + 1)
    causes = {row["caused_by"] for row in rows[:MAX_EVENTS] if row["caused_by"] is not None}
    origins = await origin_actors(database, causes) if causes else {}
    if not rows:
        raise UserError(f"no event has the correlation id {correlation_id}")
    commands: dict[UUID, CausedCommand] = {}
    for row in rows[:MAX_EVENTS]:
        command_id, name = row["command_id"], row["name"]
        command = commands.get(command_id)
        if command is None:
            readable = name and codec.command_name(row["category"], name)
            origin = origins.get(row["caused_by"])
            command = commands[command_id] = CausedCommand(
                command_id,
                readable,
                row["actor"],
                row["caused_by"],
                None if origin == row["actor"] else origin,
            )
        command.events.append(
            TracedEvent(
                position=row["position"],
                category=row["category"],
                stream_id=row["stream_id"],
                version=row["version"],
                type=row["type"],
                recorded_at=row["recorded_at"],
            )
        )
    truncated_at = rows[MAX_EVENTS - 1]["position"] if len(rows) > MAX_EVENTS else None
    return Trace(correlation_id, rows[0]["recorded_at"], list(commands.values()), truncated_at)


async def origin_actors(database: Database, positions: Collection[int]) -> Mapping[int, str]:
    """Who sent the first command of the chain that led to the event at each position. A cause precedes its effect."""
    rows = await retry_read(partial(database.reads.fetch, _SELECT_ORIGIN_ACTORS, list(positions)))
    return {row["start"]: row["actor"] for row in rows}


_SELECT_EVENTS = """
    SELECT e.position, e.category, e.stream_id, e.version, e.type, e.command_id, e.caused_by, e.actor, e.recorded_at, c.name
    FROM es.events e LEFT JOIN es.commands c USING (command_id)
    WHERE e.correlation_id = $1
    ORDER BY e.position
    LIMIT $2
"""
_SELECT_ORIGIN_ACTORS = """
    WITH RECURSIVE chain (start, caused_by, actor) AS (
        SELECT e.position, e.caused_by, e.actor FROM es.events e WHERE e.position = ANY($1::bigint[])
        UNION ALL
        SELECT c.start, e.caused_by, e.actor
        FROM chain c JOIN es.events e ON e.position = c.caused_by AND e.caused_by IS DISTINCT FROM c.caused_by
    )
    SELECT start, actor FROM chain WHERE caused_by IS NULL
"""
