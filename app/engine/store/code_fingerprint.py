"""The code that something is made by: the definitions of ours that it leads to, as text, whatever their layout.

Comments, docstrings and layout do not count. A class of an event counts by its stored name, since its shape has versions
of its own, unless the `events` are asked for; any other class of ours counts whole. Not seen: code that is reached only by
a computed name or through a value that was made elsewhere (but a decider counts by its events), and what the libraries do.
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
    """One text for each definition that the roots lead to. Raises `OSError` or `SyntaxError` where there is no source of one."""
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
            if item.__module__.split(".")[0] not in ours or item.__module__ in _KERNELS:
                continue
            if isinstance(item, FunctionType) and item.__name__ == "<lambda>":
                # Its lines are those of the statement that it stands in, and seldom a statement of their own.
                yield f"{item.__qualname__}: {_bytecode_text(item.__code__)}"
                waiting.extend(
                    (name, item.__globals__[name])
                    for name in item.__code__.co_names
                    if name in item.__globals__
                )
                continue
            try:
                text, named = _read(item)
            except OSError:
                if not isinstance(item, type):
                    raise
                # A class that was made by a call is what it was made of.
                yield f"{item.__qualname__}: {[base.__qualname__ for base in item.__bases__]}"
                waiting.extend(
                    (name, made)
                    for name, made in [
                        *vars(item).items(),
                        *((base.__name__, base) for base in item.__bases__),
                    ]
                    if not name.startswith("__")
                )
                continue
            yield f"{item.__qualname__}: {text}"
            waiting.extend(_resolved_names(named, item))
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
def _read(item: Any) -> tuple[str, Sequence[tuple[str, str]]]:
    """The definition's text without docstrings, and the names in it: each alone, or with what is reached over it."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(item)))
    named: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            named.append((node.id, ""))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            named.append((node.value.id, node.attr))
    return ast.unparse(tree), named


def _resolved_names(named: Sequence[tuple[str, str]], item: Any) -> Iterator[tuple[str, object]]:
    """What the names in the code stand for: names of the module, and what is reached over a module's name."""
    known: dict[str, object] = getattr(item, "__globals__", None) or vars(inspect.getmodule(item) or item)
    closed = inspect.getclosurevars(item).nonlocals if isinstance(item, FunctionType) else {}
    for name, reached in named:
        if not reached:
            found = closed.get(name, known.get(name))
        else:
            found = getattr(known[name], reached, None) if inspect.ismodule(known.get(name)) else None
        if found is not None:
            yield reached or name, found
