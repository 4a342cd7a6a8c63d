"""What a mutation answers: accepted, rejected, conflict or preview; and how it is asked."""

from datetime import UTC, datetime, timedelta
from enum import Enum
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
from app.engine.graphql.scalars import parse_datetime
from app.engine.uuid7 import uuid7
from domain import DECIDERS
from domain.kernel.decider import AnyDecider, code_of, message_of

_RULES = {code_of(rule): message_of(rule) for decider in DECIDERS for rule in decider.rejections}
RejectionCode: Any = strawberry.enum(
    Enum(
        "RejectionCode",
        {code: strawberry.enum_value(code, description=said) for code, said in sorted(_RULES.items())}
        or {"NONE": "NONE"},
    ),
    description="Every rule that can refuse a command.",
)


@strawberry.input(description="How a command is to be taken.")
class CommandOptions:
    command_id: UUID | None = strawberry.field(
        default=None,
        description="Makes the command safe to repeat: the same id again returns the first outcome and decides nothing.",
    )
    expected_version: int | None = strawberry.field(
        default=None, description="Refuse with Conflict unless the stream is at this version."
    )
    dry_run: bool = strawberry.field(
        default=False, description="Decide, record nothing, and answer with Preview."
    )
    occurred_at: datetime | None = strawberry.field(
        default=None,
        description="When it happened in the world, if not now (imports; staff only; never in the future).",
    )


@strawberry.type(description="A rule of the business forbids the command; nothing was recorded.")
class Rejected:
    code: RejectionCode = strawberry.field(description="The rule.")  # pyright: ignore[reportInvalidTypeForm] - derived
    message: str = strawberry.field(description="The rule, in words.")


@strawberry.type(
    description="Another command came first, or expectedVersion did not match; nothing was recorded."
)
class Conflict:
    message: str = strawberry.field(description="What to do.")
    expected_version: int | None = strawberry.field(description="The version that the command was meant for.")
    actual_version: int = strawberry.field(description="The version that the stream is at.")


@strawberry.type(description="What the command would record; nothing was recorded.")
class Preview:
    events: list[EventInterface] = strawberry.field(
        description="The facts, with the positions that they would have had."
    )


def command_context(context: Context, options: CommandOptions | None) -> CommandContext:
    """The command's envelope. Raises `BadInput`."""
    options = options or CommandOptions()
    occurred_at = None
    if options.occurred_at is not None:
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
    )


def id_for_new(options: CommandOptions | None) -> UUID:
    """An id for what the command makes: the same one when the command is repeated."""
    if options is None or options.command_id is None:
        return uuid7()
    return uuid5(options.command_id, "made")


async def execute(
    context: Context,
    decider: AnyDecider,
    stream_id: UUID,
    command: object,
    asked: CommandContext,
    accepted: Any,
    **payload: Any,
) -> Any:
    """Run the command and `answer`."""
    return to_outcome(
        context,
        await context.services.commands.execute(decider, stream_id, command, asked),
        accepted,
        **payload,
    )


def to_outcome(context: Context, outcome: CommandOutcome, accepted: Any, **payload: Any) -> Any:
    """The outcome as `accepted(…)` with what it recorded, or one of the other members of the union."""
    match outcome:
        case CommandAccepted():
            return accepted(
                position=outcome.position,
                version=outcome.version,
                events=[context.events.to_graphql(fact) for fact in outcome.facts],
                duplicate=outcome.duplicate,
                **payload,
            )
        case CommandRejected(code=code, message=message):
            return rejected(code, message)
        case CommandConflict(expected=expected, actual=actual):
            met = (
                "Another command came first"
                if expected is None
                else f"The stream is at version {actual}, not {expected}"
            )
            return Conflict(
                message=f"{met}; read again and decide anew.",
                expected_version=expected,
                actual_version=actual,
            )
        case CommandPreview(facts=facts):
            return Preview(events=[context.events.to_graphql(fact) for fact in facts])


def rejected(code: str, message: str) -> Rejected:
    return Rejected(code=RejectionCode(code), message=message)
