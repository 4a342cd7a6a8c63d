"""Tests import helpers from tests/support, never from another test module or a conftest."""

import ast
from pathlib import Path

import pytest

from app.engine.settings import ROOT

TESTS = ROOT / "tests"
INSTALLED = {"node_modules", ".venv"}
"""Folders below `tests` with code of others, which clients that are tested need."""
FILES = sorted(path for path in TESTS.rglob("*.py") if INSTALLED.isdisjoint(path.parts[len(ROOT.parts) :]))


def imported_modules(path: Path) -> set[str]:
    """The modules that a file imports, and the names that it imports from them, with dots."""
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names=names):
                modules |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                modules |= {module} | {f"{module}.{alias.name}" for alias in names}
            case _:
                pass
    return modules


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_imports_a_test_module_or_a_conftest(path: Path) -> None:
    modules = [
        module
        for module in imported_modules(path)
        if module.startswith("tests.")
        and any(part.startswith("test_") or part == "conftest" for part in module.split("."))
    ]
    assert modules == []
