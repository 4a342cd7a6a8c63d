"""A slice that only the bench registers: a mutation of the shape of receiveStock that does nothing."""

from datetime import UTC, datetime
from uuid import UUID

import strawberry

from app.graphql.context import Info
from app.graphql.outcomes import CommandOptions
from app.graphql.product import ProductAccepted, ProductOutcome, ReceiveStockInput
from app.graphql.scalars import Position
from domain.kernel import Recorded
from domain.product import StockReceived

_SOME = UUID(int=1)
_THEN = datetime(2026, 1, 1, tzinfo=UTC)


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Do nothing, and answer as if stock had come in.")
    async def receive_nothing(self, info: Info, input: ReceiveStockInput, options: CommandOptions | None = None) -> ProductOutcome:
        del options
        fact = Recorded(1, "product", _SOME, 1, StockReceived(quantity=input.quantity), _THEN, _THEN, info.context.actor, _SOME, _SOME)
        return ProductAccepted(position=Position(1), version=1, events=[info.context.events.show(fact)], duplicate=False, sku=input.sku)
