"""Yours: how the tests of the engine make values of your own field types.

A type is a key in both tables if a field of your events, commands or states has that type. Records without a check
need no entry. Nor do enums, `Literal`, optional fields, and tuples, lists, sets and mappings of them. No entry is needed for the
types `str`, `int`, `bool`, `float`, `bytes`, `UUID`, `Decimal`, `datetime`, `date` and `timedelta`. An entry for one of
these replaces its values.

A class of command is a key of `STRATEGIES` if its rules reject nearly all generated values:
`OpenAccount: st.builds(OpenAccount, iban=st.just("DE89370400440532013000"))`.

A record that checks its fields in `__post_init__` is a key, too, with values that it accepts. It is one of `EXAMPLES` if it
refuses the example.
"""

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

STRATEGIES: Mapping[Any, st.SearchStrategy[Any]] = {}
"""By type: a strategy for its values."""

EXAMPLES: Mapping[Any, Any] = {}
"""By type: the value in the samples of stored events."""
