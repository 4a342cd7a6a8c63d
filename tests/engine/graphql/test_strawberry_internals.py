"""The fast executor and app/engine/graphql/strawberry_internals.py use internals of these versions."""

from importlib.metadata import version

import graphql
import strawberry

from app.engine.graphql.execution.field_plans import PLANS
from app.engine.graphql.strawberry_internals import graphql_schema


def test_graphql_core_is_the_version_whose_executor_is_replaced() -> None:
    """Before you change this line, compare `execute_fields`, `collect_subfields`, `handle_field_error` and
    `settle_in_background` of the new version with the fast executor. Then run test_fast_executor.py.
    """
    assert (graphql.version_info.major, graphql.version_info.minor) == (3, 3)


def test_strawberry_is_the_version_whose_internals_are_used() -> None:
    assert version("strawberry-graphql").split(".")[:2] == ["0", "341"]


def test_the_schema_behind_strawberrys_takes_extensions() -> None:
    @strawberry.type
    class Query:
        name: str = "x"

    schema = graphql_schema(strawberry.Schema(Query))
    schema.extensions[PLANS] = {}
    assert schema.extensions == {
        "strawberry-definition": schema.extensions["strawberry-definition"],
        PLANS: {},
    }
