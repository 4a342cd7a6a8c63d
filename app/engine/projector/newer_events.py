"""Finds events that newer code has written and this code cannot read. A projection stops before the first of them.

In a rolling deploy an older server may own a projection. At the same time a newer one may record events of a new
version. The older one must not pass over them: it leaves the table to a newer server, which reads them.
"""

from collections.abc import Sequence

import asyncpg
import msgspec

from app.engine.database.connections import AnyConnection
from app.engine.projector.parking.parked_keys import ParkedKeys, ParkedStream
from app.engine.store.codec import EventCodec
from app.engine.store.reader import Fact
from domain.kernel.decider import StoredName, UnreadableEvent


class NewerEvent(Exception):
    """The projection stands before an event of newer code. The message is one line with what to do."""

    def __init__(self, projection: str, fact: Fact) -> None:
        key = msgspec.json.encode({"category": fact.category, "stream": fact.stream_id}).decode()
        self.remedy = f"event {fact.event.name} v{fact.event.version} at position {fact.position} is of newer code: run that code"
        """What to do if the projection is past the event already, so that it cannot be skipped."""
        super().__init__(
            f"{self.remedy}, or skip the event: projections skip {projection} '{key}' --position {fact.position}"
        )
        self.position = fact.position


async def facts_before_newer_event(
    connection: AnyConnection | asyncpg.Pool, codec: EventCodec, facts: Sequence[Fact], parked: ParkedKeys
) -> tuple[Sequence[Fact], NewerEvent | None]:
    """The facts before the first whose event newer code has registered, and the error to raise after they are folded. All
    facts and None if there is none.

    Events of categories that this code does not know concern no projection of it. Events that no code has registered are
    unreadable for all, and are passed over and counted. Events that an operator has skipped do not count.
    """
    unreadable = [fact for fact in facts if isinstance(fact.event, UnreadableEvent)]
    if not unreadable:
        return facts, None
    known = set(codec.known_shapes)
    unknown = [
        fact
        for fact in unreadable
        if fact.category in codec.commands
        and _shape(fact) not in known
        and not parked.excludes(ParkedStream(fact.category, fact.stream_id), fact.position)
    ]
    if not unknown:
        return facts, None
    records = await connection.fetch(
        _SELECT_REGISTERED, [fact.event.name for fact in unknown], [fact.event.version for fact in unknown]
    )
    registered = {StoredName(record["name"], record["version"]) for record in records}
    first = next((fact for fact in unknown if _shape(fact) in registered), None)
    if first is None:
        return facts, None
    return [fact for fact in facts if fact.position < first.position], NewerEvent(
        parked.projection.name, first
    )


def _shape(fact: Fact) -> StoredName:
    return StoredName(fact.event.name, fact.event.version)


_SELECT_REGISTERED = """
    SELECT name, version FROM es.event_shapes
    WHERE (name, version) IN (SELECT * FROM unnest($1::text[], $2::integer[]))
"""
