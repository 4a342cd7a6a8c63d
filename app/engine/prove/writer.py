"""The writers of the proof: they count on shared tallies, and on their own."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid5

import asyncpg

from app.engine.database.connections import Database
from app.engine.prove.journal import (
    FULL,
    Acknowledged,
    Count,
    Failed,
    Job,
    Journal,
    OutOfDate,
    RolledBack,
    Sent,
    read_journal,
    tally,
)
from app.engine.store.append import Appender
from app.engine.store.append_request import (
    APPEND_BATCH,
    AppendRequest,
    AppendResult,
    VersionConflict,
    append_arguments,
    encode_request,
)
from app.engine.store.codec import EventCodec

SHARED_STREAMS = 8
TASKS = 6
"""Commands that one writer has in flight at a time: they share batches."""


class Writer:
    """Appends until it is stopped, to tallies that all writers share and to its own."""

    def __init__(self, job: Job, database: Database, appender: Appender) -> None:
        self._job = job
        self._database = database
        self._appender = appender
        self._journal = Journal(job.journal)
        self._random = Random(f"{job.seed} write {job.number}")
        self._commands = 0
        self._contested = 0
        self._versions: dict[UUID, int] = {}
        self._earlier: list[Sent] = []
        self.stopped = False

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for line in self._unacknowledged():
                group.create_task(self._send(line))
            for number in range(TASKS):
                group.create_task(self._count(number))
            group.create_task(self._transact())

    async def _count(self, number: int) -> None:
        while not self.stopped:
            choice = self._random.random()
            if choice < 0.10 and self._earlier:
                # A client that repeats a command, once or twice at the same time.
                repeated = self._random.choice(self._earlier)
                await asyncio.gather(*(self._send(repeated) for _ in range(self._random.randint(1, 2))))
            elif choice < 0.20:
                # A command that every writer sends: the first one wins.
                self._contested += 1
                number_sent = self._contested
                await self._send(
                    Sent(
                        self._id("contested", number_sent),
                        self._id("shared", number_sent % SHARED_STREAMS),
                        number_sent % 5,
                    )
                )
            else:
                shared = choice < 0.60
                stream = (
                    self._id("shared", self._random.randrange(SHARED_STREAMS))
                    if shared
                    else self._id(f"own {self._job.number}", number)
                )
                self._commands += 1
                sent = Sent(
                    self._id(f"command {self._job.number}", self._commands),
                    stream,
                    0 if choice > 0.97 else self._random.randint(1, 5),
                )
                if await self._send(sent):
                    self._earlier.append(sent)

    async def _send(self, sent: Sent) -> bool:
        """Send until the store has a result other than a conflict. False if it failed."""
        self._journal.write(sent)
        while True:
            append = _append(sent, self._versions.get(sent.stream_id, 0))
            try:
                result = await self._appender.append(append)
            except Exception as error:
                # Every error counts against the proof.
                self._journal.write(Failed(sent.command_id, _error_line(error)))
                self._versions[sent.stream_id] = await self._version(sent.stream_id)
                return False
            match result:
                case VersionConflict(actual=actual):
                    self._journal.write(OutOfDate(sent.command_id))
                    self._versions[sent.stream_id] = actual
                case AppendResult(first=first, last=last, duplicate=duplicate, refusal=refusal):
                    self._journal.write(Acknowledged(sent.command_id, first, last, duplicate, refusal))
                    if not duplicate:
                        self._versions[sent.stream_id] = result.version
                    return True

    async def _transact(self) -> None:
        """Append in separate transactions, wait, and commit, roll back, or drop the connection."""
        number = 0
        while not self.stopped:
            await asyncio.sleep(self._random.uniform(0.02, 0.10))
            number += 1
            stream = (
                self._id(f"own {self._job.number}", TASKS)
                if self._random.random() < 0.7
                else self._id("shared", self._random.randrange(SHARED_STREAMS))
            )
            sent = Sent(self._id(f"transaction {self._job.number}", number), stream, 1)
            self._journal.write(sent)
            connection: asyncpg.Connection = await self._database.connect()
            try:
                await self._append_in(
                    connection, sent, self._random.choice(("commit", "commit", "roll back", "drop"))
                )
            except asyncpg.PostgresError as error:
                self._journal.write(
                    Failed(sent.command_id, f"in a separate transaction: {_error_line(error)}")
                )
            finally:
                connection.terminate()

    async def _append_in(self, connection: asyncpg.Connection, sent: Sent, end: str) -> None:
        transaction = connection.transaction()
        await transaction.start()
        request = _append(sent, await self._version(sent.stream_id))
        arguments = append_arguments([encode_request(EventCodec([tally]), request)])
        row = await connection.fetchrow(APPEND_BATCH, *arguments, None)
        assert row is not None
        # Other writers would overtake it now, if the lock did not stop them.
        await asyncio.sleep(self._random.uniform(0, 0.01))
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
        return await self._database.pool.fetchval(_SELECT_VERSION, stream_id)

    def _id(self, kind: str, number: int) -> UUID:
        return uuid5(NAMESPACE_OID, f"{self._job.seed} {kind} {number}")

    def _unacknowledged(self) -> Sequence[Sent]:
        """The commands that the killed writer had sent without an acknowledgement: its client would repeat them."""
        if self._job.resume is None:
            return ()
        lines = read_journal(Path(self._job.resume))
        acknowledged = {
            line.command_id for line in lines if isinstance(line, Acknowledged | Failed | RolledBack)
        }
        waiting = {
            line.command_id: line
            for line in lines
            if isinstance(line, Sent) and line.command_id not in acknowledged
        }
        return list(waiting.values())


def _error_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


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


_SELECT_VERSION = (
    "SELECT coalesce(max(version), 0) FROM es.events WHERE category = 'tally' AND stream_id = $1"
)
