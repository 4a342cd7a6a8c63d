"""Reads facts: of one stream, or of the whole log from a position on."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from app.engine.database.batched_reads import BatchedReads
from app.engine.database.connections import retry_read
from app.engine.database.pool_reads import PoolReads
from app.engine.store.codec import EventCodec
from app.engine.store.event_filter import ALL_EVENTS, EventFilter
from app.engine.store.event_rows import EVENT_COLUMNS, fetch_event_rows
from app.engine.store.log_identity import (
    IDENTITY_COLUMNS,
    SELECT_LOG_END,
    EventIdentity,
    Fact,
    LogEnd,
    LogHole,
    identity_of,
    rows_before_hole,
)
from app.engine.turns import wait_for_turn

MAX_CLOCK_DIFFERENCE = timedelta(seconds=1)
"""How far the clock of a client may be ahead of that of the database. A moment within it is now."""


class EventReader:
    """Reads facts.

    No read holds a connection of `pool` after it returned. A caller that reads the whole log passes its own connection.
    """

    def __init__(
        self,
        pool: asyncpg.Pool | asyncpg.Connection | BatchedReads | PoolReads,
        codec: EventCodec,
        noted_by: "EventReader | None" = None,
    ) -> None:
        self._pool = pool
        self.codec = codec
        """What decodes the events."""
        self._noted_by = noted_by
        self.newest_seen: EventIdentity | None = None
        """The newest event that this process has read or recorded. What it keeps in memory may rest on it."""

    def on(self, connection: asyncpg.Connection) -> "EventReader":
        """A reader on this connection."""
        return EventReader(connection, self.codec)

    def through(self, reads: PoolReads | BatchedReads) -> "EventReader":
        """The same reader, for one operation."""
        return EventReader(reads, self.codec, noted_by=self)

    def note(self, facts: Sequence[Fact]) -> None:
        """These facts were read or recorded, in the order of their positions."""
        if self._noted_by is not None:
            self._noted_by.note(facts)
        if facts and (self.newest_seen is None or facts[-1].position > self.newest_seen.position):
            self.newest_seen = identity_of(facts[-1])

    async def log_end(self) -> LogEnd:
        """The id of the log and its newest event."""
        [record] = await self._fetch(SELECT_LOG_END)
        return LogEnd.from_record(record)

    async def identities(self, first: int, last: int) -> Sequence[EventIdentity]:
        """The events at positions `first` to `last` that the log has, in order."""
        rows = await self._fetch(
            f"SELECT {IDENTITY_COLUMNS} FROM es.events WHERE position BETWEEN $1 AND $2 ORDER BY position",
            first,
            last,
        )
        return [EventIdentity.from_record(row) for row in rows]

    async def head_position(self) -> int:
        """The position of the newest fact; 0 if the log is empty."""
        [row] = await self._fetch("SELECT coalesce(max(position), 0) AS head FROM es.events")
        return row["head"]

    async def read_stream(
        self, category: str, stream_id: UUID, after: int = 0, limit: int = 5_000, *, up_to: int | None = None
    ) -> Sequence[Fact]:
        """Up to `limit` facts of one stream in order, with `after` < version <= `up_to`."""
        rows = await fetch_event_rows(
            self._pool,
            f"SELECT {EVENT_COLUMNS} FROM es.events WHERE category = $1 AND stream_id = $2 AND version > $3 AND version <= $4"
            " ORDER BY version LIMIT $5",
            category,
            stream_id,
            after,
            2**31 - 1 if up_to is None else up_to,
            limit,
        )
        await wait_for_turn()
        return self.facts(rows)

    async def stream_version(
        self, category: str, stream_id: UUID, *, moment: datetime | None = None, position: int | None = None
    ) -> int:
        """The version of the stream now, at a position, or at a moment of `recorded_at`. 0 if it had no facts."""
        condition, arguments = "", list[object]()
        if moment is not None:
            condition, arguments = " AND recorded_at <= $3", [moment]
        elif position is not None:
            condition, arguments = " AND position <= $3", [position]
        rows = await self._fetch(
            f"SELECT version FROM es.events WHERE category = $1 AND stream_id = $2{condition} ORDER BY version DESC LIMIT 1",
            category,
            stream_id,
            *arguments,
        )
        return rows[0]["version"] if rows else 0

    async def now(self) -> datetime:
        """The time by the clock of the database, which also makes `recorded_at`; never before that of the newest event."""
        [row] = await self._fetch(_SELECT_LATEST_MOMENT)
        return row["latest"]

    async def is_future(self, moment: datetime, tolerance: timedelta = MAX_CLOCK_DIFFERENCE) -> bool:
        """Whether the moment is after the clock of the database by more than `tolerance`, and so after the newest event.

        The newest event may be ahead of that clock: its own moment is not in the future.
        """
        limit = moment - tolerance
        if limit <= datetime.now(UTC):
            return False
        return limit > await self.now()

    async def position_at(self, moment: datetime) -> int:
        """The position of the newest fact that was recorded up to the moment; 0 if there is none."""
        [row] = await self._fetch(_SELECT_POSITION_AT, moment)
        return row["position"]

    async def undone_versions(
        self, category: str, stream_id: UUID, changes: Collection[int]
    ) -> frozenset[int]:
        """The versions of `changes` that are undone: the newest event that names the change undoes it."""
        rows = await self._fetch(
            "SELECT DISTINCT ON (change) change, undone FROM ("
            " SELECT version, coalesce(data->>'undoes', data->>'redoes') AS change, data->>'undoes' IS NOT NULL AS undone"
            " FROM es.events WHERE category = $1 AND stream_id = $2 AND version > $3) AS marked"
            " WHERE change = ANY($4::text[]) ORDER BY change, version DESC",
            category,
            stream_id,
            min(changes, default=0),
            [str(change) for change in changes],
        )
        return frozenset(int(row["change"]) for row in rows if row["undone"])

    async def command_names(self, command_ids: Collection[UUID]) -> Mapping[UUID, str]:
        """The current stored names of the commands, by command id."""
        rows = await self._fetch(
            "SELECT command_id, category, name FROM es.commands WHERE command_id = ANY($1::uuid[])",
            list(command_ids),
        )
        return {
            UUID(int=row["command_id"].int): self.codec.command_name(row["category"], row["name"])
            for row in rows
        }

    async def read_all(
        self, after: int, limit: int, *, up_to: int | None = None, where: EventFilter = ALL_EVENTS
    ) -> Sequence[Fact]:
        """Up to `limit` matching facts in order, with `after` < position <= `up_to`.

        Without a filter the facts follow each other: they end before a hole. Raises `LogHole` if it is the next position.
        """
        if where is ALL_EVENTS:
            facts, hole = await self.read_dense(after, limit, up_to=up_to)
            if not facts and hole is not None:
                raise hole
            return facts
        return self.facts(await self._read_rows(after, limit, up_to, where))

    async def read_page(
        self, after: int, size: int, where: EventFilter = ALL_EVENTS
    ) -> tuple[Sequence[Fact], bool]:
        """Up to `size` matching facts after position `after`, and whether there is a next page.

        A hole has a next page before it, too, which raises `LogHole`. Only a read without a filter knows of holes.
        """
        if where is not ALL_EVENTS:
            facts, hole = await self.read_all(after, size + 1, where=where), None
        else:
            facts, hole = await self.read_dense(after, size + 1)
            if not facts and hole is not None:
                raise hole
        return facts[:size], len(facts) > size or hole is not None

    async def count(self, where: EventFilter = ALL_EVENTS) -> int:
        """The number of matching facts in the log. Positions have no gaps, so that of the newest fact counts all."""
        if where is ALL_EVENTS:
            return await self.head_position()
        condition, arguments = where.sql(1, self.codec)
        [row] = await self._fetch(f"SELECT count(*) AS events FROM es.events WHERE {condition}", *arguments)
        return row["events"]

    async def read_dense(
        self, after: int, limit: int, *, up_to: int | None = None
    ) -> tuple[Sequence[Fact], LogHole | None]:
        """Up to `limit` facts that follow position `after` without a gap, and the hole that they end before."""
        rows = await self._read_rows(after, limit, up_to, ALL_EVENTS)
        dense, hole = rows_before_hole(rows, after)
        return self.facts(dense), hole

    async def _read_rows(
        self, after: int, limit: int, up_to: int | None, where: EventFilter
    ) -> Sequence[Any]:
        condition, arguments = where.sql(4, self.codec)
        return await fetch_event_rows(
            self._pool,
            f"SELECT {EVENT_COLUMNS} FROM es.events WHERE position > $1 AND position <= $2 AND {condition}"
            " ORDER BY position LIMIT $3",
            after,
            2**63 - 1 if up_to is None else up_to,
            limit,
            *arguments,
        )

    def facts(self, rows: Sequence[Any]) -> Sequence[Fact]:
        """The facts of these rows of es.events, which were read in the order of their positions. It notes them."""
        facts = [self.codec.fact(row) for row in rows]
        self.note(facts)
        return facts

    async def _fetch(self, query: str, *arguments: object) -> Sequence[Any]:
        return await retry_read(partial(self._pool.fetch, query, *arguments))


_SELECT_LATEST_MOMENT = """
    SELECT greatest(clock_timestamp(), (SELECT recorded_at FROM es.events ORDER BY position DESC LIMIT 1)) AS latest
"""

# A binary search over positions, without an index on recorded_at: positions have no gaps, and recorded_at never decreases.
_SELECT_POSITION_AT = """
    WITH RECURSIVE between (low, high) AS (
        SELECT 0::bigint, coalesce(max(position), 0) FROM es.events
        UNION ALL
        SELECT CASE WHEN e.recorded_at <= $1 THEN e.position ELSE b.low END,
               CASE WHEN e.recorded_at <= $1 THEN b.high ELSE e.position - 1 END
        FROM between b JOIN es.events e ON e.position = (b.low + b.high + 1) / 2
        WHERE b.low < b.high
    )
    SELECT max(low) AS position FROM between
"""
