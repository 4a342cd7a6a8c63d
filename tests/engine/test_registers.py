"""What a team registers is complete, and said before a client finds out."""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.composition import application
from app.engine.application import Application
from app.engine.errors import ConfigurationError, UserError
from app.engine.graphql.schema import build_schema
from app.engine.settings import ROOT, EngineSettings
from app.engine.store.stored_names import classes_by_name
from domain.kernel.decider import AnyDecider, Command, Event, Rejection, command, event
from domain.kernel.process import Call, call
from domain.kernel.undo import NothingToRedo, NothingToUndo
from tests.support.raised_rejections import undeclared_rejections
from tests.support.toy_counter import Added, TallyCommand, TooLittle, tally


def error_of(*deciders: AnyDecider) -> str:
    with pytest.raises(UserError) as refused:
        _ = Application(settings=EngineSettings, deciders=deciders).codec
    return str(refused.value)


def test_a_rule_that_a_decider_can_raise_and_does_not_declare_is_named() -> None:
    assert undeclared_rejections([tally]) == []
    assert undeclared_rejections([replace(tally, rejections=())]) == [
        "the decider of tally can raise rules that are not in its rejections: add tests.support.toy_counter.TooLittle"
    ]


def undo_or_redo(command: TallyCommand, state: int) -> Sequence[Added]:
    if state:
        raise NothingToUndo
    raise NothingToRedo


def test_a_rule_of_the_kernel_counts_and_all_are_named_in_one_line() -> None:
    """A decider in another file declares them, which does not help this one."""
    undoable = replace(tally, decide=undo_or_redo, rejections=(TooLittle,))
    declared = replace(undoable, category="other", rejections=(NothingToRedo, NothingToUndo))
    assert undeclared_rejections([undoable, declared]) == [
        "the decider of tally can raise rules that are not in its rejections: add domain.kernel.undo.NothingToRedo,"
        " domain.kernel.undo.NothingToUndo"
    ]


def test_the_sample_declares_every_rule_that_it_can_raise() -> None:
    assert undeclared_rejections(application.deciders) == []


class NeverRaised(Rejection):
    """No code names this rule."""


def decide_nothing(command: TallyCommand, state: int) -> Sequence[Added]:
    return []


def test_a_rule_in_the_file_of_a_decider_that_no_decider_declares_is_named() -> None:
    assert error_of(replace(tally, decide=decide_nothing)) == (
        "tests.engine.test_registers.NeverRaised is a rule that no decider declares: add it to the rejections of its"
        " decider, or remove it"
    )


class RenamedByHand(Rejection):
    """A subclass gives its code when it is declared."""

    code = "OLD_NAME"  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride] - the mistake


def test_a_rule_with_a_code_of_its_own_is_told_how_to_declare_it() -> None:
    assert error_of(replace(tally, decide=decide_nothing, rejections=(NeverRaised, RenamedByHand))) == (
        "tests.engine.test_registers.RenamedByHand has an attribute code: declare it as"
        " class RenamedByHand(Rejection, code=…)"
    )


def record_with(base: type, declare: Callable[[type], Any], *names: str) -> Any:
    """A class of events or commands with fields of these names."""
    return declare(type("Raised", (base,), {"__annotations__": dict.fromkeys(names, str)}))


def with_event(event_type: Any) -> AnyDecider:
    def evolve(state: int, event: Added) -> int:
        return state

    evolve.__annotations__["event"] = event_type
    return replace(tally, evolve=evolve)


def test_a_field_of_an_event_that_hides_its_stored_name_is_named() -> None:
    raised = record_with(Event, event("tally.raised"), "stored")
    assert (
        error_of(with_event(raised)) == "Raised of tally has the field stored, as Event has: rename the field"
    )


@pytest.mark.parametrize(
    ("base", "declare", "name"),
    [
        (Command, command("tally.raise"), "stored"),
        (Call, call("tally.raise"), "stored"),
        (Call, call("tally.raise"), "retry_seconds"),
    ],
)
def test_a_field_of_a_command_or_call_that_hides_what_its_base_declares_is_named(
    base: type, declare: Callable[[type], type], name: str
) -> None:
    with pytest.raises(UserError) as refused:
        classes_by_name("tally", base, [record_with(base, declare, name)])
    assert str(refused.value) == (
        f"Raised of tally has the field {name}, as {base.__name__} has: rename the field"
    )


@pytest.mark.parametrize("name", ["type", "actor", "stream_id", "streamId", "on_behalf_of", "caused_by"])
def test_a_field_of_an_event_that_every_event_has_in_graphql_is_named(name: str) -> None:
    raised = record_with(Event, event("tally.raised"), name)
    with pytest.raises(ConfigurationError) as refused:
        build_schema((), (with_event(raised),))
    assert str(refused.value) == (
        f"Raised has the field {name}, as every event of the API has: rename the field"
    )


def test_two_fields_with_one_name_in_graphql_are_named() -> None:
    raised = record_with(Event, event("tally.raised"), "two_words", "twoWords")
    with pytest.raises(ConfigurationError) as refused:
        build_schema((), (with_event(raised),))
    assert str(refused.value) == (
        "the fields two_words and twoWords of the GraphQL type TallyRaised are both twoWords: rename one of them"
    )


def test_every_aggregate_is_in_the_contract_that_keeps_aggregates_apart() -> None:
    """A line that this names is added to the contract in `pyproject.toml`."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [apart] = [each for each in contracts if each["name"] == "Aggregates never import each other"]
    of_processes = [process.stream_decider for process in application.processes]
    aggregates = [decider for decider in application.deciders if decider not in of_processes]
    assert {decider.decide.__module__ for decider in aggregates} <= {*apart["modules"]}
