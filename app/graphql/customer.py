"""Customers: their orders and what they have spent."""

from collections.abc import Sequence
from typing import Any, Self
from uuid import UUID

import strawberry

from app.engine.access.policy import Policy, allow
from app.engine.graphql.context import Info
from app.engine.graphql.pagination import Connection, parse_page
from app.engine.graphql.scalars import Count, Position
from app.engine.graphql.slices.node import Node, NodeSource
from app.graphql.money import Money, to_money
from app.graphql.order import Order, OrderFilter, order_page
from domain.order_lines import total_of
from projections.customer import CustomerRow, customers
from projections.order import orders

POLICY = Policy(
    queries={"customer": allow(customer="own", staff="all", operator="all")},
    rows={customers: allow(customer="own", staff="all", operator="all")},
)


@strawberry.type(description="A person who has opened an order.")
class Customer(Node):
    spent: Money = strawberry.field(
        description="The sum of the placed orders without those cancelled or rejected later, in the currency of the first order."
    )
    spent_by_currency: list[Money] = strawberry.field(description="The same sum for each currency.")
    placed_orders: Count = strawberry.field(
        description="The number of placed orders without those cancelled or rejected later."
    )

    @strawberry.field(description="The customer's orders, newest first.")
    async def orders(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Order]:
        page = parse_page(first, after, last, before)
        return await order_page(info, page, OrderFilter(customer_id=self.id))

    @classmethod
    def of(cls, row: CustomerRow) -> Self:
        spent = [to_money(amount) for amount in row.spent]
        return cls(
            id=row.id,
            spent=spent[0] if spent else to_money(total_of(())),
            spent_by_currency=spent,
            placed_orders=Count(row.placed_orders),
        )


NODES: Sequence[NodeSource[Any]] = (NodeSource(customers, Customer.of),)


@strawberry.type
class Query:
    @strawberry.field(description="One customer; null if no order was opened with this customer id.")
    async def customer(self, info: Info, id: UUID, min_position: Position | None = None) -> Customer | None:
        await info.context.wait_for_projection(customers, min_position)
        await info.context.wait_for_projection(orders, min_position)
        row = await info.context.loaders.row(customers, "id", id)
        return None if row is None else Customer.of(row)
