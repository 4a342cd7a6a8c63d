"""Writes snapshots in the background: takes requests, prunes old rows, and checks random rows against a full fold."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS
from app.engine.store.load import UnreadableStream, load_aggregate
from app.engine.store.log_identity import IDENTITY_COLUMNS, EventIdentity
from app.engine.store.reader import EventReader
from app.engine.store.snapshots.reader import MAX_VERSION, LoadedState, SnapshotKey, SnapshotReader
from app.engine.store.snapshots.state_codec import NotSerializable
from domain.kernel.decider import AnyDecider

log = logging.getLogger(__name__)

SNAPSHOTS_PER_STREAM = 3
"""Number of snapshots kept for each stream: the newest one, and older ones for reads of recent versions."""

WRITE_INTERVAL_SECONDS = 0.25
"""Minimum time between two rounds. A busy stream is requested often and written once a round."""

PAGE_SIZE = 500
"""Number of facts folded without a pause to check a snapshot. More would delay requests."""

OTHER_CODE_RETENTION = "1 day"
"""How long snapshots of other code are kept. Servers with that code may still be running."""


@dataclass(slots=True)
class SnapshotCounters:
    """Counts since the start. `different` above 0 means that a fold is not pure, or that a row was forged."""

    taken: int = 0
    checked: int = 0
    different: int = 0
    removed: int = 0


class SnapshotWriter:
    """Writes the snapshots that were requested. Checks one random snapshot every `seconds`."""

    def __init__(
        self, pool: asyncpg.Pool, reader: EventReader, snapshots: SnapshotReader, *, seconds: float = 60.0
    ) -> None:
        self.counts = SnapshotCounters()
        self._pool = pool
        self._reader = reader
        self._snapshots = snapshots
        self._seconds = seconds

    async def run(self) -> None:
        """Write until cancelled. A snapshot that cannot be written is dropped; its absence is harmless."""
        loop = asyncio.get_running_loop()
        next_check = loop.time() + self._seconds
        while True:
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(next_check):
                        await self._snapshots.wakeup.wait()
                await self.flush()
                # The wait returns at once if a request is there, also if the time-out is due. So the clock decides.
                if loop.time() >= next_check:
                    next_check = loop.time() + self._seconds
                    await self.check_random_snapshot()
            except Exception as error:
                # Snapshots are optional: log the error once, and try again in the next round.
                self._snapshots.warn_once(f"snapshots are not written: {type(error).__name__}: {error}")
            await asyncio.sleep(WRITE_INTERVAL_SECONDS)

    async def flush(self) -> None:
        """Write the pending snapshots, and remove the damaged ones."""
        snapshots = self._snapshots
        snapshots.wakeup.clear()
        while snapshots.corrupt:
            await self._remove(snapshots.corrupt.pop())
        for key in list(snapshots.pending):
            await self._write(*key, snapshots.pending.pop(key))
            # Requests go first: yield after each snapshot.
            await asyncio.sleep(0)

    async def check_random_snapshot(self) -> bool | None:
        """Compare a random snapshot with the full fold. Report and remove it if they differ. None if there is none."""
        [statistics] = await self._pool.fetch(
            "SELECT greatest(reltuples, 0) AS known FROM pg_class WHERE oid = 'es.snapshots'::regclass"
        )
        share = min(100.0, 100 * 200 / max(statistics["known"], 1))
        row = await self._pool.fetchrow(
            _SELECT_RANDOM, share, self._snapshots.fingerprints
        ) or await self._pool.fetchrow(_SELECT_RANDOM, 100.0, self._snapshots.fingerprints)
        if row is None or (decider := self._snapshots.deciders.get(row["category"])) is None:
            return None
        return await self._matches_full_fold(
            decider, UUID(int=row["stream_id"].int), row["mark"], row["version"]
        )

    async def _matches_full_fold(
        self, decider: AnyDecider, stream_id: UUID, fingerprint: str, version: int
    ) -> bool:
        key = SnapshotKey(decider.category, stream_id, fingerprint, version)
        latest = await self._snapshots.load_latest(decider, stream_id, version, 1)
        snapshot = None if latest is None else latest[0]
        if snapshot is None or snapshot.version != version:
            # It is damaged, or the log does not hold its fact. No load ever used it.
            await self._remove(key)
            return False
        difference = ""
        try:
            full = await load_aggregate(
                self._reader, decider, stream_id, version=version, page_size=PAGE_SIZE
            )
            if (full.version, full.state) != (version, snapshot.state):
                difference = "it is not the fold of the events before it"
        except UnreadableStream as error:
            difference = str(error)
        except Exception as error:
            if isinstance(error, DRIVER_ERRORS):
                raise
            # The fold fails now, so it is not the fold that the snapshot was taken with.
            difference = f"the fold raises {type(error).__name__}: {error}"
        self.counts.checked += 1
        if difference:
            self.counts.different += 1
            log.error(
                "the snapshot of %s %s at version %d is wrong, and removed: %s",
                decider.category,
                stream_id,
                version,
                difference,
            )
            await self._remove(key)
        return not difference

    async def _write(self, category: str, stream_id: UUID, loaded: LoadedState[Any] | None) -> None:
        states, decider = self._snapshots.codecs.get(category), self._snapshots.deciders.get(category)
        if states is None or decider is None:
            return
        if loaded is None:
            # Load from the log, because the state in memory may hold events that are not stored.
            try:
                loaded = await load_aggregate(
                    self._reader,
                    decider,
                    stream_id,
                    version=MAX_VERSION,
                    snapshots=self._snapshots,
                    page_size=PAGE_SIZE,
                )
            except UnreadableStream:
                return
        if loaded.newest is None:
            # It was read from a snapshot of the same version.
            return
        try:
            text = states.encode(loaded.state)
        except NotSerializable as error:
            self._snapshots.disable(category, error)
            return
        async with self._pool.acquire() as connection, connection.transaction():
            # A crash may lose the snapshot, which is harmless.
            await connection.execute("SET LOCAL synchronous_commit = off")
            fact = await connection.fetchrow(
                f"SELECT {IDENTITY_COLUMNS} FROM es.events WHERE category = $1 AND stream_id = $2 AND version = $3",
                category,
                stream_id,
                loaded.version,
            )
            if fact is None or EventIdentity.from_record(fact) != loaded.newest:
                # The log was replaced after the state was read.
                return
            digest = states.digest(stream_id, loaded.version, fact["position"], fact["command_id"], text)
            await connection.execute(
                _UPSERT_SNAPSHOT,
                stream_id,
                category,
                states.fingerprint,
                loaded.version,
                fact["position"],
                text,
                digest,
            )
            await connection.execute(
                _DELETE_OLD, stream_id, category, states.fingerprint, SNAPSHOTS_PER_STREAM
            )
        self.counts.taken += 1

    async def _remove(self, key: SnapshotKey) -> None:
        await self._pool.execute(
            "DELETE FROM es.snapshots WHERE stream_id = $1 AND category = $2 AND mark = $3 AND version = $4",
            key.stream_id,
            key.category,
            key.fingerprint,
            key.version,
        )
        self.counts.removed += 1


_UPSERT_SNAPSHOT = """
    INSERT INTO es.snapshots (stream_id, category, mark, version, position, state, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (stream_id, category, mark, version) DO UPDATE
    SET position = excluded.position, state = excluded.state, digest = excluded.digest, taken_at = excluded.taken_at
"""

# Keeps the newest snapshots of this code whose facts are in the log, and recent ones of other code.
_DELETE_OLD = f"""
    DELETE FROM es.snapshots s WHERE s.stream_id = $1 AND s.category = $2 AND CASE
        WHEN s.mark <> $3 THEN s.taken_at < now() - interval '{OTHER_CODE_RETENTION}'
        ELSE s.version NOT IN (
            SELECT k.version FROM es.snapshots k JOIN es.events e USING (category, stream_id, version, position)
            WHERE k.stream_id = $1 AND k.category = $2 AND k.mark = $3 ORDER BY k.version DESC LIMIT $4)
        END
"""

_SELECT_RANDOM = """
    SELECT stream_id, category, mark, version FROM es.snapshots TABLESAMPLE SYSTEM ($1) WHERE mark = ANY($2::text[]) ORDER BY random() LIMIT 1
"""
