"""Fulfilment: the status of an order's goods and payment."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.engine.database.connections import Database
from app.engine.graphql.live_query import RelatedChanges
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.slices.processes import ProcessStep, process_of
from app.engine.processes.admin import ProcessView, wait_until_folded
from app.engine.store.interests import Interest
from domain.fulfilment import fulfilment


@strawberry.type(
    description="The fulfilment of an order: it reserves the goods and takes the payment, or undoes both."
)
class Fulfilment:
    order_id: UUID = strawberry.field(description="The order's id.")
    status: str = strawberry.field(
        description="reserving, paying, confirming, capturing, dispatching, dispatched, refunding, rejected or cancelled."
    )
    steps: list["FulfilmentStep"] = strawberry.field(description="The steps, in order.")
    deadline: datetime | None = strawberry.field(description="When it stops waiting for the payment.")
    stuck: bool = strawberry.field(description="Whether an operator has to act before it continues.")

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
    """The events that change the fulfilment of an order."""

    async def wait_until_visible(position: int) -> None:
        await wait_until_folded(database, fulfilment.category, order_id, position)

    async def read_first(loaders: Loaders) -> int:
        view = await process_of(loaders, fulfilment.category, order_id)
        return 0 if view is None else view.position

    return RelatedChanges(Interest(fulfilment.instance_id, order_id), wait_until_visible, read_first)


async def fulfilment_of(loaders: Loaders, order_id: UUID) -> Fulfilment | None:
    """The fulfilment of an order. None if it has not started."""
    view = await process_of(loaders, fulfilment.category, order_id)
    return None if view is None else Fulfilment.of(view)
