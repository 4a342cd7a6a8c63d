"""Parking: the key of a fact that raises is parked with the error. Later facts for it wait; every other key goes on.

The row of a parked key is the fold of its facts before the one that raised. If `keys` itself raised or returned an
unusable key, no key is known. Then the fact's stream is parked instead. What follows in that stream most likely
concerns the same rows.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, get_type_hints
from uuid import UUID

import msgspec

from app.engine.database.errors import error_summary, traceback_text
from app.engine.store.reader import Fact
from projections.kernel import AnyProjection, Key

MAX_KEY_LENGTH = 2_000
"""Bytes of a key as JSON; PostgreSQL's indexes take 2,704."""
MAX_UNREADABLE_SHAPES = 100
"""Types of unreadable events that a projection counts, first seen first."""
NO_POSITION = 2**63


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that is parked because no key is known."""

    category: str
    id: UUID


type ParkedItem = Key | ParkedStream
"""A parked key of the projection, or a parked stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedEntry:
    """An item that is parked since the fact at `position`, which raised `error`."""

    item: ParkedItem
    position: int
    error: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableCount:
    """Events of one type and version that this code cannot read. The projection has passed over them: they concern no key."""

    count: int
    first: int
    last: int


class KeyCodec:
    """The keys of one projection as JSON, and back."""

    def __init__(self, projection: AnyProjection) -> None:
        hints = get_type_hints(projection.row)
        self._type: Any = tuple[*(hints[name] for name in projection.key)]

    def write(self, item: ParkedItem) -> str | None:
        """JSON text, or None if the item cannot be stored.

        Such an item does not survive the round trip, or is too long for an index.
        """
        value = {"category": item.category, "stream": item.id} if isinstance(item, ParkedStream) else item
        try:
            written = msgspec.json.encode(value).decode()
            if len(written.encode()) > MAX_KEY_LENGTH or "\\u0000" in written or self.read(written) != item:
                return None
        except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError):
            return None
        return written

    def read(self, written: str) -> ParkedItem:
        """Raises `msgspec.MsgspecError` if this is not a key of the projection."""
        value = msgspec.json.decode(written)
        if isinstance(value, dict):
            stream = msgspec.convert(value, dict[str, str])
            return ParkedStream(stream.get("category", ""), msgspec.convert(stream.get("stream"), UUID))
        return msgspec.convert(value, self._type)


@cache
def key_codec(projection: AnyProjection) -> KeyCodec:
    """The codec of the projection, made once."""
    return KeyCodec(projection)


@dataclass(slots=True, kw_only=True)
class ParkedKeys:
    """What one projection's table has parked, skips and cannot read. `route` and `fold` copy it before they change it."""

    projection: AnyProjection
    positions: dict[ParkedItem, int] = field(default_factory=dict["ParkedItem", int])
    """The position from which each item waits."""
    skipped: Set[tuple[ParkedItem, int]] = frozenset()
    """Events that an operator has skipped, each with the item that it is skipped for."""
    restricted_to: Set[Key] | None = None
    """The keys to fold; None for all."""
    unreadable: Mapping[str, UnreadableCount] = field(default_factory=dict[str, UnreadableCount])
    """Unreadable events that were passed over, by type and stored version."""
    unsaved: dict[ParkedItem, ParkedEntry] = field(default_factory=dict["ParkedItem", ParkedEntry])
    """Items that were parked since the last save."""
    counts_unsaved: bool = False

    def copy(self) -> "ParkedKeys":
        return replace(self, positions={**self.positions}, unsaved={**self.unsaved})

    def saved(self) -> "ParkedKeys":
        """A copy with nothing left to save."""
        return replace(self, unsaved={}, counts_unsaved=False)

    def excludes(self, item: ParkedItem, position: int) -> bool:
        """Whether the fact at `position` must not be folded into the item."""
        return (
            self.positions.get(item, NO_POSITION) <= position
            or (item, position) in self.skipped
            or (self.restricted_to is not None and isinstance(item, tuple) and item not in self.restricted_to)
        )

    def park(self, key: Key, fact: Fact, error: Exception) -> bool:
        """Park the key from this fact on. False if the key cannot be stored, and its stream is parked instead."""
        if key_codec(self.projection).write(key) is None:
            self.park_stream(fact, error)
            return False
        self.park_at(key, fact.position, error)
        return True

    def park_stream(self, fact: Fact, error: Exception) -> None:
        self.park_at(ParkedStream(fact.category, fact.stream_id), fact.position, error)

    def park_at(self, item: ParkedItem, position: int, error: Exception) -> None:
        """Park the item from `position` on, unless it is parked already from an earlier one."""
        if self.positions.get(item, NO_POSITION) > position:
            self.positions[item] = position
            self.unsaved[item] = ParkedEntry(
                item=item, position=position, error=error_summary(error), traceback=traceback_text(error)
            )

    def with_unreadable(self, facts: Sequence[Fact]) -> "ParkedKeys":
        """A copy that counts these facts."""
        counts = {**self.unreadable}
        for fact in facts:
            name = f"{fact.event.name} v{fact.event.version}"
            known = counts.get(name)
            if known is not None:
                counts[name] = replace(known, count=known.count + 1, last=fact.position)
            elif len(counts) < MAX_UNREADABLE_SHAPES:
                counts[name] = UnreadableCount(count=1, first=fact.position, last=fact.position)
        return replace(self, unreadable=counts, counts_unsaved=True)
