"""Money: how it is shown, how it is given, and what is too much of it."""

import re
from collections.abc import Mapping
from decimal import Decimal

import strawberry

from app.graphql.errors import BadInput
from app.graphql.events import Shape
from app.graphql.scalars import shown
from domain.money import Money as DomainMoney

MOST_MONEY = Decimal(10) ** 12
_CURRENCY = re.compile(r"[A-Z]{3}")


@strawberry.type(description="An exact amount in one currency.")
class Money:
    amount: Decimal = strawberry.field(description="In major units, like euros.")
    currency: str = strawberry.field(description="As in ISO 4217.")


@strawberry.input(description="The amount has at most two decimals and is not negative.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="In major units, like euros.")
    currency: str = strawberry.field(default="EUR", description="As in ISO 4217.")


def show_money(money: DomainMoney) -> Money:
    return Money(amount=money.amount, currency=money.currency)


VALUES: Mapping[type, Shape] = {DomainMoney: (Money, show_money)}


def money(amount: Decimal, currency: str) -> DomainMoney:
    """An amount that is not negative, has at most two decimals, and a currency as in ISO 4217. Raises `BadInput`."""
    if amount < 0:
        raise BadInput(f"The amount is negative: {shown(str(amount))}.")
    if amount > MOST_MONEY:
        raise BadInput(f"The amount is above {MOST_MONEY:,}.")
    if amount != amount.quantize(Decimal("0.01")):
        raise BadInput("The amount has more than two decimals.")
    if not _CURRENCY.fullmatch(currency):
        raise BadInput(f"The currency is three capital letters, like EUR, not {shown(currency)}.")
    return DomainMoney(amount=amount.quantize(Decimal("0.01")), currency=currency)
