"""Pure functions route facts to their keys and fold around parked keys. They leave their arguments as they are."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.engine.projector.parking.folding import Folded, fold, route
from app.engine.projector.parking.parked_keys import ParkedKeys, ParkedStream, UnreadableCount
from domain.kernel.decider import Recorded, SplitEvent, UnreadableEvent
from projections.kernel import Projection
from tests.support.scenarios import fact
from tests.support.toy_counter import Added, TallyRow, keys, tallies
from tests.support.toy_counter import fold as fold_tally

POISON = "poison"


class Broken(Exception):
    """What the folds of this file raise."""


def breaks_at_poison(key: tuple[UUID], row: TallyRow | None, given: Recorded[Any]) -> TallyRow | None:
    if given.event.note == POISON:
        raise Broken
    return fold_tally(key, row, given)


def fold_new(history: Sequence[Recorded[Any]], parked: ParkedKeys) -> Folded:
    """Fold into a table without rows. The parked keys given are never changed."""
    before = parked.copy()
    routed = route(history, parked)
    folded = fold(routed, dict.fromkeys(routed.keys))
    assert parked == before
    return folded


def added(*notes: str, stream: UUID) -> list[Recorded[Any]]:
    return [fact(Added(amount=n, note=note), position=n, stream=stream) for n, note in enumerate(notes, 1)]


def test_a_key_is_parked_from_the_fact_that_raises_and_keeps_the_row_before_it() -> None:
    stream = uuid4()
    broken = replace(tallies, fold=breaks_at_poison)
    folded = fold_new(added("", "", POISON, "", stream=stream), ParkedKeys(projection=broken))
    assert {key: row.sum for key, row in folded.rows.items()} == {(stream,): 3}
    assert folded.parked.positions == {(stream,): 3}
    [entry] = folded.parked.unsaved.values()
    assert (entry.item, entry.position, entry.error) == ((stream,), 3, f"{__name__}.Broken")
    assert "breaks_at_poison" in entry.traceback


def test_a_parked_key_is_not_folded_any_further() -> None:
    stream = uuid4()
    parked = ParkedKeys(projection=tallies, positions={(stream,): 2})
    folded = fold_new(added("", "", "", stream=stream), parked)
    assert [row.sum for row in folded.rows.values()] == [1]
    assert folded.parked is parked


def test_each_change_of_a_row_is_returned_if_the_projection_keeps_its_history() -> None:
    stream = uuid4()
    history = added("", "", stream=stream)
    changes = fold_new(history, ParkedKeys(projection=tallies)).changes
    assert [(key, position, row.sum) for key, position, row in changes] == [
        ((stream,), 1, 1),
        ((stream,), 2, 3),
    ]
    assert fold_new(history, ParkedKeys(projection=replace(tallies, history=False))).changes == []


def test_only_the_keys_that_are_wanted_are_folded() -> None:
    one, two = uuid4(), uuid4()
    history = [fact(Added(amount=1), position=n, stream=stream) for n, stream in enumerate((one, two), 1)]
    folded = fold_new(history, ParkedKeys(projection=tallies, restricted_to={(two,)}))
    assert list(folded.rows) == [(two,)]


def test_an_unreadable_event_without_a_key_is_counted_once() -> None:
    unreadable = UnreadableEvent(name="elsewhere.melted", version=7, data="{}", problem="unknown")
    history = [replace(fact(unreadable, position=n), category="elsewhere") for n in (1, 2)]
    broken = replace(tallies, fold=breaks_at_poison)
    # The second fact parks its key, so that all are routed again.
    history.append(fact(Added(amount=1, note=POISON), position=3))
    folded = fold_new(history, ParkedKeys(projection=broken))
    assert folded.parked.unreadable == {"elsewhere.melted v7": UnreadableCount(count=2, first=1, last=2)}


def test_a_fact_that_is_skipped_is_left_out_for_its_key_alone() -> None:
    one, two = uuid4(), uuid4()
    history = [
        fact(Added(amount=n), position=n, stream=stream)
        for n, stream in enumerate((one, two, one, two), start=1)
    ]
    skipped = {((one,), 3), (ParkedStream("tally", two), 2)}
    folded = fold_new(history, ParkedKeys(projection=tallies, skipped=skipped))
    assert {key: row.sum for key, row in folded.rows.items()} == {(one,): 1, (two,): 4}
    assert folded.parked.positions == {}


@pytest.mark.parametrize("where", ["fold", "keys"])
def test_a_fact_that_was_split_counts_whole_or_not_at_all(where: str) -> None:
    """Its second part raises: the first does not count, either."""
    stream = uuid4()

    def raises_at_poison(given: Recorded[Any]) -> Any:
        if given.event.note == POISON:
            raise Broken
        return keys(given)

    parts = SplitEvent(
        name="tally.both", version=1, data="{}", events=(Added(amount=5), Added(amount=1, note=POISON))
    )
    events = (Added(amount=1), parts, Added(amount=1))
    history = [
        replace(fact(event, position=n, stream=stream), category="tally")
        for n, event in enumerate(events, start=1)
    ]
    broken = (
        replace(tallies, fold=breaks_at_poison)
        if where == "fold"
        else replace(tallies, keys=raises_at_poison)
    )
    folded = fold_new(history, ParkedKeys(projection=broken))
    assert folded.rows[(stream,)].sum == 1
    assert folded.parked.positions == {((stream,) if where == "fold" else ParkedStream("tally", stream)): 2}


def test_a_fact_of_several_keys_parks_the_one_that_raises_and_counts_for_the_others() -> None:
    good, bad = UUID(int=1), UUID(int=2)

    def breaks_for_one(key: tuple[UUID], row: TallyRow | None, given: Recorded[Any]) -> TallyRow | None:
        if key == (bad,) and given.position == 2:
            raise Broken
        return fold_tally(key, row, given)

    both: Projection[TallyRow] = replace(tallies, keys=lambda _: [(bad,), (good,)], fold=breaks_for_one)
    folded = fold_new([fact(Added(amount=n), position=n) for n in (1, 2, 3)], ParkedKeys(projection=both))
    assert {key: row.sum for key, row in folded.rows.items()} == {(bad,): 1, (good,): 6}
    assert folded.parked.positions == {(bad,): 2}


def test_a_key_that_cannot_be_stored_parks_its_stream() -> None:
    stream = uuid4()
    endless = replace(tallies, keys=lambda _: [("\0" * 5_000,)], fold=breaks_at_poison)
    folded = fold_new(added(POISON, stream=stream), ParkedKeys(projection=endless))
    assert folded.rows == {}
    assert folded.parked.positions == {ParkedStream("tally", stream): 1}
