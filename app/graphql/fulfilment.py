"""Fulfilment: how far an order's goods and payment have come."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.database import Database
from app.graphql.context import Loaders
from app.graphql.live import Beside
from app.graphql.processes import ProcessStep, process_of
from app.processes.operate import View, reached
from domain.fulfilment import fulfilment


@strawberry.type(
    description="The fulfilment of an order: its goods reserved, its payment taken, or all of it undone."
)
class Fulfilment:
    order_id: UUID = strawberry.field(description="The order.")
    status: str = strawberry.field(
        description="reserving, paying, confirming, capturing, dispatching, dispatched, refunding, rejected or cancelled."
    )
    steps: list["FulfilmentStep"] = strawberry.field(description="What it has asked for, in order.")
    deadline: datetime | None = strawberry.field(description="When it gives up waiting for the payment.")
    stuck: bool = strawberry.field(description="Whether it stands still until an operator has looked.")

    @classmethod
    def of(cls, view: View) -> Self:
        return cls(
            order_id=view.id,
            status=view.status,
            steps=[FulfilmentStep(**vars(ProcessStep.of(step))) for step in view.steps],
            deadline=view.deadline,
            stuck=view.state in ("stuck", "parked"),
        )


@strawberry.type(description="One step of a fulfilment.")
class FulfilmentStep(ProcessStep):
    pass


def fulfilment_beside(database: Database, order_id: UUID) -> Beside:
    """The fulfilment of an order, where that is followed."""

    async def settled(position: int) -> None:
        await reached(database, fulfilment.category, order_id, position)

    return Beside(lambda fact: fulfilment.instance(fact) == order_id, settled)


async def fulfilment_of(loaders: Loaders, order_id: UUID) -> Fulfilment | None:
    """The fulfilment of an order; None where it has not begun."""
    view = await process_of(loaders, fulfilment.category, order_id)
    return None if view is None else Fulfilment.of(view)
