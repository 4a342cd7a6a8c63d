"""What each customer has bought. Facts of many orders into one row."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from domain.kernel.decider import Recorded, value
from domain.money import Money
from domain.order import OrderCancelled, OrderOpened, OrderPlaced, OrderRejected
from projections.kernel import Key, Projection


@value
class CustomerRow:
    """`spent` holds one sum a currency, in the order of first use."""

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
    (identity,) = key
    row = row or CustomerRow(id=identity, spent=(), placed_orders=0)
    match fact.event:
        case OrderPlaced(total=total):
            return replace(row, spent=_added(row.spent, total), placed_orders=row.placed_orders + 1)
        case OrderCancelled(placement=placement) | OrderRejected(placement=placement) if (
            placement is not None
        ):
            return replace(
                row, spent=_added(row.spent, placement.total * -1), placed_orders=row.placed_orders - 1
            )
        case _:
            return row


def _added(spent: tuple[Money, ...], amount: Money) -> tuple[Money, ...]:
    if all(each.currency != amount.currency for each in spent):
        return (*spent, amount)
    return tuple(each + amount if each.currency == amount.currency else each for each in spent)


customers = Projection(name="customers", version=1, row=CustomerRow, key=("id",), keys=keys, fold=fold)
