"""The checks of `make check` say in one line each what is wrong with the declarations, and end with an error."""

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import project_check
from tests.support.cli import run_python
from tests.support.project_check import run_check, unregistered

CHECKS = ("schema_file", "event_samples", "projection_fingerprints")

BROKEN = """
import os
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import app.composition
import app.engine.settings
from domain.kernel.decider import Decider, Event, event
from domain.kernel.undo import NothingToUndo
from tests.support.toy_counter import Add, Take, tally
from tests.support.toy_samples import SoldFor, toy_decider


@event("toy.soldOut")
class SoldOut(Event):
    pass


def evolve(state: int, event: SoldFor) -> int:
    return state


def undo(command: Add | Take, state: int) -> list[SoldFor]:
    raise NothingToUndo


DECIDERS = {
    "upcast": Decider(category="toy", initial=0, decide=tally.decide, evolve=evolve, rejections=tally.rejections),
    "rejection": replace(tally, decide=undo),
    "category": replace(tally, category="toy"),
    "name": tally,
    "form": toy_decider(SoldOut),
}
case, check, *_ = sys.argv[1:]
if root := os.environ.get("SAMPLES_ROOT"):
    # The check reads and writes the samples below this folder.
    app.engine.settings.ROOT = Path(root)
if case == "name":
    Take.stored = Add.stored
registered = app.composition.application
app.composition.application = replace(registered, deciders=(*registered.deciders, DECIDERS[case]))
runpy.run_module(f"tests.support.{check}", run_name="__main__")
"""

ERRORS = {
    "upcast": "nothing reads toy.sold 1, and there is a version 2: add an upcast from toy.sold 1",
    "rejection": "the decider of tally can raise rules that are not in its rejections: add domain.kernel.undo.NothingToUndo",
    "category": "Added is stored as tally.added: its name must begin with toy.",
    "name": "Add and Take of tally are both stored as tally.add: a stored name is never reused",
}


@pytest.mark.parametrize(
    ("check", "case"),
    [*(("schema_file", case) for case in ERRORS), *((check, "rejection") for check in CHECKS[1:])],
)
def test_a_contradiction_is_one_line_in_each_check(check: str, case: str) -> None:
    result = run_python(BROKEN, case, check)
    assert (result.returncode, result.stderr) == (2, f"error: {ERRORS[case]}\n")


@pytest.mark.parametrize("options", [(), ("--write",)])
def test_a_new_event_with_a_name_of_another_form_gets_no_sample(
    options: tuple[str, ...], tmp_path: Path
) -> None:
    samples = tmp_path / "tests" / "stored"
    samples.mkdir(parents=True)
    result = run_python(BROKEN, "form", "event_samples", *options, SAMPLES_ROOT=str(tmp_path))
    assert (result.returncode, result.stdout, result.stderr) == (
        2,
        "",
        "error: SoldOut of toy is stored as 'toy.soldOut': a stored name is noun.verb, in lower case with hyphens\n",
    )
    assert list(samples.iterdir()) == []


# --- A released aggregate that no register has -------------------------------

BOX = """
from domain.kernel.decider import Decider
from domain.kernel.process import Process
from tests.support.toy_counter import decide, evolve


def fold(state: None, fact: object) -> None:
    return None


{name} = {kind}
"""
DECIDER = 'Decider(category="box", initial=0, decide=lambda command, state: [], evolve=evolve)'
PROCESS = 'Process(category="box", correlate=fold, evolve=lambda state, fact: None, react=fold, status=fold, outcome=fold)'

type Made = Callable[[str], ModuleType]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A package whose module `box` has this value, which another module imports."""
    monkeypatch.syspath_prepend(tmp_path)

    def make(kind: str) -> ModuleType:
        name = f"shelf_{tmp_path.name}_{len(list(tmp_path.iterdir()))}".replace("-", "_")
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "box.py").write_text(BOX.format(name="box", kind=kind))
        (tmp_path / name / "pile.py").write_text(f"from {name}.box import box\n")
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return make


@pytest.mark.parametrize("file", ["box.names.json", "box.filled.1.json"])
@pytest.mark.parametrize(("kind", "register"), [(DECIDER, "DECIDERS"), (PROCESS, "PROCESSES")])
def test_a_released_aggregate_or_process_that_is_declared_and_not_registered_is_named_with_its_register(
    tmp_path: Path, made: Made, file: str, kind: str, register: str
) -> None:
    folder = tmp_path / "stored"
    folder.mkdir()
    (folder / "fingerprints.json").touch()
    package = made(kind)
    assert unregistered((), folder, package) == []
    (folder / file).touch()
    name = package.__name__
    assert unregistered((), folder, package) == [
        f"box has samples in tests/stored, is declared in {name}.box and is in no register: add its line to {register} in {name}/__init__.py"
    ]
    assert unregistered(("box",), folder, package) == []


def test_a_released_aggregate_that_is_not_declared_any_more_needs_more_than_a_line(
    tmp_path: Path, made: Made
) -> None:
    (tmp_path / "lid.names.json").touch()
    assert unregistered((), tmp_path, made(DECIDER)) == []


def test_nothing_else_is_said_while_a_register_lacks_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`make schema` would write a contract without it."""
    monkeypatch.setattr(project_check, "unregistered", lambda registered: ["box is in no register"])
    with pytest.raises(SystemExit) as ended:
        run_check(lambda application: ["run make schema"])
    assert (ended.value.code, capsys.readouterr().err) == (2, "error: box is in no register\n")
