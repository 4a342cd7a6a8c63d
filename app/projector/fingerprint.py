"""What a projection's table was made by, as a digest: its columns, its fold, and all of our own code that the fold leads to.

Comments, docstrings and layout do not count. A class of an event counts by its stored name, since its shape has versions
of its own; any other class of ours counts whole. Not seen: code that is reached only by a computed name or through a
value that was made elsewhere (but a decider counts by its events), and what the libraries do.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from types import FunctionType
from typing import Any, TypeAliasType

from sqlalchemy.dialects import postgresql

from domain.kernel import Decider, Event
from projections.kernel import AnyProjection

LENGTH = 16
_KERNELS = ("domain.kernel", "projections.kernel")


@cache
def fingerprint(projection: AnyProjection) -> str:
    """The same for the same rows, whatever the layout of the code."""
    dialect = postgresql.dialect()
    columns = [
        f"{each.name} {each.type.compile(dialect=dialect)} {'null' if each.nullable else 'not null'}{' key' if each.primary_key else ''}"
        for each in projection.table.columns
    ]
    parts = sorted(set(_code(projection.row, projection.keys, projection.fold)))
    return sha256("\n".join([*columns, *parts]).encode()).hexdigest()[:LENGTH]


def _code(*roots: object) -> Iterator[str]:
    """One text for each definition that the roots lead to."""
    ours = {inspect.unwrap(root).__module__.split(".")[0] for root in roots if isinstance(root, FunctionType | type)} | {"domain", "projections"}
    seen: set[int] = set()
    waiting: list[tuple[str, object]] = [("", root) for root in roots]
    while waiting:
        name, item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, type) and issubclass(item, Event):
            yield f"event {item.stored.name}"
        elif isinstance(item, Decider):
            yield f"{name} = {item.category}: {sorted(each.stored.name for each in item.event_types)}"
        elif isinstance(item, FunctionType | type):
            if item.__module__.split(".")[0] not in ours or item.__module__ in _KERNELS:
                continue
            tree = _tree(item)
            yield f"{item.__qualname__}: {ast.unparse(tree)}"
            waiting.extend(_names(tree, item))
        elif isinstance(item, TypeAliasType):
            continue
        elif isinstance(item, list | tuple | set | frozenset | dict) and " at 0x" in repr(item):
            members = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            waiting.extend((name, member) for member in members)
        elif isinstance(item, set | frozenset):
            yield f"{name} = {sorted(map(repr, item))}"
        elif isinstance(item, str | bytes | int | float | complex | tuple | list | dict) or type(item).__module__ in ("decimal", "datetime"):
            yield f"{name} = {item!r}"


def _tree(item: Any) -> ast.Module:
    tree = ast.parse(textwrap.dedent(inspect.getsource(item)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _names(tree: ast.Module, item: Any) -> Iterator[tuple[str, object]]:
    """What the names in the code stand for: names of the module, and what is reached over a module's name."""
    known: dict[str, object] = getattr(item, "__globals__", None) or vars(inspect.getmodule(item) or item)
    closed = inspect.getclosurevars(item).nonlocals if isinstance(item, FunctionType) else {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found = closed.get(node.id, known.get(node.id))
            if found is not None:
                yield node.id, found
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and inspect.ismodule(known.get(node.value.id)):
            found = getattr(known[node.value.id], node.attr, None)
            if found is not None:
                yield node.attr, found
