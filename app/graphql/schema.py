"""The register of the API: one module for each aggregate, read model or value."""

from types import ModuleType

from app.graphql import (
    customer,
    fulfilment,
    money,
    order,
    payment,
    product,
    sales,
)

SLICES: tuple[ModuleType, ...] = (
    money,
    product,
    order,
    payment,
    fulfilment,
    customer,
    sales,
)
