"""Every type, field, argument and input field of the engine has a description in the API's words."""

import re

from graphql import specified_scalar_types

from app.engine.graphql.schema import build_schema
from app.engine.graphql.strawberry_internals import graphql_schema
from tests.support.sample_words import sample_words
from tests.support.schema_descriptions import descriptions
from tests.support.sentences import long_sentences
from tests.support.toy_counter import Added, tally
from tests.support.toy_process import errand

SCHEMA = graphql_schema(build_schema((), ())[0])
ENGINE = [
    (place, description)
    for place, description in descriptions(SCHEMA)
    # Its values are the rules of the registered deciders.
    if not place.startswith("RejectionCode.")
]


def test_everything_has_a_description() -> None:
    assert [place for place, description in ENGINE if not description] == []
    assert len(ENGINE) > 200


def test_a_description_says_event_and_names_no_aggregate_of_the_sample() -> None:
    for place, description in ENGINE:
        text = description or ""
        assert not sample_words(text), (place, text)
        assert not re.search(r"\bfacts?\b", text, re.IGNORECASE), (place, text)


def test_the_sentences_of_a_description_are_short() -> None:
    assert [
        (place, long)
        for place, description in ENGINE
        if place not in specified_scalar_types
        for long in long_sentences(description or "")
    ] == []


def test_the_docstring_of_an_event_describes_its_type() -> None:
    schema = graphql_schema(build_schema((), (errand.stream_decider, tally))[0])
    texts = {name: schema.type_map[name].description for name in ("ErrandStarted", "TallyAdded")}
    assert texts == {
        "ErrandStarted": "The process has started. Stored as errand.started, version 1.",
        "TallyAdded": f"Stored as {Added.stored.name}, version {Added.stored.version}.",
    }
