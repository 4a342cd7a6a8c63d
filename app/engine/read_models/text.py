"""Compares text for people in SQL. Names that were stored before input was normalised are normalised here."""

from typing import Any

from sqlalchemy import ColumnElement, case, collate, func, literal, literal_column, select

from app.engine.database.collations import ICU

ACCENTS = "[\u0300-\u036f]"
"""The marks that Unicode's decomposed form writes after a letter."""


def contains_text(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Whether the text of the column contains a text, in upper or lower case of any language."""
    # A subquery is evaluated once for all rows.
    wanted = select(fold_case(literal(text))).scalar_subquery()
    return func.strpos(fold_case(column), wanted) > 0


def fold_case(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """The text without differences of case: ß equals SS, the two small sigmas are equal, and İ contains i."""
    # PostgreSQL has `casefold` since version 18. `lower` alone keeps ß, and `upper` alone keeps the capital ẞ.
    folded = func.normalize(text)
    for function in (func.lower, func.upper, func.lower):
        folded = function(collate(folded, ICU))
    # The dot of a lower case İ, and the sigma that `lower` writes at the end of a word.
    return _shortcut(text, func.translate(func.replace(folded, "i\u0307", "i"), "ς", "σ"))


def base_letters(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """The text in lower case and without accents: what it is sorted by first if the server has no ICU."""
    decomposed = func.normalize(text, literal_column("NFD"))
    letters = func.regexp_replace(decomposed, ACCENTS, "", "g")
    return _shortcut(text, func.lower(collate(letters, ICU)))


def _shortcut(text: ColumnElement[Any], result: ColumnElement[Any]) -> ColumnElement[Any]:
    """The result; for ASCII the same in less time."""
    is_ascii = func.octet_length(text) == func.length(text)
    return case((is_ascii, func.lower(collate(text, ICU))), else_=result)
