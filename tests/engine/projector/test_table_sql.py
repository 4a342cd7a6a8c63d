"""The SQL on a projection's table is the one in the file next to this one."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from app.engine.database.statements import CompiledStatement
from app.engine.projector.checkpoint import Checkpoint
from app.engine.projector.slots import LIVE
from app.engine.projector.table import projection_table
from tests.support.golden import assert_golden, table_sql
from tests.support.toy_counter import TallyRow, tallies


def test_the_sql_of_the_toy_is_the_one_that_was_reviewed() -> None:
    assert_golden(Path(__file__).with_name("tallies.sql"), table_sql(tallies))


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"loaded_id": [], "loaded_name": []}, r"unknown parameters: \['loaded_name'\]"),
        ({}, r"missing parameters: \['loaded_id'\]"),
    ],
)
def test_a_statement_refuses_unknown_and_missing_parameters(params: dict[str, object], problem: str) -> None:
    statement: CompiledStatement = projection_table(tallies).statements["load rows"]
    assert statement.params(loaded_id=[1]) == [[1]]
    with pytest.raises(KeyError, match=problem):
        statement.params(**params)


@pytest.mark.parametrize("part", ["table", "history"])
def test_a_row_of_another_key_is_refused_in_the_table_and_in_its_history(part: str) -> None:
    key, row = (UUID(int=1),), TallyRow(id=UUID(int=2), sum=1, facts=1, notes=(), last=None)
    rows: dict[Any, Any] = {key: row} if part == "table" else {}
    changes = [(key, 1, row)] if part == "history" else []
    with pytest.raises(ValueError, match=r"the fold of key .*1.* gave the row of .*2"):
        projection_table(tallies).batch(rows, changes, Checkpoint(tallies, LIVE), 1)
