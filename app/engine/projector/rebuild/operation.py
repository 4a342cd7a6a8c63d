"""An operation on projections that an operator starts: one at a time for each projection.

Its progress is stored in the database.
"""

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

import asyncpg

from app.engine.database.connections import Database
from app.engine.database.errors import DRIVER_ERRORS, first_line
from app.engine.database.leases import Lease, LeaseLost, process_name
from app.engine.errors import UserError
from app.engine.projector.checkpoint import read_checkpoint
from app.engine.projector.newer_events import NewerEvent
from app.engine.projector.rebuild.bulk_load import BulkLoad
from app.engine.projector.slots import LIVE, STAGING, lease_name
from app.engine.projector.table_integrity import table_problem, unfinished_rebuild
from app.engine.projector.writer import TableWriter
from app.engine.store.codec import EventCodec
from app.engine.store.log_identity import LogHole
from app.engine.store.reader import EventReader
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

PROGRESS_INTERVAL_SECONDS = 0.5
LOG_INTERVAL_SECONDS = 5.0


class RefusalReason(StrEnum):
    """The kind of the refusal, for programs."""

    UNKNOWN = "No projection, table or version has this name."
    BUSY = "Another operation is at work on it."
    MISSING = "The table that it needs is not there."
    NOT_VERIFIED = "The staging table was not compared with the live one."
    DIFFERENT = "The staging table differs from the live one."
    BEHIND = "The live table is not there yet."
    IN_USE = "The table is in use."
    NOT_PARKED = "The key is not parked, or by another event; or the event is not skipped."
    BAD_KEY = "This is no key of the projection."
    BAD_REASON = "A reason is needed."
    STOPPED = "It was stopped before it was done; it can be resumed."


class OperationRefused(UserError):
    """The operation cannot be done. The message is one line: the reason and the remedy."""

    def __init__(self, message: str, why: RefusalReason = RefusalReason.STOPPED) -> None:
        super().__init__(message)
        self.why = why


type RebuildState = Literal["building", "built", "verified", "different", "promoted", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildProgress:
    """How far the build of one table is."""

    projection: str
    version: int
    slot: str
    state: RebuildState
    position: int
    target: int
    events_per_second: float = 0.0
    error: str | None = None

    @property
    def seconds_left(self) -> float | None:
        """Until the target is reached; None if the rate is unknown."""
        left = max(0, self.target - self.position)
        return 0.0 if left == 0 else left / self.events_per_second if self.events_per_second else None


def find_projection(projections: Sequence[AnyProjection], name: str) -> AnyProjection:
    """The projection of this name. Raises `OperationRefused`."""
    for projection in projections:
        if projection.name == name:
            return projection
    raise OperationRefused(
        f"there is no projection {name[:100]}; there are {', '.join(projection.name for projection in projections) or 'none'}",
        RefusalReason.UNKNOWN,
    )


type ProgressCallback = Callable[[RebuildProgress], None]


def no_progress(progress: RebuildProgress) -> None:
    """Report nothing."""


class Operation:
    """One operation: a connection that holds its leases and writes, and another one that reads the log."""

    def __init__(
        self,
        database: Database,
        connection: asyncpg.Connection,
        reader: EventReader,
        on_progress: ProgressCallback,
    ) -> None:
        self.database = database
        """For another connection, if this one is lost."""
        self.connection = connection
        self.reader = reader
        self._on_progress = on_progress
        self._reported_at = self._logged_at = 0.0

    async def save_progress(self, progress: RebuildProgress) -> None:
        """Store, report and log how far a table is."""
        await self._store(progress)
        self._on_progress(progress)
        log.info("%s", format_progress(progress))

    async def report_progress(self, tables: Sequence[RebuildProgress], *, stored: bool = True) -> None:
        """The same while tables move: reported twice a second, and logged every few seconds. Not `stored` if the state of
        the table has to stay as it is."""
        now = time.monotonic()
        if now - self._reported_at < PROGRESS_INTERVAL_SECONDS:
            return
        self._reported_at = now
        for progress in tables:
            if stored:
                await self._store(progress)
            self._on_progress(progress)
        if now - self._logged_at > LOG_INTERVAL_SECONDS:
            self._logged_at = now
            for progress in tables:
                log.info("%s", format_progress(progress))

    async def open_bulk_load(self, projection: AnyProjection, slot: str) -> BulkLoad | None:
        """The load of the table in this slot, from its checkpoint on. None if there is no table, or if its checkpoint is
        worth nothing."""
        checkpoint = await read_checkpoint(self.connection, projection, slot)
        if checkpoint is None or await table_problem(self.connection, projection, slot) is not None:
            return None
        return BulkLoad(TableWriter(projection, slot, self.connection, checkpoint), self.reader.codec)

    async def live_position(self, projection: AnyProjection) -> int | None:
        """The position of the live table.

        None if there is none, if its checkpoint is worth nothing, or while it is made again from the log.
        """
        checkpoint = await read_checkpoint(self.connection, projection, LIVE)
        if (
            checkpoint is None
            or await table_problem(self.connection, projection, LIVE) is not None
            or await unfinished_rebuild(self.connection, projection) is not None
        ):
            return None
        return checkpoint.position

    async def target_position(self, projection: AnyProjection) -> int:
        """The position up to which another table is filled: the live table's, or without one the end of the log."""
        live = await self.live_position(projection)
        return await self.reader.head_position() if live is None else live

    async def _store(self, progress: RebuildProgress) -> None:
        await self.connection.execute(
            _UPSERT_REBUILD,
            progress.projection,
            progress.version,
            progress.slot,
            progress.state,
            progress.position,
            progress.target,
            progress.events_per_second,
            process_name(),
            progress.error,
        )


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
    on_progress: ProgressCallback = no_progress,
) -> AsyncGenerator[Operation]:
    """Hold the operator's lease of each of these projections. Raises `OperationRefused` if another process works on one,
    and for each error that ends the operation before its end."""
    is_ours = False
    try:
        async with _translate_errors(), database.connection() as connection:
            await connection.execute("SET synchronous_commit = off")
            for projection in sorted(projections, key=lambda projection: projection.name):
                lease = Lease(connection, lease_name(projection.name, projection.version, slot))
                if not await lease.try_acquire():
                    owner = await connection.fetchval(
                        _SELECT_OWNER, projection.name, projection.version, slot
                    )
                    raise OperationRefused(
                        f"{projection.name} v{projection.version} is being worked on by {owner or 'another process'}: wait for it, or stop it",
                        RefusalReason.BUSY,
                    )
            is_ours = True
            async with database.connection() as reading:
                yield Operation(database, connection, EventReader(reading, codec), on_progress)
    except OperationRefused as error:
        if is_ours:
            await _mark_failed(database, projections, slot, str(error))
        raise


