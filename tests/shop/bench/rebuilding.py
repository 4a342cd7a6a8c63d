"""Rebuilds: against reading and decoding the same events alone, and against another library's projection runner at the same work."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection as LibraryProjection
from eventsourcing.projection import ProjectionRunner
from psycopg.sql import SQL, Composed, Identifier
from sqlalchemy import make_url

from app.composition import application
from app.engine.database.connections import Database, open_database
from app.engine.projector.rebuild.bulk_load import PAGE_SIZE
from app.engine.projector.rebuild.drop import drop
from app.engine.projector.rebuild.rebuild import rebuild
from app.engine.store.codec import EventCodec
from app.engine.store.reader import EventReader
from app.settings import Settings
from domain.kernel.decider import Recorded, value
from projections.kernel import AnyProjection, Key, Projection
from projections.order import orders
from tests.bench.appends import MeterRead, meter
from tests.bench.rounds import Bench
from tests.shop.support import sample_log as past

FACTS = 100_000
METERS = 1_000
LIBRARY_EVENTS = 2_000
ROUNDS = 3

# --- The same work for both: how often and where each meter was read --------


@value
class MeterRow:
    id: UUID
    readings: int
    place: str


def keys(fact: Recorded[MeterRead]) -> tuple[Key, ...]:
    return ((fact.stream_id,),)


def fold(key: tuple[UUID], row: MeterRow | None, fact: Recorded[MeterRead]) -> MeterRow:
    return MeterRow(id=key[0], readings=1 if row is None else row.readings + 1, place=fact.event.place)


meters = Projection(name="meters", version=1, row=MeterRow, key=("id",), keys=keys, fold=fold)

READINGS = f"""
    INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
    SELECT n, 'meter', md5((n % {METERS})::text)::uuid, n / {METERS} + 1, 'meter.read', 1, '{{"count": 1, "place": "in the cellar, on the left"}}',
           gen_random_uuid(), gen_random_uuid(), 'bench', now(), now()
    FROM generate_series(1, {FACTS}) AS n
"""


class Read(DomainEvent):
    count: int
    place: str


class MeterView(PostgresTrackingRecorder):
    """The library's view: one row a meter, written in the transaction that keeps the position."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements.append(
            Composed(
                [
                    SQL(
                        "CREATE TABLE IF NOT EXISTS meter_view (id uuid PRIMARY KEY, readings bigint, place text)"
                    )
                ]
            )
        )

    def read(self, identity: UUID, place: str, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO meter_view VALUES (%s, 1, %s) ON CONFLICT (id) DO UPDATE SET readings = meter_view.readings + 1, place = excluded.place",
                (identity, place),
            )


class MeterProjection(LibraryProjection[MeterView]):
    @singledispatchmethod
    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.read(domain_event.originator_id, domain_event.place, tracking)


class Meters(Application[UUID]):
    pass


# --- The variants -----------------------------------------------------------


@asynccontextmanager
async def filled(url: str, statement: str) -> AsyncGenerator[Database]:
    async with open_database(Settings(database_url=url)) as database:
        connection = await database.connect()
        await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE es.events")
        await connection.close()
        yield database


async def alone(database: Database, codec: EventCodec) -> float:
    """Read and decode every fact, page by page, from a connection of its own."""
    connection: asyncpg.Connection = await database.connect()
    reader = EventReader(connection, codec)
    began, cursor = time.perf_counter(), 0
    while facts := await reader.read_all(cursor, PAGE_SIZE):
        cursor = facts[-1].position
    await connection.close()
    return cursor / (time.perf_counter() - began)


async def built(database: Database, codec: EventCodec, projection: AnyProjection) -> float:
    began = time.perf_counter()
    [done] = await rebuild(database, codec, [projection], stage=True)
    taken = time.perf_counter() - began
    await drop(database, {projection.name: projection.version}, projection.name)
    return done.comparison.position / taken


def library(url: str) -> float:
    """The projection runner as it comes, from the first event on."""
    parts = make_url(url)
    environment = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.database or "postgres",
        "POSTGRES_HOST": parts.host or str(parts.query.get("host", "localhost")),
        "POSTGRES_PORT": str(parts.port or parts.query.get("port", "5432")),
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "unused",
    }
    application = Meters(environment)
    recorder = application.recorder
    assert isinstance(recorder, PostgresApplicationRecorder)
    if recorder.max_notification_id() is None:
        meters_of = [uuid4() for _ in range(METERS)]
        # The library makes the initialiser from these fields; a type checker does not see that.
        fields: dict[str, Any] = {"count": 1, "place": "in the cellar, on the left"}
        events = [
            Read(
                originator_id=meters_of[n % METERS],
                originator_version=n // METERS + 1,
                timestamp=datetime.now(UTC),
                **fields,
            )
            for n in range(LIBRARY_EVENTS)
        ]
        recorder.insert_events([application.mapper.to_stored_event(event) for event in events])
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Meters, projection_class=MeterProjection, view_class=MeterView, env=environment
    ) as runner:
        runner.wait(recorder.max_notification_id(), timeout=600)
        taken = time.perf_counter() - began
        with runner.view.datastore.transaction(commit=True) as cursor:
            cursor.execute("SELECT sum(readings) AS sum FROM meter_view")
            row = cursor.fetchone()
            assert row is not None
            assert row["sum"] == LIBRARY_EVENTS
            cursor.execute("DROP TABLE meter_view")
            cursor.execute(SQL("DROP TABLE {}").format(Identifier(runner.view.tracking_table_name)))
    application.close()
    return LIBRARY_EVENTS / taken


# --- The sections -----------------------------------------------------------


async def against_reading(bench: Bench, url: str) -> None:
    plain = replace(orders, history=False)
    async with filled(url, past.orders(FACTS)) as database:
        codec = application.codec
        found = await bench.rates(
            "rebuild",
            {
                "alone": lambda: alone(database, codec),
                "plain": lambda: built(database, codec, plain),
                "history": lambda: built(database, codec, replace(orders, history=True)),
            },
            ROUNDS,
        )
    bench.ratio(
        f"rebuild of orders from {FACTS:,} events vs reading and decoding them alone",
        found["plain"],
        found["alone"],
        "events/s",
    )
    bench.ratio(
        "the same with what each row was after each event", found["history"], found["alone"], "events/s"
    )


async def against_the_library(bench: Bench, url: str) -> None:
    async with filled(url, READINGS) as database:
        codec = EventCodec((meter,))
        found = await bench.rates(
            "rebuild, library",
            {
                "ours": lambda: built(database, codec, meters),
                "library": lambda: asyncio.to_thread(library, url),
            },
            ROUNDS,
        )
    named = f"eventsourcing {version('eventsourcing')}'s projection runner"
    bench.ratio(
        f"rebuild of {METERS:,} rows from {FACTS:,} events vs {named} from {LIBRARY_EVENTS:,}",
        found["ours"],
        found["library"],
        "events/s",
    )


async def memory(bench: Bench, url: str, facts: int = FACTS) -> None:
    """The peak of a process that does nothing else, as a user starts it."""
    async with filled(url, past.orders(facts)):
        pass
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.shop.bench.peak",
        env=os.environ | {"DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await child.communicate()
    before, after, rate = said.decode().split()
    bench.say(
        f"rebuild of all read models from {facts:,} events: {after} MB at the peak, {before} MB before it began; {float(rate):,.0f} events/s"
    )


async def million(bench: Bench, url: str) -> None:
    await memory(bench, url, 1_000_000)
