"""A slice that only the bench registers: how long facts wait until every projection has folded them."""

from datetime import UTC, datetime, timedelta

import strawberry

from app.graphql.context import Info


@strawberry.type
class Query:
    @strawberry.field(
        description="For each fact that is recorded from now on, for so long: the milliseconds from recordedAt until no projection lacked it."
    )
    async def lags(self, info: Info, seconds: float) -> list[float]:
        room = info.context.room
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        found: list[float] = []
        async for facts in room.feed.follow(room.feed.head):
            for fact in facts:
                if fact.recorded_at > until:
                    return found
                for name in room.projector.workers:
                    await room.projector.wait(name, fact.position, room.settings.operation_seconds)
                found.append((datetime.now(UTC) - fact.recorded_at).total_seconds() * 1000)
        return found
