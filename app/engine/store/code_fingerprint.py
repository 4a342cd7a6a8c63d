"""Collects the source of our own code that a function or class leads to. Fingerprints are digests of that text.

Comments, docstrings and layout do not count. An event class counts by its stored name, because its shape has its own
version, unless `events` is set. Any other class of ours counts as a whole, and an object by its class and its values.
Libraries do not count. Code is not seen if only a computed name or an import inside a function leads to it. Nor is a
library's object that is compared by identity, such as a logger. A decider among such values counts by its events.
"""

import ast
import copyreg
import inspect
import textwrap
from collections.abc import Collection, ItemsView, Iterator, KeysView, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from functools import cache, cached_property
from types import (
    CodeType,
    EllipsisType,
    FunctionType,
    GenericAlias,
    MethodType,
    ModuleType,
    NoneType,
    UnionType,
)
from typing import Any, TypeAliasType

from domain.kernel.decider import Decider, Event

_KERNELS = ("domain.kernel.decider", "projections.kernel")


def reachable_source(*roots: object, events: bool = False) -> Iterator[str]:
    """One text for each definition that the roots lead to. Raises `OSError` or `SyntaxError` if one has no source."""
    ours = {
        (inspect.unwrap(root).__module__ or "").split(".")[0]
        for root in roots
        if isinstance(root, FunctionType | type)
    } | {"domain", "projections"}
    # The objects themselves, because an id is given again as soon as its object is gone.
    seen: dict[int, object] = {}
    waiting: list[tuple[str, object]] = [("", root) for root in roots]
    while waiting:
        name, item = waiting.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        if isinstance(item, type) and issubclass(item, Event) and not events:
            yield f"event {item.stored.name}"
        elif isinstance(item, Decider):
            yield f"{name} = {item.category}: {sorted(event_type.stored.name for event_type in item.event_types)}"
        elif isinstance(item, FunctionType | type):
            if isinstance(item, FunctionType):
                # A decorated function leads to the one that it wraps, and to those that it dispatches to.
                attributes = vars(item)
                waiting.extend(
                    (name, attributes[key]) for key in ("__wrapped__", "registry") if key in attributes
                )
                if _module_of(item) in _KERNELS:
                    # The engine's functions do not count, but what they were made with does: `by_stream(order)`.
                    waiting.extend(inspect.getclosurevars(item).nonlocals.items())
            if not _is_ours(item, ours):
                continue
            if isinstance(item, FunctionType) and (made_with := _made_with(item)):
                # Two functions that one call made differ by what they were made with, and by their names.
                values = _Values(ours)
                yield f"{name} = {values.text(made_with)}"
                waiting.extend((name, lead) for lead in values.leads)
            if isinstance(item, FunctionType) and item.__name__ == "<lambda>":
                # The source lines of a lambda are those of its whole statement, so its bytecode counts.
                yield f"{item.__qualname__}: {_bytecode_text(item.__code__)}"
                waiting.extend(_resolve_names(_read_bytecode(item.__code__), item))
                continue
            try:
                text, references = _read_source(item)
            except OSError:
                if not isinstance(item, type):
                    raise
                # A class that a call made has no source: its members and bases count.
                yield f"{item.__qualname__}: {[base.__qualname__ for base in item.__bases__]}"
                waiting.extend(
                    (name, member)
                    for name, member in [
                        *vars(item).items(),
                        *((base.__name__, base) for base in item.__bases__),
                    ]
                    if not name.startswith("__") and name != "stored"
                )
                continue
            yield f"{item.__qualname__}: {text}"
            waiting.extend(_resolve_names(references, item))
        elif isinstance(item, UnionType) or not (
            # A type that is not a class only describes. The attributes that are read of a module are followed.
            isinstance(item, ModuleType | GenericAlias | TypeAliasType) or type(item).__module__ == "typing"
        ):
            values = _Values(ours)
            text = (
                str(sorted(map(values.text, item)))
                if isinstance(item, set | frozenset)
                else values.text(item, is_member=False)
            )
            waiting.extend((name, lead) for lead in (type(item), *values.leads))
            if text:
                yield f"{name} = {text}"


