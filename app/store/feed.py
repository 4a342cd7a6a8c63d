"""The feed: every fact of the log, in order, once. One reader decodes it into a ring, and all who follow keep a cursor.

A follower costs no queue: it is a position. Who falls off the ring reads from the table until it is back.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence

from app.database import DRIVER_ERRORS, is_broken
from app.store.read import EVERYTHING, Fact, Filter, Reader

log = logging.getLogger(__name__)

PAGE = 1_000
TOLD_AT_ONCE = 50
"""Of thousands who wait patiently, how many are told in one turn of the loop. Whatever else this process does goes on between
them, and who is told late finds more to send at once: 1,000 subscribers are sent twice as much (2026-11-25, two cores)."""


class Feed:
    """Follows the log. `ring` is how many facts stay in memory; `poll` how many seconds pass at most until it looks again.

    The table is the truth: `wake` only shortens the sleep.
    """

    def __init__(self, reader: Reader, *, ring: int = 10_000, poll: float = 0.5) -> None:
        self.reader = reader
        self._size = ring
        self._poll = poll
        self._ring: list[Fact] = []
        self._bell = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()
        self._patient: OrderedDict[asyncio.Future[None], None] = OrderedDict()
        self._due = 0
        """How many of the patient, from the first on, are to be told."""
        self.closed = False
        self.head = 0
        """The newest position that followers can see."""
        self.newest = 0
        """The newest position that this process knows of: what it has answered to anybody is not above it."""

    async def start(self) -> None:
        self.head = self.newest = await self.reader.head()

    async def run(self) -> None:
        """Read on until `close`."""
        pause = 0.05
        while not self.closed:
            try:
                facts = await self.reader.log(self.head, PAGE)
                pause = 0.05
            except DRIVER_ERRORS as problem:
                if not is_broken(problem):
                    raise
                log.warning("feed: the log cannot be read (%s); trying again", problem)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
                continue
            # Meanwhile some of them may have been handed in.
            if new := [fact for fact in facts if fact.position > self.head]:
                self._extend(new)
            if len(facts) < PAGE:
                await self._rest()

    def offer(self, head: int, facts: Sequence[Fact]) -> None:
        """This process has recorded `facts`, and the log goes up to `head` at least. Where they are the next ones, nobody
        has to read them back."""
        if [fact.position for fact in facts] == [*range(self.head + 1, self.head + 1 + len(facts))] and facts:
            self._extend(facts)
        self.wake(head)

    def wake(self, position: int) -> None:
        """Somebody knows of a fact at `position`."""
        if position > self.head:
            self.newest = max(self.newest, position)
            self._bell.set()

    def close(self) -> None:
        """End `run`, and every `follow`."""
        self.closed = True
        self._bell.set()
        self._tell()

    async def follow(
        self, after: int, where: Filter = EVERYTHING, *, most: int = PAGE, patient: bool = False
    ) -> AsyncIterator[Sequence[Fact]]:
        """All matching facts above position `after`, in order, in batches of 1 to `most`, until the feed closes."""
        cursor = after
        while await self.beyond(cursor, patient=patient):
            facts, cursor = await self.take(cursor, where, most)
            if facts:
                yield facts

    async def beyond(self, cursor: int, *, patient: bool = False) -> bool:
        """Wait for a fact above `cursor`. False when the feed has closed. The `patient` are told a few at a time, in the order
        in which they came: those who are many, and whom nobody in this process waits for."""
        while self.head <= cursor and not self.closed:
            # One future each: shielding one for all costs twice as much, and there may be thousands who wait.
            moved = asyncio.get_running_loop().create_future()
            if patient:
                self._patient[moved] = None
            else:
                self._waiting.add(moved)
            try:
                await moved
            except asyncio.CancelledError:
                self._waiting.discard(moved)
                self._patient.pop(moved, None)
                raise
        return not self.closed

    async def take(
        self, cursor: int, where: Filter = EVERYTHING, most: int = PAGE
    ) -> tuple[Sequence[Fact], int]:
        """What matches among the next facts above `cursor`, at most `most`, and the cursor behind what was looked at."""
        oldest = self.head - len(self._ring) + 1
        if cursor + 1 >= oldest:
            place = cursor + 1 - oldest
            facts = self._ring[place : place + most]
            if not facts:
                return (), cursor
            return (facts if where is EVERYTHING else [f for f in facts if where.matches(f)]), facts[
                -1
            ].position
        until = oldest - 1
        facts = await self.reader.log(cursor, most, up_to=until, where=where)
        return facts, facts[-1].position if len(facts) == most else until

    def held(self, position: int) -> Fact | None:
        """The fact at this position, where it is in memory."""
        place = position - (self.head - len(self._ring) + 1)
        return self._ring[place] if 0 <= place < len(self._ring) else None

    def _extend(self, facts: Sequence[Fact]) -> None:
        self._ring.extend(facts)
        if len(self._ring) > 2 * self._size:
            del self._ring[: -self._size]
        self.head = facts[-1].position
        self.newest = max(self.newest, self.head)
        self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for moved in waiting:
            if not moved.done():
                moved.set_result(None)
        resting, self._due = not self._due, len(self._patient)
        if resting and self._due:
            self._tell_some()

    def _tell_some(self) -> None:
        for _ in range(min(TOLD_AT_ONCE, self._due, len(self._patient))):
            moved, _ = self._patient.popitem(last=False)
            if not moved.done():
                moved.set_result(None)
        self._due = min(max(self._due - TOLD_AT_ONCE, 0), len(self._patient))
        if self._due:
            asyncio.get_running_loop().call_soon(self._tell_some)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(self._poll):
                await self._bell.wait()
        except TimeoutError:
            pass
        self._bell.clear()
