"""The operations on parked keys: list them, request a retry, skip an event. Any process can do them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from app.engine.database.connections import AnyConnection, Database
from app.engine.projector.newer_events import NewerEvent
from app.engine.projector.parking.parked_keys import ParkedEntry, key_codec
from app.engine.projector.parking.retry import ProgressCallback, no_progress, retry
from app.engine.projector.parking.store import ParkedKeyStore
from app.engine.projector.rebuild.operation import OperationRefused, RefusalReason
from app.engine.projector.slots import FORMER, LIVE, STAGING
from app.engine.projector.writer import TableGone, TableWriter
from app.engine.read_models.queries import Range
from app.engine.store.log_identity import LogHole
from app.engine.store.reader import EventReader
from app.engine.text import clean_line
from projections.kernel import AnyProjection

POLL_INTERVAL_SECONDS = 0.1
MAX_REASON_LENGTH = 1_000
SKIPPED_ERROR = "The event is skipped now; the key is not folded without it yet."
UNSKIPPED_ERROR = "The event is not skipped any more; the key is not folded with it yet."


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedKey:
    """One key that waits since the event at `position` raised `error`; `key` is JSON."""

    key: str
    position: int
    error: str
    traceback: str
    parked_at: datetime
    failed_retries: int
    last_retried_at: datetime | None
    retry_requested_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedEvent:
    """An event that is skipped for one key."""

    key: str
    position: int
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RetryResult:
    """The numbers of keys that have recovered, are still parked, and are not yet retried."""

    recovered: int
    parked: int
    waiting: int


async def list_parked_keys(database: Database, projection: AnyProjection, part: Range) -> Sequence[ParkedKey]:
    """The parked keys of a range of their list, in the order of position and key. A place is a position and a key."""
    end, arguments = part.sql(("position", "key::text"), 3)
    rows = await database.reads.fetch(
        f"SELECT {_PARKED_COLUMNS} {_FROM_PARKED_KEYS}{end}", projection.name, projection.version, *arguments
    )
    return [ParkedKey(**dict(row)) for row in rows]


async def count_parked_keys(database: Database, projection: AnyProjection) -> int:
    """The number of parked keys."""
    return await database.reads.fetchval(
        f"SELECT count(*) {_FROM_PARKED_KEYS}", projection.name, projection.version
    )


async def list_skipped_events(
    database: Database, projection: AnyProjection, part: Range
) -> Sequence[SkippedEvent]:
    """The skipped events of a range of their list, in the same order. A place is a position and a key."""
    end, arguments = part.sql(("position", "key::text"), 3)
    rows = await database.reads.fetch(
        f"SELECT key::text AS key, position, reason, actor, at {_FROM_SKIPPED_EVENTS}{end}",
        projection.name,
        projection.version,
        *arguments,
    )
    return [SkippedEvent(**dict(row)) for row in rows]


async def count_skipped_events(database: Database, projection: AnyProjection) -> int:
    """The number of skipped events."""
    return await database.reads.fetchval(
        f"SELECT count(*) {_FROM_SKIPPED_EVENTS}", projection.name, projection.version
    )


def parse_key(projection: AnyProjection, text: str) -> str:
    """The JSON of a key that a person typed: as listed, or bare if it has one column. Raises `OperationRefused`."""
    codec = key_codec(projection)
    written = text if text.lstrip()[:1] in ("[", "{") else msgspec.json.encode([text]).decode()
    try:
        key = codec.write(codec.read(written))
    except (msgspec.MsgspecError, ValueError, RecursionError):
        key = None
    if key is None:
        raise OperationRefused(
            f"{text[:100]!r} is no key of {projection.name}: give it as it is listed, a JSON list of {', '.join(projection.key)}",
            RefusalReason.BAD_KEY,
        )
    return key


async def request_retry(
    database: Database, projection: AnyProjection, key: str | None = None
) -> tuple[datetime, int]:
    """Ask the owner of the projection to fold this key again, or all parked ones. Returns the moment that identifies the
    request, and the number of keys. Raises `OperationRefused` if this key is not parked."""
    async with database.pool.acquire() as connection, connection.transaction():
        moment, count = await _request(connection, projection, key)
        if key is not None and not count:
            raise OperationRefused(f"{projection.name}: {key} is not parked", RefusalReason.NOT_PARKED)
        return moment, count


async def skip(
    database: Database, projection: AnyProjection, key: str, position: int, reason: str, actor: str
) -> datetime:
    """Leave out the event at `position`, which parked the key, for this key, and request a retry without it. The key may
    also be a stream, and the event the one before which the projection stands. Returns the moment that identifies the
    request. Raises `OperationRefused`."""
    reason, problem = clean_line(reason, MAX_REASON_LENGTH)
    if problem is not None:
        raise OperationRefused(
            f"a reason of 1 to {MAX_REASON_LENGTH:,} characters is required"
            + (f"; this one {problem}" if reason else ""),
            RefusalReason.BAD_REASON,
        )
    async with database.pool.acquire() as connection, connection.transaction():
        slots = await _lock_slots(connection, projection)
        parked_at = await connection.fetchval(_SELECT_POSITION, projection.name, projection.version, key)
        is_parked = parked_at is not None
        if not is_parked and await connection.fetchval(
            _SELECT_IS_AHEAD, projection.name, projection.version, key, position
        ):
            # The projection stands before an event of newer code.
            parked_at = position
        if parked_at is None:
            raise OperationRefused(
                f"{projection.name}: {key} is not parked; only the event that parks a key can be skipped",
                RefusalReason.NOT_PARKED,
            )
        if parked_at != position:
            raise OperationRefused(
                f"{projection.name}: {key} is parked at position {parked_at}, not {position}: look at it again",
                RefusalReason.NOT_PARKED,
            )
        await connection.execute(
            _INSERT_SKIPPED, projection.name, projection.version, key, position, reason, actor
        )
        if is_parked:
            # Other code may have folded the event into another table.
            await _park(connection, projection, slots, key, position, SKIPPED_ERROR)
        return (await _request(connection, projection, key, slots))[0]


async def unskip(database: Database, projection: AnyProjection, key: str, position: int) -> datetime:
    """Count the event again, and request a retry with it. Returns the moment that identifies the request. Raises `OperationRefused`."""
    async with database.pool.acquire() as connection, connection.transaction():
        if (
            await connection.fetchval(_DELETE_SKIPPED, projection.name, projection.version, key, position)
            is None
        ):
            raise OperationRefused(
                f"{projection.name}: the event at position {position} is not skipped for {key}",
                RefusalReason.NOT_PARKED,
            )
        slots = await _lock_slots(connection, projection)
        await _park(connection, projection, slots, key, position, UNSKIPPED_ERROR)
        return (await _request(connection, projection, key, slots))[0]


async def wait_for_retry(
    database: Database,
    projection: AnyProjection,
    requested_at: datetime,
    count: int,
    seconds: float,
    *,
    key: str | None = None,
    reader: EventReader | None = None,
    on_progress: ProgressCallback = no_progress,
) -> RetryResult:
    """The result of a request for one `key` or all `count` keys, when it is done or `seconds` have passed.

    With a `reader`, this process serves the request itself if no other process owns the projection. Then it raises
    `OperationRefused` if only newer code can serve it, or if the table has to be made again.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        waiting, parked = await database.pool.fetchrow(
            _SELECT_RESULT, projection.name, projection.version, requested_at, key
        )
        if not waiting or asyncio.get_running_loop().time() > deadline:
            return RetryResult(max(0, count - waiting - parked), parked, waiting)
        if reader is None or not await _retry_here(database, projection, reader, on_progress):
            await asyncio.sleep(POLL_INTERVAL_SECONDS)