@asynccontextmanager
async def _translate_errors() -> AsyncGenerator[None]:
    """What ends the operation becomes one line for an operator."""
    try:
        yield
    except NewerEvent as error:
        raise OperationRefused(str(error), RefusalReason.BEHIND) from error
    except LogHole as error:
        raise OperationRefused(str(error)) from error
    except (*DRIVER_ERRORS, LeaseLost) as error:
        raise OperationRefused(
            f"{first_line(error)}. The live table is as it was. Correct the cause, and run the same command again: it resumes at the last checkpoint"
        ) from error


async def _mark_failed(
    database: Database, projections: Sequence[AnyProjection], slot: str, reason: str
) -> None:
    """Store the reason for `status`, if possible. A rebuild of another process is left alone."""
    try:
        await database.pool.execute(
            _UPDATE_FAILED,
            [projection.name for projection in projections],
            [projection.version for projection in projections],
            slot,
            process_name(),
            reason,
        )
    except DRIVER_ERRORS as error:
        log.warning("the reason cannot be stored: %s", error)


def progress_of(
    load: BulkLoad, state: RebuildState, target: int, error: str | None = None
) -> RebuildProgress:
    """The progress of the table that the load fills."""
    return RebuildProgress(
        projection=load.projection.name,
        version=load.projection.version,
        slot=load.slot,
        state=state,
        position=load.position,
        target=target,
        error=error,
    )


def with_position(progress: RebuildProgress, load: BulkLoad, rate: float) -> RebuildProgress:
    """The progress, moved to the position of the load."""
    return replace(
        progress,
        position=load.position,
        target=max(load.target_position, load.position),
        events_per_second=rate,
    )


_UPSERT_REBUILD = """
    INSERT INTO es.rebuilds (projection, version, slot, state, position, target, events_per_second, owner, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (projection, version, slot) DO UPDATE
    SET state = excluded.state, position = excluded.position, target = excluded.target,
        events_per_second = excluded.events_per_second, owner = excluded.owner, updated_at = clock_timestamp(),
        error = excluded.error
"""
_SELECT_OWNER = "SELECT owner FROM es.rebuilds WHERE projection = $1 AND version = $2 AND slot = $3"
# A staging table has still to be compared when it is built; a point-in-time table is complete.
_UPDATE_FAILED = f"""
    UPDATE es.rebuilds SET state = 'failed', error = $5, updated_at = clock_timestamp()
    FROM unnest($1::text[], $2::integer[]) AS n (name, v)
    WHERE projection = n.name AND version = n.v AND slot = $3 AND owner = $4
      AND (state = 'building' OR state = 'built' AND slot = '{STAGING}')
"""
