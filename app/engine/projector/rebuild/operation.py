"""What an operator does to projections: one operation at a time for each, with its progress kept where everybody can see it."""

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from app.engine.database.connections import DRIVER_ERRORS, Database
from app.engine.database.leases import process_name, try_acquire
from app.engine.errors import UserError
from app.engine.projector.rebuild.bulk_load import BulkLoad, Moved
from app.engine.projector.slots import LIVE, STAGING, lease_name
from app.engine.store.codec import EventCodec
from app.engine.store.reader import EventReader
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

PROGRESS_INTERVAL_SECONDS = 0.5
LOG_INTERVAL_SECONDS = 5.0


class RefusalReason(StrEnum):
    """Kinds of reasons, for programs."""

    UNKNOWN = "No projection, table or version has this name."
    BUSY = "Another operation is at work on it."
    MISSING = "The table that it needs is not there."
    NOT_VERIFIED = "The staging table was not compared with the live one."
    DIFFERENT = "The staging table differs from the live one."
    BEHIND = "The live table is not there yet."
    IN_USE = "The table is in use."
    NOT_PARKED = "The key is not parked, or by another event; or the event is not left out."
    BAD_KEY = "This is no key of the projection."
    BAD_REASON = "A reason is needed."
    STOPPED = "It was ended before it was done; it can be gone on with."


class OperationRefused(UserError):
    """What was asked of a projection cannot be done; the message is one line that says why and what to do."""

    def __init__(self, message: str, why: RefusalReason = RefusalReason.STOPPED) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildProgress:
    """How far the building of one table is. `state` is building, built, verified, different, promoted or failed."""

    projection: str
    version: int
    slot: str
    state: str
    position: int
    target: int
    events_per_second: float = 0.0
    error: str | None = None

    @property
    def seconds_left(self) -> float | None:
        """Until the target is reached; unknown where nothing moves."""
        left = max(0, self.target - self.position)
        return 0.0 if left == 0 else left / self.events_per_second if self.events_per_second else None


def find_projection(projections: Sequence[AnyProjection], name: str) -> AnyProjection:
    """The projection of this name. Raises `NotPossible`."""
    for each in projections:
        if each.name == name:
            return each
    raise OperationRefused(
        f"there is no projection {name[:100]}; there are {', '.join(projection.name for projection in projections) or 'none'}",
        RefusalReason.UNKNOWN,
    )


type ProgressCallback = Callable[[RebuildProgress], None]


def no_progress(progress: RebuildProgress) -> None:
    """Tell nobody."""


class Operation:
    """One operation: the connection that holds its leases and writes, and another one that reads the log."""

    def __init__(self, connection: AsyncConnection, reader: EventReader, told: ProgressCallback) -> None:
        self.connection = connection
        self.reader = reader
        self._told = told
        self._said = self._logged = 0.0

    async def save_progress(self, progress: RebuildProgress) -> None:
        """Keep and tell how far a table is."""
        await self.connection.execute(
            _RECORD,
            {name: getattr(progress, name) for name in RebuildProgress.__slots__} | {"owner": process_name()},
        )
        await self.connection.commit()
        self._told(progress)
        log.info("%s", format_progress(progress))

    async def report_progress(self, several: Sequence[RebuildProgress]) -> None:
        """Likewise while tables move: told a few times a second, and logged every few seconds."""
        now = time.monotonic()
        if now - self._said < PROGRESS_INTERVAL_SECONDS:
            return
        self._said = now
        for each in several:
            await self.connection.execute(
                _RECORD,
                {name: getattr(each, name) for name in RebuildProgress.__slots__} | {"owner": process_name()},
            )
            self._told(each)
        await self.connection.commit()
        if now - self._logged > LOG_INTERVAL_SECONDS:
            self._logged = now
            for each in several:
                log.info("%s", format_progress(each))

    async def open_bulk_load(self, projection: AnyProjection, slot: str) -> BulkLoad | None:
        """The table in this slot, to be filled further. None where there is none."""
        found = await self.connection.execute(
            _CHECKPOINT, {"name": projection.name, "version": projection.version, "slot": slot}
        )
        row = found.one_or_none()
        await self.connection.commit()
        return None if row is None else BulkLoad(projection, slot, *row)

    async def live_position(self, projection: AnyProjection) -> int | None:
        """Where the live table stands. None where there is none."""
        found = await self.open_bulk_load(projection, LIVE)
        return None if found is None else found.position


