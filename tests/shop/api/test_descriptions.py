"""Every type, field, argument and input field of the shop has a description."""

import re

from graphql import specified_scalar_types

from app.composition import application
from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from tests.support.schema_descriptions import descriptions
from tests.support.sentences import long_sentences

SHOP = list(descriptions(graphql_schema(build_schema(application.slices(), application.deciders)[0])))


def test_everything_has_a_description() -> None:
    assert [place for place, description in SHOP if not description] == []


def test_the_sentences_of_a_description_are_short() -> None:
    assert [
        (place, long)
        for place, description in SHOP
        if place not in specified_scalar_types
        for long in long_sentences(description or "")
    ] == []


def test_a_description_says_event() -> None:
    assert [place for place, description in SHOP if re.search(r"\bfacts?\b", description or "")] == []
