"""Released events and names stay readable. A changed shape without a new version, or without a sample, is an error."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from app.composition import application
from app.engine.store.codec import EventCodec
from domain.kernel.decider import (
    Event,
    Upcast,
    event,
    value,
)
from tests.support.event_samples import check, example, write
from tests.support.event_samples.names import Names, check_names, current_names, refused_names, write_names
from tests.support.toy_samples import Colour, Made, Sold, SoldFor, in_euros, toy_codec, toy_decider


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert [path.name for path in write(toy_codec(Made, Sold), tmp_path)] == [
        "toy.made.1.json",
        "toy.sold.1.json",
    ]
    assert check(toy_codec(Made, Sold), tmp_path) == []
    return tmp_path


def test_every_event_of_this_project_has_a_sample_in_its_shape_and_every_sample_can_be_read() -> None:
    assert check(application.codec) == []


def test_an_event_without_a_sample_is_named_with_what_to_do(tmp_path: Path) -> None:
    assert check(toy_codec(Sold), tmp_path) == [
        "toy.sold 1 has no sample: run make samples and commit what that writes"
    ]


def test_existing_samples_are_not_written_again(folder: Path) -> None:
    path = folder / "toy.sold.1.json"
    path.write_text(path.read_text().replace("3", "4"))
    before = path.read_text()
    assert write(toy_codec(Made, Sold), folder) == []
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
    ("fields", "difference"),
    [
        ({"colour": Colour}, "colour was"),
        ({"name": int}, 'name was "str" and is "int"'),
        ({"note": str}, "new: note"),
        ({"parts": tuple[Heavy, ...]}, 'parts.weight was "float" and is "int"'),
        ({"parts": tuple[Bare, ...]}, "removed: parts.made_of?; new: parts.made_of"),
        ({"size": Literal["small", "large", "huge"]}, "size was"),
        ({"stock": Mapping[str, int]}, "removed: stock.<UUID>; new: stock.<str>"),
        ({"where": tuple[int, int]}, "where was"),
    ],
)
def test_a_changed_shape_without_a_new_version_is_named_with_what_to_do(
    folder: Path, fields: Any, difference: str
) -> None:
    errors = check(toy_codec(changed(**fields), Sold), folder)
    assert errors[0].startswith("toy.made 1 has another shape than its sample (")
    assert difference in errors[0]
    assert (
        "Give Made version=2, and write an Upcast from 1 at the bottom of its file. Then run make samples"
        in errors[0]
    )


def test_a_new_version_with_an_upcast_needs_its_own_sample(folder: Path) -> None:
    codec = toy_codec(Made, SoldFor, upcasts=(Upcast("toy.sold", 1, in_euros),))
    assert check(codec, folder) == ["toy.sold 2 has no sample: run make samples and commit what that writes"]
    assert [path.name for path in write(codec, folder)] == ["toy.sold.2.json"]
    assert check(codec, folder) == []


def test_the_sample_of_an_older_version_is_not_to_be_removed(folder: Path) -> None:
    codec = toy_codec(Made, SoldFor, upcasts=(Upcast("toy.sold", 1, in_euros),))
    write(codec, folder)
    (folder / "toy.sold.1.json").unlink()
    assert check(codec, folder) == [
        "toy.sold 1 is upcast and has no sample: restore toy.sold.1.json from the history, or write it from a row of es.events"
    ]


def test_an_upcast_that_does_not_read_the_sample_is_named(folder: Path) -> None:
    codec = toy_codec(Made, SoldFor, upcasts=(Upcast("toy.sold", 1),))
    write(codec, folder)
    [error] = check(codec, folder)
    assert error.startswith("toy.sold 1 cannot be read any more (Object missing required field `currency`")


def test_an_event_class_that_is_gone_is_named(folder: Path) -> None:
    [error] = check(toy_codec(Made), folder)
    assert error.startswith("toy.sold 1 cannot be read any more")
    assert check(toy_codec(Made, upcasts=(Upcast("toy.sold", 1, into=()),)), folder) == []


def test_a_sample_that_was_changed_or_renamed_is_named(folder: Path) -> None:
    made, sold = folder / "toy.made.1.json", folder / "toy.sold.1.json"
    sample = json.loads(sold.read_text())
    sold.write_text(json.dumps(sample | {"data": {"price": 3, "more": 1}}))
    made.rename(folder / "toy.made.7.json")
    assert check(toy_codec(Made, Sold), folder) == [
        "toy.made.7.json holds toy.made 1: call it toy.made.1.json",
        "toy.made 1 has no sample: run make samples and commit what that writes",
        "toy.sold 1 does not come back as it was stored: restore toy.sold.1.json from the history",
    ]
    sold.write_text("{")
    assert check(toy_codec(Made, Sold), folder)[1].startswith("toy.sold.1.json is no sample (")


def test_an_example_has_a_value_for_every_optional_part() -> None:
    made = example(Made)
    assert made.colour is Colour.RED
    assert made.parts
    assert made.stock


@value
class Percentage:
    number: int

    def __post_init__(self) -> None:
        if self.number < 10:
            raise ValueError("a percentage is at least 10")


def test_a_class_that_refuses_the_example_is_named_with_where_to_give_one() -> None:
    with pytest.raises(
        TypeError, match=r"^Percentage refuses the example \(a percentage is at least 10\): .* EXAMPLES in"
    ):
        example(Percentage)


# --- The form of the names of events and categories ---------------------------

RULE = "a stored name is noun.verb, in lower case with hyphens"


def named(name: str) -> EventCodec:
    """The codec of an aggregate with one event, which is stored as `name`."""
    decider = toy_decider(event(name)(type("Done", (Event,), {})))
    return EventCodec([replace(decider, category=name.split(".")[0])])


def test_every_new_name_of_this_project_is_in_lower_case_with_hyphens(tmp_path: Path) -> None:
    assert refused_names(application.codec, tmp_path) == []


@pytest.mark.parametrize("name", ["toy.checked_in", "toy.checkedIn", "toy.Done", "toy.", "toy.line.added"])
def test_a_new_event_with_a_name_of_another_form_is_refused(tmp_path: Path, name: str) -> None:
    assert refused_names(named(name), tmp_path) == [f"Done of toy is stored as {name!r}: {RULE}"]


@pytest.mark.parametrize("category", ["room_preparation", "roomPreparation", "Room"])
def test_a_new_category_with_a_name_of_another_form_is_refused(tmp_path: Path, category: str) -> None:
    assert refused_names(named(f"{category}.done"), tmp_path) == [
        f"the category {category!r} is part of stored names: {RULE}"
    ]


def test_a_released_name_of_another_form_stays_and_a_new_event_of_its_category_may_come(
    tmp_path: Path,
) -> None:
    write(named("room_preparation.checkedIn"), tmp_path)
    assert refused_names(named("room_preparation.checkedIn"), tmp_path) == []
    assert refused_names(named("room_preparation.checked-out"), tmp_path) == []
    assert len(refused_names(named("room_preparation.checkedOut"), tmp_path)) == 1


# --- The names of commands, calls and notes, and the codes of rejections ------

NAMES = {
    "toy": {
        "command": {"toy.make": "toy.make", "Make": "toy.make", "toy.sell": "toy.sell"},
        "rejection": {"TOY_BROKEN": "TOY_BROKEN"},
    }
}


def with_toy(**kinds: Mapping[str, str]) -> Names:
    return {"toy": {**NAMES["toy"], **kinds}}


@pytest.fixture
def released(tmp_path: Path) -> Path:
    assert write_names(NAMES, tmp_path) == [tmp_path / "toy.names.json"]
    assert check_names(NAMES, tmp_path) == []
    # It is no sample of an event.
    assert check(EventCodec([]), tmp_path) == []
    return tmp_path


def test_every_name_and_code_of_this_project_has_a_line_and_every_line_can_be_read() -> None:
    assert check_names(current_names(application.codec, application.deciders, application.processes)) == []


def test_the_names_of_a_category_are_those_of_its_commands_and_the_codes_of_its_rejections() -> None:
    assert current_names(toy_codec(Sold), [toy_decider(Sold)], ()) == {
        "toy": {
            "command": {"toy.make": "toy.make"},
            "rejection": {"TOY_BROKEN": "TOY_BROKEN", "TOY_LOST": "TOY_LOST"},
        }
    }


def test_a_name_without_a_line_is_named_with_what_to_do_and_samples_add_the_line(released: Path) -> None:
    more = with_toy(call={"toy.ring": "toy.ring"})
    assert check_names(more, released) == [
        "call toy: toy.ring has no line in toy.names.json: run make samples and commit what that writes"
    ]
    assert write_names(more, released) == [released / "toy.names.json"]
    assert check_names(more, released) == []
    assert write_names(more, released) == []


def test_names_that_are_not_written_yet_are_all_named(tmp_path: Path) -> None:
    assert len(check_names(NAMES, tmp_path)) == 4
    assert write_names({}, tmp_path) == []


def test_a_released_name_that_no_class_reads_is_named_and_its_line_stays(released: Path) -> None:
    fewer = with_toy(command={"toy.make": "toy.make", "toy.sell": "toy.sell"})
    for _ in range(2):
        assert check_names(fewer, released) == [
            'command toy: no class reads Make any more: keep its class, or add formerly=("Make",) to the one that takes its place'
        ]
        assert write_names(fewer, released) == []
    assert len(check_names({}, released)) == 4


def test_a_released_code_that_no_rejection_has_is_named_and_its_line_stays(released: Path) -> None:
    renamed = with_toy(rejection={"TOY_IS_BROKEN": "TOY_IS_BROKEN"})
    lost = 'rejection toy: no rule has the code TOY_BROKEN any more: keep its class, or add code="TOY_BROKEN" to the one that takes its place'
    assert check_names(renamed, released) == [
        lost,
        "rejection toy: TOY_IS_BROKEN has no line in toy.names.json: run make samples and commit what that writes",
    ]
    write_names(renamed, released)
    assert check_names(renamed, released) == [lost]


def test_a_stored_name_may_change_and_not_go_to_another_command(released: Path) -> None:
    names = dict.fromkeys(["toy.build", "toy.make", "Make"], "toy.build") | {"toy.sell": "toy.sell"}
    write_names(with_toy(command=names), released)
    assert check_names(with_toy(command=names), released) == []
    assert check_names(with_toy(command=names | {"Make": "toy.sell"}), released) == [
        "command toy: Make is read as toy.sell and was released as toy.make: a stored name is never reused"
    ]


def test_the_names_of_a_category_go_with_its_file(released: Path) -> None:
    (released / "toy.names.json").unlink()
    assert check_names({}, released) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"command": 3}'])
def test_a_damaged_file_is_named_and_not_overwritten(released: Path, text: str) -> None:
    (released / "toy.names.json").write_text(text)
    assert write_names(NAMES, released) == []
    [error] = check_names(NAMES, released)
    assert error.startswith("toy.names.json cannot be read (")
    assert error.endswith("): restore it from the history")
