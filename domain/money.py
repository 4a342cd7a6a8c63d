"""An exact amount of money in one currency."""

from decimal import Decimal

from domain.kernel.decider import value


@value
class Money:
    """`amount` in major units (euros, not cents); `currency` in three capital letters, as in ISO 4217."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        assert self.currency == other.currency, (self, other)
        return Money(amount=self.amount + other.amount, currency=self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(amount=self.amount * times, currency=self.currency)