async def _retry_here(
    database: Database, projection: AnyProjection, reader: EventReader, on_progress: ProgressCallback
) -> bool:
    """Serve all requests. False if another process owns the projection, which will serve them. Raises `OperationRefused` if
    only newer code can, or if the table has to be made again."""
    once = iter((False, True))
    async with database.connection() as connection:
        writer = TableWriter(projection, LIVE, connection)
        try:
            if not await writer.acquire(lambda: next(once)):
                return False
        except TableGone:
            return False
        if writer.position == 0:
            # Nothing was parked in an empty table: the requested keys were those of the table before it.
            problem = "its table is empty" if writer.rebuild is None else writer.rebuild[0]
            raise OperationRefused(
                f"{projection.name}: {problem}. Start a server: it makes the table again from the log, and parks the keys that still fail",
                RefusalReason.MISSING,
            )
        try:
            while await retry(writer, reader, database, on_progress):
                pass
        except NewerEvent as error:
            raise OperationRefused(error.remedy, RefusalReason.BEHIND) from error
        except LogHole as error:
            raise OperationRefused(str(error)) from error
        return True


async def _lock_slots(connection: AnyConnection, projection: AnyProjection) -> Sequence[str]:
    """The slots that have a table. No swap moves one of them before this transaction ends."""
    rows = await connection.fetch(_SELECT_SLOTS, projection.name, projection.version)
    return [row["slot"] for row in rows]


