"""Old names that clients use still work, and name their replacement."""

from typing import Any

import pytest

from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema

TYPES: Any = graphql_schema(build_schema((), ())[0]).type_map


@pytest.mark.parametrize(
    ("type_name", "field", "replacement"),
    [
        ("Query", "lag", "projections"),
        ("Query", "skippedFacts", "skippedEvents"),
        ("ProjectionStatus", "unread", "unreadable"),
        ("RebuildProjectionsInput", "stage", "promote"),
    ],
)
def test_a_deprecated_name_says_what_replaces_it(type_name: str, field: str, replacement: str) -> None:
    assert replacement in TYPES[type_name].fields[field].deprecation_reason
    root = TYPES["Query"] if type_name == "Query" else TYPES[type_name]
    assert replacement in root.fields


@pytest.mark.parametrize("field", ["asOf", "blame"])
def test_a_point_is_given_by_one_argument_that_replaces_three(field: str) -> None:
    arguments = TYPES["Stream"].fields[field].args
    assert str(arguments["at"].type) == "PointInTime"
    for name in ("version", "moment", "position"):
        assert arguments[name].deprecation_reason == "Use at."
