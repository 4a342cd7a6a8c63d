"""Yours: how the tests of the engine make values of your own field types.

A type is a key in both tables if an event or a state of yours has a field of it. Records, tuples, optional fields and
the types `str`, `int`, `bool`, `UUID`, `Decimal` and `datetime` need no entry.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

STRATEGIES: Mapping[Any, st.SearchStrategy[Any]] = {}
"""By type: a strategy for its values."""

EXAMPLES: Mapping[Any, Any] = {}
"""By type: the value in the samples of stored events."""
