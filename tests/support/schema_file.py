"""`make check`: each POLICY has the lines that it needs, and schema.graphql is the schema of the code."""

from collections.abc import Iterator
from pathlib import Path

from app.engine.application import AnyApplication
from app.engine.errors import UserError
from app.engine.graphql.policies import check_policies
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from app.engine.settings import ROOT
from tests.support.project_check import run_check

FILE = ROOT / "schema.graphql"


def problems(application: AnyApplication, file: Path = FILE) -> Iterator[str]:
    """One line for each problem."""
    schema, _ = build_schema(application.slices(), application.deciders)
    try:
        check_policies(graphql_schema(schema), application)
    except UserError as error:
        yield str(error)
    if not file.exists() or file.read_text() != schema.as_str() + "\n":
        yield f"{file.name} is not the schema of the code: run make schema"


if __name__ == "__main__":
    run_check(problems)
