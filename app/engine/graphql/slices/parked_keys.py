"""Lists, retries and skips what projections cannot fold: parked keys and skipped events (operator actions)."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry

from app.engine.access.policy import OPERATORS, Policy
from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import NotFound
from app.engine.graphql.pagination import Connection, Page, parse_page, read_page
from app.engine.graphql.scalars import Count, Position
from app.engine.graphql.slices.projection_operations import (
    MAX_WAIT_SECONDS,
    ProjectionRefused,
    to_refused,
)
from app.engine.projector.parking import admin
from app.engine.projector.rebuild.operation import OperationRefused, find_projection
from projections.kernel import AnyProjection

POLICY = Policy(
    queries={
        "parkedKeys": OPERATORS,
        "skippedEvents": OPERATORS,
        "skippedFacts": OPERATORS,
    },
    mutations={
        "retryParked": OPERATORS,
        "skipEvent": OPERATORS,
        "unskipEvent": OPERATORS,
    },
)


@strawberry.type(
    description="A key whose events a projection no longer processes, since one of them failed. A retry folds it again."
)
class ParkedKey:
    key: str = strawberry.field(
        description="The values of the key columns as a JSON list. If the key is unknown: the stream as a JSON object."
    )
    position: Position = strawberry.field(description="The position of the event that failed.")
    error: str = strawberry.field(description="The error.")
    traceback: str = strawberry.field(description="The end of the traceback.")
    parked_at: datetime = strawberry.field(description="When the key was parked.")
    failed_retries: int = strawberry.field(description="The number of failed retries.")
    last_retried_at: datetime | None = strawberry.field(description="When the last retry failed.")
    retry_requested_at: datetime | None = strawberry.field(
        description="When the pending retry was requested; null if none is pending."
    )

    @strawberry.field(description="The number of failed retries.", deprecation_reason="Use failedRetries.")
    def tries(self) -> int:
        return self.failed_retries

    @strawberry.field(description="When the last retry failed.", deprecation_reason="Use lastRetriedAt.")
    def tried_at(self) -> datetime | None:
        return self.last_retried_at

    @strawberry.field(
        description="When the pending retry was requested; null if none is pending.",
        deprecation_reason="Use retryRequestedAt.",
    )
    def asked_at(self) -> datetime | None:
        return self.retry_requested_at

    @classmethod
    def of(cls, key: admin.ParkedKey) -> Self:
        return cls(
            key=key.key,
            position=Position(key.position),
            error=key.error,
            traceback=key.traceback,
            parked_at=key.parked_at,
            failed_retries=key.failed_retries,
            last_retried_at=key.last_retried_at,
            retry_requested_at=key.retry_requested_at,
        )


@strawberry.type(description="An event that a projection skips for one key.")
class SkippedEvent:
    key: str = strawberry.field(description="The key, as JSON.")
    position: Position = strawberry.field(description="The position of the event.")
    reason: str = strawberry.field(description="The reason.")
    actor: str = strawberry.field(description="The operator who skipped it.")
    at: datetime = strawberry.field(description="When it was skipped.")

    @classmethod
    def of(cls, event: admin.SkippedEvent) -> Self:
        return cls(
            key=event.key,
            position=Position(event.position),
            reason=event.reason,
            actor=event.actor,
            at=event.at,
        )


@strawberry.type(description="The result of a retry of parked keys, after a wait of at most 5 seconds.")
class ParkedRetried:
    recovered: Count = strawberry.field(description="The number of keys that are no longer parked.")
    still_parked: Count = strawberry.field(description="The number of keys that failed again.")
    pending: Count = strawberry.field(
        description="The number of keys that the projection's owner has not tried yet."
    )


ParkedOutcome = Annotated[
    ParkedRetried | ProjectionRefused,
    strawberry.union("ParkedOutcome", description="The outcome of an operation on parked keys."),
]


@strawberry.input(description="Parked keys.")
class RetryParkedInput:
    projection: str = strawberry.field(description="The name of the projection.")
    key: str | None = strawberry.field(
        default=None, description="The key as `parkedKeys` returns it. Without it: all parked keys."
    )


@strawberry.input(description="An event to skip for a key.")
class SkipEventInput:
    projection: str = strawberry.field(description="The name of the projection.")
    key: str = strawberry.field(description="The key as `parkedKeys` returns it.")
    position: Position = strawberry.field(description="The position of the event that parked the key.")
    reason: str = strawberry.field(description="The reason, 1 to 1000 characters. It is stored.")


@strawberry.input(description="A skipped event to count again.")
class UnskipEventInput:
    projection: str = strawberry.field(description="The name of the projection.")
    key: str = strawberry.field(description="The key as `skippedEvents` returns it.")
    position: Position = strawberry.field(description="The position of the event.")


Name = Annotated[str, strawberry.argument(description="The name of the projection.")]


@strawberry.type
class Query:
    @strawberry.field(description="The parked keys of a projection, by position.")
    async def parked_keys(
        self,
        info: Info,
        projection: Name,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[ParkedKey]:
        context, page = info.context, parse_page(first, after, last, before)
        database, found = context.database, _find(context, projection)
        return await read_page(
            info,
            page,
            partial(admin.list_parked_keys, database, found),
            ParkedKey.of,
            place=lambda key: (key.position, key.key),
            types=(int, str),
            count=partial(admin.count_parked_keys, database, found),
        )

    @strawberry.field(description="The skipped events of a projection, by position.")
    async def skipped_events(
        self,
        info: Info,
        projection: Name,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[SkippedEvent]:
        return await _skipped_events(info, projection, parse_page(first, after, last, before))

    @strawberry.field(
        description="The skipped events of a projection, by position.",
        deprecation_reason="Use skippedEvents.",
    )
    async def skipped_facts(
        self, info: Info, projection: Name, first: int | None = None, after: str | None = None
    ) -> Connection[SkippedEvent]:
        return await _skipped_events(info, projection, parse_page(first, after, None, None))


@strawberry.type
class Mutation:
    @strawberry.mutation(
        description="Fold parked keys again from their events, after a fix of the code or of what it needs."
    )
    async def retry_parked(self, info: Info, input: RetryParkedInput) -> ParkedOutcome:
        request = partial(admin.request_retry, info.context.services.database)
        return await _retry_and_wait(info, input.projection, input.key, request)

    @strawberry.mutation(description="Skip the event that parked a key, for good, and fold the key again.")
    async def skip_event(self, info: Info, input: SkipEventInput) -> ParkedOutcome:
        context: Context = info.context

        async def request(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            requested_at = await admin.skip(
                context.services.database, projection, key or "", input.position, input.reason, context.actor
            )
            return requested_at, 1

        return await _retry_and_wait(info, input.projection, input.key, request)

    @strawberry.mutation(description="Count a skipped event again, and fold the key again.")
    async def unskip_event(self, info: Info, input: UnskipEventInput) -> ParkedOutcome:
        services = info.context.services

        async def request(projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
            return await admin.unskip(services.database, projection, key or "", input.position), 1

        return await _retry_and_wait(info, input.projection, input.key, request)


async def _retry_and_wait(
    info: Info,
    name: str,
    key: str | None,
    request: Callable[[AnyProjection, str | None], Awaitable[tuple[datetime, int]]],
) -> ParkedRetried | ProjectionRefused:
    """Request a retry, and wait for its result at most `MAX_WAIT_SECONDS`.

    `request` gets the projection and the key as JSON. It returns the time of the request and the number of keys.
    """
    services = info.context.services
    try:
        projection = find_projection(services.application.projections, name)
        key_json = None if key is None else admin.parse_key(projection, key)
        requested_at, keys = await request(projection, key_json)
    except OperationRefused as error:
        return to_refused(error)
    seconds = min(MAX_WAIT_SECONDS, services.settings.operation_timeout_seconds / 2)
    result = await admin.wait_for_retry(
        services.database, projection, requested_at, keys, seconds, key=key_json
    )
    return ParkedRetried(
        recovered=Count(result.recovered), still_parked=Count(result.parked), pending=Count(result.waiting)
    )


async def _skipped_events(info: Info, projection: str, page: Page) -> Connection[SkippedEvent]:
    context: Context = info.context
    database, found = context.database, _find(context, projection)
    return await read_page(
        info,
        page,
        partial(admin.list_skipped_events, database, found),
        SkippedEvent.of,
        place=lambda event: (event.position, event.key),
        types=(int, str),
        count=partial(admin.count_skipped_events, database, found),
    )


def _find(context: Context, name: str) -> AnyProjection:
    """The projection of this name. Raises `NotFound`."""
    try:
        return find_projection(context.services.application.projections, name)
    except OperationRefused as error:
        raise NotFound(f"{error}.") from None
