"""The parties of the proof, each a process of its own: writers that count on shared tallies, and followers that tail the log.

A worker reads its job from the first line of stdin, and ends at the next line or when stdin closes. What it did it
writes to its journal before it goes on: whoever kills it can read what it knew.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg
import msgspec

from app.engine.database.connections import Database
from app.engine.prove.journal import (
    FULL,
    Acknowledged,
    Count,
    Counted,
    Delivered,
    Failed,
    Job,
    Journal,
    OutOfDate,
    RolledBack,
    Sent,
    Started,
    read_journal,
    tally,
)
from app.engine.store.append import Appender
from app.engine.store.append_request import AppendRequest, AppendResult, VersionConflict
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.notifier import LogNotifier
from app.engine.store.reader import EventReader, Fact

SHARED_STREAMS = 8
TASKS = 6
"""Commands that one writer has under way at a time: they share batches."""

# --- The writer -----------------------------------------------------------------


class Writer:
    """Appends until told to stop, on tallies that all writers share and on some of its own."""

    def __init__(self, job: Job, database: Database, appender: Appender) -> None:
        self._job = job
        self._database = database
        self._appender = appender
        self._journal = Journal(job.journal)
        self._chance = Random(f"{job.seed} write {job.number}")
        self._made = 0
        self._contested = 0
        self._versions: dict[UUID, int] = {}
        self._earlier: list[Sent] = []
        self.stopped = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for line in self._unanswered():
                group.create_task(self._send(line))
            for number in range(TASKS):
                group.create_task(self._count(number))
            group.create_task(self._transact())

    async def _count(self, number: int) -> None:
        while not self.stopped:
            dice = self._chance.random()
            if dice < 0.10 and self._earlier:
                # A client that repeats itself, once or twice at the same moment.
                again = self._chance.choice(self._earlier)
                await asyncio.gather(*(self._send(again) for _ in range(self._chance.randint(1, 2))))
            elif dice < 0.20:
                # A command that every writer sends sooner or later: the first one wins.
                self._contested += 1
                which = self._contested
                await self._send(
                    Sent(self._id("contested", which), self._id("shared", which % SHARED_STREAMS), which % 5)
                )
            else:
                shared = dice < 0.60
                stream = (
                    self._id("shared", self._chance.randrange(SHARED_STREAMS))
                    if shared
                    else self._id(f"own {self._job.number}", number)
                )
                self._made += 1
                sent = Sent(
                    self._id(f"command {self._job.number}", self._made),
                    stream,
                    0 if dice > 0.97 else self._chance.randint(1, 5),
                )
                if await self._send(sent):
                    self._earlier.append(sent)

    async def _send(self, sent: Sent) -> bool:
        """Send until the store has an answer other than a conflict. False where it failed."""
        self._journal.write(sent)
        while True:
            append = _append(sent, self._versions.get(sent.stream_id, 0))
            try:
                answer = await self._appender.append(append)
            except Exception as error:
                # Whatever it is, it is what the proof wants to know.
                self._journal.write(Failed(sent.command_id, _said(error)))
                self._versions[sent.stream_id] = await self._version(sent.stream_id)
                return False
            match answer:
                case VersionConflict(actual=actual):
                    self._journal.write(OutOfDate(sent.command_id))
                    self._versions[sent.stream_id] = actual
                case AppendResult(first=first, last=last, duplicate=duplicate, refusal=refusal):
                    self._journal.write(Acknowledged(sent.command_id, first, last, duplicate, refusal))
                    if not duplicate:
                        self._versions[sent.stream_id] = answer.version
                    return True

    async def _transact(self) -> None:
        """Again and again: append in a transaction of our own, dwell, and commit it, take it back, or drop the connection."""
        number = 0
        while not self.stopped:
            await asyncio.sleep(self._chance.uniform(0.02, 0.10))
            number += 1
            stream = (
                self._id(f"own {self._job.number}", TASKS)
                if self._chance.random() < 0.7
                else self._id("shared", self._chance.randrange(SHARED_STREAMS))
            )
            sent = Sent(self._id(f"transaction {self._job.number}", number), stream, 1)
            self._journal.write(sent)
            connection: asyncpg.Connection = await self._database.connect()
            try:
                await self._append_in(
                    connection, sent, self._chance.choice(("commit", "commit", "roll back", "drop"))
                )
            except asyncpg.PostgresError as error:
                self._journal.write(Failed(sent.command_id, f"in a transaction of its own: {_said(error)}"))
            finally:
                connection.terminate()

    async def _append_in(self, connection: asyncpg.Connection, sent: Sent, end: str) -> None:
        transaction = connection.transaction()
        await transaction.start()
        row = await connection.fetchrow(_APPEND, *_arguments(sent, await self._version(sent.stream_id)))
        assert row is not None
        # While it dwells others would overtake it, if the lock let them.
        await asyncio.sleep(self._chance.uniform(0, 0.01))
        if row["status"] == "conflict":
            self._journal.write(OutOfDate(sent.command_id))
        elif end == "commit":
            await transaction.commit()
            self._journal.write(Acknowledged(sent.command_id, row["first_pos"], row["last_pos"], False, None))
            return
        else:
            self._journal.write(RolledBack(sent.command_id))
        if end != "drop":
            await transaction.rollback()

    async def _version(self, stream_id: UUID) -> int:
        return await self._database.pool.fetchval(_VERSION, stream_id)

    def _id(self, kind: str, number: int) -> UUID:
        return uuid5(NAMESPACE_OID, f"{self._job.seed} {kind} {number}")

    def _unanswered(self) -> Sequence[Sent]:
        """What the writer whose journal we resume had sent when it was killed: its client would ask again."""
        if self._job.resume is None:
            return ()
        lines = read_journal(Path(self._job.resume))
        answered = {line.command_id for line in lines if isinstance(line, Acknowledged | Failed | RolledBack)}
        waiting = {
            line.command_id: line
            for line in lines
            if isinstance(line, Sent) and line.command_id not in answered
        }
        return list(waiting.values())


def _said(problem: Exception) -> str:
    return " ".join(f"{type(problem).__name__}: {problem}".split())


def _append(sent: Sent, version: int) -> AppendRequest:
    return AppendRequest(
        command_id=sent.command_id,
        command=Count.stored,
        category=tally.category,
        stream_id=sent.stream_id,
        expected=version,
        events=tally.decide(Count(command=sent.command_id, times=sent.size), version),
        correlation_id=sent.command_id,
        actor="prove",
        persist_outcome=True,
        refusal=None if sent.size else FULL,
    )


_VERSION = "SELECT coalesce(max(version), 0) FROM es.events WHERE category = 'tally' AND stream_id = $1"
_APPEND = "SELECT * FROM es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"


def _arguments(sent: Sent, version: int) -> Sequence[Sequence[object]]:
    """One command with one event, as es.append takes it."""
    event = EventCodec([tally]).encode(Counted(command=sent.command_id, place=1))
    return (
        [sent.command_id],
        ["Count"],
        [tally.category],
        [sent.stream_id],
        [version],
        [1],
        [True],
        [None],
        [sent.command_id],
        [None],
        ["prove"],
        [None],
        ["tally.counted"],
        [1],
        [event],
    )


# --- The followers ----------------------------------------------------------------


class Follower:
    """Says every fact that it is given. `reached` is the last position of them."""

    def __init__(self, job: Job, database: Database) -> None:
        self._journal = Journal(job.journal)
        self._chance = Random(f"{job.seed} {job.role} {job.number}")
        self._database = database
        self._reader = EventReader(database.pool, EventCodec([tally]))
        self.reached = 0

    async def tail_feed(self) -> None:
        """As a subscription does: from the ring, on wake-ups, and from the table when the ring has moved on."""
        feed = Feed(self._reader, buffer_size=200, poll_interval=0.2)
        wake = LogNotifier(self._database.connect, feed.notify)
        await feed.start()
        self._begin(feed.head)
        async with asyncio.TaskGroup() as group:
            group.create_task(feed.run())
            group.create_task(wake.run())
            async for facts in feed.follow(self.reached, limit=self._chance.choice((50, 1_000))):
                self._take(facts)
                if self._chance.random() < 0.1:
                    # Now and then it dawdles, until what it wants has left the ring.
                    await asyncio.sleep(self._chance.uniform(0, 0.1))

    async def tail_table(self) -> None:
        """As the simplest of all readers does: what lies above the cursor, and the last of it is the new cursor."""
        self._begin(await self._reader.head_position())
        while True:
            facts = await self._reader.read_all(self.reached, self._chance.choice((10, 100, 1_000)))
            if facts:
                self._take(facts)
            else:
                await asyncio.sleep(0.003)

    def _begin(self, head: int) -> None:
        self.reached = self._chance.randint(0, head)
        self._journal.write(Started(self.reached))

    def _take(self, facts: Sequence[Fact]) -> None:
        self._journal.write(*(_delivered(fact) for fact in facts))
        if facts[0].position <= self.reached:
            # Enough is known; without this a reader that runs in circles would never end.
            raise AssertionError(f"position {facts[0].position} came after {self.reached}")
        self.reached = facts[-1].position


def _delivered(fact: Fact) -> Delivered:
    place = fact.event.place if isinstance(fact.event, Counted) else 0
    return Delivered(fact.position, fact.stream_id, fact.version, fact.command_id, place)


# --- The process --------------------------------------------------------------------


async def _write(job: Job, database: Database, orders: asyncio.StreamReader) -> None:
    wake = LogNotifier(database.connect, lambda position: None)
    appender = Appender(database.connect, EventCodec([tally]), lambda head, _: wake.notify(head))
    writer = Writer(job, database, appender)
    helpers = [asyncio.create_task(appender.run()), asyncio.create_task(wake.run())]
    work, stop = asyncio.create_task(writer.run()), asyncio.create_task(orders.readline())
    try:
        await asyncio.wait([work, stop], return_when=asyncio.FIRST_COMPLETED)
        writer.stopped = True
        await work
    finally:
        for task in (*helpers, stop):
            task.cancel()


async def _follow(job: Job, database: Database, orders: asyncio.StreamReader) -> None:
    """Tail until told where the log ends, and then up to there, or until nothing comes any more."""
    follower = Follower(job, database)
    work = asyncio.create_task(follower.tail_feed() if job.role == "feed" else follower.tail_table())
    told = asyncio.create_task(orders.readline())
    try:
        await asyncio.wait([work, told], return_when=asyncio.FIRST_COMPLETED)
        end, seen, patience = int(told.result() or 0) if told.done() else 0, -1, STOP_TIMEOUT_SECONDS
        while not work.done() and follower.reached < end and patience > 0:
            patience = STOP_TIMEOUT_SECONDS if follower.reached != seen else patience - 0.05
            seen = follower.reached
            await asyncio.wait([work], timeout=0.05)
        if work.done():
            work.result()
    finally:
        told.cancel()
        work.cancel()
        await asyncio.wait([work])


STOP_TIMEOUT_SECONDS = 5.0
"""Seconds after which a follower that gets nothing more gives up."""


async def _work() -> None:
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    job = msgspec.json.decode(await orders.readline(), type=Job)
    database = Database(job.url, pool=2)
    await database.open()
    try:
        await (_write if job.role == "write" else _follow)(job, database, orders)
    finally:
        await database.close()


if __name__ == "__main__":
    asyncio.run(_work())
