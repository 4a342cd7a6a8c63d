"""Resolvers hold no SQL: the reads of projections' tables are in app/engine/read_models."""

import ast
from pathlib import Path

import pytest

from app.engine.settings import ROOT


def imported(path: Path) -> set[str]:
    """The top-level packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("app/engine/graphql", "app/graphql")
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_of_the_api_imports_no_sql(module: str) -> None:
    assert imported(ROOT / module).isdisjoint({"sqlalchemy", "asyncpg"})
