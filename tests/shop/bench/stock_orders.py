"""Strawberry as it comes, with orders from the same tables and a loader for the product of each line.

`python -m tests.shop.bench.stock_orders PORT`
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Self, override
from uuid import UUID

import asyncpg
import strawberry
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader

from app.settings import Settings
from projections.order import orders
from projections.product import products
from tests.shop.bench.stock import serve

POOL = Settings.model_fields["pool_size"].default
"""As many connections as the server has for reads."""


@strawberry.type
class Money:
    amount: Decimal
    currency: str


@strawberry.type
class Product:
    sku: str
    name: str
    price: Money
    on_hand: int
    reserved: int
    available: int


@strawberry.type
class OrderLine:
    sku: str
    quantity: int
    unit_price: Money

    @strawberry.field
    async def product(self, info: strawberry.Info) -> Product | None:
        return await info.context["products"].load(self.sku)


@strawberry.enum
class OrderStatus(Enum):
    OPEN = "OPEN"
    PLACED = "PLACED"
    CONFIRMED = "CONFIRMED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    SHIPPED = "SHIPPED"


@strawberry.type
class Order:
    id: UUID
    customer_id: UUID
    status: OrderStatus
    lines: list[OrderLine]
    total: Money
    opened_at: datetime
    placed_at: datetime | None
    version: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        lines = [
            OrderLine(
                sku=each["sku"],
                quantity=each["quantity"],
                unit_price=Money(
                    amount=Decimal(each["unit_price"]["amount"]), currency=each["unit_price"]["currency"]
                ),
            )
            for each in row["lines"]
        ]
        return cls(
            id=row["id"],
            customer_id=row["customer_id"],
            status=OrderStatus(row["status"]),
            lines=lines,
            total=Money(amount=row["total"], currency=row["currency"]),
            opened_at=row["opened_at"],
            placed_at=row["placed_at"],
            version=row["version"],
        )


@strawberry.type
class PageInfo:
    has_next_page: bool


@strawberry.type
class Orders:
    nodes: list[Order]
    page_info: PageInfo


@strawberry.type
class Query:
    @strawberry.field
    async def orders(self, info: strawberry.Info, first: int = 20) -> Orders:
        rows = await info.context["pool"].fetch(
            f"SELECT * FROM {orders.table.fullname} ORDER BY opened_at DESC, id DESC LIMIT $1", first + 1
        )
        return Orders(
            nodes=[Order.of(row) for row in rows[:first]], page_info=PageInfo(has_next_page=len(rows) > first)
        )


class View(GraphQL[dict[str, Any], None]):
    def __init__(self, pool: asyncpg.Pool) -> None:
        super().__init__(strawberry.Schema(Query))
        self._pool = pool

    @override
    async def get_context(self, request: Any, response: Any) -> dict[str, Any]:
        return {"pool": self._pool, "products": DataLoader(load_fn=self._products)}

    async def _products(self, skus: list[str]) -> Sequence[Product | None]:
        rows = await self._pool.fetch(f"SELECT * FROM {products.table.fullname} WHERE sku = ANY($1)", skus)
        found = {
            row["sku"]: Product(
                sku=row["sku"],
                name=row["name"],
                price=Money(amount=row["price"], currency=row["currency"]),
                on_hand=row["on_hand"],
                reserved=row["reserved"],
                available=row["available"],
            )
            for row in rows
        }
        return [found.get(sku) for sku in skus]


async def main() -> None:
    async def prepare(connection: asyncpg.Connection) -> None:
        await connection.set_type_codec("jsonb", schema="pg_catalog", encoder=json.dumps, decoder=json.loads)

    async with asyncpg.create_pool(
        os.environ["DATABASE_URL"], min_size=POOL, max_size=POOL, init=prepare
    ) as pool:
        await serve(View(pool), int(sys.argv[1]))


if __name__ == "__main__":
    asyncio.run(main())
