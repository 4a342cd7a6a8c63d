"""`make check` names a missing line of a POLICY, and a schema.graphql that is not the schema of the code."""

from pathlib import Path

from app.composition import application
from tests.support.cli import assert_user_error, invoke
from tests.support.schema_file import problems
from tests.support.toy_slice import COMPLETE, application_with, without

STALE = "schema.graphql is not the schema of the code: run make schema"


def test_the_project_has_no_problem() -> None:
    assert list(problems(application)) == []


def test_a_schema_that_is_not_that_of_the_code_and_a_missing_line_are_named(tmp_path: Path) -> None:
    file = tmp_path / "schema.graphql"
    lacking = application_with(without(COMPLETE, "events", "tally.added"))
    missing = "no POLICY of a slice has a line for: event tally.added. Is each slice in SLICES of app/graphql/schema.py?"
    assert list(problems(lacking, file)) == [missing, STALE]
    file.write_text("type Query { a: Int }\n")
    assert list(problems(lacking, file)) == [missing, STALE]


def test_no_schema_is_printed_while_a_line_is_missing_so_that_make_schema_writes_none() -> None:
    lacking = invoke("schema", application=application_with(without(COMPLETE, "events", "tally.added")))
    assert_user_error(lacking, "no POLICY of a slice has a line for: event tally.added.")
    assert lacking.stdout == ""
    complete = invoke("schema", application=application_with(COMPLETE))
    assert complete.returncode == 0, complete
    assert "type Query {" in complete.stdout
