"""The lines of an order: how they look."""

from typing import Self

import strawberry

from app.graphql.context import Info, Loaders
from app.graphql.product import Product, product_by_sku, product_held
from app.graphql.scalars import Sku
from app.graphql.values import Money, show_money
from domain.lines import Line


@strawberry.type(description="One product in an order.")
class OrderLine:
    sku: Sku = strawberry.field(description="The product's SKU.")
    quantity: int = strawberry.field(description="Pieces.")
    unit_price: Money = strawberry.field(description="The price of one piece when the line was added.")
    loaders: strawberry.Private[Loaders | None] = None
    at_hand: strawberry.Private[dict[str, Product | None] | None] = None

    @strawberry.field(description="The product as it is now; in a list of the past, as it was then.")
    async def product(self, info: Info) -> Product | None:
        return await product_by_sku(self.loaders or info.context.loaders, self.sku)

    @classmethod
    def of(cls, line: Line, loaders: Loaders | None = None) -> Self:
        held = None if loaders is None else product_held(loaders, line.sku)
        return cls(
            sku=Sku(line.sku),
            quantity=line.quantity,
            unit_price=show_money(line.unit_price),
            loaders=loaders,
            at_hand=None if held is None else {"product": held[0]},
        )
