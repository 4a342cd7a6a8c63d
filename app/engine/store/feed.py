"""The feed: every fact of the log, in order, once. One reader fills a buffer, and each follower has a cursor.

A follower needs no queue: it is a position. A follower that is behind the buffer reads from the table.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from app.engine.backoff import Backoff
from app.engine.database.errors import DRIVER_ERRORS, is_connection_error
from app.engine.store.reader import ALL_EVENTS, EventFilter, EventReader, Fact

log = logging.getLogger(__name__)

PAGE_SIZE = 1_000
WAKE_BATCH_SIZE = 50
"""How many low-priority waiters wake in one cycle of the event loop. Other tasks run in between, and a waiter that wakes
late finds more facts at once: 1,000 subscribers get twice as many facts a second (2026-11-25, two cores)."""


class Feed:
    """Follows the log. `buffer_size` is how many facts stay in memory, `poll_interval` the longest pause in seconds.

    The table is the truth: `notify` only shortens the pause.
    """

    def __init__(self, reader: EventReader, *, buffer_size: int = 10_000, poll_interval: float = 0.5) -> None:
        self.reader = reader
        self._size = buffer_size
        self._poll_interval = poll_interval
        self._buffer: list[Fact] = []
        self._wakeup = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()
        self._batch_waiters: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._waiters_to_wake = 0
        """How many of the low-priority waiters, from the first on, are to wake."""
        self.closed = False
        self.head = 0
        """The newest position that followers can see."""
        self.latest_known = 0
        """The newest position that this process knows of. It has returned no position above it."""

    @property
    def waiting_subscribers(self) -> int:
        """Subscriptions that wait for the next event."""
        return len(self._batch_waiters)

    async def start(self) -> None:
        self.head = self.latest_known = await self.reader.head_position()

    async def run(self) -> None:
        """Read on until `close`."""
        backoff = Backoff(0.05, 2.0)
        while not self.closed:
            try:
                facts = await self.reader.read_all(self.head, PAGE_SIZE)
                backoff.reset()
            except DRIVER_ERRORS as error:
                if not is_connection_error(error):
                    raise
                log.warning("feed: the log cannot be read (%s); retrying", error)
                await backoff.sleep()
                continue
            # `publish` may have added some of them in the meantime.
            if new := [fact for fact in facts if fact.position > self.head]:
                self._extend(new)
            if len(facts) < PAGE_SIZE:
                await self._sleep_until_notified()

    def publish(self, head: int, facts: Sequence[Fact]) -> None:
        """This process has recorded `facts`, and the log ends at `head` or later. The facts are not read back if they are
        the next ones."""
        if [fact.position for fact in facts] == [*range(self.head + 1, self.head + 1 + len(facts))] and facts:
            self._extend(facts)
        self.notify(head)

    def notify(self, position: int) -> None:
        """There is a fact at `position`."""
        if position > self.head:
            self.latest_known = max(self.latest_known, position)
            self._wakeup.set()

    def close(self) -> None:
        """End `run`, and every `follow`."""
        self.closed = True
        self._wakeup.set()
        self._wake_waiters()

    async def follow(
        self,
        after: int,
        where: EventFilter = ALL_EVENTS,
        *,
        limit: int = PAGE_SIZE,
        low_priority: bool = False,
    ) -> AsyncIterator[Sequence[Fact]]:
        """All matching facts above position `after`, in order, in batches of 1 to `limit`, until the feed closes."""
        cursor = after
        while await self.wait_past(cursor, low_priority=low_priority):
            facts, cursor = await self.read_after(cursor, where, limit)
            if facts:
                yield facts

    async def wait_past(self, cursor: int, *, low_priority: bool = False) -> bool:
        """Wait for a fact above `cursor`. False when the feed has closed.

        Waiters with `low_priority` wake a few at a time, in their order: they are many, and no other task waits for them.
        """
        while self.head <= cursor and not self.closed:
            # One future for each waiter: a shared future with shields costs twice as much, and there may be thousands.
            waiter = asyncio.get_running_loop().create_future()
            if low_priority:
                self._batch_waiters[waiter] = None
            else:
                self._waiting.add(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._waiting.discard(waiter)
                self._batch_waiters.pop(waiter, None)
                raise
        return not self.closed

    async def read_after(
        self, cursor: int, where: EventFilter = ALL_EVENTS, limit: int = PAGE_SIZE
    ) -> tuple[Sequence[Fact], int]:
        """The matching ones among the next facts above `cursor`, and the cursor after all facts that were examined."""
        oldest = self.head - len(self._buffer) + 1
        if cursor + 1 >= oldest:
            index = cursor + 1 - oldest
            facts = self._buffer[index : index + limit]
            if not facts:
                return (), cursor
            return (facts if where is ALL_EVENTS else [fact for fact in facts if where.matches(fact)]), facts[
                -1
            ].position
        end = oldest - 1
        facts = await self.reader.read_all(cursor, limit, up_to=end, where=where)
        return facts, facts[-1].position if len(facts) == limit else end

    def buffered(self, position: int) -> Fact | None:
        """The fact at this position, if it is in memory."""
        index = position - (self.head - len(self._buffer) + 1)
        return self._buffer[index] if 0 <= index < len(self._buffer) else None

    def _extend(self, facts: Sequence[Fact]) -> None:
        self._buffer.extend(facts)
        if len(self._buffer) > 2 * self._size:
            del self._buffer[: -self._size]
        self.head = facts[-1].position
        self.latest_known = max(self.latest_known, self.head)
        self._wake_waiters()

    def _wake_waiters(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
        idle, self._waiters_to_wake = not self._waiters_to_wake, len(self._batch_waiters)
        if idle and self._waiters_to_wake:
            self._wake_next_batch()

    def _wake_next_batch(self) -> None:
        for _ in range(min(WAKE_BATCH_SIZE, self._waiters_to_wake, len(self._batch_waiters))):
            waiter, _ = self._batch_waiters.popitem(last=False)
            if not waiter.done():
                waiter.set_result(None)
        self._waiters_to_wake = min(max(self._waiters_to_wake - WAKE_BATCH_SIZE, 0), len(self._batch_waiters))
        if self._waiters_to_wake:
            asyncio.get_running_loop().call_soon(self._wake_next_batch)

    async def _sleep_until_notified(self) -> None:
        try:
            async with asyncio.timeout(self._poll_interval):
                await self._wakeup.wait()
        except TimeoutError:
            pass
        self._wakeup.clear()
