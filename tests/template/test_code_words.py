"""The code is in the words of the READMEs and in short sentences. What a user reads says *event*, not *fact*."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator

import pytest

from app.engine.settings import ROOT
from tests.support.sentences import long_sentences
from tests.template.readmes import REFUSED_WORDS, tracked

FOLDERS = ("app/", "domain/", "projections/")
MODULES = [path for path in tracked() if path.startswith(FOLDERS) and path.endswith(".py")]
ALL_MODULES = [path for path in tracked() if path.endswith(".py")]
FACT = re.compile(r"\bfacts?\b", re.IGNORECASE)
DRAWN = re.compile(r"[─│├└]")
SAID_BY = {"print_line", "echo", "debug", "info", "warning", "error", "exception", "log"}
SAID_AS = {"description", "help", "deprecation_reason"}


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


def paragraphs(source: str) -> Iterator[tuple[int, str]]:
    """The paragraphs and list items of docstrings, and the comments, each in one line. Drawings are left out."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                for paragraph in re.split(r"\n\s*\n|\n\s*(?=[-*] |\w+: )", text):
                    if not DRAWN.search(paragraph):
                        yield node.lineno, " ".join(paragraph.split())
            case _:
                pass
    lines: list[str] = []
    begin = end = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            if token.start[0] != end + 1 or not token.line.lstrip().startswith("#"):
                yield begin, " ".join(lines)
                lines, begin = [], token.start[0]
            lines.append(token.string.lstrip("#: "))
            end = token.start[0]
    yield begin, " ".join(lines)


def said(source: str) -> Iterator[tuple[int, str]]:
    """The errors, the lines that are logged or printed, and the descriptions. A value counts as one word."""
    for node in ast.walk(ast.parse(source)):
        texts: list[ast.expr] = []
        match node:
            case ast.Raise(exc=ast.Call(args=arguments)):
                texts = arguments
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=arguments) if (
                name in SAID_BY
            ):
                texts = arguments
            case ast.keyword(arg=name, value=value) if name in SAID_AS:
                texts = [value]
            case _:
                pass
        for text in texts:
            parts = text.values if isinstance(text, ast.JoinedStr) else [text]
            if any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts):
                yield (
                    text.lineno,
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "VALUE" for part in parts),
                )


@pytest.mark.parametrize("path", ALL_MODULES)
def test_docstrings_comments_and_messages_have_short_sentences(path: str) -> None:
    source = (ROOT / path).read_text()
    texts = [*paragraphs(source), *(said(source) if path in MODULES else ())]
    assert [(line, sentence) for line, text in texts for sentence in long_sentences(text)] == []


LONG = " ".join(["word"] * 21)


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        (f'"""A title.\n\n{LONG}."""', [1]),
        (f'"""A title.\n\n├─ {LONG}."""', []),
        (f"x = 1\n# {LONG[:50]}\n# {LONG[50:]}", [2]),
        (f"# {LONG[:60]}\n\n# {LONG[60:]}", []),
        (f'raise ValueError(f"{{x}} {LONG}")', [1]),
        (f'log.warning("{LONG}")', [1]),
        (f'strawberry.field(description="{LONG}")', [1]),
        (f'text = "{LONG}"', []),
    ],
)
def test_a_long_sentence_is_found(source: str, lines: list[int]) -> None:
    assert [
        line for line, text in (*paragraphs(source), *said(source)) for _ in long_sentences(text)
    ] == lines
