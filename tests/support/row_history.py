"""Checks a row history: at every position the rows are the fold of the facts up to it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select

from app.engine.database.connections import Database
from app.engine.projector.slots import LIVE
from app.engine.projector.table import ProjectionTable
from domain.kernel.decider import Recorded
from projections.kernel import VALID_FROM, Key, Projection, rows_as_of


async def history_of(
    database: Database, projection: Projection[Any], slot: str = LIVE
) -> list[tuple[int, int | None, Any]]:
    """All rows of the history: valid from, valid to, and the row."""
    history = ProjectionTable(projection, slot).history
    assert history is not None
    return [
        (valid_from, valid_to, projection.row_from_record(columns))
        for *columns, valid_from, valid_to in await database.fetch(select(history).order_by(VALID_FROM))
    ]


async def rows_at(database: Database, projection: Projection[Any], position: int) -> dict[Key, Any]:
    """The rows as of a position, as queries read them."""
    records = await database.fetch(select(rows_as_of(projection.history_table, position)))
    return {projection.key_of(row): row for row in map(projection.row_from_record, records)}


async def same_at_every_position(
    database: Database,
    projection: Projection[Any],
    facts: Sequence[Recorded[Any]],
    slot: str = LIVE,
    without: Collection[int] = (),
) -> None:
    """From the first position to the last, without the effect of some facts."""
    history = await history_of(database, projection, slot)
    begins: dict[int, list[Any]] = {}
    ends: dict[int, list[Any]] = {}
    for valid_from, valid_to, row in history:
        assert valid_to is None or valid_from < valid_to, row
        begins.setdefault(valid_from, []).append(row)
        if valid_to is not None:
            ends.setdefault(valid_to, []).append(row)
    shown: dict[Key, Any] = {}
    folded: dict[Key, Any] = {}
    for fact in facts:
        for row in ends.get(fact.position, ()):
            assert shown.pop(projection.key_of(row)) == row
        for row in begins.get(fact.position, ()):
            assert projection.key_of(row) not in shown
            shown[projection.key_of(row)] = row
        for part in fact.parts if fact.position not in without else ():
            for key in projection.keys(part):
                folded[key] = projection.fold(key, folded.get(key), part)
                if folded[key] is None:
                    del folded[key]
        assert shown == folded, fact
    middle = facts[len(facts) // 2].position if facts else 0
    for position in {0, 1, middle, len(facts)}:
        expected = {
            projection.key_of(row): row
            for valid_from, valid_to, row in history
            if valid_from <= position and (valid_to is None or valid_to > position)
        }
        assert await rows_at(database, projection, position) == expected
