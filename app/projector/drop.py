"""Removes tables that nobody reads any more: former and abandoned ones, those of older versions, and those of a moment of the past."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.database import DRIVER_ERRORS, Database
from app.lease import attempt
from app.projector.operation import NotPossible, Why
from app.projector.slots import LIVE, SCHEMAS, STAGING, lease, table_name, table_names
from app.projector.swap import LOCK_MILLISECONDS, TRIES, blocked, forget

type Place = tuple[str, int, str]
"""Projection, version, slot."""


async def drop(
    database: Database,
    current: Mapping[str, int],
    name: str,
    *,
    version: int | None = None,
    slot: str | None = None,
) -> Sequence[str]:
    """Drop what stands beside the live table of projection `name`, or all of another `version`, or the table apart that is
    called `name`. `current` has the versions of this code. Gives the names of the tables. Raises `NotPossible`."""
    try:
        async with database.direct.connect() as connection:
            places = _chosen(await _places(connection), current, name, version, slot)
            for place in places:
                await _claim(connection, place)
            for place in places:
                await _drop(connection, place)
            return [_shown(place) for place in places]
    except DRIVER_ERRORS as problem:
        raise NotPossible(
            f"{str(problem).splitlines()[0]}; the live table is as it was: try again"
        ) from problem


def _chosen(
    places: Sequence[Place], current: Mapping[str, int], name: str, version: int | None, slot: str | None
) -> Sequence[Place]:
    apart = [place for place in places if place[2] == name and place[2] not in SCHEMAS]
    if apart and name not in current:
        if slot is not None:
            raise NotPossible(f"{name} is a table apart, in no slot: drop it by its name alone", Why.MISSING)
        return apart
    versions = sorted(
        {place[1] for place in places if place[0] == name}
        | {number for known, number in current.items() if known == name}
    )
    if not versions:
        raise NotPossible(
            f"there is no projection and no table {name}; there are {_listed(places, current)}", Why.UNKNOWN
        )
    wanted = version if version is not None else current.get(name, versions[-1])
    if wanted not in versions:
        raise NotPossible(
            f"{name} has no version {wanted}; there are {', '.join(map(str, versions))}", Why.UNKNOWN
        )
    this = wanted == current.get(name)
    if this and slot == LIVE:
        raise NotPossible(f"{name} v{wanted} is what this code reads: its live table stays", Why.IN_USE)
    found = [
        place
        for place in places
        if place[:2] == (name, wanted)
        and place[2] in SCHEMAS
        and (slot is None or place[2] == slot)
        and not (this and place[2] == LIVE)
    ]
    if not found:
        raise NotPossible(
            f"{name} v{wanted} has {'nothing beside its live table' if slot is None else f'no {slot} table'}",
            Why.MISSING,
        )
    return found


def _listed(places: Sequence[Place], current: Mapping[str, int]) -> str:
    apart = {slot for _, _, slot in places if slot not in SCHEMAS}
    return ", ".join(sorted({*current, *(name for name, _, _ in places), *apart})) or "none"


async def _places(connection: AsyncConnection) -> Sequence[Place]:
    rows = await connection.execute(
        text("SELECT projection, version, slot FROM es.checkpoints ORDER BY projection, version, slot")
    )
    found = [(row.projection, row.version, row.slot) for row in rows]
    await connection.commit()
    return found


async def _claim(connection: AsyncConnection, place: Place) -> None:
    """Nobody may be working on the table. A former table is kept current by whoever runs, and that ends with the table."""
    name, version, slot = place
    # An operation holds the lease of staging, whatever it does to the three slots.
    operation = STAGING if slot in SCHEMAS else slot
    for held in (LIVE, operation) if slot == LIVE else (operation,):
        if not await attempt(connection, lease(name, version, held)):
            owner = (
                await connection.execute(_OWNER, {"name": name, "version": version, "slot": held})
            ).scalar_one_or_none() or "another process"
            raise NotPossible(
                f"{_shown(place)} is kept current or worked on by {owner}: stop it first", Why.BUSY
            )


async def _drop(connection: AsyncConnection, place: Place) -> None:
    pause = 0.05
    for _ in range(TRIES):
        try:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_MILLISECONDS}ms'"))
            for name in table_names(*place):
                await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
            mine: dict[str, object] = dict(zip(("name", "version", "slot"), place, strict=True))
            await forget(connection, mine)
            await connection.execute(
                text(
                    "DELETE FROM es.rebuilds WHERE projection = :name AND version = :version AND slot = :slot"
                ),
                mine,
            )
            await connection.commit()
            return
        except DBAPIError as problem:
            await connection.rollback()
            if not blocked(problem):
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
    raise NotPossible(f"{_shown(place)} is being read: try again when that is over", Why.IN_USE)


def _shown(place: Place) -> str:
    return table_name(*place).replace('"', "")


_OWNER = text(
    "SELECT coalesce(r.owner, c.owner) FROM es.checkpoints c LEFT JOIN es.rebuilds r USING (projection, version, slot)"
    " WHERE c.projection = :name AND c.version = :version AND c.slot = :slot"
)
