"""Tokens are counted before a document is parsed, as the parser counts them, and in a few milliseconds."""

import time

import pytest
from graphql import GraphQLSyntaxError, parse
from hypothesis import given
from hypothesis import strategies as st

import app.engine.graphql.execution.limits as limits
from app.engine.graphql.execution.limits import MAX_LENGTH, has_too_many_tokens

VALUES = st.sampled_from(
    (
        *('"a b"', '"\\" \\\\"', '""', '"""', '"""block "quoted" \\""" # text"""', '""""""'),
        *(
            "1",
            "-1.5e+10",
            "$v",
            "[1,2 3]",
            "{a:1}",
            "true",
            "NULL_1",
            "# a comment { } \n",
            "\ufeff ,,\t\r\n",
        ),
    )
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    values = draw(st.lists(VALUES, max_size=20))
    return "query($v: Int) { f" + "".join(f"(a: {value} ) @d ...F f\n" for value in values) + " }"


def parses_within(text: str, most: int) -> bool | None:
    """None if the text is no document."""
    try:
        parse(text)
    except GraphQLSyntaxError:
        return None
    try:
        parse(text, max_tokens=most)
    except GraphQLSyntaxError:
        return False
    return True


@given(documents(), st.integers(1, 200))
def test_a_document_has_too_many_tokens_if_the_parser_says_so(text: str, most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MAX_TOKENS", most)
        within = parses_within(text, most)
        if within is not None:
            assert has_too_many_tokens(text) is not within


@pytest.mark.parametrize(
    "text",
    [
        '"' * MAX_LENGTH,
        '"""' + "\\" * MAX_LENGTH,
        '"\n' * (MAX_LENGTH // 2),
        "#" * MAX_LENGTH,
        " ," * (MAX_LENGTH // 2),
        "#\n" * (MAX_LENGTH // 2),
        '"a' * (MAX_LENGTH // 2),
        '"""a' * (MAX_LENGTH // 4),
        '"' + '\\"' * (MAX_LENGTH // 2),
        '{f(a:"' + '\\"' * (MAX_LENGTH // 2),
        '"""' + '\n\\"""' * (MAX_LENGTH // 5),
        '"""\n' + '\\"""\n' * 1_400 + " " * (MAX_LENGTH - 7_000),
        "-" * MAX_LENGTH,
        "1e" * (MAX_LENGTH // 2),
        "\ufeff\r" * (MAX_LENGTH // 2),
    ],
)
def test_no_text_takes_long_to_count(text: str) -> None:
    began = time.process_time()
    has_too_many_tokens(text)
    assert time.process_time() - began < 0.05
