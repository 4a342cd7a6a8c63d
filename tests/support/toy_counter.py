"""A toy aggregate for the engine's tests: a counter that must not go below zero. The engine knows no other."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, assert_never
from uuid import UUID, uuid4

from sqlalchemy import select

from app.engine.commands import CommandContext, CommandHandler
from app.engine.database.connections import Database, RowsLost
from app.engine.processes.attempts import RetryPolicy
from app.engine.processes.engine import ProcessEngine
from app.engine.projector.projector import Projector
from app.engine.read_models.queries import fetch_rows
from app.engine.store.append import Appender
from app.engine.store.codec import EventCodec
from app.engine.store.feed import Feed
from app.engine.store.log_identity import EventIdentity
from app.engine.store.notifier import LogNotifier
from app.engine.store.reader import EventReader, Fact
from app.engine.store.snapshots.reader import SnapshotReader
from app.engine.store.snapshots.writer import SnapshotWriter
from domain.kernel.decider import (
    AnyDecider,
    Command,
    Decider,
    Event,
    Recorded,
    Rejection,
    command,
    event,
    value,
)
from domain.kernel.process import AnyProcess, Port
from projections.kernel import Key, Projection
from tests.support.row_history import same_at_every_position
from tests.support.scenarios import fold_all


@event("tally.added")
class Added(Event):
    amount: int
    note: str = ""


@event("tally.taken")
class Taken(Event):
    amount: int


type TallyEvent = Added | Taken


@command("tally.add", formerly=("Add",))
class Add(Command):
    amount: int
    note: str = ""


@command("tally.take", formerly=("Take",))
class Take(Command):
    amount: int


type TallyCommand = Add | Take


class TooLittle(Rejection):
    """There is not that much to take."""


def decide(command: TallyCommand, state: int) -> Sequence[TallyEvent]:
    match command:
        case Add(amount=0):
            return []
        case Add(amount=amount, note=note):
            return [Added(amount=amount, note=note)]
        case Take(amount=amount):
            if amount > state:
                raise TooLittle
            return [Taken(amount=amount)]
        case _ as missing:
            assert_never(missing)


def evolve(state: int, event: TallyEvent) -> int:
    match event:
        case Added(amount=amount):
            return state + amount
        case Taken(amount=amount):
            return state - amount
        case _ as missing:
            assert_never(missing)


tally: Decider[TallyCommand, int, TallyEvent] = Decider(
    category="tally", initial=0, decide=decide, evolve=evolve, rejections=(TooLittle,)
)


@value
class TallyRow:
    id: UUID
    sum: int
    facts: int
    notes: tuple[str, ...]
    last: str | None


def keys(fact: Recorded[Any]) -> Sequence[Key]:
    return [(fact.stream_id,)] if fact.category == "tally" else []


def fold(key: tuple[UUID], row: TallyRow | None, fact: Recorded[Any]) -> TallyRow | None:
    (identity,) = key
    row = row or TallyRow(id=identity, sum=0, facts=0, notes=(), last=None)
    match fact.event:
        case Added(amount=amount, note=note):
            notes = (*row.notes, note) if note else row.notes
            return replace(row, sum=row.sum + amount, facts=row.facts + 1, notes=notes, last=note or None)
        case Taken(amount=amount):
            # A tally that was taken down to nothing has no row.
            return replace(row, sum=row.sum - amount, facts=row.facts + 1) if row.sum > amount else None
        case _:
            raise AssertionError(fact)


tallies = Projection(
    name="tallies",
    version=1,
    row=TallyRow,
    key=("id",),
    keys=keys,
    fold=fold,
    indexes=(("sum", "id"),),
    history=True,
)


def request(**given: Any) -> CommandContext:
    return CommandContext(actor="tester", correlation_id=uuid4(), **given)


@dataclass
class Engine:
    """The engine with the toy aggregate alone."""

    database: Database
    reader: EventReader
    appender: Appender
    commands: CommandHandler
    feed: Feed
    projector: Projector
    snapshots: SnapshotReader
    snapshotter: SnapshotWriter
    processes: ProcessEngine


@asynccontextmanager
async def engine(
    database: Database,
    *,
    buffer_size: int = 1_000,
    max_pending: int = 10_000,
    retry_timeout: float = 10,
    poll_interval: float = 0.5,
    decider: AnyDecider = tally,
    projections: Sequence[Projection[Any]] = (tallies,),
    every: int = 0,
    processes: Sequence[AnyProcess] = (),
    ports: Mapping[type, Port] | None = None,
    steps: RetryPolicy | None = None,
) -> AsyncGenerator[Engine]:
    deciders = (decider, *(process.stream_decider for process in processes))
    codec = EventCodec(deciders)
    reader = EventReader(database.pool, codec)
    feed = Feed(reader, buffer_size=buffer_size, poll_interval=poll_interval)
    projector = Projector(projections, database, feed)
    database.on_read_connection = projector.check_new_connection
    notifier = LogNotifier(database.connect, feed.notify, projector.on_notified)

    def committed(head: int, facts: Sequence[Fact], before: EventIdentity | None) -> None:
        feed.publish(head, facts, before)
        notifier.notify(head)

    appender = Appender(
        database.connect,
        codec,
        committed,
        check_log=feed.check_log,
        max_pending=max_pending,
        retry_timeout=retry_timeout,
    )
    # A test that uses snapshots calls `flush` itself.
    snapshots = SnapshotReader(database.pool, reader, [decider], every=every)
    snapshotter = SnapshotWriter(database.pool, reader, snapshots)
    commands = CommandHandler(appender, reader, snapshots)
    feed.on_replaced += [commands.forget, appender.invalidate, notifier.forget]
    workers = ProcessEngine(processes, database, reader, feed, commands, deciders, ports or {}, steps)
    await workers.create_missing_checkpoints()
    await feed.start()
    running = (
        appender.run(),
        feed.run(),
        notifier.run(),
        projector.run(),
        projector.poll_checkpoints(),
        projector.retry_parked(),
        workers.run(),
    )
    tasks = [asyncio.create_task(work) for work in running]
    try:
        yield Engine(database, reader, appender, commands, feed, projector, snapshots, snapshotter, workers)
    finally:
        feed.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def wait_until_owner(running: Engine, name: str = "tallies") -> None:
    """Wait until this process owns the table. A position that another one has stored says nothing about it."""
    state = running.projector.workers[name].state
    async with asyncio.timeout(10):
        while not state.is_owner:
            await state.wait_for_progress()


async def table_rows(running: Engine, projection: Projection[Any] = tallies) -> dict[Key, Any]:
    """The rows of the live table, by key. A read that runs while a loss of rows is noticed fails: its client asks again."""
    while True:
        with suppress(RowsLost):
            rows = await fetch_rows(running.database, projection, select(projection.table))
            return {projection.key_of(row): row for row in rows}


async def assert_table_equals_log(running: Engine) -> None:
    """The table equals the fold of the log, and its row history equals the fold of every prefix of the log."""
    head = await running.reader.head_position()
    await running.projector.wait_for_position("tallies", head, 10)
    facts = await running.reader.read_all(0, 100_000, up_to=head)
    assert await table_rows(running) == fold_all(tallies, facts)
    await same_at_every_position(running.database, tallies, facts)
