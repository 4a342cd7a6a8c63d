"""The cost of fields, declared with them, and what one operation has been charged.

A cost of 1 is about a microsecond of the server's CPU, as measured on 2026-11-26. `tests/shop/api/test_cost_measured.py`
compares the costs of a corpus of operations with what they spend.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.engine.graphql.errors import ApiError
from app.engine.graphql.rates import RateLimiter

OPERATION, ROOT = 300.0, 400.0
"""Of each operation, and of each field at the top. A later event of a subscription is no operation of its own."""
COST = "cost"
"""The key of a declaration in the metadata of a field."""
TYPICAL_LIST_LENGTH = 5
"""The length of a list whose field does not declare one. What is longer is charged while it is executed."""


@dataclass(frozen=True, slots=True)
class FieldCost:
    """The cost of a field without its selection. None: the engine's default for fields of its kind."""

    own: float | None = None
    """Of the field, each time."""
    item: float | None = None
    """Of each item of its list or page."""
    length: float | None = None
    """The typical length of a list whose length no argument says."""


def declare_cost(
    own: float | None = None, *, item: float | None = None, length: float | None = None
) -> Mapping[Any, Any]:
    """The metadata of a field with this cost, for `strawberry.field(metadata=…)`."""
    return {COST: FieldCost(own, item, length)}


class TooExpensive(ApiError):
    """The operation costs more than the limit."""

    code = "OPERATION_TOO_EXPENSIVE"


def too_expensive(cost: float, limit: float) -> TooExpensive | None:
    """The error for a cost above the limit."""
    if cost <= limit:
        return None
    return TooExpensive(
        f"The operation may cost {cost:,.0f}; the limit is {limit:,.0f}. Request shorter pages, or fewer lists within lists."
    )


class OperationCharge:
    """What an operation has been charged: the cost that was predicted, and what its lists and streams are longer.

    `item_cost` gives the cost of the selection of an item of a list.
    """

    def __init__(self) -> None:
        self.cost = self._predicted = 0.0
        self._limit = float("inf")
        self._item_cost: Callable[[Any, Any], float] | None = None
        self._rates: RateLimiter | None = None
        self.caller = ""
        """Whose share the operation takes."""
        self._is_event = self._has_events = False
        self.due = self._reserved = 0.0
        """What `reserve` charges, and what it has charged."""

    def begin(
        self,
        cost: float,
        limit: float,
        item_cost: Callable[[Any, Any], float],
        rates: RateLimiter | None = None,
        caller: str = "",
    ) -> None:
        """The operation was predicted to cost `cost`, which the caller has been charged. It ends above `limit`."""
        self.cost = self._predicted = cost
        self._limit, self._item_cost = limit, item_cost
        self._rates, self.caller = rates, caller

    def for_event(self, part: float = 1.0) -> "OperationCharge":
        """The charge of one event of a subscription: predicted like the operation, and limited by itself.

        `part` is the part of the predicted items that the event has. The charge of the operation includes the first event.
        """
        charge = OperationCharge()
        charge.cost, charge._predicted = self._predicted, self._predicted
        charge._limit, charge._item_cost = self._limit, self._item_cost
        charge._rates, charge.caller, charge._is_event = self._rates, self.caller, True
        if self._has_events:
            charge.due = ROOT + part * max(0.0, self._predicted - OPERATION - ROOT)
        self._has_events = True
        return charge

    def reserve(self) -> float:
        """Charge the caller for this event, once. Returns the seconds until the caller has paid its debt of before."""
        if not self.due or self._rates is None:
            return 0.0
        self._reserved, self.due = self.due, 0.0
        return self._rates.reserve(self.caller, self._reserved)

    async def wait(self, seconds: float, until: asyncio.Future[Any] | None = None) -> None:
        """Wait for so long before the event is executed, or until that is done.

        If it is done before, or the subscription ends, the event costs nothing.
        """
        is_executed = False
        try:
            done, _ = await asyncio.wait(
                [until or asyncio.get_running_loop().create_future()], timeout=seconds
            )
            is_executed = not done
        finally:
            if not is_executed and self._rates is not None:
                self._rates.refund(self.caller, self._reserved)

    def add(self, cost: float) -> None:
        """Charge what was not predicted. Raises `TooExpensive`."""
        self.cost += cost
        if self._is_event and self._rates is not None:
            # What the first event costs more counts like its operation, or subscriptions that begin again would be cheap.
            charge = self._rates.reserve if self._reserved else self._rates.add
            charge(self.caller, cost)
        if (error := too_expensive(self.cost, self._limit)) is not None:
            raise error

    def add_items(self, number: float, nodes: Any, item_type: Any) -> None:
        """Charge so many items of the list of these field nodes more than predicted. Raises `TooExpensive`."""
        if self._item_cost is not None:
            self.add(number * sum(self._item_cost(node, item_type) for node in nodes))
