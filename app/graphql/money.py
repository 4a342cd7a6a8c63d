"""Money: its GraphQL types and the checks of amounts."""

import re
from collections.abc import Mapping
from decimal import Decimal

import strawberry

from app.engine.graphql.errors import BadInput
from app.engine.graphql.event_types import OutputMapping
from app.engine.graphql.scalars import quote_input
from domain.money import Money as DomainMoney

MAX_AMOUNT = Decimal(10) ** 12
_CURRENCY = re.compile(r"[A-Z]{3}")


@strawberry.type(description="An exact amount in one currency.")
class Money:
    amount: Decimal = strawberry.field(description="The amount in major units, such as euros.")
    currency: str = strawberry.field(description="The currency: three capital letters, as in ISO 4217.")


@strawberry.input(description="An amount that is not negative, with at most two decimals.")
class MoneyInput:
    amount: Decimal = strawberry.field(description="The amount in major units, such as euros.")
    currency: str = strawberry.field(
        default="EUR", description="The currency: three capital letters, as in ISO 4217."
    )


def to_money(money: DomainMoney) -> Money:
    return Money(amount=money.amount, currency=money.currency)


OUTPUT_TYPES: Mapping[type, OutputMapping] = {DomainMoney: (Money, to_money)}


def parse_money(amount: Decimal, currency: str) -> DomainMoney:
    """The amount in a currency of three capital letters; whether ISO 4217 has it is not checked.

    Raises `BadInput` for another currency, and if the amount is negative, too large, or has more than two decimals.
    """
    if amount < 0:
        raise BadInput(f"The amount is negative: {quote_input(str(amount))}.")
    if amount > MAX_AMOUNT:
        raise BadInput(f"The amount is above the limit of {MAX_AMOUNT:,}.")
    if amount != amount.quantize(Decimal("0.01")):
        raise BadInput("The amount has more than two decimals.")
    if not _CURRENCY.fullmatch(currency):
        raise BadInput(f"The currency must be three capital letters, like EUR, not {quote_input(currency)}.")
    return DomainMoney(amount=amount.quantize(Decimal("0.01")), currency=currency)
