"""Tells the result that ends a subscription from the results of its events."""

from typing import Any

from strawberry.types.execution import PreExecutionError


def ends_subscription(result: Any) -> bool:
    """Whether the subscription has failed with this result, and not only a field of one event.

    The error of a field has a path.
    """
    if isinstance(result, PreExecutionError):
        return True
    return result.data is None and bool(result.errors) and not any(error.path for error in result.errors)
