"""Collects the source of our own code that a function or class leads to. Fingerprints are digests of that text.

Comments, docstrings and layout do not count. An event class counts by its stored name, because its shape has its own
version, unless `events` is set. Any other class of ours counts as a whole, and an object by its class and its values.
Libraries do not count. Code is not seen if only a computed name or an import inside a function leads to it. Nor is a
library's object that is compared by identity, such as a logger. A decider among such values counts by its events.
Nor is the text of an absolute path, which differs between folders of the project.
"""

import ast
import copyreg
import inspect
import textwrap
from collections.abc import Collection, ItemsView, Iterator, KeysView, Mapping, Sequence
from contextlib import suppress
from decimal import Context
from enum import Enum
from functools import cache, cached_property
from pathlib import PurePath
from types import CodeType, EllipsisType, FunctionType, GenericAlias, MethodType, ModuleType, NoneType
from typing import Any, TypeAliasType

from domain.kernel.decider import Decider, Event

type _Named = tuple[str, str, object]
"""An object, the name that stands for it, and the module or class in which that name is known. A root has no name."""

_MISSING = object()
_OF_IMPORT = frozenset(("__builtins__", "__cached__", "__file__", "__loader__", "__path__", "__spec__"))
"""The names of a module whose values tell where it is, or how it was imported."""
_KERNELS = ("domain.kernel.decider", "projections.kernel")


def reachable_source(*roots: object, events: bool = False) -> Sequence[str]:
    """The texts of all definitions and values that the roots lead to, in order.

    Raises `OSError` or `SyntaxError` if a definition has no source, and what the code of a value raises.
    """
    ours = {
        (inspect.unwrap(root).__module__ or "").split(".")[0]
        for root in roots
        if isinstance(root, FunctionType | type)
    } | {"domain", "projections"}
    found: dict[str, set[tuple[str, str, bool]]] = {}
    # The objects themselves, because an id is given again as soon as its object is gone.
    # Equal values may be one object, so each name of an object counts. So the order of the walk does not matter.
    seen: dict[tuple[str, str, int], object] = {}
    waiting: list[_Named] = [("", "", root) for root in roots]
    while waiting:
        scope, name, item = waiting.pop()
        key = (scope, name, id(item))
        if key in seen:
            continue
        seen[key] = item
        if isinstance(item, FunctionType | type) and not name:
            label, text, leads = _read_definition(item, ours, events)
            scope, is_needed = item.__module__, True
        else:
            values = _Values(ours)
            value = values.text(item, is_member=False)
            label, text = f"{name} =", value and f"{name} = {value}"
            leads = [("", "", lead) for lead in values.leads]
            is_needed = value != name and not _is_own_name(name, item)
        waiting.extend(leads)
        if text:
            found.setdefault(label, set()).add((scope, text, is_needed))
    texts: set[str] = set()
    for group in found.values():
        scopes, different, _ = (set(column) for column in zip(*group, strict=True))
        if len(scopes) > 1 and len(different) > 1:
            # One name stands for different things in different modules.
            texts.update(f"{scope}.{text}" for scope, text, _ in group)
        else:
            texts.update(text for _, text, is_needed in group if is_needed)
    return sorted(texts)


def _read_definition(
    item: FunctionType | type, ours: Collection[str], events: bool
) -> tuple[str, str, Sequence[_Named]]:
    """The label and the text of a function or class, and what it leads to."""
    if isinstance(item, type) and issubclass(item, Event) and hasattr(item, "stored") and not events:
        return (text := f"event {item.stored.name}"), text, ()
    leads: list[_Named] = []
    scope = f"{item.__module__}.{item.__qualname__}"
    if isinstance(item, FunctionType):
        # A decorated function leads to the one that it wraps, and to those that it dispatches to.
        attributes = vars(item)
        if "__wrapped__" in attributes:
            leads.append(("", "", attributes["__wrapped__"]))
        if "registry" in attributes:
            # Its order is that of the imports.
            leads.append((scope, "registry", set(attributes["registry"].items())))
        if _module_of(item) in _KERNELS:
            # The engine's functions do not count, but what they were made with does: `by_stream(order)`.
            leads.extend((scope, *variable) for variable in _closure(item).items())
    if not _is_ours(item, ours):
        return "", "", leads
    if made_with := _made_with(item):
        leads.append(("", "", made_with))
    if isinstance(item, FunctionType) and item.__name__ == "<lambda>":
        # The source lines of a lambda are those of its whole statement, so its bytecode counts.
        text, references = _bytecode_text(item.__code__), _read_bytecode(item.__code__)
    else:
        try:
            text, references = _read_source(item)
        except OSError:
            if not isinstance(item, type):
                raise
            # A class that a call made has no source: its members and bases count.
            text, references = str([base.__qualname__ for base in item.__bases__]), ()
            leads.extend(
                (scope, name, member)
                for name, member in [*vars(item).items(), *((base.__name__, base) for base in item.__bases__)]
                if not name.startswith("__") and name != "stored"
            )
    leads.extend(_resolve_names(references, item))
    return item.__qualname__, f"{item.__qualname__}: {text}", leads


