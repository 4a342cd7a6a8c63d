"""The lines of an order."""

from typing import Self

import strawberry

from app.engine.graphql.context import Info
from app.engine.graphql.costs import declare_cost
from app.engine.graphql.loaders import NOT_PREFETCHED, Loaders
from app.graphql.money import Money, to_money
from app.graphql.product import Product, Sku, prefetched_product, product_by_sku
from domain.order_lines import Line


@strawberry.type(description="One product in an order.")
class OrderLine:
    sku: Sku = strawberry.field(description="The product's SKU.")
    quantity: int = strawberry.field(description="The number of pieces.")
    unit_price: Money = strawberry.field(description="The price of one piece when pieces were last added.")
    loaders: strawberry.Private[Loaders | None] = None
    prefetched: strawberry.Private[dict[str, Product | None] | None] = None

    @strawberry.field(
        description="The product as of now; in a list with `asOf`, as of then.", metadata=declare_cost(8)
    )
    async def product(self, info: Info) -> Product | None:
        return await product_by_sku(self.loaders or info.context.loaders, self.sku)

    @classmethod
    def of(cls, line: Line, loaders: Loaders | None = None) -> Self:
        product = NOT_PREFETCHED if loaders is None else prefetched_product(loaders, line.sku)
        return cls(
            sku=Sku(line.sku),
            quantity=line.quantity,
            unit_price=to_money(line.unit_price),
            loaders=loaders,
            prefetched=None if product is NOT_PREFETCHED else {"product": product},
        )
