"""Compares a text with the file that a reviewer reads. `UPDATE_GOLDEN=1` writes the file instead."""

import os
from difflib import unified_diff
from pathlib import Path

from app.engine.projector.table import projection_table
from projections.kernel import AnyProjection


def assert_golden(path: Path, text: str) -> None:
    """Fail with the difference, and with the command that accepts it."""
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    golden = path.read_text() if path.exists() else ""
    difference = unified_diff(golden.splitlines(), text.splitlines(), path.name, "the code", lineterm="")
    assert golden == text, "\n".join(
        [
            *difference,
            "",
            "to accept it: UPDATE_GOLDEN=1 python -m pytest "
            + os.environ["PYTEST_CURRENT_TEST"].split("::")[0],
        ]
    )


def table_sql(projection: AnyProjection) -> str:
    """Every statement on the live table of a projection."""
    table = projection_table(projection)
    statements = {
        "create": ";\n".join(statement.strip() for statement in table.definitions()),
        "create indexes": ";\n".join(table.index_definitions()),
        **{name: statement.sql for name, statement in table.statements.items()},
    }
    text = "\n".join(f"-- {name}\n{statement};\n" for name, statement in statements.items())
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"
