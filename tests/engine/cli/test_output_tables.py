"""What a table at the terminal shows is whole, however narrow the terminal is."""

import pytest
from rich.console import Console

from app.engine.cli import output as shown

ID = "60eb3a95-2a1a-46b5-a6dd-f247171f5a01"


def printed(monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    console = Console(width=width, force_terminal=True, color_system=None, record=True)
    monkeypatch.setattr(shown, "Console", lambda: console)
    last = (
        "a note that says a lot, word after word, and then some more words until it is longer than any line"
    )
    shown.print_table(
        ("process", "id", "state", "status", "last"), [("fulfilment", ID, "stuck", "paying", last)]
    )
    return console.export_text()


@pytest.mark.parametrize("width", [40, 80, 200])
def test_only_the_last_column_gives_way(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    said = printed(monkeypatch, width)
    assert "…" not in said
    for word in ("fulfilment", ID, "stuck", "paying", "process", "state", "status"):
        assert word in said
    assert all(word in said for word in ("longer", "line"))
