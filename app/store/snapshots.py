"""Snapshots, as a load meets them: the newest state that was kept, with the facts after it, in one round trip.

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

from app.database import is_broken, reading
from app.store.codec import Codec
from app.store.read import COLUMNS, Fact
from app.store.states import NotStorable, States
from domain.kernel import AnyDecider, Decider, Event

log = logging.getLogger(__name__)

MOST = 1_000
"""Streams that wait for a snapshot; one more gets its own at another time."""


NEWEST = 2**31 - 1
"""A version that no stream reaches."""


@dataclass(frozen=True, slots=True)
class Loaded[S]:
    """The state after the stream's fact at `version`; 0 where there is none. `read` is how many facts that took."""

    state: S
    version: int
    read: int = 0


@dataclass(frozen=True, slots=True)
class Kept:
    """What names one snapshot."""

    category: str
    stream_id: UUID
    mark: str
    version: int


class Snapshots:
    """Where states are offered and found. `every` is how many facts of a stream lie between two; 0 turns them off.

    Offering costs its caller nothing: `Snapshotter` writes what was offered, and removes what was found damaged.
    """

    def __init__(self, pool: asyncpg.Pool, codec: Codec, deciders: Iterable[AnyDecider], *, every: int = 100) -> None:
        self.every = every
        self.offered: dict[tuple[str, UUID], Loaded[Any] | None] = {}
        """By category and stream; None where the state has yet to be loaded."""
        self.damaged: set[Kept] = set()
        self.bell = asyncio.Event()
        self._pool = pool
        self._codec = codec
        self._said: set[str] = set()
        self._states: dict[str, States[Any]] = {}
        self._deciders = {decider.category: decider for decider in deciders if every}
        for decider in self._deciders.values():
            try:
                # At once: the mark is that of the code that runs, not of what its files hold by and by.
                self._states[decider.category] = States(decider)
            except NotStorable as problem:
                self.off(decider.category, problem)

    def states_of(self, category: str) -> States[Any] | None:
        """None where snapshots of this category are off."""
        return self._states.get(category)

    def decider(self, category: str) -> AnyDecider | None:
        return self._deciders.get(category)

    @property
    def marks(self) -> Sequence[str]:
        """Those of the code that runs."""
        return [each.mark for each in self._states.values()]

    def off(self, category: str, why: NotStorable) -> None:
        """Keep no states of this category."""
        self._states.pop(category, None)
        log.warning("snapshots of %s are off: %s", category, why)

    def offer[S](self, decider: Decider[Any, S, Any], stream_id: UUID, loaded: Loaded[S] | None = None) -> None:
        """This stream is worth a snapshot. `loaded` is its state as it was folded from the log, and from nothing else."""
        key = (decider.category, stream_id)
        if decider.category in self._states and (key in self.offered or len(self.offered) < MOST):
            self.offered[key] = loaded
            self.bell.set()

    def grew(self, decider: AnyDecider, stream_id: UUID, before: int, after: int) -> None:
        """The stream has grown from one version to another: it is offered wherever that passes a multiple of `every`."""
        if self.every and after // self.every > before // self.every:
            self.offer(decider, stream_id)

    async def begin[C, S, E: Event](
        self, decider: Decider[C, S, E], stream_id: UUID, up_to: int, limit: int
    ) -> tuple[Loaded[S] | None, Sequence[Fact]] | None:
        """The newest state not above version `up_to`, and up to `limit` facts after it. None where it is of no use: load
        from the first fact."""
        states = self._states.get(decider.category)
        if states is None:
            return None
        try:
            rows = await self._fetch(decider.category, stream_id, states.mark, up_to, limit)
        except asyncpg.PostgresError as problem:
            if is_broken(problem):
                raise
            self.say(f"snapshots cannot be read: {problem}")
            return None
        if not rows or rows[0]["state"] is None:
            return None, [self._codec.fact(row) for row in rows]
        kept, *rest = rows
        loaded = self._read(decider.category, states, stream_id, kept)
        return None if loaded is None else (loaded, [self._codec.fact(row) for row in rest])

    def say(self, line: str) -> None:
        """Log it, once for as long as this process lives."""
        if line not in self._said:
            self._said.add(line)
            log.warning("%s", line)

    async def _fetch(self, *arguments: object) -> Sequence[Any]:
        async def read() -> Sequence[Any]:
            return await self._pool.fetch(_BEGIN, *arguments)

        return await reading(read)

    def _read(self, category: str, states: States[Any], stream_id: UUID, row: asyncpg.Record) -> Loaded[Any] | None:
        version, text = row["version"], row["state"]
        try:
            if states.digest(stream_id, version, row["position"], row["command_id"], text) != row["digest"]:
                raise ValueError("it is not what was written")
            return Loaded(states.read(text), version)
        except (ValueError, KeyError, RecursionError) as problem:
            if len(self.damaged) < MOST:
                self.damaged.add(Kept(category, stream_id, states.mark, version))
                self.bell.set()
            self.say(f"the snapshot of {category} {stream_id} at version {version} is damaged ({problem}); it is ignored, and removed")
            return None


def _select(columns: str, state: str, digest: str) -> str:
    return f"SELECT {columns}, {state} AS state, {digest} AS digest"


_KEPT_COLUMNS = (
    "position, category, stream_id, version, NULL::text AS type, NULL::smallint AS type_version, NULL::jsonb AS data, command_id,"
    " NULL::uuid AS correlation_id, NULL::bigint AS caused_by, NULL::text AS actor, NULL::timestamptz AS occurred_at, NULL::timestamptz AS recorded_at"
)

# A snapshot counts where the log holds the fact that it was taken after: a log that was restored from an older copy may
# have gone on in another way. It comes as the first row, before the facts.
_BEGIN = f"""
    WITH kept AS MATERIALIZED (
        SELECT s.position, s.category, s.stream_id, s.version, e.command_id, s.state, s.digest
        FROM es.snapshots s JOIN es.events e USING (category, stream_id, version, position)
        WHERE s.stream_id = $2 AND s.category = $1 AND s.mark = $3 AND s.version <= $4
        ORDER BY s.version DESC LIMIT 1
    )
    SELECT * FROM (
        {_select(_KEPT_COLUMNS, "state", "digest")} FROM kept
        UNION ALL
        ({_select(COLUMNS, "NULL::text", "NULL::bytea")} FROM es.events
         WHERE category = $1 AND stream_id = $2 AND version <= $4 AND version > coalesce((SELECT version FROM kept), 0)
         ORDER BY version LIMIT $5)
    ) AS rows ORDER BY version
"""
