"""Registers every read model, one line each."""

from projections.customer import customers
from projections.kernel import AnyProjection
from projections.order import orders
from projections.payment import payments
from projections.product import products
from projections.sales import daily_sales

PROJECTIONS: tuple[AnyProjection, ...] = (
    # One line for each read model.
    products,
    orders,
    payments,
    customers,
    daily_sales,
)
