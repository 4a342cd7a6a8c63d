"""The register: every aggregate of the business, one line each."""

from domain.kernel import AnyDecider
from domain.order import order
from domain.product import product

DECIDERS: tuple[AnyDecider, ...] = (
    product,
    order,
)
