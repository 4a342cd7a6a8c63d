"""A slice that only the bench registers: how long facts wait until every projection has folded them."""

from datetime import UTC, datetime, timedelta

import strawberry

from app.engine.access.policy import OPERATORS, Policy
from app.engine.graphql.context import Info

POLICY = Policy(queries={"lags": OPERATORS})


@strawberry.type
class Query:
    @strawberry.field(
        description="For each fact that is recorded from now on, for so long: the milliseconds from recordedAt until no projection lacked it."
    )
    async def lags(self, info: Info, seconds: float) -> list[float]:
        runtime = info.context.services
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        found: list[float] = []
        async for facts in runtime.feed.follow(runtime.feed.head):
            for fact in facts:
                if fact.recorded_at > until:
                    return found
                for name in runtime.projector.workers:
                    await runtime.projector.wait_for_position(
                        name, fact.position, runtime.settings.operation_timeout_seconds
                    )
                found.append((datetime.now(UTC) - fact.recorded_at).total_seconds() * 1000)
        return found
