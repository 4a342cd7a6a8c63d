"""The input and the results of a command: accepted, rejected, conflict or preview."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import strawberry

from app.engine.commands import (
    CommandAccepted,
    CommandConflict,
    CommandContext,
    CommandOutcome,
    CommandPreview,
    CommandRejected,
)
from app.engine.graphql.context import Context
from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.rejection_codes import RejectionCode
from app.engine.graphql.request_digest import REQUEST_DIGEST
from app.engine.graphql.scalars import parse_datetime
from app.engine.uuid7 import uuid7
from domain.kernel.decider import AnyDecider, Command


@strawberry.input(description="Options of a command.")
class CommandOptions:
    command_id: UUID | None = strawberry.field(
        default=None,
        description=(
            "Makes the command safe to repeat: the same id again returns the first outcome and decides nothing."
            " A UUID of version 4 or 7."
        ),
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with Conflict unless the stream is at this version."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Decide, record nothing, and answer with Preview."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="When it happened in the world, if not now: for imports, by roles that may import. Never in the future.",
    )


@strawberry.type(description="A business rule forbids the command. Nothing was recorded.")
class Rejected:
    code: RejectionCode = strawberry.field(description="The code of the rule.")  # pyright: ignore[reportInvalidTypeForm] - derived
    message: str = strawberry.field(description="The rule in words.")
    duplicate: bool = strawberry.field(
        description="True if this command id was sent before: it was rejected then, and would perhaps be accepted now.",
        default=False,
    )


@strawberry.type(
    description="Another command came first, or expectedVersion did not match. Nothing was recorded."
)
class Conflict:
    message: str = strawberry.field(description="What happened and what to do.")
    expected_version: int | None = strawberry.field(description="The version that the command expected.")
    actual_version: int = strawberry.field(description="The version of the stream.")


@strawberry.type(description="The events that the command would record. Nothing was recorded.")
class Preview:
    events: list[EventInterface] = strawberry.field(
        description="The events, with the positions that they would have had."
    )


DERIVED_VERSION = 5
"""Processes derive the ids of their commands, as UUIDs of this version, from ids and positions that callers may know."""


def command_context(context: Context, options: CommandOptions | None) -> CommandContext:
    """The envelope of a command. Raises `BadInput`, `AccessDenied`."""
    options = options or CommandOptions()
    if (
        options.command_id is not None
        and options.command_id.version == DERIVED_VERSION
        and not context.access.may_import
    ):
        # The outcome of a command id is kept for ever. The caller could take that of a command that a process will send.
        raise BadInput(
            "commandId is a UUID of version 5. The server derives such ids for the commands of processes, so only roles that"
            " may import send them. Send a random one: version 4 or 7."
        )
    if options.expected_version is not None and options.expected_version < 0:
        raise BadInput("expectedVersion must be 0 or more: 0 for a stream without events.")
    occurred_at = None
    if options.occurred_at is not None:
        context.access.check_import()
        occurred_at = parse_datetime(options.occurred_at, "occurredAt")
        if occurred_at > datetime.now(UTC) + timedelta(seconds=1):
            raise BadInput("occurredAt is in the future.")
    return CommandContext(
        actor=context.actor,
        correlation_id=context.correlation_id,
        command_id=options.command_id,
        expected_version=options.expected_version,
        occurred_at=occurred_at,
        dry_run=options.dry_run,
        digest=REQUEST_DIGEST.get(),
    )


def id_for_new(options: CommandOptions | None) -> UUID:
    """The id of a new aggregate. A repeated command gets the same id."""
    if options is None or options.command_id is None:
        return uuid7()
    return uuid5(options.command_id, "made")


async def execute[A](
    context: Context,
    decider: AnyDecider,
    stream_id: UUID,
    command: Command,
    command_context: CommandContext,
    accepted: Callable[..., A],
    **fields: Any,
) -> A | Rejected | Conflict | Preview:
    """Execute the command. See `to_outcome`. Raises `AccessDenied`.

    If the caller may send it to own aggregates only, another's aggregate answers as one that does not exist.
    """
    guard = context.access.check_command(decider.category, stream_id, command)
    if guard is not None:
        command_context = replace(command_context, guard=guard)
    outcome = await context.services.commands.execute(decider, stream_id, command, command_context)
    return to_outcome(context, outcome, accepted, **fields)


def to_outcome[A](
    context: Context, outcome: CommandOutcome, accepted: Callable[..., A], **fields: Any
) -> A | Rejected | Conflict | Preview:
    """The outcome as a member of the mutation's union.

    An accepted command gives `accepted(position, version, events, duplicate, **fields)`.
    """
    match outcome:
        case CommandAccepted():
            context.reads.note_command(outcome.position, outcome.facts)
            return accepted(
                position=outcome.position,
                version=outcome.version,
                events=[context.events.to_graphql(fact, context.access) for fact in outcome.facts],
                duplicate=outcome.duplicate,
                **fields,
            )
        case CommandRejected(code=code, message=message, duplicate=duplicate):
            return rejected(code, message, duplicate=duplicate)
        case CommandConflict(expected=expected, actual=actual):
            cause = (
                "Another command came first"
                if expected is None
                else f"The stream is at version {actual}, not {expected}"
            )
            return Conflict(
                message=f"{cause}. Read the current state and decide again.",
                expected_version=expected,
                actual_version=actual,
            )
        case CommandPreview(facts=facts):
            return Preview(events=[context.events.to_graphql(fact, context.access) for fact in facts])


def rejected(code: str, message: str, *, duplicate: bool = False) -> Rejected:
    """A rejection by the code of its rule."""
    return Rejected(code=RejectionCode(code), message=message, duplicate=duplicate)
