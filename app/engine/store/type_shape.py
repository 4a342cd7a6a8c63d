"""Describes the shape of a type as JSON. Comparing two shapes tells if stored data still fits a class."""

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, NewType, TypeAliasType, TypeIs, Union, get_args, get_origin, get_type_hints

type Shape = str | list["Shape"] | dict[str, "Shape"]


def type_shape(hint: Any, inside: tuple[type, ...] = ()) -> Shape:
    """Dataclasses become dicts by field (with a `?` if the field has a default), sequences lists, other types names."""
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
        return {"one of": [repr(member.value) for member in hint]}
    if not is_dataclass(hint) or hint in inside:
        return hint.__name__
    return _record(hint, {}, inside)


def _record(record: Any, type_arguments: Mapping[Any, Any], inside: tuple[type, ...]) -> Shape:
    hints = {
        name: _with_type_arguments(hint, type_arguments) for name, hint in get_type_hints(record).items()
    }
    return {
        field.name
        if field.default is MISSING and field.default_factory is MISSING
        else f"{field.name}?": type_shape(hints[field.name], (*inside, record))
        for field in fields(record)
    }


def _with_type_arguments(hint: Any, type_arguments: Mapping[Any, Any]) -> Any:
    """The hint with the type parameters of a generic dataclass replaced by the arguments."""
    if hint in type_arguments:
        return type_arguments[hint]
    parameters: tuple[Any, ...] = getattr(hint, "__parameters__", ())
    if not parameters or not type_arguments:
        return hint
    return hint[tuple(type_arguments.get(parameter, parameter) for parameter in parameters)]


def difference(before: Shape, now: Shape, at: str = "") -> str:
    """The first fields that differ, by path. The two shapes must not be equal."""
    if isinstance(before, list) and isinstance(now, list):
        return difference(before[0], now[0], at)
    if not (_is_record(before) and _is_record(now)):
        return f"{at} was {json.dumps(before)} and is {json.dumps(now)}"
    path = f"{at}." if at else ""
    removed, new = [key for key in before if key not in now], [key for key in now if key not in before]
    if removed or new:
        return "; ".join([f"removed: {path}{key}" for key in removed] + [f"new: {path}{key}" for key in new])
    return next(
        difference(before[key], now[key], f"{path}{key}") for key in before if before[key] != now[key]
    )


def _is_record(part: Shape) -> TypeIs[dict[str, Shape]]:
    return isinstance(part, dict) and not part.keys() & {"one of", "in order"}
