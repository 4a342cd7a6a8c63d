"""What a team registers is complete, and said before a client finds out."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace

import pytest

from app.composition import application
from app.engine.application import Application
from app.engine.errors import UserError
from app.engine.settings import ROOT, EngineSettings
from domain.kernel.decider import AnyDecider, Rejection
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


def test_every_aggregate_is_in_the_contract_that_keeps_aggregates_apart() -> None:
    """A line that this names is added to the contract in `pyproject.toml`."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [apart] = [each for each in contracts if each["name"] == "Aggregates never import each other"]
    of_processes = [process.stream_decider for process in application.processes]
    aggregates = [decider for decider in application.deciders if decider not in of_processes]
    assert {decider.decide.__module__ for decider in aggregates} <= {*apart["modules"]}
