"""The past of any aggregate: its state at a point in time, its history and its blame.

The blame names the fact that last set each field.
"""

import asyncio
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cachetools import LRUCache

from app.engine.database.batched_reads import BatchedReads
from app.engine.database.pool_reads import PoolReads
from app.engine.errors import UserError
from app.engine.history.diff import (
    EMPTY_DOCUMENT,
    BlameTree,
    Document,
    blame_entries,
    changes,
    to_document,
    update_blame,
)
from app.engine.sized_cache import VersionedCache, memory_size
from app.engine.store.load import UnreadableStream, load_aggregate
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import LoadedState, SnapshotReader
from app.engine.turns import wait_for_turn
from domain.kernel.decider import AnyDecider, UnreadableEvent
from domain.kernel.undo import Undoable

CHUNK_SIZE = 200
"""Facts that are folded before other tasks run: a few milliseconds."""
MAX_STATES_BYTES = 2**23
"""Bytes of the states in memory. The next page of a long history folds from one of them, not from the first fact."""
MAX_MEASURED_STREAMS = 10_000
"""How many streams have a known size of their states, at about 300 bytes each."""
MAX_STATE_BYTES = 2_000_000
"""A page of history ends early when its states together are larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """A point in the life of an aggregate; now if no field is given.

    It is after the fact at `version`, or after the last fact up to `moment` or `position`.
    """

    version: int | None = None
    moment: datetime | None = None
    position: int | None = None


NOW = PointInTime()


class InvalidPointInTime(UserError):
    """The point does not exist, or is after the end."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One fact, the state before and after it, and the name of the command that recorded it.

    `undone`: a later fact has taken the change back, and none has made it again.
    """

    fact: Fact
    before: Document
    state: Document
    command: str | None
    undone: bool

    def changes(self) -> Sequence[dict[str, Any]]:
        """What the fact changed, as a JSON Patch; the first fact of a stream changes an empty object."""
        return changes(self.before, self.state)


@dataclass(frozen=True, slots=True)
class FieldBlame:
    """A value in a state, by JSON Pointer, with the fact that last set it and the fact's command."""

    pointer: str
    value: Document
    fact: Fact
    command: str | None


@dataclass(frozen=True, slots=True)
class _CachedState:
    loaded: LoadedState[Any]
    size: int


