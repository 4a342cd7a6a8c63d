"""What was released stays readable: a changed shape without a new version, or a version without a sample, is named."""

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Literal
from uuid import UUID

import pytest

from app.settings import ROOT
from app.store.codec import Codec, registered
from domain.kernel import AnyDecider, Data, Decider, Event, Upcast, event, value
from tests.stored import check, example, write


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@value
class Part:
    weight: float
    made_of: frozenset[str] = frozenset()


@event("toy.made")
class Made(Event):
    name: str
    parts: tuple[Part, ...]
    colour: Colour | None
    size: Literal["small", "large"]
    where: tuple[int, str]
    stock: Mapping[UUID, int]
    lasts: timedelta


@event("toy.sold")
class Sold(Event):
    price: int


def toy(*event_types: type[Event], upcasts: tuple[Upcast, ...] = ()) -> Codec:
    def evolve(state: int, event: Event) -> int:
        return state

    union: Any = event_types[0]
    for each in event_types[1:]:
        union = union | each
    evolve.__annotations__["event"] = union
    decider: AnyDecider = Decider(
        category="toy", initial=0, decide=lambda command, state: [], evolve=evolve, upcasts=upcasts
    )
    return Codec([decider])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert [path.name for path in write(toy(Made, Sold), tmp_path)] == ["toy.made.1.json", "toy.sold.1.json"]
    assert check(toy(Made, Sold), tmp_path) == []
    return tmp_path


def test_every_event_of_this_project_has_a_sample_in_its_shape_and_every_sample_can_be_read() -> None:
    assert check(registered()) == []


def test_an_event_without_a_sample_is_named_with_what_to_do(tmp_path: Path) -> None:
    assert check(toy(Sold), tmp_path) == [
        "toy.sold 1 has no sample: run make samples and commit what that writes"
    ]


def test_samples_that_are_there_are_not_written_again(folder: Path) -> None:
    path = folder / "toy.sold.1.json"
    path.write_text(path.read_text().replace("3", "4"))
    before = path.read_text()
    assert write(toy(Made, Sold), folder) == []
    assert path.read_text() == before


def changed(**fields: Any) -> type[Event]:
    """toy.made, with other fields, and the version as it was."""
    return event("toy.made")(type("Made", (Event,), {"__annotations__": {**Made.__annotations__, **fields}}))


@value
class Heavy:
    weight: int
    made_of: frozenset[str] = frozenset()


@value
class Bare:
    weight: float
    made_of: frozenset[str]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"colour": Colour}, "colour was"),
        ({"name": int}, 'name was "str" and is "int"'),
        ({"note": str}, "new: note"),
        ({"parts": tuple[Heavy, ...]}, 'parts.weight was "float" and is "int"'),
        ({"parts": tuple[Bare, ...]}, "gone: parts.made_of?; new: parts.made_of"),
        ({"size": Literal["small", "large", "huge"]}, "size was"),
        ({"stock": Mapping[str, int]}, "gone: stock.<UUID>; new: stock.<str>"),
        ({"where": tuple[int, int]}, "where was"),
    ],
)
def test_a_changed_shape_without_a_new_version_is_named_with_what_to_do(
    folder: Path, fields: Any, said: str
) -> None:
    problems = check(toy(changed(**fields), Sold), folder)
    assert problems[0].startswith("toy.made 1 has another shape than its sample (")
    assert said in problems[0]
    assert (
        "give Made version=2, write an Upcast from 1 at the bottom of its file, then run make samples"
        in problems[0]
    )


@event("toy.sold", version=2)
class SoldFor(Event):
    price: int
    currency: str


def in_euros(data: Data) -> Data:
    return data | {"currency": "EUR"}


def test_a_new_version_with_an_upcast_needs_its_sample_and_then_all_is_well(folder: Path) -> None:
    codec = toy(Made, SoldFor, upcasts=(Upcast("toy.sold", 1, in_euros),))
    assert check(codec, folder) == ["toy.sold 2 has no sample: run make samples and commit what that writes"]
    assert [path.name for path in write(codec, folder)] == ["toy.sold.2.json"]
    assert check(codec, folder) == []


def test_the_sample_of_an_older_version_is_not_to_be_removed(folder: Path) -> None:
    codec = toy(Made, SoldFor, upcasts=(Upcast("toy.sold", 1, in_euros),))
    write(codec, folder)
    (folder / "toy.sold.1.json").unlink()
    assert check(codec, folder) == [
        "toy.sold 1 is upcast and has no sample: restore toy.sold.1.json from the history, or write it from a row of es.events"
    ]


def test_an_upcast_that_does_not_read_the_sample_is_named(folder: Path) -> None:
    codec = toy(Made, SoldFor, upcasts=(Upcast("toy.sold", 1),))
    write(codec, folder)
    [problem] = check(codec, folder)
    assert problem.startswith("toy.sold 1 cannot be read any more (Object missing required field `currency`")


def test_an_event_class_that_is_gone_is_named(folder: Path) -> None:
    [problem] = check(toy(Made), folder)
    assert problem.startswith("toy.sold 1 cannot be read any more")
    assert check(toy(Made, upcasts=(Upcast("toy.sold", 1, into=()),)), folder) == []


def test_a_sample_that_was_changed_or_renamed_is_named(folder: Path) -> None:
    made, sold = folder / "toy.made.1.json", folder / "toy.sold.1.json"
    held = json.loads(sold.read_text())
    sold.write_text(json.dumps(held | {"data": {"price": 3, "more": 1}}))
    made.rename(folder / "toy.made.7.json")
    assert check(toy(Made, Sold), folder) == [
        "toy.made.7.json holds toy.made 1: call it toy.made.1.json",
        "toy.made 1 has no sample: run make samples and commit what that writes",
        "toy.sold 1 does not come back as it was stored: restore toy.sold.1.json from the history",
    ]
    sold.write_text("{")
    assert check(toy(Made, Sold), folder)[1].startswith("toy.sold.1.json is no sample (")


BROKEN = """
import runpy

import app.store.codec
from domain.kernel import Decider
from tests.app.test_engine_samples import SoldFor


def evolve(state: int, event: SoldFor) -> int:
    return state


app.store.codec.DECIDERS = (
    Decider(category="toy", initial=0, decide=lambda command, state: [], evolve=evolve),
)
runpy.run_module("tests.stored", run_name="__main__")
"""


def test_the_check_says_in_one_line_that_an_upcast_is_missing() -> None:
    checked = subprocess.run(
        [sys.executable, "-c", BROKEN], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert checked.returncode == 1
    assert checked.stderr.splitlines() == [
        "error: nothing reads toy.sold 1, and there is a version 2: add an upcast from toy.sold 1"
    ]


def test_an_example_has_everything_in_it_that_may_be_there() -> None:
    made = example(Made)
    assert made.colour is Colour.RED
    assert made.parts
    assert made.stock
