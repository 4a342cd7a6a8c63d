"""What a team registers is complete, and said before a client finds out."""

import tomllib
from dataclasses import replace

import pytest

from app.composition import application
from app.engine.application import Application
from app.engine.errors import UserError
from app.engine.settings import ROOT, EngineSettings
from tests.support.toy_counter import tally


def test_a_rule_that_no_decider_declares_is_named_before_anything_starts() -> None:
    assert Application(settings=EngineSettings, deciders=(tally,)).codec
    undeclared = replace(tally, rejections=())
    with pytest.raises(UserError) as refused:
        _ = Application(settings=EngineSettings, deciders=(undeclared,)).codec
    assert str(refused.value) == (
        "tests.support.toy_counter.TooLittle is a rule that no decider declares: add it to the rejections of its decider,"
        " or remove it"
    )


def test_every_aggregate_is_in_the_contract_that_keeps_aggregates_apart() -> None:
    """A line that this names is added to the contract in `pyproject.toml`."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [apart] = [each for each in contracts if each["name"] == "Aggregates never import each other"]
    of_processes = [process.stream_decider for process in application.processes]
    aggregates = [decider for decider in application.deciders if decider not in of_processes]
    assert {decider.decide.__module__ for decider in aggregates} <= {*apart["modules"]}
