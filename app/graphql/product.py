"""Products: their mutations, their queries, and how they look."""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Annotated, Self
from uuid import UUID

import strawberry

from app.engine.graphql.as_of import AsOf, resolve_as_of
from app.engine.graphql.context import Context, Info
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.loaders import NOT_PREFETCHED, Loaders, Prefetched
from app.engine.graphql.outcomes import CommandOptions, Conflict, Preview, Rejected, command_context, execute
from app.engine.graphql.pagination import Connection, cursor_scope, paginate
from app.engine.graphql.scalars import Position, Quantity, Sku, clean_text
from app.engine.graphql.slices.history import HistoryFields, as_of
from app.engine.read_models.queries import Columns, Condition
from app.graphql.money import Money, MoneyInput, parse_money, to_money
from domain.kernel.decider import AnyDecider
from domain.product import ChangePrice, Listed, ReceiveStock, RegisterProduct, product, product_id
from projections.product import ProductRow, products


@strawberry.type(description="A product as it was.")
class ProductSnapshot:
    version: int = strawberry.field(description="Version of its stream then.")
    sku: Sku = strawberry.field(description="What it is known by.")
    name: str = strawberry.field(description="What it was called.")
    price: Money = strawberry.field(description="What one piece cost.")
    on_hand: int = strawberry.field(description="Pieces in the house, reserved or not.")
    reserved: int = strawberry.field(description="Pieces reserved for placed orders.")
    available: int = strawberry.field(description="Pieces that could still be ordered.")

    @classmethod
    def of(cls, was: Listed, version: int) -> Self:
        return cls(
            version=version,
            sku=Sku(was.registered.sku),
            name=was.registered.name,
            price=to_money(was.price),
            on_hand=was.on_hand,
            reserved=was.on_hand - was.available,
            available=was.available,
        )


