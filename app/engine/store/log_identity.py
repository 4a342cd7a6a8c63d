"""The identity of the log and of its events. Positions alone do not tell a log that went back, by a fail-over or a restore."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from domain.kernel.decider import Recorded

type Fact = Recorded[Any]

NO_LOG = UUID(int=0)
_LAST_MOMENT = datetime(9999, 12, 30, tzinfo=UTC)
IDENTITY_COLUMNS = (
    "position, command_id, least(greatest(recorded_at, '0001-01-01Z'), '9999-12-30Z') AS recorded_at"
)
"""What `EventIdentity.from_record` takes of es.events. A row of before the constraint may have a moment that Python lacks."""


class LogHole(Exception):
    """A position of the log is missing, although positions have no gaps. An event was removed, or a restore was partial."""

    def __init__(self, position: int, next_position: int) -> None:
        super().__init__(
            f"the log has a hole: position {position} is missing, and {next_position} follows. Nothing is read past it."
            " Restore the missing events from a backup or an export; python -m app audit verify names every hole"
        )
        self.position = position


@dataclass(frozen=True, slots=True)
class EventIdentity:
    """Names one event of a log: a log that went back has other events at the same positions.

    A command that is repeated there may come to its old position again, but not at its old moment.
    """

    position: int
    command_id: UUID
    recorded_at: datetime | None = None
    """None if it is not known."""

    @classmethod
    def from_record(cls, record: Any) -> "EventIdentity":
        """From a record of `IDENTITY_COLUMNS`."""
        return cls(record["position"], UUID(int=record["command_id"].int), record["recorded_at"])

    def may_be(self, other: "EventIdentity | None") -> bool:
        """Whether nothing that is known tells the two apart."""
        return other is not None and (
            (self.position, self.command_id) == (other.position, other.command_id)
            and (None in (self.recorded_at, other.recorded_at) or self.recorded_at == other.recorded_at)
        )


@dataclass(frozen=True)
class LogEnd:
    """The id of the log, and its newest event; None if the log is empty. The id is None if es.log has no row."""

    log_id: UUID | None
    newest: EventIdentity | None

    @property
    def position(self) -> int:
        return 0 if self.newest is None else self.newest.position

    @cached_property
    def token(self) -> "LogToken":
        """Names the log and its newest event."""
        if self.newest is None:
            return LogToken(self.log_id, 0, None)
        return LogToken(self.log_id, self.newest.position, ISSUED_MARK(self.log_id, self.newest))

    @classmethod
    def from_record(cls, record: Any) -> "LogEnd":
        """From a record of `SELECT_LOG_END`."""
        newest = None if record["position"] is None else EventIdentity.from_record(record)
        return cls(None if record["log_id"] is None else UUID(int=record["log_id"].int), newest)


@dataclass(frozen=True, slots=True)
class LogToken:
    """Names a log and its newest event, as one text: `log id:position:mark`. Clients get it and send it back.

    The mark stands for the event, but does not reveal its command id: that id may be another caller's.
    """

    log_id: UUID | None
    position: int
    mark: UUID | None

    def names(self, event: EventIdentity) -> bool:
        """Whether this is the event of the token."""
        return self.position == event.position and self.mark in (
            mark_of_command(self.log_id, event),
            mark_of_moment(self.log_id, event),
        )

    def __str__(self) -> str:
        return f"{self.log_id or ''}:{self.position}:{self.mark or ''}"

    @classmethod
    def parse(cls, text: str) -> "LogToken":
        """Raises `ValueError`."""
        log_id, position, mark = text.split(":")
        if not 0 <= int(position) < 2**63:
            raise ValueError(f"{position} is no position")
        return cls(UUID(log_id) if log_id else None, int(position), UUID(mark) if mark else None)


def mark_of_command(log_id: UUID | None, event: EventIdentity) -> UUID:
    return uuid5(log_id or NO_LOG, str(event.command_id))


def mark_of_moment(log_id: UUID | None, event: EventIdentity) -> UUID:
    """Also tells a command from its repetition at the same position."""
    return uuid5(log_id or NO_LOG, f"{event.command_id} {event.recorded_at}")


ISSUED_MARK = mark_of_command
"""Servers of the release before accept this mark only, and a deploy has both. The next release may issue `mark_of_moment`."""


def identity_of(fact: Fact) -> EventIdentity:
    return EventIdentity(fact.position, fact.command_id, min(fact.recorded_at, _LAST_MOMENT))


def rows_before_hole(rows: Sequence[Any], after: int) -> tuple[Sequence[Any], LogHole | None]:
    """The rows that follow position `after` without a gap, and the hole that they end before."""
    if not rows or rows[-1]["position"] == after + len(rows):
        return rows, None
    dense = 0
    while rows[dense]["position"] == after + dense + 1:
        dense += 1
    return rows[:dense], LogHole(after + dense + 1, rows[dense]["position"])


SELECT_LOG_END = f"""
    SELECT (SELECT log_id FROM es.log), e.position, e.command_id, e.recorded_at
    FROM (SELECT 1) one LEFT JOIN LATERAL (
        SELECT {IDENTITY_COLUMNS} FROM es.events ORDER BY position DESC LIMIT 1) e ON true
"""
