"""Projections, for operators: where each stands, and what is parked. What to do about it is in `operators`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from datetime import datetime
from typing import Self

import strawberry

from app.engine.graphql.context import Context, Info
from app.engine.graphql.errors import Forbidden, NotFound
from app.engine.graphql.pagination import Connection, decode_cursor, encode_cursor, make_connection, page_size
from app.engine.graphql.scalars import Position
from app.engine.projector import status as standing
from app.engine.projector.parking import admin as parked
from app.engine.projector.rebuild import operation
from app.engine.projector.rebuild.operation import OperationRefused, find_projection
from projections.kernel import AnyProjection

STATUS_INTERVAL_SECONDS = 0.5


def require_operator(info: Info) -> Context:
    """The context of an operation that only operators may ask for. Raises `Forbidden`. Who is one is decided here alone."""
    context: Context = info.context
    if context.services.settings.mode != "development":
        raise Forbidden(
            "This is for operators, and nobody can show yet to be one: use python -m app projections."
        )
    return context


@strawberry.type(description="How far the building of a table beside the live one is.")
class RebuildProgress:
    state: str = strawberry.field(description="building, built, verified, different or failed.")
    position: Position = strawberry.field(description="The newest fact in it.")
    target: Position = strawberry.field(description="The fact to reach.")
    events_per_second: float = strawberry.field(description="How fast it goes.")
    seconds_left: float | None = strawberry.field(description="Until it is there; null where nothing moves.")
    error: str | None = strawberry.field(description="Why it failed, or in what it differs.")

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


@strawberry.type(
    description="Events of one type that this projection's code cannot read and has passed over."
)
class UnreadEvents:
    type: str = strawberry.field(description="The stored name and version of the type.")
    count: int = strawberry.field(description="How many.")
    first: Position = strawberry.field(description="The first of them.")
    last: Position = strawberry.field(description="The last of them.")


@strawberry.type(description="Where a projection stands: one version of it, as its live table shows it.")
class ProjectionStatus:
    name: str = strawberry.field(description="The projection.")
    version: int = strawberry.field(description="Its version.")
    state: str = strawberry.field(
        description="current, behind, stopped (a problem keeps it where it is) or unowned (no process keeps it current)."
    )
    position: Position = strawberry.field(description="The newest fact in it.")
    lag: int = strawberry.field(description="Facts that it has yet to take in.")
    lag_seconds: float = strawberry.field(description="How long the first of them has waited.")
    parked: int = strawberry.field(description="Keys that wait since a fact that raised.")
    owner: str | None = strawberry.field(description="The process that keeps it current.")
    rebuild: RebuildProgress | None = strawberry.field(
        description="The table that is built beside the live one, if one is."
    )
    problem: str | None = strawberry.field(description="What keeps it where it is, if this process knows.")
    unread: list[UnreadEvents] = strawberry.field(description="Events that its code cannot read.")

    @classmethod
    def of(cls, context: Context, each: standing.ProjectionStatus) -> Self:
        worker = context.services.projector.workers.get(each.projection)
        if worker is not None and worker.projection.version != each.version:
            worker = None
        problem = None if worker is None else worker.error
        if worker is not None and worker.owns and worker.position > each.position:
            # It has passed over facts that concern no row, and its checkpoint is about to follow.
            behind = max(0, each.behind - (worker.position - each.position))
            each = replace(
                each, position=worker.position, behind=behind, seconds=worker.seconds() if behind else 0.0
            )
        state = (
            "stopped"
            if problem
            else "unowned"
            if each.owner is None
            else "behind"
            if each.behind
            else "current"
        )
        return cls(
            name=each.projection,
            version=each.version,
            state=state,
            position=Position(each.position),
            lag=min(each.behind, 2**31 - 1),
            lag_seconds=each.seconds,
            parked=each.parked,
            owner=each.owner,
            problem=problem,
            rebuild=None if each.rebuild is None else RebuildProgress.of(each.rebuild),
            unread=[
                UnreadEvents(type=name, count=one.count, first=Position(one.first), last=Position(one.last))
                for name, one in each.unread.items()
            ],
        )


async def statuses(context: Context) -> list[ProjectionStatus]:
    """Where all projections stand."""
    return [
        ProjectionStatus.of(context, each)
        for each in await standing.projection_statuses(
            context.services.database, context.services.application.projections
        )
    ]


@strawberry.type(
    description="A key that waits since a fact that raised: its later facts are not counted until it is folded again."
)
class ParkedKey:
    key: str = strawberry.field(
        description="The values of the key columns, as a JSON list; where no key is known the stream, as a JSON object."
    )
    position: Position = strawberry.field(description="The fact that raised.")
    error: str = strawberry.field(description="What it raised.")
    traceback: str = strawberry.field(description="Where; its end, if it is long.")
    parked_at: datetime = strawberry.field(description="Since when.")
    tries: int = strawberry.field(description="How many retries have failed.")
    tried_at: datetime | None = strawberry.field(description="When the last one failed.")
    asked_at: datetime | None = strawberry.field(
        description="Since when a retry is asked for that has yet to be made."
    )


@strawberry.type(description="A fact that is left out for one key.")
class SkippedFact:
    key: str = strawberry.field(description="The key, as JSON.")
    position: Position = strawberry.field(description="The fact.")
    reason: str = strawberry.field(description="Why.")
    actor: str = strawberry.field(description="Who said so.")
    at: datetime = strawberry.field(description="When.")


@strawberry.type
class Query:
    @strawberry.field(
        description="Where each projection stands: those of this code, and others that have a table."
    )
    async def projections(self, info: Info) -> list[ProjectionStatus]:
        return await statuses(require_operator(info))

    @strawberry.field(description="The parked keys of a projection, by position.")
    async def parked_keys(
        self, info: Info, projection: str, first: int = 20, after: str | None = None
    ) -> Connection[ParkedKey]:
        context, size = require_operator(info), page_size(first)
        found = await parked.parked_keys(
            context.services.database, _found(context, projection), first=size + 1, after=_place(after)
        )
        return make_connection(
            [(ParkedKey(**asdict(each)), _cursor(each)) for each in found[:size]],
            more=len(found) > size,
            after=after,
        )

    @strawberry.field(description="The facts that are left out of a projection, by position.")
    async def skipped_facts(
        self, info: Info, projection: str, first: int = 20, after: str | None = None
    ) -> Connection[SkippedFact]:
        context, size = require_operator(info), page_size(first)
        found = await parked.skipped_facts(
            context.services.database, _found(context, projection), first=size + 1, after=_place(after)
        )
        return make_connection(
            [(SkippedFact(**asdict(each)), _cursor(each)) for each in found[:size]],
            more=len(found) > size,
            after=after,
        )


@strawberry.type
class Subscription:
    @strawberry.subscription(
        description="Where each projection stands: now, and after each change, twice a second at most."
    )
    async def projections(self, info: Info) -> AsyncIterator[list[ProjectionStatus]]:
        context = require_operator(info)
        shown: list[ProjectionStatus] | None = None
        while not context.services.feed.closed:
            now = [ProjectionStatus.of(context, each) for each in await context.services.statuses.get()]
            if now != shown:
                shown = now
                yield now
            await asyncio.sleep(STATUS_INTERVAL_SECONDS)


def _found(context: Context, name: str) -> AnyProjection:
    try:
        return find_projection(context.services.application.projections, name)
    except OperationRefused as error:
        raise NotFound(f"{error}.") from None


def _cursor(key: parked.ParkedKey | parked.SkippedEvent) -> str:
    return encode_cursor(key.position, key.key)


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    position, key = decode_cursor(cursor, int, str)
    return position, key
