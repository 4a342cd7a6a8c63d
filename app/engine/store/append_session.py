"""The connection that writes the log: it sends a batch until the database has answered, and knows why writes fail."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import asyncpg

from app.engine.backoff import Backoff
from app.engine.database.connections import Connect
from app.engine.database.errors import DRIVER_ERRORS, first_line, is_connection_error, is_data_error
from app.engine.database.sessions import PLANNER_SETTINGS
from app.engine.store.append_request import (
    APPEND_BATCH,
    AppendAnswer,
    EncodedRequest,
    append_answer,
    append_arguments,
)
from app.engine.store.clock_bound import ClockBound
from app.engine.store.log_identity import EventIdentity

log = logging.getLogger(__name__)

PROBE_INTERVAL_SECONDS = 1.0
"""After a failure without further commands, how often a probe tries whether the database takes writes again."""
MAX_CLOCK_LIFT_SECONDS = 1.0
"""How far the moment of new events may be ahead of the database's clock before a warning is logged."""
UNKNOWN_VERSION = -1
"""A version that no stream has: a command gets a conflict, unless the log has it already."""

type CheckLog = Callable[[asyncpg.Connection], Awaitable[bool]]
"""Whether a new connection shows the log that this process knows."""


class StoreTimeout(Exception):
    """The database did not answer in time. The command may have been recorded: repeat it with the same commandId."""


class StoreUnavailable(Exception):
    """The database does not take the command. It was not recorded: repeat it with the same commandId."""


@dataclass(frozen=True, slots=True)
class RecordedBatch:
    """The result of a batch: one row for each request. The first row also has the values that concern all of them."""

    requests: Sequence[EncodedRequest]
    rows: Sequence[asyncpg.Record]
    resent: bool

    @property
    def is_all_accepted(self) -> bool:
        return all(row["status"] == "accepted" for row in self.rows)

    @property
    def before(self) -> EventIdentity | None:
        """The newest event of the log before the batch, without its moment; None if the log was empty."""
        first = self.rows[0]
        if not first["before_position"]:
            return None
        return EventIdentity(first["before_position"], UUID(int=first["before_command"].int))

    @property
    def clock_lift_seconds(self) -> float:
        """How far the moment of its events is ahead of the clock of the database."""
        return (self.rows[0]["recorded"] - self.rows[0]["clock"]).total_seconds()

    def answers(self) -> Sequence[AppendAnswer]:
        """The answer to each request, with the facts that it recorded."""
        recorded_at = self.rows[0]["recorded"]
        return [
            append_answer(encoded.request, row, recorded_at, resent=self.resent)
            for encoded, row in zip(self.requests, self.rows, strict=True)
        ]


async def assume_same_log(connection: asyncpg.Connection) -> bool:
    """For a log that nothing else is known of."""
    del connection
    return True


