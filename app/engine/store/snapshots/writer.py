"""Takes snapshots off the request path: writes the states that were offered, prunes, and holds samples against a full fold."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.engine.database.errors import DRIVER_ERRORS
from app.engine.store.load import UnreadableStream, load_aggregate
from app.engine.store.reader import EventReader
from app.engine.store.snapshots.reader import NEWEST, LoadedState, SnapshotKey, SnapshotReader
from app.engine.store.snapshots.state_codec import NotSerializable
from domain.kernel.decider import AnyDecider

log = logging.getLogger(__name__)

SNAPSHOTS_PER_STREAM = 3
"""Snapshots that stay of each stream: the newest, and some for those who look a little back."""

WRITE_INTERVAL_SECONDS = 0.25
"""Seconds between two rounds: a hot stream is offered often and written once a round."""

PAGE_SIZE = 500
"""Facts folded at one go to check a snapshot; more would hold up who waits for an answer."""

OTHER_CODE_RETENTION = "1 day"
"""How long snapshots of other code stay: it may still be running beside this one."""


@dataclass(slots=True)
class SnapshotCounters:
    """What was done since the start. `different` is never above 0 unless a fold is not pure, or a row was forged."""

    taken: int = 0
    checked: int = 0
    different: int = 0
    removed: int = 0


class SnapshotWriter:
    """Works through what `snapshots` was offered. `seconds` is the time between two checks of one snapshot by chance."""

    def __init__(
        self, pool: asyncpg.Pool, reader: EventReader, snapshots: SnapshotReader, *, seconds: float = 60.0
    ) -> None:
        self.counts = SnapshotCounters()
        self._pool = pool
        self._reader = reader
        self._snapshots = snapshots
        self._seconds = seconds

    async def run(self) -> None:
        """Until it is cancelled; what cannot be written now is not kept, and nobody waits for it."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._seconds
        while True:
            try:
                try:
                    async with asyncio.timeout_at(due):
                        await self._snapshots.bell.wait()
                except TimeoutError:
                    due = loop.time() + self._seconds
                    await self.check_random_snapshot()
                await self.flush()
            except Exception as error:
                # Snapshots may always be absent: whatever keeps them from being written is said, and they are tried again.
                self._snapshots.warn_once(f"snapshots are not written: {type(error).__name__}: {error}")
            await asyncio.sleep(WRITE_INTERVAL_SECONDS)

    async def flush(self) -> None:
        """Write what was offered, and remove what was found damaged, up to now."""
        snapshots = self._snapshots
        snapshots.bell.clear()
        while snapshots.corrupt:
            await self._remove(snapshots.corrupt.pop())
        for key in list(snapshots.offered):
            await self._write(*key, snapshots.offered.pop(key))
            # One at a time, and everybody else first.
            await asyncio.sleep(0)

    async def check_random_snapshot(self) -> bool | None:
        """Hold a snapshot, taken by chance, against the fold of all facts before it. None where there is none; where they
        differ it is reported and removed."""
        [rows] = await self._pool.fetch(
            "SELECT greatest(reltuples, 0) AS known FROM pg_class WHERE oid = 'es.snapshots'::regclass"
        )
        share = min(100.0, 100 * 200 / max(rows["known"], 1))
        row = await self._pool.fetchrow(
            _RANDOM_SAMPLE, share, self._snapshots.fingerprints
        ) or await self._pool.fetchrow(_RANDOM_SAMPLE, 100.0, self._snapshots.fingerprints)
        if row is None or (decider := self._snapshots.decider(row["category"])) is None:
            return None
        return await self._matches_full_fold(
            decider, UUID(int=row["stream_id"].int), row["mark"], row["version"]
        )

    async def _matches_full_fold(self, decider: AnyDecider, stream_id: UUID, mark: str, version: int) -> bool:
        kept = SnapshotKey(decider.category, stream_id, mark, version)
        found = await self._snapshots.load_latest(decider, stream_id, version, 1)
        if found is None or found[0] is None or found[0].version != version:
            # Damaged, or its fact is not in the log: it was never used.
            await self._remove(kept)
            return False
        difference = ""
        try:
            full = await load_aggregate(self._reader, decider, stream_id, version=version, page=PAGE_SIZE)
            if (full.version, full.state) != (version, found[0].state):
                difference = "it is not the fold of the facts before it"
        except UnreadableStream as error:
            difference = str(error)
        except Exception as error:
            if isinstance(error, DRIVER_ERRORS):
                raise
            # The fold itself fails: what it was when the snapshot was taken, it is no more.
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
            await self._remove(kept)
        return not difference

    async def _write(self, category: str, stream_id: UUID, loaded: LoadedState[Any] | None) -> None:
        states, decider = self._snapshots.codec_for(category), self._snapshots.decider(category)
        if states is None or decider is None:
            return
        if loaded is None:
            # From the log and the snapshot before: what a command was decided on in memory is not taken for granted.
            try:
                loaded = await load_aggregate(
                    self._reader,
                    decider,
                    stream_id,
                    version=NEWEST,
                    snapshots=self._snapshots,
                    page=PAGE_SIZE,
                )
            except UnreadableStream:
                return
        try:
            text = states.encode(loaded.state)
        except NotSerializable as error:
            self._snapshots.disable(category, error)
            return
        async with self._pool.acquire() as connection, connection.transaction():
            # What a crash loses is absent.
            await connection.execute("SET LOCAL synchronous_commit = off")
            fact = await connection.fetchrow(
                "SELECT position, command_id FROM es.events WHERE category = $1 AND stream_id = $2 AND version = $3",
                category,
                stream_id,
                loaded.version,
            )
            if fact is None:
                return
            digest = states.digest(stream_id, loaded.version, fact["position"], fact["command_id"], text)
            await connection.execute(
                _KEEP, stream_id, category, states.fingerprint, loaded.version, fact["position"], text, digest
            )
            await connection.execute(_PRUNE, stream_id, category, states.fingerprint, SNAPSHOTS_PER_STREAM)
        self.counts.taken += 1

    async def _remove(self, kept: SnapshotKey) -> None:
        await self._pool.execute(
            "DELETE FROM es.snapshots WHERE stream_id = $1 AND category = $2 AND mark = $3 AND version = $4",
            kept.stream_id,
            kept.category,
            kept.mark,
            kept.version,
        )
        self.counts.removed += 1


_KEEP = """
    INSERT INTO es.snapshots (stream_id, category, mark, version, position, state, digest) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (stream_id, category, mark, version) DO UPDATE
    SET position = excluded.position, state = excluded.state, digest = excluded.digest, taken_at = excluded.taken_at
"""

# Of ours, the newest that belong to facts of the log stay; of other code's, those that may still be in use.
_PRUNE = f"""
    DELETE FROM es.snapshots s WHERE s.stream_id = $1 AND s.category = $2 AND CASE
        WHEN s.mark <> $3 THEN s.taken_at < now() - interval '{OTHER_CODE_RETENTION}'
        ELSE s.version NOT IN (
            SELECT k.version FROM es.snapshots k JOIN es.events e USING (category, stream_id, version, position)
            WHERE k.stream_id = $1 AND k.category = $2 AND k.mark = $3 ORDER BY k.version DESC LIMIT $4)
        END
"""

_RANDOM_SAMPLE = """
    SELECT stream_id, category, mark, version FROM es.snapshots TABLESAMPLE SYSTEM ($1) WHERE mark = ANY($2::text[]) ORDER BY random() LIMIT 1
"""
