"""Finds the sentences of a text that are too long for readers whose first language is another."""

import re

MAX_SENTENCE_WORDS = 20


def sentences(paragraph: str) -> list[str]:
    """The sentences of a paragraph. Code in backticks counts as one word, and a link as its text."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", paragraph)
    plain = re.sub(r"`[^`]*`", "CODE", plain).replace("**", "")
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", plain) if sentence]


def long_sentences(paragraph: str) -> list[str]:
    """Those with more than `MAX_SENTENCE_WORDS` words."""
    return [sentence for sentence in sentences(paragraph) if len(sentence.split()) > MAX_SENTENCE_WORDS]
