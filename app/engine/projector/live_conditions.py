"""Which live lists have conditions that a changed row meets: one statement for all lists with conditions of one shape.

Five hundred clients follow the products whose names contain five hundred texts. Their conditions have one shape: they
differ in their parameters alone. One statement gets the parameters of all these lists as JSON. It returns the lists
whose conditions hold for one of the changed rows.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any, cast
from uuid import UUID
from weakref import WeakValueDictionary

import msgspec
from sqlalchemy import (
    ARRAY,
    BinaryExpression,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Numeric,
    Select,
    String,
    Uuid,
    and_,
    column,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql import operators, visitors
from sqlalchemy.types import TypeDecorator, TypeEngine

from app.engine.read_models.queries import Columns, Condition, is_one_of
from projections.kernel import AnyProjection, Key

MAX_LISTS = 500
"""How many lists one statement compares at most. The event loop has its turn between two statements."""
MAX_PAIRS = 50_000
"""How many pairs of a list and a changed row one statement compares at most."""
_LISTS = "live_lists"
"""The table of a statement that has a row for each list."""
_COMPARABLE = (UUID, str, int, date)
"""Types of values that are equal in Python if they are equal in SQL."""
_EXACT = (Boolean, Date, DateTime, Float, Integer, Numeric, String, Uuid)
"""Types whose values PostgreSQL reads from JSON as the driver sends them."""


type Fetch = Callable[[Select[Any]], Awaitable[Sequence[Any]]]
"""Gives the records of a query."""


class ConditionShape:
    """Conditions on rows that are equal but for their parameters. The parameters are columns of the statement's lists."""

    def __init__(self, projection: AnyProjection, where: Condition, types: Sequence[TypeEngine[Any]]) -> None:
        self._projection = projection
        self._where = where
        self._columns = [
            column("number", Integer()),
            *(column(_name(index), type_) for index, type_ in enumerate(types)),
        ]

    async def matching(self, fetch: Fetch, keys: Collection[Key], parameters: Sequence[bytes]) -> set[int]:
        """The indexes of the parameters with which one of the rows that have these keys meets the conditions now.

        `parameters` are those of `ListConditions`. Raises what `fetch` raises.
        """
        found = set[int]()
        step = max(1, min(MAX_LISTS, MAX_PAIRS // len(keys)))
        for start in range(0, len(parameters), step):
            records = await fetch(self._query(keys, start, parameters[start : start + step]))
            found.update(record[0] for record in records)
        return found

    def _query(self, keys: Collection[Key], start: int, parameters: Sequence[bytes]) -> Select[int]:
        items = [b'{"number":%d%b}' % (number, item) for number, item in enumerate(parameters, start)]
        lists = (
            func.jsonb_to_recordset(literal(f"[{b','.join(items).decode()}]", JSONB))
            .table_valued(*self._columns)
            .render_derived(name=_LISTS, with_types=True)
        )
        table = self._projection.table
        row = select(literal_column("1")).select_from(table)
        row = row.where(has_key(self._projection, table.c, keys), self._where)
        return select(lists.c.number).where(exists(row))


@dataclass(frozen=True, slots=True)
class ListConditions:
    """The conditions of one list: their shape, and their parameters as fields of a JSON object, each after a comma."""

    shape: ConditionShape
    parameters: bytes


class ConditionShapes:
    """The shapes of the conditions of all lists of a projection. A shape ends with its last list."""

    def __init__(self, projection: AnyProjection) -> None:
        self._projection = projection
        self._shapes: WeakValueDictionary[object, ConditionShape] = WeakValueDictionary()

    def find(self, conditions: Sequence[Condition]) -> ListConditions | None:
        """The shape and the parameters of the conditions of a list, all of which must hold.

        None if JSON cannot hold a parameter exactly, or if no column can stand for it.
        """
        where = and_(*conditions)
        cache_key = where._generate_cache_key()  # pyright: ignore[reportPrivateUsage] - SQLAlchemy has no public name for a shape
        if cache_key is None or not all(_is_exact(parameter) for parameter in cache_key.bindparams):
            return None
        values = {_name(index): item.effective_value for index, item in enumerate(cache_key.bindparams)}
        try:
            parameters = msgspec.json.encode(values)[1:-1]
        except (UnicodeEncodeError, TypeError):
            # A text that no column can have, or a type of its own.
            return None
        shape = self._shapes.get(cache_key.key)
        if shape is None:
            types = [_type(parameter) for parameter in cache_key.bindparams]
            shape = ConditionShape(self._projection, _with_columns(where, cache_key.bindparams), types)
            self._shapes[cache_key.key] = shape
        return ListConditions(shape, b"," + parameters if parameters else b"")


def _with_columns(where: Condition, parameters: Sequence[BindParameter[Any]]) -> Condition:
    """The conditions with a column of the lists in place of each parameter, also in subqueries."""
    indexes = {id(parameter): index for index, parameter in enumerate(parameters)}

    def replaced(element: Any, **_: object) -> Any:
        index = indexes.get(id(element))
        if index is None:
            return None
        # The column is literal text, so SQLAlchemy does not add the lists to the FROM of a subquery. Otherwise the
        # subquery would have rows of its own.
        value = literal_column(f"{_LISTS}.{_name(index)}", _type(element))
        return select(func.unnest(value)).scalar_subquery() if element.expanding else value

    return visitors.replacement_traverse(where, {}, replaced)


def _name(index: int) -> str:
    return f"p{index}"


def _type(parameter: BindParameter[Any]) -> TypeEngine[Any]:
    # The parameter of `column IN (values)` has the type of one of its values.
    return ARRAY(parameter.type, dimensions=1) if parameter.expanding else parameter.type


def _is_exact(parameter: BindParameter[Any]) -> bool:
    """Whether a column can stand for a parameter, and JSON has its value as the driver sends it."""
    # The parameter of a LIMIT has a class of its own, and no column can stand for it.
    return type(parameter) is BindParameter and _has_exact_value(_type(parameter), parameter.effective_value)


def _has_exact_value(type_: TypeEngine[Any], value: object) -> bool:
    if isinstance(type_, ARRAY):
        return (
            type_.dimensions == 1
            and isinstance(value, list | tuple)
            and all(_has_exact_value(type_.item_type, item) for item in cast("Sequence[object]", value))
        )
    if not isinstance(type_, _EXACT) or isinstance(type_, Enum):
        return False
    match value:
        case datetime():
            return value.tzinfo is not None and isinstance(type_, DateTime)
        case date():
            return isinstance(type_, Date)
        case float():
            return isfinite(value)
        case bool() | int() | str() | Decimal() | UUID() | None:
            return True
        case _:
            return False


def equalities_of(conditions: Iterable[ColumnElement[Any]]) -> Mapping[str, object]:
    """The values that columns must have for the conditions to hold, if Python can compare them as SQL does."""
    found: dict[str, object] = {}
    for condition in conditions:
        if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
            continue
        column, value = condition.left, condition.right
        if (
            isinstance(column, Column)
            and isinstance(value, BindParameter)
            and isinstance(value.value, _COMPARABLE)
            and not isinstance(column.type, TypeDecorator)
            and getattr(column.type, "collation", None) is None
        ):
            found[column.name] = value.value
    return found


def has_key(projection: AnyProjection, columns: Columns, keys: Collection[Key]) -> ColumnElement[bool]:
    """Whether a row has one of these keys."""
    names = projection.key
    if len(names) == 1:
        return is_one_of(columns[names[0]], [key[0] for key in keys])
    return or_(
        *(and_(*(columns[name] == part for name, part in zip(names, key, strict=True))) for key in keys)
    )
