"""Text that people enter is one line that people can see, and text that is shown controls nothing."""

import ast
import io
import json
import logging
import time
import unicodedata
from pathlib import Path

import pytest

from app.engine.cli.output import markup
from app.engine.cli.session import print_line
from app.engine.logs import configure_logging, log_fields
from app.engine.settings import ROOT
from app.engine.text import clean_line, escape_text

BAD = {
    "empty": "",
    "spaces": " \u00a0\u3000",
    "line feed": "Tea\nDiscount",
    "line feed at the end": "Tea\n",
    "carriage return": "Tea\rX",
    "tab": "Tea\tX",
    "nul": "Tea\0",
    "escape": "\x1b[31mTea",
    "delete": "Tea\x7f",
    "next line (C1)": "Tea\x85X",
    "CSI (C1)": "Tea\x9b2J",
    "line separator": "Tea\u2028X",
    "paragraph separator": "Tea\u2029X",
    "override": "Tea \u202etxet",
    "embedding": "Tea \u202atext\u202c",
    "isolate": "\u2066Tea\u2069",
    "zero width": "\u200b\u200b",
    "zero width inside": "Te\u200ba",
    "word joiner": "Te\u2060a",
    "byte order mark": "\ufeffTea",
    "only joiners": "\u200d\u200c",
    "only marks": "\u0301\u0301",
    "only variation selectors": "\ufe0f",
    "only a soft hyphen": "\u00ad",
    "only fillers": "\u3164\u115f\u2800",
    "tags": "Tea\U000e0048\U000e0049",
    "half of a pair": "Tea\ud800",
    "no character": "Tea\uffff",
    "annotation": "\ufff9Tea\ufffb",
    "too long": "x" * 201,
}  # fmt: skip
GOOD = (
    "Tea", "Crème brûlée", "日本茶", "שָׁלוֹם", "چای‌سبز", "क्‍ष", "👩‍💻", "❤️",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "100\u00a0g", "a\u200eb", "x" * 200,
)  # fmt: skip


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_text_that_is_not_one_visible_line_is_refused(text: str) -> None:
    assert clean_line(text, 200)[1] is not None


@pytest.mark.parametrize("text", GOOD, ids=ascii)
def test_text_of_any_language_is_taken(text: str) -> None:
    assert clean_line(f" {text}\u3000", 200) == (unicodedata.normalize("NFC", text), None)


def test_a_long_run_of_marks_is_refused_before_it_is_normalised() -> None:
    began = time.process_time()
    assert "60001 characters" in (clean_line("a" + "\u0301\u0316" * 30_000, 200)[1] or "")
    assert time.process_time() - began < 0.5


def test_what_is_shown_controls_no_terminal() -> None:
    assert escape_text("Tea \x1b[2J\x9b\n\u202e\u2028\u200b\ud800") == (
        r"Tea \u001b[2J\u009b\u000a\u202e\u2028\u200b\ud800"
    )
    assert escape_text("a\nb\x1b", keep_lines=True) == "a\nb\\u001b"
    assert escape_text("Crème 👩‍💻 100\u00a0g") == "Crème 👩‍💻 100\u00a0g"
    text = "\U000e0041\x9f\u2066"
    assert json.loads(f'"{escape_text(text)}"') == text
    assert markup("[red]\x1b") == r"\[red]\u001b"


def test_a_printed_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_line("Tea\nok: all is well\x1b[A")
    assert capsys.readouterr().out == "Tea\\u000aok: all is well\\u001b[A\n"


def test_only_one_function_of_the_terminal_prints() -> None:
    prints = {
        (path.name, call.lineno)
        for path in sorted(Path(ROOT / "app" / "engine" / "cli").glob("*.py"))
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
    }
    assert len(prints) == 1, prints
    assert {name for name, _ in prints} == {"session.py"}


@pytest.mark.parametrize("lines", ["text", "json"])
def test_a_log_line_with_what_clients_sent_is_one_line(lines: str, monkeypatch: pytest.MonkeyPatch) -> None:
    output = io.StringIO()
    monkeypatch.setattr("sys.stderr", output)
    configure_logging("info", lines="json" if lines == "json" else "text")
    text = "Tea\n2026-01-01 INFO app all is well\x1b[A\x9b\x7f\u202e"
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger("app.x").exception("said %s", text, extra=log_fields(name=text))
    written = output.getvalue()
    assert not any(character in written for character in "\x1b\x9b\x7f\u202e")
    heads = [line for line in written.splitlines() if line.startswith("2026-01-01 INFO")]
    assert not heads
    assert "\\u001b" in written
