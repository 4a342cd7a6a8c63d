"""Stores what a projection's table has parked, in the transaction of its rows and its checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from app.engine.database.connections import AnyConnection
from app.engine.projector.parking.parked_keys import (
    ParkedEntry,
    ParkedItem,
    ParkedKeys,
    UnreadableCount,
    key_codec,
)
from projections.kernel import AnyProjection


@dataclass(frozen=True, slots=True)
class RetryRequest:
    """A request to fold an item again: the position from which it waits, and the moment of the request."""

    position: int
    at: datetime


class ParkedKeyStore:
    """The parked keys of one table."""

    def __init__(self, projection: AnyProjection, slot: str) -> None:
        self._projection = projection
        self._table = (projection.name, projection.version, slot)
        self._codec = key_codec(projection)

    async def load(self, connection: asyncpg.Connection) -> ParkedKeys:
        """What is stored."""
        parked = await connection.fetch(_SELECT_PARKED, *self._table)
        unreadable = await connection.fetchval(_SELECT_UNREADABLE, *self._table)
        return ParkedKeys(
            projection=self._projection,
            positions={self._codec.read(key): position for key, position in parked},
            skipped=await load_skipped(connection, self._projection),
            unreadable=msgspec.json.decode(unreadable or "{}", type=dict[str, UnreadableCount]),
        )

    async def save(self, connection: asyncpg.Connection, parked: ParkedKeys) -> None:
        """Write what is unsaved."""
        await self.park(connection, list(parked.unsaved.values()))
        if parked.counts_unsaved:
            counts = msgspec.json.encode(parked.unreadable).decode()
            await connection.execute(_UPDATE_UNREADABLE, *self._table, counts)

    async def park(self, connection: AnyConnection, entries: Sequence[ParkedEntry]) -> None:
        """Write these entries. An item that is stored already keeps the earlier of the two positions."""
        if entries:
            keys = [self._codec.write(entry.item) for entry in entries]
            await connection.execute(_UPSERT_PARKED, *self._table, keys, *_columns(entries))

    async def requests(self, pool: asyncpg.Pool, limit: int) -> Mapping[ParkedItem, RetryRequest]:
        """The items for which a retry is requested."""
        records = await pool.fetch(_SELECT_REQUESTED, *self._table, limit)
        return {self._codec.read(key): RetryRequest(position, at) for key, position, at in records}

    async def settle(
        self,
        connection: asyncpg.Connection,
        requests: Mapping[ParkedItem, RetryRequest],
        failed: Mapping[ParkedItem, ParkedEntry],
    ) -> set[ParkedItem]:
        """Remove the items that have recovered, and write the new error of those that have `failed`. An item that was
        requested again in the meantime stays as it is, for the next retry. Returns the others."""
        settled: set[ParkedItem] = set()
        for statement, items, columns in (
            (_DELETE_RECOVERED, [item for item in requests if item not in failed], []),
            (
                _UPDATE_FAILED,
                still := [item for item in requests if item in failed],
                _columns([failed[item] for item in still]),
            ),
        ):
            if items:
                keys = [self._codec.write(item) for item in items]
                moments = [requests[item].at for item in items]
                records = await connection.fetch(statement, *self._table, keys, moments, *columns)
                settled |= {self._codec.read(key) for (key,) in records}
        return settled


async def load_skipped(
    connection: asyncpg.Connection, projection: AnyProjection
) -> frozenset[tuple[ParkedItem, int]]:
    """The events that an operator has skipped, each with its item: in every slot, for good."""
    records = await connection.fetch(_SELECT_SKIPPED, projection.name, projection.version)
    return frozenset((key_codec(projection).read(key), position) for key, position in records)


def _columns(entries: Sequence[ParkedEntry]) -> list[list[Any]]:
    return [
        [entry.position for entry in entries],
        [entry.error for entry in entries],
        [entry.traceback for entry in entries],
    ]


_THIS_TABLE = "projection = $1 AND version = $2 AND slot = $3"
_SELECT_PARKED = f"SELECT key::text, position FROM es.parked_keys WHERE {_THIS_TABLE}"
_SELECT_UNREADABLE = f"SELECT unread::text FROM es.checkpoints WHERE {_THIS_TABLE}"
_UPDATE_UNREADABLE = f"UPDATE es.checkpoints SET unread = $4::text::jsonb WHERE {_THIS_TABLE}"
_SELECT_SKIPPED = "SELECT key::text, position FROM es.skipped_events WHERE projection = $1 AND version = $2"
_SELECT_REQUESTED = f"""
    SELECT key::text, position, retry_requested_at FROM es.parked_keys
    WHERE {_THIS_TABLE} AND retry_requested_at IS NOT NULL ORDER BY position LIMIT $4
"""
_UPSERT_PARKED = """
    INSERT INTO es.parked_keys AS p (projection, version, slot, key, position, error, traceback)
    SELECT $1, $2, $3, key::jsonb, position, error, traceback
    FROM unnest($4::text[], $5::bigint[], $6::text[], $7::text[]) AS entry (key, position, error, traceback)
    ON CONFLICT (projection, version, slot, key) DO UPDATE
    SET position = excluded.position, error = excluded.error, traceback = excluded.traceback
    WHERE excluded.position < p.position
"""
_DELETE_RECOVERED = f"""
    DELETE FROM es.parked_keys p USING unnest($4::text[], $5::timestamptz[]) AS request (key, at)
    WHERE {_THIS_TABLE} AND p.key = request.key::jsonb AND p.retry_requested_at = request.at RETURNING p.key::text
"""
# The clock can have gone back since the request.
_UPDATE_FAILED = f"""
    UPDATE es.parked_keys p
    SET position = entry.position, error = entry.error, traceback = entry.traceback,
        retry_requested_at = NULL, last_retried_at = greatest(clock_timestamp(), entry.at), failed_retries = failed_retries + 1
    FROM unnest($4::text[], $5::timestamptz[], $6::bigint[], $7::text[], $8::text[])
        AS entry (key, at, position, error, traceback)
    WHERE {_THIS_TABLE} AND p.key = entry.key::jsonb AND p.retry_requested_at = entry.at
    RETURNING p.key::text
"""
