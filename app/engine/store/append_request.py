"""One request to append the events of a command, its result, and how es.append_batch takes and answers it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from app.engine.store.codec import EventCodec
from app.engine.store.log_identity import Fact
from domain.kernel.decider import CommandName, Event, Recorded


@dataclass(frozen=True, slots=True)
class RequestDigest:
    """The digest of what a client asked for, without its command id."""

    value: bytes
    former: Callable[[], bytes]
    """Makes the digest as older releases made it. The ledger keeps theirs."""

    def fits(self, known: bytes) -> bool:
        """Whether a digest of the ledger is that of the same request."""
        return known == self.value or known == self.former()


@dataclass(slots=True, eq=False)
class AppendChain:
    """Requests of one stream, each decided on the state that the ones before it leave.

    If one of them does not record its events, the appender sets `failed`, and all that follow it conflict. Their
    version may fit by chance, but they were decided on events that do not exist.
    """

    failed: bool = False
    error: Exception | None = None
    """The error of the request that failed, if it was not a conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendRequest:
    """The events of one command for a stream that is at version `expected`.

    Without events the store confirms that the stream is at that version and that the command id is new. With
    `persist_outcome` the store keeps the outcome (`refusal`) under the command id, so that a repeat gets the same one. With
    `is_expected_by_caller` a conflict is an outcome, too. `digest` is that of what the client asked for.
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
    digest: RequestDigest | None = None
    is_expected_by_caller: bool = False
    chain: AppendChain = field(default_factory=AppendChain)

    def facts(self, first: int, recorded_at: datetime) -> Sequence[Fact]:
        """The facts that it records if its first event gets position `first`."""
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
    """Recorded at positions `first` to `last`; the stream is at `version` after it. Without events, `last` is `first` - 1.

    A `duplicate` was recorded by an earlier command, with the outcome `refusal`. `facts` are those that this call
    recorded. They are empty if an earlier call did, also one whose answer was lost.
    """

    version: int
    first: int
    last: int
    duplicate: bool
    refusal: str | None
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, slots=True)
class VersionConflict:
    """Nothing was recorded: the stream is at `actual`, or does not hold the events that the command was decided on.

    `cause` is the error of the request before it, which failed for another reason than a conflict. A `duplicate` is the
    stored outcome of an earlier command.
    """

    actual: int
    cause: Exception | None = None
    duplicate: bool = False


class CommandIdReused(Exception):
    """This commandId was used for another command, through another field, or with other input. Use a new one for each command."""

    code = "COMMAND_ID_REUSED"


CONFLICT = "!conflict"
"""The stored refusal of a command whose expected version did not match. No rejection has such a code."""


type AppendAnswer = AppendResult | VersionConflict | CommandIdReused


COMMAND_COLUMNS, EVENT_COLUMNS = 14, 3
APPEND_BATCH = """
    SELECT a.status, a.actual, a.first_pos, a.last_pos, a.refused, a.known_name, a.known_category, a.known_stream,
           a.known_digest, CASE a.ordinality WHEN 1 THEN a.recorded END AS recorded,
           CASE a.ordinality WHEN 1 THEN a.clock END AS clock,
           CASE a.ordinality WHEN 1 THEN a.before_position END AS before_position,
           CASE a.ordinality WHEN 1 THEN a.before_command END AS before_command
    FROM es.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $15, $16, $17, $13, $14, $18)
         WITH ORDINALITY AS a
"""
"""One row for each request, in their order. What concerns the whole batch is in the first row only. To decode it from each
row takes 4 % of the time of a batch (2026-11-27). The parameters are those of `append_arguments`, then the latest possible moment."""


@dataclass(frozen=True, slots=True)
class EncodedRequest:
    """A request, and what es.append_batch takes of it: one row for the command, and one for each of its events.

    It is encoded while its caller runs. The database does not wait for that, and an event that cannot be encoded fails
    its own command only.
    """

    request: AppendRequest
    command_row: tuple[object, ...]
    event_rows: Sequence[tuple[str, int, str]]

    def expecting(self, version: int) -> "EncodedRequest":
        """The same request, as if the handler and not the caller expected `version`."""
        request = replace(self.request, expected=version, is_expected_by_caller=False)
        return EncodedRequest(request, _command_row(request), self.event_rows)


def encode_request(codec: EventCodec, request: AppendRequest) -> EncodedRequest:
    """Raises the error of the encoder for an event that cannot be stored."""
    events = [(event.stored.name, event.stored.version, codec.encode(event)) for event in request.events]
    return EncodedRequest(request, _command_row(request), events)


def _command_row(request: AppendRequest) -> tuple[object, ...]:
    return (
        request.command_id,
        request.command.name,
        request.category,
        request.stream_id,
        request.expected,
        len(request.events),
        request.persist_outcome,
        request.refusal,
        request.correlation_id,
        request.caused_by,
        request.actor,
        request.occurred_at,
        None if request.digest is None else request.digest.value,
        request.is_expected_by_caller,
    )


def append_arguments(requests: Sequence[EncodedRequest]) -> Sequence[Sequence[object]]:
    """One array for each column of the requests, then one for each column of their events."""
    commands = [request.command_row for request in requests]
    events = [row for request in requests for row in request.event_rows]
    return (
        *(zip(*commands, strict=True) if commands else [()] * COMMAND_COLUMNS),
        *(zip(*events, strict=True) if events else [()] * EVENT_COLUMNS),
    )


def append_answer(
    request: AppendRequest, row: asyncpg.Record, recorded_at: datetime, *, resent: bool
) -> AppendAnswer:
    """What the row of a request says. `recorded_at` is that of the batch; `resent`, whether it was sent before."""
    if row["status"] == "conflict":
        return VersionConflict(row["actual"])
    known = row["status"] == "duplicate"
    name, stream = row["known_name"], (row["known_category"], row["known_stream"])
    # Older code may have recorded the command under an older name. That is a repeat too.
    same = stream == (request.category, request.stream_id) and (
        name == request.command.name or name in request.command.formerly
    )
    if known and request.digest is not None and row["known_digest"] is not None:
        same = same and request.digest.fits(row["known_digest"])
    if known and name is None:
        # It came twice in one batch, and the store keeps no outcome of the first: it is decided again.
        return VersionConflict(row["actual"])
    if known and not same:
        return CommandIdReused(CommandIdReused.__doc__)
    if row["refused"] == CONFLICT:
        return VersionConflict(row["actual"], duplicate=True)
    # A batch that was sent twice may meet its own first copy. No caller can repeat an id that was made here.
    duplicate = known and not (resent and not request.persist_outcome)
    first = row["first_pos"]
    facts = () if known else request.facts(first, recorded_at)
    return AppendResult(row["actual"], first, row["last_pos"], duplicate, row["refused"], facts)
