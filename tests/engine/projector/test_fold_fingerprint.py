"""A fingerprint changes with the fold and the columns, with all that they lead to, and with nothing else."""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from app.engine.projector.fingerprint import fingerprint
from projections.kernel import AnyProjection, by_stream
from tests.support.projection_fingerprints import check, write
from tests.support.toy_counter import Added, TallyEvent, tally

HELP = '''
    """What the fold leans on."""

    from functools import cache
    from logging import getLogger

    log = getLogger(__name__)

    @cache
    def doubled(amount: int) -> int:
        log.debug("doubled")
        return amount * FACTOR * LIMITS.least

    class Limits:
        least = 1

        def __init__(self, most):
            self.most = most

    FACTOR = 2
    LIMITS = Limits(most=5)
'''
FOLD = '''
    """A read model."""

    from uuid import UUID
    from domain.kernel.decider import Event, event, value
    from projections.kernel import Projection
    from domain_of_the_test import doubled

    NAMES = frozenset({"a", "b", "c"})

    @event("thing.done")
    class Done(Event):
        amount: int

    @value
    class Row:
        id: UUID
        sum: int

    def keys(fact):
        return [(fact.stream_id,)] if isinstance(fact.event, Done) else []

    def fold(key, row, fact):
        """How it is folded."""
        match fact.event:
            case Done(amount=amount) if "a" in NAMES:
                return Row(id=key[0], sum=doubled(amount))
            case _:
                return row

    things = Projection(name="things", version=1, row=Row, key=("id",), keys=keys, fold=fold)
'''


type Make = Callable[..., AnyProjection]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Loads a projection from source: a change is a text, and what stands for it."""
    count = 0

    def load(name: str, source: str) -> ModuleType:
        path = tmp_path / f"{name}_{count}.py"
        path.write_text(dedent(source).lstrip())
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    def make(before: str = "", after: str = "") -> AnyProjection:
        nonlocal count
        count += 1
        assert before in FOLD or before in HELP
        # Both count as ours: the roots of the projection's own modules do.
        load("domain_of_the_test", HELP.replace(before, after) if before else HELP)
        module = load("domain_of_the_test.projection", FOLD.replace(before, after) if before else FOLD)
        return module.things

    return make


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sum=doubled(amount)", "sum=amount"),
        ("amount * FACTOR", "amount * FACTOR + 1"),
        ("FACTOR = 2", "FACTOR = 3"),
        ("least = 1", "least = 2"),
        ("most=5", "most=6"),
        ('"b", "c"', '"b"'),
        ("sum: int", "sum: int | None"),
        ('"thing.done"', '"thing.undone"'),
        ("if isinstance(fact.event, Done) else []", ""),
    ],
)
def test_what_changes_rows_changes_it(made: Make, before: str, after: str) -> None:
    assert fingerprint(made()) != fingerprint(made(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("How it is folded.", "Otherwise said."),
        (
            "case _:\n                return row",
            "case _:\n                # nothing\n                return (row)",
        ),
        ("    def fold(", "\n\n    def fold("),
        ("        amount: int\n", '        amount: int\n        note: str = ""\n'),
        ("version=1", "version=2"),
        ("fold=fold)", 'fold=fold, indexes=(("sum",),))'),
    ],
)
def test_what_does_not_change_rows_does_not(made: Make, before: str, after: str) -> None:
    assert fingerprint(made()) == fingerprint(made(before, after))


def test_an_event_class_without_a_stored_name_changes_nothing(made: Make) -> None:
    assert fingerprint(made("keys(fact):", "keys(fact, of: type[Event] = Event):"))


def test_without_a_fingerprint_of_the_fold_a_warning_says_so(
    made: Make, caplog: pytest.LogCaptureFixture
) -> None:
    deep = (
        "LIMITS = Limits(most=5)",
        "LIMITS = Limits(most=5)\n    for _ in range(9_999): LIMITS = [LIMITS]",
    )
    assert fingerprint(made(*deep)) == fingerprint(made(*deep)) != fingerprint(made())
    assert [record.getMessage() for record in caplog.records] == [
        "projection things: a change of its fold is not noticed: RecursionError: maximum recursion depth exceeded"
    ] * 2


def test_the_events_of_the_decider_of_by_stream_change_it(made: Make) -> None:
    def evolve_added(state: int, event: Added) -> int:
        return state

    def evolve_other(state: int, event: TallyEvent) -> int:
        return state + 1

    def with_keys(evolve: Callable[..., int]) -> str:
        return fingerprint(replace(made(), keys=by_stream(replace(tally, evolve=evolve))))

    assert with_keys(tally.evolve) == with_keys(evolve_other)
    assert with_keys(tally.evolve) != with_keys(evolve_added)


def test_a_change_without_a_new_version_is_named_and_a_new_version_is_written_down(
    made: Make, tmp_path: Path
) -> None:
    file = tmp_path / "fingerprints.json"
    assert check([made()], file) == [
        "things_v1 has no fingerprint: run make samples and commit what that writes"
    ]
    assert write([made()], file) == ["things_v1"]
    assert check([made()], file) == []
    changed = made("sum=doubled(amount)", "sum=amount")
    [said] = check([changed], file)
    assert said.startswith("things_v1: its fold or its columns have changed: give things version 2; ")
    assert write([changed], file) == []
    assert check([changed], file) == [said]
    assert write([made("version=1", "version=2")], file) == ["things_v2"]
