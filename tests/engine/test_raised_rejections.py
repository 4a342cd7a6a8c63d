"""The rules that a decider can raise are found in its code, wherever they are declared and raised."""

from collections.abc import Callable, Sequence
from functools import cache, partial, wraps
from typing import Any

import pytest

from app.composition import application
from domain.kernel import undo
from domain.kernel.decider import AnyDecider, Decider, Rejection, value
from domain.kernel.undo import NothingToRedo, NothingToUndo
from tests.support.raised_rejections import raised_rejections
from tests.support.toy_counter import tally

type Decide = Callable[[Any, Any], Sequence[Any]]


class First(Rejection):
    """The first rule."""


class Second(Rejection):
    """The second rule."""


class Grouped(Rejection):
    """It groups rules."""


class Third(Grouped):
    """The third rule."""


def refuse(rule: type[Rejection]) -> None:
    raise rule


def refuse_twice(place: int) -> None:
    if place:
        raise Second
    refuse(First)


def through_an_attribute(command: Any, state: Any) -> Sequence[Any]:
    raise undo.NothingToUndo


def under_a_condition(command: Any, state: Any) -> Sequence[Any]:
    raise First if command.place.number else undo.NothingToRedo


def with_an_argument(command: Any, state: Any) -> Sequence[Any]:
    raise First(command.place.number)


def as_an_argument(command: Any, state: Any) -> Sequence[Any]:
    refuse(Second)
    return []


def through_functions(command: Any, state: Any) -> Sequence[Any]:
    refuse_twice(1)
    return []


def in_a_lambda(command: Any, state: Any) -> Sequence[Any]:
    return command.place.map(lambda number: refuse(First))


def in_an_inner_function(command: Any, state: Any) -> Sequence[Any]:
    def check() -> None:
        raise First

    check()
    return [refuse(rule) for rule in (Second,)]


def made_with(rule: type[Rejection]) -> Decide:
    def decide(command: Any, state: Any) -> Sequence[Any]:
        raise rule

    return decide


def decorated(function: Decide) -> Decide:
    @wraps(function)
    def decide(command: Any, state: Any) -> Sequence[Any]:
        return function(command, state)

    return decide


RULES: dict[str, Sequence[Any]] = {"first": (First,), "second": [lambda: refuse(Second)]}


def through_a_collection(command: Any, state: Any) -> Sequence[Any]:
    raise RULES[command][0]


@value
class Rule:
    holds: bool
    rejection: type[Rejection]


RULE = Rule(holds=False, rejection=First)


def through_a_record(command: Any, state: Any) -> Sequence[Any]:
    raise RULE.rejection


@value
class Phase:
    def check(self) -> None:
        raise First

    @property
    def size(self) -> int:
        raise Second

    def __add__(self, other: int) -> int:
        raise Third

    def is_not_called(self) -> None:
        raise NothingToUndo


def through_a_class(command: Any, state: Any) -> Sequence[Any]:
    match state:
        case Phase():
            state.check()
            return [state.size, state + 1]
        case _:
            return []


@cache
def checked(place: int) -> None:
    raise First


def through_wrappers(command: Any, state: Any) -> Sequence[Any]:
    checked(1)
    BOUND()
    return []


BOUND = partial(refuse, Second)


def through_another_decider(command: Any, state: Any) -> Sequence[Any]:
    return [tally.category]


def rejected_group(command: Any, state: Any) -> Sequence[Any]:
    raise Grouped


def catching(command: Any, state: Any) -> Sequence[Any]:
    try:
        refuse(First)
        refuse(undo.NothingToUndo)
        refuse_twice(command.place.number)
    except undo.NothingToUndo:
        return []
    except (NothingToRedo, First):
        return []
    return []


@pytest.mark.parametrize(
    ("decide", "rules"),
    [
        (through_an_attribute, {NothingToUndo}),
        (under_a_condition, {First, NothingToRedo}),
        (with_an_argument, {First}),
        (as_an_argument, {Second}),
        (through_functions, {First, Second}),
        (in_an_inner_function, {First, Second}),
        (made_with(Third), {Third}),
        (decorated(through_functions), {First, Second}),
        (in_a_lambda, {First}),
        (through_a_collection, {First, Second}),
        (through_a_record, {First}),
        (through_a_class, {First, Second, Third}),
        (through_wrappers, {First, Second}),
        (through_another_decider, set[Any]()),
        (rejected_group, set[Any]()),
        (catching, {Second}),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_the_rules_are_those_that_the_code_of_decide_leads_to(decide: Decide, rules: set[Any]) -> None:
    decider = Decider[Any, Any, Any](
        category="toy", initial=0, decide=decide, evolve=lambda state, event: state
    )
    assert raised_rejections(decider) == rules


@pytest.mark.parametrize("decider", application.deciders, ids=lambda decider: decider.category)
def test_no_decider_of_this_project_raises_a_rule_that_it_does_not_declare(decider: AnyDecider) -> None:
    assert raised_rejections(decider) <= {*decider.rejections}