class _Values:
    """Writes values as text that is the same in every run. `leads` has the functions and classes in them."""

    def __init__(self, ours: Collection[str]) -> None:
        self.leads: list[object] = []
        self._ours = ours
        self._around: list[object] = []

    def text(self, item: Any, *, is_member: bool = True) -> str:
        """The `repr` of plain values. What is no value has no text unless it is a member."""
        if any(item is outer for outer in self._around):
            return "..."
        self._around.append(item)
        try:
            return self._text(item, is_member)
        finally:
            self._around.pop()

    def _text(self, item: Any, is_member: bool) -> str:
        if isinstance(item, FunctionType | type):
            self.leads.append(item)
            text = type.__repr__(item) if isinstance(item, type) else f"{item.__module__}.{item.__qualname__}"
            if isinstance(item, FunctionType) and item.__name__ == "<lambda>":
                text += f" {_bytecode_text(item.__code__)}"
            made_with = _made_with(item) if _module_of(item).split(".")[0] in self._ours else {}
            return f"{text} {self.text(made_with)}" if made_with else text
        if isinstance(item, Decider):
            return f"{item.category}: {sorted(event_type.stored.name for event_type in item.event_types)}"
        if isinstance(item, ModuleType):
            return item.__name__ if is_member or item.__name__.split(".")[0] in self._ours else ""
        kind = type(item)
        if not is_member and (kind in (GenericAlias, TypeAliasType) or kind.__module__ == "typing"):
            # A type that is not a class only describes.
            return ""
        self.leads.append(kind)
        if kind is Context:
            # What it has computed sets its flags.
            item = item.copy()
            item.clear_flags()
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
        if isinstance(item, PurePath) and item.is_absolute():
            # It is another one where the project is in another folder.
            return kind.__name__
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
        if made is None:
            return repr(kind) if is_member else ""
        if isinstance(made, str):
            return made
        parts: tuple[Any, ...] = (*made, None, None, None)
        maker, arguments, state, members, entries = parts[:5]
        if maker is copyreg.__newobj__:  # pyright: ignore[reportAttributeAccessIssue] - the stubs lack it
            maker, *arguments = arguments
        if isinstance(state, tuple) and list(map(type, state)) in ([NoneType, dict], [dict, dict]):
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


def _is_own_name(name: str, item: object) -> bool:
    """Whether the name only repeats that of a definition or module, which says all."""
    if isinstance(item, ModuleType):
        return item.__name__.split(".")[-1] == name
    return isinstance(item, FunctionType | type) and item.__qualname__ == name and not _made_with(item)


def _made_with(item: FunctionType | type) -> Mapping[str, object]:
    """The variables and defaults of what a call made. The source of any other function shows its defaults."""
    if isinstance(item, type):
        own = f"{item.__qualname__}."
        return {
            name: value
            for member in vars(item).values()
            if isinstance(member, FunctionType) and member.__code__.co_qualname.startswith(own)
            for name, value in _closure(member).items()
            if name != "__class__"
        }
    if "<" not in item.__code__.co_qualname:
        return {}
    return {
        **_closure(item),
        **({"defaults": item.__defaults__} if item.__defaults__ else {}),
        **(item.__kwdefaults__ or {}),
    }


def _closure(function: FunctionType) -> dict[str, object]:
    """The variables of the functions around it that have a value."""
    variables: dict[str, object] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):
            variables[name] = cell.cell_contents
    return variables


def _bytecode_text(code: CodeType) -> str:
    constants = [
        _bytecode_text(constant) if isinstance(constant, CodeType) else _Values(()).text(constant)
        for constant in code.co_consts
    ]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


def _read_bytecode(code: CodeType) -> Sequence[tuple[str, ...]]:
    """The names in the code, each also with any of them as its attribute."""
    names, codes = set[str](), [code]
    for code in codes:
        names.update(code.co_names, code.co_freevars)
        codes.extend(constant for constant in code.co_consts if isinstance(constant, CodeType))
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


def _resolve_names(references: Sequence[tuple[str, ...]], item: FunctionType | type) -> Iterator[_Named]:
    """What the names stand for: variables of a closure or module, and attributes of imported modules."""
    variables = (
        item.__globals__ | _closure(item)
        if isinstance(item, FunctionType)
        else vars(inspect.getmodule(item) or item)
    )
    for name, *attributes in references:
        scope, value = _module_of(item), variables.get(name, _MISSING)
        for attribute in (*attributes, None):
            if value is _MISSING or name in _OF_IMPORT:
                break
            yield scope, name, value
            if attribute is None or not isinstance(value, ModuleType):
                break
            scope, name, value = value.__name__, attribute, getattr(value, attribute, _MISSING)
