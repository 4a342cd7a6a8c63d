"""Resolvers hold no SQL, and one module of the engine's API reads a register."""

import ast
from pathlib import Path

import pytest

from app.engine.settings import ROOT


def imported(path: Path) -> set[str]:
    """The modules that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("app/engine/graphql", "app/graphql")
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_api_imports_no_sql(module: str) -> None:
    packages = {name.partition(".")[0] for name in imported(ROOT / module)}
    assert packages.isdisjoint({"sqlalchemy", "asyncpg"})


def test_only_the_rejection_codes_are_read_from_a_register() -> None:
    readers = {
        module
        for module in MODULES
        if module.startswith("app/engine/")
        for name in imported(ROOT / module)
        if name.partition(".")[0] in ("domain", "projections")
        if not name.startswith(("domain.kernel", "projections.kernel"))
    }
    assert readers == {"app/engine/graphql/rejection_codes.py"}