async def _park(
    connection: AnyConnection,
    projection: AnyProjection,
    slots: Sequence[str],
    key: str,
    position: int,
    error: str,
) -> None:
    """Park the key in each of these tables, unless it is parked there from an earlier event."""
    entry = ParkedEntry(item=key_codec(projection).read(key), position=position, error=error, traceback="")
    for slot in slots:
        await ParkedKeyStore(projection, slot).park(connection, [entry])


async def _request(
    connection: AnyConnection,
    projection: AnyProjection,
    key: str | None,
    slots: Sequence[str] = (LIVE, FORMER),
) -> tuple[datetime, int]:
    """Request a retry of the key, or of all, in these slots.

    The former table is retried with the live one. A staging table is retried after its promotion: the request moves with it.
    A rebuild that was interrupted does not go on with a table that has one.
    """
    [[moment]] = await connection.fetch("SELECT clock_timestamp()")
    requested = await connection.fetch(
        _UPDATE_REQUESTED, projection.name, projection.version, moment, key, slots
    )
    return moment, sum(row["slot"] == LIVE for row in requested)


_PARKED_COLUMNS = "key::text AS key, position, error, traceback, parked_at, failed_retries, last_retried_at, retry_requested_at"
_FROM_PARKED_KEYS = "FROM es.parked_keys WHERE projection = $1 AND version = $2 AND slot = 'live'"
_FROM_SKIPPED_EVENTS = "FROM es.skipped_events WHERE projection = $1 AND version = $2"
_UPDATE_REQUESTED = """
    UPDATE es.parked_keys SET retry_requested_at = $3 WHERE projection = $1 AND version = $2
    AND slot = ANY($5::text[]) AND ($4::text IS NULL OR key = $4::text::jsonb) RETURNING slot
"""
_SELECT_POSITION = """
    SELECT position FROM es.parked_keys WHERE projection = $1 AND version = $2 AND slot = 'live' AND key = $3::text::jsonb FOR UPDATE
"""
_SELECT_IS_AHEAD = """
    SELECT EXISTS (
        SELECT FROM es.checkpoints c JOIN es.events e ON e.position = c.position + 1
        WHERE c.projection = $1 AND c.version = $2 AND c.slot = 'live' AND e.position = $4
          AND jsonb_build_object('category', e.category, 'stream', e.stream_id) = $3::text::jsonb
    )
"""
_INSERT_SKIPPED = """
    INSERT INTO es.skipped_events (projection, version, key, position, reason, actor) VALUES ($1, $2, $3::text::jsonb, $4, $5, $6)
    ON CONFLICT DO NOTHING
"""
_DELETE_SKIPPED = """
    DELETE FROM es.skipped_events WHERE projection = $1 AND version = $2 AND key = $3::text::jsonb AND position = $4 RETURNING 1
"""
# The lock waits for a swap, and holds up the next one. The owners of the tables can move their checkpoints.
_SELECT_SLOTS = f"""
    SELECT slot FROM es.checkpoints WHERE projection = $1 AND version = $2 AND slot IN ('{LIVE}', '{FORMER}', '{STAGING}')
    FOR KEY SHARE
"""
# Without a key, keys that were parked after the request do not count. A key that a promotion brought has no retry.
_SELECT_RESULT = """
    SELECT count(retry_requested_at),
           count(*) FILTER (WHERE retry_requested_at IS NULL AND ($4::text IS NOT NULL OR parked_at <= $3 OR last_retried_at >= $3))
    FROM es.parked_keys WHERE projection = $1 AND version = $2 AND slot = 'live' AND ($4::text IS NULL OR key = $4::text::jsonb)
"""
