"""Fulfilment: how far an order's goods and payment have come."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.engine.database.connections import Database
from app.engine.graphql.live_query import RelatedChanges
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.slices.processes import ProcessStep, process_of
from app.engine.processes.admin import ProcessView, wait_until_folded
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
    def of(cls, view: ProcessView) -> Self:
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


def fulfilment_changes(database: Database, order_id: UUID) -> RelatedChanges:
    """The fulfilment of an order, where that is followed."""

    async def settled(position: int) -> None:
        await wait_until_folded(database, fulfilment.category, order_id, position)

    return RelatedChanges(lambda fact: fulfilment.instance_id(fact) == order_id, settled)


async def fulfilment_of(loaders: Loaders, order_id: UUID) -> Fulfilment | None:
    """The fulfilment of an order; None where it has not begun."""
    view = await process_of(loaders, fulfilment.category, order_id)
    return None if view is None else Fulfilment.of(view)
