"""An aggregate's past, by one implementation for all: its state at any point, its history, and who set each field."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

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
from app.engine.store.load import UnreadableStream, load_aggregate
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import LoadedState, SnapshotReader
from domain.kernel.decider import AnyDecider, UnreadableEvent
from domain.kernel.undo import Undoable

CHUNK_SIZE = 200
"""Facts that are folded before others get their turn: a few milliseconds."""
MAX_CONCURRENT = 4
"""How many look back at a time: a page of a hundred orders with their histories leaves connections to others."""
MAX_CACHED_STATES = 128
"""States that stay in memory, so that the next page of a long history does not begin at the first fact."""
MAX_STATE_BYTES = 2_000_000
"""A page of history ends early when its states together are larger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointInTime:
    """A point in the life of an aggregate: after the fact at `version`, or after all that was recorded up to a moment
    or a position in the log. None of them: now."""

    version: int | None = None
    moment: datetime | None = None
    position: int | None = None


NOW = PointInTime()


class InvalidPointInTime(UserError):
    """The point is none, or lies after the end."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One fact, the state before and after it, the name of the command that recorded it, and whether it was taken
    back since and not made again."""

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
    """A value in a state: where it stands, which fact last set it, and by which command."""

    pointer: str
    value: Document
    fact: Fact
    command: str | None