class AppendSession:
    """Calls es.append_batch on one connection, which it opens again as often as necessary."""

    def __init__(self, connect: Connect, check_log: CheckLog, retry_timeout: float) -> None:
        self._connect = connect
        self._check_log = check_log
        self.retry_timeout = retry_timeout
        self._connection: asyncpg.Connection | None = None
        self._epoch = 0
        self._is_unreplicated = False
        """Whether PostgreSQL has answered that a commit did not wait for its synchronous standby."""
        self._failing_since: float | None = None
        self._failure = ""
        self._sent_at: float | None = None
        """When the batch that the database works on was first sent."""
        self._clock_bound = ClockBound()
        self.clock_lift_seconds = 0.0
        """How far the moment of the newest events is ahead of the clock of the database"""

    @property
    def stalled_seconds(self) -> float:
        """How long writes have failed, or how long the database has worked on the batch in flight."""
        since = self._sent_at if self._failing_since is None else self._failing_since
        return 0.0 if since is None else monotonic() - since

    @property
    def trouble(self) -> str | None:
        """Why writes fail, in one line; None if the last one did not."""
        if self._failing_since is None:
            return None
        return f"no write succeeded for {self.stalled_seconds:.0f} s: {self._failure}"

    def invalidate(self) -> None:
        """The log was replaced. A batch in flight that is sent again records nothing: its requests conflict."""
        self._epoch += 1

    def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()

    async def record(self, requests: Sequence[EncodedRequest], since: float) -> RecordedBatch:
        """Call es.append_batch. If the connection breaks or the database refuses, call it again with the same requests.

        `since` is the time of `monotonic` since which the oldest request waits. Raises asyncpg's error for refused data,
        `StoreTimeout` and `StoreUnavailable`.
        """
        epoch, began = self._epoch, monotonic()
        # The oldest request has waited already. But each batch gets some attempts.
        deadline = max(since, began - 0.75 * self.retry_timeout) + self.retry_timeout
        backoff, resent, sent = Backoff(0.02, 1.0), False, False
        self._sent_at = began
        try:
            while True:
                try:
                    connection = await self._connected()
                    if epoch != self._epoch:
                        epoch = self._epoch
                        requests = [request.expecting(UNKNOWN_VERSION) for request in requests]
                    arguments = append_arguments(requests)
                    sent, asked = True, self._clock_bound.elapsed()
                    rows = await connection.fetch(
                        APPEND_BATCH, *arguments, self._clock_bound.latest(), timeout=self.retry_timeout
                    )
                    if resent or self._is_unreplicated:
                        # An earlier attempt may have been committed without its wait for a synchronous standby. The
                        # commit of a later record waits for all records before it.
                        resent = True
                        await connection.execute(_SELECT_PROBE, timeout=self.retry_timeout)
                        self._is_unreplicated = False
                    self._succeed()
                    self._clock_bound.note(rows[0]["clock"], asked)
                    recorded = RecordedBatch(requests, rows, resent)
                    self._note_clock(recorded.clock_lift_seconds)
                    return recorded
                except DRIVER_ERRORS as error:
                    if is_data_error(error):
                        raise
                    self._fail(error)
                    resent = resent or (sent and _outcome_unknown(error))
                    sent = False
                    pause = backoff.next_pause()
                    if monotonic() + pause > deadline:
                        if resent:
                            raise StoreTimeout(StoreTimeout.__doc__) from error
                        reason = f"{StoreUnavailable.__doc__} The database says: {first_line(error)}"
                        raise StoreUnavailable(reason) from error
                    await asyncio.sleep(pause)
        finally:
            self._sent_at = None

    async def probe(self) -> None:
        """Write and take back. Health learns so that writes succeed again, also if no command comes."""
        try:
            connection = await self._connected()
            await connection.fetch(
                APPEND_BATCH,
                *append_arguments(()),
                self._clock_bound.latest(),
                timeout=self.retry_timeout,
            )
            # The flushed record finds a full disk of PostgreSQL's write-ahead log. The row finds a full disk of a
            # table, or a lost privilege.
            await connection.execute(_SELECT_PROBE, timeout=self.retry_timeout)
            await connection.execute(_INSERT_PROBE, timeout=self.retry_timeout)
        except DRIVER_ERRORS as error:
            self._fail(error)
        else:
            self._succeed()

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        connection = await self._connect()
        try:
            await connection.execute(_SESSION_SETTINGS)
            # Nothing is written on the strength of events that are gone.
            await self._check_log(connection)
        except BaseException:
            connection.terminate()
            raise
        connection.add_log_listener(self._on_notice)
        self._connection = connection
        return connection

    def _on_notice(self, connection: object, notice: object) -> None:
        # The text of PostgreSQL is translated; its code (01000) is that of every warning. Nothing else warns here.
        if getattr(notice, "sqlstate", None) == "01000":
            self._is_unreplicated = True

    def _note_clock(self, lift: float) -> None:
        if lift > MAX_CLOCK_LIFT_SECONDS >= self.clock_lift_seconds:
            log.warning(
                "events are recorded %.0f s ahead of the clock of the database."
                " An older event has that moment, and recorded_at never decreases",
                lift,
            )
        self.clock_lift_seconds = lift

    def _fail(self, error: Exception) -> None:
        """Note why writes fail. A session that cannot write, or whose connection broke, is left.

        So is one in a transaction: the probe failed before its ROLLBACK, and every later statement would fail, too.
        """
        if self._failing_since is None:
            self._failing_since = monotonic()
        failure = first_line(error)
        if failure != self._failure:
            log.warning("append: the log cannot be written: %s; trying again", failure)
        self._failure = failure
        connection = self._connection
        if connection is not None and (
            is_connection_error(error)
            or isinstance(error, asyncpg.ReadOnlySQLTransactionError)
            or connection.is_closed()
            or connection.is_in_transaction()
        ):
            connection.terminate()
            self._connection = None

    def _succeed(self) -> None:
        if self._failing_since is not None:
            log.warning("append: the log can be written again after %.1f s", self.stalled_seconds)
        self._failing_since, self._failure = None, ""


def _outcome_unknown(error: Exception) -> bool:
    """Whether the batch may be recorded although it failed. A session may end after its commit, before the answer."""
    if not isinstance(error, asyncpg.PostgresError) or is_connection_error(error):
        return True
    return (getattr(error, "sqlstate", None) or "")[:2] in ("", "08", "57", "58", "XX") and not isinstance(
        error, asyncpg.QueryCanceledError
    )


_SESSION_SETTINGS = f"{PLANNER_SETTINGS}; SET plan_cache_mode = force_generic_plan"
"""Without generic plans, the statements of the function are planned for each batch. That would take a third of the time
of a batch of one."""
_SELECT_PROBE = "SELECT pg_logical_emit_message(true, 'probe', '')"
_INSERT_PROBE = """
    BEGIN;
    INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id,
                           actor, occurred_at, recorded_at)
    VALUES (-1, '', gen_random_uuid(), 1, '', 1, 'null', gen_random_uuid(), gen_random_uuid(), '', now(), now());
    ROLLBACK
"""
