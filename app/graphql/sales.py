"""Sales by day."""

from datetime import date
from typing import Annotated

import strawberry

from app.engine.access.policy import Policy, allow
from app.engine.graphql.context import Info
from app.engine.graphql.scalars import Count, Position
from app.engine.read_models.queries import rows_between
from app.graphql.money import Money
from projections.sales import daily_sales

READERS = allow(
    staff="all",
    operator="all",
)
POLICY = Policy(
    queries={"dailySales": READERS},
    rows={daily_sales: READERS},
)


@strawberry.type(
    description="The sales of one day in one currency: the placed orders without those cancelled or rejected later."
)
class DailySales:
    day: date = strawberry.field(description="The day on which the orders were placed, in UTC.")
    orders: Count = strawberry.field(description="The number of orders.")
    items: Count = strawberry.field(description="The number of pieces.")
    revenue: Money = strawberry.field(description="The sum of the orders.")


@strawberry.type
class Query:
    @strawberry.field(description="The sales by day, in UTC. Both days are included.")
    async def daily_sales(
        self,
        info: Info,
        from_: Annotated[date, strawberry.argument(name="from", description="The first day.")],
        to: Annotated[date, strawberry.argument(description="The last day.")],
        min_position: Position | None = None,
    ) -> list[DailySales]:
        await info.context.wait_for_projection(daily_sales, min_position)
        owner = info.context.access.row_owner(daily_sales)
        database = info.context.database
        rows = await rows_between(database, daily_sales, ("day", "currency"), from_, to, owner=owner)
        return [
            DailySales(
                day=row.day,
                orders=Count(row.orders),
                items=Count(row.items),
                revenue=Money(amount=row.revenue, currency=row.currency),
            )
            for row in rows
        ]
