"""The followers of the proof: they tail the log, from the feed or from the table."""

import asyncio
from collections.abc import Sequence
from random import Random

from app.engine.database.connections import Database
from app.engine.prove.journal import Counted, Delivered, Job, Journal, Started, tally
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.notifier import LogNotifier
from app.engine.store.reader import EventReader, Fact


class Follower:
    """Records every fact that it receives. `reached` is the last position."""

    def __init__(self, job: Job, database: Database) -> None:
        self._journal = Journal(job.journal)
        self._random = Random(f"{job.seed} {job.role} {job.number}")
        self._database = database
        self._reader = EventReader(database.pool, EventCodec([tally]))
        self.reached = 0

    async def tail_feed(self) -> None:
        """Read as a subscription does: from the feed's buffer, or from the table if the buffer lacks the position."""
        feed = Feed(self._reader, buffer_size=200, poll_interval=0.2)
        wake = LogNotifier(self._database.connect, feed.notify)
        await feed.start()
        self._begin(feed.head)
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run())
            group.create_task(wake.run())
            async for facts in feed.follow(self.reached, limit=self._random.choice((50, 1_000))):
                self._take(facts)
                if self._random.random() < 0.1:
                    # Sometimes wait until the next fact has left the buffer.
                    await asyncio.sleep(self._random.uniform(0, 0.1))

    async def tail_table(self) -> None:
        """Read as the simplest reader does: all facts after a cursor; the last one is the new cursor."""
        self._begin(await self._reader.head_position())
        while True:
            facts = await self._reader.read_all(self.reached, self._random.choice((10, 100, 1_000)))
            if facts:
                self._take(facts)
            else:
                await asyncio.sleep(0.003)

    def _begin(self, head: int) -> None:
        self.reached = self._random.randint(0, head)
        self._journal.write(Started(self.reached))

    def _take(self, facts: Sequence[Fact]) -> None:
        self._journal.write(*(_delivered(fact) for fact in facts))
        if facts[0].position <= self.reached:
            # Stop: the order is wrong already, and a reader that repeats itself would never end.
            raise AssertionError(f"position {facts[0].position} came after {self.reached}")
        self.reached = facts[-1].position


def _delivered(fact: Fact) -> Delivered:
    place = fact.event.place if isinstance(fact.event, Counted) else 0
    return Delivered(fact.position, fact.stream_id, fact.version, fact.command_id, place)
