"""The orders and spending of each customer. Events of many orders go into one row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.kernel.decider import Recorded, value
from domain.money import Money
from domain.order import OrderCancelled, OrderOpened, OrderPlaced, OrderRejected
from projections.kernel import Key, Owner, Projection


@value
class CustomerRow:
    """`spent` holds one sum for each currency, in the order of first use."""

    id: UUID
    spent: tuple[Money, ...]
    placed_orders: int


def keys(fact: Recorded[Any]) -> Sequence[Key]:
    match fact.event:
        case (
            OrderOpened(customer_id=customer_id)
            | OrderPlaced(customer_id=customer_id)
            | OrderCancelled(customer_id=customer_id)
            | OrderRejected(customer_id=customer_id)
        ):
            return [(customer_id,)]
        case _:
            return []


def fold(key: tuple[UUID], row: CustomerRow | None, fact: Recorded[Any]) -> CustomerRow | None:
    (customer_id,) = key
    row = row or CustomerRow(id=customer_id, spent=(), placed_orders=0)
    match fact.event:
        case OrderPlaced(total=total):
            return replace(row, spent=_add(row.spent, total), placed_orders=row.placed_orders + 1)
        case OrderCancelled(placement=placement) | OrderRejected(placement=placement) if (
            placement is not None
        ):
            return replace(
                row, spent=_add(row.spent, placement.total * -1), placed_orders=row.placed_orders - 1
            )
        case _:
            return row


def _add(spent: tuple[Money, ...], amount: Money) -> tuple[Money, ...]:
    if all(money.currency != amount.currency for money in spent):
        return (*spent, amount)
    return tuple(money + amount if money.currency == amount.currency else money for money in spent)


customers = Projection(
    name="customers", version=1, row=CustomerRow, key=("id",), keys=keys, fold=fold, owner=Owner("id")
)
