"""The SQL on a projection's table is the one in the file beside this one."""

from pathlib import Path

import pytest

from app.engine.database.statements import CompiledStatement
from app.engine.projector.table import projection_table
from tests.support.golden import assert_golden, table_sql
from tests.support.toy_counter import tallies


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
