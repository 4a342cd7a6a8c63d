"""Undo with other events in between: every mark is the version in the stream at which the change was made."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, assert_never

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.decider import Command, Decider, Event, SplitEvent, command, event, value
from domain.kernel.undo import Undoable, UndoHistory, record_edit, redo_events, undo_events
from tests.support.scenarios import Scenario


@event("sign.written")
class Written(Undoable):
    text: str


@event("sign.cleaned")
class Cleaned(Event):
    pass


@event("sign.stored")
class Stored(Event):
    pass


@event("sign.hung")
class Hung(Event):
    pass


type SignEvent = Written | Cleaned | Stored | Hung


@value
class InStore:
    text: str = ""


@value
class Hanging:
    text: str = ""
    history: UndoHistory[str] = UndoHistory()


type Sign = InStore | Hanging


def evolve(sign: Sign, event: SignEvent) -> Sign:
    match event, sign:
        case Written(text=text), Hanging():
            return Hanging(text=text, history=record_edit(sign.history, event, sign.text, text))
        case Hung(), InStore(text=text):
            return Hanging(text=text)
        case Stored(), _:
            return InStore(text=sign.text)
        case Cleaned() | Hung() | Written(), _:
            return sign
        case _ as missing:
            assert_never(missing)


@command("sign.write")
class Write(Command):
    text: str


@command("sign.undo")
class Undo(Command):
    pass


@command("sign.redo")
class Redo(Command):
    pass


type SignCommand = Write | Undo | Redo


def decide(command: SignCommand, sign: Sign) -> Sequence[SignEvent]:
    assert isinstance(sign, Hanging)
    match command:
        case Write(text=text):
            return [Written(text=text)]
        case Undo():
            return undo_events(sign.history, lambda text: [Written(text=text)])
        case Redo():
            return redo_events(sign.history, lambda text: [Written(text=text)])


sign: Decider[SignCommand, Sign, SignEvent] = Decider(
    category="sign", initial=InStore(), decide=decide, evolve=evolve
)
signs = Scenario(sign)
hung, cleaned, stored = Hung(), Cleaned(), Stored()
dropped, split = (
    SplitEvent(name="sign.old", version=1, data="{}", events=events) for events in [(), (cleaned, cleaned)]
)
fillers: st.SearchStrategy[list[Any]] = st.lists(st.sampled_from([cleaned, dropped, split]), max_size=3)


def test_an_undo_names_the_version_in_the_stream_if_other_events_come_in_between() -> None:
    history = [hung, cleaned, Written(text="A"), cleaned, Written(text="B"), cleaned]
    signs.given(*history).when(Undo()).then(Written(text="A", undoes=5))
    history = [*history, Written(text="A", undoes=5), cleaned]
    signs.given(*history).when(Undo()).then(Written(text="", undoes=3))
    signs.given(*history).when(Redo()).then(Written(text="B", redoes=5))
    signs.given(*history, Written(text="B", redoes=5), cleaned).when(Undo()).then(Written(text="A", undoes=5))


def test_an_undo_names_the_version_in_the_stream_if_the_history_begins_late() -> None:
    history = [hung, Written(text="A"), stored, cleaned, hung, Written(text="B")]
    signs.given(*history).when(Undo()).then(Written(text="A", undoes=6))
    opened_and_written = SplitEvent(name="sign.old", version=1, data="{}", events=(hung, Written(text="A")))
    signs.given(cleaned, opened_and_written, cleaned).when(Undo()).then(Written(text="", undoes=2))


def test_the_parts_of_a_split_event_that_go_on_from_each_other_are_one_change() -> None:
    a, b, c = Written(text="A"), Written(text="B"), Written(text="C")
    history = [hung, a, SplitEvent(name="sign.old", version=1, data="{}", events=(b, c))]
    taken_back, made_again = Written(text="A", undoes=3), Written(text="C", redoes=3)
    signs.given(*history).when(Undo()).then(taken_back)
    # The undo may also be older than the upcast: it took back the whole event then.
    signs.given(*history, taken_back).when(Undo()).then(Written(text="", undoes=2))
    signs.given(*history, taken_back).when(Redo()).then(made_again)
    signs.given(*history, taken_back, made_again).when(Undo()).then(taken_back)
    to_and_fro = SplitEvent(name="sign.old", version=1, data="{}", events=(b, a))
    signs.given(hung, a, to_and_fro).when(Undo()).then(Written(text="", undoes=2))


@given(st.lists(st.tuples(st.sampled_from([Write(text="A"), Write(text="B"), Undo(), Redo()]), fillers)))
def test_other_split_and_dropped_events_in_between_move_no_mark(
    turns: Sequence[tuple[SignCommand, Sequence[Any]]],
) -> None:
    log: list[Any] = [hung]
    past: list[str] = []
    future: list[str] = []
    for turn, between in turns:
        state = sign.fold(log)
        assert isinstance(state, Hanging)
        assert state.history.version == len(log)
        if (turn, past) == (Undo(), []) or (turn, future) == (Redo(), []):
            continue
        if isinstance(turn, Write) and turn.text == state.text:
            continue
        [decided] = sign.decide(turn, state)
        assert isinstance(decided, Written)
        made = decided.undoes or decided.redoes
        if made is not None:
            assert log[made - 1].undoes is None
            assert log[made - 1].redoes is None
        log += [decided, *between]
        match turn:
            case Write():
                past.append(state.text)
                future = []
            case Undo():
                future.append(state.text)
                assert decided.text == past.pop()
            case Redo():
                past.append(state.text)
                assert decided.text == future.pop()
        cut = len(log) // 2
        assert sign.fold(log[cut:], sign.fold(log[:cut]), cut) == sign.fold(log)


def test_a_state_that_is_folded_on_without_its_version_records_no_wrong_mark() -> None:
    hanging = sign.fold([hung, cleaned])
    assert sign.fold([Written(text="A")], hanging) == sign.fold([hung, cleaned, Written(text="A")])
    for forgotten in (
        lambda: evolve(Hanging(), Written(text="A")),
        lambda: sign.fold([hung, Written(text="A")], sign.fold([cleaned, stored])),
    ):
        with pytest.raises(AssertionError, match="the version of this UndoHistory is not known"):
            forgotten()


@value
class Board:
    parts: tuple[UndoHistory[str], ...] = (UndoHistory(),)


def test_a_history_that_fold_does_not_see_records_nothing() -> None:
    def hidden(board: Board, event: Written) -> Board:
        return Board(parts=(record_edit(board.parts[0], event, "", event.text),))

    board: Decider[Write, Board, Written] = Decider(
        category="sign", initial=Board(), decide=lambda command, board: [], evolve=hidden
    )
    with pytest.raises(AssertionError, match="Make it a field of a phase of the state"):
        board.fold([Written(text="A")])


def test_the_count_of_a_history_is_the_number_of_edits_that_can_be_undone() -> None:
    history = UndoHistory[str](version=0)
    for number in range(250):
        written = Written(text=str(number + 1))
        history = record_edit(replace(history, version=number), written, str(number), written.text)
        assert history.count == number + 1
    [undoing] = undo_events(history, lambda text: [Written(text=text)])
    assert record_edit(replace(history, version=250), undoing, "250", "249").count == 249
