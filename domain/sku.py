"""A SKU names a product: in the product's own stream, and in the lines of orders."""

from domain.kernel.decider import Rejection


class ProductUnknown(Rejection):
    """No product is registered under this SKU."""
