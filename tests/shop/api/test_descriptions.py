"""Every type, field, argument and input field of the shop has a description."""

import re

from app.composition import application
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from tests.support.schema_descriptions import descriptions

SHOP = list(descriptions(graphql_schema(build_schema(application.slices(), application.deciders)[0])))


def test_everything_has_a_description() -> None:
    assert [place for place, description in SHOP if not description] == []


def test_a_description_says_event() -> None:
    assert [place for place, description in SHOP if re.search(r"\bfacts?\b", description or "")] == []
