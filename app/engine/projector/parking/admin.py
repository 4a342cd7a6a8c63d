"""What an operator sees of parked keys and does about them: list, ask for a retry, have a fact left out. Any process will do."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from app.engine.database.connections import Database
from app.engine.projector.parking.parked_keys import KeyCodec
from app.engine.projector.parking.retry import ProgressCallback, no_progress, retry
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason
from app.engine.projector.slots import LIVE
from app.engine.projector.writer import TableGone, TableWriter
from app.engine.store.reader import EventReader
from projections.kernel import AnyProjection

POLL_INTERVAL_SECONDS = 0.1
MAX_REASON_LENGTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedKey:
    """One key that waits since the fact at `position` raised `error`; `key` is JSON. `tries` counts the retries that failed."""

    key: str
    position: int
    error: str
    traceback: str
    parked_at: datetime
    tries: int
    tried_at: datetime | None
    asked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedEvent:
    """A fact that is left out for one key."""

    key: str
    position: int
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RetryResult:
    """What became of the keys that were asked for: how many are level, still parked, and not yet tried."""

    recovered: int
    parked: int
    waiting: int


async def parked_keys(
    database: Database, projection: AnyProjection, *, first: int, after: tuple[int, str] | None = None
) -> Sequence[ParkedKey]:
    """Up to `first` of them by position and key, behind the position and key `after`."""
    rows = await database.pool.fetch(_LIST, projection.name, projection.version, first, *(after or (-1, "")))
    return [ParkedKey(**dict(row)) for row in rows]


async def skipped_facts(
    database: Database, projection: AnyProjection, *, first: int, after: tuple[int, str] | None = None
) -> Sequence[SkippedEvent]:
    """Likewise."""
    rows = await database.pool.fetch(_SKIPS, projection.name, projection.version, first, *(after or (-1, "")))
    return [SkippedEvent(**dict(row)) for row in rows]


def parse_key(projection: AnyProjection, given: str) -> str:
    """The JSON of a key as a person writes it: as it is listed, or bare where it has one column. Raises `NotPossible`."""
    keys = KeyCodec(projection)
    written = given if given.lstrip()[:1] in ("[", "{") else msgspec.json.encode([given]).decode()
    try:
        known = keys.write(keys.read(written))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        known = None
    if known is None:
        raise OperationRefused(
            f"{given[:100]!r} is no key of {projection.name}: give it as it is listed, a JSON list of {', '.join(projection.key)}",
            RefusalReason.BAD_KEY,
        )
    return known


async def request_retry(
    database: Database, projection: AnyProjection, key: str | None = None
) -> tuple[datetime, int]:
    """Ask whoever owns the projection to fold this key again, or all that are parked. The moment that stands for the
    question, and how many keys it concerns. Raises `NotPossible` where this key is not parked."""
    async with database.pool.acquire() as connection, connection.transaction():
        moment, concerned = await _ask(connection, projection, key)
        if key is not None and not concerned:
            raise OperationRefused(f"{projection.name}: {key} is not parked", RefusalReason.NOT_PARKED)
        return moment, concerned


async def skip(
    database: Database, projection: AnyProjection, key: str, position: int, reason: str, actor: str
) -> datetime:
    """Have the fact at `position`, which parked the key, left out for it, and the key folded again without it. The moment
    that stands for the question. Raises `NotPossible`."""
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON_LENGTH or "\0" in reason:
        raise OperationRefused(
            f"a fact is left out for a reason: one of 1 to {MAX_REASON_LENGTH:,} characters",
            RefusalReason.BAD_REASON,
        )
    async with database.pool.acquire() as connection, connection.transaction():
        found = await connection.fetchval(_POSITION, projection.name, projection.version, key)
        if found is None:
            raise OperationRefused(
                f"{projection.name}: {key} is not parked; only the fact that parks a key can be left out",
                RefusalReason.NOT_PARKED,
            )
        if found != position:
            raise OperationRefused(
                f"{projection.name}: {key} is parked at position {found}, not {position}: look at it again",
                RefusalReason.NOT_PARKED,
            )
        await connection.execute(_SKIP, projection.name, projection.version, key, position, reason, actor)
        return (await _ask(connection, projection, key))[0]


async def unskip(database: Database, projection: AnyProjection, key: str, position: int) -> datetime:
    """Have the fact counted again, and the key folded with it. The moment that stands for the question. Raises `NotPossible`."""
    async with database.pool.acquire() as connection, connection.transaction():
        if await connection.fetchval(_UNSKIP, projection.name, projection.version, key, position) is None:
            raise OperationRefused(
                f"{projection.name}: the fact at position {position} is not left out for {key}",
                RefusalReason.NOT_PARKED,
            )
        await connection.execute(_WAITS, projection.name, projection.version, key, position)
        return (await _ask(connection, projection, key))[0]


async def wait_for_retry(
    database: Database,
    projection: AnyProjection,
    asked: datetime,
    concerned: int,
    seconds: float,
    *,
    key: str | None = None,
    reader: EventReader | None = None,
    told: ProgressCallback = no_progress,
) -> RetryResult:
    """What became of the question, about one `key` or all, when it is answered or `seconds` have passed. With a `reader`,
    this process answers it itself where no other owns the projection."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        waiting, parked = await database.pool.fetchrow(
            _ANSWER, projection.name, projection.version, asked, key
        )
        if not waiting or asyncio.get_running_loop().time() > deadline:
            return RetryResult(max(0, concerned - waiting - parked), parked, waiting)
        if reader is None or not await _answer(database, projection, reader, told):
            await asyncio.sleep(POLL_INTERVAL_SECONDS)


