"""Removes tables that nobody reads any more: former and abandoned ones, those of older versions, and those of a moment of the past."""

import asyncio
from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.database.connections import DRIVER_ERRORS, Database
from app.engine.database.leases import try_acquire
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason
from app.engine.projector.rebuild.swap import (
    LOCK_TIMEOUT_MILLISECONDS,
    MAX_TRIES,
    delete_bookkeeping,
    is_lock_error,
)
from app.engine.projector.slots import LIVE, SCHEMAS, STAGING, lease_name, table_name, table_names

type TableRef = tuple[str, int, str]
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
        async with database.unpooled.connect() as connection:
            places = _chosen(await _places(connection), current, name, version, slot)
            for place in places:
                await _claim(connection, place)
            for place in places:
                await _drop(connection, place)
            return [_shown(place) for place in places]
    except DRIVER_ERRORS as error:
        raise OperationRefused(
            f"{str(error).splitlines()[0]}; the live table is as it was: try again"
        ) from error


def _chosen(
    places: Sequence[TableRef], current: Mapping[str, int], name: str, version: int | None, slot: str | None
) -> Sequence[TableRef]:
    apart = [place for place in places if place[2] == name and place[2] not in SCHEMAS]
    if apart and name not in current:
        if slot is not None:
            raise OperationRefused(
                f"{name} is a table apart, in no slot: drop it by its name alone", RefusalReason.MISSING
            )
        return apart
    versions = sorted(
        {place[1] for place in places if place[0] == name}
        | {number for known, number in current.items() if known == name}
    )
    if not versions:
        raise OperationRefused(
            f"there is no projection and no table {name}; there are {_listed(places, current)}",
            RefusalReason.UNKNOWN,
        )
    wanted = version if version is not None else current.get(name, versions[-1])
    if wanted not in versions:
        raise OperationRefused(
            f"{name} has no version {wanted}; there are {', '.join(map(str, versions))}",
            RefusalReason.UNKNOWN,
        )
    this = wanted == current.get(name)
    if this and slot == LIVE:
        raise OperationRefused(
            f"{name} v{wanted} is what this code reads: its live table stays", RefusalReason.IN_USE
        )
    found = [
        place
        for place in places
        if place[:2] == (name, wanted)
        and place[2] in SCHEMAS
        and (slot is None or place[2] == slot)
        and not (this and place[2] == LIVE)
    ]
    if not found:
        raise OperationRefused(
            f"{name} v{wanted} has {'nothing beside its live table' if slot is None else f'no {slot} table'}",
            RefusalReason.MISSING,
        )
    return found


def _listed(places: Sequence[TableRef], current: Mapping[str, int]) -> str:
    apart = {slot for _, _, slot in places if slot not in SCHEMAS}
    return ", ".join(sorted({*current, *(name for name, _, _ in places), *apart})) or "none"


async def _places(connection: AsyncConnection) -> Sequence[TableRef]:
    rows = await connection.execute(
        text("SELECT projection, version, slot FROM es.checkpoints ORDER BY projection, version, slot")
    )
    found = [(row.projection, row.version, row.slot) for row in rows]
    await connection.commit()
    return found


async def _claim(connection: AsyncConnection, place: TableRef) -> None:
    """Nobody may be working on the table. A former table is kept current by whoever runs, and that ends with the table."""
    name, version, slot = place
    # An operation holds the lease of staging, whatever it does to the three slots.
    operation = STAGING if slot in SCHEMAS else slot
    for held in (LIVE, operation) if slot == LIVE else (operation,):
        if not await try_acquire(connection, lease_name(name, version, held)):
            owner = (
                await connection.execute(_OWNER, {"name": name, "version": version, "slot": held})
            ).scalar_one_or_none() or "another process"
            raise OperationRefused(
                f"{_shown(place)} is kept current or worked on by {owner}: stop it first", RefusalReason.BUSY
            )


async def _drop(connection: AsyncConnection, place: TableRef) -> None:
    pause = 0.05
    for _ in range(MAX_TRIES):
        try:
            await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_MILLISECONDS}ms'"))
            for name in table_names(*place):
                await connection.execute(text(f"DROP TABLE IF EXISTS {name}"))
            mine: dict[str, object] = dict(zip(("name", "version", "slot"), place, strict=True))
            await delete_bookkeeping(connection, mine)
            await connection.execute(
                text(
                    "DELETE FROM es.rebuilds WHERE projection = :name AND version = :version AND slot = :slot"
                ),
                mine,
            )
            await connection.commit()
            return
        except DBAPIError as error:
            await connection.rollback()
            if not is_lock_error(error):
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 1.0)
    raise OperationRefused(
        f"{_shown(place)} is being read: try again when that is over", RefusalReason.IN_USE
    )


def _shown(place: TableRef) -> str:
    return table_name(*place).replace('"', "")


_OWNER = text(
    "SELECT coalesce(r.owner, c.owner) FROM es.checkpoints c LEFT JOIN es.rebuilds r USING (projection, version, slot)"
    " WHERE c.projection = :name AND c.version = :version AND c.slot = :slot"
)