class _Values:
    """Writes values as text that is the same in every run. `leads` has the functions and classes in them."""

    def __init__(self, ours: Collection[str]) -> None:
        self.leads: list[object] = []
        self._ours = ours
        self._around: list[object] = []

    def text(self, item: Any, *, is_member: bool = True) -> str:
        """The `repr` of plain values. What is known by its name, or is no value, has no text unless it is a member."""
        if any(item is outer for outer in self._around):
            return "..."
        self._around.append(item)
        try:
            return self._text(item, is_member)
        finally:
            self._around.pop()

    def _text(self, item: Any, is_member: bool) -> str:
        if isinstance(item, FunctionType | type | Decider):
            self.leads.append(item)
            if isinstance(item, type):
                return repr(item)
            if isinstance(item, Decider):
                return item.category
            code = _bytecode_text(item.__code__) if item.__name__ == "<lambda>" else ""
            made_with = self.text(_made_with(item)) if _is_ours(item, self._ours) else ""
            return f"<function {item.__qualname__} {code} {made_with}>"
        kind = type(item)
        self.leads.append(kind)
        if isinstance(item, Enum):
            return f"<{kind.__name__}.{item.name}: {self.text(item.value)}>"
        if isinstance(item, str | bytes | int | float | complex | NoneType | EllipsisType) or (
            kind.__module__ in ("decimal", "datetime", "uuid")
        ):
            return repr(item)
        if kind is list:
            return f"[{self._join(item)}]"
        if kind is tuple:
            return f"({self._join(item)}{',' if len(item) == 1 else ''})"
        if kind is dict:
            return (
                "{" + ", ".join(f"{self.text(key)}: {self.text(value)}" for key, value in item.items()) + "}"
            )
        if kind in (set, frozenset):
            members = "{" + ", ".join(sorted(map(self.text, item))) + "}" if item else ""
            return members if item and kind is set else f"{kind.__name__}({members})"
        return self._object_text(item, is_member)

    def _object_text(self, item: Any, is_member: bool) -> str:
        """An object as pickle would make it again: what is called, with the arguments and the state."""
        kind = type(item)
        if not (
            kind.__eq__ is not object.__eq__
            or callable(item)
            or isinstance(item, property | classmethod)
            or _is_ours(kind, self._ours)
        ):
            # It is no value but a tool, such as a logger, and may hold anything.
            return repr(kind) if is_member else ""
        self.leads.extend(_functions_in(item))
        made = _reduce(item)
        if made is None or isinstance(made, str):
            return (made or repr(kind)) if is_member else ""
        parts: tuple[Any, ...] = (*made, None, None, None)
        maker, arguments, state, members, entries = parts[:5]
        if maker is copyreg.__newobj__:  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
            maker, *arguments = arguments
        if isinstance(state, tuple) and len(state) == 2 and isinstance(state[1], dict):
            # The fields in `__dict__`, and those in `__slots__`.
            state = (state[0] or {}) | state[1]
        texts = [self.text(argument) for argument in arguments]
        if isinstance(state, dict):
            texts.extend(
                f"{name}={self.text(field)}"
                for name, field in state.items()
                # What is computed from the other fields is there only after its first use.
                if not isinstance(getattr(kind, str(name), None), cached_property)
            )
        elif state is not None:
            texts.append(self.text(state))
        texts.extend(map(self.text, [*(members or ()), *(entries or ())]))
        return f"{getattr(maker, '__qualname__', '')}({', '.join(texts)})"

    def _join(self, items: Sequence[object]) -> str:
        return ", ".join(map(self.text, items))


def _reduce(item: Any) -> tuple[Any, ...] | str | None:
    """How pickle makes the object again: the parts, or its name. None if pickle cannot."""
    if isinstance(item, set | frozenset | KeysView | ItemsView):
        # Pickle takes the members in any order.
        return type(item), (set(item),)
    try:
        return copyreg.dispatch_table.get(type(item), lambda item: item.__reduce_ex__(4))(item)
    except Exception:
        # The code of a class may raise anything.
        return (type(item), (dict(item),)) if isinstance(item, Mapping) else None


def _functions_in(item: Any) -> Sequence[object]:
    """The function of a bound method, a property, a cache, or any other object that wraps one."""
    if isinstance(item, property):
        return (item.fget,)
    with suppress(Exception):
        # A proxy may raise anything.
        return (item.__func__ if isinstance(item, MethodType) else item.__wrapped__,)
    return ()


def _is_ours(item: FunctionType | type, ours: Collection[str]) -> bool:
    module = _module_of(item)
    return module.split(".")[0] in ours and module not in _KERNELS


def _module_of(item: FunctionType | type) -> str:
    """Where it was written. A decorator gives its function the module of the one that it wraps."""
    return item.__module__ if isinstance(item, type) else item.__globals__.get("__name__", "")


def _made_with(function: FunctionType) -> Mapping[str, object]:
    """The variables and defaults of a function that a call made. The source of any other function shows its defaults."""
    if "<" not in function.__code__.co_qualname:
        return {}
    return {
        **inspect.getclosurevars(function).nonlocals,
        **({"defaults": function.__defaults__} if function.__defaults__ else {}),
        **(function.__kwdefaults__ or {}),
    }


def _bytecode_text(code: CodeType) -> str:
    constants = [
        _bytecode_text(constant) if isinstance(constant, CodeType) else _Values(()).text(constant)
        for constant in code.co_consts
    ]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


def _read_bytecode(code: CodeType) -> Sequence[tuple[str, ...]]:
    """The names in the code, each also with any of them as its attribute."""
    names = [*code.co_names, *code.co_freevars]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names.extend(constant.co_names)
    return [*((name,) for name in names), *((name, attribute) for name in names for attribute in names)]


@cache
def _read_source(item: Any) -> tuple[str, Sequence[tuple[str, ...]]]:
    """The text of the definition without docstrings, and its names, each with the attributes that are read of it."""
    source = inspect.getsource(item.__code__ if isinstance(item, FunctionType) else item)
    tree = ast.parse(textwrap.dedent(source))
    references: list[tuple[str, ...]] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        attributes: list[str] = []
        while isinstance(node, ast.Attribute):
            attributes.insert(0, node.attr)
            node = node.value
        if isinstance(node, ast.Name):
            references.append((node.id, *attributes))
    return ast.unparse(tree), references


def _resolve_names(references: Sequence[tuple[str, ...]], item: Any) -> Iterator[tuple[str, object]]:
    """The objects that the names stand for: variables of a closure or module, and attributes of imported modules."""
    known: dict[str, object] = getattr(item, "__globals__", None) or vars(inspect.getmodule(item) or item)
    closure = inspect.getclosurevars(item).nonlocals if isinstance(item, FunctionType) else {}
    for name, *attributes in references:
        value = closure.get(name, known.get(name))
        for attribute in attributes:
            if not isinstance(value, ModuleType):
                break
            name, value = attribute, getattr(value, attribute, None)
        if value is not None:
            yield name, value
