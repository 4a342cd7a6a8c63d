"""Customers: what they have ordered and spent."""

from typing import Self
from uuid import UUID

import strawberry

from app.engine.graphql.context import Info
from app.engine.graphql.pagination import Connection
from app.engine.graphql.scalars import Position
from app.graphql.money import Money, to_money
from app.graphql.order import Order, OrderFilter, order_page
from domain.order_lines import total_of
from projections.customer import CustomerRow, customers
from projections.order import orders


@strawberry.type(description="Somebody who has opened an order.")
class Customer:
    id: UUID = strawberry.field(description="What they are known by.")
    spent: Money = strawberry.field(
        description="The sum of the orders placed, less those called off, in the currency used first."
    )
    spent_by_currency: list[Money] = strawberry.field(description="The same for each currency used.")
    placed_orders: int = strawberry.field(description="Orders placed, less those called off.")

    @strawberry.field(description="Their orders, newest first.")
    async def orders(self, info: Info, first: int = 20, after: str | None = None) -> Connection[Order]:
        return await order_page(info, first, after, OrderFilter(customer_id=self.id))

    @classmethod
    def of(cls, row: CustomerRow) -> Self:
        spent = [to_money(amount) for amount in row.spent]
        return cls(
            id=row.id,
            spent=spent[0] if spent else to_money(total_of(())),
            spent_by_currency=spent,
            placed_orders=row.placed_orders,
        )


@strawberry.type
class Query:
    @strawberry.field(description="One customer; null where nobody has opened an order under the id.")
    async def customer(self, info: Info, id: UUID, min_position: Position | None = None) -> Customer | None:
        await info.context.wait_for_projection(customers, min_position)
        await info.context.wait_for_projection(orders, min_position)
        row = await info.context.loaders.row(customers, "id", id)
        return None if row is None else Customer.of(row)
