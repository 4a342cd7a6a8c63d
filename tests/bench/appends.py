"""Measures appends as commands make them.

They are compared with the plainest INSERT of the same rows and with another library. Other
appends go to one hot stream, and to a long log.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from importlib.metadata import version
from threading import Thread
from typing import assert_never
from uuid import UUID, uuid4

import asyncpg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from sqlalchemy import make_url

from app.engine.commands import CommandAccepted, CommandContext, CommandHandler, open_command_handler
from app.engine.database.connections import Database, open_database
from app.engine.store.codec import EventCodec
from app.engine.uuid7 import uuid7
from app.settings import Settings
from domain.kernel.decider import Command, Decider, Event, command, event
from tests.bench.rounds import Bench
from tests.support.databases import new_database

CALLERS = 64
THREADS = 8
HOT = 256
ROUNDS = 7
SECONDS = 0.8
BATCHES = 600
"""More than the bare INSERT can use up in that time."""
LONG, SHORT = 5_000_000, 50_000
STREAM = 20
"""Facts of each stream in a filled log."""
PAGE = 50_000

# --- The smallest aggregate -------------------------------------------------


@event("meter.read")
class MeterRead(Event):
    count: int
    place: str


@command("meter.read")
class Read(Command):
    place: str


def evolve(count: int, event: MeterRead) -> int:
    match event:
        case MeterRead(count=count):
            return count
        case _ as missing:
            assert_never(missing)


def decide(command: Read, count: int) -> Sequence[MeterRead]:
    return [MeterRead(count=count + 1, place=command.place)]


meter: Decider[Read, int, MeterRead] = Decider(category="meter", initial=0, decide=decide, evolve=evolve)
READ = Read(place="in the cellar, on the left")
DATA = '{"count":1,"place":"in the cellar, on the left"}'

# --- The variants -----------------------------------------------------------


def engine(database: Database) -> AbstractAsyncContextManager[CommandHandler]:
    return open_command_handler(database, EventCodec((meter,)))


async def execute(commands: CommandHandler, streams: Sequence[UUID]) -> float:
    """One caller for each given stream, which may be given many times.

    A caller sends its next command when the last one is answered.
    """
    began = time.perf_counter()

    async def call(stream: UUID) -> int:
        answered = 0
        while time.perf_counter() < began + SECONDS:
            request = CommandContext(actor="bench", correlation_id=uuid7())
            assert isinstance(await commands.execute(meter, stream, READ, request), CommandAccepted)
            answered += 1
        return answered

    answered = sum(await asyncio.gather(*(call(stream) for stream in streams)))
    return answered / (time.perf_counter() - began)


BARE = """
    INSERT INTO bare.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id,
                             caused_by, actor, occurred_at, recorded_at)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::uuid[], $4::integer[], $5::text[], $6::smallint[], $7::jsonb[],
                         $8::uuid[], $9::uuid[], $10::bigint[], $11::text[], $12::timestamptz[], $13::timestamptz[])
