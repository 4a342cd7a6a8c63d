"""Folds facts into rows, and leaves out the keys and streams that are parked.

The functions are pure. They park a key or a stream if the projection's code raises.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from app.engine.projector.parking.parked_keys import NO_POSITION, ParkedKeys, ParkedStream
from app.engine.projector.table import RowChange
from app.engine.store.reader import Fact
from domain.kernel.decider import SplitEvent, UnreadableEvent
from projections.kernel import AnyProjection, Key

type KeyedFact = tuple[Fact, Sequence[Key]]
"""A fact, or a part of a split one, and the keys that it concerns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Facts with the keys that they concern. `parked` includes what routing has parked."""

    facts: Sequence[Fact]
    keyed: Sequence[KeyedFact]
    keys: Set[Key]
    unreadable: Sequence[Fact]
    parked: ParkedKeys

    @property
    def changes_nothing(self) -> bool:
        """Whether the checkpoint may stay behind: no row is concerned, and a retry has no waiting fact to fold."""
        return not (self.keyed or self.unreadable or self.parked.positions or self.parked.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The rows after the facts, None for no row.

    `changes` has each change of a row on the way, if the projection keeps a history.
    """

    rows: dict[Key, Any]
    changes: list[RowChange]
    keyed: Sequence[KeyedFact]
    parked: ParkedKeys


def route(facts: Sequence[Fact], parked: ParkedKeys) -> Routed:
    """Find the keys of the facts, without those that are parked or skipped."""
    before = parked
    keyed: list[KeyedFact] = []
    wanted: set[Key] = set()
    unreadable: list[Fact] = []
    keys_of = parked.projection.keys
    for fact in facts:
        has_exclusions = parked.positions or parked.skipped
        if has_exclusions and parked.excludes(ParkedStream(fact.category, fact.stream_id), fact.position):
            continue
        try:
            for part in fact.parts if isinstance(fact.event, SplitEvent) else (fact,):
                all_keys = keys = keys_of(part)
                if has_exclusions or parked.restricted_to is not None:
                    keys = [key for key in all_keys if not parked.excludes(key, fact.position)]
                wanted.update(keys)
                if keys:
                    keyed.append((part, keys))
                elif not all_keys and isinstance(part.event, UnreadableEvent):
                    unreadable.append(part)
        except Exception as error:
            # The team's code may raise any error: the fact's stream waits, all others continue.
            while keyed and keyed[-1][0].position == fact.position:
                keyed.pop()
            parked = parked.copy() if parked is before else parked
            parked.park_stream(fact, error)
    return Routed(facts=facts, keyed=keyed, keys=wanted, unreadable=unreadable, parked=parked)


def fold(routed: Routed, rows: Mapping[Key, Any]) -> Folded:
    """Fold the facts into the rows of their keys, which `rows` has for each of them. The parked keys are the same object
    if nothing was parked or counted."""
    while True:
        after = {key: rows[key] for key in routed.keys}
        changes: list[RowChange] = []
        parked, is_complete = _fold_once(routed, after, changes)
        if is_complete:
            return Folded(
                rows=after,
                changes=changes,
                keyed=routed.keyed,
                parked=parked.with_unreadable(routed.unreadable) if routed.unreadable else parked,
            )
        routed = route(routed.facts, parked)


def _fold_once(routed: Routed, rows: dict[Key, Any], changes: list[RowChange]) -> tuple[ParkedKeys, bool]:
    """Change `rows` and `changes`. False if a fact took effect in part, which it must not: then park and begin again."""
    before = parked = routed.parked
    fold_row, keeps_history = parked.projection.fold, parked.projection.history
    for fact, keys in routed.keyed:
        for key in keys:
            if parked.positions and parked.positions.get(key, NO_POSITION) <= fact.position:
                continue
            try:
                row = fold_row(key, previous := rows[key], fact)
            except Exception as error:
                # The team's code may raise any error: this key waits, all others continue.
                parked = parked.copy() if parked is before else parked
                is_whole = (
                    sum(some.count(key) for part, some in routed.keyed if part.position == fact.position) == 1
                )
                if not (parked.park(key, fact, error) and is_whole):
                    return parked, False
                continue
            rows[key] = row
            if keeps_history and row != previous:
                changes.append((key, fact.position, row))
    return parked, True


def fold_key(projection: AnyProjection, key: Key, row: Any, keyed: Sequence[KeyedFact]) -> Any:
    """The row of one key after the facts that concern it. Raises what the projection's code raises."""
    for fact, keys in keyed:
        for _ in range(keys.count(key)):
            row = projection.fold(key, row, fact)
    return row
