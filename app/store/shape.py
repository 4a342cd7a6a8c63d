"""The shape of a type as JSON would show it: what is compared when somebody asks whether stored data still fits."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeAliasType, Union, get_args, get_origin, get_type_hints

type Shape = str | list["Shape"] | dict[str, "Shape"]


def shape(hint: Any, inside: tuple[type, ...] = ()) -> Shape:
    """Records by field (with a `?` where one has a default), sequences as lists, the rest by name."""
    if isinstance(hint, TypeAliasType):
        return shape(hint.__value__, inside)
    if isinstance(hint, NewType):
        return shape(hint.__supertype__, inside)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"one of": sorted((shape(each, inside) for each in arguments), key=repr)}
    if origin is Literal:
        return {"one of": [repr(each) for each in arguments]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = arguments
        return {f"<{shape(key, inside)}>": shape(value, inside)}
    if origin is tuple and arguments[-1:] != (...,):
        return {"in order": [shape(each, inside) for each in arguments]}
    if isinstance(origin, type) and arguments:
        return [shape(arguments[0], inside)]
    if not isinstance(hint, type):
        return repr(hint)
    if hint is NoneType:
        return "null"
    if issubclass(hint, Enum):
        return {"one of": [repr(each.value) for each in hint]}
    if not is_dataclass(hint) or hint in inside:
        return hint.__name__
    hints = get_type_hints(hint)
    return {
        field.name if field.default is MISSING and field.default_factory is MISSING else f"{field.name}?": shape(hints[field.name], (*inside, hint))
        for field in fields(hint)
    }
