"""The code is in the words of the READMEs, and what a user reads says *event*, not *fact*."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from app.engine.settings import ROOT
from tests.template.readmes import REFUSED_WORDS, tracked

FOLDERS = ("app/", "domain/", "projections/")
MODULES = [path for path in tracked() if path.startswith(FOLDERS) and path.endswith(".py")]
FACT = re.compile(r"\bfacts?\b", re.IGNORECASE)


def prose(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of a module, each with its line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield node.lineno, text
            case _:
                pass
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def strings(source: str) -> Iterator[tuple[int, str]]:
    """The other strings of a module, and the constant parts of formatted ones: errors, logs, help, descriptions, SQL."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield node.lineno, text
            case _:
                pass


def refused(source: str) -> list[tuple[int, str]]:
    """The lines with a word that the code does not use."""
    found = [
        (line, match[0])
        for texts, words in ((prose, REFUSED_WORDS), (strings, REFUSED_WORDS), (strings, FACT))
        for line, text in texts(source)
        for match in words.finditer(text)
    ]
    return sorted(found)


@pytest.mark.parametrize("path", MODULES)
def test_a_module_has_no_refused_word(path: str) -> None:
    assert refused((ROOT / path).read_text()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""Whoever reads a fact."""', ["Whoever"]),
        ("# A table is built anew from its facts.", ["anew"]),
        ('raise ValueError(f"{name}: the fact is lost")', ["fact"]),
        ('help = "Mend it."', ["Mend"]),
        ("fact = whatever()", []),
    ],
)
def test_words_count_in_prose_and_strings_and_a_fact_in_strings_only(source: str, found: list[str]) -> None:
    assert [word for _, word in refused(source)] == found
