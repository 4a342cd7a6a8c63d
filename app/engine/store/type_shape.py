"""The shape of a type as JSON would show it: what is compared when somebody asks whether stored data still fits."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeAliasType, TypeIs, Union, get_args, get_origin, get_type_hints

type Shape = str | list["Shape"] | dict[str, "Shape"]


def type_shape(hint: Any, inside: tuple[type, ...] = ()) -> Shape:
    """Records by field (with a `?` where one has a default), sequences as lists, the rest by name."""
    if isinstance(hint, TypeAliasType):
        return type_shape(hint.__value__, inside)
    if isinstance(hint, NewType):
        return type_shape(hint.__supertype__, inside)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return {"one of": sorted((type_shape(argument, inside) for argument in arguments), key=repr)}
    if origin is Literal:
        return {"one of": [repr(argument) for argument in arguments]}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        key, value = arguments
        return {f"<{type_shape(key, inside)}>": type_shape(value, inside)}
    if origin is tuple and arguments[-1:] != (...,):
        return {"in order": [type_shape(argument, inside) for argument in arguments]}
    if isinstance(origin, type) and is_dataclass(origin):
        return _record(origin, dict(zip(origin.__type_params__, arguments, strict=True)), inside)
    if isinstance(origin, type) and arguments:
        return [type_shape(arguments[0], inside)]
    if not isinstance(hint, type):
        return repr(hint)
    if hint is NoneType:
        return "null"
    if issubclass(hint, Enum):
        return {"one of": [repr(each.value) for each in hint]}
    if not is_dataclass(hint) or hint in inside:
        return hint.__name__
    return _record(hint, {}, inside)


def _record(record: Any, given: Mapping[Any, Any], inside: tuple[type, ...]) -> Shape:
    hints = {name: _filled(hint, given) for name, hint in get_type_hints(record).items()}
    return {
        field.name
        if field.default is MISSING and field.default_factory is MISSING
        else f"{field.name}?": type_shape(hints[field.name], (*inside, record))
        for field in fields(record)
    }


def _filled(hint: Any, given: Mapping[Any, Any]) -> Any:
    """The hint with the parameters of a generic record filled in."""
    if hint in given:
        return given[hint]
    open_: tuple[Any, ...] = getattr(hint, "__parameters__", ())
    return hint[tuple(given.get(each, each) for each in open_)] if open_ and given else hint


def difference(before: Shape, now: Shape, at: str = "") -> str:
    """The first fields that differ, by path. The two shapes are not equal."""
    if isinstance(before, list) and isinstance(now, list):
        return difference(before[0], now[0], at)
    if not (_is_record(before) and _is_record(now)):
        return f"{at} was {json.dumps(before)} and is {json.dumps(now)}"
    path = f"{at}." if at else ""
    gone, new = [key for key in before if key not in now], [key for key in now if key not in before]
    if gone or new:
        return "; ".join([f"gone: {path}{key}" for key in gone] + [f"new: {path}{key}" for key in new])
    return next(
        difference(before[key], now[key], f"{path}{key}") for key in before if before[key] != now[key]
    )


def _is_record(part: Shape) -> TypeIs[dict[str, Shape]]:
    return isinstance(part, dict) and not part.keys() & {"one of", "in order"}