class AggregateHistory:
    """Looks back at the streams of any decider. What was recorded stays as it is, so states found once are kept."""

    def __init__(self, reader: EventReader, snapshots: SnapshotReader | None = None) -> None:
        self._reader = reader
        self._snapshots = snapshots
        self._turns = asyncio.Semaphore(MAX_CONCURRENT)
        self._kept: OrderedDict[tuple[str, UUID, int], LoadedState[Any]] = OrderedDict()

    async def as_of(
        self, decider: AnyDecider, stream_id: UUID, point: PointInTime = NOW
    ) -> LoadedState[Any] | None:
        """The state then, and the version it had; None before the first fact. Raises `NoSuchPoint`, `UnreadableStream`."""
        async with self._turns:
            version = await self.version(decider, stream_id, point)
            return await self._at(decider, stream_id, version) if version else None

    async def version(self, decider: AnyDecider, stream_id: UUID, point: PointInTime) -> int:
        """The version of the stream at that point, 0 before its first fact. Raises `NoSuchPoint`."""
        given = [name for name in ("version", "moment", "position") if getattr(point, name) is not None]
        if len(given) > 1:
            raise InvalidPointInTime(f"{' and '.join(given)} are given: one of them says when")
        newest = await self._reader.stream_version(decider.category, stream_id)
        if point.version is not None:
            if not 0 <= point.version <= newest:
                raise InvalidPointInTime(
                    f"{decider.category} {stream_id} is at version {newest}: there is no version {point.version}"
                )
            return point.version
        if point.moment is not None:
            if point.moment > datetime.now(UTC) + timedelta(seconds=1):
                raise InvalidPointInTime(f"{point.moment.isoformat()} is in the future")
            return await self._reader.stream_version(decider.category, stream_id, moment=point.moment)
        if point.position is not None:
            head = await self._reader.head_position()
            if not 0 <= point.position <= head:
                raise InvalidPointInTime(
                    f"the log ends at position {head}: there is no position {point.position}"
                )
            return await self._reader.stream_version(decider.category, stream_id, position=point.position)
        return newest

    async def history(
        self, decider: AnyDecider, stream_id: UUID, after: int, first: int
    ) -> tuple[Sequence[HistoryEntry], bool]:
        """Up to `first` entries with versions above `after`, and whether there are more. Fewer where states are
        large, or a fact follows that cannot be read: the entries before it can be had."""
        async with self._turns:
            return await self._history(decider, stream_id, after, first)

    async def blame(
        self, decider: AnyDecider, stream_id: UUID, point: PointInTime = NOW
    ) -> Sequence[FieldBlame]:
        """Every value of the state at that point, with the fact that last set it; none before the first fact."""
        async with self._turns:
            return await self._blame(decider, stream_id, await self.version(decider, stream_id, point))

    async def _history(
        self, decider: AnyDecider, stream_id: UUID, after: int, first: int
    ) -> tuple[Sequence[HistoryEntry], bool]:
        facts = await self._reader.read_stream(decider.category, stream_id, after, first + 1)
        if not facts or first < 1:
            return (), bool(facts)
        at = await self._at(decider, stream_id, after)
        state, shown, size = at.state, to_document(at.state) if after else EMPTY_DOCUMENT, 0
        steps: list[tuple[Fact, Document, Document]] = []
        for fact in facts[:first]:
            if steps and isinstance(fact.event, UnreadableEvent):
                break
            state, before = decider.fold([_readable(fact).event], state, fact.version - 1), shown
            shown = to_document(state)
            steps.append((fact, before, shown))
            size += len(str(shown))
            if size > MAX_STATE_BYTES:
                break
            await asyncio.sleep(0)
        self._keep(decider, stream_id, LoadedState(state, steps[-1][0].version))
        undone = await self._undone(decider, [fact for fact, _, _ in steps])
        commands = await self._reader.command_names([fact.command_id for fact, _, _ in steps])
        entries = [
            HistoryEntry(fact, before, after_it, commands.get(fact.command_id), fact.version in undone)
            for fact, before, after_it in steps
        ]
        return entries, len(steps) < len(facts)

    async def _blame(self, decider: AnyDecider, stream_id: UUID, end: int) -> Sequence[FieldBlame]:
        state, shown, at = decider.initial, EMPTY_DOCUMENT, 0
        marks: BlameTree[Fact] | None = None
        while at < end:
            for fact in await self._reader.read_stream(
                decider.category, stream_id, at, CHUNK_SIZE, up_to=end
            ):
                state, before = decider.fold([_readable(fact).event], state, at), shown
                at = fact.version
                shown = to_document(state)
                marks = update_blame(before, marks, shown, fact)
        if marks is None:
            return ()
        found = list(blame_entries(shown, marks))
        commands = await self._reader.command_names({fact.command_id for _, _, fact in found})
        return [
            FieldBlame(pointer, value, fact, commands.get(fact.command_id)) for pointer, value, fact in found
        ]

    async def _at(self, decider: AnyDecider, stream_id: UUID, version: int) -> LoadedState[Any]:
        kept = [key for key in self._kept if key[:2] == (decider.category, stream_id) and key[2] <= version]
        base = self._kept[max(kept, key=lambda each: each[2])] if kept else None
        return self._keep(
            decider,
            stream_id,
            await load_aggregate(
                self._reader, decider, stream_id, version=version, base=base, snapshots=self._snapshots
            ),
        )

    def _keep(self, decider: AnyDecider, stream_id: UUID, found: LoadedState[Any]) -> LoadedState[Any]:
        self._kept[decider.category, stream_id, found.version] = found
        self._kept.move_to_end((decider.category, stream_id, found.version))
        while len(self._kept) > MAX_CACHED_STATES:
            self._kept.popitem(last=False)
        return found

    async def _undone(self, decider: AnyDecider, facts: Sequence[Fact]) -> set[int]:
        """The versions of those whose change was taken back since, and not made again after that."""
        if not any(issubclass(event_type, Undoable) for event_type in decider.event_types):
            return set()
        changed = {
            fact.version: fact.event.redoes or fact.version
            for fact in facts
            if isinstance(fact.event, Undoable) and fact.event.undoes is None
        }
        gone = await self._reader.undone_versions(decider.category, facts[0].stream_id, set(changed.values()))
        return {version for version, change in changed.items() if change in gone}


def _readable(fact: Fact) -> Fact:
    if isinstance(fact.event, UnreadableEvent):
        raise UnreadableStream(fact)
    return fact