"""


async def insert(connection: asyncpg.Connection, streams: Sequence[UUID]) -> float:
    """The same rows into a table of the same shape, without ledger, lock or triggers; made before the clock starts."""
    size = len(streams)
    row = await connection.fetchrow(
        "SELECT coalesce(max(position), 0), coalesce(max(version), 0) FROM bare.events"
    )
    assert row is not None
    head, turn = row
    now = datetime.now(UTC)
    batches: list[Sequence[Sequence[object]]] = []
    for n in range(BATCHES):
        first = head + n * size + 1
        batches.append(
            (
                range(first, first + size),
                ["meter"] * size,
                streams,
                [turn + n + 1] * size,
                ["meter.read"] * size,
                [1] * size,
                [DATA] * size,
                [uuid7() for _ in streams],
                [uuid7() for _ in streams],
                [None] * size,
                ["bench"] * size,
                [now] * size,
                [now] * size,
            )
        )
    began = time.perf_counter()
    inserted = 0
    for batch in batches:
        await connection.execute(BARE, *batch)
        inserted += size
        if time.perf_counter() > began + SECONDS:
            break
    return inserted / (time.perf_counter() - began)


def record(recorder: PostgresApplicationRecorder) -> float:
    """The library's recorder as it comes, from threads, one event a transaction, each thread on a stream of its own."""
    recorded = [0] * THREADS
    began = time.perf_counter()

    def write(thread: int) -> None:
        stream = uuid4()
        while time.perf_counter() < began + SECONDS:
            recorder.insert_events([StoredEvent(stream, recorded[thread] + 1, "meter:Read", DATA.encode())])
            recorded[thread] += 1

    threads = [Thread(target=write, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(recorded) / (time.perf_counter() - began)


def datastore(url: str) -> PostgresDatastore:
    parts = make_url(url)
    host = parts.host or str(parts.query.get("host", "localhost"))
    return PostgresDatastore(
        dbname=parts.database or "postgres",
        host=host,
        port=parts.port or str(parts.query.get("port", "5432")),
        user=parts.username or "",
        password=parts.password or "",
        pool_size=THREADS,
        max_overflow=THREADS,
    )


# --- The sections -----------------------------------------------------------


async def against_others(bench: Bench, url: str) -> None:
    streams = [uuid4() for _ in range(CALLERS)]
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE SCHEMA bare; CREATE TABLE bare.events (LIKE es.events INCLUDING ALL)")
    store = await asyncio.to_thread(datastore, url)
    recorder = PostgresApplicationRecorder(store)
    await asyncio.to_thread(recorder.create_table)
    async with open_database(Settings(database_url=url)) as database, engine(database) as commands:
        found = await bench.rates(
            "appends",
            {
                "ours": lambda: execute(commands, streams),
                "bare": lambda: insert(connection, streams),
                "library": lambda: asyncio.to_thread(record, recorder),
            },
            ROUNDS,
        )
    await connection.close()
    await asyncio.to_thread(store.close)
    bench.ratio(
        f"append by {CALLERS} callers vs bare INSERT of {CALLERS} rows",
        found["ours"],
        found["bare"],
        "events/s",
    )
    library = f"eventsourcing {version('eventsourcing')} with {THREADS} threads"
    bench.ratio(f"append by {CALLERS} callers vs {library}", found["ours"], found["library"], "events/s")


async def one_hot_stream(bench: Bench, url: str) -> None:
    async with open_database(Settings(database_url=url)) as database, engine(database) as commands:
        streams = [uuid4() for _ in range(HOT)]
        found = await bench.rates(
            "one hot stream",
            {
                "one": lambda: execute(commands, [streams[0]] * HOT),
                "many": lambda: execute(commands, streams),
            },
            ROUNDS,
        )
    bench.ratio(
        f"{HOT} concurrent commands on one stream vs on {HOT} streams",
        found["one"],
        found["many"],
        "commands/s",
    )


FILL = """
    WITH filled AS (
        INSERT INTO es.events (position, category, stream_id, version, type, type_version, data, command_id, correlation_id, actor, occurred_at, recorded_at)
        SELECT n, 'meter', md5((n % $3)::text)::uuid, (n - 1) / $3 + 1, 'meter.read', 1, $4::jsonb,
               gen_random_uuid(), gen_random_uuid(), 'bench', now(), now()
        FROM generate_series($1::bigint, $2::bigint) AS n
        RETURNING command_id, category, stream_id, version, position
    )
    INSERT INTO es.commands (command_id, name, category, stream_id, version, first_position, last_position)
    SELECT command_id, 'Read', category, stream_id, version, position, position FROM filled
"""


async def fill(bench: Bench, url: str, facts: int) -> None:
    """Insert `facts` facts and their commands, a page at a time: the indexes grow as they do in use."""
    task = bench.progress.add_task(f"{facts:,} events", total=facts)
    connection = await asyncpg.connect(url)
    for first in range(1, facts, PAGE):
        await connection.execute(FILL, first, first + PAGE - 1, facts // STREAM, DATA)
        bench.progress.advance(task, PAGE)
    await connection.execute("VACUUM ANALYZE es.events")
    await connection.execute("VACUUM ANALYZE es.commands")
    # What the filling left to write is not for the rounds to wait for.
    await connection.execute("CHECKPOINT")
    await connection.close()
    bench.progress.remove_task(task)


async def growth(bench: Bench, url: str) -> None:
    """The same callers on two databases of one server, a long log and a short one, with their ledgers. Takes minutes, and some 5 GB of disk."""
    streams = [uuid4() for _ in range(CALLERS)]
    with new_database(url) as other:
        await fill(bench, other, SHORT)
        await fill(bench, url, LONG)
        async with (
            open_database(Settings(database_url=url)) as long,
            engine(long) as to_long,
            open_database(Settings(database_url=other)) as short,
            engine(short) as to_short,
        ):
            found = await bench.rates(
                "growth",
                {"long": lambda: execute(to_long, streams), "short": lambda: execute(to_short, streams)},
                ROUNDS,
            )
    bench.ratio(
        f"append by {CALLERS} callers with {LONG:,} stored events vs with {SHORT:,}",
        found["long"],
        found["short"],
        "events/s",
    )
