"""Reads snapshots: the newest usable state of a stream, and the facts after it.

A snapshot is either correct or ignored. It counts only if the running code wrote it, by its fingerprint. The log must
also hold its fact, and its digest must match. Any other row is ignored, and a damaged row is removed.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg

from app.engine.database.batched_reads import BatchedReads
from app.engine.database.errors import first_line, is_connection_error
from app.engine.store.event_rows import EVENT_COLUMNS, fetch_event_rows
from app.engine.store.log_identity import EventIdentity, Fact
from app.engine.store.reader import EventReader
from app.engine.store.snapshots.state_codec import NotSerializable, StateCodec
from app.engine.turns import wait_for_turn
from domain.kernel.decider import AnyDecider, Command, Decider, Event

log = logging.getLogger(__name__)

MAX_PENDING = 1_000
"""Maximum number of streams that wait for a snapshot. Further requests are dropped."""

MAX_VERSION = 2**31 - 1
"""A version above that of any stream."""


@dataclass(frozen=True, slots=True)
class LoadedState[S]:
    """The state of a stream at `version`, 0 for an empty stream. `read` is the number of facts that the load read, and
    `newest` the last of them. After the log was replaced, another fact may have that version."""

    state: S
    version: int
    read: int = 0
    newest: EventIdentity | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class SnapshotKey:
    """The key of one snapshot."""

    category: str
    stream_id: UUID
    fingerprint: str
    version: int


class SnapshotReader:
    """Reads snapshots and takes requests for new ones, one every `every` facts of a stream; 0 turns snapshots off.

    A request does no I/O. `SnapshotWriter` writes the requested snapshots and removes the damaged ones.
    """

    def __init__(
        self, pool: asyncpg.Pool, reader: EventReader, deciders: Iterable[AnyDecider], *, every: int = 100
    ) -> None:
        self.every = every
        self.pending: dict[tuple[str, UUID], LoadedState[Any] | None] = {}
        """The requested snapshots, by category and stream. None: the writer loads the state."""
        self.corrupt: set[SnapshotKey] = set()
        self.wakeup = asyncio.Event()
        self._pool: asyncpg.Pool | BatchedReads = pool
        self._reader = reader
        """It decodes the facts, and notes what the states rest on."""
        self._warned: set[str] = set()
        self.codecs: dict[str, StateCodec[Any]] = {}
        """By category, without those whose snapshots are off."""
        self.deciders = {decider.category: decider for decider in deciders if every}
        for decider in self.deciders.values():
            try:
                # Now, because the fingerprint must be that of the running code, and files may change later.
                self.codecs[decider.category] = StateCodec(decider)
            except NotSerializable as error:
                self.disable(decider.category, error)

    def through(self, reads: BatchedReads) -> "SnapshotReader":
        """The same reader, for one operation: it reads together with others."""
        reader = copy(self)
        reader._pool = reads
        return reader

    @property
    def fingerprints(self) -> Sequence[str]:
        """The fingerprints of the running code."""
        return [states.fingerprint for states in self.codecs.values()]

    def disable(self, category: str, error: NotSerializable) -> None:
        """Turn off snapshots of this category."""
        self.codecs.pop(category, None)
        log.warning("snapshots of %s are off: %s", category, error)

    def request[S](
        self, decider: Decider[Any, S, Any], stream_id: UUID, loaded: LoadedState[S] | None = None
    ) -> None:
        """Request a snapshot of the stream. `loaded` is its state, if it was folded from stored facts only."""
        key = (decider.category, stream_id)
        if decider.category in self.codecs and (key in self.pending or len(self.pending) < MAX_PENDING):
            self.pending[key] = loaded
            self.wakeup.set()

    def on_append(self, decider: AnyDecider, stream_id: UUID, before: int, after: int) -> None:
        """Request a snapshot if the growth of the stream passes a multiple of `every`."""
        if self.every and after // self.every > before // self.every:
            self.request(decider, stream_id)

    def on_load[S](
        self,
        decider: Decider[Any, S, Any],
        stream_id: UUID,
        loaded: LoadedState[S],
        *,
        is_stored: bool = True,
    ) -> None:
        """Request a snapshot if the load has read more than `every` facts.

        With `is_stored` the state was folded from stored facts only. A snapshot holds no others.
        """
        if self.every and loaded.read > self.every:
            self.request(decider, stream_id, loaded if is_stored else None)

    async def load_latest[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, up_to: int, limit: int
    ) -> tuple[LoadedState[S] | None, Sequence[Fact]] | None:
        """The newest state not above version `up_to`, and up to `limit` facts after it.

        The state is None if no snapshot exists. The result is None if snapshots are off or damaged: then the caller
        loads from the first fact.
        """
        states = self.codecs.get(decider.category)
        if states is None:
            return None
        rows = await self._fetch(
            _SELECT_FACTS_FROM_SNAPSHOT, decider.category, stream_id, states.fingerprint, up_to, limit + 1
        )
        if rows is None:
            return None
        await wait_for_turn()
        facts = self._reader.facts(rows)
        if not facts or facts[0].version == 1:
            return None, facts
        # The first fact is the one that the snapshot belongs to.
        loaded = await self._read_state(states, facts[0])
        return None if loaded is None else (loaded, facts[1:])

    def warn_once(self, line: str) -> None:
        """Log the line, once in the life of this process."""
        if line not in self._warned:
            self._warned.add(line)
            log.warning("%s", line)

    async def _fetch(self, query: str, *arguments: object) -> Sequence[Any] | None:
        try:
            return await fetch_event_rows(self._pool, query, *arguments)
        except asyncpg.PostgresError as error:
            if is_connection_error(error):
                raise
            self.warn_once(f"snapshots cannot be read: {error}")
            return None

    async def _read_state(self, states: StateCodec[Any], fact: Fact) -> LoadedState[Any] | None:
        """The state after the fact, or None if its snapshot is missing or damaged."""
        category, stream_id, version = fact.category, fact.stream_id, fact.version
        rows = await self._fetch(_SELECT_STATE, stream_id, category, states.fingerprint, version)
        if not rows:
            return None
        try:
            text = rows[0]["state"]
            if states.digest(stream_id, version, fact.position, fact.command_id, text) != rows[0]["digest"]:
                raise ValueError("its digest does not match")
            return LoadedState(states.decode(text), version)
        except Exception as error:
            # The classes of a state are business code.
            if len(self.corrupt) < MAX_PENDING:
                self.corrupt.add(SnapshotKey(category, stream_id, states.fingerprint, version))
                self.wakeup.set()
            self.warn_once(
                f"the snapshot of {category} {stream_id} at version {version} is damaged ({first_line(error)}) and will be removed"
            )
            return None


# The facts of a stream from the fact of its newest snapshot on; all facts if it has no snapshot. A snapshot counts only
# if the log holds its fact: a log restored from a backup may continue differently. Nearly all streams are short. For
# them this costs one more index lookup than reading the facts alone.
_SELECT_FACTS_FROM_SNAPSHOT = f"""
    SELECT {EVENT_COLUMNS} FROM es.events
    WHERE category = $1 AND stream_id = $2 AND version <= $4 AND version >= coalesce((
        SELECT s.version FROM es.snapshots s JOIN es.events k USING (category, stream_id, version, position)
        WHERE s.stream_id = $2 AND s.category = $1 AND s.mark = $3 AND s.version <= $4
        ORDER BY s.version DESC LIMIT 1), 0)
    ORDER BY version LIMIT $5
"""

_SELECT_STATE = "SELECT state, digest FROM es.snapshots WHERE stream_id = $1 AND category = $2 AND mark = $3 AND version = $4"
