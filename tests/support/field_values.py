"""Makes values of any type of a field of events, commands or states, for the engine's property tests.

The types are those of `make samples`. A team adds its own in tests/strategies.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeAliasType, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from tests.strategies import STRATEGIES

type Strategies = Mapping[Any, st.SearchStrategy[Any]]

ANY: Strategies = {
    str: st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    int: st.integers(-(2**63), 2**63 - 1),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bytes: st.binary(max_size=20),
    UUID: st.uuids(),
    Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=2),
    datetime: st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds the zone
    date: st.dates(),
    timedelta: st.timedeltas(),
    **STRATEGIES,
}
"""All values of each type that JSON can hold."""

_FIRST = datetime(2026, 1, 5, 12, tzinfo=UTC)

FEW: Strategies = {
    str: st.sampled_from(["A", "B", "C", "some longer text"]),
    int: st.integers(1, 4) | st.sampled_from([10, 100, 1_000]),
    bool: st.booleans(),
    float: st.sampled_from([0.0, 0.5, 1.5, 100.0]),
    bytes: st.sampled_from([b"", b"A", b"B"]),
    UUID: st.integers(1, 3).map(lambda n: UUID(int=n)),
    Decimal: st.sampled_from([Decimal("1.50"), Decimal("0.00"), Decimal("1E+1"), Decimal("250.00")]),
    datetime: st.sampled_from(
        [_FIRST + timedelta(hours=hours) for hours in (0, 1, 24, 7 * 24, 30 * 24, 400 * 24)]
    ),
    date: st.sampled_from([_FIRST.date() + timedelta(days=days) for days in (0, 1, 7, 30, 400)]),
    timedelta: st.sampled_from(
        [timedelta(minutes=30), timedelta(hours=1), timedelta(days=1), timedelta(days=7)]
    ),
    **STRATEGIES,
}
"""Few values of each type, so that commands meet the results of earlier commands. But two of a type can differ and be
in any order. So a rule that compares two fields lets some commands pass.
"""


def field_values(hint: Any, strategies: Strategies) -> st.SearchStrategy[Any]:
    """Values of a type: those of its entry, or else built of its parts. Raises `TypeError` for a type without an entry."""
    origin, arguments = get_origin(hint), get_args(hint)

    def parts(part: Any) -> st.SearchStrategy[Any]:
        return field_values(part, strategies)

    match hint:
        case _ if hint in strategies:
            return strategies[hint]
        case None | type() if hint in (None, NoneType):
            return st.none()
        case TypeAliasType():
            return parts(hint.__value__)
        case NewType():
            return parts(hint.__supertype__)
        case _ if origin in (Union, UnionType):
            return st.one_of(*map(parts, arguments))
        case _ if origin is Literal:
            return st.sampled_from(arguments)
        case _ if isinstance(origin, type) and issubclass(origin, Mapping):
            return st.dictionaries(parts(arguments[0]), parts(arguments[1]), max_size=3)
        case _ if origin is tuple and arguments[-1:] != (...,):
            return st.tuples(*map(parts, arguments))
        case _ if origin in (set, frozenset):
            return st.lists(parts(arguments[0]), max_size=3).map(origin)
        case _ if isinstance(origin, type) and arguments and not is_dataclass(origin):
            return st.lists(parts(arguments[0]), max_size=3).map(list if origin is list else tuple)
        case type() if issubclass(hint, Enum):
            return st.sampled_from(hint)
        case type() if is_dataclass(hint):
            hints = get_type_hints(hint)
            return st.builds(
                _checked(hint), **{field.name: parts(hints[field.name]) for field in fields(hint)}
            )
        case _:
            raise TypeError(
                f"no values are known for {hint}: add a strategy to STRATEGIES in tests/strategies.py"
            )


def _checked(record: type[Any]) -> Callable[..., Any]:
    """Makes a record. If its own check refuses the values, the error says where to give others."""

    def make(**values: Any) -> Any:
        try:
            return record(**values)
        except Exception as error:
            # The check of a class is business code.
            raise TypeError(
                f"{record.__name__} refuses generated values ({error}):"
                " add a strategy for the class to STRATEGIES in tests/strategies.py"
            ) from error

    # Hypothesis prints it.
    make.__name__ = record.__name__
    return make
