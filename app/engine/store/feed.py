"""The feed: every fact of the log, in order, once. One reader fills a buffer, and each follower has a cursor.

A follower needs no queue: it is a position. A follower that is behind the buffer reads from the table.

Each read begins at the newest fact that the feed knows. If the log has another fact there, or none, the log went back. A
standby that lacked facts became the primary, or a backup was restored. Then a new epoch begins, and all followers end.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import takewhile
from time import monotonic

import asyncpg

from app.engine.backoff import Backoff
from app.engine.database.errors import first_line
from app.engine.store.event_filter import ALL_EVENTS, EventFilter
from app.engine.store.feed_buffer import FeedBuffer
from app.engine.store.interests import EVERYTHING, Interest, InterestIndex, Waiter
from app.engine.store.log_identity import EventIdentity, Fact, LogEnd, LogToken, identity_of
from app.engine.store.reader import EventReader

log = logging.getLogger(__name__)

PAGE_SIZE = 1_000
STALL_SECONDS = 15.0
"""Subscriptions end with an error if the log cannot be read for so long."""


class LogReplaced(Exception):
    """The log was replaced: events that were read before are gone. Read everything from the start."""


class FeedStalled(Exception):
    """The log cannot be read at the moment. Subscribe again after the last position that was received."""


class Feed:
    """Follows the log. `buffer_size` is how many facts stay in memory, in at most `buffer_bytes`, `poll_interval` the
    longest pause in seconds.

    The table is the truth: `notify` only shortens the pause.
    """

    def __init__(
        self,
        reader: EventReader,
        *,
        buffer_size: int = 10_000,
        buffer_bytes: int = 64 * 2**20,
        poll_interval: float = 0.5,
    ) -> None:
        self.reader = reader
        self._poll_interval = poll_interval
        self.buffer = FeedBuffer(buffer_size, buffer_bytes)
        self._wakeup = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()
        self._subscribers = InterestIndex()
        """The low-priority waiters."""
        self.end = LogEnd(None, None)
        """The id of the log, and the newest fact that followers can see."""
        self._replacing = asyncio.Lock()
        self._failing_since: float | None = None
        self.on_replaced: list[Callable[[], None]] = []
        """Called when the log turned out to be replaced, before followers end."""
        self.epoch = 0
        """How often the log was replaced while this process ran."""
        self.replacement: str | None = None
        """What was lost when the log was replaced last."""
        self.trouble: str | None = None
        """Why this process does not read on, in one line."""
        self.closed = False
        self.head = 0
        """The newest position that followers can see."""
        self.latest_known = 0
        """The newest position that this process knows of. It has returned no position above it."""
        self._notified = 0
        """How many times `latest_known` was raised by a notification."""

    @property
    def waiting_subscribers(self) -> int:
        """Subscriptions that wait for the next event."""
        return len(self._subscribers)

    async def has(self, token: LogToken) -> bool:
        """Whether the log is the one that the token was made of: it has the token's event."""
        if token.log_id != self.end.log_id:
            return False
        if token.mark is None or (self.end.newest is not None and token.names(self.end.newest)):
            return True
        if (fact := self.buffered(token.position)) is not None:
            return token.names(identity_of(fact))
        stored = await self.reader.identities(token.position, token.position)
        return any(token.names(identity) for identity in stored)

    async def start(self) -> None:
        self.end = await self.reader.log_end()
        self.head = self.latest_known = self.end.position

    async def run(self) -> None:
        """Read on until `close`. No error ends it: `trouble` names the error, and the read is repeated."""
        backoff = Backoff(0.05, 2.0)
        while not self.closed:
            try:
                more = await self._read_on()
            except Exception as error:
                # Nothing that the database does ends the feed: health has the error, and the read is repeated.
                self._report_failure(error)
                await backoff.sleep()
                continue
            backoff.reset()
            self._report_success()
            if not more:
                await self._sleep_until_notified()

    async def _read_on(self) -> bool:
        """Read the facts after the newest known one. True if there may be more. Raises `LogHole`."""
        epoch, known, notified = self.epoch, self.end.newest, self._notified
        facts, hole = await self.reader.read_dense(0 if known is None else known.position - 1, PAGE_SIZE)
        following = facts
        if known is not None:
            if not facts or identity_of(facts[0]) != known:
                if epoch == self.epoch and await self.check_log(None):
                    raise ConnectionError("two reads of the log disagree on its newest event")
                return True
            following = facts[1:]
        # `publish` may have added some of them in the meantime.
        if epoch == self.epoch and (new := [fact for fact in following if fact.position > self.head]):
            self._extend(new)
        if hole is not None:
            raise hole
        may_have_more = len(facts) == PAGE_SIZE
        if not may_have_more and (epoch, notified) == (self.epoch, self._notified):
            # The log ends here. A server that has not noticed that the log was replaced may have named a higher position.
            self.latest_known = self.head
        return may_have_more

    async def check_log(self, connection: asyncpg.Connection | None) -> bool:
        """Whether the log still has the newest facts that this process knows. If not, a new epoch begins: False.

        `connection` is a new session that is about to write. So nothing is written on the strength of lost facts.
        """
        async with self._replacing:
            reader = self.reader if connection is None else self.reader.on(connection)
            end = await reader.log_end()
            # Under a clock that stepped back, a repeated command may get its old moment. Events before it are other ones then.
            buffered = [identity_of(fact) for fact in self.buffer.facts[-PAGE_SIZE:]]
            seen = [event for event in (self.end.newest, self.reader.newest_seen) if event is not None]
            if self.end.log_id in (None, end.log_id) and all(
                [
                    await reader.identities(events[0].position, events[-1].position) == events
                    for events in (buffered, *([event] for event in seen))
                    if events
                ]
            ):
                self.end = LogEnd(end.log_id, self.end.newest)
                return True
            await self._begin_epoch(reader, end)
            return False

    async def _begin_epoch(self, reader: EventReader, end: LogEnd) -> None:
        first = self.head - len(self.buffer.facts) + 1
        kept = {*await reader.identities(first, self.head)}
        common = [*takewhile(lambda fact: identity_of(fact) in kept, self.buffer.facts)]
        seen = self.reader.newest_seen
        known = max(self.head, 0 if seen is None else seen.position)
        since = f"after position {common[-1].position}" if common else "after an unknown position"
        self.replacement = f"the log was replaced: events {since}, up to {known}, are gone or are other ones; it ends at {end.position} now"
        log.critical("%s", self.replacement)
        self.epoch += 1
        self.buffer.clear()
        self.end, self.head, self.latest_known = end, end.position, end.position
        self.reader.newest_seen = end.newest
        for on_replaced in self.on_replaced:
            on_replaced()
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_exception(LogReplaced(self.replacement))
        self._subscribers.fail(LogReplaced(self.replacement))

    def _report_failure(self, error: Exception) -> None:
        now = monotonic()
        if self._failing_since is None:
            self._failing_since = now
        trouble = f"the log cannot be read: {first_line(error)}"
        if trouble != self.trouble:
            log.warning("feed: %s; trying again", trouble)
        self.trouble = trouble
        if now - self._failing_since >= STALL_SECONDS:
            self._subscribers.fail(FeedStalled(f"{trouble}. {FeedStalled.__doc__}"))

    def _report_success(self) -> None:
        if self.trouble is not None:
            log.warning("feed: the log can be read again")
        self.trouble = self._failing_since = None

    def publish(self, head: int, facts: Sequence[Fact], before: EventIdentity | None = None) -> None:
        """This process has recorded `facts` directly after the fact `before`, and the log ends at `head` or later.

        The facts are not read back if they are the next ones. If they are not, followers wait for those before them, but
        aggregates in memory have them already.
        """
        is_next = [fact.position for fact in facts] == [
            *range(self.head + 1, self.head + 1 + len(facts))
        ] and (before is None or before.may_be(self.end.newest))
        self.reader.note(facts)
        if facts and is_next:
            self._extend(facts)
        self.notify(head)
        if any(self._contradicts(event) for event in (before, *(identity_of(fact) for fact in facts[:1]))):
            # The log is another one: the next read finds out.
            self._wakeup.set()

    def _contradicts(self, event: EventIdentity | None) -> bool:
        known = None if event is None else self.buffered(event.position)
        return known is not None and not identity_of(known).may_be(event)

    def notify(self, position: int) -> None:
        """There is a fact at `position`."""
        if position > self.head:
            self.latest_known = max(self.latest_known, position)
            self._notified += 1
            self._wakeup.set()

    def close(self) -> None:
        """End `run`, and every `follow`."""
        self.closed = True
        self._wakeup.set()
        self._wake_waiters()
        self._subscribers.wake_all()

    def wake_subscribers(self) -> None:
        """Wake the low-priority waiters without a fact: what they show may have changed otherwise."""
        self._subscribers.wake_all()

    async def follow(
        self,
        after: int,
        where: EventFilter = ALL_EVENTS,
        *,
        limit: int = PAGE_SIZE,
    ) -> AsyncIterator[Sequence[Fact]]:
        """All matching facts above position `after`, in order, in batches of 1 to `limit`, until the feed closes.

        Raises `LogReplaced`.
        """
        epoch, cursor = self.epoch, after
        while await self.wait_past(cursor, epoch=epoch):
            facts, cursor = await self.read_after(cursor, where, limit)
            if facts:
                yield facts

    async def wait_past(self, cursor: int, *, epoch: int | None = None, low_priority: bool = False) -> bool:
        """Wait for a fact above `cursor`, with `low_priority` also for `wake_subscribers`. False when the feed has closed.

        `epoch` is that of the cursor. Raises `LogReplaced` if it has ended, and `FeedStalled` with `low_priority`: see `wait_for`.
        """
        if low_priority:
            return await self.wait_for(cursor, EVERYTHING, epoch=epoch) is not None
        self._check_epoch(epoch)
        while self.head <= cursor and not self.closed:
            # One future for each waiter: a shared future with shields costs twice as much.
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.add(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                self._waiting.discard(waiter)
                raise
        return not self.closed

    async def wait_for(
        self, cursor: int, interests: Sequence[Interest], *, epoch: int | None = None
    ) -> int | None:
        """Wait for a fact above `cursor` that is of interest, or for `wake_subscribers`. Returns a position from which to
        read on: no fact between `cursor` and it is of interest. None when the feed has closed.

        Facts that are there already may be of no interest. `epoch` is that of the cursor. Raises `LogReplaced` if it has
        ended, and `FeedStalled`. Waiters wake a few at a time, in their order: they are many, and no other task waits for them.
        """
        self._check_epoch(epoch)
        if self.head <= cursor and not self.closed:
            waiter = Waiter(cursor, interests, asyncio.get_running_loop().create_future())
            self._subscribers.add(waiter)
            try:
                await waiter.future
            except asyncio.CancelledError:
                self._subscribers.discard(waiter)
                raise
            if waiter.position is not None:
                cursor = waiter.position - 1
        return None if self.closed else cursor

    def _check_epoch(self, epoch: int | None) -> None:
        if epoch is not None and epoch != self.epoch:
            raise LogReplaced(self.replacement)

    async def read_after(
        self, cursor: int, where: EventFilter = ALL_EVENTS, limit: int = PAGE_SIZE
    ) -> tuple[Sequence[Fact], int]:
        """The matching ones among the next facts above `cursor`, and the cursor after all facts that were examined."""
        oldest = self.head - len(self.buffer.facts) + 1
        if cursor + 1 >= oldest:
            index = cursor + 1 - oldest
            facts = self.buffer.facts[index : index + limit]
            if not facts:
                return (), cursor
            return (facts if where is ALL_EVENTS else [fact for fact in facts if where.matches(fact)]), facts[
                -1
            ].position
        end = oldest - 1
        facts = await self.reader.read_all(cursor, limit, up_to=end, where=where)
        # All facts are read without a filter: the cursor does not pass a hole.
        examined_all = len(facts) < limit and (where is not ALL_EVENTS or not facts)
        return facts, end if examined_all else facts[-1].position

    def buffered(self, position: int) -> Fact | None:
        """The fact at this position, if it is in memory."""
        index = position - (self.head - len(self.buffer.facts) + 1)
        return self.buffer.facts[index] if 0 <= index < len(self.buffer.facts) else None

    def _extend(self, facts: Sequence[Fact]) -> None:
        self.buffer.extend(facts)
        self.end = LogEnd(self.end.log_id, identity_of(facts[-1]))
        self.head = facts[-1].position
        self.latest_known = max(self.latest_known, self.head)
        self._wake_waiters()
        self._subscribers.wake(facts)

    def _wake_waiters(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)

    async def _sleep_until_notified(self) -> None:
        try:
            async with asyncio.timeout(self._poll_interval):
                await self._wakeup.wait()
        except TimeoutError:
            pass
        self._wakeup.clear()
