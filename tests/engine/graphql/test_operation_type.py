"""The tokens of a document say the type of the operation that would run, as the parsed document does."""

import pytest
from graphql import OperationDefinitionNode, OperationType, get_operation_ast, parse
from graphql.language.parser import Parser
from hypothesis import given
from hypothesis import strategies as st

from app.engine.graphql.transport.requests import operation_type

VALUES = st.sampled_from(
    (
        '"mutation { a }"',
        '"\\" }"',
        '"""} \\""" mutation M {"""',
        "[[1], {b: {c: []}}]",
        "{mutation: $v}",
        "E",
    )
)
FIELDS = st.sampled_from(("subscription", "query { mutation }", "...fragment", "... on mutation { a }", "a"))
NAMES = st.sampled_from(("", "A", "B", "mutation", "query"))


@st.composite
def definitions(draw: st.DrawFn) -> str:
    selection = f"{{ x(a: {draw(VALUES)}) @d(a: {draw(VALUES)}) {{ {draw(FIELDS)} }} # }} mutation C {{ \n }}"
    kind, name = draw(st.sampled_from(("query", "mutation", "subscription", "fragment", ""))), draw(NAMES)
    if not kind:
        return selection
    if kind == "fragment":
        return f"fragment {name or 'F'} on subscription @d(a: {draw(VALUES)}) {selection}"
    constant = draw(VALUES).replace("$v", "1")
    variables = draw(st.sampled_from(("", f"($v: [T] = {constant} @d(a: {constant}))")))
    return f"{kind} {name} {variables} @mutation @d(a: {draw(VALUES)}) {selection}"


@given(st.lists(definitions(), min_size=1, max_size=4), st.sampled_from((None, "A", "B", "mutation", "C")))
def test_the_type_is_that_of_the_parsed_operation(parts: list[str], name: str | None) -> None:
    text = "\n".join(parts)
    operation = get_operation_ast(parse(text), name)
    expected = operation.operation if isinstance(operation, OperationDefinitionNode) else OperationType.QUERY
    assert operation_type(text, name) is expected


@pytest.mark.parametrize(
    "text",
    ["mutation", "mutation {", "} mutation { a }", ") mutation { a ", '"mutation { a }', "scalar mutation"],
)
def test_a_text_that_is_no_document_has_some_type(text: str) -> None:
    assert operation_type(text, None) in OperationType


def test_a_document_is_not_parsed_for_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Parser, "parse_document")
    assert operation_type("mutation { a }", None) is OperationType.MUTATION
