"""Products: scalars, types, mutations and queries."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from functools import lru_cache
from typing import Annotated, Any, NewType, Self
from uuid import UUID

import strawberry
from strawberry.types.scalar import ScalarDefinition

from app.engine.access.policy import ANYONE, NOBODY, Policy, allow
from app.engine.graphql.as_of import AsOf, resolve_as_of
from app.engine.graphql.context import Context, Info
from app.engine.graphql.costs import declare_cost
from app.engine.graphql.event_types import EventInterface
from app.engine.graphql.live_list import live_list
from app.engine.graphql.loaders import NOT_PREFETCHED, Loaders, Prefetched
from app.engine.graphql.outcomes import CommandOptions, Conflict, Preview, Rejected, command_context, execute
from app.engine.graphql.pagination import Connection, paginate, parse_page
from app.engine.graphql.scalars import (
    Position,
    clean_text,
    invalid_scalar,
    make_scalar,
    quote_input,
)
from app.engine.graphql.slices.history import (
    AS_OF,
    DeprecatedMoment,
    DeprecatedPosition,
    DeprecatedVersion,
    HistoryFields,
    PointInTime,
    as_of,
    point_in_time,
)
from app.engine.graphql.slices.node import Node, NodeSource
from app.engine.read_models.queries import Columns, Condition
from app.engine.read_models.text import contains_text
from app.graphql.money import Money, MoneyInput, parse_money, to_money
from domain.kernel.decider import AnyDecider
from domain.product import ChangePrice, Listed, ReceiveStock, RegisterProduct, product, product_id
from projections.product import ProductRow, products

# --- Who may do what --------------------------------------------------------

POLICY = Policy(
    commands={
        "product.register": allow(staff="all", operator="all"),
        "product.change-price": allow(staff="all", operator="all"),
        "product.receive-stock": allow(staff="all", operator="all"),
        # Only the fulfilment sends these.
        "product.reserve-stock": NOBODY,
        "product.release-reservation": NOBODY,
        "product.dispatch-stock": NOBODY,
    },
    mutations={
        "registerProduct": "product.register",
        "changePrice": "product.change-price",
        "receiveStock": "product.receive-stock",
    },
    # The catalogue is public.
    queries={"product": ANYONE, "products": ANYONE},
    subscriptions={"products": ANYONE},
    rows={products: ANYONE},
    # The events, and so history and blame, name the orders of all customers.
    events={
        "product.registered": allow(staff="all", operator="all"),
        "product.price-changed": allow(staff="all", operator="all"),
        "product.stock-received": allow(staff="all", operator="all"),
        "product.stock-reserved": allow(staff="all", operator="all"),
        "product.reservation-released": allow(staff="all", operator="all"),
        "product.stock-dispatched": allow(staff="all", operator="all"),
    },
)

# --- Scalars ----------------------------------------------------------------

Sku = NewType("Sku", str)
Quantity = NewType("Quantity", int)

_SKU = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _parse_sku(value: object) -> Sku:
    if isinstance(value, str) and _SKU.fullmatch(value):
        return Sku(value)
    raise invalid_scalar(
        f"Sku must be 1 to 64 of letters, digits, '.', '_' and '-', not {quote_input(value)}."
    )


def _parse_quantity(value: object) -> Quantity:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 10_000:
        return Quantity(value)
    raise invalid_scalar(f"Quantity must be a whole number from 1 to 10000, not {quote_input(value)}.")


SCALARS: Mapping[object, ScalarDefinition] = {
    Sku: make_scalar(
        "Sku", "A stock keeping unit: 1 to 64 of letters, digits, '.', '_' and '-'.", _parse_sku, str
    ),
    Quantity: make_scalar("Quantity", "A whole number from 1 to 10000.", _parse_quantity, int),
}

# --- Types ------------------------------------------------------------------


@strawberry.type(description="A product as of a point in time.")
class ProductSnapshot:
    version: int = strawberry.field(description="The version of the product's stream.")
    sku: Sku = strawberry.field(description="The SKU.")
    name: str = strawberry.field(description="The name.")
    price: Money = strawberry.field(description="The price of one piece.")
    on_hand: int = strawberry.field(description="The pieces in stock, including reserved ones.")
    reserved: int = strawberry.field(description="The pieces that are reserved for placed orders.")
    available: int = strawberry.field(description="The pieces that are not reserved.")

    @classmethod
    def of(cls, state: Listed, version: int) -> Self:
        return cls(
            version=version,
            sku=Sku(state.registered.sku),
            name=state.registered.name,
            price=to_money(state.price),
            on_hand=state.on_hand,
            reserved=state.on_hand - state.available,
            available=state.available,
        )


@strawberry.type(description="A product with its price and stock.")
class Product(HistoryFields, Node):
    sku: Sku = strawberry.field(description="The SKU.")
    name: str = strawberry.field(description="The name.")
    price: Money = strawberry.field(description="The price of one piece.")
    on_hand: int = strawberry.field(description="The pieces in stock, including reserved ones.")
    reserved: int = strawberry.field(description="The pieces that are reserved for placed orders.")
    available: int = strawberry.field(description="The pieces that are not reserved.")
    version: int = strawberry.field(description="The version of the product's stream.")

    def stream(self) -> tuple[AnyDecider, UUID]:
        return product, self.id

    @strawberry.field(
        description="The product as of a point in time; null before it was registered.",
        metadata=declare_cost(AS_OF),
    )
    async def as_of(
        self,
        info: Info,
        at: PointInTime | None = None,
        version: DeprecatedVersion = None,
        moment: DeprecatedMoment = None,
        position: DeprecatedPosition = None,
    ) -> ProductSnapshot | None:
        loaded = await as_of(info, *self.stream(), point_in_time(at, version, moment, position))
        return (
            None
            if loaded is None or not isinstance(loaded.state, Listed)
            else ProductSnapshot.of(loaded.state, loaded.version)
        )

    @classmethod
    def of(cls, row: ProductRow) -> Self:
        return cls(
            id=row.id,
            sku=Sku(row.sku),
            name=row.name,
            price=Money(amount=row.price, currency=row.currency),
            on_hand=row.on_hand,
            reserved=row.reserved,
            available=row.available,
            version=row.version,
        )


NODES: Sequence[NodeSource[Any]] = (NodeSource(products, Product.of),)

_id_of = lru_cache(10_000)(product_id)
"""Pages repeat the same products, and a uuid5 costs more than a look-up."""


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


# --- Mutations --------------------------------------------------------------


@strawberry.type(description="The command was accepted.")
class ProductAccepted:
    position: Position = strawberry.field(description="The head of the log after this command.")
    version: int = strawberry.field(description="The version of the stream after this command.")
    events: list[EventInterface] = strawberry.field(
        description="The events that this command recorded; empty if it changed nothing."
    )
    duplicate: bool = strawberry.field(description="Whether this command id had been executed before.")
    sku: strawberry.Private[str]

    @strawberry.field(description="The product, at least as new as this command.")
    async def product(self, info: Info) -> Product | None:
        await info.context.wait_for_projection(products, self.position)
        return await product_by_sku(info.context.new_loaders(), self.sku)


ProductOutcome = Annotated[
    ProductAccepted | Rejected | Conflict | Preview,
    strawberry.union("ProductOutcome", description="The outcome of a command to a product."),
]


@strawberry.input(description="A new product.")
class RegisterProductInput:
    sku: Sku = strawberry.field(description="The SKU of the new product.")
    name: str = strawberry.field(description="The name, 1 to 200 characters.")
    price: MoneyInput = strawberry.field(description="The price of one piece.")


@strawberry.input(description="A product and its new price.")
class ChangePriceInput:
    sku: Sku = strawberry.field(description="The product's SKU.")
    price: MoneyInput = strawberry.field(description="The new price of one piece.")


@strawberry.input(description="A delivery of one product.")
class ReceiveStockInput:
    sku: Sku = strawberry.field(description="The product's SKU.")
    quantity: Quantity = strawberry.field(description="The number of pieces delivered.")


async def _execute(
    info: Info,
    sku: str,
    command: RegisterProduct | ChangePrice | ReceiveStock,
    options: CommandOptions | None,
) -> ProductOutcome:
    request = command_context(info.context, options)
    return await execute(info.context, product, product_id(sku), command, request, ProductAccepted, sku=sku)


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
        description="Change a product's price. A line of an order keeps its price until pieces are added to it."
    )
    async def change_price(
        self, info: Info, input: ChangePriceInput, options: CommandOptions | None = None
    ) -> ProductOutcome:
        return await _execute(
            info, input.sku, ChangePrice(price=parse_money(input.price.amount, input.price.currency)), options
        )

    @strawberry.mutation(description="Record a delivery.")
    async def receive_stock(
        self, info: Info, input: ReceiveStockInput, options: CommandOptions | None = None
    ) -> ProductOutcome:
        return await _execute(info, input.sku, ReceiveStock(quantity=input.quantity), options)


# --- Queries ----------------------------------------------------------------


@strawberry.input(description="Conditions on products; all that are given must hold.")
class ProductFilter:
    available: bool | None = strawberry.field(
        default=None, description="Whether some pieces are not reserved."
    )
    name_contains: str | None = strawberry.field(
        default=None, description="The name contains this text, in upper or lower case."
    )


@strawberry.enum(description="The order of the list.")
class ProductSort(Enum):
    SKU_ASC = "sku"
    NAME_ASC = "name"
    PRICE_ASC = "price"
    PRICE_DESC = "-price"


def _conditions(filter: ProductFilter | None, columns: Columns) -> list[Condition]:
    conditions: list[Condition] = []
    if filter is not None and filter.available is not None:
        conditions.append(columns.available > 0 if filter.available else columns.available <= 0)
    if filter is not None and filter.name_contains is not None:
        conditions.append(contains_text(columns.name, clean_text(filter.name_contains, "nameContains", 200)))
    return conditions


@strawberry.type
class Query:
    @strawberry.field(description="One product; null if the SKU does not exist.")
    async def product(
        self,
        info: Info,
        sku: Annotated[Sku, strawberry.argument(description="The product's SKU.")],
        min_position: Position | None = None,
    ) -> Product | None:
        context: Context = info.context
        await context.wait_for_projection(products, min_position)
        return await product_by_sku(context.loaders, sku)

    @strawberry.field(description="The products. With `asOf` they are filtered, sorted and shown as of then.")
    async def products(
        self,
        info: Info,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
        filter: ProductFilter | None = None,
        sort: ProductSort = ProductSort.SKU_ASC,
        min_position: Position | None = None,
        as_of: AsOf | None = None,
    ) -> Connection[Product]:
        page = parse_page(first, after, last, before)
        at = await resolve_as_of(info.context, products, as_of, page.scopes)
        await info.context.wait_for_projection(products, min_position)
        column = sort.value.removeprefix("-")
        columns = ("sku",) if column == "sku" else (column, "sku")
        return await paginate(
            info,
            products,
            Product.of,
            order=columns,
            descending=sort.value.startswith("-"),
            page=page,
            alphabetical=("name",),
            where=lambda columns: _conditions(filter, columns),
            as_of=at,
        )


@strawberry.type
class Subscription:
    products = live_list(
        products,
        Product,
        ProductFilter,
        _conditions,
        "The products that match, then each change to that list. The first message is the list itself.",
    )
