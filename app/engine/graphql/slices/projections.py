"""Lists projections (operator queries). The mutations are in projection_operations."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Self

import strawberry

from app.engine.access.policy import OPERATORS, Policy
from app.engine.graphql.context import Context, Info
from app.engine.graphql.scalars import Count, Position
from app.engine.projector import status as projection_status
from app.engine.projector.rebuild import operation

STATUS_INTERVAL_SECONDS = 0.5

POLICY = Policy(
    queries={
        "projections": OPERATORS,
    },
    subscriptions={"projections": OPERATORS},
)


@strawberry.type(description="The progress of a rebuild.")
class RebuildProgress:
    state: str = strawberry.field(description="building, built, verified, different or failed.")
    position: Position = strawberry.field(description="The newest event in the staging table.")
    target: Position = strawberry.field(description="The event that the rebuild has to reach.")
    events_per_second: float = strawberry.field(description="The number of events per second.")
    seconds_left: float | None = strawberry.field(
        description="The estimated time to the target in seconds; null if the rebuild does not move."
    )
    error: str | None = strawberry.field(description="The error, or the difference that was found.")

    @classmethod
    def of(cls, progress: operation.RebuildProgress) -> Self:
        return cls(
            state=progress.state,
            position=Position(progress.position),
            target=Position(progress.target),
            events_per_second=progress.events_per_second,
            seconds_left=progress.seconds_left,
            error=progress.error,
        )


@strawberry.type(description="Events of one type that the projection's code cannot read and has passed over.")
class UnreadableEvents:
    type: str = strawberry.field(description="The stored name and version of the event type.")
    count: Count = strawberry.field(description="The number of events.")
    first: Position = strawberry.field(description="The position of the first one.")
    last: Position = strawberry.field(description="The position of the last one.")


@strawberry.type(description="The status of one version of a projection.")
class ProjectionStatus:
    name: str = strawberry.field(description="The name of the projection.")
    version: int = strawberry.field(description="The version of the projection.")
    state: str = strawberry.field(
        description="current, behind, stopped (an error keeps it from moving) or unowned (no process updates it)."
    )
    position: Position = strawberry.field(description="The newest event in it.")
    lag: Count = strawberry.field(description="The number of events that it has not processed.")
    lag_seconds: float = strawberry.field(description="How long the oldest of them has waited, in seconds.")
    parked: int = strawberry.field(description="The number of parked keys.")
    owner: str | None = strawberry.field(description="The process that updates it; null if there is none.")
    rebuild: RebuildProgress | None = strawberry.field(
        description="The progress of its rebuild; null if it is not rebuilt."
    )
    problem: str | None = strawberry.field(
        description="The error that keeps it from moving, if this process knows it."
    )
    unreadable: list[UnreadableEvents] = strawberry.field(
        description="The events that its code cannot read, by type."
    )

    @strawberry.field(
        description="The events that its code cannot read, by type.", deprecation_reason="Use unreadable."
    )
    def unread(self) -> list[UnreadableEvents]:
        return self.unreadable

    @classmethod
    def of(cls, context: Context, status: projection_status.ProjectionStatus) -> Self:
        worker = context.services.projector.workers.get(status.projection)
        if worker is not None and worker.projection.version != status.version:
            worker = None
        error = None if worker is None else worker.state.error
        if worker is not None and worker.state.is_owner and worker.state.position > status.position:
            # The worker has passed events that change no row. Its checkpoint is saved later.
            lag = max(0, status.lag - (worker.state.position - status.position))
            status = replace(
                status,
                position=worker.state.position,
                lag=lag,
                seconds=worker.lag_seconds() if lag else 0.0,
            )
        state = (
            "stopped"
            if error
            else "unowned"
            if status.owner is None
            else "behind"
            if status.lag
            else "current"
        )
        return cls(
            name=status.projection,
            version=status.version,
            state=state,
            position=Position(status.position),
            lag=Count(status.lag),
            lag_seconds=status.seconds,
            parked=status.parked,
            owner=status.owner,
            problem=None if worker is None else worker.state.problem,
            rebuild=None if status.rebuild is None else RebuildProgress.of(status.rebuild),
            unreadable=[
                UnreadableEvents(
                    type=name,
                    count=Count(events.count),
                    first=Position(events.first),
                    last=Position(events.last),
                )
                for name, events in status.unreadable.items()
            ],
        )


async def statuses(context: Context) -> list[ProjectionStatus]:
    """The status of all projections."""
    return [
        ProjectionStatus.of(context, status)
        for status in await projection_status.projection_statuses(
            context.database, context.services.application.projections
        )
    ]


@strawberry.type
class Query:
    @strawberry.field(
        description="The status of every projection: those of this code, and others that have a table."
    )
    async def projections(self, info: Info) -> list[ProjectionStatus]:
        return await statuses(info.context)


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="The status of every projection: now, and after each change, at most twice a second."
    )
    async def projections(self, info: Info) -> AsyncIterator[list[ProjectionStatus]]:
        context: Context = info.context
        sent: list[ProjectionStatus] | None = None
        while not context.services.feed.closed:
            current = [
                ProjectionStatus.of(context, status) for status in await context.services.statuses.get()
            ]
            if current != sent:
                sent = current
                yield current
            await asyncio.sleep(STATUS_INTERVAL_SECONDS)
