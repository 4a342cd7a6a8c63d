"""Finds the rules that a decider can raise: `decide`, or code of ours that it leads to, names them.

It follows functions with their closures and decorators, lambdas, and the classes that are named. It also follows
records and collections that a module holds. Of a class it follows the operators, and the methods whose name some of
this code reads. A rule counts if the code names it, also if it raises it under some condition only.

It misses a rule that some of this code catches with `except`. It also misses a rule imported inside a function, found
by a computed name, or named by a library only. It does not see the methods of a class that the code does not name. It
leaves out a rule with subclasses, which groups them.
"""

import dis
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from domain.kernel.decider import AnyDecider, Decider, Rejection

type Path = tuple[str, ...]
"""A variable, and the attributes that are read from it."""


def undeclared_rejections(deciders: Iterable[AnyDecider]) -> Sequence[str]:
    """One line for each decider that can raise rules that are not in its `rejections`.

    A client would be the first to know.
    """
    lines: list[str] = []
    for decider in deciders:
        if missing := raised_rejections(decider) - {*decider.rejections}:
            names = ", ".join(sorted(f"{rule.__module__}.{rule.__name__}" for rule in missing))
            lines.append(
                f"the decider of {decider.category} can raise rules that are not in its rejections: add {names}"
            )
    return lines


def raised_rejections(decider: AnyDecider) -> frozenset[type[Rejection]]:
    """The rules that `decide` can raise."""
    ours = {"domain", _package(decider.decide)}
    found: set[type[Rejection]] = set()
    caught: set[type[Rejection]] = set()
    attributes: set[str] = set()
    members: list[tuple[str, object]] = []
    seen: dict[int, object] = {}
    waiting: list[object] = [decider.decide]
    while waiting:
        item = waiting.pop()
        if id(item) not in seen:
            # It is held, so that no other object gets its id.
            seen[id(item)] = item
            match item:
                case type() if issubclass(item, Rejection):
                    found.add(item)
                case type() if _package(item) in ours:
                    members += vars(item).items()
                    waiting += item.__bases__
                case FunctionType() if _package(item) in ours and not _is_generated(item):
                    waiting += _cell_values(item)
                    attributes.update(_attributes(item.__code__))
                    for path, is_caught in _paths(item.__code__):
                        value = _value_at(path, item)
                        if not is_caught:
                            waiting.append(value)
                        elif isinstance(value, type) and issubclass(value, Rejection):
                            caught.add(value)
                case _:
                    waiting += _parts(item, ours)
        if not waiting:
            is_read = [name in attributes or name.startswith("__") for name, _ in members]
            waiting += [member for (_, member), read in zip(members, is_read, strict=True) if read]
            members = [member for member, read in zip(members, is_read, strict=True) if not read]
    return frozenset(
        rule for rule in found if not rule.__subclasses__() and not issubclass(rule, tuple(caught))
    )


def _package(item: Any) -> str:
    """The name of the package at the root of what defines it."""
    return str(getattr(item, "__module__", None) or "").split(".")[0]


def _is_generated(function: FunctionType) -> bool:
    """Whether a dataclass made it. It names no rule, and a record has eight of them."""
    is_special = function.__name__.startswith("__")
    return is_special and (function.__code__.co_filename.startswith("<") or function.__name__ == "__repr__")


def _parts(item: object, ours: set[str]) -> Sequence[object]:
    """What a value leads to that is neither a class nor a function of ours."""
    match item:
        case property():
            return (item.fget, item.fset)
        case MethodType() | staticmethod() | classmethod():
            return (item.__func__,)
        case partial():
            return (item.func, *item.args, *item.keywords.values())
        case Mapping():
            return (*item.keys(), *item.values())
        case list() | tuple() | set() | frozenset():
            return tuple(item)
        case _ if (wrapped := getattr(item, "__wrapped__", None)) is not None:
            return (wrapped,)
        case _ if is_dataclass(item) and _package(type(item)) in ours:
            # The functions of another decider are not what this one does.
            held = () if isinstance(item, Decider) else fields(item)
            return (type(item), *(getattr(item, field.name) for field in held))
        case _ if _package(type(item)) in ours:
            return (type(item), *getattr(item, "__dict__", {}).values())
        case _:
            return ()


def _cell_values(function: FunctionType) -> Iterator[object]:
    """The values of the variables of a closure."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            # The variable is not set yet.
            continue


def _attributes(code: CodeType) -> Iterator[str]:
    """The names of the attributes that the code reads, also in inner functions."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _attributes(constant)


def _paths(code: CodeType) -> Iterator[tuple[Path, bool]]:
    """The variables of the module that the code reads, also in inner functions; and whether an `except` names them."""
    paths: list[Path] = []
    in_path, before = False, None
    for instruction in dis.get_instructions(code):
        match instruction.opname:
            case "EXTENDED_ARG":
                continue
            case "LOAD_GLOBAL" | "LOAD_NAME":
                paths.append((str(instruction.argval),))
                in_path = True
            case "LOAD_ATTR" if in_path:
                paths.append((*paths.pop(), str(instruction.argval)))
            case "CHECK_EXC_MATCH" if before is not None and (in_path or before.opname == "BUILD_TUPLE"):
                for _ in range(1 if in_path else before.arg or 0):
                    yield paths.pop(), True
            case _:
                in_path = False
        before = instruction
    yield from ((path, False) for path in paths)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _paths(constant)


def _value_at(path: Path, function: FunctionType) -> object:
    """What the path stands for: attributes are read from modules and classes only."""
    value: object = function.__globals__.get(path[0])
    for attribute in path[1:]:
        if not isinstance(value, ModuleType | type):
            return value
        value = getattr(value, attribute, None)
    return value