@strawberry.type(description="A product with its price and stock.")
class Product(HistoryFields):
    sku: Sku = strawberry.field(description="What it is known by.")
    name: str = strawberry.field(description="What it is called.")
    price: Money = strawberry.field(description="What one piece costs now.")
    on_hand: int = strawberry.field(description="Pieces in the house, reserved or not.")
    reserved: int = strawberry.field(description="Pieces reserved for placed orders.")
    available: int = strawberry.field(description="Pieces that can still be ordered.")
    version: int = strawberry.field(description="Version of its stream.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return product, product_id(self.sku)

    @strawberry.field(
        description="This product as it was. Exactly one argument; null before it was registered. A moment counts what was recorded by then."
    )
    async def as_of(
        self,
        info: Info,
        version: int | None = None,
        moment: datetime | None = None,
        position: Position | None = None,
    ) -> ProductSnapshot | None:
        was = await as_of(info, *self.stream(), version, moment, position)
        return (
            None
            if was is None or not isinstance(was.state, Listed)
            else ProductSnapshot.of(was.state, was.version)
        )

    @classmethod
    def of(cls, row: ProductRow) -> Self:
        return cls(
            sku=Sku(row.sku),
            name=row.name,
            price=Money(amount=row.price, currency=row.currency),
            on_hand=row.on_hand,
            reserved=row.reserved,
            available=row.available,
            version=row.version,
        )


_id_of = lru_cache(10_000)(product_id)
"""A page names many products, and few of them anew."""


async def product_by_sku(loaders: Loaders, sku: str) -> Product | None:
    row = await loaders.row(products, "id", _id_of(sku))
    return None if row is None else Product.of(row)


async def prefetch_products(loaders: Loaders, skus: Iterable[str]) -> None:
    """Read these products in one statement, for `prefetched_product`."""
    await loaders.prefetch(products, "id", map(_id_of, skus))


def prefetched_product(loaders: Loaders, sku: str) -> Prefetched[Product | None]:
    """The product, if it was prefetched."""
    row = loaders.prefetched(products, "id", _id_of(sku))
    return row if row is None or row is NOT_PREFETCHED else Product.of(row)


@strawberry.type(description="The command was taken.")
class ProductAccepted:
    position: Position = strawberry.field(description="Where the log stood after this command.")
    version: int = strawberry.field(description="The version that it left the stream at.")
    events: list[EventInterface] = strawberry.field(
        description="What this command recorded; empty where it changed nothing."
    )
    duplicate: bool = strawberry.field(description="True where this command id had been seen before.")
    sku: strawberry.Private[str]

    @strawberry.field(description="The read model, at least as new as this command.")
    async def product(self, info: Info) -> Product | None:
        await info.context.wait_for_projection(products, self.position)
        return await product_by_sku(info.context.new_loaders(), self.sku)


ProductOutcome = Annotated[
    ProductAccepted | Rejected | Conflict | Preview,
    strawberry.union("ProductOutcome", description="What became of a command to a product."),
]


@strawberry.input(description="A new product.")
class RegisterProductInput:
    sku: Sku = strawberry.field(description="What it shall be known by.")
    name: str = strawberry.field(description="What it is called: 1 to 200 characters.")
    price: MoneyInput = strawberry.field(description="What one piece costs.")


@strawberry.input(description="A new price.")
class ChangePriceInput:
    sku: Sku = strawberry.field(description="The product.")
    price: MoneyInput = strawberry.field(description="What one piece costs from now on.")


@strawberry.input(description="A delivery.")
class ReceiveStockInput:
    sku: Sku = strawberry.field(description="The product.")
    quantity: Quantity = strawberry.field(description="Pieces that came in.")


async def _execute(
    info: Info,
    sku: str,
    command: RegisterProduct | ChangePrice | ReceiveStock,
    options: CommandOptions | None,
) -> ProductOutcome:
    asked = command_context(info.context, options)
    return await execute(info.context, product, product_id(sku), command, asked, ProductAccepted, sku=sku)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Register a product under its SKU.")
    async def register_product(
        self, info: Info, input: RegisterProductInput, options: CommandOptions | None = None
    ) -> ProductOutcome:
        price = parse_money(input.price.amount, input.price.currency)
        return await _execute(
            info,
            input.sku,
            RegisterProduct(sku=input.sku, name=clean_text(input.name, "name", 200), price=price),
            options,
        )

    @strawberry.mutation(
        description="Change a product's price; lines of orders keep the price they were added at."
    )
    async def change_price(
        self, info: Info, input: ChangePriceInput, options: CommandOptions | None = None
    ) -> ProductOutcome:
        return await _execute(
            info, input.sku, ChangePrice(price=parse_money(input.price.amount, input.price.currency)), options
        )

    @strawberry.mutation(description="Record that pieces came in.")
    async def receive_stock(
        self, info: Info, input: ReceiveStockInput, options: CommandOptions | None = None
    ) -> ProductOutcome:
        return await _execute(info, input.sku, ReceiveStock(quantity=input.quantity), options)


@strawberry.input(description="Which products are wanted; every condition that is given must hold.")
class ProductFilter:
    available: bool | None = strawberry.field(
        default=None, description="With pieces that can be ordered, or without."
    )
    name_contains: str | None = strawberry.field(
        default=None, description="With this in the name, whatever the case."
    )


@strawberry.enum(description="How products are ordered.")
class ProductSort(Enum):
    SKU_ASC = "sku"
    NAME_ASC = "name"
    PRICE_ASC = "price"
    PRICE_DESC = "-price"


def _conditions(wanted: ProductFilter | None, columns: Columns) -> list[Condition]:
    conditions: list[Condition] = []
    if wanted is not None and wanted.available is not None:
        conditions.append(columns.available > 0 if wanted.available else columns.available <= 0)
    if wanted is not None and wanted.name_contains is not None:
        conditions.append(
            columns.name.icontains(clean_text(wanted.name_contains, "nameContains", 200), autoescape=True)
        )
    return conditions


@strawberry.type
class Query:
    @strawberry.field(description="One product; null where the SKU is unknown.")
    async def product(self, info: Info, sku: Sku, min_position: Position | None = None) -> Product | None:
        context: Context = info.context
        await context.wait_for_projection(products, min_position)
        return await product_by_sku(context.loaders, sku)

    @strawberry.field(
        description="The products. With `asOf` as they were, filtered and ordered by what they were."
    )
    async def products(
        self,
        info: Info,
        first: int = 20,
        after: str | None = None,
        filter: ProductFilter | None = None,
        sort: ProductSort = ProductSort.SKU_ASC,
        min_position: Position | None = None,
        as_of: AsOf | None = None,
    ) -> Connection[Product]:
        await info.context.wait_for_projection(products, min_position)
        at = await resolve_as_of(info.context, products, as_of, cursor_scope(after))
        column = sort.value.removeprefix("-")
        order = ("sku",) if column == "sku" else (column, "sku")
        return await paginate(
            info.context,
            products,
            Product.of,
            order=order,
            descending=sort.value.startswith("-"),
            first=first,
            after=after,
            where=lambda columns: _conditions(filter, columns),
            as_of=at,
        )