def format_progress(progress: RebuildProgress) -> str:
    """One line for a log."""
    left = progress.seconds_left
    return (
        f"{progress.projection} v{progress.version} {progress.slot}: {progress.state}, position {progress.position} of {progress.target}"
        + (f", {progress.events_per_second:,.0f} events/s" if progress.events_per_second else "")
        + (f", {left:.0f} s left" if left else "")
        + (f": {progress.error}" if progress.error else "")
    )


@asynccontextmanager
async def start_operation(
    database: Database,
    codec: EventCodec,
    projections: Sequence[AnyProjection],
    *,
    slot: str = STAGING,
    told: ProgressCallback = no_progress,
) -> AsyncGenerator[Operation]:
    """Hold the operator's lease of each of these projections. Raises `NotPossible`: where another process is at work on
    one, and for whatever ends the work before it is done."""
    reading: asyncpg.Connection | None = None
    ours = False
    try:
        async with _translate_errors(), database.unpooled.connect() as connection:
            await connection.execute(text("SET synchronous_commit = off"))
            await connection.commit()
            for projection in sorted(projections, key=lambda one: one.name):
                if not await try_acquire(connection, lease_name(projection.name, projection.version, slot)):
                    raise OperationRefused(
                        f"{projection.name} v{projection.version} is being worked on by {await _worker(connection, projection, slot)}: wait for it, or stop it",
                        RefusalReason.BUSY,
                    )
            ours = True
            reading = await database.connect()
            yield Operation(connection, EventReader(reading, codec), told)
    except OperationRefused as error:
        if ours:
            await _failed(database, projections, slot, str(error))
        raise
    finally:
        if reading is not None:
            reading.terminate()


@asynccontextmanager
async def _translate_errors() -> AsyncGenerator[None]:
    """What ends the work, as a person can read it."""
    try:
        yield
    except (*DRIVER_ERRORS, Moved) as error:
        raise _stopped(error) from error


def _stopped(problem: BaseException) -> OperationRefused:
    cause = (
        problem.orig.__cause__
        if isinstance(problem, DBAPIError) and problem.orig is not None and problem.orig.__cause__
        else problem
    )
    said = (str(cause) or type(cause).__name__).strip().splitlines()[0]
    return OperationRefused(
        f"{said}; the live table is as it was: mend that, and the same command goes on from the last checkpoint"
    )


async def _worker(connection: AsyncConnection, projection: AnyProjection, slot: str) -> str:
    found = await connection.execute(
        _WORKER, {"name": projection.name, "version": projection.version, "slot": slot}
    )
    return found.scalar_one_or_none() or "another process"


async def _failed(database: Database, projections: Sequence[AnyProjection], slot: str, said: str) -> None:
    """Leave the reason where `status` finds it, if there is a way; another process's work is left alone."""
    try:
        await database.pool.execute(
            _FAILED,
            [projection.name for projection in projections],
            [projection.version for projection in projections],
            slot,
            process_name(),
            said,
        )
    except DRIVER_ERRORS as error:
        log.warning("the reason cannot be kept: %s", error)


def with_position(progress: RebuildProgress, filling: BulkLoad, rate: float) -> RebuildProgress:
    """The progress, moved to where the table is."""
    return replace(
        progress,
        position=filling.position,
        target=max(filling.target_position, filling.position),
        events_per_second=rate,
    )


_RECORD = text(
    "INSERT INTO es.rebuilds (projection, version, slot, state, position, target, events_per_second, owner, error)"
    " VALUES (:projection, :version, :slot, :state, :position, :target, :events_per_second, :owner, :error)"
    " ON CONFLICT (projection, version, slot) DO UPDATE SET state = excluded.state, position = excluded.position,"
    " target = excluded.target, events_per_second = excluded.events_per_second, owner = excluded.owner,"
    " updated_at = clock_timestamp(), error = excluded.error"
)
_CHECKPOINT = text(
    "SELECT position, build FROM es.checkpoints WHERE projection = :name AND version = :version AND slot = :slot"
)
_WORKER = text(
    "SELECT owner FROM es.rebuilds WHERE projection = :name AND version = :version AND slot = :slot"
)
_FAILED = (
    "UPDATE es.rebuilds SET state = 'failed', error = $5, updated_at = clock_timestamp() FROM unnest($1::text[], $2::integer[]) AS n (name, v)"
    " WHERE projection = n.name AND version = n.v AND slot = $3 AND owner = $4 AND state = 'building'"
)
