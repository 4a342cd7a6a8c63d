"""Snapshots, as a load meets them: the newest state that was kept, and the facts after it.

A snapshot is never wrong, only absent: it is found by the mark of the code that made it, belongs to a fact that is in
the log, and has a digest over all that. Whatever else stands in the table is as good as nothing, and is taken away.
"""

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from app.engine.database.connections import retry_read
from app.engine.database.errors import is_connection_error
from app.engine.store.codec import EventCodec
from app.engine.store.reader import COLUMNS, Fact
from app.engine.store.snapshots.state_codec import NotSerializable, StateCodec
from domain.kernel.decider import AnyDecider, Command, Decider, Event

log = logging.getLogger(__name__)

MAX_PENDING = 1_000
"""Streams that wait for a snapshot; one more gets its own at another time."""


NEWEST = 2**31 - 1
"""A version that no stream reaches."""


@dataclass(frozen=True, slots=True)
class LoadedState[S]:
    """The state after the stream's fact at `version`; 0 where there is none. `read` is how many facts that took."""

    state: S
    version: int
    read: int = 0


@dataclass(frozen=True, slots=True)
class SnapshotKey:
    """What names one snapshot."""

    category: str
    stream_id: UUID
    mark: str
    version: int


class SnapshotReader:
    """Where states are offered and found. `every` is how many facts of a stream lie between two; 0 turns them off.

    Offering costs its caller nothing: `Snapshotter` writes what was offered, and removes what was found damaged.
    """

    def __init__(
        self, pool: asyncpg.Pool, codec: EventCodec, deciders: Iterable[AnyDecider], *, every: int = 100
    ) -> None:
        self.every = every
        self.offered: dict[tuple[str, UUID], LoadedState[Any] | None] = {}
        """By category and stream; None where the state has yet to be loaded."""
        self.corrupt: set[SnapshotKey] = set()
        self.bell = asyncio.Event()
        self._pool = pool
        self._codec = codec
        self._said: set[str] = set()
        self._states: dict[str, StateCodec[Any]] = {}
        self._deciders = {decider.category: decider for decider in deciders if every}
        for decider in self._deciders.values():
            try:
                # At once: the mark is that of the code that runs, not of what its files hold by and by.
                self._states[decider.category] = StateCodec(decider)
            except NotSerializable as error:
                self.disable(decider.category, error)

    def codec_for(self, category: str) -> StateCodec[Any] | None:
        """None where snapshots of this category are off."""
        return self._states.get(category)

    def decider(self, category: str) -> AnyDecider | None:
        return self._deciders.get(category)

    @property
    def fingerprints(self) -> Sequence[str]:
        """Those of the code that runs."""
        return [state.fingerprint for state in self._states.values()]

    def disable(self, category: str, why: NotSerializable) -> None:
        """Keep no states of this category."""
        self._states.pop(category, None)
        log.warning("snapshots of %s are off: %s", category, why)

    def request[S](
        self, decider: Decider[Any, S, Any], stream_id: UUID, loaded: LoadedState[S] | None = None
    ) -> None:
        """This stream is worth a snapshot. `loaded` is its state as it was folded from the log, and from nothing else."""
        key = (decider.category, stream_id)
        if decider.category in self._states and (key in self.offered or len(self.offered) < MAX_PENDING):
            self.offered[key] = loaded
            self.bell.set()

    def on_append(self, decider: AnyDecider, stream_id: UUID, before: int, after: int) -> None:
        """The stream has grown from one version to another: it is offered wherever that passes a multiple of `every`."""
        if self.every and after // self.every > before // self.every:
            self.request(decider, stream_id)

    async def load_latest[C: Command, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, up_to: int, limit: int
    ) -> tuple[LoadedState[S] | None, Sequence[Fact]] | None:
        """The newest state not above version `up_to`, and up to `limit` facts after it. None where it is of no use: load
        from the first fact."""
        states = self._states.get(decider.category)
        if states is None:
            return None
        rows = await self._fetch(_BEGIN, decider.category, stream_id, states.fingerprint, up_to, limit + 1)
        if rows is None:
            return None
        facts = [self._codec.fact(row) for row in rows]
        if not facts or facts[0].version == 1:
            return None, facts
        # They begin with the fact that a snapshot belongs to.
        loaded = await self._read_state(states, facts[0])
        return None if loaded is None else (loaded, facts[1:])

    def warn_once(self, line: str) -> None:
        """Log it, once for as long as this process lives."""
        if line not in self._said:
            self._said.add(line)
            log.warning("%s", line)

    async def _fetch(self, query: str, *arguments: object) -> Sequence[Any] | None:
        async def read() -> Sequence[Any]:
            return await self._pool.fetch(query, *arguments)

        try:
            return await retry_read(read)
        except asyncpg.PostgresError as error:
            if is_connection_error(error):
                raise
            self.warn_once(f"snapshots cannot be read: {error}")
            return None

    async def _read_state(self, states: StateCodec[Any], fact: Fact) -> LoadedState[Any] | None:
        """The state after the fact, where it was kept and is what was written."""
        category, stream_id, version = fact.category, fact.stream_id, fact.version
        rows = await self._fetch(_STATE, stream_id, category, states.fingerprint, version)
        if not rows:
            return None
        try:
            text = rows[0]["state"]
            if states.digest(stream_id, version, fact.position, fact.command_id, text) != rows[0]["digest"]:
                raise ValueError("it is not what was written")
            return LoadedState(states.read(text), version)
        except (ValueError, KeyError, RecursionError) as error:
            if len(self.corrupt) < MAX_PENDING:
                self.corrupt.add(SnapshotKey(category, stream_id, states.fingerprint, version))
                self.bell.set()
            self.warn_once(
                f"the snapshot of {category} {stream_id} at version {version} is damaged ({error}); it is ignored, and removed"
            )
            return None


# The facts of a stream from the one on that the newest snapshot belongs to; all, where there is none. A snapshot counts
# where the log holds its fact: a log that was restored from an older copy may have gone on in another way. Nearly all
# streams are short: for them this costs one look at an index more than their facts alone.
_BEGIN = f"""
    SELECT {COLUMNS} FROM es.events
    WHERE category = $1 AND stream_id = $2 AND version <= $4 AND version >= coalesce((
        SELECT s.version FROM es.snapshots s JOIN es.events k USING (category, stream_id, version, position)
        WHERE s.stream_id = $2 AND s.category = $1 AND s.mark = $3 AND s.version <= $4
        ORDER BY s.version DESC LIMIT 1), 0)
    ORDER BY version LIMIT $5
"""

_STATE = "SELECT state, digest FROM es.snapshots WHERE stream_id = $1 AND category = $2 AND mark = $3 AND version = $4"
