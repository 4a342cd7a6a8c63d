"""The help of the engine's commands is in the engine's words."""

import pytest

from tests.support.cli import engine_commands
from tests.support.sample_words import sample_words
from tests.support.sentences import long_sentences

TEXTS = [
    pytest.param(text, id=" ".join([path, name]))
    for path, command in engine_commands()
    for name, text in [("", command.help), *((param.name, param.help) for param in command.params)]
]


def test_the_commands_in_groups_are_among_them() -> None:
    assert "python -m app projections retry" in dict(engine_commands())


@pytest.mark.parametrize("text", TEXTS)
def test_a_help_text_is_there_in_short_sentences_and_names_nothing_of_the_sample(text: str | None) -> None:
    assert text
    assert not sample_words(text)
    assert not long_sentences(text)
