"""The register of the API: one module for each aggregate, read model or value."""

from types import ModuleType

import app.graphql.customer
import app.graphql.fulfilment
import app.graphql.money
import app.graphql.order
import app.graphql.payment
import app.graphql.product
import app.graphql.sales

SLICES: tuple[ModuleType, ...] = (
    # One line for each slice.
    app.graphql.money,
    app.graphql.product,
    app.graphql.order,
    app.graphql.payment,
    app.graphql.fulfilment,
    app.graphql.customer,
    app.graphql.sales,
)
