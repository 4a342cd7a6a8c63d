"""Collects the source of our own code that a function or class leads to. Fingerprints are digests of that text.

Comments, docstrings and layout do not count. An event class counts by its stored name, because its shape has its own
version, unless `events` is set. Any other class of ours counts as a whole. Libraries do not count. Code is not seen if
only a computed name or a value that is made elsewhere leads to it. A decider among such values counts by its events.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Sequence
from functools import cache
from types import CodeType, FunctionType
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
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("", root) for root in roots]
    while waiting:
        name, item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, type) and issubclass(item, Event) and not events:
            yield f"event {item.stored.name}"
        elif isinstance(item, Decider):
            yield f"{name} = {item.category}: {sorted(event_type.stored.name for event_type in item.event_types)}"
        elif isinstance(item, FunctionType | type):
            if item.__module__ in _KERNELS and isinstance(item, FunctionType):
                # The engine's functions do not count, but what they were made with does: `by_stream(order)`.
                waiting.extend(inspect.getclosurevars(item).nonlocals.items())
            if item.__module__.split(".")[0] not in ours or item.__module__ in _KERNELS:
                continue
            if isinstance(item, FunctionType) and item.__name__ == "<lambda>":
                # The source lines of a lambda are those of its whole statement, so its bytecode counts.
                yield f"{item.__qualname__}: {_bytecode_text(item.__code__)}"
                waiting.extend(
                    (name, item.__globals__[name])
                    for name in item.__code__.co_names
                    if name in item.__globals__
                )
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
                    if not name.startswith("__")
                )
                continue
            yield f"{item.__qualname__}: {text}"
            waiting.extend(_resolve_names(references, item))
        elif isinstance(item, TypeAliasType):
            continue
        elif isinstance(item, list | tuple | set | frozenset | dict) and " at 0x" in repr(item):
            members = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            waiting.extend((name, member) for member in members)
        elif isinstance(item, set | frozenset):
            yield f"{name} = {sorted(map(repr, item))}"
        elif isinstance(item, str | bytes | int | float | complex | tuple | list | dict) or type(
            item
        ).__module__ in ("decimal", "datetime"):
            yield f"{name} = {item!r}"


def _bytecode_text(code: CodeType) -> str:
    constants = [
        _bytecode_text(constant) if isinstance(constant, CodeType) else repr(constant)
        for constant in code.co_consts
    ]
    return f"{code.co_code.hex()} {code.co_names} {code.co_varnames} {constants}"


@cache
def _read_source(item: Any) -> tuple[str, Sequence[tuple[str, str]]]:
    """The text of the definition without docstrings, and its names, each with the attribute that it reads, or ""."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(item)))
    references: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            references.append((node.id, ""))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            references.append((node.value.id, node.attr))
    return ast.unparse(tree), references


def _resolve_names(references: Sequence[tuple[str, str]], item: Any) -> Iterator[tuple[str, object]]:
    """The objects that the names stand for: variables of a closure or module, and attributes of imported modules."""
    known: dict[str, object] = getattr(item, "__globals__", None) or vars(inspect.getmodule(item) or item)
    closure = inspect.getclosurevars(item).nonlocals if isinstance(item, FunctionType) else {}
    for name, attribute in references:
        if not attribute:
            value = closure.get(name, known.get(name))
        else:
            value = getattr(known[name], attribute, None) if inspect.ismodule(known.get(name)) else None
        if value is not None:
            yield attribute or name, value
