"""The lines of `.env.example`, which show a variable with its default."""

import re

from app.engine.settings import ROOT

VARIABLE = "[A-Z][A-Z0-9_]*"
"""A pattern for the name of a variable."""
TEXT = (ROOT / ".env.example").read_text()


def described_variables(text: str = TEXT) -> dict[str, str]:
    """The description above each variable, with the name of the variable."""
    return dict(re.findall(rf"^# (.*)\n# ({VARIABLE})=", text, re.MULTILINE))


def defaults(text: str = TEXT) -> list[tuple[str, str]]:
    """Each variable with its default."""
    return re.findall(rf"^# ({VARIABLE})=(.*)$", text, re.MULTILINE)
