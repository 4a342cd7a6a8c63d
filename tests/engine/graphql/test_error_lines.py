"""Where an error is: the same line and column as graphql-core finds, for hundreds of errors at the cost of one."""

import pytest
from graphql import GraphQLError, Source, parse
from hypothesis import given
from hypothesis import strategies as st

import app.engine.graphql.execution.source as module
from app.engine.graphql.execution.source import IndexedSource


@given(st.lists(st.sampled_from(["\n", "\r\n", "\r", "a", " ", "\u2028", "é"]), max_size=30))
def test_the_lines_are_those_of_graphql_core(parts: list[str]) -> None:
    text = "".join(parts)
    source, indexed = Source(text), IndexedSource(text)
    for position in range(len(text) + 1):
        if text[position - 1 : position + 1] != "\r\n":
            assert indexed.get_location(position) == source.get_location(position)


def test_the_lines_are_found_once_for_all_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    searches = 0
    pattern = module._LINE_BREAK  # pyright: ignore[reportPrivateUsage] - to count the searches

    class Counted:
        def finditer(self, text: str) -> object:
            nonlocal searches
            searches += 1
            return pattern.finditer(text)

    monkeypatch.setattr(module, "_LINE_BREAK", Counted())
    document = parse(IndexedSource("\n" * 100 + "{ a }"))
    [definition] = document.definitions
    for _ in range(50):
        assert GraphQLError("wrong", [definition]).locations == [(101, 1)]
    assert searches == 1
