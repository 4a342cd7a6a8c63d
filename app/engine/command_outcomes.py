"""What comes with a command, and what comes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.engine.access.ownership import StateGuard
from app.engine.access.policy import AccessDenied
from app.engine.store.append_request import RequestDigest
from app.engine.store.log_identity import Fact
from domain.kernel.decider import AnyDecider, Command, Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandContext:
    """Who sends a command, why and how.

    `command_id` makes the command safe to repeat; without it the command gets an id of its own. With
    `expected_version`, the command conflicts with any other version of the stream. `dry_run` decides and records
    nothing. `digest` is that of what the client asked for: the same id with another digest is refused. With `guard`, the
    command sees an aggregate of another owner as one that does not exist. An aggregate that it changes must be the
    caller's afterwards.
    """

    actor: str
    correlation_id: UUID
    command_id: UUID | None = None
    caused_by: int | None = None
    expected_version: int | None = None
    occurred_at: datetime | None = None
    dry_run: bool = False
    digest: RequestDigest | None = None
    guard: StateGuard | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandAccepted:
    """Recorded, or nothing to record. The log was at `position` then, and the stream is at `version`."""

    position: int
    version: int
    facts: Sequence[Fact]
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRejected:
    """A rule of the domain forbids the command. A `duplicate` is the first outcome of its command id, decided earlier."""

    code: str
    message: str
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandConflict:
    """Another command came first."""

    expected: int | None
    actual: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPreview:
    """What a dry run would have recorded, with the positions that it would have had."""

    facts: Sequence[Fact]


type CommandOutcome = CommandAccepted | CommandRejected | CommandConflict | CommandPreview

OUTCOMES = ("accepted", "duplicate", "rejected", "conflict", "preview", "denied", "cancelled", "failed")
"""What metrics call the outcome of a command. Those that failed or were cancelled are for an operator to look at.

A client is at fault for a denied one. A cancelled one took too long, or the server has stopped.
"""


def outcome_word(outcome: CommandOutcome) -> str:
    """The word of `OUTCOMES` for an outcome that was returned."""
    match outcome:
        case CommandAccepted(duplicate=True):
            return "duplicate"
        case CommandAccepted():
            return "accepted"
        case CommandRejected():
            return "rejected"
        case CommandConflict():
            return "conflict"
        case CommandPreview():
            return "preview"


def outcome_as_missing(
    decider: AnyDecider, command: Command, context: CommandContext
) -> CommandRejected | CommandConflict:
    """The outcome for an aggregate that does not exist. A command that would make it is denied: the id is taken."""
    if context.expected_version not in (None, 0):
        return CommandConflict(expected=context.expected_version, actual=0)
    try:
        decider.decide(command, decider.initial)
    except Rejection as rejection:
        decider.check_declared(rejection)
        return CommandRejected(code=rejection.code, message=rejection.message)
    raise AccessDenied("This id is in use.")


def not_yours(command: Command, context: CommandContext, owner: object | None) -> AccessDenied:
    """The command would leave an aggregate of another owner, or of none."""
    if owner is None:
        return AccessDenied(f"You may send {command.stored.name} to what is yours, and this has no owner.")
    return AccessDenied(f"You may send {command.stored.name} for yourself only, and you are {context.actor}.")
