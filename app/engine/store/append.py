"""Appends events: whatever arrives while a batch is in flight forms the next batch, and shares its round trip and fsync.

Commands of one stream may follow each other within a batch, each expecting the version that the one before it leaves.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from app.engine.database.connections import Connect
from app.engine.database.errors import DRIVER_ERRORS, is_connection_error
from app.engine.store.codec import EventCodec
from app.engine.store.reader import Fact
from domain.kernel.decider import CommandName, Event, Recorded

log = logging.getLogger(__name__)

MAX_BATCH_COMMANDS = 512
MAX_BATCH_EVENTS = 4_096
"""A batch holds at most this many; more does not make it faster, only longer."""
MIN_HALF_BATCH = 16
"""Callers who all wait for one batch would let the database rest while they decide, and wait while it works. So of a burst that
comes while nothing is in flight at most half departs, from twice this many commands on, and the two halves take turns: 64
callers record 1.3 times as much, 256 on one stream 1.5 times (2026-11-25, two cores)."""


type _Stream = tuple[str, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendRequest:
    """What one command has to record on a stream that is at version `expected`.

    With no events it asks the store to confirm that the stream is at that version, and that the command id is new;
    `keep` then keeps the outcome (`refusal`) under the command id, so that a repeat gets the same answer.
    """

    command_id: UUID
    command: CommandName
    category: str
    stream_id: UUID
    expected: int
    events: Sequence[Event]
    correlation_id: UUID
    actor: str
    caused_by: int | None = None
    occurred_at: datetime | None = None
    persist_outcome: bool = False
    refusal: str | None = None

    @property
    def stream(self) -> _Stream:
        return self.category, self.stream_id

    def facts(self, first: int, recorded_at: datetime) -> Sequence[Fact]:
        """What it records, where its first event gets position `first`."""
        return [
            Recorded(
                first + place,
                self.category,
                self.stream_id,
                self.expected + place + 1,
                event,
                self.occurred_at or recorded_at,
                recorded_at,
                self.actor,
                self.command_id,
                self.correlation_id,
                self.caused_by,
            )
            for place, event in enumerate(self.events)
        ]


@dataclass(frozen=True, slots=True)
class AppendResult:
    """Recorded at positions `first` to `last` (`last` = `first` - 1 where there was nothing to record), which left the
    stream at `version`. A `duplicate` was recorded earlier, with the outcome `refusal`. `facts` is what this call recorded:
    none where an earlier one did, also one whose answer was lost on the way."""

    version: int
    first: int
    last: int
    duplicate: bool
    refusal: str | None
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class VersionConflict:
    """The stream is not at the expected version but at `actual`, or not by the events that the command was decided on;
    nothing was recorded."""

    actual: int


class Overloaded(Exception):
    """Too many commands wait for the database; try again in a moment."""


class StoreTimeout(Exception):
    """The database did not answer in time. Whether the command was recorded is not known: repeat it with the same commandId."""


class CommandIdReused(Exception):
    """This commandId was used for another command; make a new one for each intent."""


@dataclass(slots=True)
class _PendingAppend:
    append: AppendRequest
    answer: asyncio.Future[AppendResult | VersionConflict] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


@dataclass(frozen=True, slots=True)
class _InFlightBatch:
    """A batch on its way to the database and back."""

    batch: Sequence[_PendingAppend]
    call: asyncio.Task[tuple[Sequence[asyncpg.Record], bool]]


class Appender:
    """The only writer of the log in this process. One batch is in flight at a time, on a connection of its own.

    `bound` is how many commands may wait; `patience` for how many seconds a batch is sent again after its connection
    broke. `committed` is called after each batch, with the newest position that is in its answers and the facts it recorded.
    """

    def __init__(
        self,
        connect: Connect,
        codec: EventCodec,
        committed: Callable[[int, Sequence[Fact]], None],
        *,
        bound: int = 10_000,
        patience: float = 10.0,
    ) -> None:
        self._connect = connect
        self._codec = codec
        self._committed = committed
        self._max_pending = bound
        self._retry_timeout = patience
        self._waiting: deque[_PendingAppend] = deque()
        self._wakeup = asyncio.Event()
        self._connection: asyncpg.Connection | None = None
        self._draining = False
        self._failed: set[_Stream] = set()

    async def append(self, append: AppendRequest) -> AppendResult | VersionConflict:
        """Record, durably. Raises `Overloaded`, `Unreachable`, `CommandIdTaken`, or asyncpg's error for data it refuses."""
        if len(self._waiting) >= self._max_pending or self._draining:
            raise Overloaded
        if append.stream in self._failed:
            await asyncio.sleep(0)
            return VersionConflict(append.expected)
        waiting = _PendingAppend(append)
        self._waiting.append(waiting)
        self._wakeup.set()
        return await waiting.answer

    async def run(self) -> None:
        """Send batches until `drain` and the last of them is answered."""
        flight: _InFlightBatch | None = None
        try:
            while not (self._draining and not self._waiting):
                await self._wakeup.wait()
                self._wakeup.clear()
                half = len(self._waiting) // 2
                flight = self._send_next_batch(half if half >= MIN_HALF_BATCH else MAX_BATCH_COMMANDS)
                while flight is not None:
                    flight = await self._finish_batch(flight)
        finally:
            if self._connection is not None:
                self._connection.terminate()
            for waiting in (*(flight.batch if flight is not None else ()), *self._waiting):
                _fail(waiting, StoreTimeout())

    def drain(self) -> None:
        """Take nothing new; `run` ends when what waits is answered."""
        self._draining = True
        self._wakeup.set()

    def _take(self, most: int) -> list[_PendingAppend]:
        batch: list[_PendingAppend] = []
        events = 0
        while self._waiting and len(batch) < most:
            events += len(self._waiting[0].append.events)
            if batch and events > MAX_BATCH_EVENTS:
                break
            batch.append(self._waiting.popleft())
        return batch

    def _send_next_batch(self, most: int = MAX_BATCH_COMMANDS) -> _InFlightBatch | None:
        """Send the next batch, of those that wait; None where nobody does."""
        batch = self._take(min(most, MAX_BATCH_COMMANDS))
        if not batch:
            return None
        call = self._call([waiting.append for waiting in batch])
        return _InFlightBatch(batch, asyncio.Task(call, loop=asyncio.get_running_loop(), eager_start=True))

    async def _finish_batch(self, flight: _InFlightBatch) -> _InFlightBatch | None:
        """Answer the commands of a batch, and return the next one. It departs before that where nothing failed on which it
        may depend: the database works while the callers are told, and decide what they want next."""
        failed: set[_Stream] = set()
        following: _InFlightBatch | None = None
        try:
            rows, resent = await flight.call
        except Exception as error:
            # Whatever it is, the callers of this batch hear of it, and the next batch goes on.
            await self._bisect_failed_batch(flight.batch, error, failed)
        else:
            if all(row["status"] == "accepted" for row in rows):
                following = self._send_next_batch()
            self._resolve(flight.batch, rows, failed, resent=resent)
        if failed:
            # What waits was decided as if these had been recorded; it is decided anew. So is what still comes before
            # those who were answered have heard it: their turn is before the one that is asked for here.
            self._waiting = deque(self._drop_invalidated(self._waiting, failed))
            self._failed |= failed
            asyncio.get_running_loop().call_soon(self._failed.difference_update, failed)
        return following or self._send_next_batch()

    async def _bisect_failed_batch(
        self, batch: Sequence[_PendingAppend], problem: Exception, failed: set[_Stream]
    ) -> None:
        """Data that the database refuses fails its own command only: the batch is halved until it stands alone. The streams
        whose events were not recorded now are noted in `failed`."""
        if isinstance(problem, asyncpg.PostgresError) and len(batch) > 1:
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                if wanted := self._drop_invalidated(half, failed):
                    try:
                        rows, resent = await self._call([waiting.append for waiting in wanted])
                    except Exception as its_own:
                        # Whatever it is, its own callers hear of it.
                        await self._bisect_failed_batch(wanted, its_own, failed)
                    else:
                        self._resolve(wanted, rows, failed, resent=resent)
            return
        if not isinstance(problem, asyncpg.PostgresError | StoreTimeout):
            log.error("a batch of %d commands could not be sent", len(batch), exc_info=problem)
        _fail_all(batch, problem, failed)

    def _resolve(
        self,
        batch: Sequence[_PendingAppend],
        rows: Sequence[asyncpg.Record],
        failed: set[_Stream],
        *,
        resent: bool,
    ) -> None:
        """Answer every command of a batch that was recorded as `rows` say. The streams whose events were not recorded now are
        noted in `failed`."""
        answers = [
            _answer(waiting.append, row, resent=resent) for waiting, row in zip(batch, rows, strict=True)
        ]
        taken = [answer for answer in answers if isinstance(answer, AppendResult)]
        head = max((answer.last for answer in taken), default=0)
        if head:
            self._committed(head, [fact for answer in taken for fact in answer.facts])
        for waiting, answer in zip(batch, answers, strict=True):
            if waiting.append.events and not (isinstance(answer, AppendResult) and not answer.duplicate):
                failed.add(waiting.append.stream)
            if isinstance(answer, CommandIdReused):
                _fail(waiting, answer)
            elif not waiting.answer.done():
                waiting.answer.set_result(answer)

    def _drop_invalidated(
        self, those: Iterable[_PendingAppend], failed: set[_Stream]
    ) -> list[_PendingAppend]:
        """Those that do not follow one that failed; the others hear that they are outdated."""
        wanted: list[_PendingAppend] = []
        for waiting in those:
            if waiting.append.stream not in failed:
                wanted.append(waiting)
            elif not waiting.answer.done():
                # Where the stream stands is not known here; whoever expects a version finds out at the next try.
                waiting.answer.set_result(VersionConflict(waiting.append.expected))
        return wanted

    async def _call(self, appends: Sequence[AppendRequest]) -> tuple[Sequence[asyncpg.Record], bool]:
        arguments = self._arguments(appends)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._retry_timeout
        pause, resent = 0.02, False
        while True:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await self._connect()
                    await self._connection.execute(_SESSION)
                rows = await self._connection.fetch(_CALL, *arguments, timeout=self._retry_timeout)
                return rows, resent
            except DRIVER_ERRORS as error:
                if not is_connection_error(error):
                    raise
                if self._connection is not None:
                    self._connection.terminate()
                    self._connection = None
                if loop.time() + pause > deadline:
                    log.error("the log cannot be written: %s", error)
                    raise StoreTimeout from error
                log.warning("append: the connection broke (%s); the batch is sent again", error)
                resent = True
                await asyncio.sleep(pause)
                pause = min(pause * 2, 1.0)

    def _arguments(self, appends: Sequence[AppendRequest]) -> Sequence[Sequence[object]]:
        events = [event for append in appends for event in append.events]
        return (
            [a.command_id for a in appends],
            [a.command.name for a in appends],
            [a.category for a in appends],
            [a.stream_id for a in appends],
            [a.expected for a in appends],
            [len(a.events) for a in appends],
            [a.persist_outcome for a in appends],
            [a.refusal for a in appends],
            [a.correlation_id for a in appends],
            [a.caused_by for a in appends],
            [a.actor for a in appends],
            [a.occurred_at for a in appends],
            [event.stored.name for event in events],
            [event.stored.version for event in events],
            [self._codec.encode(event) for event in events],
        )


