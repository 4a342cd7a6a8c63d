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

from app.database import DRIVER_ERRORS, Database
from app.lease import attempt, owner
from app.projector.bulk import Filling, Moved
from app.projector.slots import LIVE, STAGING, lease
from app.settings import Mistake
from app.store.codec import Codec
from app.store.read import Reader
from projections.kernel import AnyProjection

log = logging.getLogger(__name__)

TELL_SECONDS = 0.5
LOG_SECONDS = 5.0


class Why(StrEnum):
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


class NotPossible(Mistake):
    """What was asked of a projection cannot be done; the message is one line that says why and what to do."""

    def __init__(self, message: str, why: Why = Why.STOPPED) -> None:
        super().__init__(message)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
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


def named(projections: Sequence[AnyProjection], name: str) -> AnyProjection:
    """The projection of this name. Raises `NotPossible`."""
    for each in projections:
        if each.name == name:
            return each
    raise NotPossible(
        f"there is no projection {name[:100]}; there are {', '.join(each.name for each in projections) or 'none'}",
        Why.UNKNOWN,
    )


type Told = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Tell nobody."""


class Work:
    """One operation: the connection that holds its leases and writes, and another one that reads the log."""

    def __init__(self, connection: AsyncConnection, reader: Reader, told: Told) -> None:
        self.connection = connection
        self.reader = reader
        self._told = told
        self._said = self._logged = 0.0

    async def record(self, progress: Progress) -> None:
        """Keep and tell how far a table is."""
        await self.connection.execute(
            _RECORD, {name: getattr(progress, name) for name in Progress.__slots__} | {"owner": owner()}
        )
        await self.connection.commit()
        self._told(progress)
        log.info("%s", line(progress))

    async def moving(self, several: Sequence[Progress]) -> None:
        """Likewise while tables move: told a few times a second, and logged every few seconds."""
        now = time.monotonic()
        if now - self._said < TELL_SECONDS:
            return
        self._said = now
        for each in several:
            await self.connection.execute(
                _RECORD, {name: getattr(each, name) for name in Progress.__slots__} | {"owner": owner()}
            )
            self._told(each)
        await self.connection.commit()
        if now - self._logged > LOG_SECONDS:
            self._logged = now
            for each in several:
                log.info("%s", line(each))

    async def filling(self, projection: AnyProjection, slot: str) -> Filling | None:
        """The table in this slot, to be filled further. None where there is none."""
        found = await self.connection.execute(
            _CHECKPOINT, {"name": projection.name, "version": projection.version, "slot": slot}
        )
        row = found.one_or_none()
        await self.connection.commit()
        return None if row is None else Filling(projection, slot, *row)

    async def live(self, projection: AnyProjection) -> int | None:
        """Where the live table stands. None where there is none."""
        found = await self.filling(projection, LIVE)
        return None if found is None else found.position


def line(progress: Progress) -> str:
    """One line for a log."""
    left = progress.seconds_left
    return (
        f"{progress.projection} v{progress.version} {progress.slot}: {progress.state}, position {progress.position} of {progress.target}"
        + (f", {progress.events_per_second:,.0f} events/s" if progress.events_per_second else "")
        + (f", {left:.0f} s left" if left else "")
        + (f": {progress.error}" if progress.error else "")
    )


@asynccontextmanager
async def working(
    database: Database,
    codec: Codec,
    projections: Sequence[AnyProjection],
    *,
    slot: str = STAGING,
    told: Told = silent,
) -> AsyncGenerator[Work]:
    """Hold the operator's lease of each of these projections. Raises `NotPossible`: where another process is at work on
    one, and for whatever ends the work before it is done."""
    reading: asyncpg.Connection | None = None
    ours = False
    try:
        async with _one_line(), database.direct.connect() as connection:
            await connection.execute(text("SET synchronous_commit = off"))
            await connection.commit()
            for each in sorted(projections, key=lambda one: one.name):
                if not await attempt(connection, lease(each.name, each.version, slot)):
                    raise NotPossible(
                        f"{each.name} v{each.version} is being worked on by {await _worker(connection, each, slot)}: wait for it, or stop it",
                        Why.BUSY,
                    )
            ours = True
            reading = await database.connect()
            yield Work(connection, Reader(reading, codec), told)
    except NotPossible as problem:
        if ours:
            await _failed(database, projections, slot, str(problem))
        raise
    finally:
        if reading is not None:
            reading.terminate()


@asynccontextmanager
async def _one_line() -> AsyncGenerator[None]:
    """What ends the work, as a person can read it."""
    try:
        yield
    except (*DRIVER_ERRORS, Moved) as problem:
        raise _stopped(problem) from problem


def _stopped(problem: BaseException) -> NotPossible:
    cause = (
        problem.orig.__cause__
        if isinstance(problem, DBAPIError) and problem.orig is not None and problem.orig.__cause__
        else problem
    )
    said = (str(cause) or type(cause).__name__).strip().splitlines()[0]
    return NotPossible(
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
            [each.name for each in projections],
            [each.version for each in projections],
            slot,
            owner(),
            said,
        )
    except DRIVER_ERRORS as problem:
        log.warning("the reason cannot be kept: %s", problem)


def at(progress: Progress, filling: Filling, rate: float) -> Progress:
    """The progress, moved to where the table is."""
    return replace(
        progress,
        position=filling.position,
        target=max(filling.up_to, filling.position),
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
