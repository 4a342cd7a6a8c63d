"""One request to append the events of a command, its result, and how es.append_batch takes and answers it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from app.engine.store.codec import EventCodec
from app.engine.store.log_identity import Fact
from domain.kernel.decider import CommandName, Event, Recorded


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
    digest: bytes | None = None
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

    `cause` is the error of the request before it, which failed for another reason than a conflict.
    """

    actual: int
    cause: Exception | None = None


class CommandIdReused(Exception):
    """This commandId was used for another command, through another field, or with other input. Use a new one for each command."""


CONFLICT = "!conflict"
"""The stored refusal of a command whose expected version did not match. No rejection has such a code."""


type AppendAnswer = AppendResult | VersionConflict | CommandIdReused


def append_arguments(codec: EventCodec, requests: Sequence[AppendRequest]) -> Sequence[Sequence[object]]:
    """The arguments of es.append_batch: one array for each column of the requests and of their events."""
    events = [event for request in requests for event in request.events]
    return (
        [request.command_id for request in requests],
        [request.command.name for request in requests],
        [request.category for request in requests],
        [request.stream_id for request in requests],
        [request.expected for request in requests],
        [len(request.events) for request in requests],
        [request.persist_outcome for request in requests],
        [request.refusal for request in requests],
        [request.correlation_id for request in requests],
        [request.caused_by for request in requests],
        [request.actor for request in requests],
        [request.occurred_at for request in requests],
        [event.stored.name for event in events],
        [event.stored.version for event in events],
        [codec.encode(event) for event in events],
        [request.digest for request in requests],
        [request.is_expected_by_caller for request in requests],
    )


def append_answer(request: AppendRequest, row: asyncpg.Record, *, resent: bool) -> AppendAnswer:
    if row["status"] == "conflict":
        return VersionConflict(row["actual"])
    known = row["status"] == "duplicate"
    name, stream = row["known_name"], (row["known_category"], row["known_stream"])
    # Older code may have recorded the command under an older name. That is a repeat too.
    same = stream == (request.category, request.stream_id) and (
        name == request.command.name or name in request.command.formerly
    )
    if known and None not in (row["known_digest"], request.digest):
        same = same and row["known_digest"] == request.digest
    if known and name is not None and not same:
        return CommandIdReused(CommandIdReused.__doc__)
    if row["refused"] == CONFLICT:
        return VersionConflict(row["actual"])
    # A batch that was sent twice may meet its own first copy. No caller can repeat an id that was made here.
    duplicate = known and not (resent and not request.persist_outcome)
    first, recorded_at = row["first_pos"], row["recorded"]
    facts = () if known else request.facts(first, recorded_at)
    return AppendResult(row["actual"], first, row["last_pos"], duplicate, row["refused"], facts)


def is_newly_recorded(answer: AppendAnswer) -> bool:
    return isinstance(answer, AppendResult) and not answer.duplicate
