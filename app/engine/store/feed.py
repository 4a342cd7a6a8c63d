"""The feed: every fact of the log, in order, once. One reader decodes it into a ring, and all who follow keep a cursor.

A follower costs no queue: it is a position. Who falls off the ring reads from the table until it is back.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from app.engine.database.connections import DRIVER_ERRORS, is_connection_error
from app.engine.store.reader import ALL_EVENTS, EventFilter, EventReader, Fact

log = logging.getLogger(__name__)

PAGE_SIZE = 1_000
WAKE_BATCH_SIZE = 50
"""Of thousands who wait patiently, how many are told in one turn of the loop. Whatever else this process does goes on between
them, and who is told late finds more to send at once: 1,000 subscribers are sent twice as much (2026-11-25, two cores)."""


class Feed:
    """Follows the log. `ring` is how many facts stay in memory; `poll` how many seconds pass at most until it looks again.

    The table is the truth: `wake` only shortens the sleep.
    """

    def __init__(self, reader: EventReader, *, ring: int = 10_000, poll: float = 0.5) -> None:
        self.reader = reader
        self._size = ring
        self._poll = poll
        self._buffer: list[Fact] = []
        self._bell = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()
        self._batch_waiters: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._waiters_to_wake = 0
        """How many of the patient, from the first on, are to be told."""
        self.closed = False
        self.head = 0
        """The newest position that followers can see."""
        self.latest_known = 0
        """The newest position that this process knows of: what it has answered to anybody is not above it."""

    @property
    def waiting_subscribers(self) -> int:
        """Subscriptions that wait for the next event."""
        return len(self._batch_waiters)

    async def start(self) -> None:
        self.head = self.latest_known = await self.reader.head_position()

    async def run(self) -> None:
        """Read on until `close`."""
        pause = 0.05
        while not self.closed:
            try:
                facts = await self.reader.read_all(self.head, PAGE_SIZE)
                pause = 0.05
            except DRIVER_ERRORS as error:
                if not is_connection_error(error):
                    raise
                log.warning("feed: the log cannot be read (%s); trying again", error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
                continue
            # Meanwhile some of them may have been handed in.
            if new := [fact for fact in facts if fact.position > self.head]:
                self._extend(new)
            if len(facts) < PAGE_SIZE:
                await self._sleep_until_notified()

    def publish(self, head: int, facts: Sequence[Fact]) -> None:
        """This process has recorded `facts`, and the log goes up to `head` at least. Where they are the next ones, nobody
        has to read them back."""
        if [fact.position for fact in facts] == [*range(self.head + 1, self.head + 1 + len(facts))] and facts:
            self._extend(facts)
        self.notify(head)

    def notify(self, position: int) -> None:
        """Somebody knows of a fact at `position`."""
        if position > self.head:
            self.latest_known = max(self.latest_known, position)
            self._bell.set()

    def close(self) -> None:
        """End `run`, and every `follow`."""
        self.closed = True
        self._bell.set()
        self._wake_waiters()

    async def follow(
        self, after: int, where: EventFilter = ALL_EVENTS, *, most: int = PAGE_SIZE, patient: bool = False
    ) -> AsyncIterator[Sequence[Fact]]:
        """All matching facts above position `after`, in order, in batches of 1 to `most`, until the feed closes."""
        cursor = after
        while await self.wait_past(cursor, patient=patient):
            facts, cursor = await self.read_after(cursor, where, most)
            if facts:
                yield facts

    async def wait_past(self, cursor: int, *, patient: bool = False) -> bool:
        """Wait for a fact above `cursor`. False when the feed has closed. The `patient` are told a few at a time, in the order
        in which they came: those who are many, and whom nobody in this process waits for."""
        while self.head <= cursor and not self.closed:
            # One future each: shielding one for all costs twice as much, and there may be thousands who wait.
            moved = asyncio.get_running_loop().create_future()
            if patient:
                self._batch_waiters[moved] = None
            else:
                self._waiting.add(moved)
            try:
                await moved
            except asyncio.CancelledError:
                self._waiting.discard(moved)
                self._batch_waiters.pop(moved, None)
                raise
        return not self.closed

    async def read_after(
        self, cursor: int, where: EventFilter = ALL_EVENTS, most: int = PAGE_SIZE
    ) -> tuple[Sequence[Fact], int]:
        """What matches among the next facts above `cursor`, at most `most`, and the cursor behind what was looked at."""
        oldest = self.head - len(self._buffer) + 1
        if cursor + 1 >= oldest:
            place = cursor + 1 - oldest
            facts = self._buffer[place : place + most]
            if not facts:
                return (), cursor
            return (facts if where is ALL_EVENTS else [f for f in facts if where.matches(f)]), facts[
                -1
            ].position
        until = oldest - 1
        facts = await self.reader.read_all(cursor, most, up_to=until, where=where)
        return facts, facts[-1].position if len(facts) == most else until

    def buffered(self, position: int) -> Fact | None:
        """The fact at this position, where it is in memory."""
        place = position - (self.head - len(self._buffer) + 1)
        return self._buffer[place] if 0 <= place < len(self._buffer) else None

    def _extend(self, facts: Sequence[Fact]) -> None:
        self._buffer.extend(facts)
        if len(self._buffer) > 2 * self._size:
            del self._buffer[: -self._size]
        self.head = facts[-1].position
        self.latest_known = max(self.latest_known, self.head)
        self._wake_waiters()

    def _wake_waiters(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for moved in waiting:
            if not moved.done():
                moved.set_result(None)
        resting, self._waiters_to_wake = not self._waiters_to_wake, len(self._batch_waiters)
        if resting and self._waiters_to_wake:
            self._wake_next_batch()

    def _wake_next_batch(self) -> None:
        for _ in range(min(WAKE_BATCH_SIZE, self._waiters_to_wake, len(self._batch_waiters))):
            moved, _ = self._batch_waiters.popitem(last=False)
            if not moved.done():
                moved.set_result(None)
        self._waiters_to_wake = min(max(self._waiters_to_wake - WAKE_BATCH_SIZE, 0), len(self._batch_waiters))
        if self._waiters_to_wake:
            asyncio.get_running_loop().call_soon(self._wake_next_batch)

    async def _sleep_until_notified(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._bell.wait()
        except TimeoutError:
            pass
        self._bell.clear()