async def _answer(
    database: Database, projection: AnyProjection, reader: EventReader, told: ProgressCallback
) -> bool:
    """Fold again what is asked for. False where another process owns the projection, which will do it."""
    asked = iter((False, True))
    async with database.unpooled.connect() as connection:
        seat = TableWriter(projection, LIVE, connection)
        try:
            if not await seat.acquire(lambda: next(asked)):
                return False
        except TableGone:
            return False
        while await retry(seat, projection, LIVE, reader, database, told):
            pass
        return True


async def _ask(connection: Any, projection: AnyProjection, key: str | None) -> tuple[datetime, int]:
    moment: datetime = await connection.fetchval("SELECT clock_timestamp()")
    asked = await connection.fetch(_ASK, projection.name, projection.version, moment, key)
    return moment, sum(row["slot"] == LIVE for row in asked)


_LIST = """
    SELECT key::text AS key, position, error, traceback, parked_at, tries, tried_at, asked_at FROM es.parked
    WHERE projection = $1 AND version = $2 AND slot = 'live' AND (position, key::text) > ($4::bigint, $5::text)
    ORDER BY position, key::text LIMIT $3
"""
_SKIPS = """
    SELECT key::text AS key, position, reason, actor, at FROM es.skipped
    WHERE projection = $1 AND version = $2 AND (position, key::text) > ($4::bigint, $5::text)
    ORDER BY position, key::text LIMIT $3
"""
# In every slot that a process keeps current: a former table is folded again with the live one.
_ASK = """
    UPDATE es.parked SET asked_at = $3 WHERE projection = $1 AND version = $2 AND slot IN ('live', 'former')
    AND ($4::text IS NULL OR key = $4::text::jsonb) RETURNING slot
"""
_POSITION = """
    SELECT position FROM es.parked WHERE projection = $1 AND version = $2 AND slot = 'live' AND key = $3::text::jsonb FOR UPDATE
"""
_SKIP = """
    INSERT INTO es.skipped (projection, version, key, position, reason, actor) VALUES ($1, $2, $3::text::jsonb, $4, $5, $6)
    ON CONFLICT DO NOTHING
"""
_UNSKIP = """
    DELETE FROM es.skipped WHERE projection = $1 AND version = $2 AND key = $3::text::jsonb AND position = $4 RETURNING 1
"""
_WAITS = """
    INSERT INTO es.parked (projection, version, slot, key, position, error, traceback)
    SELECT projection, version, slot, $3::text::jsonb, $4, 'The fact is not left out any more; the key has yet to be folded with it.', ''
    FROM es.checkpoints WHERE projection = $1 AND version = $2 AND slot IN ('live', 'former')
    ON CONFLICT DO NOTHING
"""
_ANSWER = """
    SELECT count(*) FILTER (WHERE asked_at >= $3), count(*) FILTER (WHERE asked_at IS NULL AND tried_at >= $3)
    FROM es.parked WHERE projection = $1 AND version = $2 AND slot = 'live' AND ($4::text IS NULL OR key = $4::text::jsonb)
"""