_SESSION = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
"""The function's statements find every row by its key, whatever their number: planning them anew for each batch would take a
third of the time of a batch of one, and a plan that was made while the tables were small would read them whole ever after."""
_CALL = "SELECT * FROM es.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"


def _answer(
    append: AppendRequest, row: asyncpg.Record, *, resent: bool
) -> AppendResult | VersionConflict | CommandIdReused:
    if row["status"] == "conflict":
        return VersionConflict(row["actual"])
    seen = row["status"] == "duplicate"
    name, stream = row["known_name"], (row["known_category"], row["known_stream"])
    # Older code may have recorded the command under an older name: that is a repeat too.
    same = stream == append.stream and (name == append.command.name or name in append.command.formerly)
    if seen and name is not None and not same:
        return CommandIdReused(CommandIdReused.__doc__)
    # A batch that was sent twice meets its own first copy: for an id that nobody else can know, that is no repeat.
    duplicate = seen and not (resent and not append.persist_outcome)
    first, recorded_at = row["first_pos"], row["recorded"]
    facts = () if seen else append.facts(first, recorded_at)
    return AppendResult(row["actual"], first, row["last_pos"], duplicate, row["refused"], facts)


def _fail(waiting: _PendingAppend, problem: Exception) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(problem)


def _fail_all(batch: Sequence[_PendingAppend], problem: Exception, failed: set[_Stream]) -> None:
    for waiting in batch:
        failed.add(waiting.append.stream)
        _fail(waiting, problem)