class AggregateHistory:
    """Reads the past of streams of any decider. The facts of one epoch of the log never change, so it caches states."""

    def __init__(
        self,
        reader: EventReader,
        snapshots: SnapshotReader | None = None,
        *,
        epoch: Callable[[], int] = lambda: 0,
    ) -> None:
        self._epoch = epoch
        self._reader = reader
        self._snapshots = snapshots
        self._is_batched = False
        self._states: VersionedCache[tuple[int, str, UUID], _CachedState] = VersionedCache(
            MAX_STATES_BYTES, lambda cached: cached.size
        )
        """By the epoch in which the fold began, then by category, stream and version."""
        self._measured: LRUCache[tuple[str, UUID], tuple[int, int]] = LRUCache(MAX_MEASURED_STREAMS)
        """For a stream, the version of the state that was measured last, and its size."""

    def batched(self, pool_reads: PoolReads) -> "AggregateHistory":
        """The same history for one operation: what its resolvers ask for at the same time is read in one statement.

        Its statements take turns, and not its calls: those of a list have to wait for the same statement.
        """
        if self._is_batched:
            return self
        history = copy(self)
        history._is_batched = True
        reads = BatchedReads(pool_reads)
        history._reader = self._reader.through(reads)
        history._snapshots = None if self._snapshots is None else self._snapshots.through(reads)
        return history

    async def as_of(
        self, decider: AnyDecider, stream_id: UUID, point: PointInTime = NOW
    ) -> LoadedState[Any] | None:
        """The state at that point, with its version; None before the first fact.

        Raises `InvalidPointInTime` and `UnreadableStream`.
        """
        epoch = self._epoch()
        version = await self.version(decider, stream_id, point)
        loaded = await self._state_at(decider, stream_id, version, epoch)
        # The log may be replaced in the meantime, by one without the stream.
        return loaded if loaded.version else None

    async def version(self, decider: AnyDecider, stream_id: UUID, point: PointInTime) -> int:
        """The version of the stream at that point, 0 before its first fact. Raises `InvalidPointInTime`."""
        names = [name for name in ("version", "moment", "position") if getattr(point, name) is not None]
        if len(names) > 1:
            raise InvalidPointInTime(f"{' and '.join(names)} are given: give one of them")
        if point.version is not None:
            newest = await self._reader.stream_version(decider.category, stream_id)
            if not 0 <= point.version <= newest:
                raise InvalidPointInTime(
                    f"{decider.category} {stream_id} is at version {newest}: there is no version {point.version}"
                )
            return point.version
        if point.moment is not None:
            if await self._reader.is_future(point.moment):
                raise InvalidPointInTime(f"{point.moment.isoformat()} is in the future")
            return await self._reader.stream_version(decider.category, stream_id, moment=point.moment)
        if point.position is not None:
            head = await self._reader.head_position()
            if not 0 <= point.position <= head:
                raise InvalidPointInTime(
                    f"the log ends at position {head}: there is no position {point.position}"
                )
            return await self._reader.stream_version(decider.category, stream_id, position=point.position)
        return await self._reader.stream_version(decider.category, stream_id)

    async def history(
        self, decider: AnyDecider, stream_id: UUID, after: int, first: int
    ) -> tuple[Sequence[HistoryEntry], bool]:
        """Up to `first` entries with versions above `after`, and whether there are more.

        There are fewer if states are large, or if a fact follows that cannot be read.
        """
        epoch = self._epoch()
        facts = await self._reader.read_stream(decider.category, stream_id, after, first + 1)
        if not facts or first < 1:
            return (), bool(facts)
        # Before the fold, so that the items of a list ask at the same time.
        loaded, undone, commands = await asyncio.gather(
            self._state_at(decider, stream_id, after, epoch),
            self._undone_versions(decider, facts[:first]),
            self._reader.command_names([fact.command_id for fact in facts[:first]]),
        )
        state, document, size = loaded.state, to_document(loaded.state) if after else EMPTY_DOCUMENT, 0
        changes: list[tuple[Fact, Document, Document]] = []
        for fact in facts[:first]:
            if changes and isinstance(fact.event, UnreadableEvent):
                break
            _check_readable(fact)
            state, before = decider.fold([fact.event], state, fact.version - 1), document
            document = to_document(state)
            changes.append((fact, before, document))
            size += len(str(document))
            if size > MAX_STATE_BYTES:
                break
            await wait_for_turn()
        self._cache(decider, stream_id, LoadedState(state, changes[-1][0].version), epoch)
        entries = [
            HistoryEntry(fact, before, document, commands.get(fact.command_id), fact.version in undone)
            for fact, before, document in changes
        ]
        return entries, len(changes) < len(facts)

    async def history_before(
        self, decider: AnyDecider, stream_id: UUID, end: int, last: int
    ) -> Sequence[HistoryEntry]:
        """Up to `last` entries whose versions end with `end`, in order; fewer if states are large."""
        after = max(0, end - last)
        entries: Sequence[HistoryEntry] = ()
        while after < end:
            entries, _ = await self.history(decider, stream_id, after, end - after)
            if not entries:
                break
            after = entries[-1].fact.version
        return entries

    async def blame(
        self, decider: AnyDecider, stream_id: UUID, point: PointInTime = NOW
    ) -> Sequence[FieldBlame]:
        """Every value of the state at that point, with the fact that last set it; none before the first fact."""
        end = await self.version(decider, stream_id, point)
        state, document, version = decider.initial, EMPTY_DOCUMENT, 0
        blame: BlameTree[Fact] | None = None
        while version < end:
            facts = await self._reader.read_stream(
                decider.category, stream_id, version, CHUNK_SIZE, up_to=end
            )
            if not facts:
                # The log was replaced in the meantime, and the stream is shorter now.
                break
            for fact in facts:
                await wait_for_turn()
                _check_readable(fact)
                state, before = decider.fold([fact.event], state, version), document
                version = fact.version
                document = to_document(state)
                blame = update_blame(before, blame, document, fact)
        if blame is None:
            return ()
        entries = list(blame_entries(document, blame))
        commands = await self._reader.command_names({fact.command_id for _, _, fact in entries})
        return [
            FieldBlame(pointer, value, fact, commands.get(fact.command_id))
            for pointer, value, fact in entries
        ]

    async def _state_at(
        self, decider: AnyDecider, stream_id: UUID, version: int, epoch: int
    ) -> LoadedState[Any]:
        if version == 0:
            return LoadedState(decider.initial, 0)
        base = self._states.newest((epoch, decider.category, stream_id), version)
        return self._cache(
            decider,
            stream_id,
            await load_aggregate(
                self._reader,
                decider,
                stream_id,
                version=version,
                base=None if base is None else base.loaded,
                snapshots=self._snapshots,
                page_size=CHUNK_SIZE,
            ),
            epoch,
        )

    def _cache(
        self, decider: AnyDecider, stream_id: UUID, state: LoadedState[Any], epoch: int
    ) -> LoadedState[Any]:
        if state.version:
            size = self._size_of((decider.category, stream_id), state)
            self._states[(epoch, decider.category, stream_id), state.version] = _CachedState(state, size)
        return state

    def _size_of(self, stream: tuple[str, UUID], state: LoadedState[Any]) -> int:
        """About the bytes of a state. To measure one costs as much as to fold many events. So between half and double of a
        measured version, the size is taken to grow with the version."""
        version, size = self._measured.get(stream, (0, 0))
        if version <= 2 * state.version <= 4 * version:
            return size * state.version // version
        self._measured[stream] = state.version, (size := memory_size(state.state))
        return size

    async def _undone_versions(self, decider: AnyDecider, facts: Sequence[Fact]) -> set[int]:
        """The versions of the facts whose change was taken back later, and not made again after that."""
        if not any(issubclass(event_type, Undoable) for event_type in decider.event_types):
            return set()
        changed = {
            part.version: part.event.redoes or part.version
            for fact in facts
            for part in fact.parts
            if isinstance(part.event, Undoable) and part.event.undoes is None
        }
        undone = await self._reader.undone_versions(
            decider.category, facts[0].stream_id, set(changed.values())
        )
        return {version for version, change in changed.items() if change in undone}


def _check_readable(fact: Fact) -> None:
    if isinstance(fact.event, UnreadableEvent):
        raise UnreadableStream(fact)
