"""What a subscriber waits for, and the index that finds the subscribers that a fact concerns.

The work for a fact grows with the subscribers that it concerns, not with all subscribers.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.engine.store.event_filter import ALL_EVENTS, EventFilter, names_of
from app.engine.store.log_identity import Fact


@dataclass(frozen=True, slots=True)
class Interest:
    """Facts with one key. `key_of` gives the key of a fact, or with `has_many` its keys; None concerns no subscriber.

    All interests of one kind have the same function. It is called once for a fact, not once for each subscriber.
    """

    key_of: Callable[[Fact], Any]
    key: object
    has_many: bool = False

    def __call__(self, fact: Fact) -> bool:
        """Whether the fact is of interest."""
        found = self.key_of(fact)
        return self.key in found if self.has_many else self.key == found


def _stream(fact: Fact) -> object:
    return fact.category, fact.stream_id


def _stream_id(fact: Fact) -> object:
    return fact.stream_id


def _correlation_id(fact: Fact) -> object:
    return fact.correlation_id


def _command_id(fact: Fact) -> object:
    return fact.command_id


def _category(fact: Fact) -> object:
    return fact.category


EVERYTHING = (Interest(lambda _: True, True),)


def stream_interest(category: str, stream_id: UUID) -> Interest:
    """The facts of one stream."""
    return Interest(_stream, (category, stream_id))


def filter_interests(where: EventFilter) -> Sequence[Interest]:
    """Interests in all facts that match a filter, and in few others."""
    if where is ALL_EVENTS:
        return EVERYTHING
    for key_of, key in (
        (_command_id, where.command_id),
        (_correlation_id, where.correlation_id),
        (_stream_id, where.stream_id),
    ):
        if key is not None:
            return (Interest(key_of, key),)
    if where.types is not None:
        return [Interest(names_of, name, has_many=True) for name in where.types]
    if where.categories is not None:
        return [Interest(_category, category) for category in where.categories]
    return EVERYTHING


WAKE_BATCH_SIZE = 50
"""How many waiters wake in one cycle of the event loop. Other tasks run in between, and a waiter that wakes late finds more
facts at once. So 1,000 subscribers get twice as many facts a second (2026-11-25, two cores)."""


class Waiter:
    """One subscriber that waits for a fact above `cursor`. `position` is set with the first one that concerns it."""

    __slots__ = ("cursor", "future", "interests", "position")

    def __init__(self, cursor: int, interests: Sequence[Interest], future: asyncio.Future[None]) -> None:
        self.cursor = cursor
        self.interests = interests
        self.future = future
        self.position: int | None = None


class InterestIndex:
    """The waiters by what concerns them. Those that a fact concerns wake in the order in which they came."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[Waiter, None] = OrderedDict()
        self._groups: dict[tuple[Callable[[Fact], Any], bool], dict[object, dict[Waiter, None]]] = {}
        self._woken: deque[Waiter] = deque()
        self._is_waking = False

    def __len__(self) -> int:
        return len(self._waiting) + len(self._woken)

    def add(self, waiter: Waiter) -> None:
        self._waiting[waiter] = None
        for interest in waiter.interests:
            group = self._groups.setdefault((interest.key_of, interest.has_many), {})
            group.setdefault(interest.key, {})[waiter] = None

    def discard(self, waiter: Waiter) -> None:
        if waiter not in self._waiting:
            # It is woken already. Its future is done when it is taken.
            return
        del self._waiting[waiter]
        for interest in waiter.interests:
            kind = interest.key_of, interest.has_many
            group = self._groups.get(kind, {})
            if (waiters := group.get(interest.key)) is not None:
                waiters.pop(waiter, None)
                if not waiters:
                    del group[interest.key]
                if not group:
                    self._groups.pop(kind, None)

    def wake(self, facts: Sequence[Fact]) -> None:
        """Wake the waiters that these facts concern, a few in each cycle of the event loop."""
        for fact in facts:
            if not self._waiting:
                break
            for waiter in self._concerned(fact):
                if fact.position > waiter.cursor:
                    waiter.position = fact.position
                    self.discard(waiter)
                    self._woken.append(waiter)
        self._begin_waking()

    def wake_all(self) -> None:
        """Wake all waiters, without a fact."""
        self._move_all()
        self._begin_waking()

    def fail(self, error: Exception) -> None:
        """Raise an error in all waiters, at once."""
        self._move_all()
        while self._woken:
            if not (future := self._woken.popleft().future).done():
                future.set_exception(error)

    def _move_all(self) -> None:
        self._woken.extend(self._waiting)
        self._waiting.clear()
        self._groups.clear()

    def _begin_waking(self) -> None:
        if self._woken and not self._is_waking:
            self._wake_next_batch()

    def _wake_next_batch(self) -> None:
        for _ in range(min(WAKE_BATCH_SIZE, len(self._woken))):
            if not (future := self._woken.popleft().future).done():
                future.set_result(None)
        self._is_waking = bool(self._woken)
        if self._is_waking:
            asyncio.get_running_loop().call_soon(self._wake_next_batch)

    def _concerned(self, fact: Fact) -> Sequence[Waiter]:
        found: dict[Waiter, None] = {}
        for (key_of, has_many), group in self._groups.items():
            try:
                keys = key_of(fact)
                for key in keys if has_many else (keys,):
                    if (waiters := group.get(key)) is not None:
                        found.update(waiters)
            except Exception:
                # The function may be of the team, and this runs inside a commit. Each subscriber gets the error itself.
                for waiters in group.values():
                    found.update(waiters)
        return list(found)
