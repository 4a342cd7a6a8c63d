"""Errors have the line and column that graphql-core finds, and hundreds of them cost hardly more than one."""

from time import thread_time

from graphql import GraphQLError, Source, parse
from hypothesis import given
from hypothesis import strategies as st

from app.engine.graphql.execution.source import LineCountingSource


@given(st.lists(st.sampled_from(["\n", "\r\n", "\r", "a", " ", "\u2028", "é"]), max_size=30))
def test_the_lines_are_those_of_graphql_core(parts: list[str]) -> None:
    text = "".join(parts)
    source, indexed = Source(text), LineCountingSource(text)
    forwards = range(len(text) + 1)
    for position in (*forwards, *reversed(forwards), *forwards):
        if text[position - 1 : position + 1] != "\r\n":
            assert indexed.get_location(position) == source.get_location(position)


def test_a_hundred_errors_cost_hardly_more_than_one() -> None:
    text = "\n" * 60_000 + "{ a }"
    document = parse(LineCountingSource(text))
    [definition] = document.definitions
    began = thread_time()
    for _ in range(100):
        assert GraphQLError("wrong", [definition]).locations == [(60_001, 1)]
    spent = thread_time() - began
    began = thread_time()
    assert Source(text).get_location(60_000) == (60_001, 1)
    assert spent < 5 * (thread_time() - began)
