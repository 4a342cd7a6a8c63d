"""Fulfilment: the status of an order's goods and payment."""

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from app.engine.access.policy import Policy, StreamOwner, allow
from app.engine.database.connections import Database
from app.engine.graphql.context import Context
from app.engine.graphql.live_query import RelatedChanges
from app.engine.graphql.loaders import Loaders
from app.engine.graphql.slices.processes import ProcessStep, process_of
from app.engine.processes.admin import ProcessView, wait_until_folded
from app.engine.store.event_filter import EventFilter
from app.engine.store.interests import Interest
from domain.fulfilment import fulfilment
from domain.kernel.process import Ended
from projections.order import orders

POLICY = Policy(
    # A fulfilment has the id of its order, and is the customer's whose order it is.
    instances={fulfilment.category: allow(customer="own", staff="all", operator="all")},
    streams={fulfilment.category: StreamOwner(orders)},
    events={"fulfilment.*": allow(customer="own", staff="all", operator="all")},
)


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


MAX_FULFILMENT_WAIT_SECONDS = 5.0
"""How long the shipment of a confirmed order waits for the end of its fulfilment. Mostly it ends in moments."""


async def wait_until_fulfilled(context: Context, order_id: UUID) -> bool:
    """Whether the fulfilment of an order has ended, or there is none. Waits a little, but not for an operator."""
    services = context.services
    head = services.feed.head
    process = await services.commands.current_state(fulfilment.stream_decider, order_id)
    if process.ended or not process.known:
        return True
    if process.stuck:
        return False
    where = EventFilter(stream_id=order_id, types=frozenset({"fulfilment.ended", "fulfilment.step-stuck"}))
    with suppress(TimeoutError):
        async with asyncio.timeout(MAX_FULFILMENT_WAIT_SECONDS):
            async for facts in services.feed.follow(head, where):
                return isinstance(facts[-1].event, Ended)
    return False
