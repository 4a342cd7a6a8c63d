"""Values that the API shows in many places."""

from decimal import Decimal

import strawberry

from domain.money import Money as DomainMoney


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
