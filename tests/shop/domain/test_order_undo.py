"""Undo and redo of an order's changes: undo restores the state before a change, redo the state after it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.kernel import undo
from domain.kernel.decider import Rejection, SplitEvent
from domain.kernel.undo import NothingToRedo, NothingToUndo, Undoable
from domain.money import Money
from domain.order import (
    AddLine,
    CancelOrder,
    ChangeQuantity,
    Open,
    OpenOrder,
    OrderNotOpen,
    OrderOpened,
    OrderUnknown,
    PlaceOrder,
    RedoChange,
    RemoveLine,
    UndoChange,
    order,
)
from domain.order_lines import (
    Line,
    LineAdded,
    LineRemoved,
    QuantityChanged,
    apply_change,
    inverse_events,
    line_before,
)
from tests.support.scenarios import Scenario

ANN = UUID(int=1)
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
scenario = Scenario(order)


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


opened = OrderOpened(customer_id=ANN)


def test_the_parts_of_a_split_event_that_concern_several_lines_are_undone_one_by_one() -> None:
    tea, jam = (LineAdded(sku=sku, quantity=1, unit_price=euros("3.50")) for sku in ("TEA", "JAM"))
    both = SplitEvent(name="order.filled", version=1, data="{}", events=(tea, jam))
    without_jam, without_tea = LineRemoved(sku="JAM", undoes=2), LineRemoved(sku="TEA", undoes=2)
    scenario.given(opened, both).when(UndoChange()).then(without_jam)
    scenario.given(opened, both, without_jam).when(UndoChange()).then(without_tea)
    scenario.given(opened, both, without_jam, without_tea).when(UndoChange()).then_rejected(NothingToUndo)


def test_an_undo_of_several_events_takes_back_one_part_of_a_split_event_and_a_redo_makes_it_again() -> None:
    old = [LineAdded(sku=sku, quantity=1, unit_price=euros("1.00")) for sku in ("TEA", "JAM")]
    new = tuple(replace(line, quantity=1, unit_price=euros("2.00")) for line in old)
    both = SplitEvent(name="order.repriced", version=1, data="{}", events=new)
    state = order.fold([opened, *old, both])
    assert isinstance(state, Open)
    whole = repeat(state, UndoChange(), NothingToUndo)
    shown = [
        [(line.sku, str(line.unit_price.amount), line.quantity) for line in each.lines] for each in whole
    ]
    assert shown == [
        [("TEA", "2.00", 2), ("JAM", "2.00", 2)],
        [("TEA", "2.00", 2), ("JAM", "1.00", 1)],
        [("TEA", "1.00", 1), ("JAM", "1.00", 1)],
        [("TEA", "1.00", 1)],
        [],
    ]
    again = repeat(whole[-1], RedoChange(), NothingToRedo)
    assert [each.lines for each in again] == [each.lines for each in reversed(whole)]
    [after_one, after_redo] = repeat(whole[1], RedoChange(), NothingToRedo)
    assert (after_one.lines, after_redo.lines) == (whole[1].lines, whole[0].lines)


def open_order() -> Open:
    state = order.fold([opened])
    assert isinstance(state, Open)
    return state


started = open_order()
tea = LineAdded(sku="TEA", quantity=2, unit_price=euros("3.50"))
jam = LineAdded(sku="JAM", quantity=1, unit_price=euros("4.00"))

skus = st.sampled_from(["TEA", "JAM", "MUG", "PIE"])
quantities = st.integers(1, 5)
prices = st.sampled_from(["1.00", "2.00"]).map(euros)
edits: st.SearchStrategy[Any] = st.one_of(
    st.builds(AddLine, line=st.builds(Line, sku=skus, quantity=quantities, unit_price=prices)),
    st.builds(AddLine, line=st.builds(Line, sku=skus, quantity=quantities, unit_price=prices)),
    st.builds(ChangeQuantity, sku=skus, quantity=quantities),
    st.builds(RemoveLine, sku=skus),
)
turns = st.sampled_from([UndoChange(), UndoChange(), RedoChange()])


def after(state: Open, command: Any) -> Open:
    """The open order after the command; the same order if the command is rejected."""
    try:
        state_after = order.fold(order.decide(command, state), state)
    except Rejection:
        return state
    assert isinstance(state_after, Open)
    return state_after


def states_after(commands: Sequence[Any]) -> list[Open]:
    """The opened order, and its state after each command that changed it."""
    states = [started]
    for command in commands:
        following = after(states[-1], command)
        if following != states[-1]:
            states.append(following)
    return states


def lines(states: Sequence[Open]) -> list[tuple[Line, ...]]:
    return [state.lines for state in states]


def refusal(state: Open, command: Any) -> type[Rejection] | None:
    try:
        order.decide(command, state)
    except Rejection as rule:
        return type(rule)
    return None


def repeat(state: Open, command: Any, rule: type[Rejection]) -> list[Open]:
    """The order, and its state after each repeat of the command, until the rule rejects it."""
    states = [state]
    while refusal(states[-1], command) is None:
        states.append(after(states[-1], command))
    assert refusal(states[-1], command) is rule
    return states


@given(st.lists(edits, max_size=25))
def test_undo_goes_back_through_every_state_and_redo_goes_forward_through_the_same_states(
    commands: Sequence[Any],
) -> None:
    states = states_after(commands)
    back = repeat(states[-1], UndoChange(), NothingToUndo)
    assert lines(back) == lines(states)[::-1]
    assert replace(back[-1], edits=states[0].edits) == states[0]
    forth = repeat(back[-1], RedoChange(), NothingToRedo)
    assert lines(forth) == lines(states)


@given(st.lists(st.one_of(edits, edits, turns), max_size=40))
def test_edits_undo_and_redo_in_any_order_behave_as_in_a_text_editor(commands: Sequence[Any]) -> None:
    state = started
    past: list[tuple[Line, ...]] = []
    future: list[tuple[Line, ...]] = []
    for command in commands:
        following = after(state, command)
        match command:
            case UndoChange() if past:
                future.append(state.lines)
                assert following.lines == past.pop()
            case RedoChange() if future:
                past.append(state.lines)
                assert following.lines == future.pop()
            case UndoChange() | RedoChange():
                assert following == state
            case _ if following != state:
                past.append(state.lines)
                future = []
            case _:
                pass
        state = following


@given(st.lists(edits, max_size=20))
def test_every_event_has_an_inverse_of_ordinary_events(commands: Sequence[Any]) -> None:
    state = started
    for command in commands:
        try:
            [event] = order.decide(command, state) or [None]
        except Rejection:
            continue
        if not isinstance(event, LineAdded | LineRemoved | QuantityChanged):
            continue
        now = apply_change(state.lines, event)
        back = now
        for inverse in inverse_events(now, line_before(state.lines, event)):
            assert (inverse.undoes, inverse.redoes) == (None, None)
            back = apply_change(back, inverse)
        assert back == state.lines
        state = after(state, command)


def test_an_undo_event_names_the_change_that_it_undoes() -> None:
    scenario.given(opened, tea, jam).when(UndoChange()).then(LineRemoved(sku="JAM", undoes=3))


def test_a_redo_event_names_the_change_that_it_redoes() -> None:
    undone = LineRemoved(sku="JAM", undoes=3)
    scenario.given(opened, tea, jam, undone).when(RedoChange()).then(replace(jam, redoes=3))
    scenario.given(opened, tea, jam, undone, replace(jam, redoes=3)).when(UndoChange()).then(undone)


def test_a_line_that_comes_back_has_its_price_and_its_place() -> None:
    back = replace(tea, undoes=4, place=0)
    scenario.given(opened, tea, jam, LineRemoved(sku="TEA")).when(UndoChange()).then(back)


def test_a_line_that_had_grown_gets_its_former_quantity_and_price() -> None:
    more = LineAdded(sku="TEA", quantity=3, unit_price=euros("4.50"))
    removed, back = LineRemoved(sku="TEA", undoes=4), replace(tea, undoes=4, place=0)
    scenario.given(opened, tea, jam, more).when(UndoChange()).then(removed, back)
    scenario.given(opened, tea, jam, more, removed, back).when(UndoChange()).then(
        LineRemoved(sku="JAM", undoes=3)
    )


def test_without_a_change_there_is_nothing_to_undo_or_redo() -> None:
    scenario.given(opened).when(UndoChange()).then_rejected(NothingToUndo)
    scenario.given(opened, tea).when(RedoChange()).then_rejected(NothingToRedo)
    scenario.given(opened, tea, LineRemoved(sku="TEA", undoes=2)).when(UndoChange()).then_rejected(
        NothingToUndo
    )


def test_an_event_that_changed_nothing_is_not_undone() -> None:
    same = QuantityChanged(sku="TEA", quantity=2)
    scenario.given(opened, tea, same).when(UndoChange()).then(LineRemoved(sku="TEA", undoes=2))


def test_after_a_new_change_there_is_nothing_to_redo() -> None:
    scenario.given(opened, tea, LineRemoved(sku="TEA", undoes=2), jam).when(RedoChange()).then_rejected(
        NothingToRedo
    )


def test_the_changes_of_a_placed_or_cancelled_order_cannot_be_undone() -> None:
    for ending in (PlaceOrder(at=NOON), CancelOrder(reason="late")):
        ended = (opened, tea, *order.decide(ending, order.fold([opened, tea])))
        for command in (UndoChange(), RedoChange()):
            scenario.given(*ended).when(command).then_rejected(OrderNotOpen)


def test_an_order_that_was_not_opened_has_no_changes() -> None:
    scenario.when(UndoChange()).then_rejected(OrderUnknown)
    scenario.when(RedoChange()).then_rejected(OrderUnknown)


def test_a_history_with_wrong_undo_marks_still_folds() -> None:
    strange: list[Undoable] = [
        LineRemoved(sku="TEA", undoes=9),
        replace(tea, redoes=7),
        LineRemoved(sku="JAM", undoes=2),
    ]
    state = order.fold([opened, *strange])  # type: ignore[list-item]
    assert isinstance(state, Open)
    assert (len(state.lines), state.edits.version) == (1, 4)


def test_the_number_of_changes_that_can_be_undone_is_limited() -> None:
    state = order.decide(OpenOrder(customer_id=ANN), order.initial)
    folded = order.fold(
        [
            *state,
            tea,
            *(
                QuantityChanged(sku="TEA", quantity=3 + n % 2)
                for n in range(undo.CHUNK_SIZE * undo.MAX_CHUNKS + 5)
            ),
        ]
    )
    assert isinstance(folded, Open)
    assert sum(map(len, folded.edits.done)) == undo.CHUNK_SIZE * (undo.MAX_CHUNKS - 1) + 6
    back = repeat(folded, UndoChange(), NothingToUndo)
    assert len(back) == undo.CHUNK_SIZE * (undo.MAX_CHUNKS - 1) + 7
    assert repeat(back[-1], RedoChange(), NothingToRedo)[-1].lines == folded.lines
