"""A scenario takes the commands and events of its own aggregate only: the type checker refuses any other."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from app.engine.settings import ROOT

EXAMPLE = """
from domain.kernel.decider import Command, Event, command, event
from tests.support.scenarios import Scenario
from tests.support.toy_counter import Add, Added, tally


@command("other.do")
class Other(Command):
    pass


@event("other.done")
class OtherDone(Event):
    pass


Scenario(tally).given(Added(amount=1)).when(Add(amount=1)).then(Added(amount=1))
Scenario(tally).when(Other())
Scenario(tally).given(OtherDone())
Scenario(tally).when(Add(amount=1)).then(OtherDone())
"""


@pytest.mark.long
def test_a_command_or_event_of_another_aggregate_is_a_type_error(tmp_path: Path) -> None:
    example = tmp_path / "example.py"
    example.write_text(EXAMPLE)
    result = subprocess.run(
        [Path(sys.executable).parent / "basedpyright", "--outputjson", example],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    errors = [
        diagnostic
        for diagnostic in json.loads(result.stdout)["generalDiagnostics"]
        if diagnostic["severity"] == "error"
    ]
    wrong_lines = [
        number
        for number, line in enumerate(EXAMPLE.splitlines())
        if "Other()" in line or "OtherDone())" in line
    ]
    assert [error["range"]["start"]["line"] for error in errors] == wrong_lines, errors
    assert {error["rule"] for error in errors} == {"reportArgumentType"}
